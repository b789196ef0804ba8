"""The mutants of Python: what is made, that it takes effect, and that the list of equals is of code that is there."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from tests.mutants.__main__ import main, read_reviewed
from tests.mutants.in_place import put_in_place
from tests.mutants.making import mutants_of
from tests.mutants.modules import MODULES, judges_of

ROOT = Path(__file__).resolve().parents[1]
SOURCE = '''"""A module."""

from __future__ import annotations


def area(width: int | None, *, height: int = 2) -> int:
    """Return 1 + 1."""
    if width is None:
        raise ValueError(f"{1 + 1}")
    return width * height
'''


def made(tmp_path: Path, source: str) -> list:
    (tmp_path / "one.py").write_text(source)
    return list(mutants_of("one", tmp_path / "one.py"))


def test_what_no_figure_depends_on_is_left_alone(tmp_path):
    """Neither the annotation, the docstring, the star, nor what is raised."""
    head = "def area(width: int | None, *, height: int = #) -> int:"
    assert {(mutant.function, mutant.before, mutant.after) for mutant in made(tmp_path, SOURCE)} == {
        ("area", "return width * height", "return width + height"),
        ("area", "return width * height", "return width / height"),
        ("area", "if width is None:", "if width is not None:"),
        *(("area", head.replace("#", "2"), head.replace("#", other)) for other in "13"),
    }


def test_the_name_of_a_mutant_survives_edits_elsewhere(tmp_path):
    before = {mutant.key for mutant in made(tmp_path, SOURCE)}
    edited = SOURCE.replace("\n\ndef", "\n\nSIDES = 4\n\n\ndef one() -> str:\n    return ''\n\n\ndef")
    assert before <= {mutant.key for mutant in made(tmp_path, edited)}


def test_a_mutant_s_text_differs_where_it_says(tmp_path):
    for mutant in made(tmp_path, SOURCE):
        lines = zip(SOURCE.splitlines(), mutant.source.splitlines(), strict=True)
        assert [one.split() for one in next((a, b) for a, b in lines if a != b)] == [
            mutant.before.split(), mutant.after.split()
        ]  # fmt: skip


def test_a_constant_of_a_class_from_elsewhere_takes_effect(tmp_path, monkeypatch):
    path = tmp_path / "one.py"
    path.write_text("from fractions import Fraction\n\nSHARE = Fraction(1, 3)\n\n\ndef share():\n    return SHARE\n")
    spec = importlib.util.spec_from_file_location("tests.one", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "tests.one", module)
    spec.loader.exec_module(module)
    assert module.share() == Fraction(1, 3)
    shares = []
    for mutant in mutants_of("tests.one", path):
        put_in_place(mutant)
        shares.append(module.share())
    assert sorted(shares) == [0, Fraction(1, 4), Fraction(1, 2), Fraction(2, 3)]


def test_every_module_and_its_tests_are_there():
    for module in MODULES:
        assert (ROOT / (module.replace(".", "/") + ".py")).is_file(), module
        for name in judges_of(module):
            path, _, test = name.partition("::")
            assert f"def {test}" in (ROOT / path).read_text(), name


def test_what_is_listed_as_equal_is_of_lines_that_are_there():
    for (module, _, before, after, _), reason in read_reviewed().items():
        assert before != after
        assert reason
        text = (ROOT / (module.replace(".", "/") + ".py")).read_text()
        assert "".join(before.split()) in "".join(text.split()), before


@pytest.mark.slow
def test_no_mutant_of_the_ready_outputs_survives(tmp_path):
    """In a process of its own, which forks: the smallest module, from its source to its table."""
    command = [sys.executable, "-m", "tests.mutants", "golden.handshake", "--listed"]
    places = ["--out", str(tmp_path / "table.csv"), "--kept", str(tmp_path / "kept")]
    ran = subprocess.run([*command, *places], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rows = (tmp_path / "table.csv").read_text().splitlines()
    assert len(rows) > 10
    assert all(",killed," in row for row in rows[1:])


def test_an_example_is_in_the_help(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "python -m tests.mutants golden.size" in capsys.readouterr().out
