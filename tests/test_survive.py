"""The kill harness: it notices what is half written, and the quick commands survive a few kills."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from functools import partial

import pytest

from files.folder import output_folder
from tests.survive import process
from tests.survive.commands import COMMANDS, Command, comparable
from tests.survive.kills import kill_often
from tests.survive.setting import Setting, prepare
from tests.survive.storage import full_disk, read_only, two_at_once
from tests.survive.wholeness import half_written, left_over

TOY = Command("toy", (("toy",), ("toy", "other")))
A = {"a.csv": b"x,y\n1,2", "b.json": b"{}"}
B = {"a.csv": b"x,y\n1,3", "b.json": b'{"b": 1}'}


@pytest.fixture
def setting(tmp_path):
    made = Setting(tmp_path / "setting")
    made.home.mkdir()
    made.fresh()
    return made


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    return prepare(tmp_path_factory.mktemp("survive") / "setting")


def write(setting, files, *, by="toy"):
    with output_folder(setting.out, by=by) as staging:
        for name, content in files.items():
            (staging / name).write_bytes(content)


# ---- what it must notice -----------------------------------------------------------------------------------------


def test_a_whole_folder_and_none_are_well(setting):
    assert half_written(TOY, setting, [A, B], []) == []
    write(setting, A)
    assert half_written(TOY, setting, [A, B], []) == []
    write(setting, B)
    assert half_written(TOY, setting, [A, B], []) == []


def test_a_commit_that_was_killed_counts_as_done(setting):
    write(setting, A)
    staged = setting.home / "other"
    with output_folder(staged, by="toy") as staging:
        for name, content in B.items():
            (staging / name).write_bytes(content)
    staged.rename(setting.out / ".committing")
    assert half_written(TOY, setting, [A, B], []) == []
    # What was looked at was a copy.
    assert (setting.out / ".committing").is_dir()
    assert left_over(setting) == ["left over: out/.committing"]


def test_half_written_folders_are_noticed(setting):
    write(setting, A)
    (setting.out / "b.json").write_bytes(b"{")
    found = half_written(TOY, setting, [A, B], [])
    assert any("does not recover" in wrong for wrong in found)
    assert "files of no run: b.json" in found
    (setting.out / "manifest.json").unlink()
    (setting.out / "b.json").write_bytes(B["b.json"])
    assert half_written(TOY, setting, [A, B], []) == ["a mixture of two runs"]
    (setting.out / "b.json").unlink()
    assert half_written(TOY, setting, [A, B], []) == ["half a folder: without b.json"]
    (setting.out / ".a.csv.00.part").write_bytes(b"")
    assert left_over(setting) == ["left over: out/.a.csv.00.part"]


def test_a_table_that_grows_may_be_of_no_undisturbed_run(setting):
    grows = Command("toy", TOY.variants, grows=True)
    longer = {"a.csv": b"x,y\n1,2\n3,4\n5,6"}
    write(setting, {"a.csv": b"x,y\n1,2\n3,4"})
    assert half_written(grows, setting, [longer], []) == []
    assert half_written(TOY, setting, [longer], []) == ["files of no run: a.csv"]
    assert half_written(grows, setting, [A], []) == ["a.csv is half written"]
    gathers = Command("toy", TOY.variants, grows=True, gathers=True)
    assert half_written(gathers, setting, [A], []) == []
    write(setting, {"a.csv": b"", "plot.png": b"\x89PNG"})
    assert half_written(gathers, setting, [A], []) == ["a.csv is half written", "plot.png is half written"]


def test_times_alone_are_not_compared():
    one, two = b"a,seconds,b\n1,2.5,x\n", b"a,seconds,b\n1,9.1,x\n"
    assert comparable("t.csv", one) == comparable("t.csv", two)
    assert comparable("t.csv", one) != comparable("t.csv", two.replace(b"x", b"y"))
    assert comparable("t.json", one) != comparable("t.json", two)
    table = b"| engine | cycles/s |\n|---|---|\n| MyHDL | %d |\n"
    assert comparable("t.md", table % 1) == comparable("t.md", table % 2)
    wave = b"$date %d $end\n#0\n1!"
    assert comparable("w.vcd", wave % 1) == comparable("w.vcd", wave % 2)
    assert comparable("w.vcd", wave % 1) != comparable("w.vcd", b"$date 1 $end\n#0\n0!")


def run_python(monkeypatch, code):
    monkeypatch.setattr(Setting, "words", lambda self, arguments: [sys.executable, "-c", code])
    monkeypatch.setattr(process, "_GRACE_S", 0.2)


def test_a_process_that_lives_on_is_found_and_ended(setting, monkeypatch):
    run_python(
        monkeypatch,
        "import subprocess, time; subprocess.Popen(['sleep', '61'], start_new_session=True); "
        "print('up', flush=True); time.sleep(60)",
    )
    running = process.Running(setting, ("toy",))
    while not (setting.home / f"said-{running.mark}-out").read_text():
        time.sleep(0.01)
    ended = running.kill_after(0.0)
    assert ended.status == -9
    assert [line.strip() for line in ended.left] == ["sleep 61"]
    assert not process._marked(running.mark)


def test_a_command_that_ends_before_its_moment_is_let_be(setting, monkeypatch):
    run_python(monkeypatch, "import sys; print('done'); print('said', file=sys.stderr); sys.exit(3)")
    ended = process.Running(setting, ("toy",)).kill_after(60.0)
    assert (ended.status, ended.output, ended.said, ended.left) == (3, "done\n", "said\n", ())


def test_a_command_that_writes_file_by_file_is_found_out(setting, monkeypatch):
    """Half of its time one file is new and the other old."""
    code = (
        "import pathlib, time; out = pathlib.Path({out!r}); out.mkdir(exist_ok=True)\n"
        "(out / 'a.csv').write_text('1'); time.sleep(0.6); (out / 'b.csv').write_text('1')\n"
    )
    monkeypatch.setattr(
        Setting, "words", lambda self, arguments: [sys.executable, "-c", code.format(out=str(self.out))]
    )
    trial = kill_often(Command("toy", (("toy",),)), setting, kills=12, seed=1, again=False, start=process.Running)
    assert trial.kills - trial.ended_first == 12 or trial.kills == 36
    assert trial.findings["half a folder: without b.csv"] >= 1
    assert f"{trial.kills} rounds" in trial.describe()


def test_the_command_line(tmp_path):
    counts = tmp_path / "counts.csv"
    arguments = [sys.executable, "-m", "tests.survive", "nonsense", "--counts", str(counts)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "invalid choice" in done.stderr
    assert json.dumps(sorted(COMMANDS)) == json.dumps(sorted(set(COMMANDS)))


# ---- the quick commands --------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(("name", "kills"), [("run", 3), ("power", 3), ("cosim", 2), ("export", 2)])
def test_a_killed_command_leaves_nothing_half_written(prepared, name, kills):
    trial = kill_often(COMMANDS[name], prepared, kills=kills, seed=1, again=False)
    assert trial.kills >= kills
    assert not trial.findings, trial.describe()


@pytest.mark.slow
@pytest.mark.parametrize(
    "mode",
    [partial(full_disk, shares=[0.0, 0.5]), read_only, partial(two_at_once, times=1)],
    ids=["full-disk", "read-only", "two-at-once"],
)
def test_run_on_a_full_disk_a_read_only_folder_and_beside_itself(prepared, mode):
    trial = mode(COMMANDS["run"], prepared)
    assert trial.kills > 0
    assert not trial.findings, trial.describe()
