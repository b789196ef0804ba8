"""A result is stale when anything that it was made of has changed, and not before."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from experiments.command.experiment import Result
from experiments.reproduction.job import STAMPS, Job, dependencies
from files.errors import FileError

RESULT = Result(
    name="one",
    makes="a table",
    command=("one", "--out", "{out}"),
    folder="first",
    outputs=("a.csv",),
    varies=("speeds.csv",),
    inputs=("zeroth/z.csv",),
    minutes=1,
)


@pytest.fixture
def job(tmp_path: Path) -> Job:
    for name in ("first/a.csv", "first/speeds.csv", "zeroth/z.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    made = Job(
        result=RESULT,
        module="experiments.faults",
        template=RESULT.command,
        words=("one", "--out", str(tmp_path / "first")),
        results=tmp_path,
        given=("corpus",),
    )
    assert made.stale() == "never made here"
    made.done(3.21)
    assert made.stale() == ""
    return made


@pytest.mark.parametrize(
    "change",
    [{"module": "experiments.cycles"}, {"given": ("another",)}, {"template": ("one", "--quick")}, {"note": "quick"}],
    ids=lambda change: next(iter(change)),
)
def test_another_input_makes_it_stale(job: Job, change: dict) -> None:
    assert dataclasses.replace(job, **change).stale() == "code, input or command has changed"


def test_another_folder_of_all_does_not(job: Job, tmp_path: Path) -> None:
    moved = tmp_path.rename(tmp_path.with_name("moved"))
    assert dataclasses.replace(job, results=moved, words=("one", "--out", str(moved / "first"))).stale() == ""


@pytest.mark.parametrize("name", ["first/a.csv", "first/speeds.csv"])
def test_a_file_that_was_changed_or_is_gone(job: Job, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("other")
    assert job.stale() == f"{Path(name).name} is another or gone"
    (tmp_path / name).unlink()
    assert job.stale() == f"{Path(name).name} is another or gone"


def test_what_it_reads_has_changed(job: Job, tmp_path: Path) -> None:
    (tmp_path / "zeroth/z.csv").write_text("other")
    assert job.stale() == "code, input or command has changed"


NO_STAMP = '{"made_of": "x", "files": [], "seconds": 1, "command": ""}'


@pytest.mark.parametrize("text", ["", "[]", "{", '{"made_of": 1}', NO_STAMP, "\0"])
def test_a_stamp_that_is_none(job: Job, text: str) -> None:
    job.stamp.write_text(text)
    assert job.stale() == "never made here"
    assert job.seconds == 60


def test_the_stamp_says_what_was_run_and_how_long(job: Job, tmp_path: Path) -> None:
    stamp = json.loads((tmp_path / STAMPS / "one.json").read_text())
    assert stamp["command"].startswith("rsnn one --out")
    assert job.seconds == stamp["seconds"] == 3.2
    assert set(stamp["files"]) == {"a.csv", "speeds.csv"}


def test_a_command_that_did_not_make_its_files(job: Job, tmp_path: Path) -> None:
    (tmp_path / "first/a.csv").unlink()
    with pytest.raises(FileError, match=r"a\.csv: not made by rsnn one"):
        job.done(1.0)


def test_what_is_read_is_made_before(job: Job) -> None:
    other = dataclasses.replace(
        job, result=dataclasses.replace(RESULT, name="zero", folder="zeroth", outputs=("z.csv",), inputs=())
    )
    assert dependencies(job, [job, other]) == ["zero"]
    assert dependencies(other, [job, other]) == []


def test_a_quick_command_that_never_ran_here_is_not_expected_to_take_as_long(job: Job) -> None:
    job.stamp.unlink()
    result = dataclasses.replace(RESULT, minutes=6000, quick=("one", "--few"))
    assert dataclasses.replace(job, result=result).seconds == 360_000
    assert dataclasses.replace(job, result=result, template=result.quick).seconds < 60


def test_what_the_quick_command_does_not_make_is_not_missed(job: Job, tmp_path: Path) -> None:
    result = dataclasses.replace(RESULT, outputs=("a.csv", "board.csv"), full_only=("board.csv",), quick=("one",))
    quick = dataclasses.replace(job, result=result, template=result.quick)
    assert quick.outputs == ("a.csv",)
    quick.done(1.0)
    with pytest.raises(FileError, match="board"):
        dataclasses.replace(quick, template=result.command).done(1.0)
