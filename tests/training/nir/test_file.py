"""A NIR file through its reader's process: what crashes, grows or lies there is a sentence here."""

from __future__ import annotations

import contextlib
import copy
import os

import h5py
import nir
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.training.nir_chains import chain
from training.nir import file as nir_file
from training.nir.file import read_graph, stored_graph
from training.nir.graph import NirError
from training.nir.importing import read_nir
from training.nir.reader import read_stored


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("nir") / "whole.nir"
    nir.write(path, chain())
    return path


def reader(monkeypatch, program):
    """Let the other process run `program` instead."""
    monkeypatch.setattr(nir_file, "_START", program)


def test_the_graph_is_what_nir_reads(whole):
    found, wanted = read_graph(whole).graph, nir.read(whole, type_check=False)
    assert {tuple(edge) for edge in found.edges} == {tuple(edge) for edge in wanted.edges}
    assert list(found.nodes) == list(wanted.nodes)
    for name, node in wanted.nodes.items():
        assert type(found.nodes[name]) is type(node)
        for field in ("weight", "bias", "tau", "r", "v_leak", "v_threshold", "v_reset"):
            if hasattr(node, field):
                np.testing.assert_array_equal(getattr(found.nodes[name], field), getattr(node, field))
                assert getattr(found.nodes[name], field).dtype == getattr(node, field).dtype


@pytest.mark.parametrize("dtype", [h5py.string_dtype("ascii"), h5py.string_dtype("ascii", 5)])
def test_text_of_other_writers_is_read_by_a_process_that_opens_nothing_more(whole, tmp_path, dtype):
    path = tmp_path / "ascii.nir"
    path.write_bytes(whole.read_bytes())
    with h5py.File(path, "r+") as file:
        inputs = next(node for node in file["node/nodes"].values() if node["type"][()] == b"Input")
        del inputs["type"]
        inputs.create_dataset("type", data="Input", dtype=dtype)
    assert list(read_graph(path).graph.nodes) == list(read_graph(whole).graph.nodes)


def test_this_process_never_opens_a_file_with_hdf5(whole, monkeypatch):
    def refuse(*_arguments, **_options):
        pytest.fail("opened here")

    monkeypatch.setattr(h5py, "File", refuse)
    monkeypatch.setattr(h5py.h5f, "open", refuse)
    assert read_nir(whole).checkpoint.specification.layers == (4,)


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGBUS", "SIGABRT"])
def test_a_crash_is_a_sentence(whole, monkeypatch, name):
    reader(monkeypatch, f"import os, signal; os.kill(os.getpid(), signal.{name})")
    with pytest.raises(NirError, match=rf"whole\.nir: crashed its reader \({name}\); damaged, or made to do so$"):
        read_graph(whole)


def test_waiting_without_end_is_a_sentence(whole, monkeypatch):
    reader(monkeypatch, "while True: pass")
    monkeypatch.setattr(nir_file, "_SECONDS", 0)
    with pytest.raises(NirError, match=r"whole\.nir: (cannot be read in|took more than) 1 s"):
        read_graph(whole)


def test_memory_without_end_is_a_sentence(whole, monkeypatch):
    reader(monkeypatch, "x = bytearray(1 << 36)")
    with pytest.raises(NirError, match=r"whole\.nir: its reader failed \(MemoryError\)"):
        read_graph(whole)


def test_output_without_end_is_a_sentence(whole, monkeypatch):
    monkeypatch.setattr(nir_file, "_STRUCTURE", -(1 << 25))
    monkeypatch.setattr(nir_file, "_LEAST", 1 << 26)
    monkeypatch.setattr(nir_file, "_RATIO", 0)
    reader(
        monkeypatch,
        "import signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_DFL); sys.stdout.write('x' * (1 << 27))",
    )
    with pytest.raises(NirError, match=r"whole\.nir: holds more than 32 MiB"):
        read_graph(whole)


@pytest.mark.parametrize(
    ("says", "message"),
    [
        ("", "its reader failed"),
        ("{}", "its reader failed"),
        ("[]\\n", "says nothing of use"),
        ("{\\n", "not JSON as expected"),
        ('{"arrays": []}\\n', "describes no graph"),
        ('{"arrays": [["<f8", [1000000000000]]]}\\n', "describes more than it gives"),
        ('{"arrays": [["<f8", [-1]]]}\\n', "describes no arrays"),
        ('{"arrays": [["|O", [1]]]}\\n', "describes no arrays"),
        ('{"arrays": [["<f8", [true]]]}\\n', "describes no arrays"),
        ('{"arrays": []}\\nx', "gives more than it describes"),
    ],
)
def test_what_the_reader_says_is_not_believed(whole, monkeypatch, says, message):
    reader(monkeypatch, f"print('''{says}''', end='')")
    with pytest.raises(NirError, match=rf"whole\.nir: .*{message}"):
        read_graph(whole)


@settings(max_examples=300)
@given(st.data())
def test_no_structure_does_harm(whole, data):
    # Any part of what the reader says in place of any other.
    structure, arrays = copy.deepcopy(_read_here(whole))
    junk = st.sampled_from([None, True, -1, 0, 10**20, 0.5, "", "..", "NIRGraph", "LIF", [], {}, [[]], {"nodes": 0}])
    for _ in range(data.draw(st.integers(1, 3))):
        at = structure
        while True:
            keys = sorted(at, key=str) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if isinstance(at[key], (dict, list)) and at[key] and data.draw(st.booleans()):
                at = at[key]
                continue
            at[key] = data.draw(junk)
            break
    with contextlib.suppress(NirError):
        assert isinstance(stored_graph(structure, arrays).graph, nir.NIRGraph)


