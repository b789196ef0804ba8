"""The checkpoint: the hardware's integers, their specification, and what the host needs to make phones of logits.

One ``.npz`` without pickles. Every number in it is checked on the way in and on the way out, and each refusal names the
field.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from files.arrays import Archive, open_npz
from files.errors import FileError
from files.names import GRAMMAR, is_identifier
from files.reading import brief, parse_json
from files.writing import whole_file
from golden.errors import CheckpointError, SpecificationError
from golden.host import Host as Host
from golden.host import check_json
from golden.specification import MOST_BUFFERED_WEIGHTS, Specification
from golden.tasks import HostSection, arrays_of, restored, scalars_of, section_of

FORMAT_VERSION = 1
# Bytes: of the header, and of all arrays (16-bit weights, as many as a specification may have, and the host's tables).
MOST_HEADER = 1 << 22
MOST_ARRAYS = 2 * MOST_BUFFERED_WEIGHTS + (1 << 24)
DEFAULT_CHECKPOINT = Path(__file__).with_name("checkpoints") / "default.npz"


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
    host : HostSection or None
        The host section of one of `golden.tasks.SECTIONS`; None for a network without a decoder.
    provenance : dict
        JSON types: data, seed, command, figures; at most 16 levels and about 65,536 characters.
    source : str
        The file that it was read from, for messages about what is in it; no part of the checkpoint.

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
    host: HostSection | None = None
    provenance: dict[str, Any] = field(default_factory=dict)
    source: str = field(default="", compare=False)

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
        if type(self.fc_zeros) is not int:
            raise CheckpointError(f"checkpoint: fc_zeros is {brief(self.fc_zeros)}, expected an integer")
        if self.fc_zeros > zeros:
            raise CheckpointError(
                f"checkpoint: fc_zeros claims {brief(self.fc_zeros)} pruned weights, but fc has {zeros} zeros"
            )
        if self.fc_zeros < 0:
            raise CheckpointError(f"checkpoint: fc_zeros is {brief(self.fc_zeros)}, expected 0..{self.fc.size}")
        for key, value in self.scales.items():
            if not isinstance(key, str) or not is_identifier(key):
                raise CheckpointError(f"checkpoint: scales: {brief(key)}, expected names: {GRAMMAR}")
            if type(value) is not int or not -64 <= value <= 64:
                raise CheckpointError(f"checkpoint: scales[{key!r}] is {brief(value)}, expected an integer in -64..64")
        check_json("scales", self.scales)
        check_json("provenance", self.provenance)
        if self.host is not None:
            if "fc" not in self.scales:
                raise CheckpointError("checkpoint: scales: 'fc' is missing, which turns the host's logits into numbers")
            self.host.check(spec)

    def phone_host(self) -> Host:
        """Return the host section, which must be that of phones.

        Raises
        ------
        CheckpointError
            It is another task's, or there is none.
        """
        if not isinstance(self.host, Host):
            found = "missing" if self.host is None else f"{self.host.TASK!r}"
            raise CheckpointError(f"{self.source or 'checkpoint'}: host.task is {found}, expected {Host.TASK!r}")
        return self.host


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


def save_checkpoint(path: str | os.PathLike[str], checkpoint: Checkpoint) -> None:
    """Write `checkpoint` as a compressed ``.npz``, whole or not at all.

    Parameters
    ----------
    path : path-like
        Its folder is made where it is missing. The same checkpoint gives the same bytes.
    checkpoint : Checkpoint

    Raises
    ------
    files.errors.WriteError
        Names the file and what the system said.
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
        header["host"] = scalars_of(checkpoint.host)
        arrays |= {f"host_{name}": table for name, table in arrays_of(checkpoint.host).items()}
    arrays["header"] = np.frombuffer(json.dumps(header, sort_keys=True).encode(), dtype=np.uint8)
    with whole_file(path) as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load_checkpoint(path: str | os.PathLike[str] = DEFAULT_CHECKPOINT) -> Checkpoint:
    """Read and validate a checkpoint.

    The header comes first: arrays that its specification does not have, or of another size, are not unpacked.

    Parameters
    ----------
    path : path-like, default the embedded network

    Raises
    ------
    CheckpointError
        Names the file, the field and what was expected; pickled arrays are refused.
    """
    try:
        with open_npz(path, what="checkpoint", most=MOST_ARRAYS) as archive:
            return _from_archive(str(path), archive)
    except FileError as error:
        raise CheckpointError(str(error)) from error
    except (CheckpointError, SpecificationError) as error:
        raise CheckpointError(f"{path}: {error}") from error


def _from_archive(path: str, archive: Archive) -> Checkpoint:
    header = _header(path, archive)
    spec = Specification.from_json(header["specification"])
    layers = range(len(spec.layers))
    sizes = {"fc": spec.layers[-1] * spec.outputs}
    sizes |= {f"feed_forward{layer}": spec.fan_in(layer) * spec.layers[layer] for layer in layers}
    sizes |= {f"recurrent{layer}": spec.layers[layer] ** 2 for layer in layers if spec.recurrent[layer]}
    most = {name: 2 * count for name, count in sizes.items()}
    scalars = header["host"]
    if scalars is not None:
        sizes = section_of(scalars).array_bytes(spec, scalars)
        most |= {f"host_{name}": size for name, size in sizes.items()}
    names = set(archive.names) - {"header"}
    if names != set(most):
        unknown, missing = sorted(names - set(most)), sorted(set(most) - names)
        raise CheckpointError(f"checkpoint: unknown arrays {brief(unknown)}, missing {brief(missing)}")
    arrays = {name: np.ascontiguousarray(archive.read(name, most=most[name])) for name in most}
    host = None
    if scalars is not None:
        tables = {name: arrays[f"host_{name}"] for name in section_of(scalars).ARRAYS}
        host = restored(scalars, tables)
    return Checkpoint(
        specification=spec,
        feed_forward=tuple(arrays[f"feed_forward{layer}"] for layer in layers),
        recurrent=tuple(arrays.get(f"recurrent{layer}") for layer in layers),
        fc=arrays["fc"],
        scales=header["scales"],
        fc_zeros=header["fc_zeros"],
        host=host,
        provenance=header["provenance"],
        source=path,
    )


def _header(path: str, archive: Archive) -> dict[str, Any]:
    if "header" not in archive.names:
        raise CheckpointError("checkpoint: header: expected a row of bytes")
    raw = archive.read("header", most=MOST_HEADER)
    if raw.dtype != np.uint8 or raw.ndim != 1:
        raise CheckpointError("checkpoint: header: expected a row of bytes")
    header = parse_json(raw.tobytes(), f"{path}: checkpoint: header")
    fields = {"format_version", "specification", "scales", "fc_zeros", "provenance", "host"}
    if not isinstance(header, dict) or set(header) != fields:
        raise CheckpointError(f"checkpoint: header: expected the fields {sorted(fields)}")
    version = header["format_version"]
    if type(version) is not int or version != FORMAT_VERSION:
        raise CheckpointError(f"checkpoint: format_version is {brief(version)}, expected {FORMAT_VERSION}")
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
