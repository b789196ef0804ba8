"""What a module depends on, against what the interpreter loads."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from experiments.reproduction.code import ROOMS, ROOT, code_digest, imported


def test_all_that_the_interpreter_loads_is_found() -> None:
    program = "import sys, experiments.chain.cycles; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {name for name in run.stdout.split() if name.split(".")[0] in ROOMS}
    assert len(loaded) > 20
    assert loaded <= imported("experiments.cycles")


def test_what_is_not_imported_does_not_count() -> None:
    assert not any(name.startswith(("training", "rtl")) for name in imported("experiments.cycles"))


def test_modules_have_digests_of_their_own() -> None:
    assert code_digest("experiments.cycles") == code_digest("experiments.cycles")
    assert code_digest("experiments.cycles") != code_digest("experiments.faults")


def test_a_change_far_below_is_seen(tmp_path: Path) -> None:
    # In a copy, for its modules are read once by process.
    program = "from experiments.reproduction.code import code_digest; print(code_digest('experiments.inference'))"
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / "copy" / room, ignore=shutil.ignore_patterns("__pycache__", "*.nb?"))
    digests = []
    for changed in ("", "power/tables/cells.csv", "power/constants.py"):
        if changed:
            with (tmp_path / "copy" / changed).open("a") as file:
                file.write("# more\n")
        command = [sys.executable, "-c", program]
        environment = {"PYTHONPATH": str(tmp_path / "copy"), "PATH": ""}
        run = subprocess.run(command, cwd=tmp_path / "copy", env=environment, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        digests.append(run.stdout)
    assert len(set(digests)) == 3
