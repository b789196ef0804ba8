"""The house's own rules: import directions, names, sizes, mirrored tests, no pickles, true documents."""

from __future__ import annotations

import ast
import configparser
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Which of our packages each package may import.
ROOMS = {
    "files": set(),
    "features": {"files"},
    "golden": {"files"},
    "gates": {"files"},
    "rtl": {"files", "golden", "gates"},
    "cosim": {"files", "rtl", "golden", "gates"},
    "power": {"files"},
    "training": {"files", "golden", "features"},
    "experiments": {"files", "features", "golden", "gates", "rtl", "cosim", "power", "training"},
}
# What the hardware knows of golden: the description, never what computes the values that it is compared with.
SHARED_WITH_RTL = {"golden.specification", "golden.schedule", "golden.layout"}
# Rooms that keep to a few third-party packages; the others may use all that the core installs.
THIRD_PARTY = {
    "files": {"numpy"},
    "features": {"numpy", "scipy", "soundfile", "librosa", "numba"},
    "golden": {"numpy", "numba", "jiwer"},
    "gates": {"numpy", "numba"},
    "cosim": {"numpy", "myhdl", "pysat", "pyslang", "vcd"},
    "rtl": {"myhdl"},
    "power": {"numpy"},
}
ONLY_TRAINING = {"torch", "pocketsphinx", "snntorch", "nir", "nirtorch"}
UNPICKLERS = {"pickle", "cPickle", "dill", "joblib", "cloudpickle", "shelve", "marshal"}
VAGUE = {"util", "utils", "helper", "helpers", "misc", "manager", "managers", "common", "stuff", "new", "v2"}
# Tests that are about the whole rather than about one source file.
OF_THE_WHOLE = {f"tests/test_{name}.py" for name in ("house", "makefile", "fuzz", "survive", "mutants", "docs")}

SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imports(path: Path) -> Iterator[str]:
    """Yield the top-level name of every import in a file, those inside functions included."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)}:{node.lineno}: imports are absolute"
            yield str(node.module).split(".")[0]


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_imports_point_one_way(path):
    room = path.relative_to(ROOT).parts[0]
    imported = set(imports(path)) - {room}
    assert imported & set(ROOMS) <= ROOMS[room]
    foreign = imported - set(ROOMS) - set(sys.stdlib_module_names)
    assert foreign <= THIRD_PARTY.get(room, foreign)
    assert room == "training" or not foreign & ONLY_TRAINING
    assert not imported & UNPICKLERS


@pytest.mark.parametrize("path", sorted((ROOT / "rtl").rglob("*.py")), ids=name_of)
def test_the_hardware_imports_golden_s_description_alone(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == "golden":
            assert node.module in SHARED_WITH_RTL, f"line {node.lineno}"
        assert not (isinstance(node, ast.Import) and "golden" in ast.unparse(node)), f"line {node.lineno}"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_nothing_is_unpickled(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
        assert keywords.get("allow_pickle", "False") == "False", f"line {node.lineno}"
        if ast.unparse(node.func) == "torch.load":
            assert keywords.get("weights_only") == "True", f"line {node.lineno}"


@pytest.mark.parametrize("path", SOURCES + TESTS, ids=name_of)
def test_files_are_short_and_named_for_what_they_hold(path):
    assert len(path.read_text().splitlines()) <= 400
    words = set(re.split(r"[/_]", name_of(path).removesuffix(".py").lower()))
    assert not words & VAGUE


def test_tests_mirror_the_sources():
    assert not [name_of(path) for path in TESTS if path.name == "__init__.py"]
    astray = [
        name_of(path)
        for path in TESTS
        if path.name.startswith("test_")
        and name_of(path) not in OF_THE_WHOLE
        and not (ROOT / path.relative_to(ROOT / "tests").parent / path.name.removeprefix("test_")).is_file()
    ]
    assert not astray


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_the_make_commands_of_the_documents_exist(document):
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    in_code = re.compile(r"(?:^ *(?:\$ )?|`)make ([a-z][a-z-]*)", re.MULTILINE)
    commands = set(in_code.findall((ROOT / document).read_text()))
    assert commands, "no make command found: the documents or the pattern here have changed"
    assert commands <= targets


def test_the_front_page_is_short():
    assert len((ROOT / "README.md").read_bytes()) <= 8192


def test_every_direct_dependency_is_pinned():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    listed = setup["options"]["install_requires"] + "".join(setup["options.extras_require"].values())
    direct = {re.split(r"[ =<>;]", line)[0] for line in listed.splitlines() if line}
    pinned = set(re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    assert {"numpy", "torch", "pytest"} <= direct <= pinned


def test_version_is_the_same_everywhere():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    version = setup["metadata"]["version"]
    assert re.search(rf"^version: {re.escape(version)}$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text()


# What is written or read by hand, in one of the rooms, escapes the one mechanism that `files` has for it.
BY_HAND = {
    "os.replace": "files.writing.whole_file",
    "os.rename": "files.writing.whole_file",
    "tempfile.NamedTemporaryFile": "files.writing.whole_file",
    "tempfile.mkstemp": "files.writing.whole_file",
    "np.load": "files.arrays",
    "numpy.load": "files.arrays",
    "json.loads": "files.reading.parse_json",
    "json.load": "files.reading.parse_json",
    "os.system": "subprocess.run",
}
# Where it is right all the same.
BY_RIGHT = {
    ("rtl/build_cache.py", "os.rename"),  # folders; the mechanism of the cache itself
    ("cosim/mutants/circuit.py", "json.loads"),  # as below
    ("cosim/mutants/noticed.py", "json.loads"),  # as below
    ("rtl/synthesis/synthesise.py", "json.loads"),  # what Yosys has just written, by the hundred megabytes
    ("training/stages/pipeline.py", "np.load"),  # mapped rather than read, once its digest is known to be right
}


@pytest.mark.parametrize("path", [path for path in SOURCES if name_of(path).split("/")[0] != "files"], ids=name_of)
def test_files_are_read_and_written_in_one_way(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            by_right = (name_of(path), called) in BY_RIGHT
            assert called not in BY_HAND or by_right, f"line {node.lineno}: {called}, expected {BY_HAND[called]}"
            shell = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}.get("shell", "False")
            assert shell == "False", f"line {node.lineno}: a shell"
