"""The main job as the README shows it: the committed report is what a run prints now."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.run import run

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_the_committed_report_is_what_the_demo_writes(tmp_path: Path) -> None:
    text, cycles_per_s = run(
        speech=None, checkpoint_path=None, reference=None, frames=40, out=tmp_path, engine="myhdl"
    )
    assert cycles_per_s > 0
    for name in ("report.txt", "power.csv", "activity.csv", "frames.csv", "phones.csv", "configuration.json"):
        assert (tmp_path / name).read_text() == (ROOT / "results/demo" / name).read_text(), name
    readme = (ROOT / "README.md").read_text()
    assert f"<!-- demo -->\n```\n{text}```\n<!-- /demo -->" in readme
