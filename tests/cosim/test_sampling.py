from __future__ import annotations

import numpy as np
import pytest
from myhdl import Signal

from cosim.sampling import Sampler
from golden.layout import build_layout
from golden.specification import Specification
from golden.trace import CycleModel
from rtl.registers import build_registers

SPECIFICATIONS = {
    "default": Specification(),
    "tiles": Specification(inputs=70, layers=(130, 40), lanes=64, outputs=131),
    "one lane": Specification(
        inputs=1,
        layers=(1,),
        recurrent=(True,),
        input_shifts=(0,),
        recurrent_shifts=(0,),
        leaks=(1,),
        thresholds=(3,),
        membrane_bits=(6,),
        outputs=1,
        lanes=1,
        logits_per_cycle=1,
    ),
}


def random_records(spec, count, seed):
    """Return records whose every existing bit is drawn at random, then those with each of the bits inverted.

    Bits that do not exist are 0.
    """
    layout, rng = build_layout(spec), np.random.default_rng(seed)
    records = np.zeros((2 * count, layout.words), dtype=np.uint64)
    for field in layout:
        for plane in range(field.planes):
            for bit in range(field.width):
                word = field.offset + plane * field.plane_words + bit // 64
                drawn = rng.integers(0, 2, count).astype(np.uint64)
                records[:, word] |= np.concatenate([drawn, 1 - drawn]) << np.uint64(bit % 64)
    return records


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_records_become_values_and_values_records(name):
    spec = SPECIFICATIONS[name]
    sampler, records = Sampler(build_registers(spec)), random_records(spec, 3, seed=1)
    for record, values in zip(records, sampler.expected(records), strict=True):
        np.testing.assert_array_equal(sampler.record(values), record)
        by_slot = zip(sampler.slots, values, strict=True)
        for slot, value in ((slot, value) for slot, value in by_slot if slot.field.block != "spikes"):
            assert value == slot.field.plane_values(record)[slot.part]


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_what_is_read_from_the_signals_is_what_the_record_holds(name):
    """The signals take a record's values; reading them gives its values back, negative numbers included."""
    spec = SPECIFICATIONS[name]
    registers = build_registers(spec)
    sampler, records = Sampler(registers), random_records(spec, 2, seed=2)
    for record, values in zip(records, sampler.expected(records), strict=True):
        for slot, value in zip(sampler.slots, values, strict=True):
            show(registers.planes[slot.field.path][slot.part], value)
        assert sampler.read() == values
        np.testing.assert_array_equal(sampler.record(sampler.read()), record)


def show(signal: Signal, value: int) -> None:
    """Give a signal a value as the end of a delta cycle would."""
    if (signal.min or 0) < 0 and value >= signal.max:
        value -= 1 << len(signal)
    signal.next = bool(value) if isinstance(signal.val, bool) else value
    signal._update()


@pytest.mark.parametrize("more", [-1, 1])
def test_values_of_another_count_are_no_record(more):
    sampler = Sampler(build_registers(SPECIFICATIONS["one lane"]))
    with pytest.raises(ValueError, match="zip"):
        sampler.record([0] * (len(sampler.slots) + more))


def test_the_sampler_reads_every_field_of_the_record_whole(small_network):
    sampler = Sampler(build_registers(small_network.specification))
    bits: dict[str, int] = {}
    for slot in sampler.slots:
        bits[slot.field.path] = bits.get(slot.field.path, 0) + slot.bits
    assert bits == {field.path: field.bits for field in build_layout(small_network.specification)}


def test_a_model_trace_survives(small_network, small_codes):
    model = CycleModel(small_network)
    sampler = Sampler(build_registers(small_network.specification))
    records = model.frame(small_codes["first"][0], first=True)
    for record, values in zip(records, sampler.expected(records), strict=True):
        np.testing.assert_array_equal(sampler.record(values), record)
