"""The activity table and the run's description: reading, and each refusal word for word."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from files.names import GRAMMAR
from power.errors import ActivityError
from power.priced_activity import (
    COLUMNS,
    REQUIRED,
    ActivityRow,
    Run,
    check_counts,
    parse_activity,
    parse_run,
    read_activity,
    read_run,
    write_run,
)  # fmt: skip

EMPTY: dict[str, Any] = dict.fromkeys(COLUMNS)
REGISTER = EMPTY | {
    "block": "pe_array", "signal": "acc0", "kind": "register", "bits": 2176, "clock": "gated", "toggles": 12,
    "clocked_bits": 34,
}  # fmt: skip
MEMORY = EMPTY | {
    "block": "weights", "signal": "bank0", "kind": "memory", "bits": 512, "reads": 5, "writes": 0, "depth": 1024,
}  # fmt: skip
RUN: dict[str, Any] = {"frames": 3, "cycles": 2_000, "clock_hz": 100_000.0, "frame_period_s": 0.01}


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def refusal(row: dict[str, Any]) -> str:
    with pytest.raises(ActivityError) as refused:
        ActivityRow.from_mapping(row)
    return str(refused.value)


@st.composite
def mappings(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(REQUIRED)))
    row = EMPTY | {"block": draw(st.sampled_from("ab")), "kind": kind, "bits": draw(st.integers(1, 5_000))}
    if kind == "register":
        row["clock"] = draw(st.sampled_from(["gated", "free"]))
    counts = {column: draw(st.integers(int(column == "depth"), 10**9)) for column in REQUIRED[kind]}
    return row | counts


@given(rows=st.lists(mappings(), min_size=1, max_size=6))
def test_a_table_comes_back_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    named = [row | {"signal": f"signal_{number}"} for number, row in enumerate(rows)]
    path = write(tmp_path_factory.mktemp("table") / "activity.csv", named)
    assert read_activity(path) == [ActivityRow.from_mapping(row) for row in named]


def test_what_does_not_apply_counts_as_nothing() -> None:
    row = ActivityRow.from_mapping(REGISTER)
    assert (row.bits, row.clock, row.toggles, row.reads) == (2176, "gated", 12, 0)
    assert ActivityRow.from_mapping(REGISTER | {"toggles": np.int64(12)}) == row


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"block": ""}, f"block is '', expected a name: {GRAMMAR}"),
        ({"signal": None}, f"signal is None, expected a name: {GRAMMAR}"),
        ({"kind": "latch"}, "pe_array.acc0: kind 'latch', expected one of register, port, memory, adder"),
        ({"clock": None}, "pe_array.acc0: clock None, expected gated or free for a register, else nothing"),
        ({"clock": "fast"}, "pe_array.acc0: clock 'fast', expected gated or free for a register, else nothing"),
        ({"kind": "port"}, "pe_array.acc0: clock 'gated', expected gated or free for a register, else nothing"),
        ({"toggles": None}, "pe_array.acc0: toggles is empty, expected a count in 0..1e+18"),
        ({"toggles": -1}, "pe_array.acc0: toggles is -1, expected a count in 0..1e+18"),
        ({"toggles": 3.7}, "pe_array.acc0: toggles is 3.7, expected a count in 0..1e+18"),
        ({"toggles": math.inf}, "pe_array.acc0: toggles is inf, expected a count in 0..1e+18"),
        ({"toggles": True}, "pe_array.acc0: toggles is True, expected a count in 0..1e+18"),
        ({"toggles": "1_0"}, "pe_array.acc0: toggles is '1_0', expected a count in 0..1e+18"),
        ({"clocked_bits": "many"}, "pe_array.acc0: clocked_bits is 'many', expected a count in 0..1e+18"),
        ({"bits": 0}, "pe_array.acc0: bits is 0, expected a count in 1..1e+09"),
        ({"reads": 0}, "pe_array.acc0: reads is 0, expected nothing for kind register"),
    ],
)
def test_a_register_is_refused(changes: dict[str, Any], message: str) -> None:
    assert refusal(REGISTER | changes) == f"activity: {message}"


def test_a_memory_is_refused() -> None:
    assert refusal(MEMORY | {"depth": 0}) == "activity: weights.bank0: depth is 0, expected a count in 1..1e+09"
    assert refusal(MEMORY | {"toggles": 9}) == "activity: weights.bank0: toggles is 9, expected nothing for kind memory"


def test_columns_are_refused(tmp_path: Path) -> None:
    found = sorted([*COLUMNS, "colour"])
    assert refusal(REGISTER | {"colour": 1}) == f"activity: columns {found}, expected {sorted(COLUMNS)}"
    path = write(tmp_path / "activity.csv", [REGISTER])
    path.write_text(path.read_text().rstrip("\n") + ",one cell too many\n")
    with pytest.raises(ActivityError) as refused:
        read_activity(path)
    assert str(refused.value) == f"{path}, line 2: 12 cells, expected 11"
    for header in (",".join(COLUMNS[:-1]), ",".join([*COLUMNS[:-1], "bits"]), ",".join([*COLUMNS, "bits"])):
        path.write_text(header + "\n")
        with pytest.raises(ActivityError) as refused:
            read_activity(path)
        assert str(refused.value).startswith(f"{path}, line 1: columns ['block', 'signal'")


def test_a_file_is_refused_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "activity.csv", [MEMORY, REGISTER | {"toggles": -12}])
    with pytest.raises(ActivityError) as refused:
        read_activity(path)
    assert str(refused.value) == f"{path}, line 3: pe_array.acc0: toggles is '-12', expected a count in 0..1e+18"


def test_a_signal_stands_once(tmp_path: Path) -> None:
    path = write(tmp_path / "activity.csv", [REGISTER, MEMORY, REGISTER])
    with pytest.raises(ActivityError) as refused:
        read_activity(path)
    assert str(refused.value) == f"{path}, line 4: pe_array.acc0 stands in line 2 too"


def test_empty_and_absent_tables(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(ActivityError, match=r"empty.csv: no rows, expected the columns"):
        read_activity(tmp_path / "empty.csv")
    with pytest.raises(ActivityError, match=r"absent.csv: no such activity table"):
        read_activity(tmp_path / "absent.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ActivityError, match=r"binary.csv: no UTF-8 text \(byte 0\)"):
        read_activity(tmp_path / "binary.csv")
    with pytest.raises(ActivityError, match=r"^there: no UTF-8 text \(byte 0\)"):
        parse_activity(b"\xff", "there")
    with pytest.raises(ActivityError, match=r": is a folder, expected a"):
        read_activity(tmp_path)
    with pytest.raises(ActivityError, match=r": is a folder, expected a"):
        read_run(tmp_path)


def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path: Path) -> None:
    path = write(tmp_path / "activity.csv", [REGISTER, MEMORY])
    rows, text = read_activity(path), path.read_text()
    for content in (text.replace("\n", "\r\n"), text.rstrip("\n"), "\ufeff" + text, text + "\n"):
        assert parse_activity(content, "there") == rows
        assert parse_activity(content.encode(), "there") == rows
    assert [row.where for row in rows] == [f"{path}, line 2", f"{path}, line 3"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"toggles": "9" * 400}, "pe_array.acc0: toggles is '999"),
        ({"toggles": "9" * 5000}, "a cell of 5,000 characters, expected at most 2,000"),
        ({"toggles": "9" * 200_000}, "no table (CSV): field larger than field limit"),
        ({"toggles": "\u0663"}, "pe_array.acc0: toggles is '\u0663', expected a count in"),
        ({"signal": "a,b"}, "signal is 'a,b', expected a name: "),
        ({"signal": "a\nb"}, "'a\\nb', expected cells without control characters"),
        ({"signal": "a\0b"}, ""),
        ({"block": "$a"}, "block is '$a', expected a name: "),
        ({"kind": "x" * 1000}, "pe_array.acc0: kind 'xxx"),
    ],
)
def test_cells_that_no_table_has_are_refused_with_their_line(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = write(tmp_path / "activity.csv", [MEMORY, REGISTER | changes])
    with pytest.raises(ActivityError) as refused:
        read_activity(path)
    assert str(refused.value).startswith(f"{path}, line ")
    assert message in str(refused.value)
    assert len(str(refused.value)) < 600


odd_cells = st.one_of(
    st.text(max_size=4), st.integers().map(str), st.floats().map(str),
    st.sampled_from(["9" * 400, "9" * 5000, "1e400", "-0", "\ufeff", '"', "\0", "register", "free", "bits"]),
)  # fmt: skip


@settings(max_examples=300)
@given(row=st.integers(0, 2), column=st.integers(0, 11), cell=odd_cells)
def test_an_edited_table_is_rows_or_refused(row: int, column: int, cell: str) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows([REGISTER, MEMORY])
    lines = [line.split(",") for line in text.getvalue().splitlines()]
    lines[row][column : column + 1] = [cell]
    said = ""
    try:
        rows = parse_activity("\n".join(map(",".join, lines)), "there")
    except ActivityError as error:
        said = str(error)
    assert said.startswith("there") if said else all(row.bits >= 1 for row in rows)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frames": 0}, "run: frames is 0, expected an integer in 1..1,000,000,000,000"),
        ({"frames": 1.5}, "run: frames is 1.5, expected an integer in 1..1,000,000,000,000"),
        ({"frames": True}, "run: frames is True, expected an integer in 1..1,000,000,000,000"),
        ({"frames": 10**5000}, "run: frames is an integer of 16,610 bits, expected an integer in 1..1,000,000,000,000"),
        ({"cycles": "9"}, "run: cycles is '9', expected an integer in 1..1,000,000,000,000,000"),
        ({"cycles": 2}, "run: cycles is 2, expected at least one for each of 3 frames"),
        ({"clock_hz": 10**400}, "run: clock_hz is an integer of 1,329 bits, expected a number in 1..1e+12"),
        ({"clock_hz": 1e300}, "run: clock_hz is 1e+300, expected a number in 1..1e+12"),
        ({"clock_hz": 5e-324}, "run: clock_hz is 5e-324, expected a number in 1..1e+12"),
        ({"clock_hz": True}, "run: clock_hz is True, expected a number in 1..1e+12"),
        ({"frame_period_s": 1e-300}, "run: frame_period_s is 1e-300, expected a number in 1e-09..1000"),
        ({"clock_hz": math.inf}, "run: clock_hz is inf, expected a number in 1..1e+12"),
        ({"clock_hz": math.nan}, "run: clock_hz is nan, expected a number in 1..1e+12"),
        ({"frame_period_s": -0.01}, "run: frame_period_s is -0.01, expected a number in 1e-09..1000"),
    ],
)
def test_a_run_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ActivityError) as refused:
        Run(**RUN | changes)
    assert str(refused.value) == message


def test_a_run_in_real_time() -> None:
    # 3 frames of 10 ms at 100 kHz are 3,000 cycles.
    run = Run(frames=3, cycles=2_000, clock_hz=100_000, frame_period_s=0.01)
    assert run.seconds == pytest.approx(0.03)
    assert run.idle_cycles == pytest.approx(1_000)
    # A late run has no idle cycles, not a negative number.
    assert Run(frames=3, cycles=4_000, clock_hz=100_000, frame_period_s=0.01).idle_cycles == 0


def test_a_run_comes_back_as_it_was_written(tmp_path: Path) -> None:
    run = Run(**RUN)
    assert read_run(write_run(tmp_path / "run.json", run)) == run
    assert json.loads((tmp_path / "run.json").read_text()) == RUN
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]
    write_run(tmp_path / "run.json", Run(**RUN | {"frames": np.int64(3)}))
    assert read_run(tmp_path / "run.json") == run


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"frames": 3}', "fields ['frames'], expected ['clock_hz', 'cycles', 'frame_period_s', 'frames']"),
        ("[3]", "fields list, expected ['clock_hz', 'cycles', 'frame_period_s', 'frames']"),
        (json.dumps(RUN | {"frames": 0}), "run: frames is 0, expected an integer in 1..1,000,000,000,000"),
    ],
)
def test_a_description_of_a_run_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(text)
    with pytest.raises(ActivityError) as refused:
        read_run(path)
    assert str(refused.value) == f"{path}: {message}"
    with pytest.raises(ActivityError) as refused:
        parse_run(text.encode(), "there")
    assert str(refused.value) == f"there: {message}"


def test_a_row_counts_nothing_unless_said() -> None:
    row = ActivityRow(block="a", signal="b", kind="memory", bits=1)
    counts = (row.toggles, row.clocked_bits, row.reads, row.writes, row.operations, row.depth)
    assert counts == (0, 0, 0, 0, 0, 0)
    # Where a row stands is no part of what it says.
    assert row == ActivityRow(block="a", signal="b", kind="memory", bits=1, where="there")
    assert "where" not in repr(row)


@pytest.mark.parametrize(
    "changes",
    [
        {"frames": 1, "cycles": 1},
        {"frames": 3, "cycles": 3},
        {"frames": 10**12, "cycles": 10**15},
        {"clock_hz": 1},
        {"clock_hz": 1e12},
        {"frame_period_s": 1e-9},
        {"frame_period_s": 1000},
    ],
)
def test_a_run_at_the_ends_of_what_is_allowed(changes: dict[str, Any]) -> None:
    run = Run(**RUN | changes)
    assert all(getattr(run, name) == value for name, value in changes.items())


def test_a_clock_beyond_the_fastest_is_refused() -> None:
    with pytest.raises(ActivityError, match="run: clock_hz is "):
        Run(**RUN | {"clock_hz": 1e12 + 0.5})


def test_a_run_that_is_late_takes_its_cycles_and_idles_in_none() -> None:
    # 1.5 s, of no whole number of seconds.
    assert Run(frames=1, cycles=1_500, clock_hz=1_000.0, frame_period_s=0.001).seconds == 1.5
    # Here cycles / clock x clock is rounded to less than the cycles.
    assert 61 / 7.0 * 7.0 < 61
    assert Run(frames=1, cycles=61, clock_hz=7.0, frame_period_s=1e-9).idle_cycles == 0.0


# In 10 cycles: 4 bits toggle and are clocked 40 times; 16 flip-flops have 32 bits added a cycle, six numbers of 5 bits;
# a block without any has 2,048 numbers added.
MOST = [
    (ActivityRow(block="a", signal="r", kind="register", bits=4, clock="gated"), "toggles", 40),
    (ActivityRow(block="a", signal="r", kind="register", bits=4, clock="gated"), "clocked_bits", 40),
    (ActivityRow(block="a", signal="p", kind="port", bits=4), "toggles", 40),
    (ActivityRow(block="a", signal="m", kind="memory", bits=4, depth=99), "reads", 10),
    (ActivityRow(block="a", signal="m", kind="memory", bits=4, depth=99), "writes", 10),
    (ActivityRow(block="b", signal="s", kind="adder", bits=5), "operations", 60),
    (ActivityRow(block="c", signal="s", kind="adder", bits=5), "operations", 20_480),
]


@pytest.mark.parametrize(("row", "column", "most"), MOST)
def test_no_more_happens_than_cycles_allow(row: ActivityRow, column: str, most: int) -> None:
    run = Run(frames=1, cycles=10, clock_hz=1e5, frame_period_s=0.01)
    flip_flops = ActivityRow(block="b", signal="r", kind="register", bits=16, clock="gated")
    check_counts([flip_flops, dataclasses.replace(row, **{column: most})], run)
    for count in (most + 1, -1):
        with pytest.raises(ActivityError) as refused:
            check_counts([flip_flops, dataclasses.replace(row, **{column: count})], run)
        name = f"activity: {row.block}.{row.signal}: {column} is {count}"
        assert str(refused.value).startswith(f"{name}, expected at most {most:,} in 10 cycles")


def test_what_runs_freely_is_clocked_in_every_cycle() -> None:
    run = Run(frames=1, cycles=10, clock_hz=1e5, frame_period_s=0.01)
    free = ActivityRow(block="a", signal="r", kind="register", bits=4, clock="free", clocked_bits=40)
    check_counts([free], run)
    with pytest.raises(ActivityError, match="clocked_bits is 39, expected 40: 4 flip-flops that run freely in 10"):
        check_counts([dataclasses.replace(free, clocked_bits=39)], run)
