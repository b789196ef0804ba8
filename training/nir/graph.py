"""A NIR graph as a chain of recurrent LIF layers, or a refusal that names the node and the field.

NIR (Neuromorphic Intermediate Representation, Pedersen et al. 2024, Nature Communications 15:8122) is a graph of
continuous-time primitives. What the accelerator can run is a chain: Linear, LIF (with or without a Linear from its
output to its input), and so on, and a last Linear. Recurrence is written either as a sub-graph or as a cycle of the
outer graph; both are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import nir
import numpy as np

# The time step that snnTorch's exporter and importer assume; only its ratio to tau matters.
DEFAULT_DT = 1e-4
# Seconds that a time step may last: beyond these somebody's unit is another, or nothing is left of a ratio.
LEAST_DT, MOST_DT = 1e-9, 1e6
# What a node may be called.
NAME_GRAMMAR = "a letter, digit or _, then letters, digits, _, . or -, at most 255 in all"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
# Of graphs in graphs, and of edges at one node: no chain comes near, and what joins edges stays linear.
_MOST_LEVELS, _MOST_EDGES_OF_A_NODE = 16, 16
# Time steps of a time constant: the weakest leak there is, a shift of 15, is 32,768 of them.
_MOST_TAU = 1e9
# Single-precision exporters leave this much noise on r dt / tau and on tau.
_NOISE = 1e-5


class NirError(ValueError):
    """A NIR file or graph that is damaged, or that the accelerator cannot run; names the file, node and field."""


@dataclass(frozen=True)
class Spiking:
    """One layer of LIF neurons.

    Parameters
    ----------
    name, feed_name, recurrent_name : str
        Nodes of the graph: the neurons, the matrix into them, the matrix back ("" without).
    feed : np.ndarray [shape=(fan_in, width), dtype=float64]
        Weights on the membrane, the neuron's gain r dt / tau included.
    recurrent : np.ndarray [shape=(width, width), dtype=float64] or None
        Row: from.
    beta : float
        1 - dt / tau, what a time step leaves of a membrane.
    threshold : float
        A membrane above it spikes.
    steps : float
        tau / dt.
    gain : tuple of float
        Least and greatest r dt / tau.
    """

    name: str
    feed_name: str
    recurrent_name: str
    feed: np.ndarray
    recurrent: np.ndarray | None
    beta: float
    threshold: float
    steps: float
    gain: tuple[float, float]


@dataclass(frozen=True)
class Chain:
    """The graph as the accelerator sees it.

    Parameters
    ----------
    layers : tuple of Spiking
    readout : np.ndarray [shape=(last width, outputs), dtype=float64] or None
        None where the graph ends in spikes.
    bias : np.ndarray [shape=(outputs,), dtype=float64] or None
        Of the read-out.
    readout_name : str
    """

    layers: tuple[Spiking, ...]
    readout: np.ndarray | None
    bias: np.ndarray | None
    readout_name: str


# ---- graph -------------------------------------------------------------------------------------------------


def check_name(name: Any, prefix: str = "") -> str:
    """Return a node's full name, if it keeps to `NAME_GRAMMAR`.

    Raises
    ------
    NirError
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise NirError(f"node {str(name)[:60]!r}{f' in {prefix[:-1]!r}' if prefix else ''}: expected {NAME_GRAMMAR}")
    return prefix + name


