"""Dropout keeps the mean, repeats with its generator, and refuses shares that are none."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.networks.dropout import cut_of, dropped, random_bytes


def seeded(seed=4):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("count", [1, 8, 100_003])
def test_random_bytes_are_uniform_and_drawn_from_the_generator(count):
    first, again = (random_bytes((count,), generator=seeded()) for _ in range(2))
    assert first.dtype == torch.uint8
    assert torch.equal(first, again)
    if count > 1000:
        counts = torch.bincount(first.to(torch.int64), minlength=256).double()
        expected = count / 256
        assert float(((counts - expected) ** 2 / expected).sum()) < 400  # chi-squared, 255 degrees of freedom


@given(st.floats(0, 1, exclude_max=True))
def test_a_share_becomes_the_nearest_256ths_but_never_all(share):
    cut = cut_of(share)
    assert 0 <= cut <= 255
    assert cut == 255 or abs(cut / 256 - share) <= 1 / 512


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_what_is_no_share_is_refused(share):
    with pytest.raises(ValueError, match="expected a share of at least 0 and below 1"):
        cut_of(share)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_a_share_is_dropped_and_the_mean_stays(share):
    signal = torch.ones(400, 500, requires_grad=True)
    out = dropped(signal, share, seeded())
    assert float((out == 0).double().mean()) == pytest.approx(cut_of(share) / 256, abs=0.005)
    assert float(out.detach().double().mean()) == pytest.approx(1, abs=0.01)
    out.sum().backward()
    assert torch.equal(signal.grad, out.detach())


def test_no_share_leaves_the_signal_and_the_generator_alone():
    generator, signal = seeded(), torch.ones(3)
    assert dropped(signal, 0.0, generator) is signal
    assert torch.equal(generator.get_state(), seeded().get_state())
