"""Points of the space of designs, and the network that each is measured with.

A point is a shape of hardware (lanes, PE sets) and of network (time steps, weight bits, neurons a layer). The codes are
those of the same utterances everywhere; weights are the given network's where the shape leaves them alone, else made
from those (`golden.reshape`), and `basis_of` says what a figure then depends on. All of it is ours.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from golden.checkpoint import Checkpoint
from golden.errors import SpecificationError
from golden.reshape import with_fewer_neurons, with_neurons_twice, with_specification, with_weight_bits
from golden.specification import Specification

__all__ = ["Grid", "Point", "basis_of", "network_of", "shipped_point"]

TRAINED = "trained network"


@dataclass(frozen=True, order=True)
class Point:
    """A design.

    Parameters
    ----------
    lanes, pe_sets : int
        PEs of a set, and sets.
    time_steps, weight_bits : int
    width : int
        Neurons of each layer.
    """

    lanes: int
    pe_sets: int
    time_steps: int
    weight_bits: int
    width: int

    @property
    def name(self) -> str:
        """Return the design in words, as tables name it."""
        return (
            f"{self.lanes} lanes x {self.pe_sets}, T = {self.time_steps}, {self.weight_bits} bits, "
            f"{self.width} neurons"
        )


@dataclass(frozen=True)
class Grid:
    """Values of each axis; every combination is a point.

    Parameters
    ----------
    lanes, pe_sets, time_steps, weight_bits, widths : sequence of int
    """

    lanes: Sequence[int] = (32, 64, 128, 256)
    pe_sets: Sequence[int] = (1, 2)
    time_steps: Sequence[int] = (1, 2)
    weight_bits: Sequence[int] = (4, 8)
    widths: Sequence[int] = (64, 128, 256)

    def points(self) -> list[Point]:
        """Return every point once, in ascending order."""
        axes = (self.lanes, self.pe_sets, self.time_steps, self.weight_bits, self.widths)
        return [Point(*values) for values in itertools.product(*(sorted(set(axis)) for axis in axes))]


def shipped_point(spec: Specification) -> Point:
    """Return the point at which a network of layers of one width lies.

    Raises
    ------
    SpecificationError
        Its layers have several widths.
    """
    if len(set(spec.layers)) != 1:
        raise SpecificationError(f"specification: layers is {spec.layers}, expected one width, which can be changed")
    return Point(spec.lanes, spec.pe_sets, spec.time_steps, spec.weight_bits, spec.layers[0])


def network_of(point: Point, checkpoint: Checkpoint) -> Checkpoint:
    """Return a network of a point's shape, made of a given one.

    Parameters
    ----------
    point : Point
    checkpoint : Checkpoint
        Its layers have one width.

    Returns
    -------
    Checkpoint

    Raises
    ------
    SpecificationError
        The accelerator takes no such shape, or the network cannot be brought to it: a sentence that names the field.
    """
    own = shipped_point(checkpoint.specification)
    # Bits first: two halves of a neuron then get the same low bits, and fire alike.
    network = with_weight_bits(checkpoint, point.weight_bits)
    if point.width == 2 * own.width:
        network = with_neurons_twice(network)
    elif point.width < own.width:
        # It takes as many lanes, which a cycle's logits need not divide: the point's own are set below.
        narrow = network.specification.replace(logits_per_cycle=1)
        network = with_fewer_neurons(with_specification(network, narrow), point.width)
    elif point.width != own.width:
        raise SpecificationError(
            f"width is {point.width}, expected 1..{own.width}, or {2 * own.width}, each neuron twice"
        )
    parallel = network.specification.parallel_time_steps and not (point.pe_sets == 1 and point.time_steps == 2)
    return with_specification(
        network,
        network.specification.replace(
            lanes=point.lanes,
            pe_sets=point.pe_sets,
            time_steps=point.time_steps,
            parallel_time_steps=parallel,
            logits_per_cycle=checkpoint.specification.logits_per_cycle,
        ),
    )


def basis_of(point: Point, spec: Specification) -> str:
    """Return what a point's figures depend on besides its shape, made of a network of a specification."""
    own, parts = shipped_point(spec), []
    if point.weight_bits != own.weight_bits:
        parts.append("trained weights with drawn low bits: additions and toggles are of made weights")
    if point.width > own.width:
        parts.append("each trained neuron twice: spikes trained, weights made")
    elif point.width < own.width:
        parts.append(f"the first {point.width} neurons of each trained layer, not trained again: spikes not trained")
    if point.time_steps != own.time_steps:
        parts.append(
            f"weights trained for {own.time_steps} time step{'s' * (own.time_steps > 1)}, run with "
            f"{point.time_steps}: spikes not trained"
        )
    return "; ".join(parts) or TRAINED
