"""Every experiment is declared, with results that are there."""

from __future__ import annotations

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

from experiments.command.cli import _parser
from experiments.command.declared import declarations, experiments
from experiments.reproduction.job import Job

ROOT = Path(__file__).parents[3]
DECLARATIONS = declarations()


def test_every_file_at_the_top_of_experiments_is_one_experiment() -> None:
    files = {path.stem.replace("_", "-") for path in (ROOT / "experiments").glob("*.py")} - {"--init--"}
    assert {experiment.name for experiment in experiments()} == files


def test_help_waits_for_nothing_heavy() -> None:
    program = "import sys; from experiments.command.cli import _parser; _parser(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"numba", "matplotlib", "myhdl", "librosa", "torch", "scipy"} & set(loaded.stdout.split())


@pytest.mark.parametrize("name", DECLARATIONS)
def test_a_result_s_command_lines_are_such(name: str) -> None:
    _, result = DECLARATIONS[name]
    for words in (result.command, result.quick):
        if words:
            # What stands for a file or folder is a name like any other.
            _parser().parse_args([word.replace("{", "").replace("}", "") for word in words])


@pytest.mark.parametrize("name", [name for name, (_, result) in DECLARATIONS.items()])
def test_a_result_s_files_are_committed(name: str) -> None:
    _, result = DECLARATIONS[name]
    missing = [file for file in result.outputs if not (ROOT / "results" / result.folder / file).is_file()]
    assert not missing


def test_no_file_is_made_by_two() -> None:
    made = [f"{result.folder}/{file}" for _, result in DECLARATIONS.values() for file in result.outputs]
    assert len(made) == len(set(made))


def test_what_a_result_reads_another_makes() -> None:
    made = {f"{result.folder}/{file}" for _, result in DECLARATIONS.values() for file in result.outputs}
    also = {"recognition/senones.npz", "demo/run.json"}
    for _, result in DECLARATIONS.values():
        assert set(result.inputs) <= made | also


def test_the_job_of_every_module_can_be_digested() -> None:
    for module, result in DECLARATIONS.values():
        job = Job(result=result, module=module, template=(), words=(), results=ROOT / "none")
        assert job.stale() == "never made here"


def test_the_entry_point_is_there() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert "rsnn = experiments.command.cli:main" in setup["options.entry_points"]["console_scripts"]
