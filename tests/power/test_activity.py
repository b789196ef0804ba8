"""The activity table: reading, and each refusal by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from power.activity import COLUMNS, ActivityRow, Run, read_activity
from power.errors import ActivityError

REGISTER: dict[str, Any] = dict.fromkeys(COLUMNS) | {
    "block": "pe_array", "signal": "acc0", "kind": "register", "bits": 2176, "clock": "gated", "toggles": 12,
    "clocked_bits": 34,
}  # fmt: skip


def test_reads_a_table(tmp_path: Path) -> None:
    path = tmp_path / "activity.csv"
    cells = ["" if REGISTER[name] is None else str(REGISTER[name]) for name in COLUMNS]
    path.write_text(",".join(COLUMNS) + "\n" + ",".join(cells) + "\n")
    (row,) = read_activity(path)
    assert row == ActivityRow.from_mapping(REGISTER)
    assert (row.bits, row.clock, row.toggles, row.reads) == (2176, "gated", 12, 0)
    path.write_text(path.read_text().replace("12", "-12"))
    with pytest.raises(ActivityError) as refused:
        read_activity(path)
    assert str(refused.value) == f"{path}, line 2: pe_array.acc0: toggles is '-12', expected a count from 0"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "latch"}, "kind 'latch', expected one of register, port, memory, adder"),
        ({"clock": None}, "clock None, expected gated or free for a register, else nothing"),
        ({"clock": "fast"}, "clock 'fast', expected gated or free"),
        ({"kind": "port"}, "clock 'gated', expected gated or free for a register, else nothing"),
        ({"toggles": None}, "toggles is empty, expected a count"),
        ({"bits": 0}, "bits 0, expected 1 or more"),
        ({"clocked_bits": "many"}, "clocked_bits is 'many', expected a count from 0"),
        ({"colour": 1}, "columns ['bits'"),
    ],
)
def test_refusals(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ActivityError) as refused:
        ActivityRow.from_mapping(REGISTER | changes)
    assert message in str(refused.value)


def test_empty_and_absent_tables(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").touch()
    with pytest.raises(ActivityError, match="no rows"):
        read_activity(tmp_path / "empty.csv")
    with pytest.raises(ActivityError, match="cannot be read"):
        read_activity(tmp_path / "absent.csv")


def test_a_run_needs_length() -> None:
    with pytest.raises(ActivityError, match="run: frames is 0, expected a number above 0"):
        Run(frames=0, cycles=1, clock_hz=1.0, frame_period_s=1.0)
    # 3 frames of 10 ms at 100 kHz are 3,000 cycles.
    assert Run(frames=3, cycles=2_000, clock_hz=100_000, frame_period_s=0.01).idle_cycles == pytest.approx(1_000)
