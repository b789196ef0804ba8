"""A checkpoint as a NIR graph: real units, and as metadata all that the graph cannot say.

Recurrence is a sub-graph as snnTorch writes it: input -> lif -> output, and lif -> w_rec -> lif. Neuron constants are
such that the discretisation of snnTorch and of the NIR paper, ``v += dt / tau (v_leak - v + r I)``, gives
``v = (1 - 2^-k) v + I``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
from typing import Any

import nir
import numpy as np

from files.errors import FileError
from files.reading import parse_json
from files.writing import whole_file
from golden.checkpoint import Checkpoint
from golden.errors import GoldenError
from golden.specification import Specification
from golden.tasks import HostSection, arrays_of, restored, scalars_of
from training.nir.graph import DEFAULT_DT, LEAST_DT, MOST_DT, NirError
from training.stages.quantise import Scales

# Metadata of the graph: JSON text under this key, and the host's arrays under keys that begin with it.
KEY = "rsnn_checkpoint"
_FORMAT_VERSION = 1
# SHA-256 of what is in the graph and under `KEY`.
DIGEST = f"{KEY}_sha256"


def to_nir(checkpoint: Checkpoint, *, dt: float = DEFAULT_DT) -> nir.NIRGraph:
    """Return the graph of a checkpoint.

    Parameters
    ----------
    checkpoint : Checkpoint
        Its scales give the units; without scales, those of ``training.stages.quantise.Scales``.
    dt : float
        Seconds of a time step in the graph. A frame's 10 ms are T of them; the default is snnTorch's constant.

    Returns
    -------
    nir.NIRGraph
        Weights as float32 [out, in], neuron constants as float64; the whole checkpoint is in its metadata.

    Raises
    ------
    NirError
        The checkpoint's scales contradict its specification's shifts; a `dt` that is no time step.
    """
    if not LEAST_DT <= dt <= MOST_DT:
        raise NirError(f"dt is {dt!r}, expected {LEAST_DT:g}..{MOST_DT:g} s")
    spec, scales = checkpoint.specification, _scales(checkpoint)
    nodes: dict[str, nir.NIRNode] = {"input": nir.Input(input_type=np.array([spec.inputs]))}
    edges, at = [], "input"

    def linear(integers: np.ndarray, scale: int) -> nir.Linear:
        return nir.Linear(weight=np.ldexp(integers.T.astype(np.float32), scale))

    for layer, width in enumerate(spec.layers):
        feed, neurons = f"layer{layer}_feed_forward", f"layer{layer}_neurons"
        nodes[feed] = linear(checkpoint.feed_forward[layer], scales[f"feed_forward{layer}"])
        lif = _lif(spec, layer, scales[f"unit{layer}"], dt)
        back = checkpoint.recurrent[layer]
        if back is None:
            nodes[neurons] = lif
        else:
            nodes[neurons] = _recurrent(lif, linear(back, scales[f"recurrent{layer}"]), width, spec.time_steps, dt)
        edges += [(at, feed), (feed, neurons)]
        at = neurons
    nodes["readout"] = linear(checkpoint.fc, scales["fc"])
    nodes["output"] = nir.Output(output_type=np.array([spec.outputs]))
    edges += [(at, "readout"), ("readout", "output")]
    return nir.NIRGraph(nodes=nodes, edges=edges, metadata=_metadata(checkpoint, dt))


def write_nir(path: str | os.PathLike[str], checkpoint: Checkpoint, *, dt: float = DEFAULT_DT) -> tuple[str, ...]:
    """Write a checkpoint as a ``.nir`` file, whole or not at all.

    Parameters
    ----------
    path : path-like
    checkpoint : Checkpoint
    dt : float

    Returns
    -------
    tuple of str
        What a simulator that reads the graph and not its metadata loses (`beyond_nir`).

    Raises
    ------
    NirError
        As `to_nir`.
    WriteError
        At once, if the file cannot be written.
    """
    with whole_file(path) as file:
        file.write(nir_bytes(checkpoint, dt=dt))
    return beyond_nir(checkpoint)


def nir_bytes(checkpoint: Checkpoint, *, dt: float = DEFAULT_DT) -> bytes:
    """Return the content of a ``.nir`` file; see `to_nir`.

    HDF5 writes to memory: it would lock the file that it opens, which its writer holds already.
    """
    content = io.BytesIO()
    nir.write(content, to_nir(checkpoint, dt=dt))
    return content.getvalue()


def beyond_nir(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Return what the graph of `checkpoint` cannot say, a sentence a line; all of it is in the metadata."""
    spec, scales = checkpoint.specification, _scales(checkpoint)
    lines = [
        "leak: the accelerator rounds u >> k down, membranes are whole units; the graph leaks real numbers by "
        + ", ".join(f"{1 - 2.0**-k:g}" for k in spec.leaks),
        "threshold: the accelerator spikes at u >= theta, NIR above v_threshold; it is written as theta - 1/2 units, "
        "which is the same for whole membranes",
    ]
    for layer, bits in enumerate(spec.membrane_bits):
        reach = 2.0 ** (bits - 1 + scales[f"unit{layer}"])
        lines.append(f"saturation: layer {layer}'s membrane is clipped to -{reach:g}..{reach:g} ({bits} bits)")
    lines.append(
        f"inputs: {spec.input_bits}-bit codes in steps of 2^{scales['input']}; feed code x 2^{scales['input']}"
    )
    if spec.time_steps == 2:
        lines += [
            "time steps: T = 2, so every frame is fed for two time steps, and the read-out's two outputs are added",
            "recurrence: the drive is the previous frame's spikes of the same time-step index, two steps back; the "
            "graph holds one step as nir.Delay and leaves the other to the simulator's loop (snnTorch reads no Delay)",
        ]
    if checkpoint.host is not None:
        lines.append("host: class offset, priors, bigram, phones and the front-end's settings are metadata alone")
    lines.append("hardware: lanes, PE sets, clock and switches are metadata alone")
    return tuple(lines)


