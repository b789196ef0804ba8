"""``rsnn prove``: the table, what is not shown, and the size that a proof is given at."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from experiments.command import cli
from experiments.hardware import prove
from rtl.formal.prover import Answer

ROOT = Path(__file__).parents[3]
ASKED = ("gives_each_word_once", "keeps_what_it_offers")


@pytest.fixture
def few(monkeypatch, off_the_stack):
    """Leave two properties of all, both quick at any size, and those that show what they assume."""

    def build(spec):
        return {name: entry for name, entry in every(spec).items() if name in ASKED}

    every = prove.build_properties
    monkeypatch.setattr(prove, "build_properties", build)
    monkeypatch.setattr(prove, "discharged", lambda properties, entry: "feeds_the_output")


@pytest.fixture
def answers(monkeypatch):
    """Stand in for the solver, which has tests of its own."""
    said = {"holds": True, "is_reached": True, "notices": True}
    asked = []

    def answer(name):
        def of(wanted, mutant=None, *, timeout_s=None):
            asked.append((name, wanted.name, timeout_s))
            if timeout_s and "slow" in said:
                raise TimeoutError
            return Answer(said[name], 1.5)

        return of

    for name in tuple(said):
        monkeypatch.setattr(prove, name, answer(name))
    return said, asked


def rows_of(out):
    with (out / "proofs.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_table(tmp_path, few, answers, capsys, off_the_stack):
    out = tmp_path / "out"
    assert off_the_stack(cli.main, ["prove", "--timeout", "7", "--out", str(out)]) == 0
    rows = rows_of(out)
    assert [row["property"] for row in rows] == list(ASKED)
    assert {row["sizes"] for row in rows} == {"small one-step plain full"}
    with (out / "proofs_seconds.csv").open() as file:
        seconds = {row["property"]: float(row["seconds"]) for row in csv.DictReader(file)}
    # Three small sizes, full, reached, and each fault.
    assert seconds == {row["property"]: 1.5 * (5 + int(row["faults"])) for row in rows}
    assert {row["holds"] + row["reached"] for row in rows} == {"yesyes"}
    assert all(row["faults_noticed"] == row["faults"] > "0" for row in rows)
    assert {timeout for _, _, timeout in answers[1]} == {None, 7.0}
    assert capsys.readouterr().out.startswith("2 of 2 properties shown")
    assert (out / "proofs.md").read_text().count("\n") == 4
    with (out / "proofs_assumptions.csv").open() as file:
        said = {row["assumption"]: row for row in csv.DictReader(file)}
    assert said["same_transfer"]["of"] == "gives_each_word_once"
    assert said["first_reset"]["of"] == " ".join(ASKED)
    assert not (out / "proofs_mutants.csv").exists()
    assert json.loads((out / "proofs.json").read_text())["specification"]["outputs"] == 1920


def test_what_takes_too_long_is_proved_small(tmp_path, few, answers, off_the_stack):
    answers[0]["slow"] = True
    assert off_the_stack(cli.main, ["prove", "--out", str(tmp_path)]) == 0
    assert {row["sizes"] for row in rows_of(tmp_path)} == {"small one-step plain"}


@pytest.mark.parametrize("failing", ["holds", "is_reached", "notices"])
def test_what_is_not_shown_is_said(tmp_path, few, answers, capsys, failing, off_the_stack):
    answers[0][failing] = False
    assert off_the_stack(cli.main, ["prove", "--timeout", "0", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().out.startswith("0 of 2 properties shown")


@pytest.mark.parametrize("timeout", ["-1", "soon", "inf", "nan"])
def test_a_timeout_that_is_none(timeout, capsys):
    with pytest.raises(SystemExit):
        cli.main(["prove", "--timeout", timeout])
    assert "expected a number of seconds in 0" in capsys.readouterr().err


def test_the_documents_show_the_table():
    """It is what `rsnn prove` wrote, of every property."""
    shown = (ROOT / "docs/gates.md").read_text().split("<!-- proofs -->\n")[1].split("<!-- /proofs -->")[0]
    assert shown == (ROOT / "results/verilog/proofs.md").read_text()
    rows = rows_of(ROOT / "results/verilog")
    assert len(rows) == 16
    assert {row["holds"] + row["reached"] for row in rows} == {"yesyes"}
    assert all(row["faults_noticed"] == row["faults"] > "0" for row in rows)
    with (ROOT / "results/verilog/proofs_assumptions.csv").open() as file:
        showing = {row["shown_by"] for row in csv.DictReader(file)}
    assert all(by.startswith("environment: ") or by in {row["property"] for row in rows} for by in showing)


def test_every_mutant_that_none_notices_has_a_reason():
    with (ROOT / "results/verilog/proofs_mutants.csv").open() as file:
        any_of = {row["block"]: row for row in csv.DictReader(file) if row["property"] == "any"}
    with (ROOT / "results/verilog/proofs_mutants_left.csv").open() as file:
        left = list(csv.DictReader(file))
    assert set(any_of) == {"output", "zero_skip", "axi_stream", "axi_stream (arg-max)"}
    for block, row in any_of.items():
        assert int(row["mutants"]) - int(row["noticed"]) == sum(entry["block"] == block for entry in left)


def test_some_properties_alone(tmp_path, few, answers, off_the_stack):
    out = tmp_path / "out"
    assert off_the_stack(cli.main, ["prove", "--properties", ASKED[1], "--timeout", "0", "--out", str(out)]) == 0
    assert [row["property"] for row in rows_of(out)] == [ASKED[1]]


def test_a_property_that_there_is_not_is_refused(tmp_path, few, answers, capsys, off_the_stack):
    out = tmp_path / "out"
    assert off_the_stack(cli.main, ["prove", "--properties", "sleeps", "--out", str(out)]) == 2
    assert f"--properties sleeps: expected some of {', '.join(ASKED)}" in capsys.readouterr().err
    assert not out.exists()
