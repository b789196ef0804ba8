"""Points of the grid and their networks: every shape asked for is made or refused, and what was made is said."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from experiments.exploration.grid import TRAINED, Grid, Point, basis_of, network_of, shipped_point
from golden.checkpoint import Checkpoint, load_checkpoint
from golden.errors import SpecificationError
from golden.forward import forward
from golden.specification import Specification


@pytest.fixture(scope="module")
def shipped() -> Checkpoint:
    return load_checkpoint()


def test_the_grid_is_every_combination_once() -> None:
    points = Grid(lanes=(64, 32, 64), pe_sets=(2,), time_steps=(1, 2), weight_bits=(4,), widths=(128,)).points()
    assert points == [Point(*each) for each in itertools.product((32, 64), (2,), (1, 2), (4,), (128,))]
    assert len(Grid().points()) == len({point.name for point in Grid().points()}) == 96


def test_every_point_of_the_default_grid_has_its_shape(shipped: Checkpoint) -> None:
    for point in Grid().points():
        spec = network_of(point, shipped).specification
        assert shipped_point(spec) == point
        assert spec.merged_spike
        assert spec.zero_skipping
        assert spec.parallel_time_steps == (point.pe_sets == 2 or point.time_steps == 1)


def test_a_width_that_a_cycle_s_logits_do_not_divide_is_one_like_any(shipped: Checkpoint) -> None:
    spec = network_of(Point(32, 2, 2, 4, 99), shipped).specification
    assert (spec.layers, spec.lanes, spec.logits_per_cycle) == ((99, 99), 32, 16)


def test_the_shipped_point_is_the_shipped_network(shipped: Checkpoint) -> None:
    point = shipped_point(shipped.specification)
    network = network_of(point, shipped)
    assert network.specification == shipped.specification
    assert np.array_equal(network.fc, shipped.fc)
    assert basis_of(point, shipped.specification) == TRAINED


def test_hardware_changes_no_result(shipped: Checkpoint) -> None:
    codes = np.random.default_rng(2).integers(-128, 128, (3, 40))
    expected = forward(shipped, codes).logits
    for lanes, pe_sets in itertools.product((32, 256), (1, 2)):
        network = network_of(Point(lanes, pe_sets, 2, 4, 128), shipped)
        assert np.array_equal(forward(network, codes).logits, expected)


def test_each_change_of_the_network_is_said() -> None:
    spec = Specification()
    assert basis_of(Point(32, 1, 2, 4, 128), spec) == TRAINED
    for changed, word in (
        (Point(128, 2, 1, 4, 128), "run with 1"),
        (Point(128, 2, 2, 8, 128), "low bits"),
        (Point(128, 2, 2, 4, 256), "twice"),
        (Point(128, 2, 2, 4, 64), "first 64 neurons"),
    ):
        said = basis_of(changed, spec)
        assert word in said
        assert TRAINED not in said
    assert basis_of(Point(64, 1, 1, 8, 64), spec).count(";") == 2


@pytest.mark.parametrize(
    ("point", "said"),
    [
        (Point(128, 2, 2, 4, 192), "width is 192, expected 1..128, or 256"),
        (Point(100, 2, 2, 4, 128), "logits_per_cycle is 16"),
        (Point(128, 3, 2, 4, 128), "pe_sets is 3, expected 1..2"),
        (Point(128, 2, 3, 4, 128), "time_steps is 3, expected 1..2"),
        (Point(128, 2, 2, 6, 128), "weight_bits is 6, expected 4, 8 or 16"),
        (Point(128, 2, 2, 2, 128), "weight_bits is 2, expected at least"),
    ],
)
def test_what_there_is_no_hardware_for_is_refused_by_name(shipped: Checkpoint, point: Point, said: str) -> None:
    with pytest.raises(SpecificationError, match=said.replace(".", r"\.")):
        network_of(point, shipped)


def test_a_network_of_several_widths_has_no_point() -> None:
    with pytest.raises(SpecificationError, match="layers is"):
        shipped_point(Specification(layers=(64, 128)))
