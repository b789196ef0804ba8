"""Packed words against bits that are set one by one."""

from __future__ import annotations

import numpy as np
import pytest

from golden.record_packing import pack_bits, pack_planes

ALL_ONES = np.uint64(2**64 - 1)


@pytest.mark.parametrize(("words", "planes"), [(1, 1), (1, 9), (2, 3), (63, 1)])
def test_a_plane_has_the_bit_of_every_lane(words: int, planes: int) -> None:
    rng = np.random.default_rng(words)
    lanes = rng.integers(-(1 << 20), 1 << 20, 64 * words)
    record = np.full(words * planes + 4, ALL_ONES)
    pack_planes(lanes, planes, record, 3)
    expected = [2**64 - 1] * 3 + [0] * (words * planes) + [2**64 - 1]
    for lane, value in enumerate(lanes.tolist()):
        for plane in range(planes):
            expected[3 + plane * words + lane // 64] += (value >> plane & 1) << lane % 64
    assert record.tolist() == expected


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 128, 130, 4_100])
def test_bits_fill_words_from_the_lowest(count: int) -> None:
    bits = np.random.default_rng(count).integers(0, 2, 4_200).astype(np.uint8)
    bits[[0, 63, 64, 127, 128]] = 0, 1, 1, 1, 0
    record = np.full(70, ALL_ONES)
    pack_bits(bits, count, record, 2)
    expected = [2**64 - 1] * 70
    for word in range(-(-count // 64)):
        expected[2 + word] = sum(int(bits[entry]) << entry - 64 * word for entry in range(64 * word, count)[:64])
    assert record.tolist() == expected


@pytest.mark.parametrize("count", [1, 64, 65, 130])
def test_every_bit_is_read_once(count: int) -> None:
    """One that is read for the word before too is shifted by 64 there, which Python makes 0 and a compiler need not."""
    read: list[int] = []

    class Bits:
        def __getitem__(self, entry: int) -> int:
            read.append(entry)
            return 1

    plain = getattr(pack_bits, "py_func", pack_bits)  # as it stands, not compiled
    plain(Bits(), count, np.zeros(3, np.uint64), 0)
    assert read == list(range(count))
