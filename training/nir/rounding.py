"""A chain of LIF layers as integers that golden and the hardware run, with the account of what the rounding costs.

Powers of two are chosen for every matrix, so that its rounding error is least; the membranes' unit lies `guard_bits`
below the finer matrix of a layer, where the leak's rounding does little. All of it is ours; what it costs is stated
line by line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from golden.checkpoint import Checkpoint
from golden.specification import Specification, signed_bits
from training.nir.graph import Chain, NirError, Spiking
from training.nir.settings import ImportSettings

# The specification's limits on a_l and b_l, and on k_l.
_SHIFT, _LEAK = 16, 15
# Scales whose error is within this share of the weights' RMS of the best one count as equal: the coarsest wins.
_INDIFFERENT = 1e-6
# Beyond these, a scale leaves what a checkpoint holds.
_LEAST, _GREATEST = 2.0**-24, 2.0**24


@dataclass(frozen=True)
class _Matrix:
    """Weights on a grid of 2^`scale`."""

    integers: np.ndarray
    scale: int
    rms: float  # of the rounding error, real units
    clipped: int

    @classmethod
    def nearest(cls, weights: np.ndarray, bits: int, least_scale: int | None = None) -> _Matrix:
        """Round to the power of two with the least error, the coarsest among equals."""
        low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
        greatest = float(np.abs(weights).max())
        widest = math.frexp(greatest)[1] - bits + 2 if greatest > 0 else 0
        candidates = range(widest - 4, widest + bits) if greatest > 0 else range(1)
        if least_scale is not None:
            candidates = range(max(candidates.start, least_scale), max(candidates.stop, least_scale + 1))
        size = float(np.sqrt(np.mean(weights**2)))
        errors: dict[int, float] = {}
        for scale in candidates:
            integers = np.clip(np.rint(np.ldexp(weights, -scale)), low, high)
            errors[scale] = float(np.sqrt(np.mean((np.ldexp(integers, scale) - weights) ** 2)))
        least = min(errors.values()) + _INDIFFERENT * size
        scale = max(scale for scale, error in errors.items() if error <= least)
        steps = np.rint(np.ldexp(weights, -scale))
        integers = np.clip(steps, low, high)
        clipped = int(np.count_nonzero(integers != steps))
        return cls(integers.astype(np.int8 if bits <= 8 else np.int16), scale, errors[scale], clipped)

    def describe(self, where: str, weights: np.ndarray, bits: int) -> str:
        size = float(np.sqrt(np.mean(weights**2)))
        if self.rms == 0:
            return f"{where}: on a grid of {bits} bits, 2^{self.scale}; nothing lost"
        clipped = f", {self.clipped} of {weights.size} weights clipped" if self.clipped else ""
        return (
            f"{where}: rounded to {bits} bits of 2^{self.scale}, RMS error {self.rms:.3g} "
            f"({100 * self.rms / size:.2g} % of the weights' RMS){clipped}"
        )


def _check_size(name: str, weights: np.ndarray) -> None:
    greatest = float(np.abs(weights).max())
    if greatest and not _LEAST <= greatest <= _GREATEST:
        raise NirError(
            f"node {name!r}: weight reaches {greatest:.3g} on the membrane, expected 0 or {_LEAST:.3g}..{_GREATEST:.3g}"
        )


@dataclass(frozen=True)
class _Layer:
    """One layer's integers and its part of the specification."""

    feed: _Matrix
    recurrent: _Matrix | None
    unit: int
    fields: dict[str, Any]


@dataclass(frozen=True)
class Rounded:
    """A chain in integers.

    Parameters
    ----------
    checkpoint : Checkpoint
        Without provenance.
    lost : tuple of str
        What the rounding costs, a sentence a line.
    bias : np.ndarray [shape=(outputs,), dtype=float32] or None
        Of the read-out.
    """

    checkpoint: Checkpoint
    lost: tuple[str, ...]
    bias: np.ndarray | None


