"""What is said of the mutants that no solver decides: by going through every value that there is."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from cosim.mutants.designs import DESIGNS
from cosim.mutants.reviewed import REVIEWED_LIST

SPEC = DESIGNS["small"].specification
SUM_BITS = SPEC.potential_bits


def rows() -> list[dict[str, str]]:
    with REVIEWED_LIST.open(newline="") as file:
        return list(csv.DictReader(file))


def leaked(layer: int) -> np.ndarray:
    """Return every membrane less its leak, and 0: what a neuron that has spiked begins with."""
    bits = SPEC.membrane_bits[layer]
    membrane = np.arange(-(2 ** (bits - 1)), 2 ** (bits - 1))
    return np.unique(np.append(membrane - (membrane >> SPEC.leaks[layer]), 0))


def currents(layer: int) -> np.ndarray:
    low, high = SPEC.accumulator_range(layer)
    return np.arange(low, high + 1)


def saturated(total: np.ndarray, layer: int) -> np.ndarray:
    """Return the membrane as the neuron unit makes it of the bits of a sum: by their sign and what differs from it."""
    bits = SPEC.membrane_bits[layer]
    sign = total >> (SUM_BITS - 1) & 1
    above = np.stack([(total >> bit & 1) ^ sign for bit in range(bits - 1, SUM_BITS - 1)]).any(axis=0)
    least, most = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    plain = (total & (2 ** (bits - 1) - 1)) - np.where(sign == 1, 2 ** (bits - 1), 0)
    return np.where(above, np.where(sign == 1, least, most), plain)


def totals(layer: int, shifted: np.ndarray) -> np.ndarray:
    return (leaked(layer)[:, np.newaxis] + shifted[np.newaxis]) % 2**SUM_BITS


@pytest.mark.parametrize("layer", [0, 1])
def test_the_arithmetic_of_the_unit_is_that_of_whole_numbers(layer: int) -> None:
    shifted = currents(layer) << SPEC.layer_shift(layer)
    bits = SPEC.membrane_bits[layer]
    exact = np.clip(leaked(layer)[:, np.newaxis] + shifted, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    assert np.array_equal(saturated(totals(layer, shifted), layer), exact)


# Bit of the sum, plane of the accumulator that it takes, plane that the mutant takes.
@pytest.mark.parametrize(
    ("bit", "right", "wrong"),
    [(8, 7, 8), (8, 7, 6), (9, 8, 9), (9, 8, 7), (10, 9, 10), (10, 9, 8)],
)
def test_another_plane_of_layer_1_gives_the_same_membranes(bit: int, right: int, wrong: int) -> None:
    assert SPEC.layer_shift(1) == 1
    sums = currents(1)
    shifted = (sums << 1) % 2**SUM_BITS
    assert np.array_equal(shifted >> bit & 1, sums >> right & 1)
    other = (shifted & ~(1 << bit)) | ((sums >> wrong & 1) << bit)
    assert np.array_equal(saturated(totals(1, other), 1), saturated(totals(1, shifted), 1))
    assert f"at = {right}; at = {wrong};" in {f"{row['before']} {row['after']}" for row in rows()}


def test_no_logit_is_one_below_the_sign() -> None:
    low, high = SPEC.logit_range
    assert (low, high) == (-128, 112)
    assert [row["before"] for row in rows() if f"{low}..{high} (Specification.logit_range)" in row["reason"]] == [
        "if ((value >= 128))"
    ]


def test_every_row_has_a_reason_and_none_comes_twice() -> None:
    listed = rows()
    assert all(row["reason"] for row in listed)
    names = [tuple(value for name, value in row.items() if name != "reason") for row in listed]
    assert len(set(names)) == len(names)
