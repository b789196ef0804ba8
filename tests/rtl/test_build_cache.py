"""The cache of builds: found again, held against its list on every use, never half-made, and a bad folder is named."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rtl import build_cache
from rtl.build_cache import EngineError, built, cache_folder, digest, forget, is_kept, kept, put
from rtl.build_entry import LIST, fault_of

ROOT = Path(__file__).parents[2]
FILES = {"engine.so": "machine code" * 1000, "log": "SUCCESS!\n"}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(build_cache, "_instead", [])
    yield tmp_path / "cache"
    for scratch in build_cache._instead:
        scratch.close()


def make(folder: Path) -> None:
    put(folder, FILES)


def never(folder: Path) -> None:
    raise AssertionError("built again")


def test_a_build_is_made_once(home):
    first = built("simulator", "abc", make)
    assert built("simulator", "abc", never) == first == home / "simulator-abc"
    assert {path.name: path.read_text() for path in first.iterdir() if path.name != LIST} == FILES
    built("simulator", "abd", make)
    assert sorted(path.name for path in home.iterdir()) == ["simulator-abc", "simulator-abd"]


def test_a_build_that_fails_leaves_nothing(home):
    def build(folder: Path) -> None:
        (folder / "half").write_text("half")
        raise EngineError("the compiler said no")

    with pytest.raises(EngineError, match="said no"):
        built("simulator", "abc", build)
    assert list(home.iterdir()) == []


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def into_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def into_a_link(path: Path) -> None:
    path.rename(path.parent.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent.parent / "elsewhere")


DAMAGES = {
    **{f"a bit of {name}": lambda entry, name=name: flip(entry / name) for name in (*FILES, LIST)},
    **{f"half of {name}": lambda entry, name=name: cut(entry / name) for name in (*FILES, LIST)},
    **{f"nothing in {name}": lambda entry, name=name: (entry / name).write_bytes(b"") for name in (*FILES, LIST)},
    **{f"no {name}": lambda entry, name=name: (entry / name).unlink() for name in (*FILES, LIST)},
    **{f"a folder for {name}": lambda entry, name=name: into_a_folder(entry / name) for name in (*FILES, LIST)},
    **{f"a link for {name}": lambda entry, name=name: into_a_link(entry / name) for name in FILES},
    "a byte more": lambda entry: (entry / "log").write_text(FILES["log"] + " "),
    "one file more": lambda entry: (entry / "more").write_text(""),
    "a folder more": lambda entry: (entry / "more").mkdir(),
    "an empty entry": lambda entry: (shutil.rmtree(entry), entry.mkdir()),
    "a file for the entry": lambda entry: (shutil.rmtree(entry), entry.write_text("")),
    "a link to nothing": lambda entry: (shutil.rmtree(entry), entry.symlink_to("nowhere")),
    "a link to another folder": lambda entry: (entry.rename(entry.parent / "x"), entry.symlink_to(entry.parent / "x")),
    "a list that is none": lambda entry: (entry / LIST).write_text("[" * 100_000),
    "a list with a number of 5,000 digits": lambda entry: (entry / LIST).write_text("9" * 5000),
    "a list without files": lambda entry: (entry / LIST).write_text("{}\n"),
    "files that others can write": lambda entry: (entry / "engine.so").chmod(0o666),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_damaged_is_made_anew(home, capsys, damage):
    entry = built("simulator", "abc", make)
    DAMAGES[damage](entry)
    assert fault_of(entry, "simulator", "abc") is not None
    assert built("simulator", "abc", make) == entry
    assert fault_of(entry, "simulator", "abc") is None
    assert {path.name: path.read_text() for path in entry.iterdir() if path.name != LIST} == FILES
    said = capsys.readouterr().err
    assert said.startswith(f"rsnn: {entry}: ")
    assert said.endswith("; it is made anew\n")
    assert not [path.name for path in home.iterdir() if path.name.endswith(".part")]
    built("simulator", "abc", never)


@pytest.mark.parametrize(("kind", "key"), [("simulator", "abd"), ("proof", "abc")])
def test_an_entry_under_another_name_is_noticed(home, capsys, kind, key):
    shutil.copytree(built("simulator", "abc", make), home / f"{kind}-{key}")
    made = built(kind, key, lambda folder: put(folder, {"other": ""}))
    assert (made / "other").is_file()
    assert f"{LIST} is not that of '{kind}' with this key" in capsys.readouterr().err


def test_what_the_content_says_is_asked_too(capsys):
    def check(folder):
        return None if (folder / "log").read_text() == "SUCCESS!\n" else "has no word of the solver's"

    built("proof", "abc", lambda folder: put(folder, {"log": "FAILED\n"}))
    assert (built("proof", "abc", make, check=check) / "log").read_text() == "SUCCESS!\n"
    assert "has no word of the solver's; it is made anew" in capsys.readouterr().err


def test_who_has_a_file_open_keeps_it():
    entry = built("simulator", "abc", make)
    with (entry / "engine.so").open() as file:
        (entry / "log").unlink()
        built("simulator", "abc", make)
        assert file.read() == FILES["engine.so"]


def test_another_process_that_was_first_is_believed(home):
    def build(folder: Path) -> None:
        put(folder, {"engine": "second"})
        subprocess.run(
            [sys.executable, "-c", WRITER, str(home), "first", "0"], cwd=ROOT, check=True, capture_output=True
        )

    assert (built("simulator", "abc", build) / "engine").read_text() == "first"
    assert [path.name for path in home.iterdir()] == ["simulator-abc"]


WRITER = """
import os, sys, time
os.environ["RSNN_CACHE"] = sys.argv[1]
from rtl.build_cache import built
def build(folder):
    (folder / "engine").write_text(sys.argv[2])
    print("building", flush=True)
    time.sleep(float(sys.argv[3]))
