"""Files of tied states (``senones-*.npz``), as ``--trees`` takes them."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import numpy as np

from files.arrays import read_npz
from tests.fuzz.case import Case
from tests.fuzz.mutation import bytes_mutated, placed
from tests.fuzz.surface import Surface
from tests.fuzz.surfaces.arrays import archive
from training.preparation.senones import SenoneTrees


def _seed() -> tuple[bytes, dict[str, np.ndarray]]:
    phones, leaves = 3, np.arange(9)
    table = np.broadcast_to(leaves[:, None, None], (9, phones, phones)).astype(np.int16)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "senones.npz"
        SenoneTrees(leaves.astype(np.int16), table, ("sil", "aa", "b")).save(path)
        return path.read_bytes(), read_npz(path)


SEED, ARRAYS = _seed()


def generate(rng: random.Random) -> Case:
    """Return a file of tied states with damage or malice."""
    content = archive(rng, ARRAYS) if rng.random() < 0.7 else bytes_mutated(rng, SEED)
    entries, argument = placed(rng, "senones.npz", content)
    return Case(entries, argument)


def run(case: Case, folder: Path) -> None:
    """Read it."""
    SenoneTrees.load(case.path(folder))


SURFACE = Surface("senones", generate, run, share=5)
