"""The metrics against loops over every weight, neuron and time step."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from golden.checkpoint import Checkpoint, random_checkpoint
from golden.errors import StimulusError
from golden.forward import Forward, forward
from golden.neurobench import Metrics, neurobench_metrics
from golden.specification import Specification

SPECIFICATION = Specification(
    inputs=5, layers=(8, 6), outputs=12, lanes=8, logits_per_cycle=4, thresholds=(40, 60), leaks=(2, 3)
)


def by_loops(checkpoint: Checkpoint, codes: np.ndarray, result: Forward) -> Metrics:
    spec, frames = checkpoint.specification, len(codes)
    counts = {"mac": 0, "ac": 0, "dense": 0}

    def apply(vector: np.ndarray, matrix: np.ndarray, kind: str) -> None:
        for value, row in zip(vector, matrix, strict=True):
            for weight in row:
                counts["dense"] += 1
                counts[kind] += bool(value) and bool(weight)

    updates = silent = neurons = 0
    before: list[np.ndarray | None] = [None] * len(spec.layers)
    for frame in range(frames):
        apply(codes[frame], checkpoint.feed_forward[0], "mac")
        for layer in range(len(spec.layers)):
            for t in range(spec.time_steps):
                if layer:
                    apply(result.spikes[layer - 1][frame, t], checkpoint.feed_forward[layer], "ac")
                matrix = checkpoint.recurrent[layer]
                if matrix is not None:
                    spikes = result.spikes[layer]
                    apply(spikes[frame - 1, t] if frame else np.zeros_like(spikes[0, 0]), matrix, "ac")
                now = result.membranes[layer][frame, t]
                last = before[layer]
                for neuron, value in enumerate(now):
                    updates += last is None or value != last[neuron]
                    silent += not result.spikes[layer][frame, t, neuron]
                    neurons += 1
                before[layer] = now
        last_layer = result.spikes[-1][frame]
        for vector in [last_layer.max(axis=0)] if spec.merged_spike else last_layer:
            apply(vector, checkpoint.fc, "ac")
    matrices = [*checkpoint.feed_forward, *(m for m in checkpoint.recurrent if m is not None), checkpoint.fc]
    weights = [weight for matrix in matrices for weight in matrix.ravel()]
    return Metrics(
        footprint_bytes=len(weights) * spec.weight_bits / 8,
        connection_sparsity=sum(weight == 0 for weight in weights) / len(weights),
        activation_sparsity=silent / neurons,
        effective_macs=counts["mac"] / frames,
        effective_acs=counts["ac"] / frames,
        dense=counts["dense"] / frames,
        membrane_updates=updates / frames,
    )


THREE_LAYERS: dict[str, object] = {
    "layers": (7, 5, 6), "recurrent": (True, False, True), "input_shifts": (0,) * 3, "recurrent_shifts": (0,) * 3,
    "leaks": (2, 3, 2), "thresholds": (40, 60, 30), "membrane_bits": (12,) * 3, "outputs": 11,
}  # fmt: skip


@pytest.mark.parametrize("changes", [{}, {"merged_spike": False}, {"time_steps": 1}, THREE_LAYERS])
def test_metrics_are_those_of_loops(changes: dict[str, object]) -> None:
    spec = dataclasses.replace(SPECIFICATION, **changes)  # type: ignore[arg-type]
    checkpoint = random_checkpoint(spec, seed=2)
    low, high = spec.code_range
    codes = np.random.default_rng(3).integers(low, high, size=(7, spec.inputs), endpoint=True)
    codes[codes % 5 == 0] = 0
    result = forward(checkpoint, codes)
    assert 0 < result.spikes[0].mean() < 1
    found, expected = neurobench_metrics(checkpoint, codes, result), by_loops(checkpoint, codes, result)
    assert dataclasses.astuple(found) == pytest.approx(dataclasses.astuple(expected))


def test_codes_of_another_network_are_refused() -> None:
    checkpoint = random_checkpoint(SPECIFICATION, seed=2)
    codes = np.zeros((1, 5), dtype=np.int64)
    with pytest.raises(StimulusError, match=r"codes: shape"):
        neurobench_metrics(checkpoint, codes[:, :4], forward(checkpoint, codes))
