"""Gates before synthesis, against sums written out by hand and the blocks that have been synthesised."""

from __future__ import annotations

import pytest

from power.activity import ActivityRow
from power.constants import load_constants
from power.gates import block_gates, estimate_gates

TABLE = load_constants()


def register(block: str, signal: str, bits: int) -> ActivityRow:
    return ActivityRow(block=block, signal=signal, kind="register", bits=bits, clock="gated")


def test_each_kind_of_block_by_hand() -> None:
    rows = [
        register("pe_array", "acc0", 170),
        register("pe_array", "acc1", 170),
        register("neuron_unit", "membrane0_0", 160),
        register("neuron_unit", "membrane1_0", 120),
        register("spikes", "this0_0", 100),
        ActivityRow(block="spikes", signal="out", kind="port", bits=4),
        ActivityRow(block="weights", signal="bank", kind="memory", bits=512, depth=4),
    ]
    gates = estimate_gates(rows, TABLE)
    # A flip-flop is 2.5 / 0.49 = 5.10 NAND2, a full-adder bit 2.8 / 0.49 = 5.71. A memory's block without registers
    # has no gates.
    assert list(gates) == ["pe_array", "neuron_unit", "spikes"]
    # 340 x 5.10 + 340 x 5.71 x (1 + 2.6)
    assert gates["pe_array"].typical == pytest.approx((340 * 2.5 + 340 * 2.8 * 3.6) / 0.49)
    # 280 x 5.10 + 2 x 160 x 5.71 x (1 + 2.6): one unit serves both layers, so the wider membrane counts.
    assert gates["neuron_unit"].typical == pytest.approx((280 * 2.5 + 320 * 2.8 * 3.6) / 0.49)
    # 100 x 5.10 x (1 + 0.84), and 0.65 and 1.2 at the bounds.
    assert list(gates["spikes"]) == pytest.approx([100 * 2.5 / 0.49 * factor for factor in (1.65, 1.84, 2.2)])


def test_a_pe_lies_where_synthesis_put_one() -> None:
    # One 16-bit PE took 412-429 NAND2 equivalents in Yosys.
    gates = block_gates(TABLE, flip_flops=16, pe_adder_bits=16)
    assert gates.low < 412 < gates.high
    assert 400 < gates.typical < 440


def test_bounds_are_ordered_and_grow_with_the_block() -> None:
    small = block_gates(TABLE, flip_flops=10, pe_adder_bits=3, neuron_adder_bits=2)
    large = block_gates(TABLE, flip_flops=11, pe_adder_bits=4, neuron_adder_bits=3)
    assert 0 < small.low < small.typical < small.high
    assert all(a < b for a, b in zip(small, large, strict=True))
