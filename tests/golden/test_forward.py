"""The integer forward against a deliberately naive triple loop in Python integers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden.checkpoint import Checkpoint, random_checkpoint
from golden.errors import StimulusError
from golden.forward import ForwardStream, forward, forward_batch
from golden.specification import Specification
from tests.golden.specifications import utterances


def naive(checkpoint: Checkpoint, codes: np.ndarray) -> tuple[list, list, list]:
    """Compute the equations of docs/network.md, one scalar at a time."""
    spec = checkpoint.specification
    weights = [matrix.tolist() for matrix in checkpoint.feed_forward]
    back = [None if matrix is None else matrix.tolist() for matrix in checkpoint.recurrent]
    fc = checkpoint.fc.tolist()
    u = [[0] * width for width in spec.layers]
    s = [[[0] * width for _ in range(spec.time_steps)] for width in spec.layers]
    all_spikes, all_membranes, all_logits = [], [], []
    for frame in codes.tolist():
        old = [[list(step) for step in layer] for layer in s]
        frame_membranes = [[None] * spec.time_steps for _ in spec.layers]
        for layer, width in enumerate(spec.layers):
            least = -(2 ** (spec.membrane_bits[layer] - 1))
            greatest = 2 ** (spec.membrane_bits[layer] - 1) - 1
            for t in range(spec.time_steps):
                below = frame if layer == 0 else s[layer - 1][t]
                previous = old[layer][spec.time_steps - 1] if t == 0 else s[layer][t - 1]
                fired = []
                for j in range(width):
                    total = 0
                    for i, value in enumerate(below):
                        total += weights[layer][i][j] * value * 2 ** spec.input_shifts[layer]
                    if back[layer] is not None:
                        for i in range(width):
                            total += back[layer][i][j] * old[layer][t][i] * 2 ** spec.recurrent_shifts[layer]
                    v = 0 if previous[j] else u[layer][j] - u[layer][j] // 2 ** spec.leaks[layer]
                    u[layer][j] = min(greatest, max(least, v + total))
                    fired.append(int(u[layer][j] >= spec.thresholds[layer]))
                s[layer][t] = fired
                frame_membranes[layer][t] = list(u[layer])
        logits = []
        for o in range(spec.outputs):
            total = 0
            for i in range(spec.layers[-1]):
                for t in range(spec.time_steps):
                    total += fc[i][o] * s[-1][t][i]
            logits.append(total)
        all_spikes.append([[list(step) for step in layer] for layer in s])
        all_membranes.append(frame_membranes)
        all_logits.append(logits)
    return all_spikes, all_membranes, all_logits


def assert_naive(checkpoint: Checkpoint, codes: np.ndarray) -> None:
    result = forward(checkpoint, codes)
    spikes, membranes, logits = naive(checkpoint, codes)
    np.testing.assert_array_equal(result.logits, np.array(logits))
    for layer in range(len(checkpoint.specification.layers)):
        np.testing.assert_array_equal(result.spikes[layer], np.array([frame[layer] for frame in spikes], dtype=bool))
        np.testing.assert_array_equal(result.membranes[layer], np.array([frame[layer] for frame in membranes]))


@st.composite
def small(draw: st.DrawFn) -> Specification:
    count = draw(st.integers(1, 3))
    bits = tuple(draw(st.integers(5, 18)) for _ in range(count))
    return Specification(
        inputs=draw(st.integers(1, 6)),
        input_bits=draw(st.integers(2, 10)),
        layers=tuple(draw(st.integers(1, 7)) for _ in range(count)),
        recurrent=tuple(draw(st.booleans()) for _ in range(count)),
        outputs=draw(st.integers(1, 9)),
        time_steps=draw(st.integers(1, 2)),
        weight_bits=draw(st.sampled_from([4, 8, 16])),
        input_shifts=tuple(draw(st.integers(0, 5)) for _ in range(count)),
        recurrent_shifts=tuple(draw(st.integers(0, 5)) for _ in range(count)),
        leaks=tuple(draw(st.integers(1, 4)) for _ in range(count)),
        thresholds=tuple(draw(st.integers(1, 2 ** (width - 1) - 1)) for width in bits),
        membrane_bits=bits,
    )


@given(spec=small(), seed=st.integers(0, 2**31), frames=st.integers(1, 6))
def test_equals_the_naive_loop(spec: Specification, seed: int, frames: int) -> None:
    low, high = spec.code_range
    codes = np.random.default_rng(seed).integers(low, high, (frames, spec.inputs), endpoint=True)
    assert_naive(random_checkpoint(spec, seed=seed), codes)


@pytest.mark.parametrize("time_steps", [1, 2])
@pytest.mark.parametrize("value", [-128, -1, 0, 127])
def test_extreme_codes_at_full_width(time_steps: int, value: int) -> None:
    spec = Specification(outputs=5, time_steps=time_steps)
    assert_naive(random_checkpoint(spec, seed=value + 200), np.full((2, 40), value))


def test_saturation_is_reached_and_right() -> None:
    spec = Specification(inputs=4, layers=(6, 5), outputs=3, membrane_bits=(10, 6), thresholds=(500, 20))
    checkpoint = random_checkpoint(spec, seed=3)
    codes = np.random.default_rng(5).integers(-128, 128, (40, 4))
    membranes = forward(checkpoint, codes).membranes[0]
    assert membranes.max() == 511
    assert membranes.min() == -512
    assert_naive(checkpoint, codes)


def test_products_beyond_float32_stay_exact() -> None:
    # 512 inputs x 2^15 x 2^15 needs 40 bits: more than float32's 24, fewer than float64's 53.
    spec = Specification(
        inputs=512, input_bits=16, weight_bits=16, layers=(2, 2), outputs=2, membrane_bits=(32, 32),
        thresholds=(2**30, 2**20),
    )  # fmt: skip
    codes = np.random.default_rng(1).integers(-(2**15), 2**15, (2, 512))
    assert_naive(random_checkpoint(spec, seed=1), codes)


def test_the_widest_membrane_and_its_current_do_not_overflow() -> None:
    spec = Specification(
        inputs=40, layers=(3,), recurrent=(False,), outputs=2, membrane_bits=(32,), thresholds=(2**31 - 1,),
        input_shifts=(12,), recurrent_shifts=(0,), leaks=(15,),
    )  # fmt: skip
    checkpoint = random_checkpoint(spec, seed=1)
    checkpoint.feed_forward[0][:] = 7
    assert_naive(checkpoint, np.full((12, 40), 127))


@given(seed=st.integers(0, 2**31), lengths=st.lists(st.integers(0, 9), min_size=1, max_size=6))
def test_a_batch_of_different_lengths_equals_each_alone(seed: int, lengths: list[int]) -> None:
    spec = Specification(inputs=5, layers=(6, 4), outputs=7)
    checkpoint = random_checkpoint(spec, seed=seed)
    rng = np.random.default_rng(seed)
    utterances = [rng.integers(-128, 128, (length, 5)) for length in lengths]
    for codes, together in zip(utterances, forward_batch(checkpoint, utterances), strict=True):
        alone = forward(checkpoint, codes)
        assert len(together.logits) == len(codes)
        np.testing.assert_array_equal(alone.logits, together.logits)
        for mine, theirs in zip(alone.membranes + alone.spikes, together.membranes + together.spikes, strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_no_utterances_give_no_results() -> None:
    assert forward_batch(random_checkpoint(Specification(outputs=4), seed=0), []) == []


def test_best_is_the_lowest_index_among_equals() -> None:
    result = forward(random_checkpoint(Specification(outputs=30, layers=(3, 1)), seed=2), np.zeros((3, 40), dtype=int))
    assert result.logits.max() == result.logits.min() == 0
    assert result.best.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros((3, 39), dtype=int), "codes: shape (3, 39), expected (frames, 40)"),
        (np.zeros(40, dtype=int), "codes: shape (40,), expected (frames, 40)"),
        (np.zeros((3, 40)), "codes: dtype float64, expected integers"),
        (np.full((1, 40), 128), "codes: values 128..128, expected -128..127"),
    ],
)
def test_refuses_bad_codes_by_name(codes: np.ndarray, message: str) -> None:
    with pytest.raises(StimulusError) as refused:
        forward(random_checkpoint(Specification(outputs=4), seed=0), codes)
    assert str(refused.value) == message


@given(utterances(frames=7), st.lists(st.integers(0, 7), max_size=4))
def test_an_utterance_in_pieces_is_the_whole(drawn, cuts):
    checkpoint, codes = drawn
    whole, stream = forward(checkpoint, codes), ForwardStream(checkpoint)
    pieces = []
    for piece in np.split(codes, sorted(cuts)):
        before = stream.last_spikes
        pieces.append(stream.push(piece))
        for layer, last in enumerate(stream.last_spikes):
            expected = pieces[-1].spikes[layer][-1] if len(piece) else before[layer]
            np.testing.assert_array_equal(last, expected)
    for name in ("spikes", "membranes"):
        for layer, expected in enumerate(getattr(whole, name)):
            joined = np.concatenate([getattr(piece, name)[layer] for piece in pieces])
            np.testing.assert_array_equal(joined, expected)
    np.testing.assert_array_equal(np.concatenate([piece.logits for piece in pieces]), whole.logits)


def test_codes_that_are_refused_leave_the_state():
    checkpoint = random_checkpoint(Specification(inputs=3, layers=(4,), recurrent=(True,), outputs=5, lanes=16,
        input_shifts=(0,), recurrent_shifts=(0,), leaks=(1,), thresholds=(8,), membrane_bits=(8,)), seed=1)  # fmt: skip
    codes = np.random.default_rng(0).integers(-128, 128, (6, 3))
    stream = ForwardStream(checkpoint)
    first = stream.push(codes[:3])
    with pytest.raises(StimulusError, match="values"):
        stream.push(codes[3:] + 1000)
    joined = np.concatenate([first.logits, stream.push(codes[3:]).logits])
    np.testing.assert_array_equal(joined, forward(checkpoint, codes).logits)
