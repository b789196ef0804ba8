"""What is said of the mutants that no solver decides: by going through every value that there is."""

from __future__ import annotations

import csv
import re
from functools import cache

import numpy as np
import pytest

from cosim.mutants.designs import DESIGNS
from cosim.mutants.reviewed import REVIEWED_LIST
from golden.schedule import Kind, build_schedule
from golden.specification import Specification
from rtl.design import build_design


def rows() -> list[dict[str, str]]:
    with REVIEWED_LIST.open(newline="") as file:
        return list(csv.DictReader(file))


def of_planes() -> list[dict[str, str]]:
    """Return the rows of another plane of the accumulators."""
    return [row for row in rows() if row["module"] == "neuron_unit" and row["before"].startswith("at = ")]


def leaked(spec: Specification, layer: int) -> np.ndarray:
    """Return every membrane less its leak, and 0: what a neuron that has spiked begins with."""
    bits = spec.membrane_bits[layer]
    membrane = np.arange(-(2 ** (bits - 1)), 2 ** (bits - 1))
    return np.unique(np.append(membrane - (membrane >> spec.leaks[layer]), 0))


def currents(spec: Specification, layer: int) -> np.ndarray:
    low, high = spec.accumulator_range(layer)
    return np.arange(low, high + 1)


def saturated(spec: Specification, total: np.ndarray, layer: int) -> np.ndarray:
    """Return the membrane as the neuron unit makes it of the bits of a sum: by their sign and what differs from it."""
    bits, sum_bits = spec.membrane_bits[layer], spec.potential_bits
    sign = total >> (sum_bits - 1) & 1
    above = np.stack([(total >> bit & 1) ^ sign for bit in range(bits - 1, sum_bits - 1)]).any(axis=0)
    least, most = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    plain = (total & (2 ** (bits - 1) - 1)) - np.where(sign == 1, 2 ** (bits - 1), 0)
    return np.where(above, np.where(sign == 1, least, most), plain)


def totals(spec: Specification, membranes: np.ndarray, shifted: np.ndarray) -> np.ndarray:
    return (membranes[:, np.newaxis] + shifted[np.newaxis]) % 2**spec.potential_bits


@pytest.mark.parametrize("layer", [0, 1])
def test_the_arithmetic_of_the_unit_is_that_of_whole_numbers(layer: int) -> None:
    spec = DESIGNS["small"].specification
    shifted = currents(spec, layer) << spec.layer_shift(layer)
    bits = spec.membrane_bits[layer]
    exact = np.clip(leaked(spec, layer)[:, np.newaxis] + shifted, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    assert np.array_equal(saturated(spec, totals(spec, leaked(spec, layer), shifted), layer), exact)


@cache
def chosen_planes(name: str) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the planes that the text of `select` chooses, and of the accumulators' layer and bit of the sum.

    Three tables follow each other in the text, of membranes, of leaked membranes and of accumulators; each has an entry
    a layer and tile, and of it a plane a bit.
    """
    spec = DESIGNS[name].specification
    text = build_design(spec, DESIGNS[name].architecture).modules["rsnn_neuron_unit"].text
    body = text.split("begin: select")[1].split("\nend\n")[0]
    planes = [int(plane) for plane in re.findall(r"\bat = (\d+);", body)]
    passes = build_schedule(spec).passes
    entries = sorted({(one.layer, one.tile) for one in passes if one.kind is Kind.NEURONS})
    bits = [(layer, bit) for layer, _ in entries for bit in range(spec.potential_bits)]
    assert len(planes) == 3 * len(bits) + 1
    assert planes[0] == 0, "what it is before it is chosen"
    return planes, bits


@pytest.mark.parametrize("row", of_planes(), ids=lambda row: f"{row['design']}-{row['after'][:-1]}-{row['occurrence']}")
def test_another_plane_of_a_sum_gives_the_same_membranes(row: dict[str, str]) -> None:
    spec = DESIGNS[row["design"]].specification
    planes, bits = chosen_planes(row["design"])
    right, wrong = (int(row[side].removeprefix("at = ")[:-1]) for side in ("before", "after"))
    at = [place for place, plane in enumerate(planes) if plane == right][int(row["occurrence"])]
    assert at > 2 * len(bits), "a plane of the membranes"
    layer, bit = bits[at - 1 - 2 * len(bits)]
    low, high = spec.accumulator_range(layer)
    assert row["reason"].startswith(f"Layer {layer}'s sums lie in {low}..{high} ")
    sums = currents(spec, layer)
    shifted = (sums << spec.layer_shift(layer)) % 2**spec.potential_bits
    assert np.array_equal(shifted >> bit & 1, sums >> right & 1)
    # Only these sums can make a difference.
    differing = (sums >> wrong & 1) != (sums >> right & 1)
    assert ("saturates" in row["reason"]) == differing.any()
    other = shifted[differing] ^ (1 << bit)
    # A sum saturates or not in one direction as its membrane grows, so if it does with the least and with the greatest
    # one, it does with all.
    membranes = leaked(spec, layer)[[0, -1]]
    made, mutant = (saturated(spec, totals(spec, membranes, each), layer) for each in (shifted[differing], other))
    assert np.array_equal(made, mutant)
    if len(leaked(spec, layer)) * len(sums) < 10**6:
        each_sum = (totals(spec, leaked(spec, layer), each) for each in (shifted[differing], other))
        assert np.array_equal(*(saturated(spec, each, layer) for each in each_sum))
    limits = (-(2 ** (spec.membrane_bits[layer] - 1)), 2 ** (spec.membrane_bits[layer] - 1) - 1)
    assert np.isin(made, limits).all()


def test_no_logit_is_one_below_the_sign() -> None:
    listed = [row for row in rows() if row["module"] == "output"]
    assert listed
    for row in listed:
        low, high = DESIGNS[row["design"]].specification.logit_range
        assert f"{low}..{high} (Specification.logit_range)" in row["reason"]
        edge = int(re.findall(r">= (\d+)", row["after"])[0])
        assert high < edge, "greater than any that is positive, less than any that is negative: those have the sign bit"
        assert row["before"] == f"if ((value >= {edge + 1}))"
        assert edge + 1 == 1 << (edge + 1).bit_length() - 1


def test_every_row_has_a_reason_and_none_comes_twice() -> None:
    listed = rows()
    assert all(row["reason"] for row in listed)
    names = [tuple(value for name, value in row.items() if name != "reason") for row in listed]
    assert len(set(names)) == len(names)


def test_each_row_is_of_a_kind_that_something_here_or_a_proof_shows() -> None:
    others = [row for row in rows() if row not in of_planes() and row["module"] != "output"]
    assert {(row["module"], row["after"]) for row in others} <= {
        # `stays_inside_the_memories`.
        ("memory", "if (read)"),
    }