class _Flat:
    """The graph without sub-graphs: leaf nodes by dotted name, and who feeds whom."""

    def __init__(self, graph: nir.NIRGraph) -> None:
        self.nodes: dict[str, nir.NIRNode] = {}
        # Sets that keep their order; a node that no edge names has none.
        self._targets: dict[str, dict[str, None]] = {}
        self._sources: dict[str, dict[str, None]] = {}
        for name in self._add(graph, "", 0):  # the ports of sub-graphs only pass on
            before = [source for source in self._sources.pop(name, {}) if source != name]
            after = [target for target in self._targets.pop(name, {}) if target != name]
            for source in before:
                del self._targets[source][name]
            for target in after:
                del self._sources[target][name]
            for source in before:
                for target in after:
                    self._join(source, target)
            del self.nodes[name]

    def _join(self, source: str, target: str) -> None:
        for name, other, ends in ((source, target, self._targets), (target, source, self._sources)):
            others = ends.setdefault(name, {})
            others[other] = None
            if len(others) > _MOST_EDGES_OF_A_NODE:
                way = "leads to" if ends is self._targets else "fed by"
                raise NirError(f"node {name!r}: {way} more than {_MOST_EDGES_OF_A_NODE} nodes, expected one or two")

    def _add(self, graph: nir.NIRGraph, prefix: str, level: int) -> list[str]:
        if level > _MOST_LEVELS:
            raise NirError(f"node {prefix[:80]!r}: a graph nested deeper than {_MOST_LEVELS} levels")
        ports: list[str] = []
        entry: dict[str, str] = {}
        leave: dict[str, str] = {}
        for key, node in graph.nodes.items():
            name = check_name(key, prefix)
            entry[key] = leave[key] = name
            if isinstance(node, nir.NIRGraph):
                ports += self._add(node, name + ".", level + 1)
                entry[key] = self._port(node, name, nir.Input)
                leave[key] = self._port(node, name, nir.Output)
                continue
            if name in self.nodes:
                raise NirError(f"node {name!r}: two of this name, one of them in a sub-graph")
            self.nodes[name] = node
            if prefix and isinstance(node, (nir.Input, nir.Output)):
                ports.append(name)
        for source, target in graph.edges:
            for end in (source, target):
                if end not in graph.nodes:
                    raise NirError(
                        f"edge ({source[:60]!r}, {target[:60]!r}): node {(prefix + end)[:60]!r} is missing"
                    )
            self._join(leave[source], entry[target])
        return ports

    @staticmethod
    def _port(graph: nir.NIRGraph, name: str, kind: type) -> str:
        found = [key for key, node in graph.nodes.items() if isinstance(node, kind)]
        if len(found) != 1:
            raise NirError(f"node {name!r}: {len(found)} {kind.__name__} nodes, expected one")
        return f"{name}.{found[0]}"

    def sources(self, name: str) -> list[str]:
        return list(self._sources.get(name, ()))

    def targets(self, name: str) -> list[str]:
        return list(self._targets.get(name, ()))

    def only(self, kind: type) -> str:
        found = [name for name, node in self.nodes.items() if isinstance(node, kind)]
        if len(found) != 1:
            raise NirError(f"graph: {len(found)} {kind.__name__} nodes {found[:4]}, expected one")
        return found[0]


def chain_of(graph: nir.NIRGraph, *, dt: float = DEFAULT_DT) -> Chain:
    """Return the layers of a graph in order.

    Parameters
    ----------
    graph : nir.NIRGraph
    dt : float
        Seconds of a time step, by which the differential equations become ``v = beta v + (1 - beta) r I``.

    Raises
    ------
    NirError
        Names the node, the field and what the accelerator takes.
    """
    if not LEAST_DT <= dt <= MOST_DT:
        raise NirError(f"dt is {dt!r}, expected {LEAST_DT:g}..{MOST_DT:g} s")
    flat = _Flat(graph)
    at, last = flat.only(nir.Input), flat.only(nir.Output)
    width = _width(flat, at)
    layers: list[Spiking] = []
    seen = {at}
    while True:
        feed_name = _single(flat, at, flat.targets(at))
        weights, bias = _matrix(flat, feed_name, width)
        seen.add(feed_name)
        after = _single(flat, feed_name, flat.targets(feed_name))
        if after == last:
            if not layers:
                raise NirError(f"node {feed_name!r}: leads to the output, expected a layer of LIF neurons first")
            return _whole(flat, seen | {last}, Chain(tuple(layers), weights, bias, feed_name))
        _refuse_bias(flat, feed_name, bias)
        back_name = _back(flat, after, feed_name)
        back = None
        if back_name:
            back, back_bias = _matrix(flat, back_name, weights.shape[1])
            _refuse_bias(flat, back_name, back_bias)
            seen.add(back_name)
        layers.append(_neurons(flat, after, feed_name, back_name, weights, back, dt))
        seen.add(after)
        at, width = after, weights.shape[1]
        if [target for target in flat.targets(at) if target != back_name] == [last]:
            return _whole(flat, seen | {last}, Chain(tuple(layers), None, None, ""))


