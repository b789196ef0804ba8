"""The main job as the README shows it: the committed report is what a run prints now."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cosim.scoreboard import PredictionError
from experiments.chain.spoken import CLIP, recognise
from experiments.main_job import run as main_job
from experiments.main_job.run import run
from golden.checkpoint import load_checkpoint, save_checkpoint
from golden.cycles import count_frames
from golden.forward import Forward, ForwardStream
from golden.predicted_activity import ActivityCounter

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_the_committed_report_is_what_the_demo_writes(tmp_path: Path) -> None:
    text, cycles_per_s = run(
        speech=None, checkpoint_path=None, reference=None, frames=40, out=tmp_path, engine="myhdl"
    )
    assert cycles_per_s > 0
    tables = ("report.txt", "run.json", "power.csv", "activity.csv", "frames.csv", "phones.csv", "configuration.json")
    for name in tables:
        assert (tmp_path / name).read_text() == (ROOT / "results/demo" / name).read_text(), name
    figures = (ROOT / "docs/figures.md").read_text()
    assert f"<!-- demo -->\n```\n{text}```\n<!-- /demo -->" in figures
    # The front page has some of its lines, in their order.
    shown = (ROOT / "README.md").read_text().split("<!-- demo -->\n```\n")[1].split("```")[0].splitlines()
    rest = iter(text.splitlines())
    assert len(shown) > 10
    assert all(line == "..." or line in rest for line in shown)


def test_activity_that_the_model_does_not_predict_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class OneToggleMore(ActivityCounter):
        def rows(self, *given: object) -> list[dict]:
            rows = super().rows(*given)
            return [row | {"toggles": row["toggles"] + 1} if row["signal"] == "membrane1_0" else row for row in rows]

    monkeypatch.setattr(main_job, "ActivityCounter", OneToggleMore)
    with pytest.raises(PredictionError, match=r"activity of neuron_unit\.membrane1_0: expected"):
        run(speech=None, checkpoint_path=None, reference=None, frames=1, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_long_file_is_gone_through_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each frame's arg-max is taken once: at first it was once for every frame of the file."""
    taken = []
    argmax = np.ndarray.argmax

    class Counted(np.ndarray):
        def argmax(self, *given: object, **named: object) -> np.ndarray:
            taken.append(len(self))
            return argmax(np.asarray(self), *given, **named)

    push = ForwardStream.push

    def counted(self: ForwardStream, codes: np.ndarray) -> Forward:
        result = push(self, codes)
        return dataclasses.replace(result, logits=result.logits.view(Counted))

    monkeypatch.setattr(ForwardStream, "push", counted)
    samples, rate = soundfile.read(CLIP)
    soundfile.write(tmp_path / "long.flac", np.tile(samples, 8), rate)
    run(speech=tmp_path / "long.flac", checkpoint_path=None, reference=None, frames=1, out=tmp_path / "out")
    with (tmp_path / "out/frames.csv").open() as table:
        frames = sum(1 for _ in table) - 1
    assert frames > 2000
    assert sum(taken) == frames


def test_overruns_of_the_whole_file_are_reported(tmp_path: Path) -> None:
    network = load_checkpoint()
    tight = dataclasses.replace(network, specification=network.specification.replace(clock_hz=70_000.0))
    save_checkpoint(tmp_path / "tight.npz", tight)
    spoken = recognise(tight, CLIP)
    cycles = count_frames(tight, spoken.codes, spoken.result.spikes).cycles
    late = int((cycles > 700).sum())
    assert 0 < late < len(cycles)
    text, _ = run(
        speech=None, checkpoint_path=tmp_path / "tight.npz", reference=None, frames=1, out=tmp_path / "out"
    )
    assert f"budget 700 ({late} overruns)" in text
