"""Gates of each block as a law of the specification, fitted to designs that were synthesised.

Each block's NAND2 equivalents are a sum of sizes that its RTL has, with coefficients that are not negative: flip-flops
of its registers, lanes times the width of an adder, and the like (`TERMS`). The coefficients minimise the squares of
relative errors, so that a small design counts as much as a large one. How far the law can be trusted is what it says of
each design when fitted to the others alone (`left_out`). All of it is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from golden.layout import FREE, GATED, build_layout
from golden.schedule import build_schedule
from golden.specification import Specification

__all__ = ["TERMS", "AreaFit", "Gates", "fit_area", "left_out", "sizes_of"]

# NAND2 equivalents by block.
Gates = Mapping[str, float]


def _flip_flops(block: str) -> Callable[[Specification], float]:
    def count(spec: Specification) -> float:
        return sum(field.bits for field in build_layout(spec) if field.block == block and field.clock in (FREE, GATED))

    return count


def _spikes(spec: Specification) -> float:
    # Of one frame: the RTL has this frame's in the neuron unit, the last one's in a block of their own.
    return spec.time_steps * sum(spec.layers)


def _neuron_datapath(spec: Specification) -> float:
    # One adder a lane, as wide as the widest membrane or aligned sum, serves all layers.
    aligned = spec.accumulator_bits + max(spec.layer_shift(layer) for layer in range(len(spec.layers)))
    return spec.lanes * max(*spec.membrane_bits, aligned)


# By block: what a term is, in words, and its size.
TERMS: dict[str, dict[str, Callable[[Specification], float]]] = {
    "controller": {
        "flip-flops": _flip_flops("controller"),
        "passes of a frame": lambda spec: len(build_schedule(spec).passes),
    },
    "input_buffer": {"flip-flops": _flip_flops("input_buffer")},
    "spikes": {"spikes of the last frame": _spikes},
    "zero_skip": {"entries of the longest vector": lambda spec: build_schedule(spec).entries},
    "weight_buffer": {
        "one": lambda spec: 1,
        "address bits": lambda spec: build_schedule(spec).address_bits,
    },
    "pe_array": {
        "lanes x PE sets x accumulator bits": lambda spec: spec.lanes * spec.pe_sets * spec.accumulator_bits,
        # Each set aligns and negates its weights; a second set's sums are joined with the first's.
        "lanes x PE sets x weight bits": lambda spec: spec.lanes * spec.pe_sets * spec.weight_bits,
        "lanes x further PE sets x accumulator bits": lambda spec: (
            spec.lanes * (spec.pe_sets - 1) * spec.accumulator_bits
        ),
    },
    "neuron_unit": {
        "flip-flops of membranes and spikes": lambda spec: _flip_flops("neuron_unit")(spec) + _spikes(spec),
        "lanes x bits of the widest sum": _neuron_datapath,
    },
    "output": {
        "lanes x PE sets x logit bits": lambda spec: spec.lanes * spec.pe_sets * spec.logit_bits,
        "logits a cycle x logit bits": lambda spec: spec.logits_per_cycle * spec.logit_bits,
    },
}


def sizes_of(spec: Specification, block: str) -> np.ndarray:
    """Return the sizes of a block's terms [shape=(terms,), dtype=float64]."""
    return np.array([size(spec) for size in TERMS[block].values()], dtype=np.float64)


@dataclass(frozen=True)
class AreaFit:
    """Coefficients of the terms of each block.

    Parameters
    ----------
    coefficients : mapping of str to mapping of str to float
        NAND2 equivalents a unit of each term, by block and term.
    """

    coefficients: Mapping[str, Mapping[str, float]]

    def gates(self, spec: Specification) -> dict[str, float]:
        """Return the NAND2 equivalents of each block of a design."""
        return {
            block: float(sizes_of(spec, block) @ np.array(list(of.values())))
            for block, of in self.coefficients.items()
        }


def fit_area(designs: Sequence[tuple[Specification, Gates]]) -> AreaFit:
    """Fit the law to synthesised designs.

    Parameters
    ----------
    designs : sequence of (Specification, mapping of str to float)
        NAND2 equivalents of every block of `TERMS`.

    Raises
    ------
    ValueError
        No designs, or a block without gates.
    """
    if not designs:
        raise ValueError("fit_area: no designs, expected at least one")
    found = {}
    for block, terms in TERMS.items():
        measured = np.array([gates.get(block, 0.0) for _, gates in designs])
        if measured.min() <= 0:
            raise ValueError(f"fit_area: block {block} has no gates in a design, expected some")
        sizes = np.array([sizes_of(spec, block) for spec, _ in designs])
        # Columns of one scale: nnls compares their gradients.
        scale = sizes.max(axis=0)
        values, _ = nnls(sizes / scale / measured[:, None], np.ones(len(measured)))
        found[block] = {term: float(value) for term, value in zip(terms, values / scale, strict=True)}
    return AreaFit(found)


def left_out(designs: Sequence[tuple[Specification, Gates]]) -> list[dict[str, float]]:
    """Return, for each design, its gates by block as the law says that is fitted to all others.

    Raises
    ------
    ValueError
        Fewer than two designs.
    """
    if len(designs) < 2:
        raise ValueError(f"left_out: {len(designs)} designs, expected at least two")
    return [
        fit_area([*designs[:number], *designs[number + 1 :]]).gates(spec)
        for number, (spec, _) in enumerate(designs)
    ]
