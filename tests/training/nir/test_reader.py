"""What an HDF5 file may hold for a NIR graph, and what is refused before it is read."""

from __future__ import annotations

import subprocess
import sys

import h5py
import nir
import numpy as np
import pytest

from tests.training.nir_chains import chain
from training.nir import reader as nir_reader
from training.nir.reader import StoredError, StoredSizeError, read_stored

FEED = "node/nodes/feed/weight"
MOST = 1 << 26


def stored(folder, change=lambda file: None, graph=None):
    path = folder / "made.nir"
    nir.write(path, chain() if graph is None else graph)
    with h5py.File(path, "r+") as file:
        change(file)
    return str(path)


def instead(where=FEED, **given):
    def change(file):
        del file[where]
        file.create_dataset(where, **given)

    return change


def linked(link, where=FEED):
    def change(file):
        del file[where]
        file[where] = link

    return change


def nested(levels):
    def change(file):
        at = file["node/nodes"]
        for level in range(levels):
            at = at.create_group(f"s{level}")
            at["type"] = "NIRGraph"
            at["edges"] = np.zeros((0, 2))
            at = at.create_group("nodes")

    return change


def metadata(name, value):
    return lambda file: file.require_group("node/metadata").__setitem__(name, value)


def virtual(file):
    layout = h5py.VirtualLayout((4, 3), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "w", (4, 3))
    del file[FEED]
    file.create_virtual_dataset(FEED, layout)


def filtered(file):
    # A filter of no library: it would be looked for as a plug-in.
    del file[FEED]
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((4, 3))
    plan.set_filter(305, h5py.h5z.FLAG_OPTIONAL, (1,))
    space = h5py.h5s.create_simple((4, 3))
    h5py.h5d.create(file["node/nodes/feed"].id, b"weight", h5py.h5t.NATIVE_DOUBLE, space, plan)


def half_stored(file):
    instead(shape=(4, 3), dtype="f8", chunks=(2, 3))(file)
    file[FEED][:2] = 1.0


def skipped_filter(file):
    instead(shape=(4, 3), dtype="f8", chunks=(4, 3), compression="gzip")(file)
    file[FEED].id.write_direct_chunk((0, 0), np.zeros((4, 3)).tobytes(), filter_mask=1)


