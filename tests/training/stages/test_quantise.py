"""Scales, rounding and its straight-through gradient."""

import pytest
import torch

from golden.specification import Specification
from training.stages.quantise import FakeQuantise, Scales, to_integers


@pytest.mark.parametrize("thresholds", [(512, 64), (500, 127), (1, 3)])
def test_scales_put_both_matrices_on_the_unit_of_their_membrane(thresholds):
    spec = Specification(thresholds=thresholds)
    scales = Scales.of(spec)
    for layer, theta in enumerate(thresholds):
        assert 1.0 <= theta * 2.0 ** scales.unit[layer] < 2.0
        fed = scales.feed_forward[layer] + (scales.input if layer == 0 else 0)
        assert fed - scales.unit[layer] == spec.input_shifts[layer]
        assert scales.recurrent[layer] - scales.unit[layer] == spec.recurrent_shifts[layer]


def test_the_defaults_scales():
    named = Scales.of(Specification()).named()
    assert named == {
        "input": -5, "fc": -4, "feed_forward0": -4, "recurrent0": -5, "unit0": -9,
        "feed_forward1": -4, "recurrent1": -4, "unit1": -6,
    }  # fmt: skip


def test_rounding_and_its_gradient():
    weights = torch.tensor([0.1, -0.03, 0.6, -0.7, 0.6, -0.7], requires_grad=True)
    integers = to_integers(weights, scale=-4, bits=4)
    assert integers.tolist() == [2, 0, 7, -8, 7, -8]
    grid = FakeQuantise.apply(weights, -4, 4)
    assert torch.equal(grid, integers / 16)
    grid.backward(torch.tensor([1.0, -2.0, 3.0, 4.0, -5.0, -6.0]))
    # 0.6 pushed further up and -0.7 further down are stuck; towards the range they move.
    assert weights.grad.tolist() == [1.0, -2.0, 3.0, 0.0, 0.0, -6.0]
