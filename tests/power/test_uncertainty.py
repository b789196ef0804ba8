"""Draws against the distribution's definition, a random sampler of numpy's own, and sums worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from power.constants import Bounds, Constant, load_constants
from power.uncertainty import draw, log_triangular, summary, tornado

BOUNDS = Bounds(0.3, 1.0, 30.0)


def test_quantiles_are_those_of_numpy_s_triangular_logarithm() -> None:
    low, mode, high = np.log(list(BOUNDS))
    sampled = np.exp(np.random.default_rng(1).triangular(low, mode, high, 400_000))
    quantiles = np.array([0.02, 0.05, 0.26, 0.5, 0.95])
    assert log_triangular(BOUNDS, quantiles) == pytest.approx(np.quantile(sampled, quantiles), rel=0.02)
    assert log_triangular(BOUNDS, np.array([0.0, 1.0])) == pytest.approx([0.3, 30.0])
    # Below the mode lies (mode - low) / (high - low) of the probability.
    assert log_triangular(BOUNDS, np.array([(mode - low) / (high - low)])) == pytest.approx([1.0])


def test_a_loop_over_single_draws_gives_the_same() -> None:
    low, mode, high = np.log(list(BOUNDS))
    quantiles = np.linspace(0.001, 0.999, 57)
    expected = []
    for quantile in quantiles:
        # Bisection on the cumulative distribution, integrated from the density's two straight lines.
        left, right = low, high
        for _ in range(80):
            middle = (left + right) / 2
            if middle < mode:
                mass = (middle - low) ** 2 / ((high - low) * (mode - low))
            else:
                mass = 1 - (high - middle) ** 2 / ((high - low) * (high - mode))
            left, right = (middle, right) if mass < quantile else (left, middle)
        expected.append(np.exp(left))
    assert log_triangular(BOUNDS, quantiles) == pytest.approx(expected)


@pytest.mark.parametrize("bounds", [Bounds(2, 2, 2), Bounds(2, 2, 5), Bounds(2, 5, 5)])
def test_bounds_that_coincide(bounds: Bounds) -> None:
    values = log_triangular(bounds, np.linspace(0, 1, 11))
    assert values[0] == pytest.approx(bounds.low)
    assert values[-1] == pytest.approx(bounds.high)
    assert (np.diff(values) >= 0).all()


def test_a_group_shares_its_quantile_and_groups_are_independent() -> None:
    one, other = Bounds(1, 2, 3), Bounds(10, 40, 90)
    constants = {"a": Constant(one, "x"), "b": Constant(other, "x"), "c": Constant(one, "y")}
    drawn = draw(constants, seed=3)
    order = np.argsort(drawn["a"])
    assert (np.diff(drawn["b"][order]) >= 0).all()
    assert abs(np.corrcoef(drawn["a"], drawn["c"])[0, 1]) < 0.08
    assert all((drawn[item] == draw(dict(reversed(constants.items())), seed=3)[item]).all() for item in constants)
    assert (drawn["a"] != draw(constants, seed=4)["a"]).any()
    # Rows of other groups, and their number, change nothing.
    assert (drawn["c"] == draw({"c": constants["c"], "d": Constant(other, "w")}, seed=3)["c"]).all()


def test_few_draws_give_the_percentiles_of_the_distribution() -> None:
    drawn = draw({"a": Constant(BOUNDS, "x")}, seed=5)["a"]
    assert list(summary(drawn)) == pytest.approx(log_triangular(BOUNDS, np.array([0.05, 0.5, 0.95])), rel=0.005)


def test_every_shipped_constant_stays_within_its_bounds() -> None:
    constants = load_constants()
    for item, values in draw(constants).items():
        bounds = constants[item].bounds
        # A typical value at an end of its interval is met but for the nearest draw.
        assert bounds.low * 0.999999 <= values.min() <= bounds.typical * 1.001, item
        assert bounds.typical * 0.999 <= values.max() <= bounds.high * 1.000001, item


def test_tornado_by_hand() -> None:
    constants = {
        "a": Constant(Bounds(1, 2, 3), "x"),
        "b": Constant(Bounds(10, 20, 40), "y"),
        "c": Constant(Bounds(5, 5, 6), "x"),
    }

    def figure(values: Mapping[str, float]) -> float:
        return values["a"] * values["b"] + values["c"]

    # All typical: 2 x 20 + 5. The group y moves b from 10 to 40, x moves a and c together.
    first, second = tornado(figure, constants)
    assert (first.group, first.low, first.high) == ("y", 25, 85)
    assert (second.group, second.low, second.high) == ("x", 25, 66)


def test_the_widest_comes_first_not_the_highest() -> None:
    constants = {"a": Constant(Bounds(10, 20, 30), "wide"), "b": Constant(Bounds(1, 1, 13), "high")}
    first, second = tornado(lambda values: values["a"] + values["b"], constants)
    # 20 wide, to 31; 12 wide, to 33.
    assert (first.group, first.low, first.high) == ("wide", 11, 31)
    assert (second.group, second.low, second.high) == ("high", 21, 33)


def test_unless_said_there_are_2000_draws_of_seed_0() -> None:
    constants = {"a": Constant(BOUNDS, "x")}
    drawn = draw(constants)["a"]
    assert drawn.shape == (2_000,)  # docs/power.md
    assert (drawn == draw(constants, seed=0)["a"]).all()
