"""Outcomes that no trained network has: neurons that never fire, or at every step.

Units that do not match (time constants in milliseconds, weights in millivolts, inputs at another scale) end in exactly
that. Two ways to see it: bounds that hold for any input, and a run on random codes.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np

from golden.checkpoint import Checkpoint
from golden.forward import forward

# Of random codes; and the seed that draws them.
FRAMES, SEED = 300, 0
# Share of a layer's neurons from which on it is no oddity any more.
_GRAVE = 0.5
_UNITS = "are tau and dt in one unit, weights and threshold, and --input-scale the network's?"


@dataclass(frozen=True)
class Doubt:
    """What looks wrong in a layer.

    Parameters
    ----------
    sentence : str
    grave : bool
        It is so for half of the layer's neurons or more.
    """

    sentence: str
    grave: bool


def doubts(checkpoint: Checkpoint, names: tuple[str, ...]) -> tuple[Doubt, ...]:
    """Return what looks wrong in a network's activity.

    Parameters
    ----------
    checkpoint : Checkpoint
    names : tuple of str
        The layers' nodes.
    """
    found: list[Doubt] = []
    rates = _rates(checkpoint)
    for layer, (never, always, reach) in enumerate(bounds(checkpoint)):
        unit = checkpoint.scales.get(f"unit{layer}", 0)
        top, theta = _worth(reach, unit), _worth(checkpoint.specification.thresholds[layer], unit)
        for seen, sure, verb, why in (
            (rates[layer] == 0, never, "never fired", f"membranes reach at most {top}, spikes need {theta}"),
            (rates[layer] == 1, always, "fired at every step", f"the current alone is {theta}, the threshold, or more"),
        ):
            if not seen.any():
                continue
            line = f"layer {layer} (node {names[layer]!r}): {seen.sum()} of {len(seen)} neurons {verb}"
            line += f" in {FRAMES} frames of random codes"
            if sure.any():
                line += f", {sure.sum()} of them whatever comes" + (f" ({why})" if sure.all() else "")
            found.append(Doubt(f"{line}; {_UNITS}", bool(seen.mean() >= _GRAVE)))
    return tuple(found)


def _worth(value: int, unit: int) -> str:
    return f"{math.ldexp(value, unit):.4g}"


def bounds(checkpoint: Checkpoint) -> tuple[tuple[np.ndarray, np.ndarray, int], ...]:
    """Return what each layer can do at most, whatever codes come.

    Parameters
    ----------
    checkpoint : Checkpoint

    Returns
    -------
    tuple of (never, always, reach), one a layer
        Neurons that can never fire and that must at every step (boolean [width]); the highest membrane of the layer.
        Neither says more than is so, since inputs are bounded one by one; layers below that never fire, or always, are
        taken into account.
    """
    spec = checkpoint.specification
    code_low, code_high = spec.code_range
    low = np.full(spec.inputs, code_low, dtype=np.int64)
    high = np.full(spec.inputs, code_high, dtype=np.int64)
    result = []
    for layer, (theta, leak) in enumerate(zip(spec.thresholds, spec.leaks, strict=True)):
        least, most = _currents(checkpoint.feed_forward[layer], low, high, spec.input_shifts[layer])
        back = checkpoint.recurrent[layer]
        if back is not None:
            ones = np.ones(len(back), dtype=np.int64)
            less, more = _currents(back, 0 * ones, ones, spec.recurrent_shifts[layer])
            least, most = least + less, most + more
        # u - (u >> k) + I rises with u, and stands still first at I << k: the highest membrane of a constant current I.
        # Below theta is: I <= (theta - 1) >> k. After a spike u is 0, so that I alone must reach theta.
        never, always = most <= (theta - 1) >> leak, least >= theta
        limit = (1 << (spec.membrane_bits[layer] - 1)) - 1
        result.append((never, always, min(max(0, int(most.max())) << leak, limit)))
        low, high = always.astype(np.int64), (~never).astype(np.int64)
    return tuple(result)


def _currents(weights: np.ndarray, low: np.ndarray, high: np.ndarray, shift: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the most that inputs within bounds add up to, by column."""
    wide = weights.astype(np.int64)
    positive, negative = np.maximum(wide, 0), np.minimum(wide, 0)
    return (low @ positive + high @ negative) << shift, (high @ positive + low @ negative) << shift


def _rates(checkpoint: Checkpoint) -> list[np.ndarray]:
    """Return each neuron's share of steps with a spike, on random codes."""
    spec = checkpoint.specification
    # The spikes alone: of the read-out one column will do.
    small = dataclasses.replace(
        checkpoint, specification=spec.replace(outputs=1), fc=checkpoint.fc[:, :1], fc_zeros=0, host=None
    )
    low, high = spec.code_range
    if spec.input_bits == 2:  # for spikes as input
        low = 0
    codes = np.random.default_rng(SEED).integers(low, high, (FRAMES, spec.inputs), endpoint=True)
    return [spikes.mean(axis=(0, 1)) for spikes in forward(small, codes).spikes]
