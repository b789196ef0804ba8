"""A folder of several files is of one run, wherever a process is killed, and says so to whoever reads it."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import pytest

from files.errors import FileError, WriteError
from files.folder import MANIFEST, committed, output_folder

NAMES = ("configuration", "activity", "report")


def write_run(out: Path, run: str, names: tuple[str, ...] = NAMES, by: str = "run") -> None:
    with output_folder(out, by=by) as staging:
        for name in names:
            (staging / name).write_text(f"{name} of {run}")


def contents(out: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in out.iterdir() if path.name != MANIFEST}


def of_run(run: str, names: tuple[str, ...] = NAMES) -> dict[str, str]:
    return {name: f"{name} of {run}" for name in names}


def test_files_of_the_run_before_go_and_others_stay(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    write_run(out, "1")
    (out / "mine.txt").write_text("mine")
    write_run(out, "other", ("table",), by="another")
    write_run(out, "2", ("report", "mismatch"))
    assert contents(out) == of_run("2", ("report", "mismatch")) | {"mine.txt": "mine", "table": "table of other"}
    write_run(out, "3")
    assert contents(out) == of_run("3") | {"mine.txt": "mine", "table": "table of other"}
    entries = json.loads((out / MANIFEST).read_text())["files"]
    assert {name: entry["by"] for name, entry in entries.items()} == {
        **dict.fromkeys(NAMES, "run"), "table": "another"
    }  # fmt: skip


def test_a_run_that_fails_changes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyError), output_folder(out, by="run") as staging:
        (staging / "report").write_text("half")
        raise KeyError
    assert not out.exists()
    write_run(out, "1")
    with pytest.raises(KeyError), output_folder(out, by="run") as staging:
        (staging / "report").write_text("half")
        raise KeyError
    assert contents(out) == of_run("1")


def test_exceptions_that_keep_the_files(tmp_path: Path) -> None:
    write_run(tmp_path, "1")
    with pytest.raises(ZeroDivisionError), output_folder(tmp_path, by="run", keep_on=(ZeroDivisionError,)) as staging:
        (staging / "mismatch").write_text("mismatch of 2")
        raise ZeroDivisionError
    assert contents(tmp_path) == of_run("2", ("mismatch",))


# A second run whose process ends at the n-th change of a name on the disk.
_KILLED = """
import os, sys
from pathlib import Path
import files.folder, files.writing
out, most = Path(sys.argv[1]), int(sys.argv[2])
count = 0
def counted(call):
    def wrapped(*given, **named):
        global count
        if count == most:
            os._exit(9)
        count += 1
        return call(*given, **named)
    return wrapped
for name in ("rename", "replace", "unlink"):
    setattr(os, name, counted(getattr(os, name)))
Path.rmdir = counted(Path.rmdir)
with files.folder.output_folder(out, by="run") as staging:
    for name in sys.argv[3:]:
        (staging / name).write_text(f"{name} of 2")