REFUSED = {
    "a group in itself": (lambda f: f["node/nodes"].__setitem__("x", f["node"]), "node 'x': stands in the file twice"),
    "nodes in themselves": (lambda f: f["node/nodes"].__setitem__("x", f["node/nodes"]), "'x': stands in the file tw"),
    "a node twice": (lambda f: f["node/nodes"].__setitem__("x", f["node/nodes/lif"]), "stands in the file twice"),
    "a soft link": (linked(h5py.SoftLink("/node/nodes/readout/weight")), "'feed': 'weight' is a link to elsewhere"),
    "an external link": (linked(h5py.ExternalLink("other.h5", "w")), "node 'feed': 'weight' is a link to elsewhere"),
    "a virtual dataset": (virtual, "'feed' .Linear.: weight: its values are in other files"),
    "values in another file": (
        instead(shape=(4, 3), dtype="f8", external=[("/etc/hostname", 0, 96)]),
        "'feed' .Linear.: weight: its values are in other files",
    ),
    "a plug-in": (filtered, "weight: filter 305, which needs a plug-in"),
    "a filter that loses": (instead(data=np.ones((4, 3)), chunks=(4, 3), scaleoffset=2), "weight: filter 6, which"),
    "no values": (instead(shape=(4, 3), dtype="f8"), "weight: declares values, but none are stored"),
    "half of the values": (half_stored, "weight: 1 chunks of values are stored whole, expected 2"),
    "a chunk beside its filter": (skipped_filter, "weight: 1 chunks of values are stored whole, expected 1"),
    "records": (instead(data=np.zeros((4, 3), [("a", "f4"), ("b", "i4")])), "weight: expected numbers or text"),
    "complex numbers": (instead(data=np.zeros((4, 3), complex)), "weight: expected numbers or text"),
    "rows of any length": (instead(shape=(3,), dtype=h5py.vlen_dtype("f8")), "weight: expected numbers or text"),
    "references": (lambda f: instead(data=np.array([f["node"].ref], h5py.ref_dtype))(f), "weight: expected numbers or"),
    "regions": (
        lambda f: instead(data=np.array([f["node/nodes/back/weight"].regionref[:2]], h5py.regionref_dtype))(f),
        "weight: expected numbers or text",
    ),
    "bytes": (instead(data=np.zeros((4, 3), "V8")), "weight: expected numbers or text"),
    "flags": (instead(data=np.ones((4, 3), bool)), "weight: expected numbers or text"),
    "long floats": (instead(data=np.ones((4, 3), np.longdouble)), "weight: expected numbers, floating-point or whole"),
    "text for numbers": (instead("node/nodes/lif/tau", data="x"), "tau: expected numbers, floating-point or whole"),
    "nothing": (instead(data=h5py.Empty("f8")), "weight: has no value"),
    "a type": (lambda f: (f.__delitem__(FEED), f.__setitem__(FEED, np.dtype("f8"))), "weight: expected values"),
    "a group for values": (lambda f: (f.__delitem__(FEED), f.create_group(FEED)), "weight: expected values"),
    "numbers for text": (instead("node/nodes/feed/type", data=3), "'feed': type: expected text"),
    "a list of types": (instead("node/nodes/feed/type", data=["Linear", "LIF"]), "'feed': type: expected text"),
    "a type of other bytes": (instead("node/nodes/feed/type", data=np.bytes_(b"caf\xe9")), "'feed': type: no UTF-8"),
    "wide weights": (
        instead(shape=(2, 4097), dtype="f8"),
        r"weight has shape .2, 4097., expected 2 dimension.s. of at most .65536, 4096.|none are stored",
    ),
    "weights in three dimensions": (instead(data=np.ones((2, 2, 3))), r"weight has shape .2, 2, 3., expected 2 dimen"),
    "an unknown primitive": (instead("node/nodes/lif/type", data="CubaLIF"), "'lif': type is 'CubaLIF', expected one"),
    "an unknown field": (lambda f: f["node/nodes/lif"].__setitem__("w_in", 1.0), "'lif' .LIF.: unknown field 'w_in'"),
    "graphs in graphs": (nested(17), "s15': a graph nested deeper than 16 levels"),
    "65 levels": (nested(65), "s15': a graph nested deeper than 16 levels"),
    "numbers for edges": (instead("node/edges", data=np.ones((3, 2))), "edges: expected pairs of nodes"),
    "triples for edges": (instead("node/edges", data=[("a", "b", "c")]), "edges: expected pairs of nodes"),
    "a name of other bytes": (lambda f: h5py.h5g.create(f["node/nodes"].id, b"caf\xe9"), "a name that is no UTF-8"),
    "a list of metadata's text": (metadata("rsnn_checkpoint", ["a", "b"]), "metadata 'rsnn_checkpoint': expected text"),
    "metadata that are flags": (metadata("dt", True), "metadata 'dt': expected numbers or text"),
    "no group": (lambda f: (f.__delitem__("node"), f.__setitem__("node", 1)), "graph: expected a group of fields"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_graph_needs_is_refused(tmp_path, name):
    change, message = REFUSED[name]
    with pytest.raises(StoredError, match=message):
        read_stored(stored(tmp_path, change), most=MOST)


@pytest.mark.parametrize(
    "change",
    [
        instead(shape=(400_000, 1_000_000), dtype="f8", chunks=(100, 100)),  # 3.2 x 10^12 bytes in a small file
        instead(shape=(4, 3), maxshape=(None, None), dtype="f8", chunks=(20_000, 20_000)),
    ],
)
def test_what_is_declared_is_bounded_before_it_is_read(tmp_path, change):
    path = stored(tmp_path, change)
    with pytest.raises(StoredSizeError, match=r"'feed' .Linear.: weight: 3,200,000,000(,000)? bytes, expected at most"):
        read_stored(path, most=MOST)


def test_all_arrays_together_are_bounded(tmp_path):
    path = stored(tmp_path)
    _, arrays = read_stored(path, most=MOST)
    size = sum(array.nbytes for array in arrays)
    read_stored(path, most=size + 1024)
    with pytest.raises(StoredSizeError, match="expected at most"):
        read_stored(path, most=size - 1)


def test_numbers_of_nodes_edges_and_text_are_bounded(tmp_path, monkeypatch):
    path = stored(tmp_path)
    for name, message in (("MOST_OBJECTS", "nodes and fields"), ("MOST_EDGES", "edges: 6 of them, expected at most 3"),
                          ("MOST_TEXT", "more than 3 bytes of text")):  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(nir_reader, name, 3)
            with pytest.raises(StoredError, match=message):
                read_stored(path, most=MOST)


def test_what_a_graph_holds_comes_back(tmp_path):
    graph = chain()
    structure, arrays = read_stored(stored(tmp_path, metadata("dt", 1e-4)), most=MOST)
    assert structure["version"] == nir.version
    entries = {entry["name"]: entry for entry in structure["nodes"]}
    assert set(entries) == {"", *graph.nodes}
    assert entries[""]["kind"] == "NIRGraph"
    assert [tuple(edge) for edge in entries[""]["edges"]] == graph.edges
    np.testing.assert_array_equal(arrays[entries["feed"]["fields"]["weight"]], graph.nodes["feed"].weight)
    np.testing.assert_array_equal(arrays[entries["lif"]["fields"]["tau"]], graph.nodes["lif"].tau)
    assert arrays[structure["metadata"]["dt"]] == 1e-4
    assert all(array.dtype.str in nir_reader.DTYPES for array in arrays)


def test_metadata_of_others_are_left_alone(tmp_path):
    path = stored(tmp_path, metadata("notes", np.zeros((4, 3), [("a", "f4")])))
    assert read_stored(path, most=MOST)[0]["metadata"] == {}


@pytest.mark.parametrize(
    "given",
    [
        {"data": np.ones((4, 3), ">f4")},
        {"data": np.ones((4, 3), "i1")},
        {"data": np.ones((4, 3), "f2")},
        {"data": np.ones((4, 3)), "compression": "lzf", "shuffle": True, "fletcher32": True},
        {"data": np.ones((4, 3)), "compression": "gzip", "chunks": (3, 2)},
    ],
)
def test_numbers_are_read_however_they_are_stored(tmp_path, given):
    structure, arrays = read_stored(stored(tmp_path, instead(**given)), most=MOST)
    place = next(entry for entry in structure["nodes"] if entry["name"] == "feed")["fields"]["weight"]
    np.testing.assert_array_equal(arrays[place], np.ones((4, 3)))
    assert arrays[place].dtype.str in nir_reader.DTYPES


def test_what_is_no_hdf5_is_refused(tmp_path):
    path = stored(tmp_path)
    content = (tmp_path / "made.nir").read_bytes()
    for name, damaged in (("empty", b""), ("text", b"not HDF5"), ("cut", content[:3000])):
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(StoredError, match="not a NIR graph"):
            read_stored(str(tmp_path / name), most=MOST)
    read_stored(path, most=MOST)


def test_the_process_can_open_nothing_but_the_file(tmp_path):
    # Whatever HDF5 may be made to try: no other file has a number left. The file itself has.
    path = stored(tmp_path)
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import reader\n"
        "print(len(reader.read_stored(sys.argv[2], most=1 << 26, alone=True)[1]))\n"
        "held = open(sys.argv[2], 'rb')\n"
        "try: open('/etc/passwd')\n"
        "except OSError as error: print(error.strerror)"
    )
    folder, count = nir_reader.__file__.rpartition("/")[0], len(read_stored(path, most=MOST)[1])
    done = subprocess.run([sys.executable, "-c", program, folder, path], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str(count), "Too many open files"]
