"""The record's layout: no overlap, widths from the specification, lanes unpacked by brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden.layout import build_layout
from golden.specification import Specification
from tests.golden.specifications import specifications


@given(specifications())
def test_fields_follow_each_other(spec: Specification) -> None:
    layout, at = build_layout(spec), 0
    for field in layout:
        assert field.offset == at
        at += field.planes * -(-field.width // 64)
    assert at == layout.words
    assert len({field.path for field in layout}) == len(layout.fields)


def test_the_default_record() -> None:
    layout = build_layout(Specification())
    assert (layout["pe_array.acc0"].planes, layout["pe_array.acc0"].width) == (17, 128)
    assert (layout["neuron_unit.membrane1_0"].planes, layout["output.shadow0"].planes) == (12, 12)
    assert layout["output.logits"].width == 16 * 12
    with pytest.raises(KeyError):
        layout["pe_array.acc2"]


@given(st.integers(0, 2**32))
def test_lanes_are_the_planes_read_across(seed: int) -> None:
    layout = build_layout(Specification())
    record = np.random.default_rng(seed).integers(0, 2**64, layout.words, dtype=np.uint64)
    field = layout["pe_array.acc1"]
    planes = field.plane_values(record)
    for lane in (0, 1, 63, 64, 127):
        value = sum(((plane >> lane) & 1) << bit for bit, plane in enumerate(planes))
        assert field.lanes(record)[lane] == (value - 2**17 if value >= 2**16 else value)
    logits = layout["output.logits"]
    (word,) = logits.plane_values(record)
    for lane in range(16):
        value = (word >> (12 * lane)) & 0xFFF
        assert logits.lanes(record)[lane] == (value - 4096 if value >= 2048 else value)