"""


@pytest.mark.parametrize("reader", ["reads", "writes"])
def test_a_kill_at_any_moment_leaves_one_run_or_the_other(tmp_path: Path, reader: str) -> None:
    second = ("activity", "report", "new")
    for moment in range(100):
        out = tmp_path / f"{reader}{moment}"
        write_run(out, "1")
        run = subprocess.run([sys.executable, "-c", _KILLED, str(out), str(moment), *second], check=False)
        if reader == "writes":
            # Another command's output: the first's files must be whole all the same.
            write_run(out, "other", ("table",), by="another")
            (out / "table").unlink()
        with committed(out, written_by="run") as read:
            run_of = read("activity").decode().removeprefix("activity of ")
            names = NAMES if run_of == "1" else second
            assert {name: read(name).decode() for name in names} == of_run(run_of, names), moment
        if reader == "writes":
            assert contents(out) == of_run(run_of, names), moment
        if run.returncode == 0:
            break
        assert run.returncode == 9
    assert moment > 5
    assert run_of == "2"


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_reading_in_the_middle_of_a_commit_gives_the_new_run_and_changes_nothing(tmp_path: Path) -> None:
    for moment in range(3, 7):
        out = tmp_path / str(moment)
        write_run(out, "1")
        subprocess.run([sys.executable, "-c", _KILLED, str(out), str(moment), *NAMES], check=False)
        assert (out / ".committing").is_dir()
        before = snapshot(out)
        with committed(out, written_by="run") as read:
            assert {name: read(name).decode() for name in NAMES} == of_run("2")
        assert snapshot(out) == before


def test_what_was_changed_since_is_refused(tmp_path: Path) -> None:
    write_run(tmp_path, "1")
    (tmp_path / "activity").write_text("activity of 2")
    with committed(tmp_path, written_by="run") as read:
        assert read("report") == b"report of 1"
        with pytest.raises(FileError, match=r"activity: was changed since 'run' wrote it"):
            read("activity")
        with pytest.raises(FileError, match=r"mine: not a file that 'run' wrote there"):
            read("mine")
    with committed(tmp_path, written_by="another") as read, pytest.raises(FileError, match="not a file that 'another'"):
        read("report")


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (None, "no such manifest"),
        ("", "not JSON"),
        ("[" * 100_000, "nested deeper"),
        ("{}", "expected the fields"),
        ('{"format_version": true, "files": {}}', "expected the fields"),
        ('{"format_version": 2, "files": {}}', "format_version is 2"),
        ('{"format_version": 1, "files": {"../x": {"by": "run", "bytes": 1, "sha256": ""}}}', "expected a file's name"),
        ('{"format_version": 1, "files": {"x": {"by": "run", "bytes": true, "sha256": ""}}}', "bytes as a number"),
    ],
)
def test_manifests_that_are_refused(tmp_path: Path, manifest: str | None, message: str) -> None:
    write_run(tmp_path, "1")
    (tmp_path / MANIFEST).unlink()
    if manifest is not None:
        (tmp_path / MANIFEST).write_text(manifest)
    with pytest.raises(FileError, match=message), committed(tmp_path, written_by="run"):
        pass
    # A new run makes it whole again.
    write_run(tmp_path, "2")
    with committed(tmp_path, written_by="run") as read:
        assert read("report") == b"report of 2"


def test_folders_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no such folder"), committed(tmp_path / "none", written_by="run"):
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(FileError, match="no such folder"), committed(tmp_path / "file", written_by="run"):
        pass
    for out in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/none")):
        with pytest.raises(WriteError, match=str(out)), output_folder(out, by="run"):
            pytest.fail("the work began")


def _run_often(out: Path, run: str) -> None:
    for _ in range(20):
        write_run(out, run)


def test_two_processes_with_one_folder(tmp_path: Path) -> None:
    write_run(tmp_path, "a")
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_run_often, args=(tmp_path, run)) for run in "ab"]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        with committed(tmp_path, written_by="run") as read:
            found = {name: read(name).decode() for name in NAMES}
        assert found in (of_run("a"), of_run("b"))
        seen.add(found["report"])
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert seen
    assert contents(tmp_path) in (of_run("a"), of_run("b"))
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


def test_a_commit_that_is_a_link_to_another_folder_moves_nothing_of_it(tmp_path: Path) -> None:
    other, out = tmp_path / "other", tmp_path / "out"
    other.mkdir()
    (other / "thesis").write_text("precious")
    write_run(out, "1")
    (out / ".committing").symlink_to(other)
    with (
        pytest.raises(FileError, match=r"out/\.committing: is a link, expected a folder"),
        committed(out, written_by="run"),
    ):
        pass
    with pytest.raises(WriteError, match=r"out/\.committing: cannot be written \(is a link, expected a folder"):
        write_run(out, "2")
    assert contents(other) == {"thesis": "precious"}


def test_what_no_run_staged_is_not_moved_about(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_run(out, "1")
    for name in ("folder", "link"):
        coming = out / ".committing"
        coming.mkdir()
        if name == "folder":
            (coming / name).mkdir()
        else:
            (coming / name).symlink_to(tmp_path)
        with pytest.raises(WriteError, match=rf"\.committing/{name}: cannot be written \(is no regular file"):
            write_run(out, "2")
        assert (coming / name).exists()
        (coming / name).rmdir() if name == "folder" else (coming / name).unlink()
        coming.rmdir()
    assert contents(out) == of_run("1")


def test_a_part_of_another_program_stays(tmp_path: Path) -> None:
    (tmp_path / ".film.part").write_text("half a film")
    (tmp_path / ".films.part").mkdir()
    write_run(tmp_path, "1")
    assert (tmp_path / ".film.part").read_text() == "half a film"
    assert (tmp_path / ".films.part").is_dir()
def test_a_folder_in_a_file_s_place_is_named_and_nothing_is_moved(tmp_path: Path) -> None:
    write_run(tmp_path, "1", ("activity",))
    (tmp_path / "report").mkdir()
    with pytest.raises(WriteError, match=r"/report: cannot be written \(is a folder, expected a file to write\)"):
        write_run(tmp_path, "2")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["activity", MANIFEST, "report"]
    assert (tmp_path / "activity").read_text() == "activity of 1"
