"""Networks of another shape: what they keep of the given one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from golden.checkpoint import Checkpoint, load_checkpoint, random_checkpoint
from golden.errors import SpecificationError
from golden.forward import forward
from golden.reshape import with_fc_filled, with_fewer_neurons, with_neurons_twice, with_specification, with_weight_bits
from golden.specification import Specification

SMALL = Specification(
    inputs=6, input_bits=5, layers=(20, 12), outputs=70, lanes=16, thresholds=(60, 40), membrane_bits=(12, 11)
)


def networks() -> list[Checkpoint]:
    flat = SMALL.replace(recurrent=(False, True), time_steps=1)
    return [random_checkpoint(SMALL, seed=3), random_checkpoint(flat, seed=4), load_checkpoint()]


def codes_of(checkpoint: Checkpoint, frames: int = 12) -> np.ndarray:
    low, high = checkpoint.specification.code_range
    shape = (frames, checkpoint.specification.inputs)
    return np.random.default_rng(7).integers(low, high, size=shape, endpoint=True)


def matrices(checkpoint: Checkpoint) -> list[np.ndarray]:
    recurrent = [matrix for matrix in checkpoint.recurrent if matrix is not None]
    return [*checkpoint.feed_forward, *recurrent, checkpoint.fc]


@pytest.mark.parametrize("which", range(3))
def test_twice_the_neurons_fire_alike_and_say_the_same(which: int):
    given = networks()[which]
    twice, codes = with_neurons_twice(given), codes_of(given)
    one, two = forward(given, codes), forward(twice, codes)
    assert any(layer.any() for layer in one.spikes)
    for before, after in zip(one.spikes, two.spikes, strict=True):
        assert np.array_equal(after, np.concatenate([before, before], axis=2))
    assert np.array_equal(one.logits, two.logits)
    for before, after in zip(matrices(given), matrices(twice), strict=True):
        # No more zeros than there were, and as many: 1 and -1 have no half that is none.
        assert np.count_nonzero(after == 0) * before.size == np.count_nonzero(before == 0) * after.size


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("which", range(3))
def test_wider_weights_round_to_the_given_ones(which: int, bits: int):
    given = networks()[which]
    wide = with_weight_bits(given, bits)
    shift = bits - given.specification.weight_bits
    for before, after in zip(matrices(given), matrices(wide), strict=True):
        # Half up, but at the lowest weight, below which there is nothing to draw from.
        assert np.array_equal((after.astype(np.int64) + (1 << (shift - 1))) >> shift, before)
        assert len(np.unique(after)) > len(np.unique(before))
    assert np.array_equal(wide.fc == 0, given.fc == 0)
    assert [theta >> shift for theta in wide.specification.thresholds] == list(given.specification.thresholds)
    rates = [[layer.mean() for layer in forward(each, codes_of(given, 60)).spikes] for each in (given, wide)]
    assert rates[1] == pytest.approx(rates[0], rel=0.25)


def test_wider_weights_are_the_same_network_where_nothing_is_drawn():
    given = networks()[0]
    pairs = zip(matrices(with_weight_bits(given, 4)), matrices(given), strict=True)
    assert all(np.array_equal(*pair) for pair in pairs)
    with pytest.raises(SpecificationError, match="weight_bits is 4, expected at least the network's 8"):
        with_weight_bits(with_weight_bits(given, 8), 4)
    with pytest.raises(SpecificationError, match="membrane_bits"):
        with_weight_bits(with_specification(given, SMALL.replace(membrane_bits=(24, 24))), 16)


def test_a_filled_fc_has_no_zero_and_moves_no_spike():
    given = networks()[0]
    full, codes = with_fc_filled(given), codes_of(given)
    assert np.count_nonzero(given.fc == 0) > 0
    assert set(np.unique(full.fc[given.fc == 0])) == {-1, 1}
    assert np.array_equal(full.fc[given.fc != 0], given.fc[given.fc != 0])
    for before, after in zip(forward(given, codes).spikes, forward(full, codes).spikes, strict=True):
        assert np.array_equal(before, after)
    assert np.array_equal(full.fc, with_fc_filled(given).fc)


def test_fewer_neurons_are_the_first_ones():
    shipped = load_checkpoint()
    small = with_fewer_neurons(shipped, 16)
    spec = small.specification
    assert (spec.layers, spec.lanes, spec.outputs) == ((16, 16), 16, shipped.specification.outputs)
    assert small.host is shipped.host
    for layer, (less, more) in enumerate(zip(small.feed_forward, shipped.feed_forward, strict=True)):
        assert less.shape == (16 if layer else spec.inputs, 16)
        assert np.array_equal(less, more[: less.shape[0], :16])
    assert small.fc_zeros == (shipped.fc[:16] == 0).sum()
    # As if the others never spoke: weights from them are gone, and nothing else.
    codes = np.random.default_rng(1).integers(-128, 128, (20, spec.inputs))
    silent = [None if array is None else array.copy() for array in shipped.recurrent]
    for array in silent:
        array[16:] = 0
    between = shipped.feed_forward[1].copy()
    between[16:] = 0
    fc = shipped.fc.copy()
    fc[16:] = 0
    alone = dataclasses.replace(
        shipped, feed_forward=(shipped.feed_forward[0], between), recurrent=tuple(silent), fc=fc,
        fc_zeros=int((fc == 0).sum()),
    )  # fmt: skip
    assert np.array_equal(forward(small, codes).logits, forward(alone, codes).logits)


@pytest.mark.parametrize("width", [0, -1, 129])
def test_a_width_that_is_none_is_refused(width):
    with pytest.raises(SpecificationError, match=rf"width is {width}, expected 1\.\.128"):
        with_fewer_neurons(load_checkpoint(), width)