def _width(flat: _Flat, name: str) -> int:
    """Return how many values the input has."""
    given = flat.nodes[name].input_type
    shape = np.asarray(given.get("input") if isinstance(given, dict) else None).ravel()
    if len(shape) != 1 or shape.dtype.kind not in "iu" or shape[0] < 1:
        raise NirError(f"node {name!r} (Input): shape {shape[:8].tolist()}, expected one dimension, of 1 or more")
    return int(shape[0])


def _whole(flat: _Flat, seen: set[str], chain: Chain) -> Chain:
    astray = sorted(set(flat.nodes) - seen)
    if astray:
        raise NirError(f"node {astray[0]!r} ({_kind(flat, astray[0])}): not on the way from the input to the output")
    return chain


def _kind(flat: _Flat, name: str) -> str:
    return type(flat.nodes[name]).__name__


def _single(flat: _Flat, name: str, found: list[str]) -> str:
    """Return where a node leads, recurrence aside."""
    onward = [target for target in found if not (name in flat.targets(target) and name in flat.sources(target))]
    onward = [target for target in onward if not isinstance(flat.nodes[target], nir.Delay)]
    if len(onward) != 1:
        delays = [target for target in found if isinstance(flat.nodes[target], nir.Delay)]
        if delays:
            _refuse_delay(delays[0])
        raise NirError(f"node {name!r} ({_kind(flat, name)}): leads to {onward}, expected one node")
    return onward[0]


def _refuse_delay(name: str) -> None:
    raise NirError(f"node {name!r} (Delay): delay: the accelerator delays nothing but recurrent spikes, by one frame")


def _back(flat: _Flat, name: str, feed_name: str) -> str:
    """Return the recurrent matrix of a layer, or ""."""
    if not isinstance(flat.nodes[name], nir.LIF):
        raise NirError(f"node {name!r}: type is {_kind(flat, name)}, expected LIF after {feed_name!r}")
    others = [source for source in flat.sources(name) if source != feed_name]
    if not others:
        return ""
    for other in others:
        if isinstance(flat.nodes[other], nir.Delay) or any(
            isinstance(flat.nodes[source], nir.Delay) for source in flat.sources(other)
        ):
            _refuse_delay(next(key for key, node in flat.nodes.items() if isinstance(node, nir.Delay)))
    if len(others) > 1 or flat.sources(others[0]) != [name] or flat.targets(others[0]) != [name]:
        raise NirError(
            f"node {name!r} (LIF): fed by {[feed_name, *others]}, expected one matrix from the layer below and at most "
            f"one from its own spikes"
        )
    return others[0]


