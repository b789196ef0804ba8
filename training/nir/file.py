"""A NIR file as a graph: read by `training.nir.reader` in a process with limits, checked, and built from plain arrays.

This process never opens the file with HDF5, and believes nothing that the other one says either.
"""

from __future__ import annotations

import math
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np

from files.child import run_limited
from files.errors import FileError
from files.limits import VARIABLE, check_size, most_bytes
from files.names import shown
from files.reading import open_regular, parse_json
from training.nir import reader as nir_reader
from training.nir.graph import NirError, check_name

_MIB = 1 << 20
# Deflate, the strongest compression of what may be in the file, does not reach 1,032 to 1.
_RATIO, _LEAST = 1100, _MIB
# Address space: what Python, NumPy and HDF5 take, and this many times the arrays (as read, as written, a chunk).
_BASE, _TIMES = 512 * _MIB, 3
# Of JSON, beside the arrays: names, edges and texts, which it escapes.
_STRUCTURE = 8 * nir_reader.MOST_TEXT
_SECONDS, _BYTES_A_SECOND = 20, 4 * _MIB
# Known major versions of NIR's files; what a later one means by the same names, nobody knows yet.
_VERSION = re.compile(r"[01]\.[0-9][0-9A-Za-z.+-]*")
# The script first, then its argument, then the folders in which numpy and h5py are.
_START = "import runpy, sys; sys.path += sys.argv[3:]; runpy.run_path(sys.argv[1], run_name='__main__')"


@dataclass(frozen=True)
class Stored:
    """A graph from a file.

    Parameters
    ----------
    graph : nir.NIRGraph
    assumed : tuple of str
        What the file does not say and the graph has all the same, a sentence a line.
    """

    graph: nir.NIRGraph
    assumed: tuple[str, ...]


def read_graph(path: str | os.PathLike[str]) -> Stored:
    """Read a ``.nir`` file (HDF5).

    Memory: in the other process at most 512 MiB and 3 times the arrays, which are at most 1,100 times the file; here
    once the arrays.

    Parameters
    ----------
    path : path-like

    Raises
    ------
    NirError
        Missing, no regular file, no HDF5, or what `training.nir.reader.read_stored` refuses; larger than
        ``$RSNN_MAX_MB`` allows; it crashes its reader, or takes it too long. Names the file, the node and the field.
    """
    try:
        structure, arrays = _read(path)
    except FileError as error:
        raise NirError(str(error)) from error
    try:
        return stored_graph(structure, arrays)
    except NirError as error:
        raise NirError(f"{path}: {error}") from error


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], list[np.ndarray]]:
    with open_regular(path, what="NIR file") as file:
        size = os.fstat(file.fileno()).st_size
        check_size(path, "a NIR file", size)
        most = min(most_bytes(), _RATIO * size + _LEAST)
        folders = dict.fromkeys(str(Path(str(package.__file__)).parents[1]) for package in (np, h5py))
        status, output, said = run_limited(
            [sys.executable, "-I", "-S", "-c", _START, str(nir_reader.__file__), str(most), *folders],
            where=str(path),
            timeout_s=math.ceil(_SECONDS + size / _BYTES_A_SECOND),
            memory_bytes=_BASE + _TIMES * most,
            most_output=_STRUCTURE + most,
            environment=_environment(),
            standard_input=file,
        )
    end = output.find(b"\n")
    if end < 0 or status not in (0, 1):
        last = (said.decode("utf-8", "replace").strip().splitlines() or [f"status {status}"])[-1]
        raise NirError(f"{path}: its reader failed ({shown(last)[:200]})")
    structure = parse_json(output[:end], f"{path}: what its reader says")
    if not isinstance(structure, dict):
        raise NirError(f"{path}: its reader says nothing of use")
    if status == 1:
        reason = shown(str(structure.get("refused"))[:400])
        if structure.get("size"):
            reason += f" (all arrays: at most {_RATIO:,} times the file, and ${VARIABLE} MiB)"
        raise NirError(f"{path}: {reason}")
    try:
        return structure, _arrays(structure.get("arrays"), output, end + 1)
    except NirError as error:
        raise NirError(f"{path}: {error}") from error


