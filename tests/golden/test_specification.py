"""Widths by bound against exhaustive search, and every refusal."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from golden.checkpoint import random_checkpoint
from golden.errors import SpecificationError
from golden.memory_image import memory_image
from golden.specification import MOST_BUFFERED_WEIGHTS, Specification, index_bits, signed_bits


@given(st.integers(-(2**40), 2**40), st.integers(-(2**40), 2**40))
def test_signed_bits_is_the_fewest_that_hold_the_range(one: int, other: int) -> None:
    low, high = sorted((one, other))
    bits = signed_bits(low, high)
    assert -(2 ** (bits - 1)) <= low
    assert high <= 2 ** (bits - 1) - 1
    assert bits == 1 or low < -(2 ** (bits - 2)) or high > 2 ** (bits - 2) - 1


@pytest.mark.parametrize(("count", "bits"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (1320, 11), (2048, 11)])
def test_index_bits(count: int, bits: int) -> None:
    assert index_bits(count) == bits


def test_the_default_is_the_papers_network() -> None:
    spec = Specification()
    # PAPER: 5,120 + 3 x 16,384 + 245,760 weights after structured pruning; 1,000 cycles a frame at 100 kHz.
    weights = sum(spec.fan_in(layer) * width + width * width for layer, width in enumerate(spec.layers))
    assert weights + spec.layers[-1] * spec.outputs == 300_032
    assert spec.frame_budget == 1000
    # 40 x 128 x 8 = 40,960 from the codes and 128 x 8 << 4 = 16,384 from the spikes: 57,344 takes 17 bits.
    assert spec.accumulator_range(0) == (-40 * 8 * 127 - 16_384, 40_960 + (128 * 7 << 4))
    assert spec.accumulator_bits == 17
    # 128 neurons x 2 time steps x -8..7.
    assert spec.logit_range == (-2048, 1792)
    assert (spec.logit_bits, spec.groups, spec.group_pairs, spec.row_bits) == (12, 15, 8, 512)


def test_the_bound_holds_for_every_order_of_the_terms() -> None:
    spec = Specification(inputs=2, input_bits=3, layers=(1,), recurrent=(False,), input_shifts=(0,),
                         recurrent_shifts=(0,), leaks=(1,), thresholds=(1,), membrane_bits=(8,), outputs=1)  # fmt: skip
    # Every code and weight, as signed bit planes in every order: the partial sums span exactly the bound.
    seen = set()
    for weights in itertools.product((-8, -3, 7), repeat=2):
        for codes in itertools.product(range(-4, 4), repeat=2):
            terms = []
            for weight, code in zip(weights, codes, strict=True):
                bits = code & 7
                terms += [weight * ((bits >> plane) & 1) * (-4 if plane == 2 else 2**plane) for plane in range(3)]
            for order in itertools.permutations(terms):
                total = 0
                for term in order:
                    total += term
                    seen.add(total)
    low, high = spec.accumulator_range(0)
    assert low <= min(seen)
    assert max(seen) <= high
    assert max(seen) == high


@given(
    bits=st.integers(4, 9),
    leak=st.integers(1, 12),
    shifts=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    recurrent=st.booleans(),
)
def test_the_range_of_the_neurons_sum_is_that_of_every_membrane(
    bits: int, leak: int, shifts: tuple[int, int], recurrent: bool
) -> None:
    spec = Specification(
        inputs=2, layers=(2,), recurrent=(recurrent,), leaks=(leak,), thresholds=(1,), membrane_bits=(bits,),
        input_shifts=shifts[:1], recurrent_shifts=shifts[1:], outputs=1,
    )  # fmt: skip
    before = [0, *(u - (u >> leak) for u in range(-(2 ** (bits - 1)), 2 ** (bits - 1)))]
    currents = [value << spec.layer_shift(0) for value in spec.accumulator_range(0)]
    sums = [v + current for v in before for current in currents]
    assert spec.potential_range(0) == (min(sums), max(sums))
    assert spec.potential_bits == max(bits, signed_bits(min(sums), max(sums)))


def test_the_neurons_sum_is_as_wide_as_the_widest_layers() -> None:
    spec = Specification()
    # Layer 0: -57,344 << 0; layer 1: (2 x 128 + 128) x -8 << its shift; each with half of a membrane's range.
    assert spec.potential_bits == max(signed_bits(*spec.potential_range(layer)) for layer in (0, 1))
    assert spec.potential_bits < max(spec.layer_shift(layer) for layer in (0, 1)) + spec.accumulator_bits


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": 0}, "inputs is 0, expected 1..4096"),
        ({"inputs": 40.0}, "inputs is 40.0, expected an integer"),
        ({"time_steps": 3}, "time_steps is 3, expected 1..2"),
        ({"weight_bits": 5}, "weight_bits is 5, expected 4, 8 or 16"),
        ({"plane_coding": "gray"}, "plane_coding is 'gray', expected one of twos_complement, sign_magnitude"),
        ({"layers": [128, 128]}, "layers is [128, 128], expected a tuple of int"),
        ({"layers": ()}, "layers is (), expected 1..8 layers"),
        ({"leaks": (1,)}, "leaks is (1,), expected one entry for each of the 2 layers"),
        ({"leaks": (0, 1)}, "leaks is (0, 1), expected entries in 1..15"),
        ({"zero_skipping": 1}, "zero_skipping is 1, expected true or false"),
        ({"clock_hz": float("nan")}, "clock_hz is nan, expected a number in 1..1e+12"),
        ({"clock_hz": True}, "clock_hz is True, expected a number in 1..1e+12"),
        ({"clock_hz": 1e308}, "clock_hz is 1e+308, expected a number in 1..1e+12"),
        ({"clock_hz": 10**5000}, "clock_hz is an integer of 16,610 bits, expected a number in 1..1e+12"),
        ({"clock_hz": 5e-324}, "clock_hz is 5e-324, expected a number in 1..1e+12"),
        ({"frame_period_s": 10**13}, "frame_period_s is 10000000000000, expected a number in 1e-09..1000"),
        (
            {"clock_hz": 1e12, "frame_period_s": 1},
            "clock_hz is 1000000000000.0, expected at most 1,000,000,000 cycles in 1 s",
        ),
        ({"inputs": -(10**5000)}, "inputs is an integer of 16,610 bits, expected 1..4096"),
        ({"layers": {"0": 128}}, "layers is {'0': 128}, expected a tuple of int"),
        ({"plane_coding": {}}, "plane_coding is {}, expected one of twos_complement, sign_magnitude"),
        (
            {"lanes": 1, "logits_per_cycle": 1, "layers": (4096, 4096)},
            "lanes is 1, expected layers and outputs in at most 4,096 tiles, not 10,112",
        ),
        (
            {"outputs": 65536, "layers": (4096, 4096)},
            "layers, outputs and lanes is (4096, 4096, 65536, 128), expected a weight buffer of at most 67,108,864 "
            "weights, not 318,930,944",
        ),
        ({"frame_period_s": 1e-9}, "frame_period_s is 1e-09, expected at least one clock cycle"),
        ({"logits_per_cycle": 12}, "logits_per_cycle is 12, expected a divisor of lanes (128)"),
        (
            {"membrane_bits": (9, 12)},
            "thresholds[0] is 512, expected at most 255, what a 9-bit membrane reaches: it would never spike",
        ),
        (
            {"pe_sets": 1},
            "parallel_time_steps is True, expected false with one PE set: each time step needs its own set",
        ),
    ],
)
def test_refuses_with_a_sentence(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecificationError) as refused:
        Specification(**changes)
    assert str(refused.value) == f"specification: {message}"


def test_json_round_trip_and_its_refusals() -> None:
    spec = Specification(layers=(64, 30), merged_spike=False)
    assert Specification.from_json(spec.to_json()) == spec
    with pytest.raises(SpecificationError, match=r"unknown fields \['colour'\], missing fields \[\]"):
        Specification.from_json(spec.to_json() | {"colour": 1})
    with pytest.raises(SpecificationError, match="expected a JSON object, got list"):
        Specification.from_json([])  # type: ignore[arg-type]


def test_alignment_shares_what_the_matrices_have_in_common() -> None:
    spec = Specification(input_shifts=(1, 5), recurrent_shifts=(4, 2), recurrent=(True, True))
    assert [spec.layer_shift(0), spec.input_align(0), spec.recurrent_align(0)] == [1, 0, 3]
    assert [spec.layer_shift(1), spec.input_align(1), spec.recurrent_align(1)] == [2, 3, 0]
    alone = spec.replace(recurrent=(False, True))
    assert [alone.layer_shift(0), alone.input_align(0), alone.recurrent_align(0)] == [1, 0, 0]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(10**400),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=3), parts, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(sorted(Specification().to_json())), json_values, max_size=3))
def test_whatever_stands_in_a_field_is_a_specification_or_refused(fields: dict[str, Any]) -> None:
    said = ""
    try:
        spec = Specification.from_json(Specification().to_json() | fields)
    except SpecificationError as error:
        said = str(error)
    if said:
        assert said.startswith("specification: ")
        assert len(said) < 400
    else:
        assert 1 <= spec.frame_budget <= 10**9
        assert spec.buffered_weights <= MOST_BUFFERED_WEIGHTS


def test_the_weight_buffer_is_what_the_banks_hold() -> None:
    for spec in (Specification(), Specification(layers=(200, 30), recurrent=(True, False), outputs=300, lanes=64)):
        banks = memory_image(random_checkpoint(spec, seed=1))
        assert sum(bank.weights.size for bank in banks) == spec.buffered_weights
