"""The integer weights of the search; what it finds is held to every path in the decoder's tests."""

import numpy as np
import pytest

from golden.viterbi import DEAD, LARGEST, UNIT, advance, finish, weighed


def test_weights_are_rounded_and_bounded():
    values = np.array([0, 1, -1.00013, 3000, -1e30, np.inf, -np.inf], np.float32)
    assert weighed(values).tolist() == [0, 4096, -4097, LARGEST, -LARGEST, LARGEST, -LARGEST]
    assert weighed(values).dtype == np.int32
    assert UNIT == 1 / 4096


def search(scores, joins, first, *, look_ahead):
    """Return the states fixed on the way, those fixed at the end, and the scores left."""
    frames, states = scores.shape
    best, back = np.zeros(states, np.int32), np.empty((look_ahead + 1, states), np.int16)
    state, entered = np.empty(frames, np.int16), np.empty(frames, np.bool_)
    fixed = advance(scores, joins, first, best, back, 0, state, entered)
    finish(best, back, frames, states // len(first), state[fixed:], entered[fixed:])
    return state[:fixed].tolist(), state[fixed:].tolist(), best


def test_the_rounding_in_the_search_is_that_of_the_weights():
    """The scores of one frame, first weights 0, are `weighed` less their largest."""
    scores = np.random.default_rng(1).normal(size=(1, 7)).astype(np.float32) * 20
    scores[0, 3] = -1e30
    _, _, best = search(scores, np.zeros((7, 7), np.int32), np.zeros(7, np.int32), look_ahead=1)
    assert best.tolist() == (weighed(scores[0]) - weighed(scores[0]).max()).tolist()


@pytest.mark.parametrize("look_ahead", [0, 1, 2, 5])
def test_what_was_fixed_is_not_taken_back(look_ahead):
    """Two phones of a state each that never join: the first looks better for two frames, the second over all."""
    scores = np.array([[1, 0], [1, 0], [0, 9], [0, 0]], np.float32)
    apart = weighed(np.array([[0, -500], [-500, 0]], np.float32))
    fixed, rest, best = search(scores, apart, np.zeros(2, np.int32), look_ahead=look_ahead)
    chosen = 0 if look_ahead < 2 else 1
    assert fixed + rest == [chosen] * 4
    assert len(rest) == min(4, look_ahead)
    # The path that lost was given up when its first state was refused: it comes back by joining alone.
    assert (best.min() > -20 / UNIT) == (look_ahead == 5)
    assert best.max() == 0
    assert best.min() >= DEAD


def test_a_state_that_no_path_has_reached_stays_out_of_reach():
    """However long the way through a phone, and however much better its end would be."""
    scores = np.full((190, 200), -1024, np.float32)
    scores[:, 195:] = 1024
    weights = np.zeros((1, 1), np.int32), np.zeros(1, np.int32)
    _, states, _ = search(scores, *weights, look_ahead=190)
    assert (np.array(states) <= np.arange(190)).all()