def restore(graph: nir.NIRGraph) -> Checkpoint | None:
    """Return the checkpoint that `to_nir` wrote into a graph's metadata, or None where there is none.

    The weights are taken from the graph, and the graph must still be what `to_nir` makes of the checkpoint.

    Parameters
    ----------
    graph : nir.NIRGraph

    Raises
    ------
    NirError
        Metadata that are damaged, or that contradict the graph: names the node and the field.
    """
    if KEY not in graph.metadata:
        return None
    where = f"metadata {KEY!r}"
    try:
        header = _header(graph.metadata[KEY], where)
        spec = Specification.from_json(header["specification"])
        checkpoint = Checkpoint(
            specification=spec,
            feed_forward=tuple(
                _integers(graph, header, f"layer{layer}_feed_forward", f"feed_forward{layer}")
                for layer in range(len(spec.layers))
            ),
            recurrent=tuple(
                _integers(graph, header, f"layer{layer}_neurons.w_rec", f"recurrent{layer}") if has else None
                for layer, has in enumerate(spec.recurrent)
            ),
            fc=_integers(graph, header, "readout", "fc"),
            scales=header["scales"],
            fc_zeros=header["fc_zeros"],
            host=_restore_host(graph.metadata, header["host"]),
            provenance=header["provenance"],
        )
        dt = time_step(graph.metadata)
        if dt is None:
            raise NirError("metadata 'dt': is missing")
    except NirError:
        raise
    except FileError as error:
        raise NirError(f"{error}; ignore the metadata to take the graph alone") from error
    except (GoldenError, ValueError, TypeError, KeyError, AttributeError, ArithmeticError) as error:
        raise NirError(f"{where}: {str(error)[:300]}; ignore the metadata to take the graph alone") from error
    difference = _difference(to_nir(checkpoint, dt=dt), graph, "")
    if difference:
        raise NirError(
            f"{difference} contradicts the metadata {KEY!r}: the graph was changed since it was exported; ignore the "
            f"metadata to take the graph alone"
        )
    if graph.metadata.get(DIGEST) != _digest(checkpoint, str(graph.metadata[KEY]), dt):
        raise NirError(
            f"metadata {DIGEST!r}: is not that of the graph and its metadata: they were changed since they were "
            "exported; ignore the metadata to take the graph alone"
        )
    return checkpoint


# ---- parts -------------------------------------------------------------------------------------------------