def _environment() -> dict[str, str]:
    """Return what the reader needs of the environment, and what keeps HDF5 from plug-ins and from locks."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH") if name in os.environ}
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    # "::" is HDF5's word for: no plug-ins at all.
    return kept | threads | {"HDF5_PLUGIN_PRELOAD": "::", "HDF5_USE_FILE_LOCKING": "FALSE", "LC_ALL": "C"}


def _arrays(described: Any, output: bytes, at: int) -> list[np.ndarray]:
    """Return the arrays that follow the JSON, without copying them."""
    arrays: list[np.ndarray] = []
    for entry in described if isinstance(described, list) else [None]:
        dtype, shape = entry if isinstance(entry, list) and len(entry) == 2 else (None, None)
        if dtype not in nir_reader.DTYPES or not isinstance(shape, list) or len(shape) > 32:
            raise NirError("its reader describes no arrays")
        if any(type(length) is not int or length < 0 for length in shape):
            raise NirError("its reader describes no arrays")
        count = math.prod(shape)
        if count * np.dtype(dtype).itemsize > len(output) - at:
            raise NirError("its reader describes more than it gives")
        arrays.append(np.frombuffer(output, dtype, count, at).reshape(shape))
        at += arrays[-1].nbytes
    if at != len(output):
        raise NirError("its reader gives more than it describes")
    return arrays


def stored_graph(structure: dict[str, Any], arrays: list[np.ndarray]) -> Stored:
    """Return the graph of `training.nir.reader.read_stored`'s structure and arrays, both checked.

    Raises
    ------
    NirError
        Names the node and the field.
    """
    try:
        return _built(structure, arrays)
    except NirError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise NirError(f"its reader describes no graph ({type(error).__name__})") from error


def _built(structure: dict[str, Any], arrays: list[np.ndarray]) -> Stored:
    assumed: list[str] = []
    version = structure["version"]
    if version is not None and not (isinstance(version, str) and _VERSION.fullmatch(version)):
        assumed.append(f"version: the file is of NIR version {str(version)[:40]!r}; its fields are taken for 1.0's")
    graphs: dict[int, tuple[str, dict[str, nir.NIRNode], list[tuple[str, str]]]] = {}
    order: list[tuple[int, str, int]] = []
    for place, entry in enumerate(structure["nodes"]):
        name, within, kind = entry["name"], entry["within"], entry["kind"]
        if place == 0:
            graphs[0] = ("", {}, _edges(entry))
            continue
        prefix, nodes, _ = graphs[within]
        full = check_name(name, prefix)
        if kind == "NIRGraph":
            graphs[place] = (f"{full}.", {}, _edges(entry))
            order.append((within, name, place))
            nodes[name] = None  # keeps its place until it is whole
        else:
            fields = {field: arrays[number] for field, number in entry["fields"].items()}
            nodes[name] = _node(kind, full, fields, assumed)
    # A graph comes before those in it, so that backwards each is whole before it is put into its own.
    for within, name, place in reversed(order):
        _, nodes, edges = graphs[place]
        graphs[within][1][name] = nir.NIRGraph(nodes, edges, type_check=False)
    metadata = {
        name: arrays[value][()] if isinstance(value, int) else value for name, value in structure["metadata"].items()
    }
    return Stored(nir.NIRGraph(graphs[0][1], graphs[0][2], metadata, type_check=False), tuple(assumed))


def _edges(entry: dict[str, Any]) -> list[tuple[str, str]]:
    return [(source, target) for source, target in entry["edges"]]


def _node(kind: str, name: str, fields: dict[str, np.ndarray], assumed: list[str]) -> nir.NIRNode:
    """Build a primitive; what its constructor asserts, and its reader does not check, is checked here."""
    if kind in ("Input", "Output"):
        shape = fields["shape"]
        if shape.dtype.kind not in "iu" or shape.ndim > 1:
            raise NirError(f"node {name!r} ({kind}): shape: expected a row of whole numbers")
        return nir.Input(input_type=shape) if kind == "Input" else nir.Output(output_type=shape)
    if kind == "LIF":
        if "v_reset" not in fields:
            fields = fields | {"v_reset": np.zeros_like(fields["v_threshold"])}
            assumed.append(f"node {name!r}: v_reset is not in the file; 0 is assumed")
        shapes = {field: values.shape for field, values in fields.items()}
        if len(set(shapes.values())) > 1:
            raise NirError(f"node {name!r} (LIF): shapes that differ: {shapes}, expected one")
    return getattr(nir, kind)(**fields)
