"""A recurrent LIF network trained elsewhere, read from NIR, as a checkpoint of integers.

`training.nir.file` reads the file, `training.nir.graph` makes a chain of the graph, `training.nir.rounding` integers of
the chain. What that costs, what was assumed and what looks wrong is stated line by line.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass

import nir
import numpy as np

from golden.checkpoint import Checkpoint
from golden.errors import GoldenError
from training.nir.activity import Doubt, doubts
from training.nir.assumptions import assumptions, contradictions
from training.nir.exporting import restore, time_step
from training.nir.file import read_graph
from training.nir.graph import DEFAULT_DT, NirError, chain_of
from training.nir.rounding import Rounding
from training.nir.settings import ImportSettings


@dataclass(frozen=True)
class Imported:
    """A network read from NIR.

    Parameters
    ----------
    checkpoint : Checkpoint
        Without a host, unless this project exported it with one.
    lost : tuple of str
        What differs from the graph and what was assumed, a sentence a line; empty for a graph that this project
        exported.
    output_bias : np.ndarray [shape=(outputs,), dtype=float32] or None
        The read-out's bias, for the host to add to logits x 2^scales["fc"] (`golden.checkpoint.Host.class_offset`).
        It stands in the checkpoint's provenance too.
    warnings : tuple of str
        What looks wrong: layers that are silent, or fire at every step, for the most part.
    """

    checkpoint: Checkpoint
    lost: tuple[str, ...]
    output_bias: np.ndarray | None = None
    warnings: tuple[str, ...] = ()


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
    stored = read_graph(path)
    try:
        return from_nir(stored.graph, settings, assumed=stored.assumed)
    except (NirError, GoldenError) as error:
        raise NirError(f"{path}: {error}") from error


def from_nir(
    graph: nir.NIRGraph, settings: ImportSettings | None = None, *, assumed: tuple[str, ...] = ()
) -> Imported:
    """Return the integers of a graph: Linear, LIF with or without recurrence, ..., Linear.

    Parameters
    ----------
    graph : nir.NIRGraph
    settings : ImportSettings, optional
    assumed : tuple of str
        What the graph's reader assumed already.

    Returns
    -------
    Imported
        For a graph that `training.nir.exporting.to_nir` made, its very checkpoint.

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
            names = tuple(f"layer{layer}_neurons" for layer in range(len(own.specification.layers)))
            return Imported(own, (), warnings=_grave(doubts(own, names)))
    step, step_from = _time_step(graph, settings)
    chain = chain_of(graph, dt=step)
    rounded = Rounding(chain, settings).result()
    found = doubts(rounded.checkpoint, tuple(layer.name for layer in chain.layers))
    lost = (*assumed, *assumptions(chain, settings, step, step_from), *rounded.lost)
    lost += contradictions(graph, rounded.checkpoint.specification.outputs)
    lost += tuple(doubt.sentence for doubt in found if not doubt.grave)
    provenance = {
        "imported_from": "NIR",
        "settings": dataclasses.asdict(settings),
        "lost": list(lost),
        "warnings": list(_grave(found)),
        "output_bias": None if rounded.bias is None else rounded.bias.tolist(),
    }
    checkpoint = dataclasses.replace(rounded.checkpoint, provenance=provenance)
    return Imported(checkpoint, lost, rounded.bias, _grave(found))


def _grave(found: tuple[Doubt, ...]) -> tuple[str, ...]:
    return tuple(doubt.sentence for doubt in found if doubt.grave)


def _time_step(graph: nir.NIRGraph, settings: ImportSettings) -> tuple[float, str]:
    """Return the time step and where it is from."""
    if settings.dt is not None:
        return settings.dt, "as the setting dt says"
    dt = time_step(graph.metadata)
    if dt is not None:
        return dt, "from the graph's metadata"
    return DEFAULT_DT, "assumed, snnTorch's constant: the graph's metadata have no 'dt', and no setting gives it"