def _scales(checkpoint: Checkpoint) -> dict[str, int]:
    spec = checkpoint.specification
    scales = Scales.of(spec).named() if not checkpoint.scales else checkpoint.scales
    wanted = {"input", "fc"}
    for layer, has in enumerate(spec.recurrent):
        wanted |= {f"feed_forward{layer}", f"unit{layer}"} | ({f"recurrent{layer}"} if has else set())
    if wanted - set(scales):
        raise NirError(f"checkpoint: scales: {sorted(wanted - set(scales))} missing, which give the graph its units")
    for layer in range(len(spec.layers)):
        into = scales[f"feed_forward{layer}"] + (scales["input"] if layer == 0 else 0) - scales[f"unit{layer}"]
        if into != spec.input_shifts[layer]:
            raise NirError(
                f"checkpoint: scales['feed_forward{layer}'] asks for a shift of {into}, input_shifts[{layer}] is "
                f"{spec.input_shifts[layer]}"
            )
        if spec.recurrent[layer]:
            into = scales[f"recurrent{layer}"] - scales[f"unit{layer}"]
            if into != spec.recurrent_shifts[layer]:
                raise NirError(
                    f"checkpoint: scales['recurrent{layer}'] asks for a shift of {into}, recurrent_shifts[{layer}] is "
                    f"{spec.recurrent_shifts[layer]}"
                )
    return scales


def _lif(spec: Specification, layer: int, unit: int, dt: float) -> nir.LIF:
    ones, k = np.ones(spec.layers[layer]), spec.leaks[layer]
    return nir.LIF(
        tau=ones * (dt * 2.0**k),
        r=ones * 2.0**k,
        v_leak=ones * 0.0,
        # Halfway between the last whole membrane that does not spike and the first that does.
        v_threshold=ones * (spec.thresholds[layer] - 0.5) * 2.0**unit,
        v_reset=ones * 0.0,
    )


def _recurrent(lif: nir.LIF, matrix: nir.Linear, width: int, steps: int, dt: float) -> nir.NIRGraph:
    # In the order in which simulators that walk the nodes by name can resolve them.
    nodes = {"input": nir.Input(input_type=np.array([width])), "lif": lif}
    nodes |= {"output": nir.Output(output_type=np.array([width])), "w_rec": matrix}
    edges = [("input", "lif"), ("lif", "output"), ("w_rec", "lif")]
    if steps == 1:
        edges.append(("lif", "w_rec"))
    else:
        nodes["delay"] = nir.Delay(delay=np.full(width, (steps - 1) * dt))
        edges += [("lif", "delay"), ("delay", "w_rec")]
    return nir.NIRGraph(nodes=nodes, edges=edges)


def _metadata(checkpoint: Checkpoint, dt: float) -> dict[str, Any]:
    header: dict[str, Any] = {
        "format_version": _FORMAT_VERSION,
        "specification": checkpoint.specification.to_json(),
        "scales": checkpoint.scales,
        "fc_zeros": checkpoint.fc_zeros,
        "provenance": checkpoint.provenance,
        "dtypes": {name: matrix.dtype.name for name, matrix in _matrices(checkpoint).items()},
        "host": None,
    }
    metadata: dict[str, Any] = {"dt": dt, "time_steps": checkpoint.specification.time_steps}
    if checkpoint.host is not None:
        header["host"] = scalars_of(checkpoint.host)
        metadata |= {f"{KEY}_host_{name}": value for name, value in arrays_of(checkpoint.host).items()}
    metadata[KEY] = json.dumps(header, sort_keys=True)
    metadata[DIGEST] = _digest(checkpoint, metadata[KEY], dt)
    metadata["beyond_nir"] = "\n".join(beyond_nir(checkpoint))
    return metadata


