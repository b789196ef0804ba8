"""The fuzzer: it notices what it is there for, and finds nothing in two thousand cases of every reader."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import sys
import time
import warnings
from pathlib import Path

import pytest

from files.errors import FileError
from tests.fuzz import __main__ as command
from tests.fuzz.campaign import COLUMNS, Tally, add_counts, campaign, described, keep
from tests.fuzz.case import Case, Folder, Hole, Link, Pipe, of_case
from tests.fuzz.mutation import json_mutated, json_text, placed, text_mutated
from tests.fuzz.surface import NAMES, Finding, Surface, surface
from tests.fuzz.verdict import FINDING, REFUSED, RESULT, Verdict
from tests.fuzz.worker import Worker

CASES = 2_000
SEED = 20_260


def generate(rng: random.Random) -> Case:
    return Case({"given.txt": rng.randbytes(20)}, "given.txt", {"draw": rng.random()})


def planted(run, **changes) -> Surface:
    return Surface("planted", generate, run, **changes)


def outcomes(run, cases: int = 3, **changes) -> Tally:
    return campaign(planted(run, **changes), seed=1, cases=cases, limit_s=1.0)


# ---- what it must notice -----------------------------------------------------------------------------------------


def test_a_result_and_an_error_of_ours_are_allowed():
    assert outcomes(lambda case, folder: None).outcomes == {RESULT: 3}

    def refuses(case, folder):
        raise FileError(f"{case.path(folder)}: expected more")

    assert outcomes(refuses).outcomes == {REFUSED: 3}


def test_a_case_cannot_harm_what_is_not_its_own(tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("kept")

    def harms(case, folder):
        for harm in (precious.unlink, lambda: precious.write_text("lost"), lambda: precious.rename(folder / "taken")):
            try:
                harm()
            except OSError:
                continue
            raise AssertionError("harmed")
        (folder / "mine").write_text("may be written")

    assert outcomes(harms).outcomes == {RESULT: 3}
    assert precious.read_text() == "kept"


def test_an_error_of_another_type_is_noticed_and_placed():
    def raises(case, folder):
        return {}[case.argument]

    tally = outcomes(raises)
    assert tally.outcomes == {FINDING: 3}
    assert next(iter(tally.kinds)).startswith("KeyError")
    assert "Traceback" in next(iter(tally.examples.values()))[1]


@pytest.mark.parametrize("message", ["expected more", ""])
def test_an_error_that_names_no_file_is_noticed(message):
    def refuses(case, folder):
        raise FileError(message)

    assert next(iter(outcomes(refuses).kinds)).startswith("names no file: FileError")


def test_a_wrong_result_is_noticed():
    def wrong(case, folder):
        raise Finding("readers disagree: 1 and 2")

    assert outcomes(wrong).kinds == {"wrong result: readers disagree": 3}


def first_only(act):
    """Return a reader that does `act` for the first case of seed 1 and reads all others."""
    first = of_case(1, "planted", 0)
    first.randbytes(20)
    draw = first.random()
    return lambda case, folder: act(case, folder) if case.words["draw"] == draw else None


def test_a_crash_is_survived_and_laid_to_its_case():
    tally = outcomes(first_only(lambda case, folder: os.kill(os.getpid(), signal.SIGSEGV)), cases=5)
    assert tally.outcomes == {FINDING: 1, RESULT: 4}
    assert tally.kinds == {"crash: SIGSEGV": 1}
    assert tally.examples["crash: SIGSEGV"][0] == 0


def test_a_process_that_leaves_is_noticed():
    assert outcomes(first_only(lambda case, folder: os._exit(0))).kinds == {"process left with 0": 1}


def test_a_reader_that_computes_on_is_ended():
    def loops(case, folder):
        while True:
            pass

    assert outcomes(first_only(loops)).kinds == {"does not end: computes on": 1}


def test_a_reader_that_waits_is_ended():
    tally = outcomes(first_only(lambda case, folder: time.sleep(60)))
    assert tally.kinds == {"does not end: waits for ever": 1}
    assert tally.outcomes[RESULT] == 2


def test_memory_that_grows_is_noticed_and_what_is_too_much_refused():
    def grows(case, folder):
        return len(bytearray(96 << 20))

    assert outcomes(grows, most_memory=64 << 20).kinds == {"memory grew beyond 64 MiB": 3}
    tally = outcomes(lambda case, folder: bytearray(1 << 36))
    assert [kind.split()[0] for kind in tally.kinds] == ["MemoryError"]


@pytest.mark.parametrize("place", ["beside", "../above"])
def test_a_file_beside_the_case_s_folder_is_noticed_and_removed(place):
    def writes(case, folder):
        (folder.parent / place).write_text("x")

    tally = outcomes(first_only(writes), cases=4)
    assert tally.kinds == {"wrote beside the case's folder": 1}
    assert tally.outcomes[RESULT] == 3


def test_what_is_changed_or_left_in_the_folder_for_temporary_files_is_noticed():
    def changes(case, folder):
        (folder.parent / "canary").write_text("silent now")

    def leaves(case, folder):
        Path(os.environ["TMPDIR"], "left").write_text("x")

    assert outcomes(changes).outcomes[FINDING] == 3
    assert outcomes(leaves).outcomes[FINDING] == 3


def test_what_native_code_prints_and_warnings_are_noticed():
    assert list(outcomes(lambda case, folder: os.write(2, b"decoder: bad header\n")).kinds) == [
        "printed beside the report: decoder bad header"
    ]
    tally = outcomes(lambda case, folder: warnings.warn("overflow", RuntimeWarning, stacklevel=1))
    assert tally.outcomes[FINDING] == 3


def test_exit_statuses():
    assert outcomes(lambda case, folder: sys.exit(2)).outcomes == {REFUSED: 3}
    assert outcomes(lambda case, folder: sys.exit(1)).kinds == {"exit status 1": 3}


# ---- cases and counts ----------------------------------------------------------------------------------------------


def test_a_case_is_laid_out_whatever_its_names(tmp_path):
    entries = {
        "a/b.txt": b"x", "pipe": Pipe(), "folder": Folder(), "link": Link("/nowhere"), "hole": Hole(b"x", 1 << 40),
        "n" * 300: b"", "zero\x00": b"", "caf\udce9": b"y",
    }  # fmt: skip
    Case(entries, "a/b.txt").lay_out(tmp_path)
    assert (tmp_path / "a/b.txt").read_bytes() == b"x"
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "hole").stat().st_size == 1 << 40
    assert {os.fsencode(path.name) for path in tmp_path.iterdir()} == {
        b"a", b"pipe", b"folder", b"link", b"hole", b"caf\xe9",
    }  # fmt: skip


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("nir", "senones")])
def test_a_case_is_the_same_for_the_same_seed_and_number(name):
    found = surface(name)
    assert found.generate(of_case(3, name, 7)) == found.generate(of_case(3, name, 7))
    assert len({repr(found.generate(of_case(3, name, number))) for number in range(8)}) > 4


def test_numbers_stand_in_json_as_they_are():
    texts = [json_mutated(random.Random(seed), {"a": [1, 2.5], "b": None}) for seed in range(3000)]
    assert any(b"9" * 400 in text for text in texts)
    assert any(b"NaN" in text for text in texts)
    assert json.loads(json_text({"a": [1, True, None]})) == {"a": [1, True, None]}


def test_mutations_reach_what_they_should():
    texts = [text_mutated(random.Random(seed), "frames = 40\nname = x\n") for seed in range(400)]
    assert any(b"\x00" in text for text in texts)
    assert any(b"touch X" in text for text in texts)
    assert any(b"[" * 1000 in text for text in texts)
    kinds = {type(entry) for seed in range(2000) for entry in placed(random.Random(seed), "f", b"x")[0].values()}
    assert kinds >= {bytes, Pipe, Folder, Link, Hole}


def test_a_finding_is_kept_with_its_files(tmp_path):
    folder = keep(tmp_path, planted(None), 1, 2, Verdict(FINDING, "KeyError here", "a traceback"))
    assert (folder / "case" / "given.txt").read_bytes() == generate(of_case(1, "planted", 2)).entries["given.txt"]
    assert "KeyError here" in (folder / "what.txt").read_text()
    assert "--seed 1 --case 2" in (folder / "what.txt").read_text()


def test_counts_add_up_over_runs(tmp_path):
    tally = Tally("sound")
    for outcome, seconds in ((RESULT, 0.5), (REFUSED, 0.25), (FINDING, 2.0)):
        tally.add(0, Verdict(outcome, "kind", "what"), seconds)
    path = tmp_path / "counts.csv"
    add_counts(path, [tally])
    add_counts(path, [tally, Tally("nir")])
    with path.open() as file:
        rows = {row["surface"]: row for row in csv.DictReader(file)}
    assert set(rows) == {"sound", "nir"}
    assert [rows["sound"][column] for column in COLUMNS[1:5]] == ["6", "2", "2", "2"]
    assert rows["sound"]["slowest_s"] == "2"
    assert "1 x kind" in described(tally)


def test_the_numbers_of_a_session_go_on_after_a_crash(tmp_path):
    crash = planted(lambda case, folder: os.abort() if case.words["draw"] < 0.5 else None)
    worker = Worker(crash, 1, tmp_path / "home", limit_s=1.0)
    found = list(worker.run(range(12)))
    assert [number for number, _, _ in found] == list(range(12))
    assert {verdict.kind for _, verdict, _ in found} == {"", "crash: SIGABRT"}


def test_the_command(capsys, monkeypatch, tmp_path):
    assert command.main(["--list"]) == 0
    assert capsys.readouterr().out.split() == list(NAMES)
    monkeypatch.setattr(command, "surface", lambda name: planted(lambda case, folder: {}[1]))
    arguments = ["sound", "--cases", "4", "--save", str(tmp_path), "--counts", str(tmp_path / "counts.csv")]
    assert command.main(arguments) == 1
    assert "4 anything else" in capsys.readouterr().out
    assert command.main(["sound", "--case", "3", "--save", str(tmp_path)]) == 1
    assert "KeyError" in capsys.readouterr().out
    monkeypatch.setattr(command, "surface", lambda name: planted(lambda case, folder: None))
    assert command.main(arguments) == 0


# ---- the readers ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_no_reader_is_surprised(name):
    if name == "nir":
        pytest.importorskip("nir")
    if name in ("recipes", "senones", "command_lines"):
        pytest.importorskip("torch")
    found = surface(name)
    tally = campaign(found, seed=SEED, cases=CASES * found.share // 125, limit_s=20.0)
    assert tally.tried == CASES * found.share // 125
    assert not tally.kinds, described(tally)
