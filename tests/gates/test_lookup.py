"""Energies between the points of a table, at them and beyond its border."""

from __future__ import annotations

import numpy as np
import pytest

from gates.lookup import Table

TABLE = Table(np.array([1.0, 3.0]), np.array([10.0, 20.0, 40.0]), np.array([[1.0, 2.0, 4.0], [5.0, 8.0, 6.0]]))


def test_points_are_met_and_what_lies_between_is_bilinear():
    energy, outside = TABLE.at([1.0, 3.0, 2.0, 1.5], [20.0, 40.0, 15.0, 30.0])
    # The last but one: (1 + 2 + 5 + 8) / 4. The last: a quarter of the way from (2 + 4) / 2 to (8 + 6) / 2.
    np.testing.assert_allclose(energy, [2.0, 6.0, 4.0, 4.0])
    assert not outside.any()


@pytest.mark.parametrize(("slew", "load", "expected"), [(0, 10, 1.0), (9, 99, 6.0), (2, 5, 3.0), (1, 50, 4.0)])
def test_beyond_the_border_the_border_counts_and_is_said(slew, load, expected):
    energy, outside = TABLE.at(slew, load)
    assert energy == pytest.approx(expected)
    assert outside


def test_an_axis_of_one_point_does_not_matter():
    flat = Table(np.zeros(1), np.array([1.0, 2.0]), np.array([[4.0, 6.0]]))
    energy, outside = flat.at([0.0, 7.0], 1.5)
    np.testing.assert_allclose(energy, [5.0, 5.0])
    assert not outside.any()