print((built("simulator", "abc", build) / "engine").read_text())
"""


def writer(home, text, seconds):
    command = [sys.executable, "-c", WRITER, str(home), text, str(seconds)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("damaged", [False, True])
def test_processes_at_once_build_one_whole_entry(home, damaged):
    if damaged:
        cut(built("simulator", "abc", make) / "engine.so")
    running = [writer(home, f"of process {number}", 0.3) for number in range(4)]
    found = [process.communicate(timeout=60)[0].splitlines() for process in running]
    assert [process.returncode for process in running] == [0] * 4
    # A process may have been first; all others then have what it built.
    assert len({lines[-1] for lines in found}) == 1
    assert fault_of(home / "simulator-abc", "simulator", "abc") is None
    assert [path.name for path in home.iterdir()] == ["simulator-abc"]


def test_what_a_killed_build_leaves_is_no_entry_and_goes(home):
    process = writer(home, "half", 60)
    assert process.stdout.readline() == "building\n"
    process.kill()
    process.communicate()
    (left,) = home.iterdir()
    assert left.name.endswith(".part")
    done = writer(home, "whole", 0)
    assert done.communicate(timeout=60)[0].splitlines()[-1] == "whole"
    assert [path.name for path in home.iterdir()] == ["simulator-abc"]


# ---- the folder --------------------------------------------------------------------------------------------


def test_a_cache_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    for given in (tmp_path / "file", tmp_path / "file" / "cache"):
        monkeypatch.setenv("RSNN_CACHE", str(given))
        with pytest.raises(EngineError, match=r"file.*: cannot hold what is built .*set RSNN_CACHE"):
            built("simulator", "abc", make)
        with pytest.raises(EngineError, match="cannot hold what is built"):
            kept("result", "abc", lambda: never(given))


def test_the_default_is_the_users_cache(monkeypatch):
    monkeypatch.delenv("RSNN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", os.sep + "somewhere")
    assert cache_folder() == Path("/somewhere/rsnn")
    monkeypatch.setenv("RSNN_CACHE", "")
    assert cache_folder() == Path("/somewhere/rsnn")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/me")
    assert cache_folder() == Path("/home/me/.cache/rsnn")


def test_a_user_without_a_home_builds_for_this_run_alone(monkeypatch, capsys):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("RSNN_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    assert built("simulator", "abc", make) == built("simulator", "abc", never)
    assert capsys.readouterr().err.count("this user has no home: what is built is kept for this run alone") == 1


def test_a_home_that_cannot_be_written_is_done_without(tmp_path, monkeypatch, capsys):
    (tmp_path / "home").write_text("")
    monkeypatch.delenv("RSNN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    assert built("simulator", "abc", make) == built("simulator", "abc", never)
    assert kept("result", "abc", lambda: 1) == kept("result", "abc", lambda: never(tmp_path)) == 1
    assert capsys.readouterr().err.count("home/rsnn cannot be written") == 1


@pytest.mark.parametrize("name", ["a b", "100%s", "it's", '"', "$(touch X)", "é", "caf\udce9", "new\nline"])
def test_a_cache_of_any_name(tmp_path, monkeypatch, name):
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / name))
    assert built("simulator", "abc", make).parent == tmp_path / name
    built("simulator", "abc", never)


def test_a_relative_cache_is_where_it_was_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RSNN_CACHE", "here")
    assert built("simulator", "abc", make) == tmp_path / "here" / "simulator-abc"


def test_a_cache_that_others_can_write_is_refused(home):
    entry = built("simulator", "abc", make)
    home.chmod(0o777)
    with pytest.raises(EngineError, match=r"cache: can be written by others .* would be run: .*set RSNN_CACHE"):
        built("simulator", "abc", never)
    home.chmod(0o755)
    assert built("simulator", "abc", never) == entry
    assert home.stat().st_mode & 0o022 == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_cache_of_another_user_is_refused(home, capsys):
    entry = built("simulator", "abc", make)
    os.chown(entry, 12345, 12345)
    built("simulator", "abc", make)
    assert "belongs to another user" in capsys.readouterr().err
    os.chown(home, 12345, 12345)
    with pytest.raises(EngineError, match="can be written by others than this user"):
        built("simulator", "abc", never)


def test_a_folder_is_made_for_the_user_alone_whatever_the_umask(home):
    before = os.umask(0)
    try:
        built("simulator", "abc", make)
    finally:
        os.umask(before)
    assert fault_of(home / "simulator-abc", "simulator", "abc") is None
    built("simulator", "abc", never)


def test_a_full_disk_names_the_file(home):
    def build(folder: Path) -> None:
        (folder / "big.v").symlink_to("/dev/full")
        put(folder, {"big.v": "x" * 100_000})

    with pytest.raises(EngineError, match=r"cache/\.simulator-abc\..*/big\.v: cannot be written \(No space left"):
        built("simulator", "abc", build)
    assert list(home.iterdir()) == []


def test_a_disk_that_is_full_at_the_end(home, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EngineError, match=r"cache.*: cannot be written \(No space left"):
        built("simulator", "abc", make)
    assert list(home.iterdir()) == []


# ---- results -----------------------------------------------------------------------------------------------


def test_a_result_is_computed_once(home):
    value = {"rows": [["frames", 3], ["mean", 1.5]], "text": "é", "none": None, "yes": True}
    assert kept("result", "abc", lambda: value) == value
    assert kept("result", "abc", lambda: never(home)) == value
    assert is_kept("result", "abc")
    forget("result", "abc")
    forget("result", "abc")
    assert not is_kept("result", "abc")
    assert list(home.iterdir()) == []


def test_an_altered_result_is_computed_anew():
    kept("result", "abc", lambda: {"mismatches": 3})
    path = cache_folder() / "result-abc" / "result.json"
    path.write_text(json.dumps({"mismatches": 0}))
    assert kept("result", "abc", lambda: {"mismatches": 3}) == {"mismatches": 3}


def test_a_result_that_fails_is_not_kept(home):
    def compute():
        raise TimeoutError("stopped after 1 s")

    with pytest.raises(TimeoutError, match="stopped after 1 s"):
        kept("result", "abc", compute)
    assert list(home.iterdir()) == []
    with pytest.raises(TimeoutError, match="stopped after 1 s"):
        built("proof", "abc", lambda folder: compute())
    assert list(home.iterdir()) == []


def test_a_killed_computation_leaves_nothing_and_is_done_again(home):
    program = (
        "import sys, time; from rtl.build_cache import kept\n"
        "kept('result', 'abc', lambda: print('computing', flush=True) or time.sleep(60))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "computing\n"
    time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert kept("result", "abc", lambda: 7) == 7


def test_a_digest_tells_where_one_text_ends_and_the_next_begins():
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("ab", "c") == digest("ab", "c")
    assert digest("caf\udce9") != digest("café")


def test_a_cache_that_is_a_link_to_itself_is_named(tmp_path, monkeypatch):
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "loop"))
    with pytest.raises(EngineError, match="loop: cannot hold what is built"):
        built("kind", "key", lambda folder: put(folder, {"a": "b"}))
