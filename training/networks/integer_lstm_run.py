"""The LSTM of `training.networks.integer_lstm` in NumPy's integers, as a chip would compute it: the rates reported."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.networks.integer_lstm import IntegerLayer, IntegerWeights, gate_tables

__all__ = ["run_integers"]

Integers = npt.NDArray[np.int64]


def run_integers(weights: IntegerWeights, utterances: Sequence[npt.NDArray[np.integer]]) -> list[Integers]:
    """Return the logits of utterances, each from rest.

    Parameters
    ----------
    weights : IntegerWeights
    utterances : sequence of np.ndarray [shape=(frames, inputs), dtype=integer]
        Codes of 8 bits.

    Returns
    -------
    list of np.ndarray [shape=(frames, outputs), dtype=int64]
        In units of 2^``fc_scale``.
    """
    counts = [len(codes) for codes in utterances]
    frames = max(counts, default=0)
    # All side by side; what comes after an utterance's end changes nothing before it.
    signal = np.zeros((frames, len(counts), weights.layers[0].fed.shape[1]), np.int64)
    for which, codes in enumerate(utterances):
        signal[: counts[which], which] = codes
    for layer in weights.layers:
        signal = _layer(layer, signal)
    logits = signal @ weights.fc.T
    return [logits[:count, which] for which, count in enumerate(counts)]


def _layer(layer: IntegerLayer, signal: Integers) -> Integers:
    sigmoid, tanh = gate_tables()
    width = layer.back.shape[1]
    cell = np.zeros((signal.shape[1], width), np.int64)
    output, outputs = cell, np.zeros((*signal.shape[:2], width), np.int64)
    drives = ((signal @ layer.fed.T) << layer.fed_shift) + layer.bias
    for frame, drive in enumerate(drives):
        sums = drive + ((output @ layer.back.T) << layer.back_shift)
        # Python's and NumPy's right shift rounds down.
        gates = np.clip(sums >> layer.gate_shift, -128, 127) + 128
        into, keep, new, out = np.split(gates, 4, axis=1)
        # 2^-8 x 2^-12, and 2^-8 x 2^-7, onto 2^-12.
        cell = np.clip((sigmoid[keep] * cell >> 8) + (sigmoid[into] * tanh[new] >> 3), -(1 << 15), (1 << 15) - 1)
        shown = np.clip(cell >> 7, -128, 127) + 128
        output = sigmoid[out] * tanh[shown] >> 8
        outputs[frame] = output
    return outputs
