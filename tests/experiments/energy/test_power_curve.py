"""Power over time: frames, cycles and phases add up to the estimate of the whole."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from experiments.command.cli import main
from experiments.energy.power_curve import measure
from golden.checkpoint import random_checkpoint
from golden.cycles import IDLE_PHASE
from golden.predicted_activity import ActivityCounter
from golden.specification import Specification
from golden.trace import CycleModel
from power.constants import NOTHING
from power.extremes import estimate_extremes
from power.priced_activity import ActivityRow, Run

RESULTS = Path(__file__).parents[3] / "results"


def test_frames_cycles_and_phases_add_up():
    spec = Specification(inputs=6, layers=(20, 12), outputs=70, lanes=16)
    checkpoint = random_checkpoint(spec, seed=5)
    codes = np.random.default_rng(5).integers(-8, 8, (3, 6))
    model, counter = CycleModel(checkpoint), ActivityCounter(spec)
    for number, frame in enumerate(codes):
        counter.add(model.frame(frame, first=number == 0))
    rows = [ActivityRow.from_mapping(row) for row in counter.rows()]
    cycles = int(counter.cycles.sum())

    def dynamic(run: Run) -> float:
        powers = estimate_extremes(rows, run).items()
        return sum((power for (_, name), power in powers if "leakage" not in name), NOTHING).typical * run.seconds

    curve = measure(checkpoint, codes, within=3)
    # In real time the idle cycles clock what runs freely; while busy there are none.
    real = dynamic(Run(frames=3, cycles=cycles, clock_hz=spec.clock_hz, frame_period_s=spec.frame_period_s))
    busy = dynamic(Run(frames=3, cycles=cycles, clock_hz=spec.clock_hz, frame_period_s=cycles / 3 / spec.clock_hz))
    assert busy < real
    frames = sum(float(frame["dynamic_uw_typical"]) * frame["seconds"] for frame in curve.frames)
    assert frames == pytest.approx(real, rel=1e-5)
    assert curve.energy.typical == pytest.approx(real * 1e6)
    within = sum(float(cycle["dynamic_uw_typical"]) for cycle in curve.cycles) / spec.clock_hz
    assert within == pytest.approx(busy, rel=1e-5)
    phases = sum(energy.typical for _, energy in curve.phases.values())
    assert phases == pytest.approx(busy * 1e6, rel=1e-5)
    assert sum(count for count, _ in curve.phases.values()) == cycles == len(curve.cycles)
    assert [row["cycle"] for row in curve.cycles if row["frame"] == 1] == list(range(curve.frames[1]["cycles"]))
    assert IDLE_PHASE not in {row["phase"] for row in curve.cycles}
    assert curve.reads == sum(row.reads for row in rows)
    # A frame's blocks are its dynamic power.
    names = {f"{row.block}_uw" for row in rows}
    for frame in curve.frames:
        blocks = sum(float(value) for name, value in frame.items() if name in names)
        assert blocks == pytest.approx(float(frame["dynamic_uw_typical"]), rel=1e-3)


def test_files_and_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    synthesis = str(RESULTS / "verilog" / "synthesis.csv")
    arguments = ["power-curve", "--frames", "2", "--within", "1", "--synthesis", synthesis, "--out", str(tmp_path)]
    assert main(arguments) == 0
    assert (tmp_path / "power_curve.txt").read_text() == capsys.readouterr().out
    assert (tmp_path / "power_curve.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (tmp_path / "power_curve.svg").read_bytes()
    tables = {
        path.name: list(csv.DictReader(io.StringIO(path.read_text()))) for path in sorted(tmp_path.glob("*.csv"))
    }
    assert [row["frame"] for row in tables["frames_power.csv"]] == ["0", "1"]
    assert {row["frame"] for row in tables["cycles_power.csv"]} == {"0"}
    # The demo's first two frames, as the committed run counted them.
    with (RESULTS / "demo" / "frames.csv").open(newline="") as file:
        demo = list(csv.DictReader(file))[:2]
    assert [row["cycles"] for row in tables["frames_power.csv"]] == [row["cycles"] for row in demo]
    events = {(row["event"], row["class"]): row for row in tables["events_energy.csv"]}
    additions = sum(int(row["additions"]) for row in demo)
    reads = sum(int(row["rows_bank0"]) + int(row["rows_bank1"]) for row in demo)
    busy = events["SOP, busy cycles", "any, without leakage"]
    assert int(busy["events"]) == additions
    phases = sum(float(row["nj_a_frame_typical"]) for row in tables["phases_energy.csv"]) * 2 * 1e3
    assert float(busy["pj_typical"]) == pytest.approx(phases / additions, rel=1e-4)
    assert int(events["row read, memory alone", "any, without leakage"]["events"]) == reads
    # 512 bits of 148.4 fJ, the largest macro's.
    read = events["row read, memory alone", "any, without leakage"]
    assert float(read["pj_typical"]) == pytest.approx(75.9808, rel=1e-5)
    # With leakage: 231,433.2 gates of 1 nW and 18.034 uW of memory over 20 ms.
    frames = sum(float(row["dynamic_uw_typical"]) * 0.01 for row in tables["frames_power.csv"])
    whole = frames + (231.4332 + 146.5 * 0.1231) * 0.02
    assert float(events["SOP, real time, all power", "SVT"]["pj_typical"]) == pytest.approx(
        whole * 1e6 / additions, rel=1e-4
    )


@pytest.mark.parametrize("count", ["0", "101", "many"])
def test_more_frames_than_can_be_held_by_cycle_are_refused(count: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["power-curve", "--within", count])
    assert "argument --within" in capsys.readouterr().err
