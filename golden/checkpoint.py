"""The checkpoint: the hardware's integers, their specification, and what the host needs to make phones of logits.

One ``.npz`` without pickles. Every number in it is checked on the way in and on the way out, and each refusal names the
field.
"""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from golden.errors import CheckpointError, SpecificationError
from golden.specification import Specification

FORMAT_VERSION = 1
# What numpy, zipfile and zlib raise for files that are damaged or something else.
_UNREADABLE = (OSError, ValueError, EOFError, AttributeError, TypeError, RuntimeError, zipfile.BadZipFile, zlib.error)
DEFAULT_CHECKPOINT = Path(__file__).with_name("checkpoints") / "default.npz"


@dataclass(frozen=True, kw_only=True)
class Host:
    """What stays off the chip: the front-end's settings and the phone decoder's tables.

    Parameters
    ----------
    front_end : dict
        Settings of the front-end as JSON types (``features.frontend.FrontEndSettings``).
    phones : tuple of str
        Phone names, silence included.
    states_per_phone : int
        HMM states a phone; state = `states_per_phone` x phone + third.
    senone_state : np.ndarray [shape=(outputs,), dtype=int16]
        State that each output (tied state) belongs to.
    class_offset : np.ndarray [shape=(outputs,), dtype=float32]
        Added to the scaled logit of each output.
    log_prior : np.ndarray [shape=(states,), dtype=float32]
        Natural logarithm of each state's share of the frames.
    bigram_log, initial_log : np.ndarray [shape=(phones, phones) and (phones,), dtype=float32]
        Natural-log phone bigram (row: from) and first-phone probabilities.
    label_delay_frames : int
        Frames by which an output lags its input.
    acoustic_scale, bigram_scale, insertion_log : float
        Weights of the decoder's score.
    """

    front_end: dict[str, Any]
    phones: tuple[str, ...]
    states_per_phone: int
    senone_state: np.ndarray
    class_offset: np.ndarray
    log_prior: np.ndarray
    bigram_log: np.ndarray
    initial_log: np.ndarray
    label_delay_frames: int
    acoustic_scale: float
    bigram_scale: float
    insertion_log: float


