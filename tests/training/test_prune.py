"""Magnitude pruning takes exactly its share, the smallest weights."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.prune import magnitude_mask


@given(st.integers(0, 1000), st.integers(1, 30), st.integers(1, 30), st.floats(0, 1))
def test_exactly_the_smallest_share_is_pruned(seed, rows, columns, share):
    weights = torch.randint(-4, 5, (rows, columns), generator=torch.Generator().manual_seed(seed)) / 8
    mask = magnitude_mask(weights, share=share)
    assert mask.shape == weights.shape
    assert int((~mask).sum()) == round(share * weights.numel())
    if (~mask).any() and mask.any():
        assert weights[~mask].abs().max() <= weights[mask].abs().min()


def test_the_share_of_the_papers_layer():
    weights = torch.randn(128, 1920, generator=torch.Generator().manual_seed(1))
    assert int((~magnitude_mask(weights, share=0.4)).sum()) == 98_304


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_refuses_other_shares(share):
    with pytest.raises(ValueError, match=r"expected 0..1"):
        magnitude_mask(torch.zeros(2, 2), share=share)
