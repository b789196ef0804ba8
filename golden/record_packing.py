"""Lanes and single bits packed into the words of a record, compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from golden.compiled import compiled

ONE = np.uint64(1)


@compiled
def pack_planes(lanes: Any, planes: Any, record: Any, place: Any) -> None:
    """Write the planes of `lanes` (int64, padded to whole words) into the record from word `place`."""
    plane_words = len(lanes) // 64
    for word in range(plane_words):
        for plane in range(planes):
            bits = np.uint64(0)
            for lane in range(64):  # becomes vector instructions
                bits |= ((np.uint64(lanes[64 * word + lane]) >> np.uint64(plane)) & ONE) << np.uint64(lane)
            record[place + plane * plane_words + word] = bits


@compiled
def pack_bits(bits: Any, count: Any, record: Any, place: Any) -> None:
    """Write `count` entries of 0 or 1 into the record from word `place`."""
    for first in range(0, count, 64):
        word = np.uint64(0)
        for entry in range(first, min(first + 64, count)):
            word |= np.uint64(bits[entry]) << np.uint64(entry - first)
        record[place + first // 64] = word
