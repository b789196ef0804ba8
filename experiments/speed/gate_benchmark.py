"""Speed of evaluating every net of the gates, beside Icarus on the same netlist in the same run (ours)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cosim.gate_activity import RecordedNetlist, gate_activity
from cosim.gate_level import gate_level
from cosim.gate_oracle import compare_settled
from experiments.hardware.synthesised import synthesised
from golden.checkpoint import Checkpoint
from rtl.synthesis.hierarchy import leaf_names

__all__ = ["gate_speeds"]

# Icarus is timed between so many frames: what it takes to compile and to begin falls out.
ICARUS_FRAMES = (1, 2)


def gate_speeds(
    checkpoint: Checkpoint, codes: np.ndarray, liberty: Sequence[Path] | None, *, threads: int
) -> tuple[float, float]:
    """Return cycles a second of ours and of Icarus, each counting the toggles of every net.

    Ours is held to golden at every flip-flop; Icarus writes a VCD that is counted and compared net by net. The netlist
    is mapped before, if the cache has none.

    Parameters
    ----------
    checkpoint : Checkpoint
    codes : np.ndarray [shape=(frames, inputs), dtype=integer]
        Two frames or more; of the first Icarus runs one and two.
    liberty : sequence of Path or None
        None is osu018.
    threads : int

    Raises
    ------
    EngineError, LibertyError
        A tool or the cells are not there.
    GateDifferenceError
        A flip-flop would take another value than golden's.
    """
    gates = synthesised(checkpoint, liberty)
    recorded = RecordedNetlist(gates.design, gates.flat)
    # The first run compiles.
    gate_activity(recorded, checkpoint, {"warm": codes[:2]}, workers=threads)
    begun = time.perf_counter()
    # Several at a time, as utterances of a corpus.
    ours = gate_activity(recorded, checkpoint, {f"{number}": codes for number in range(threads)}, workers=threads)
    own = ours.counts.cycles / (time.perf_counter() - begun)
    simulated = gate_level(
        gates.design, {name: gates.netlists[name] for name in leaf_names(gates.design)}, gates.library
    )
    taken = []
    for frames in ICARUS_FRAMES:
        begun = time.perf_counter()
        found = compare_settled(recorded, simulated, checkpoint, codes[:frames])
        taken.append((found.cycles, time.perf_counter() - begun))
    (less, sooner), (more, later) = taken
    return own, (more - less) / max(1e-9, later - sooner)