def _matrix(flat: _Flat, name: str, fan_in: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Return weights [fan_in, width] and bias."""
    node = flat.nodes[name]
    if not isinstance(node, (nir.Linear, nir.Affine)):
        raise NirError(f"node {name!r}: type is {_kind(flat, name)}, expected Linear or Affine")
    if len(flat.sources(name)) != 1:
        raise NirError(f"node {name!r} ({_kind(flat, name)}): fed by {flat.sources(name)}, expected one node")
    weights = _numbers(flat, name, "weight")
    if weights.ndim != 2 or weights.shape[1] != fan_in or not weights.size:
        raise NirError(f"node {name!r} ({_kind(flat, name)}): weight has shape {weights.shape}, expected (n, {fan_in})")
    bias = None
    if isinstance(node, nir.Affine):
        bias = _numbers(flat, name, "bias").ravel()
        if bias.size not in (1, weights.shape[0]):
            raise NirError(f"node {name!r} (Affine): bias has {bias.size} values, expected {weights.shape[0]}")
        bias = np.broadcast_to(bias, weights.shape[0]).copy() if bias.any() else None
    return weights.T.copy(), bias


def _refuse_bias(flat: _Flat, name: str, bias: np.ndarray | None) -> None:
    if bias is not None:
        raise NirError(
            f"node {name!r} (Affine): bias up to {np.abs(bias).max():.3g}, expected 0: the accelerator's spiking "
            f"layers have no biases (train with bias=False)"
        )


def _numbers(flat: _Flat, name: str, field: str) -> np.ndarray:
    given = np.asarray(getattr(flat.nodes[name], field))
    if given.dtype.kind not in "iuf":
        raise NirError(f"node {name!r}: {field}: expected numbers, got {given.dtype}")
    values: np.ndarray = given.astype(np.float64)
    if not np.isfinite(values).all():
        raise NirError(f"node {name!r}: {field}: expected finite numbers")
    return values


def _neurons(
    flat: _Flat, name: str, feed_name: str, back_name: str, feed: np.ndarray, back: np.ndarray | None, dt: float
) -> Spiking:
    width = feed.shape[1]
    fields: dict[str, np.ndarray] = {}
    for field in ("tau", "r", "v_leak", "v_threshold", "v_reset"):
        values = _numbers(flat, name, field).ravel()
        if values.size not in (1, width):
            raise NirError(f"node {name!r} (LIF): {field} has {values.size} values, expected {width}")
        fields[field] = values
    common: dict[str, Any] = {}
    for field in ("tau", "v_threshold"):
        low, high = float(fields[field].min()), float(fields[field].max())
        if high - low > _NOISE * max(abs(low), abs(high)):
            raise NirError(
                f"node {name!r} (LIF): {field} is {low:.6g}..{high:.6g}, expected one value for the whole layer"
            )
        common[field] = low + (high - low) / 2
    for field in ("v_leak", "v_reset"):
        low, high = float(fields[field].min()), float(fields[field].max())
        if low or high:
            raise NirError(f"node {name!r} (LIF): {field} is {low:.6g}..{high:.6g}, expected 0")
    if common["tau"] < dt * (1 - _NOISE):
        raise NirError(f"node {name!r} (LIF): tau is {common['tau']:.6g} s, expected at least dt, {dt:.6g} s")
    if common["tau"] > _MOST_TAU * dt:
        raise NirError(f"node {name!r} (LIF): tau is {common['tau']:.6g} s, expected at most {_MOST_TAU:g} dt")
    if common["v_threshold"] < 0:
        raise NirError(f"node {name!r} (LIF): v_threshold is {common['v_threshold']:.6g}, expected 0 or more")
    with np.errstate(all="ignore"):
        gain = fields["r"] * (dt / common["tau"])
        gain = np.where(np.abs(gain - 1) < _NOISE, 1.0, gain)
        weights, returned = feed * gain, None if back is None else back * gain
    for matrix in (gain, weights, returned):
        if matrix is not None and not np.isfinite(matrix).all():
            raise NirError(f"node {name!r} (LIF): r dt / tau reaches {np.abs(gain).max():.3g}: not to be computed with")
    return Spiking(
        name=name,
        feed_name=feed_name,
        recurrent_name=back_name,
        feed=weights,
        recurrent=returned,
        beta=1 - dt / common["tau"],
        threshold=common["v_threshold"],
        steps=common["tau"] / dt,
        gain=(float(gain.min()), float(gain.max())),
    )
