"""NeuroBench's metrics of a network and an utterance, by the definitions of its package (neurobench 2.3.0).

- *Footprint*: bytes of the weights. *Connection sparsity*: share of weights that are 0.
- *Activation sparsity*: share of neurons and time steps without a spike.
- *Synaptic operations* of a matrix and an input vector: effective are those whose input and weight are both not 0,
  dense are all. Of inputs that are 0 or 1 they are accumulations (ACs), of the codes multiply-accumulates (MACs). Each
  matrix counts as often as the network defines it: the first once a frame, since its input is the same at all time
  steps; the FC once a frame on the merged spike, or once a time step.
- *Membrane updates*: membranes that a time step changes; the first step of an utterance changes all.

Operations and updates are means a frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from golden.checkpoint import Checkpoint
from golden.forward import Forward, check_codes


@dataclass(frozen=True)
class Metrics:
    """What NeuroBench reports."""

    footprint_bytes: float
    connection_sparsity: float
    activation_sparsity: float
    effective_macs: float
    effective_acs: float
    dense: float
    membrane_updates: float


def neurobench_metrics(checkpoint: Checkpoint, codes: np.ndarray, result: Forward) -> Metrics:
    """Compute the metrics of one utterance.

    Parameters
    ----------
    checkpoint : Checkpoint
    codes : np.ndarray [shape=(frames, inputs), dtype=integer]
        At least one frame.
    result : Forward
        Of these codes.

    Returns
    -------
    Metrics

    Raises
    ------
    StimulusError
        Codes that the specification refuses.
    """
    spec = checkpoint.specification
    frames = len(check_codes(spec, codes))
    matrices = [*checkpoint.feed_forward, *(m for m in checkpoint.recurrent if m is not None), checkpoint.fc]
    weights = sum(matrix.size for matrix in matrices)
    nonzero = sum(int(np.count_nonzero(matrix)) for matrix in matrices)
    # Dense operations are the same in every frame.
    acs, dense = 0, checkpoint.feed_forward[0].size

    def accumulate(spikes: np.ndarray, matrix: np.ndarray) -> None:
        """Add a matrix's operations on spikes [frames, times, fan-in]."""
        nonlocal acs, dense
        acs += int(spikes.sum(axis=(0, 1)) @ np.count_nonzero(matrix, axis=1))
        dense += spikes.shape[1] * matrix.size

    for layer, spikes in enumerate(result.spikes):
        if layer:
            accumulate(result.spikes[layer - 1], checkpoint.feed_forward[layer])
        matrix = checkpoint.recurrent[layer]
        if matrix is not None:
            # Before the first frame nothing has fired.
            accumulate(spikes[:-1], matrix)
    last = result.spikes[-1]
    merged = np.asarray(last.any(axis=1, keepdims=True))
    accumulate(merged if spec.merged_spike else last, checkpoint.fc)
    updates = 0
    for membranes in result.membranes:
        steps = np.concatenate(membranes)
        updates += steps.shape[1] + int(np.count_nonzero(np.diff(steps, axis=0)))
    fired = sum(int(spikes.sum()) for spikes in result.spikes)
    return Metrics(
        footprint_bytes=weights * spec.weight_bits / 8,
        connection_sparsity=1 - nonzero / weights,
        activation_sparsity=1 - fired / sum(spikes.size for spikes in result.spikes),
        effective_macs=int((codes != 0).sum(axis=0) @ np.count_nonzero(checkpoint.feed_forward[0], axis=1)) / frames,
        effective_acs=acs / frames,
        dense=float(dense),
        membrane_updates=updates / frames,
    )
