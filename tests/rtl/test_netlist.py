"""The hierarchical writer: what it refuses, how it wires, and how it names."""

from __future__ import annotations

import gc

import pytest
from myhdl import Signal, always, always_comb, block, intbv

from rtl.netlist import ConversionError, Netlist, convert_leaf


@block
def register(clk, value, held):
    """Hold a value."""

    @always(clk.posedge)
    def hold():
        held.next = value

    return hold


@block
def planes_register(clk, planes, held, count):
    """Hold planes."""

    @always(clk.posedge)
    def hold():
        for b in range(count):
            held[b].next = planes[b]

    return hold


def signals(count, width):
    return [Signal(intbv(0)[width:]) for _ in range(count)]


@block
def unlike(clk, first, out):
    """Two blocks of one name that are not alike."""
    between = signals(3, 4)
    whole = planes_register(clk, first, between, 3)
    part = planes_register(clk, between[1:3], out, 2)
    return whole, part


def test_two_different_blocks_of_one_name_are_refused():
    with pytest.raises(ConversionError, match="rsnn_planes_register: two instances of it differ"):
        Netlist().add(unlike(Signal(bool(0)), signals(3, 4), signals(2, 4)))


@block
def chain(clk, first, out):
    """Hold planes, and each of them again."""
    between = signals(2, 4)
    whole = planes_register(clk, first, between, 2)
    low = register(clk, between[0], out[1])
    high = register(clk, between[1], out[0])
    return whole, low, high


def test_a_plane_of_a_bus_is_a_slice_of_it():
    netlist = Netlist()
    module = netlist.add(chain(Signal(bool(0)), signals(2, 4), signals(2, 4)))
    assert [(port.name, port.width, port.output) for port in module.ports] == [
        ("clk", 1, False),
        ("first", 8, False),
        ("out", 8, True),
    ]
    assert "wire [7:0] between;" in module.text
    body = " ".join(module.text.split())
    assert "rsnn_planes_register the_planes_register ( .clk(clk), .planes(first), .held(between) );" in body
    assert "rsnn_register register0 ( .clk(clk), .value(between[3:0]), .held(out[7:4]) );" in body
    assert "rsnn_register register1 ( .clk(clk), .value(between[7:4]), .held(out[3:0]) );" in body
    assert list(netlist.modules) == ["rsnn_planes_register", "rsnn_register", "rsnn_chain"]


def test_a_leaf_has_readable_names():
    module = convert_leaf(planes_register(Signal(bool(0)), signals(2, 4), signals(2, 4), 2))
    assert module.text.startswith("// Hold planes.\n")
    for line in (
        "reg [3:0] held_planes [0:2-1];",
        "always @(posedge clk) begin: hold",
        "assign planes_planes[1] = planes[7:4];",
        "assign held = { held_planes[1], held_planes[0] };",
    ):
        assert line in " ".join(module.text.split())
    assert "port_" not in module.text


@block
def undriven(clk, hold):
    """Follow nothing."""
    nothing = Signal(bool(0))

    @always_comb
    def follow():
        hold.next = clk and nothing

    return follow


def test_an_undriven_signal_is_refused():
    with pytest.raises(ConversionError, match=r"undriven: Signal is not driven: .*nothing"):
        convert_leaf(undriven(Signal(bool(0)), Signal(bool(0))))


@block
def unconvertible(clk, align, reset):
    """Confuse two types."""

    @always(clk.posedge)
    def follow():
        number = 0
        number = align
        reset.next = number != 0

    return follow


# MyHDL leaves the file that it was writing open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_does_not_convert_is_refused():
    with pytest.raises(ConversionError, match=r"^unconvertible: .*\s+Type mismatch with earlier assignment: number"):
        convert_leaf(unconvertible(Signal(bool(0)), Signal(intbv(0)[3:]), Signal(bool(0))))
    gc.collect()
