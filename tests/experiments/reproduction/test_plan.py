"""Command lines filled in, with stand-ins where something is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.command.declared import declarations
from experiments.command.experiment import CELLS, CORPUS
from experiments.reproduction import plan as module
from experiments.reproduction.plan import Place, plan
from files.errors import FileError
from golden.checkpoint import load_checkpoint


@pytest.fixture
def nowhere(tmp_path: Path) -> Place:
    return Place(results=tmp_path / "out", work=tmp_path / "work", data=tmp_path / "no", cells=None)


def test_without_a_corpus_it_is_the_shipped_clip_and_says_so(nowhere: Place) -> None:
    found = plan(["cycles", "utterances", "recognition"], nowhere, quick=False)
    assert {job.result.name for job in found.jobs} == {"cycles", "utterances", "recognition"}
    for job in found.jobs:
        assert CORPUS in job.note
        assert job.template == job.result.quick
    cycles = next(job for job in found.jobs if job.result.name == "cycles")
    assert cycles.words[1].endswith("clips/demo.flac")


def test_with_a_corpus_nothing_is_said(nowhere: Place, speech_paths: list[Path]) -> None:
    data = next(path for path in speech_paths[0].parents if path.name == "data")
    place = Place(results=nowhere.results, work=nowhere.work, data=data, cells=None)
    (job,) = plan(["cycles"], place, quick=False).jobs
    assert job.note == ""
    assert job.words == ("cycles", "--data", str(data), "--out", str(nowhere.results / "cycles"))
    assert len(job.given) == 1


def test_quick_covers_every_result(nowhere: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_there", lambda need, place: need not in (CORPUS, CELLS))
    found = plan([], nowhere, quick=True)
    assert {job.result.name for job in found.jobs} == set(declarations())
    assert not found.left_out
    assert all(job.note.startswith("quick") for job in found.jobs)
    assert not any("{" in word for job in found.jobs for word in job.words)
    assert load_checkpoint(nowhere.work / "small.npz").specification.layers == (module.SMALL,) * 2


def test_a_tool_that_is_missing_is_named(nowhere: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    found = plan(["proofs", "inference"], nowhere, quick=True)
    assert [job.result.name for job in found.jobs] == ["inference"]
    assert "make tools" in found.left_out["proofs"]


def test_libraries_in_several_files(nowhere: Place, tmp_path: Path) -> None:
    cells = tmp_path / "cells"
    (cells / "asap7").mkdir(parents=True)
    for name in ("asap7_b_RVT_TT.lib", "asap7_a_RVT_TT.lib.gz", "asap7_a_RVT_SS.lib"):
        (cells / "asap7" / name).write_text("")
    place = Place(results=nowhere.results, work=nowhere.work, data=nowhere.data, cells=cells)
    (job,) = plan(["gates-asap7"], place, quick=False).jobs
    at = job.words.index("--liberty")
    assert [Path(word).name for word in job.words[at + 1 : at + 3]] == [
        "asap7_a_RVT_TT.lib.gz",
        "asap7_b_RVT_TT.lib",
    ]


def test_a_result_that_is_none(nowhere: Place) -> None:
    with pytest.raises(FileError, match="'no': no result of this name, expected demo, "):
        plan(["no"], nowhere, quick=True)


def test_the_libraries_at_hand_are_found(nowhere: Place, liberty_files: dict[str, Path]) -> None:
    folder = next(iter(liberty_files.values())).parent
    names = ["gates-nangate45", "gates-asap7"]
    # With a corpus, or they would be quick ones of other cells.
    place = Place(results=nowhere.results, work=nowhere.work, data=None, cells=folder)
    found = plan(names, place, quick=False)
    assert not found.left_out
    for job in found.jobs:
        if job.note:
            continue
        given = [word for word in job.words if ".lib" in word]
        assert given
        assert all(Path(word).is_file() for word in given)
    assert any(not job.note for job in found.jobs)


def test_every_picture_is_there_as_a_drawing() -> None:
    pictures = 0
    for name, (_, declared) in declarations().items():
        for output in declared.outputs:
            if output.endswith(".png"):
                pictures += 1
                assert output.replace(".png", ".svg") in declared.outputs, name
    assert pictures > 15