_known: dict[str, tuple] = {}


def _read_here(path):
    if str(path) not in _known:
        _known[str(path)] = read_stored(str(path), most=1 << 26)
    return _known[str(path)]


def test_what_is_no_regular_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.nir")
    (tmp_path / "folder.nir").mkdir()
    for path, message in (
        (tmp_path / "pipe.nir", "is a named pipe, expected a NIR file"),
        (tmp_path / "folder.nir", "is a folder, expected a NIR file"),
        (tmp_path / "none.nir", "no such NIR file"),
        ("/dev/zero", "is a device, expected a NIR file"),
        (f"{tmp_path}/{'x' * 300}.nir", "cannot be read"),
        (f"{tmp_path}/zero\0.nir", "cannot be read"),
    ):
        with pytest.raises(NirError, match=message):
            read_graph(path)


def test_the_limit_on_a_file_can_be_raised_and_is_named(whole, monkeypatch, tmp_path):
    large = tmp_path / "large.nir"
    large.write_bytes(whole.read_bytes() + bytes(1 << 21))
    monkeypatch.setenv("RSNN_MAX_MB", "1")
    with pytest.raises(NirError, match=r"large\.nir: a NIR file of .* expected at most 1,048,576 .set RSNN_MAX_MB"):
        read_graph(large)
    monkeypatch.setenv("RSNN_MAX_MB", "3")
    read_graph(large)
    monkeypatch.setenv("RSNN_MAX_MB", "many")
    with pytest.raises(NirError, match="RSNN_MAX_MB"):
        read_graph(large)


def test_a_small_file_unpacks_to_no_more_than_it_can_hold(tmp_path):
    path = tmp_path / "wide.nir"
    nir.write(path, chain())
    with h5py.File(path, "r+") as file:
        del file["node/nodes/feed/weight"]
        file.create_dataset("node/nodes/feed/weight", shape=(65_536, 4096), dtype="f8", chunks=(1, 1))
    with pytest.raises(NirError, match=r"'feed' .Linear.: weight: 2,147,483,648 bytes, .*1,100 times the file"):
        read_graph(path)


@pytest.mark.parametrize("name", ["caf\udce9.nir", "100%d.nir", "s3:%2e.nir", "a b'\"$(x)\n.nir"])
def test_a_file_may_have_any_name(whole, tmp_path, name):
    path = tmp_path / name
    path.write_bytes(whole.read_bytes())
    assert list(read_graph(path).graph.nodes) == list(read_graph(whole).graph.nodes)


def test_the_environment_says_nothing_to_the_reader(whole, monkeypatch, tmp_path):
    (tmp_path / "numpy.py").write_text("raise SystemExit(9)")
    (tmp_path / "json.py").write_text("raise SystemExit(9)")
    for name, value in (("PYTHONPATH", tmp_path), ("PYTHONSTARTUP", tmp_path), ("HDF5_PLUGIN_PATH", tmp_path),
                        ("HDF5_DRIVER", "no_such"), ("HDF5_VOL_CONNECTOR", "no_such")):  # fmt: skip
        monkeypatch.setenv(name, str(value))
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    assert len(read_graph(whole).graph.nodes) == 6


def test_a_missing_reset_is_assumed_and_said(whole, tmp_path):
    path = tmp_path / "old.nir"
    path.write_bytes(whole.read_bytes())
    with h5py.File(path, "r+") as file:
        del file["node/nodes/lif/v_reset"]
        file["version"][()] = "3.1"
    stored = read_graph(path)
    assert not stored.graph.nodes["lif"].v_reset.any()
    wanted = ("version: the file is of NIR version '3.1'", "node 'lif': v_reset is not in the file; 0 is assumed")
    for line in wanted:
        assert any(said.startswith(line) for said in stored.assumed)
        assert any(said.startswith(line) for said in read_nir(path).lost)
    assert read_graph(whole).assumed == ()


@pytest.mark.parametrize("name", ["a b", "", "-x", ".x", "é", "x[exec]", "x" * 256])
def test_a_node_s_name_keeps_to_a_grammar(whole, name):
    structure, arrays = copy.deepcopy(_read_here(whole))
    structure["nodes"][1]["name"] = name
    with pytest.raises(NirError, match="expected a letter, digit or _"):
        stored_graph(structure, arrays)


def test_shapes_that_differ_are_refused(whole):
    structure, arrays = copy.deepcopy(_read_here(whole))
    place = next(entry for entry in structure["nodes"] if entry["name"] == "lif")["fields"]["tau"]
    arrays[place] = np.ones(3)
    with pytest.raises(NirError, match=r"'lif' .LIF.: shapes that differ: .*'tau': .3,."):
        stored_graph(structure, arrays)


@pytest.mark.parametrize("seed", range(12))
def test_flipped_bits_end_in_a_graph_or_a_sentence(whole, tmp_path, monkeypatch, seed):
    monkeypatch.setattr(nir_file, "_SECONDS", 5)  # some bits send HDF5 in circles
    rng = np.random.default_rng(seed)
    content = bytearray(whole.read_bytes())
    for at in rng.integers(0, len(content), rng.integers(1, 9)):
        content[at] ^= 1 << int(rng.integers(8))
    (tmp_path / "flipped.nir").write_bytes(content)
    said = f"{tmp_path / 'flipped.nir'}: "
    try:
        read_nir(tmp_path / "flipped.nir")
    except NirError as error:
        said = str(error)
    assert said.startswith(f"{tmp_path / 'flipped.nir'}: ")
