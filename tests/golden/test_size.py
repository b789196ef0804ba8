from __future__ import annotations

import numpy as np

from golden.checkpoint import random_checkpoint
from golden.size import weight_size
from golden.specification import Specification


def test_sizes_of_the_default_network_are_those_reconstructed_from_the_paper():
    checkpoint = random_checkpoint(Specification(), seed=1)
    checkpoint.fc[:] = 1
    checkpoint.fc.ravel()[:98_304] = 0  # 40 % of the FC
    size = weight_size(checkpoint)
    assert (size.weights, size.nonzero_weights) == (300_032, 201_728)
    assert size.nonzero_bytes == 100_864  # 0.1009 MB
    assert size.dense_bytes == 150_016
    assert size.bitmap_bytes == 100_864 + 245_760 / 8


def test_a_zero_outside_the_fc_is_stored():
    checkpoint = random_checkpoint(Specification(weight_bits=8), seed=1, zero_share=0.0)
    checkpoint.fc[:] = np.where(checkpoint.fc == 0, 1, checkpoint.fc)
    before = weight_size(checkpoint)
    checkpoint.feed_forward[0][:] = 0
    assert weight_size(checkpoint) == before
    assert before.nonzero_bytes == before.dense_bytes == 300_032


def test_the_bitmap_s_last_byte_counts_as_far_as_it_is_used():
    spec = Specification(inputs=3, layers=(2, 5), outputs=3, lanes=16)
    checkpoint = random_checkpoint(spec, seed=1)
    checkpoint.fc[:] = 0
    checkpoint.fc[4, 2] = 7
    # 3 x 2 + 2 x 2 into the first layer, 2 x 5 + 5 x 5 into the second, and 1 of 15: 46 of 60 weights of half a byte.
    size = weight_size(checkpoint)
    assert (size.weights, size.nonzero_weights) == (60, 46)
    assert (size.dense_bytes, size.nonzero_bytes, size.bitmap_bytes) == (30, 23, 23 + 15 / 8)
