"""What a NIR file (HDF5) holds, as plain arrays and JSON, with a bound on everything that it declares.

HDF5's parser is not made for hostile bytes, so `training.nir.file` runs this as a program of its own, with limits.
It imports nothing of the project and starts in a tenth of a second. `read_stored` may be called as it is where a crash
does no harm.

Of a file, no more is looked at than a graph needs: hard links from ``node`` on, datasets of plain numbers and text that
are stored whole in the file itself.
"""

from __future__ import annotations

# h5py decodes ASCII text by name: loaded now, since later no file may be opened.
import encodings.ascii  # noqa: F401
import json
import math
import os
import sys
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np

# Fields of the primitives that a chain of LIF layers is made of; those in the second place may be missing.
FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Input": (("shape",), ()),
    "Output": (("shape",), ()),
    "Linear": (("weight",), ()),
    "Affine": (("weight", "bias"), ()),
    "LIF": (("tau", "r", "v_leak", "v_threshold"), ("v_reset",)),
    "Delay": (("delay",), ()),
    "NIRGraph": (("nodes", "edges"), ()),
}
# Metadata of the graph that say something to us: the time step, and what `training.nir.exporting` adds.
METADATA = ("dt", "rsnn_checkpoint")
# Numbers that may be handed on, as numpy writes their types.
DTYPES = tuple("|i1 |u1 <i2 <u2 <i4 <u4 <i8 <u8 <f2 <f4 <f8".split())
MOST_OBJECTS, MOST_LEVELS, MOST_EDGES, MOST_TEXT = 20_000, 16, 100_000, 1 << 24
# The widest layers and read-out of a specification; weights are [out, in].
_MOST_WEIGHTS, _MOST_NEURONS = (65536, 4096), (65536,)
# Deflate, shuffle, Fletcher-32, szip and LZF: what h5py brings. Any other would be looked for as a plug-in.
_FILTERS = {1, 2, 3, 4, 32000}
_ROWS_AT_ONCE = 1024
# What h5py raises for a file that is damaged or something else.
_DAMAGED = (
    OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError, OverflowError, MemoryError, SystemError,
    NotImplementedError, IndexError,
)  # fmt: skip


class StoredError(ValueError):
    """What is in the file is not what a NIR file may hold; names the node and the field."""


class StoredSizeError(StoredError):
    """More bytes than may be taken."""


def read_stored(path: str, *, most: int, alone: bool = False) -> tuple[dict[str, Any], list[np.ndarray]]:
    """Return the structure and the arrays of a NIR file.

    Parameters
    ----------
    path : str
    most : int
        Bytes of all arrays together.
    alone : bool
        Let this process open no file but this one from here on, whatever HDF5 is made to try: external links and
        storage, plug-ins.

    Returns
    -------
    structure : dict
        ``version`` (text or null), ``nodes``, a list of objects: ``name``, ``within`` (the place of its graph in the
        list, -1 for the graph itself, which is the first), ``kind``, ``fields`` (an array's place in the list of
        arrays), ``edges`` of a graph, and ``metadata`` (name: text, or an array's place).
    arrays : list of np.ndarray
        Of `DTYPES`.

    Raises
    ------
    StoredError
        No HDF5, no NIR graph, links or storage elsewhere, other types than numbers and text, a filter that h5py does
        not bring, values that are declared but not stored, too many or too deeply nested nodes, more bytes than `most`.
    """
    try:
        if alone:
            _let_open_one_more()
        file = h5py.h5f.open(os.fsencode(path), h5py.h5f.ACC_RDONLY)
        try:
            return _Walk(most).graph(h5py.h5g.open(file, b"/"))
        finally:
            file.close()
    except StoredError:
        raise
    except _DAMAGED as error:
        raise StoredError(f"not a NIR graph: {' '.join(str(error).split())[:200] or type(error).__name__}") from error


def _let_open_one_more() -> None:
    import resource

    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, free + 1))


