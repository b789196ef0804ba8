"""A NIR file as a chain of recurrent LIF layers, or a refusal that names the node and the field.

NIR (Neuromorphic Intermediate Representation, Pedersen et al. 2024, Nature Communications 15:8122) is a graph of
continuous-time primitives. What the accelerator can run is a chain: Linear, LIF (with or without a Linear from its
output to its input), and so on, and a last Linear. Recurrence is written either as a sub-graph or as a cycle of the
outer graph; both are read.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from typing import Any

import h5py
import nir
import numpy as np

# The time step that snnTorch's exporter and importer assume; only its ratio to tau matters.
DEFAULT_DT = 1e-4
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
    """

    name: str
    feed_name: str
    recurrent_name: str
    feed: np.ndarray
    recurrent: np.ndarray | None
    beta: float
    threshold: float


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


# ---- files -------------------------------------------------------------------------------------------------


def read_graph(path: str | os.PathLike[str]) -> nir.NIRGraph:
    """Read a ``.nir`` file (HDF5).

    Parameters
    ----------
    path : path-like

    Raises
    ------
    NirError
        The file is missing, is no HDF5, or lacks a node or a node's field.
    """
    try:
        with h5py.File(path, "r") as file:
            if not isinstance(file.get("node"), h5py.Group):
                raise NirError("'node' is missing, the group that holds a NIR graph")
            _check_stored(file["node"], "graph")
            kind = file["node/type"][()].decode()
            if kind != "NIRGraph":
                raise NirError(f"holds a single {kind}, expected a NIRGraph")
        graph = nir.read(path, type_check=False)
    except FileNotFoundError:
        raise NirError(f"{path}: no such file") from None
    except NirError as error:
        raise NirError(f"{path}: {error}") from None
    # What h5py and nir raise for a file that is damaged or something else.
    except (OSError, KeyError, ValueError, TypeError, AttributeError, AssertionError, RuntimeError) as error:
        raise NirError(f"{path}: not a NIR graph: {error}") from error
    return graph


def _check_stored(group: h5py.Group, name: str) -> None:
    """Refuse a stored node without a type or a field; nir's own message would not say which node."""
    kind = group["type"][()].decode() if "type" in group else None
    node_class = getattr(nir, str(kind), None)
    if kind is None or not (isinstance(node_class, type) and issubclass(node_class, nir.NIRNode)):
        raise NirError(f"node {name!r}: type is {kind!r}, expected one of NIR's primitives")
    if kind in ("Input", "Output"):
        wanted = {"shape"}
    else:
        wanted = {
            field.name
            for field in dataclasses.fields(node_class)
            if field.init and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        } - {"input_type", "output_type"}
    missing = sorted(wanted - set(group))
    if missing:
        raise NirError(f"node {name!r} ({kind}): {', '.join(missing)} is missing")
    if kind == "NIRGraph":
        for inner, stored in group["nodes"].items():
            if not isinstance(stored, h5py.Group):
                raise NirError(f"node {inner!r}: expected a group of fields")
            _check_stored(stored, inner if name == "graph" else f"{name}.{inner}")


# ---- graph -------------------------------------------------------------------------------------------------


class _Flat:
    """The graph without sub-graphs: leaf nodes by dotted name, and who feeds whom."""

    def __init__(self, graph: nir.NIRGraph) -> None:
        self.nodes: dict[str, nir.NIRNode] = {}
        self.edges: list[tuple[str, str]] = []
        inner = self._add(graph, "")
        for name in inner:  # the ports of sub-graphs only pass on
            before, after = self.sources(name), self.targets(name)
            self.edges = [edge for edge in self.edges if name not in edge]
            self.edges += [(source, target) for source in before for target in after]
            del self.nodes[name]
        self.edges = list(dict.fromkeys(self.edges))

    def _add(self, graph: nir.NIRGraph, prefix: str) -> list[str]:
        ports: list[str] = []
        entry: dict[str, str] = {}
        leave: dict[str, str] = {}
        for key, node in graph.nodes.items():
            name = prefix + key
            entry[key] = leave[key] = name
            if isinstance(node, nir.NIRGraph):
                ports += self._add(node, name + ".")
                entry[key] = self._port(node, name, nir.Input)
                leave[key] = self._port(node, name, nir.Output)
                continue
            self.nodes[name] = node
            if prefix and isinstance(node, (nir.Input, nir.Output)):
                ports.append(name)
        for source, target in graph.edges:
            for end in (source, target):
                if end not in graph.nodes:
                    raise NirError(f"edge ({source!r}, {target!r}): node {prefix + end!r} is missing")
            self.edges.append((leave[source], entry[target]))
        return ports

    @staticmethod
    def _port(graph: nir.NIRGraph, name: str, kind: type) -> str:
        found = [key for key, node in graph.nodes.items() if isinstance(node, kind)]
        if len(found) != 1:
            raise NirError(f"node {name!r}: {len(found)} {kind.__name__} nodes, expected one")
        return f"{name}.{found[0]}"

    def sources(self, name: str) -> list[str]:
        return [source for source, target in self.edges if target == name]

    def targets(self, name: str) -> list[str]:
        return [target for source, target in self.edges if source == name]

    def only(self, kind: type) -> str:
        found = [name for name, node in self.nodes.items() if isinstance(node, kind)]
        if len(found) != 1:
            raise NirError(f"graph: {len(found)} {kind.__name__} nodes {found}, expected one")
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
    flat = _Flat(graph)
    at, last = flat.only(nir.Input), flat.only(nir.Output)
    shape = np.asarray(flat.nodes[at].input_type["input"]).ravel()
    if len(shape) != 1:
        raise NirError(f"node {at!r} (Input): shape {shape.tolist()}, expected one dimension")
    width = int(shape[0])
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
    try:
        values: np.ndarray = np.asarray(getattr(flat.nodes[name], field), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise NirError(f"node {name!r}: {field}: expected numbers: {error}") from None
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
        common[field] = float(fields[field].mean())
    for field in ("v_leak", "v_reset"):
        low, high = float(fields[field].min()), float(fields[field].max())
        if low or high:
            raise NirError(f"node {name!r} (LIF): {field} is {low:.6g}..{high:.6g}, expected 0")
    if common["tau"] < dt * (1 - _NOISE):
        raise NirError(f"node {name!r} (LIF): tau is {common['tau']:.6g} s, expected at least dt, {dt:.6g} s")
    if common["v_threshold"] < 0:
        raise NirError(f"node {name!r} (LIF): v_threshold is {common['v_threshold']:.6g}, expected 0 or more")
    gain = fields["r"] * dt / common["tau"]
    gain = np.where(np.abs(gain - 1) < _NOISE, 1.0, gain)
    return Spiking(
        name=name,
        feed_name=feed_name,
        recurrent_name=back_name,
        feed=feed * gain,
        recurrent=None if back is None else back * gain,
        beta=1 - dt / common["tau"],
        threshold=common["v_threshold"],
    )