def _digest(checkpoint: Checkpoint, header: str, dt: float) -> str:
    """Return the SHA-256 of all that the importer takes: a flipped bit in a weight may be another weight."""
    digest = hashlib.sha256(f"{header}\0{float(dt)!r}".encode())
    arrays = _matrices(checkpoint)
    if checkpoint.host is not None:
        arrays |= {f"host_{name}": value for name, value in arrays_of(checkpoint.host).items()}
    for name, array in sorted(arrays.items()):
        digest.update(f"\0{name} {array.dtype.str} {array.shape}\0".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _matrices(checkpoint: Checkpoint) -> dict[str, np.ndarray]:
    named = {f"feed_forward{layer}": matrix for layer, matrix in enumerate(checkpoint.feed_forward)}
    named |= {f"recurrent{layer}": matrix for layer, matrix in enumerate(checkpoint.recurrent) if matrix is not None}
    return named | {"fc": checkpoint.fc}


def _header(text: Any, where: str) -> dict[str, Any]:
    """Return the checkpoint's plain part, each field of its type."""
    if not isinstance(text, str):
        raise NirError(f"{where}: expected text")
    header = parse_json(text, where)
    fields: dict[str, Any] = {
        "format_version": int, "specification": dict, "scales": dict, "fc_zeros": int, "provenance": dict,
        "dtypes": dict, "host": (dict, type(None)),
    }  # fmt: skip
    if not isinstance(header, dict) or set(header) != set(fields):
        raise NirError(f"{where}: expected the fields {', '.join(fields)}")
    for name, wanted in fields.items():
        # True is an int to Python, but no version.
        if not isinstance(header[name], wanted) or isinstance(header[name], bool):
            raise NirError(f"{where}: {name} is {str(header[name])[:40]!r}, expected another type")
    if header["format_version"] != _FORMAT_VERSION:
        raise NirError(f"{where}: format_version is {header['format_version']!r}, expected {_FORMAT_VERSION}")
    for name, value in header["scales"].items():
        if type(value) is not int or not -64 <= value <= 64:
            raise NirError(f"{where}: scales[{name[:40]!r}] is {str(value)[:40]}, expected -64..64")
    return header


def time_step(metadata: dict[str, Any]) -> float | None:
    """Return the metadata's ``dt`` in seconds, or None where there is none.

    Raises
    ------
    NirError
        It is no number, or none that a time step can be.
    """
    if "dt" not in metadata:
        return None
    given = np.asarray(metadata["dt"])
    dt = float(given.ravel()[0]) if given.dtype.kind in "iuf" and given.size == 1 else -1.0
    if not LEAST_DT <= dt <= MOST_DT:
        raise NirError(f"metadata 'dt': {str(metadata['dt'])[:40]!r}, expected {LEAST_DT:g}..{MOST_DT:g} s")
    return dt


def _integers(graph: nir.NIRGraph, header: dict[str, Any], node: str, name: str) -> np.ndarray:
    found: Any = graph
    for key in node.split("."):
        if not isinstance(found, nir.NIRGraph) or key not in found.nodes:
            raise NirError(f"node {node!r} is missing, which the metadata {KEY!r} describe")
        found = found.nodes[key]
    scales = header["scales"] or Scales.of(Specification.from_json(header["specification"])).named()
    if name not in scales or header["dtypes"].get(name) not in ("int8", "int16"):
        raise NirError(f"metadata {KEY!r}: scales and dtypes: {name!r} is missing, or its dtype neither int8 nor int16")
    dtype = np.dtype(header["dtypes"][name])
    if not isinstance(found, nir.Linear):
        raise NirError(f"node {node!r}: type is {type(found).__name__}, but the metadata {KEY!r} describe a Linear")
    with np.errstate(all="ignore"):  # what is beyond a float is no integer of ours either
        weights = np.ldexp(np.asarray(found.weight, dtype=np.float64).T, -scales[name])
    info = np.iinfo(dtype)
    if not np.all((weights == np.rint(weights)) & (weights >= info.min) & (weights <= info.max)):
        raise NirError(
            f"node {node!r}: weight: not whole multiples of 2^{scales[name]}, which the metadata {KEY!r} say; ignore "
            f"the metadata to take the graph alone"
        )
    return np.ascontiguousarray(weights.astype(dtype))


def _restore_host(metadata: dict[str, Any], scalars: dict[str, Any] | None) -> HostSection | None:
    if scalars is None:
        return None
    prefix = f"{KEY}_host_"
    arrays = {key.removeprefix(prefix): value for key, value in metadata.items() if key.startswith(prefix)}
    return restored(scalars, arrays)


def _difference(expected: nir.NIRGraph, found: nir.NIRGraph, prefix: str) -> str:
    """Return the first node and field in which two graphs differ, or ""."""
    if set(expected.nodes) != set(found.nodes):
        return f"node {prefix + sorted(set(expected.nodes) ^ set(found.nodes))[0]!r}"
    if {tuple(edge) for edge in expected.edges} != {tuple(edge) for edge in found.edges}:
        return "edges" if not prefix else f"node {prefix[:-1]!r}: edges"
    for name, wanted in expected.nodes.items():
        node = found.nodes[name]
        if type(node) is not type(wanted):
            return f"node {prefix + name!r}: type"
        if isinstance(wanted, nir.NIRGraph):
            inner = _difference(wanted, node, f"{prefix}{name}.")
            if inner:
                return inner
            continue
        for field in dataclasses.fields(wanted):
            if field.name != "metadata" and not _equal(getattr(wanted, field.name), getattr(node, field.name)):
                return f"node {prefix + name!r}: {field.name}"
    return ""


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_equal(left[key], right[key]) for key in left)
    return np.array_equal(np.asarray(left), np.asarray(right))