@dataclass
class _Walk:
    """One file's reading, with what it has taken so far."""

    most: int
    objects: int = 0
    taken: int = 0
    text: int = 0
    seen: set[int] = field(default_factory=set)
    nodes: list[dict[str, Any]] = field(default_factory=list)
    arrays: list[np.ndarray] = field(default_factory=list)

    def graph(self, root: Any) -> tuple[dict[str, Any], list[np.ndarray]]:
        names = self.names(root, "file")
        if "node" not in names:
            raise StoredError("'node' is missing, the group that holds a NIR graph")
        version = None
        if "version" in names:
            version = self.word(root, "version", "file")[:40]
        found = self.group(root, "node", "graph")
        metadata = self.node(found, "graph", -1)
        return {"version": version, "nodes": self.nodes, "metadata": metadata}, self.arrays

    def node(self, group: Any, name: str, within: int, key: str = "", level: int = 0) -> dict[str, Any]:
        """Add a node, and those in it; return its metadata if it is the graph itself."""
        where = f"node {name[:80]!r}"
        names = self.names(group, where)
        if "type" not in names:
            raise StoredError(f"{where}: type is missing")
        kind = self.word(group, "type", where)
        if kind not in FIELDS:
            raise StoredError(f"{where}: type is {kind[:40]!r}, expected one of {', '.join(FIELDS)}")
        if within < 0 and kind != "NIRGraph":
            raise StoredError(f"holds a single {kind}, expected a NIRGraph")
        needed, optional = FIELDS[kind]
        missing = sorted(set(needed) - set(names))
        if missing:
            raise StoredError(f"{where} ({kind}): {', '.join(missing)} is missing")
        foreign = sorted(set(names) - {*needed, *optional, "type", "metadata", "input_type", "output_type"})
        if foreign:
            raise StoredError(f"{where} ({kind}): unknown field {foreign[0][:80]!r}")
        place = len(self.nodes)
        entry: dict[str, Any] = {"name": key, "within": within, "kind": kind, "fields": {}}
        self.nodes.append(entry)
        if kind != "NIRGraph":
            for wanted in names:
                if wanted in needed or wanted in optional:
                    entry["fields"][wanted] = self.field(group, wanted, f"{where} ({kind}): {wanted}")
            return {}
        if level >= MOST_LEVELS:
            raise StoredError(f"{where}: a graph nested deeper than {MOST_LEVELS} levels")
        entry["edges"] = self.edges(group, where)
        inside = self.group(group, "nodes", f"{where}: nodes")
        for inner in self.names(inside, where):
            full = inner if within < 0 else f"{name}.{inner}"
            self.node(self.group(inside, inner, f"node {full[:80]!r}"), full, place, inner, level + 1)
        return self.metadata(group) if within < 0 and "metadata" in names else {}

    def metadata(self, group: Any) -> dict[str, Any]:
        inside = self.group(group, "metadata", "metadata")
        found: dict[str, Any] = {}
        for name in self.names(inside, "metadata"):
            if not name.startswith(METADATA):
                continue
            where = f"metadata {name[:80]!r}"
            dataset = self.dataset(inside, name, where)
            if dataset.get_type().get_class() == h5py.h5t.STRING:
                found[name] = self.scalar_text(dataset, where)
            else:
                found[name] = self.values(dataset, where)
        return found

    # ---- objects -------------------------------------------------------------------------------------------

    def names(self, group: Any, where: str) -> list[str]:
        """Return a group's members, all of which must be links to what is in the file."""
        count = group.get_num_objs()
        if self.objects + count > MOST_OBJECTS:
            raise StoredError(f"{where[:100]}: more than {MOST_OBJECTS:,} nodes and fields")
        found: list[tuple[bytes, int]] = []

        def add(name: bytes, info: Any) -> bool | None:
            found.append((name, info.type))
            return True if len(found) > count else None

        group.links.iterate(add, info=True)
        if len(found) != count:
            raise StoredError(f"{where[:100]}: says that it has {count:,} members, but has others")
        names: list[str] = []
        for raw, kind in found:
            try:
                name = raw.decode("utf-8")
            except UnicodeDecodeError:
                raise StoredError(f"{where[:100]}: a name that is no UTF-8: {raw[:40]!r}") from None
            if kind != h5py.h5l.TYPE_HARD:
                raise StoredError(f"{where[:100]}: {name[:80]!r} is a link to elsewhere, expected what it stands for")
            names.append(name)
        return names

    def member(self, group: Any, name: str, where: str) -> Any:
        self.objects += 1
        if self.objects > MOST_OBJECTS:
            raise StoredError(f"more than {MOST_OBJECTS:,} nodes and fields")
        try:
            return h5py.h5o.open(group, name.encode())
        except _DAMAGED as error:
            raise StoredError(f"{where[:100]}: cannot be read: {' '.join(str(error).split())[:200]}") from error

    def group(self, parent: Any, name: str, where: str) -> Any:
        found = self.member(parent, name, where)
        if not isinstance(found, h5py.h5g.GroupID):
            raise StoredError(f"{where}: expected a group of fields")
        address = h5py.h5o.get_info(found).addr
        if address in self.seen:
            raise StoredError(f"{where}: stands in the file twice, or in itself")
        self.seen.add(address)
        return found

    def dataset(self, parent: Any, name: str, where: str) -> Any:
        """Open values that are stored whole, in the file itself, by a filter that h5py brings."""
        found = self.member(parent, name, where)
        if not isinstance(found, h5py.h5d.DatasetID):
            raise StoredError(f"{where}: expected values")
        if found.get_space().get_simple_extent_type() == h5py.h5s.NULL:
            raise StoredError(f"{where}: has no value")
        kind = found.get_type()
        if kind.get_class() not in (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.STRING):
            raise StoredError(f"{where}: expected numbers or text")
        size = math.prod(found.shape) * kind.get_size()
        self.take(size, where, keep=False)
        stored = found.get_create_plist()
        layout = stored.get_layout()
        if layout == h5py.h5d.VIRTUAL or stored.get_external_count():
            raise StoredError(f"{where}: its values are in other files, expected them in this one")
        filters = [stored.get_filter(number)[0] for number in range(stored.get_nfilters())]
        if set(filters) - _FILTERS:
            raise StoredError(f"{where}: filter {sorted(set(filters) - _FILTERS)[0]}, which needs a plug-in")
        if layout == h5py.h5d.CHUNKED:
            self.chunks(found, stored.get_chunk(), where)
        elif size and not found.get_storage_size():
            raise StoredError(f"{where}: declares values, but none are stored")
        return found

    def chunks(self, dataset: Any, chunk: tuple[int, ...], where: str) -> None:
        self.take(math.prod(chunk) * dataset.get_type().get_size(), where, keep=False)
        wanted = math.prod(-(-length // step) for length, step in zip(dataset.shape, chunk, strict=True))
        # Values that no chunk holds would be read as zeros, and a chunk that skipped its filters as they are.
        found, skipped = 0, 0

        def count(stored: Any) -> bool | None:
            nonlocal found, skipped
            found += 1
            skipped |= stored.filter_mask
            return True if found > wanted else None

        if wanted:
            dataset.chunk_iter(count)
        if found != wanted or skipped:
            raise StoredError(f"{where}: {found:,} chunks of values are stored whole, expected {wanted:,}")

    def take(self, size: int, where: str, *, keep: bool = True) -> None:
        if self.taken + size > self.most:
            raise StoredSizeError(f"{where}: {size:,} bytes, expected at most {self.most - self.taken:,} more")
        self.taken += size if keep else 0

    # ---- values --------------------------------------------------------------------------------------------

    def field(self, group: Any, name: str, where: str) -> int:
        dataset = self.dataset(group, name, where)
        most = _MOST_WEIGHTS if name == "weight" else _MOST_NEURONS
        # Neurons may stand in several dimensions.
        shape = dataset.shape if name == "weight" else (math.prod(dataset.shape),)
        if len(shape) != len(most) or any(length > limit for length, limit in zip(shape, most, strict=True)):
            raise StoredError(f"{where} has shape {dataset.shape}, expected {len(most)} dimension(s) of at most {most}")
        return self.values(dataset, where)

    def values(self, dataset: Any, where: str) -> int:
        """Read numbers; return their place among the arrays."""
        stored = dataset.get_type()
        known = (np.dtype(order + name[1:]) for name in DTYPES for order in "<>")
        if not any(h5py.h5t.py_create(dtype).equal(stored) for dtype in known):
            raise StoredError(f"{where}: expected numbers, floating-point or whole, of at most 64 bits")
        self.take(math.prod(dataset.shape) * stored.get_size(), where)
        values = np.zeros(dataset.shape, dtype=stored.dtype.newbyteorder("<"))
        try:
            if values.size:
                dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
        except _DAMAGED as error:
            raise StoredError(f"{where}: cannot be read: {' '.join(str(error).split())[:200]}") from error
        self.arrays.append(values)
        return len(self.arrays) - 1

    def word(self, group: Any, name: str, where: str) -> str:
        return self.scalar_text(self.dataset(group, name, f"{where}: {name}"), f"{where}: {name}")

    def scalar_text(self, dataset: Any, where: str) -> str:
        if dataset.get_type().get_class() != h5py.h5t.STRING or dataset.shape != ():
            raise StoredError(f"{where}: expected text")
        return self.decoded(h5py.Dataset(dataset)[()], where)

    def decoded(self, raw: Any, where: str) -> str:
        self.text += len(raw)
        if self.text > MOST_TEXT:
            raise StoredError(f"{where}: more than {MOST_TEXT:,} bytes of text in the file")
        try:
            return bytes(raw).decode("utf-8")
        except UnicodeDecodeError:
            raise StoredError(f"{where}: no UTF-8 text") from None

    def edges(self, group: Any, where: str) -> list[list[str]]:
        where = f"{where} (NIRGraph): edges"
        dataset = self.dataset(group, "edges", where)
        if 0 in dataset.shape:
            return []
        if len(dataset.shape) != 2 or dataset.shape[1] != 2 or dataset.get_type().get_class() != h5py.h5t.STRING:
            raise StoredError(f"{where}: expected pairs of nodes")
        if dataset.shape[0] > MOST_EDGES:
            raise StoredError(f"{where}: {dataset.shape[0]:,} of them, expected at most {MOST_EDGES:,}")
        stored, found = h5py.Dataset(dataset), []
        for first in range(0, dataset.shape[0], _ROWS_AT_ONCE):
            for pair in stored[first : first + _ROWS_AT_ONCE]:
                found.append([self.decoded(end, where) for end in pair])
        return found


def main() -> int:
    """Read the file that is standard input; write JSON and a line's end, and after it each array's bytes."""
    import signal

    # Python ignores it; by the limit on the output it is to end this process.
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    output = sys.stdout.buffer
    try:
        structure, arrays = read_stored("/dev/fd/0", most=int(sys.argv[2]), alone=True)
    except StoredError as error:
        output.write(json.dumps({"refused": str(error), "size": isinstance(error, StoredSizeError)}).encode() + b"\n")
        return 1
    structure["arrays"] = [[array.dtype.str, list(array.shape)] for array in arrays]
    output.write(json.dumps(structure).encode() + b"\n")
    for array in arrays:
        output.write(array.reshape(-1).view(np.uint8).data)
    output.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
