"""A recurrent LIF network trained elsewhere, read from NIR, as integers that golden and the hardware run.

Powers of two are chosen for every matrix, so that its rounding error is least; the membranes' unit lies `guard_bits`
below the finer matrix of a layer, where the leak's rounding does little. All of it is ours; what it costs is stated
line by line (`Imported.lost`).
"""

from __future__ import annotations

import dataclasses
import math
import os
from dataclasses import dataclass
from typing import Any

import nir
import numpy as np

from golden.checkpoint import Checkpoint
from golden.errors import GoldenError
from golden.specification import Specification, signed_bits
from training.nir_export import restore
from training.nir_graph import DEFAULT_DT, Chain, NirError, Spiking, chain_of, read_graph
from training.quantise import INPUT_SCALE

# The specification's limits on a_l and b_l, k_l and the membrane.
_SHIFT, _LEAK, _MEMBRANE = 16, 15, 32
# Scales whose error is within this share of the weights' RMS of the best one count as equal: the coarsest wins.
_INDIFFERENT = 1e-6
# Beyond these, a scale leaves what a checkpoint holds.
_LEAST, _GREATEST = 2.0**-24, 2.0**24


@dataclass(frozen=True, kw_only=True)
class ImportSettings:
    """How to round a graph.

    Parameters
    ----------
    weight_bits : {4, 8, 16}
    input_bits : int
        Of the codes that the network will be fed, 2..16.
    input_scale : int
        log2 of a code's worth: the graph's input is code x 2^`input_scale`. 0 for a network fed with spikes.
    guard_bits : int
        Bits of a membrane below its layer's finest weight, 0..16, as far as shifts and `membrane_bits` allow.
    membrane_bits : int
        Widest membrane, 4..32. One that is too narrow saturates, which is reported.
    leak_tolerance : float
        Largest difference between the graph's beta and the nearest 1 - 2^-k.
    dt : float or None
        Seconds of a time step; None takes the graph's metadata "dt", or 1e-4, snnTorch's.
    ignore_metadata : bool
        Read a graph that this project exported as if another had.

    Raises
    ------
    NirError
        Names the setting and its range.
    """

    weight_bits: int = 4
    input_bits: int = 8
    input_scale: int = INPUT_SCALE
    guard_bits: int = 4
    membrane_bits: int = _MEMBRANE
    leak_tolerance: float = 0.05
    dt: float | None = None
    ignore_metadata: bool = False

    def __post_init__(self) -> None:
        ranges = {"input_bits": (2, 16), "input_scale": (-32, 32), "guard_bits": (0, 16), "membrane_bits": (4, 32)}
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise NirError(f"settings: {name} is {value!r}, expected {low}..{high}")
        if self.weight_bits not in (4, 8, 16):
            raise NirError(f"settings: weight_bits is {self.weight_bits!r}, expected 4, 8 or 16")
        if not 0 <= self.leak_tolerance < 1:
            raise NirError(f"settings: leak_tolerance is {self.leak_tolerance!r}, expected 0..1")
        if self.dt is not None and not (math.isfinite(self.dt) and self.dt > 0):
            raise NirError(f"settings: dt is {self.dt!r}, expected a positive number of seconds")


@dataclass(frozen=True)
class Imported:
    """A network read from NIR.

    Parameters
    ----------
    checkpoint : Checkpoint
        Without a host, unless this project exported it with one.
    lost : tuple of str
        What differs from the graph, a sentence a line; empty for a graph that this project exported.
    output_bias : np.ndarray [shape=(outputs,), dtype=float32] or None
        The read-out's bias, for the host to add to logits x 2^scales["fc"] (`golden.checkpoint.Host.class_offset`).
        It stands in the checkpoint's provenance too.
    """

    checkpoint: Checkpoint
    lost: tuple[str, ...]
    output_bias: np.ndarray | None = None


def read_nir(path: str | os.PathLike[str], settings: ImportSettings | None = None) -> Imported:
    """Read a ``.nir`` file.

    Parameters
    ----------
    path : path-like
    settings : ImportSettings, optional

    Raises
    ------
    NirError
        Names the file, the node and the field, and what the accelerator takes.
    """
    graph = read_graph(path)
    try:
        return from_nir(graph, settings)
    except (NirError, GoldenError) as error:
        raise NirError(f"{path}: {error}") from error


def from_nir(graph: nir.NIRGraph, settings: ImportSettings | None = None) -> Imported:
    """Return the integers of a graph: Linear, LIF with or without recurrence, ..., Linear.

    Parameters
    ----------
    graph : nir.NIRGraph
    settings : ImportSettings, optional

    Returns
    -------
    Imported
        For a graph that `training.nir_export.to_nir` made, its very checkpoint.

    Raises
    ------
    NirError
        A node or field that the accelerator cannot run.
    SpecificationError, CheckpointError
        More layers, or wider ones, or other scales than a checkpoint may have.
    """
    settings = settings or ImportSettings()
    if not settings.ignore_metadata:
        own = restore(graph)
        if own is not None:
            return Imported(own, ())
    chain = chain_of(graph, dt=_time_step(graph, settings))
    return _Rounding(chain, settings).result()


def _time_step(graph: nir.NIRGraph, settings: ImportSettings) -> float:
    if settings.dt is not None:
        return settings.dt
    try:
        dt = float(graph.metadata.get("dt", DEFAULT_DT))
    except (TypeError, ValueError):
        dt = math.nan
    if not (math.isfinite(dt) and dt > 0):
        raise NirError(f"metadata 'dt': {graph.metadata['dt']!r}, expected a positive number of seconds")
    return dt


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
        rounded = []
        for scale in candidates:
            steps = np.rint(np.ldexp(weights, -scale))
            integers = np.clip(steps, low, high)
            error = float(np.sqrt(np.mean((np.ldexp(integers, scale) - weights) ** 2)))
            clipped = int(np.count_nonzero(integers != steps))
            rounded.append(cls(integers.astype(np.int8 if bits <= 8 else np.int16), scale, error, clipped))
        good = min(matrix.rms for matrix in rounded) + _INDIFFERENT * float(np.sqrt(np.mean(weights**2)))
        return max((matrix for matrix in rounded if matrix.rms <= good), key=lambda matrix: matrix.scale)

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


class _Rounding:
    """A chain on its way to integers, with the account of what that costs."""

    def __init__(self, chain: Chain, settings: ImportSettings) -> None:
        self.chain, self.settings = chain, settings
        self.lost = [
            "reset: NIR cannot say how a network was reset in its discrete steps; here a spike sets the membrane to 0 "
            "at once (snnTorch: reset_mechanism='zero', and reset_delay=False for RLeaky). Trained with another reset "
            "(snnTorch's default subtracts the threshold), the network spikes differently",
            f"inputs: rounded to {settings.input_bits}-bit codes, steps of 2^{settings.input_scale}, "
            f"{-(2.0 ** (settings.input_bits - 1 + settings.input_scale)):g}.."
            f"{(2 ** (settings.input_bits - 1) - 1) * 2.0**settings.input_scale:g}",
        ]

    def result(self) -> Imported:
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
        bias = None if chain.bias is None else chain.bias.astype(np.float32)
        if bias is not None:
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
            provenance={
                "imported_from": "NIR",
                "settings": dataclasses.asdict(settings),
                "lost": list(self.lost),
                "output_bias": None if bias is None else bias.tolist(),
            },
        )
        return Imported(checkpoint, tuple(self.lost), bias)

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
