"""Names of kept simulations: a digest of all that the result of one depends on."""

from __future__ import annotations

import hashlib
import json

import numpy as np

from cosim.engines.icarus import icarus_key
from cosim.engines.verilator import build_key
from golden.checkpoint import Checkpoint
from rtl.build_cache import digest
from rtl.sources import sources_digest

# What computes, what is computed with, and what is expected.
ROOMS = ("cosim", "gates", "golden", "rtl")


def simulation_key(checkpoint: Checkpoint, codes: np.ndarray, engine: str, *others: str) -> str:
    """Return the key of what co-simulation of some codes finds.

    Parameters
    ----------
    checkpoint : Checkpoint
        Its specification and weights count; what is for the host made the codes.
    codes : np.ndarray [shape=(frames, inputs), dtype=integer]
    engine : {"myhdl", "lock-step", "icarus", "verilator"}
    others : str
        What else the result depends on.

    Raises
    ------
    EngineError
        The engine is not installed.
    """
    version = ""
    if engine == "verilator":
        version = build_key()
    elif engine in ("icarus", "lock-step"):
        version = icarus_key()
    return digest(sources_digest(*ROOMS), network_digest(checkpoint), array_digest(codes), engine, version, *others)


def network_digest(checkpoint: Checkpoint) -> str:
    """Return a digest of a specification and its weights."""
    arrays = (*checkpoint.feed_forward, *checkpoint.recurrent, checkpoint.fc)
    spec = json.dumps(checkpoint.specification.to_json(), sort_keys=True)
    return digest(spec, *("none" if array is None else array_digest(array) for array in arrays))


def array_digest(array: np.ndarray) -> str:
    """Return a digest of whole numbers and their shape, however they are stored."""
    whole = np.ascontiguousarray(array, dtype="<i8")
    return f"{whole.shape} {hashlib.sha256(whole.tobytes()).hexdigest()}"
