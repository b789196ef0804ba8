from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest
from vcd.reader import TokenKind, tokenize

from cosim.waveform import SHOWN, Wave, write_waveform
from golden.layout import build_layout
from golden.trace import CycleModel

PERIOD_NS = 10_000


@pytest.fixture
def records(small_network, small_codes):
    return CycleModel(small_network).frame(small_codes["first"][0], first=True)


def changes_of(path):
    """Return the widths of a VCD's variables by full name, and their values over time."""
    names, scope, widths, changes, now = {}, [], {}, {}, 0
    with path.open("rb") as handle:
        for token in tokenize(handle):
            if token.kind is TokenKind.SCOPE:
                scope.append(token.scope.ident)
            elif token.kind is TokenKind.UPSCOPE:
                scope.pop()
            elif token.kind is TokenKind.VAR:
                name = ".".join([*scope, token.var.reference])
                names[token.var.id_code], widths[name], changes[name] = name, token.var.size, {}
            elif token.kind is TokenKind.CHANGE_TIME:
                now = token.time_change
            elif token.kind is TokenKind.CHANGE_SCALAR:
                changes[names[token.scalar_change.id_code]][now] = int(token.scalar_change.value)
            elif token.kind is TokenKind.CHANGE_VECTOR:
                changes[names[token.vector_change.id_code]][now] = token.vector_change.value
    return widths, changes


def value_at(changes, time):
    return changes[max(at for at in changes if at <= time)]


def test_every_value_of_every_cycle_is_in_the_file(tmp_path, small_network, records):
    layout = build_layout(small_network.specification)
    waves = [Wave(1000 + cycle, record) for cycle, record in enumerate(records)]
    vcd, save = write_waveform(tmp_path / "run.vcd", layout, waves, clock_hz=1e5)
    assert sorted(tmp_path.iterdir()) == [save, vcd]
    widths, changes = changes_of(vcd)
    for field in layout:
        for cycle in range(0, len(records), 7):
            time = (1000 + cycle) * PERIOD_NS
            name = f"rtl.{field.path}"
            if field.planes == 1:
                assert widths[name] == field.width
                assert value_at(changes[name], time) == field.plane_values(records[cycle])[0]
                continue
            lanes = [value_at(changes[f"{name}.lane{lane}"], time) for lane in range(field.width)]
            assert {widths[f"{name}.lane{lane}"] for lane in range(field.width)} == {field.planes}
            np.testing.assert_array_equal(lanes, field.lanes(records[cycle]) % (1 << field.planes))
    assert not [name for name in widths if name.startswith("golden.")]
    rising = sorted(time for time, value in changes["accelerator.clk"].items() if value == 1)
    assert rising == [(1000 + cycle) * PERIOD_NS + PERIOD_NS // 2 for cycle in range(len(records))]


UNITS = {unit: Fraction(1, 1000**power) for power, unit in enumerate(("s", "ms", "us", "ns", "ps", "fs"))}


@pytest.mark.parametrize("clock_hz", [1e5, 3e6, 2.5e9, 7.3e11, 1e12, 0.3, 1e-6])
def test_edges_are_where_they_are_at_any_clock(tmp_path, small_network, records, clock_hz):
    layout = build_layout(small_network.specification)
    waves = [Wave(1000 + cycle, record) for cycle, record in enumerate(records[:20])]
    vcd, save = write_waveform(tmp_path / "run.vcd", layout, waves, clock_hz=clock_hz, marker=1007)
    with vcd.open("rb") as file:
        scale = next(token.timescale for token in tokenize(file) if token.kind is TokenKind.TIMESCALE)
    unit_s = scale.magnitude * UNITS[scale.unit.value]
    _, changes = changes_of(vcd)
    rising = sorted(time for time, value in changes["accelerator.clk"].items() if value == 1)
    half = 1 / Fraction(str(clock_hz)) / 2
    exact = (half / unit_s).denominator == 1
    assert len(rising) == 20
    for cycle, time in enumerate(rising):
        assert abs(time * unit_s - (2 * (1000 + cycle) + 1) * half) <= unit_s / 2 * (not exact)
    (marker,) = re.findall(r"^\*\S+ (\d+)", save.read_text(), re.MULTILINE)
    assert abs(int(marker) * unit_s - 2014 * half) <= unit_s / 2 * (not exact)
    assert f"times in units of {scale.magnitude} {scale.unit.value}" in vcd.read_text()


def test_twice_the_same_bytes(tmp_path, small_network, records):
    layout = build_layout(small_network.specification)
    waves = [Wave(cycle, record) for cycle, record in enumerate(records[:5])]
    for name in ("one", "two"):
        write_waveform(tmp_path / name / "run.vcd", layout, waves, clock_hz=1e5, marker=1)
    for name in ("run.vcd", "run.gtkw"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("name", ['quo"te.vcd', "two\nlines.vcd", "caf\udce9.vcd", "$x[exec touch X].vcd"])
def test_a_name_adds_no_line_to_the_save_file(tmp_path, small_network, records, name):
    layout = build_layout(small_network.specification)
    vcd, save = write_waveform(tmp_path / name, layout, [Wave(0, records[0])], clock_hz=1e5)
    assert vcd.is_file()
    text = save.read_text(errors="surrogateescape")
    lines = [line for line in text.splitlines() if line.startswith("[dumpfile]")]
    assert lines == ([f'[dumpfile] "{name}"'] if name.isprintable() and '"' not in name else [])
    assert "lines.vcd" not in text


def test_golden_stands_beside_the_rtl_where_it_is_known(tmp_path, small_network, records):
    layout = build_layout(small_network.specification)
    other = records.copy()
    other[:, layout["zero_skip.index"].offset] ^= np.uint64(1)
    waves = [Wave(cycle, got, wanted) for cycle, (got, wanted) in enumerate(zip(records, other, strict=True))]
    # After a mismatch golden's records end.
    waves.append(Wave(len(records), records[-1]))
    vcd, _ = write_waveform(tmp_path / "run.vcd", layout, waves, clock_hz=1e5, marker=5)
    _, changes = changes_of(vcd)
    for cycle in range(len(records)):
        time = cycle * PERIOD_NS
        got, wanted = (value_at(changes[f"{scope}.zero_skip.index"], time) for scope in ("rtl", "golden"))
        assert got ^ wanted == 1
        assert value_at(changes["rtl.output.logits"], time) == value_at(changes["golden.output.logits"], time)


def test_the_save_file_names_variables_that_exist(tmp_path, small_network, records):
    layout = build_layout(small_network.specification)
    waves = [Wave(cycle, record, record) for cycle, record in enumerate(records[:3])]
    vcd, save = write_waveform(tmp_path / "run.vcd", layout, waves, clock_hz=1e5, marker=2)
    widths, _ = changes_of(vcd)
    text = save.read_text()
    assert '[dumpfile] "run.vcd"' in text
    traces = re.findall(r"^((?:rtl|golden|accelerator)\.[\w.]+)(?:\[(\d+):0\])?$", text, re.MULTILINE)
    assert len(traces) == 1 + 2 * (len(SHOWN) + 3 * 4)
    for name, high in traces:
        assert widths[name] == int(high or 0) + 1


def test_nothing_is_left_where_writing_fails(tmp_path, small_network):
    layout = build_layout(small_network.specification)
    too_short = Wave(0, np.zeros(1, dtype=np.uint64))
    with pytest.raises(ValueError):
        write_waveform(tmp_path / "run.vcd", layout, [too_short], clock_hz=1e5)
    assert not (tmp_path / "run.vcd").exists()
    assert not (tmp_path / "run.gtkw").exists()
