"""Files written whole or not at all, by several processes at once, and what killed ones leave."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from files import writing
from files.errors import WriteError
from files.writing import make_folder, whole_file, write_bytes, write_text


def parts(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(writing.PART)]


def test_a_file_that_goes_away_meanwhile_is_no_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when another process had removed it between two looks at it."""
    monkeypatch.setattr(Path, "exists", lambda path: True)
    assert write_text(tmp_path / "a.txt", "new").read_text() == "new"


def test_the_old_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.txt", "old")
    with pytest.raises(KeyError), whole_file(path) as file:
        file.write(b"half")
        assert path.read_text() == "old"
        raise KeyError
    assert path.read_text() == "old"
    assert parts(tmp_path) == []
    with whole_file(path) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert parts(tmp_path) == []


def test_a_file_has_the_permissions_that_the_user_gives_new_files(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    written = write_bytes(tmp_path / "written", b"")
    assert stat.S_IMODE(written.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)


def test_text_that_no_encoding_has_is_escaped(tmp_path: Path) -> None:
    assert write_text(tmp_path / "name", os.fsdecode(b"caf\xe9.wav")).read_text() == "caf\\udce9.wav"


def test_names_as_long_as_a_file_system_takes(tmp_path: Path) -> None:
    write_text(tmp_path / ("é" * 127), "x")
    with pytest.raises(WriteError, match="cannot be written"):
        write_text(tmp_path / ("x" * 300), "x")
    assert parts(tmp_path) == []


def _write(path: Path, letter: str) -> None:
    for _ in range(30):
        write_text(path, letter * 100_000)


def test_two_processes_write_one_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(path, letter)) for letter in "ab"]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        if path.is_file():
            seen.add(path.read_text())
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert seen <= {"a" * 100_000, "b" * 100_000}
    assert seen
    assert parts(tmp_path) == []


# Writes half a file and waits to be killed.
_HALF = """
import sys, time
from files.writing import whole_file
with whole_file(sys.argv[1]) as file:
    file.write(b"half"); file.flush()
    print("written", flush=True)
    time.sleep(600)
"""


def half_written(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", _HALF, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    return process


def test_what_a_killed_process_left_is_removed_and_a_living_one_s_is_not(tmp_path: Path) -> None:
    with half_written(tmp_path / "dead") as dead, half_written(tmp_path / "alive") as alive:
        assert len(parts(tmp_path)) == 2
        dead.send_signal(signal.SIGKILL)
        dead.wait()
        writing._cleaned.clear()
        make_folder(tmp_path)
        assert len(parts(tmp_path)) == 1
        alive.kill()
    assert not (tmp_path / "dead").exists()
    writing._cleaned.clear()
    make_folder(tmp_path)
    assert parts(tmp_path) == []


def test_a_full_disk_names_the_file(tmp_path: Path) -> None:
    code = (
        "import resource, signal, sys; from files.writing import write_bytes; "
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); "
        "write_bytes(sys.argv[1], bytes(100_000))"
    )
    run = subprocess.run([sys.executable, "-c", code, str(tmp_path / "big")], capture_output=True, text=True)
    assert f"WriteError: {tmp_path / 'big'}: cannot be written (File too large)" in run.stderr
    assert list(tmp_path.iterdir()) == []


def test_folders_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WriteError, match=r"file: cannot be written \(is a file, expected a folder to write\)"):
        make_folder(tmp_path / "file")
    with pytest.raises(WriteError, match="a folder above it is a file"):
        make_folder(tmp_path / "file" / "below")
    with pytest.raises(WriteError, match="/proc/none"):
        make_folder("/proc/none")
    with pytest.raises(WriteError, match="null"):
        make_folder(tmp_path / "a\0b")
    (tmp_path / "folder").mkdir()
    with pytest.raises(WriteError, match="folder: cannot be written"):
        write_text(tmp_path / "folder", "x")
    assert parts(tmp_path) == []


def test_a_device_or_a_pipe_is_not_replaced_by_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(WriteError, match="is a device or a pipe, expected a file to write"):
        write_text(pipe, "text")
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert os.listdir(tmp_path) == ["pipe"]


def test_a_cleaner_that_comes_between_making_and_holding_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep, calls = writing.keep, []

    def cleaned_first(handle: int, path: Path) -> bool:
        if not calls:
            os.unlink(path)
        calls.append(path)
        return keep(handle, path)

    monkeypatch.setattr(writing, "keep", cleaned_first)
    assert write_text(tmp_path / "a", "x").read_text() == "x"
    assert len(calls) == 2
    assert parts(tmp_path) == []


def test_a_part_is_hidden_and_its_own(tmp_path: Path) -> None:
    names = {writing.part_name("x" * 300) for _ in range(100)}
    assert len(names) == 100
    assert all(name.startswith(".") and len(name) < 100 for name in names)