class Rounding:
    """A chain on its way to integers, with the account of what that costs."""

    def __init__(self, chain: Chain, settings: ImportSettings) -> None:
        self.chain, self.settings = chain, settings
        self.lost: list[str] = []

    def result(self) -> Rounded:
        """Round it all.

        Raises
        ------
        NirError
            Weights, thresholds or a leak that no integers of the hardware's stand for.
        SpecificationError, CheckpointError
            More layers, or wider ones, or other scales than a checkpoint may have.
        """
        chain, settings, bits = self.chain, self.settings, self.settings.weight_bits
        layers = [self._layer(number, neurons) for number, neurons in enumerate(chain.layers)]
        width = chain.layers[-1].feed.shape[1]
        if chain.readout is None:
            fc = _Matrix(np.eye(width, dtype=np.int8 if bits <= 8 else np.int16), 0, 0.0, 0)
            self.lost.append(f"read-out: the graph ends in spikes; the FC is the identity, {width} logits of 0 or 1")
        else:
            _check_size(chain.readout_name, chain.readout)
            fc = _Matrix.nearest(chain.readout, bits)
            self.lost.append(fc.describe(f"node {chain.readout_name!r} (read-out)", chain.readout, bits))
        bias = None
        if chain.bias is not None:
            if np.abs(chain.bias).max() > _GREATEST:
                raise NirError(
                    f"node {chain.readout_name!r} (read-out): bias reaches {np.abs(chain.bias).max():.3g}, expected at "
                    f"most {_GREATEST:.3g}"
                )
            bias = chain.bias.astype(np.float32)
            self.lost.append(
                f"node {chain.readout_name!r} (read-out): bias up to {np.abs(bias).max():.3g} is not the hardware's; "
                f"the host adds it (Host.class_offset): it is returned and stands in the provenance"
            )
        per_layer: dict[str, Any] = {
            name: tuple(layer.fields[name] for layer in layers) for name in layers[0].fields
        }
        spec = Specification(
            inputs=chain.layers[0].feed.shape[0],
            input_bits=settings.input_bits,
            layers=tuple(neurons.feed.shape[1] for neurons in chain.layers),
            recurrent=tuple(neurons.recurrent is not None for neurons in chain.layers),
            outputs=fc.integers.shape[1],
            time_steps=1,
            weight_bits=bits,
            **per_layer,
        )
        scales = {"input": settings.input_scale, "fc": fc.scale}
        for number, layer in enumerate(layers):
            scales |= {f"feed_forward{number}": layer.feed.scale, f"unit{number}": layer.unit}
            if layer.recurrent is not None:
                scales[f"recurrent{number}"] = layer.recurrent.scale
        checkpoint = Checkpoint(
            specification=spec,
            feed_forward=tuple(layer.feed.integers for layer in layers),
            recurrent=tuple(None if layer.recurrent is None else layer.recurrent.integers for layer in layers),
            fc=fc.integers,
            scales=scales,
        )
        return Rounded(checkpoint, tuple(self.lost), bias)

    def _layer(self, number: int, neurons: Spiking) -> _Layer:
        settings, bits = self.settings, self.settings.weight_bits
        name = neurons.name
        _check_size(neurons.feed_name, neurons.feed)
        if neurons.recurrent is not None:
            _check_size(neurons.recurrent_name, neurons.recurrent)
        if neurons.threshold > _GREATEST:
            raise NirError(f"node {name!r} (LIF): v_threshold is {neurons.threshold:.3g}, expected 0..{_GREATEST:g}")
        leak = self._leak(neurons)
        # What one step of an incoming value is worth: codes in the first layer, spikes above.
        worth = settings.input_scale if number == 0 else 0
        feed = _Matrix.nearest(neurons.feed, bits)
        back = None if neurons.recurrent is None else _Matrix.nearest(neurons.recurrent, bits)
        if back is not None and neurons.recurrent is not None:
            # Two grids further apart than a shift reaches: the finer one is made coarser.
            if feed.scale + worth > back.scale + _SHIFT:
                back = _Matrix.nearest(neurons.recurrent, bits, feed.scale + worth - _SHIFT)
            elif back.scale > feed.scale + worth + _SHIFT:
                feed = _Matrix.nearest(neurons.feed, bits, back.scale - _SHIFT - worth)
            self.lost.append(back.describe(f"node {neurons.recurrent_name!r} (recurrent)", neurons.recurrent, bits))
        self.lost.append(feed.describe(f"node {neurons.feed_name!r} (feed-forward)", neurons.feed, bits))
        steps = [feed.scale + worth] + ([] if back is None else [back.scale])
        guard = min(settings.guard_bits, _SHIFT - (max(steps) - min(steps)))
        while True:
            unit = min(steps) - guard
            theta = math.floor(math.ldexp(neurons.threshold, -unit)) + 1
            shifts = feed.scale + worth - unit, (0 if back is None else back.scale - unit)
            low, high = self._reach(number, feed, back, shifts, leak, theta)
            membrane_bits = max(4, signed_bits(low, high))
            if guard == 0 or membrane_bits <= settings.membrane_bits:
                break
            guard -= 1
        if signed_bits(0, theta) > settings.membrane_bits:
            raise NirError(
                f"node {name!r} (LIF): v_threshold {neurons.threshold:.6g} is {theta} units of 2^{unit}, expected at "
                f"most {(1 << (settings.membrane_bits - 1)) - 1}: a {settings.membrane_bits}-bit membrane never "
                f"reaches it"
            )
        if membrane_bits > settings.membrane_bits:
            membrane_bits = settings.membrane_bits
            reach = math.ldexp(1.0, membrane_bits - 1 + unit)
            self.lost.append(
                f"node {name!r}: membranes saturate at {-reach:g}..{reach:g} ({membrane_bits} bits); they could reach "
                f"{math.ldexp(low, unit):g}..{math.ldexp(high, unit):g}"
            )
        # A rounded-down leak keeps up to 1 - 2^-k of a unit more a step, which adds up to less than 2^k - 1 units.
        self.lost.append(
            f"node {name!r}: membranes are whole units of 2^{unit} ({membrane_bits} bits), the leak is rounded down: "
            f"at most {math.ldexp((1 << leak) - 1, unit):.3g} above the graph's membrane"
        )
        exact = math.ldexp(theta - 1, unit) == neurons.threshold
        self.lost.append(
            f"node {name!r}: v > {neurons.threshold:.6g} becomes u >= {theta}"
            + ("" if exact else f", that is v > {math.ldexp(theta - 1, unit):.6g}, the same for whole membranes")
        )
        fields = {
            "input_shifts": shifts[0],
            "recurrent_shifts": shifts[1],
            "leaks": leak,
            "thresholds": theta,
            "membrane_bits": membrane_bits,
        }
        return _Layer(feed, back, unit, fields)

    def _leak(self, neurons: Spiking) -> int:
        leak = min(range(1, _LEAK + 1), key=lambda k: abs(1 - 2.0**-k - neurons.beta))
        found = 1 - 2.0**-leak
        if abs(found - neurons.beta) > self.settings.leak_tolerance:
            raise NirError(
                f"node {neurons.name!r} (LIF): tau leaves beta = {neurons.beta:.6g} of a membrane; the nearest that a "
                f"shift of 1..{_LEAK} makes is {found:g} (k = {leak}), further away than leak_tolerance = "
                f"{self.settings.leak_tolerance:g}"
            )
        if abs(found - neurons.beta) < 1e-6:
            self.lost.append(f"node {neurons.name!r}: beta {found:g}, a shift of {leak}; nothing lost")
        else:
            self.lost.append(f"node {neurons.name!r}: beta {neurons.beta:.6g} becomes {found:g} (k = {leak})")
        return leak

    def _reach(
        self, number: int, feed: _Matrix, back: _Matrix | None, shifts: tuple[int, int], leak: int, theta: int
    ) -> tuple[int, int]:
        """Bound a layer's membranes for any input: its least is 2^k times its most negative current."""
        integers = feed.integers.astype(np.int64)
        positive, negative = np.maximum(integers, 0).sum(axis=0), np.minimum(integers, 0).sum(axis=0)
        if number == 0:
            code_low, code_high = -(1 << (self.settings.input_bits - 1)), (1 << (self.settings.input_bits - 1)) - 1
            positive, negative = (
                positive * code_high + negative * code_low,
                positive * code_low + negative * code_high,
            )
        most, least = positive << shifts[0], negative << shifts[0]
        if back is not None:
            integers = back.integers.astype(np.int64)
            most = most + (np.maximum(integers, 0).sum(axis=0) << shifts[1])
            least = least + (np.minimum(integers, 0).sum(axis=0) << shifts[1])
        return int(least.min()) << leak, theta + max(0, int(most.max()))
