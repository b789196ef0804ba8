"""NIR graphs (HDF5): a C library parses them, so a crash is what may happen."""

from __future__ import annotations

import dataclasses
import random
import tempfile
from pathlib import Path
from typing import Any

import h5py
import nir
import numpy as np

from golden.checkpoint import random_checkpoint
from tests.fuzz.case import Case
from tests.fuzz.mutation import bytes_mutated, json_mutated, name, number, placed
from tests.fuzz.surface import Surface
from tests.fuzz.surfaces.checkpoints import speaking
from tests.fuzz.surfaces.specifications import SMALL
from training.nir.exporting import KEY, write_nir
from training.nir.importing import read_nir

# Of the shifts that the specification has.
SCALES = {
    "input": -5, "feed_forward0": -4, "recurrent0": -5, "unit0": -9, "feed_forward1": -7, "recurrent1": -7,
    "unit1": -9, "fc": -4,
}  # fmt: skip


def _chain() -> nir.NIRGraph:
    """Return a graph of other tools: Linear, LIF with recurrence, Affine."""
    rng = np.random.default_rng(0)
    fields = {"tau": 2e-4, "r": 2.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0}
    nodes = {
        "input": nir.Input(np.array([3])),
        "feed": nir.Linear(rng.standard_normal((4, 3))),
        "lif": nir.LIF(**{field: np.full(4, value) for field, value in fields.items()}),
        "back": nir.Linear(rng.standard_normal((4, 4))),
        "readout": nir.Affine(rng.standard_normal((2, 4)), np.zeros(2)),
        "output": nir.Output(np.array([2])),
    }
    edges = [("input", "feed"), ("feed", "lif"), ("lif", "back"), ("back", "lif"), ("lif", "readout")]
    return nir.NIRGraph(nodes, [*edges, ("readout", "output")], type_check=False)


def _seeds() -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{index}.nir" for index in range(3)]
        nir.write(paths[0], _chain())
        write_nir(paths[1], random_checkpoint(SMALL, seed=1))
        write_nir(paths[2], dataclasses.replace(speaking(), scales=SCALES))
        return [path.read_bytes() for path in paths]


SEEDS = _seeds()


def _edited(rng: random.Random, content: bytes) -> bytes:
    """Return a graph in which a node's field, type or name, an edge, or the metadata are others."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "graph.nir"
        path.write_bytes(content)
        with h5py.File(path, "r+") as file:
            for _ in range(rng.randint(1, 2)):
                _edit(rng, file)
        return path.read_bytes()


def _edit(rng: random.Random, file: h5py.File) -> None:
    places: list[str] = []
    file.visit(places.append)
    arrays = [place for place in places if isinstance(file[place], h5py.Dataset)]
    groups = [place for place in places if isinstance(file[place], h5py.Group)]
    change = rng.randrange(9)
    if change <= 3 and arrays:
        _replace(rng, file, rng.choice(arrays))
    elif change == 4 and groups:
        # A group within itself, by a hard, a soft or an external link.
        group = file[rng.choice(groups)]
        inner = f"link{rng.randrange(1000)}"
        link: Any = rng.choice([group, file, h5py.SoftLink(group.name), h5py.SoftLink("/nowhere"),
            h5py.ExternalLink("graph.nir", "/"),
                                h5py.ExternalLink("/etc/passwd", "/")])  # fmt: skip
        group[inner] = link
    elif change == 5 and places:
        del file[rng.choice(places)]
    elif change == 6 and places:
        place = rng.choice(places)
        put = name(rng).replace("/", "").replace("\x00", "").encode("utf-8", "replace").decode() or "x"
        if put not in (".", "..") and (parent := place.rpartition("/")[0] or "/") and put not in file[parent]:
            file.move(place, f"{parent}/{put}")
    elif change == 7 and KEY in file.get("node/metadata", {}):
        import json

        stored = file["node/metadata"]
        text = json_mutated(rng, json.loads(stored[KEY][()]))
        del stored[KEY]
        stored[KEY] = text.decode("utf-8", "replace").replace("\x00", "")
    elif "node/metadata" in file and "dt" not in file["node/metadata"]:
        file["node/metadata"]["dt"] = rng.choice(
            [0.0, -1.0, float("nan"), 1e308, "1e-4", number(rng).replace("\x00", "")]
        )


def _replace(rng: random.Random, file: h5py.File, place: str) -> None:
    """Put another dataset in the place of one."""
    old = file[place][()]
    parent, _, inner = place.rpartition("/")
    group = file[parent or "/"]
    del group[inner]
    change = rng.randrange(8)
    if change == 0:
        # Declared, never stored.
        shape = rng.choice([(400_000, 1_000_000), (1 << 40,), (1 << 62,), (1 << 20, 1 << 20)])
        group.create_dataset(inner, shape=shape, dtype="f4", chunks=(64,) * len(shape))
    elif change == 1:
        group[inner] = rng.choice(
            ["text", "\u00e9", "LIF", "NIRGraph", "CubaLIF", "Input", "Conv2d", "object", "__class__", "Threshold"]
        )
    elif change == 2:
        group[inner] = rng.choice([0, -1, 1.5, float("nan"), float("inf"), 1e308, True, 1 << 62])
    elif change == 3:
        group[inner] = np.zeros(rng.choice([(0,), (1,), (3, 4, 5), (2000, 2000), (0, 4)]))
    elif change == 4 and isinstance(old, np.ndarray) and old.dtype.kind == "f" and old.size:
        array = old.copy()
        array.flat[rng.randrange(array.size)] = rng.choice([np.nan, np.inf, -np.inf, 1e308, -1e-320, 0.0, 1e30])
        group[inner] = array
    elif change == 5 and isinstance(old, np.ndarray):
        group[inner] = rng.choice([old[::-1], old.T, old.reshape(-1), old[:0]])
    elif change == 6:
        group.create_dataset(inner, shape=(4000, 4000), dtype="f8", chunks=(1000, 1000), compression="gzip")
    else:
        group[inner] = np.array([("a", 1)], dtype=[("x", "S3"), ("y", "i4")])


def generate(rng: random.Random) -> Case:
    """Return a NIR file with damage or malice."""
    content = rng.choice(SEEDS)
    if rng.random() < 0.5:
        try:
            content = _edited(rng, content)
        except (ValueError, KeyError, OSError, RuntimeError, TypeError):
            # An edit that HDF5 itself does not make.
            content = bytes_mutated(rng, content, SEEDS)
    else:
        content = bytes_mutated(rng, content, SEEDS, most=6)
    entries, argument = placed(rng, "network.nir", content, suffix=".nir")
    return Case(entries, argument)


def run(case: Case, folder: Path) -> None:
    """Read it as ``python -m training.nir.exchange import`` does."""
    read_nir(case.path(folder))


SURFACE = Surface("nir", generate, run, share=2)
