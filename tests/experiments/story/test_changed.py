"""Networks pruned further or in fewer bits: which weights go, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.story.changed import with_fc_pruned, with_fewer_bits
from golden.checkpoint import load_checkpoint
from golden.errors import CheckpointError
from golden.forward import forward


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_the_smallest_weights_of_the_fc_go(share: float) -> None:
    shipped = load_checkpoint()
    pruned = with_fc_pruned(shipped, share)
    gone = (pruned.fc == 0) & (shipped.fc != 0)
    assert (pruned.fc == 0).mean() == pytest.approx(share, abs=1e-3)
    assert np.array_equal(pruned.fc[~gone], shipped.fc[~gone])
    assert np.abs(shipped.fc[gone]).max() <= np.abs(pruned.fc[pruned.fc != 0]).min()
    assert pruned.fc_zeros == (pruned.fc == 0).sum()


@pytest.mark.parametrize("bits", [1, 5, 8])
def test_bits_that_it_has_not_are_refused(bits: int) -> None:
    with pytest.raises(CheckpointError, match=rf"weight bits are {bits}, expected 2\.\.4"):
        with_fewer_bits(load_checkpoint(), bits)


def test_its_own_bits_change_nothing() -> None:
    shipped = load_checkpoint()
    codes = np.random.default_rng(1).integers(-128, 128, (20, 40))
    assert np.array_equal(forward(with_fewer_bits(shipped, 4), codes).logits, forward(shipped, codes).logits)


def test_two_bits_are_of_their_range() -> None:
    fewer = with_fewer_bits(load_checkpoint(), 2)
    assert np.abs(fewer.fc).max() <= 8
    assert len(np.unique(fewer.fc)) <= 4
