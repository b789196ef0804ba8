"""The documents: the site builds without a warning, and what they tell to run can be run."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
import subprocess
import sys
import urllib.parse
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cosim.cosimulate import cosimulate
from experiments.command.cli import _parser
from golden.checkpoint import random_checkpoint
from golden.forward import forward
from golden.specification import Specification
from golden.tasks import TASKS
from tests.conftest import require

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts)
DOCUMENTS = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "results/README.md")] + PAGES
FENCED = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LANGUAGES_OF_A_SHELL = ("sh", "shell", "bash", "console", "")
# What ends a command in a line.
SHELL = re.compile(r"\s+(?:&&|\|\||\||;|#)\s|$")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def fenced(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return [body for given, body in FENCED.findall(text) if given == language]


def command_lines(text: str) -> list[str]:
    """Return the lines of indented blocks and of a shell's fenced ones that begin with a command we know."""
    blocks = [body for given, body in FENCED.findall(text) if given in LANGUAGES_OF_A_SHELL]
    outside = FENCED.sub("", text)
    lines = [line for body in blocks for line in body.splitlines()]
    lines += [line for line in outside.splitlines() if line.startswith("    ")]
    commands = [part.strip() for line in lines for part in re.split(r" && | \|\| ", line)]
    begins = re.compile(r"(?:[A-Z_]+=\S+ )*(?:\S*/)?(rsnn|make|python3?) ")
    return [re.sub(r"^\$ ", "", line) for line in commands if begins.match(re.sub(r"^\$ ", "", line) + " ")]


def words(line: str) -> list[str]:
    """Return a command's words, without what the environment gets before it."""
    found = shlex.split(SHELL.split(line)[0])
    while re.match(r"[A-Z_]+=", found[0]):
        del found[0]
    return [Path(found[0]).name, *found[1:]]


@cache
def help_of(command: str) -> str:
    """Return what ``rsnn COMMAND --help`` prints."""
    program = "import sys; from experiments.command.cli import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", program, command, "--help"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


# ---- the site ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """Return the folder of the site, built as ``make docs`` builds it."""
    for module, package in (("sphinx", "sphinx"), ("myst_nb", "myst-nb"), ("numpydoc", "numpydoc"), ("furo", "furo")):
        require(importlib.util.find_spec(module), f"{package} is not installed (extra docs)")
    recipe = re.search(r"^docs:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe is not None
    options = re.search(r"sphinx-build (.*?)-c docs", recipe[1].replace("\\\n", ""))
    assert options is not None
    assert {"--fail-on-warning", "--nitpicky", "--keep-going"} <= set(options[1].split())
    folder = tmp_path_factory.mktemp("site")
    places = ["-c", "docs", "-d", str(folder / "doctrees"), ".", str(folder / "html")]
    command = [sys.executable, "-m", "sphinx", *options[1].split(), *places]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=1200)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return folder / "html"


@pytest.mark.slow
def test_every_document_is_a_page_with_what_it_links_to(site):
    for page in DOCUMENTS:
        assert (site / page.relative_to(ROOT).with_suffix(".html")).is_file(), page
    assert "docs/index.html" in (site / "index.html").read_text()
    for page in [*site.glob("*.html"), *(site / "docs").glob("*.html"), *(site / "docs" / "notebooks").glob("*.html")]:
        for target in re.findall(r'(?:href|src)="([^"#?:]+)[^":]*"', page.read_text()):
            assert (page.parent / urllib.parse.unquote(target)).exists(), f"{page.relative_to(site)}: {target}"


@pytest.mark.slow
def test_the_notebooks_ran(site):
    notebooks = sorted((ROOT / "docs" / "notebooks").glob("*.md"))
    assert len(notebooks) == 3
    for notebook in notebooks:
        page = (site / notebook.relative_to(ROOT).with_suffix(".html")).read_text()
        cells = notebook.read_text().count("```{code-cell}")
        assert page.count("cell_input docutils") == cells
        assert page.count("cell_output docutils") > cells / 2
    assert "all equal" in (site / "docs/notebooks/one_sentence.html").read_text()


@pytest.mark.slow
def test_the_reference_has_every_room(site):
    for room in ("files", "features", "golden", "gates", "rtl", "cosim", "power"):
        for path in (ROOT / room).rglob("*.py"):
            module = name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            assert (site / "docs/api/generated" / f"{module}.html").is_file(), module
    assert "Bit-exact golden model" in (site / "docs/api/generated/golden.html").read_text()


