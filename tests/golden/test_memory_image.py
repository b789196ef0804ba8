from __future__ import annotations

import numpy as np
from hypothesis import given

from golden.checkpoint import random_checkpoint
from golden.memory_image import lane_planes, memory_image
from golden.schedule import build_schedule
from golden.specification import Specification
from tests.golden.specifications import utterances


@given(utterances(frames=1))
def test_every_weight_lies_once_at_its_place(drawn):
    checkpoint, _ = drawn
    spec = checkpoint.specification
    banks = memory_image(checkpoint)
    assert (banks[0].depth, banks[1].depth) == build_schedule(spec).bank_depths
    seen = [np.zeros_like(bank.weights, dtype=bool) for bank in banks]

    def check(bank: int, base: int, matrix: np.ndarray) -> None:
        rows, width = matrix.shape
        np.testing.assert_array_equal(banks[bank].weights[base : base + rows, :width], matrix)
        assert not seen[bank][base : base + rows, :width].any()
        seen[bank][base : base + rows, :width] = True

    last = spec.layers[-1]
    for group in range(spec.groups):
        check(group % 2, group // 2 * last, checkpoint.fc[:, group * spec.lanes : (group + 1) * spec.lanes])
    base = spec.groups // 2 * last
    for layer in range(len(spec.layers)):
        for tile in range(spec.tiles(layer)):
            columns = slice(tile * spec.lanes, (tile + 1) * spec.lanes)
            for matrix in (checkpoint.feed_forward[layer], checkpoint.recurrent[layer]):
                if matrix is not None:
                    check(1, base, matrix[:, columns])
                    base += len(matrix)
    assert base == banks[1].depth
    for bank, marked in zip(banks, seen, strict=True):
        assert not bank.weights[~marked].any()


@given(utterances(frames=1))
def test_planes_and_row_values_hold_the_same_bits(drawn):
    checkpoint, _ = drawn
    spec = checkpoint.specification
    for bank in memory_image(checkpoint):
        values = bank.row_values()
        assert len(values) == bank.depth
        assert all(0 <= value < 1 << spec.row_bits for value in values)
        for row in {0, bank.depth // 2, bank.depth - 1}:
            for lane in range(spec.lanes):
                weight = int(bank.weights[row, lane])
                for bit in range(spec.weight_bits):
                    assert values[row] >> (bit * spec.lanes + lane) & 1 == weight >> bit & 1
                    word = int(bank.planes[row, bit, lane // 64])
                    assert word >> (lane % 64) & 1 == weight >> bit & 1


def test_the_default_network_takes_2344_rows():
    banks = memory_image(random_checkpoint(Specification(), seed=1))
    assert (banks[0].depth, banks[1].depth) == (1024, 1320)
    assert banks[0].planes.shape == (1024, 4, 2)


def test_planes_are_twos_complement():
    planes = lane_planes(np.array([[-8, 7, -1, 0]]), 4)
    assert planes[0, :, 0].tolist() == [0b0110, 0b0110, 0b0110, 0b0101]