_HOST_ARRAYS = ("senone_state", "class_offset", "log_prior", "bigram_log", "initial_log")
_HOST_SCALARS = (
    "front_end",
    "phones",
    "states_per_phone",
    "label_delay_frames",
    "acoustic_scale",
    "bigram_scale",
    "insertion_log",
)


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A network that golden and the RTL run, validated at construction.

    Parameters
    ----------
    specification : Specification
    feed_forward : tuple of np.ndarray [shape=(fan_in, width), dtype=int8 or int16]
        W_l; row i holds the weights of input i.
    recurrent : tuple of np.ndarray [shape=(width, width)] or None
        V_l; None for a layer without one.
    fc : np.ndarray [shape=(last width, outputs)]
        W_fc.
    scales : dict of str to int
        log2 of the unit of each quantity ("input", "feed_forward0", "recurrent0", ..., "fc"); documentation for the
        hardware, which sees integers only, and what turns a logit into a number for the host.
    fc_zeros : int
        Claimed zero weights of the FC; must be true.
    host : Host or None
        None for a network without a phone decoder.
    provenance : dict
        JSON types: data, seed, command, figures.

    Raises
    ------
    CheckpointError
        Names the field and what was expected of it.
    """

    specification: Specification
    feed_forward: tuple[np.ndarray, ...]
    recurrent: tuple[np.ndarray | None, ...]
    fc: np.ndarray
    scales: dict[str, int] = field(default_factory=dict)
    fc_zeros: int = 0
    host: Host | None = None
    provenance: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        spec = self.specification
        layers = len(spec.layers)
        for name, given in (("feed_forward", self.feed_forward), ("recurrent", self.recurrent)):
            if len(given) != layers:
                raise CheckpointError(f"checkpoint: {name} has {len(given)} matrices, expected {layers}")
        for layer, width in enumerate(spec.layers):
            _check_weights(spec, f"feed_forward[{layer}]", self.feed_forward[layer], (spec.fan_in(layer), width))
            matrix = self.recurrent[layer]
            if spec.recurrent[layer] != (matrix is not None):
                wanted = "a matrix" if spec.recurrent[layer] else "none, as the specification says"
                raise CheckpointError(f"checkpoint: recurrent[{layer}]: expected {wanted}")
            if matrix is not None:
                _check_weights(spec, f"recurrent[{layer}]", matrix, (width, width))
        _check_weights(spec, "fc", self.fc, (spec.layers[-1], spec.outputs))
        zeros = int(np.count_nonzero(self.fc == 0))
        if self.fc_zeros > zeros:
            raise CheckpointError(
                f"checkpoint: fc_zeros claims {self.fc_zeros} pruned weights, but fc has {zeros} zeros"
            )
        if self.fc_zeros < 0:
            raise CheckpointError(f"checkpoint: fc_zeros is {self.fc_zeros}, expected 0..{self.fc.size}")
        for key, value in self.scales.items():
            if type(value) is not int or not -64 <= value <= 64:
                raise CheckpointError(f"checkpoint: scales[{key!r}] is {value!r}, expected an integer in -64..64")
        if self.host is not None:
            if "fc" not in self.scales:
                raise CheckpointError("checkpoint: scales: 'fc' is missing, which turns the host's logits into numbers")
            _check_host(spec, self.host)


def _check_weights(spec: Specification, name: str, matrix: object, shape: tuple[int, int]) -> None:
    if not isinstance(matrix, np.ndarray) or matrix.dtype not in (np.int8, np.int16):
        dtype = matrix.dtype if isinstance(matrix, np.ndarray) else type(matrix).__name__
        raise CheckpointError(f"checkpoint: {name} has dtype {dtype}, expected int8 or int16")
    if matrix.shape != shape:
        raise CheckpointError(f"checkpoint: {name} has shape {matrix.shape}, expected {shape}")
    low, high = spec.weight_range
    if matrix.min() < low or matrix.max() > high:
        raise CheckpointError(
            f"checkpoint: {name} has weights {matrix.min()}..{matrix.max()}, expected {low}..{high} "
            f"({spec.weight_bits} bits)"
        )


def _check_host(spec: Specification, host: Host) -> None:
    phones = len(host.phones)
    if phones < 1 or not all(isinstance(name, str) for name in host.phones) or len(set(host.phones)) != phones:
        raise CheckpointError("checkpoint: host.phones: expected distinct names")
    if type(host.states_per_phone) is not int or not 1 <= host.states_per_phone <= 16:
        raise CheckpointError(f"checkpoint: host.states_per_phone is {host.states_per_phone!r}, expected 1..16")
    states = phones * host.states_per_phone
    shapes = {
        "senone_state": (spec.outputs,),
        "class_offset": (spec.outputs,),
        "log_prior": (states,),
        "bigram_log": (phones, phones),
        "initial_log": (phones,),
    }
    for name, shape in shapes.items():
        array = getattr(host, name)
        dtype = np.int16 if name == "senone_state" else np.float32
        if not isinstance(array, np.ndarray) or array.dtype != dtype:
            raise CheckpointError(f"checkpoint: host.{name}: expected dtype {np.dtype(dtype)}")
        if array.shape != shape:
            raise CheckpointError(f"checkpoint: host.{name} has shape {array.shape}, expected {shape}")
        if not np.isfinite(array).all():
            raise CheckpointError(f"checkpoint: host.{name} has non-finite entries")
    if host.senone_state.min() < 0 or host.senone_state.max() >= states:
        raise CheckpointError(
            f"checkpoint: host.senone_state has {host.senone_state.min()}..{host.senone_state.max()}, "
            f"expected 0..{states - 1}"
        )
    if type(host.label_delay_frames) is not int or not 0 <= host.label_delay_frames <= 100:
        raise CheckpointError(f"checkpoint: host.label_delay_frames is {host.label_delay_frames!r}, expected 0..100")
    for name in ("acoustic_scale", "bigram_scale", "insertion_log"):
        value = getattr(host, name)
        if type(value) not in (int, float) or not -1e9 <= value <= 1e9:
            raise CheckpointError(f"checkpoint: host.{name} is {value!r}, expected a number in -1e9..1e9")
    if not isinstance(host.front_end, Mapping):
        raise CheckpointError("checkpoint: host.front_end: expected a JSON object")


def save_checkpoint(path: str | os.PathLike[str], checkpoint: Checkpoint) -> None:
    """Write `checkpoint` as a compressed ``.npz``, whole or not at all.

    Parameters
    ----------
    path : path-like
        Written under a temporary name in the same folder, then renamed.
    checkpoint : Checkpoint
    """
    header: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "specification": checkpoint.specification.to_json(),
        "scales": checkpoint.scales,
        "fc_zeros": checkpoint.fc_zeros,
        "provenance": checkpoint.provenance,
        "host": None,
    }
    arrays: dict[str, np.ndarray] = {"fc": checkpoint.fc}
    for layer, (fed, fed_back) in enumerate(zip(checkpoint.feed_forward, checkpoint.recurrent, strict=True)):
        arrays[f"feed_forward{layer}"] = fed
        if fed_back is not None:
            arrays[f"recurrent{layer}"] = fed_back
    if checkpoint.host is not None:
        header["host"] = {name: getattr(checkpoint.host, name) for name in _HOST_SCALARS}
        arrays |= {f"host_{name}": getattr(checkpoint.host, name) for name in _HOST_ARRAYS}
    arrays["header"] = np.frombuffer(json.dumps(header, sort_keys=True).encode(), dtype=np.uint8)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, suffix=".part", delete=False) as part:
        try:
            np.savez_compressed(part, allow_pickle=False, **arrays)
            part.close()
            os.chmod(part.name, 0o644)
            os.replace(part.name, path)
        except BaseException:
            os.unlink(part.name)
            raise


def load_checkpoint(path: str | os.PathLike[str] = DEFAULT_CHECKPOINT) -> Checkpoint:
    """Read and validate a checkpoint.

    Parameters
    ----------
    path : path-like, default the embedded network

    Raises
    ------
    CheckpointError
        Names the file, the field and what was expected; pickled arrays are refused.
    """
    try:
        with open(path, "rb") as handle, np.load(handle, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise CheckpointError(f"{path}: no such checkpoint") from None
    except _UNREADABLE as error:
        why = "pickled objects are refused" if "pickle" in str(error) else str(error)
        raise CheckpointError(f"{path}: not a checkpoint of plain arrays: {why}") from error
    try:
        return _from_arrays(arrays)
    except (CheckpointError, SpecificationError) as error:
        raise CheckpointError(f"{path}: {error}") from error


def _from_arrays(arrays: dict[str, np.ndarray]) -> Checkpoint:
    header = _header(arrays)
    spec = Specification.from_json(header["specification"])
    layers = range(len(spec.layers))
    wanted = {"header", "fc"} | {f"feed_forward{layer}" for layer in layers}
    wanted |= {f"recurrent{layer}" for layer in layers if spec.recurrent[layer]}
    if header["host"] is not None:
        wanted |= {f"host_{name}" for name in _HOST_ARRAYS}
    if set(arrays) != wanted:
        raise CheckpointError(
            f"checkpoint: unknown arrays {sorted(set(arrays) - wanted)}, missing {sorted(wanted - set(arrays))}"
        )
    host = None
    if header["host"] is not None:
        scalars = header["host"]
        if not isinstance(scalars, dict) or set(scalars) != set(_HOST_SCALARS):
            raise CheckpointError(f"checkpoint: host: expected the fields {sorted(_HOST_SCALARS)}")
        if not isinstance(scalars["phones"], list):
            raise CheckpointError("checkpoint: host.phones: expected a list of names")
        scalars = scalars | {"phones": tuple(scalars["phones"])}
        tables: dict[str, Any] = {name: arrays[f"host_{name}"] for name in _HOST_ARRAYS}
        host = Host(**scalars, **tables)
    return Checkpoint(
        specification=spec,
        feed_forward=tuple(arrays[f"feed_forward{layer}"] for layer in layers),
        recurrent=tuple(arrays.get(f"recurrent{layer}") for layer in layers),
        fc=arrays["fc"],
        scales=header["scales"],
        fc_zeros=header["fc_zeros"],
        host=host,
        provenance=header["provenance"],
    )


def _header(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    raw = arrays.get("header")
    if raw is None or raw.dtype != np.uint8 or raw.ndim != 1:
        raise CheckpointError("checkpoint: header: expected a row of bytes")
    try:
        header = json.loads(raw.tobytes().decode())
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CheckpointError(f"checkpoint: header: not JSON: {error}") from error
    fields = {"format_version", "specification", "scales", "fc_zeros", "provenance", "host"}
    if not isinstance(header, dict) or set(header) != fields:
        raise CheckpointError(f"checkpoint: header: expected the fields {sorted(fields)}")
    if header["format_version"] != FORMAT_VERSION:
        raise CheckpointError(
            f"checkpoint: format_version is {header['format_version']!r}, expected {FORMAT_VERSION}"
        )
    if type(header["fc_zeros"]) is not int:
        raise CheckpointError(f"checkpoint: fc_zeros is {header['fc_zeros']!r}, expected an integer")
    for name in ("scales", "provenance"):
        if not isinstance(header[name], dict):
            raise CheckpointError(f"checkpoint: {name}: expected a JSON object")
    return header


def random_checkpoint(spec: Specification, *, seed: int, zero_share: float = 0.3) -> Checkpoint:
    """Return a checkpoint of random weights over the whole range, for tests and sweeps.

    Parameters
    ----------
    spec : Specification
    seed : int
    zero_share : float
        Share of the FC's weights set to zero, in 0..1.
    """
    rng = np.random.default_rng(seed)
    low, high = spec.weight_range
    dtype = np.int8 if spec.weight_bits <= 8 else np.int16

    def matrix(*shape: int) -> np.ndarray:
        return rng.integers(low, high, size=shape, endpoint=True).astype(dtype)

    fc = matrix(spec.layers[-1], spec.outputs)
    fc[rng.random(fc.shape) < zero_share] = 0
    return Checkpoint(
        specification=spec,
        feed_forward=tuple(matrix(spec.fan_in(layer), width) for layer, width in enumerate(spec.layers)),
        recurrent=tuple(
            matrix(width, width) if has else None for width, has in zip(spec.layers, spec.recurrent, strict=True)
        ),
        fc=fc,
        fc_zeros=int(np.count_nonzero(fc == 0)),
        provenance={"random": seed},
    )