@pytest.mark.slow
def test_the_frame_is_drawn_from_the_trace_as_it_is_now():
    spec = importlib.util.spec_from_file_location("frame_diagram", ROOT / "docs" / "frame_diagram.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.diagram() == module.SVG.read_text(), "python docs/frame_diagram.py draws it anew"


@pytest.mark.parametrize("document", [page for page in DOCUMENTS if page.parent.name != "results"], ids=name_of)
def test_the_files_in_sentences_exist(document):
    rooms = "|".join(path.name for path in ROOT.iterdir() if (path / "__init__.py").is_file())
    for name in re.findall(rf"`((?:{rooms}|tests|docs)/[\w./*-]+)`", document.read_text()):
        assert name.startswith("docs/_build/") or list(ROOT.glob(name)), name


# ---- commands ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_the_commands_in_blocks_can_be_given(document):
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in command_lines(document.read_text()):
        program, *rest = words(line)
        if program == "make":
            assert {word for word in rest if "=" not in word and not word.startswith("-")} <= targets, line
        elif program == "rsnn":
            assert _parser().parse_args(rest), line
        elif rest[0] == "-m":
            assert importlib.util.find_spec(rest[1]), line
            if rest[1] == "pytest":
                assert all((ROOT / folder).exists() for folder in rest[2:] if not folder.startswith("-")), line
        else:
            assert (ROOT / rest[0]).is_file(), line


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_the_commands_in_sentences_and_their_options_exist(document):
    text = re.sub(r"<!-- demo -->.*?<!-- /demo -->", "", document.read_text(), flags=re.DOTALL)
    for mentioned in re.findall(r"(?<!`)`(?:[A-Z_]+=\S+ |\S*/)?rsnn ([^`]+)`(?!`)", FENCED.sub("", text)):
        given = mentioned.split()
        if given[0].startswith("-"):
            assert given == ["--help"], mentioned
            continue
        printed = help_of(given[0])
        assert printed, f"rsnn {mentioned}: no such command"
        for option in (word.split("=")[0] for word in given if word.startswith("--")):
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", printed), f"rsnn {mentioned}: no {option}"


def test_commands_are_found_at_all():
    lines = [line for document in DOCUMENTS for line in command_lines(document.read_text())]
    assert {"make", "rsnn", "python"} <= {words(line)[0] for line in lines}
    assert len(lines) > 20
    assert words("OMP_NUM_THREADS=1 .venv/bin/rsnn run a.wav   # and so on") == ["rsnn", "run", "a.wav"]


# ---- Python --------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if fenced(page.read_text(), "python")], ids=name_of)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    text = page.read_text()
    monkeypatch.chdir(tmp_path)
    # A page may enter tasks of its own.
    monkeypatch.setattr("golden.tasks.TASKS", dict(TASKS))
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")
    for table in fenced(text, "text"):
        Path("mine.csv").write_text(table)
    names: dict[str, object] = {}
    for block in fenced(text, "python"):
        exec(compile(block, name_of(page), "exec"), names)


def test_the_recipe_of_a_page_is_one(tmp_path):
    stage = pytest.importorskip("training.stages.stage")
    recipes = [block for page in PAGES for block in fenced(page.read_text(), "toml")]
    assert recipes
    for number, recipe in enumerate(recipes):
        path = tmp_path / f"recipe{number}.toml"
        path.write_text(recipe)
        assert stage.load_recipe(path)


def test_the_network_of_the_readme_runs():
    text = (ROOT / "README.md").read_text()
    block = re.search(r"((?:^      .*\n)+)", text[text.index("      spec = Specification(") :], re.MULTILINE)
    assert block is not None
    lines = [line.strip() for line in block[1].splitlines()]
    names = {
        "np": np, "Specification": Specification, "random_checkpoint": random_checkpoint, "forward": forward,
        "cosimulate": cosimulate,
    }  # fmt: skip
    assert len(ast.parse("\n".join(lines)).body) >= 5
    for line in lines:
        if line.startswith("forward("):
            shape = re.search(r"\((\d+), (\d+)\)$", line)
            assert shape is not None
            exec(f"result = {line}", names)
            assert names["result"].shape == (int(shape[1]), int(shape[2]))
        else:
            exec(line, names)
