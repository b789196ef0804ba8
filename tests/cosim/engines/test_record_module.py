"""The record's module: an output a field, as wide as its words, with what a plane lacks filled by zeros."""

from __future__ import annotations

import re

import pytest

from cosim.engines.record_module import port_name, record_module
from golden.layout import build_layout
from golden.specification import Specification
from rtl.design import build_design

NARROW = Specification(inputs=12, layers=(20, 16), outputs=75, lanes=16, logits_per_cycle=4)


@pytest.fixture(scope="module")
def text(off_the_stack):
    return record_module(off_the_stack(build_design, NARROW))


def test_every_field_is_an_output_of_its_words(text):
    found = re.findall(r"^    output wire \[(\d+):0\] (\w+),?$", text, re.MULTILINE)
    declared = {name: int(high) + 1 for high, name in found}
    assert declared == {port_name(field): 64 * field.words for field in build_layout(NARROW)}


def test_planes_and_tiles_stand_where_the_record_has_them(text):
    # Planes of 16 lanes, each in a word of its own; a layer of 20 in two tiles, of which the second has 4.
    acc = re.search(r"assign pe_array_acc0 = \{(.*)\};", text).group(1).split(", ")
    assert acc[-2:] == ["48'b0", "dut.acc0[15:0]"]
    assert len(acc) == 2 * NARROW.accumulator_bits
    assert "assign spikes_this0_1 = {44'b0, dut.spikes_now[51:48], dut.spikes_now[47:32]};" in text
    assert "assign controller_state = {62'b0, dut.state};" in text
