from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from golden.checkpoint import random_checkpoint
from golden.cycles import FrameCounts, count_frames, join_counts, mmac_per_second
from golden.errors import StimulusError
from golden.forward import forward
from golden.specification import Specification
from golden.trace import PHASE, CycleModel
from tests.golden.specifications import utterances


@given(utterances(frames=4))
def test_counts_are_those_of_the_trace(drawn):
    checkpoint, codes = drawn
    counts = count_frames(checkpoint, codes, forward(checkpoint, codes).spikes)
    model = CycleModel(checkpoint)
    read = model.layout["weight_buffer.read"].offset
    assert (*counts.phases, "idle") == model.phases
    for frame, given_codes in enumerate(codes):
        records = model.frame(given_codes, first=frame == 0)
        assert counts.cycles[frame] == len(records)
        phases = np.bincount(model.labels[:, PHASE], minlength=len(model.phases))
        np.testing.assert_array_equal(counts.phase_cycles[frame], phases[:-1])
        rows = [int((records[:, read] >> np.uint64(bank) & np.uint64(1)).sum()) for bank in range(2)]
        assert counts.rows[frame].tolist() == rows
    assert (counts.cycles <= model.schedule.worst_cycles).all()


@given(utterances(frames=3))
def test_additions_are_the_weights_of_enabled_sets(drawn):
    checkpoint, codes = drawn
    spec = checkpoint.specification
    spikes = forward(checkpoint, codes).spikes
    counts = count_frames(checkpoint, codes, spikes)
    gated = spec.zero_weight_gating
    one = spec.pe_sets == 1
    low_planes = (spec.input_bits + 1) // 2
    for frame in range(len(codes)):
        sums = [0] * spec.pe_sets

        def add(pe_set: int, row: np.ndarray, sums: list[int] = sums) -> None:
            """Add the lanes of every tile or group that holds this row."""
            tiles = -(-len(row) // spec.lanes)
            sums[0 if one else pe_set] += int(np.count_nonzero(row)) if gated else tiles * spec.lanes

        for i in range(spec.inputs):
            for plane in range(spec.input_bits):
                code = int(codes[frame, i])
                if (abs(code) if spec.plane_coding == "sign_magnitude" else code) >> plane & 1:
                    # One set sums the inputs anew for each time step.
                    for _ in range(spec.time_steps if one else 1):
                        add(int(plane >= low_planes), checkpoint.feed_forward[0][i])
        for layer in range(len(spec.layers)):
            for t in range(spec.time_steps):
                if layer:
                    for i in np.flatnonzero(spikes[layer - 1][frame, t]):
                        add(t, checkpoint.feed_forward[layer][i])
                if checkpoint.recurrent[layer] is not None and frame:
                    for i in np.flatnonzero(spikes[layer][frame - 1, t]):
                        add(t, checkpoint.recurrent[layer][i])
        fires = spikes[-1][frame]
        steps = [fires.any(axis=0)] if spec.merged_spike else list(fires)
        for step in steps:
            for i in np.flatnonzero(step):
                for group in range(spec.groups):
                    add(group % 2, checkpoint.fc[i, group * spec.lanes : (group + 1) * spec.lanes])
        assert counts.additions[frame].tolist() == sums


# The paper's own arithmetic (reconstructed): MMAC/s of networks in which nothing is skipped.
@pytest.mark.parametrize(
    ("width", "fc_zeros", "merged", "expected"),
    [
        (256, 0, False, 145.82),
        (128, 0, False, 63.08),
        (128, 98_304, False, 43.42),
        (128, 98_304, True, 28.67),
    ],
)
def test_work_before_zero_skipping_is_that_of_the_paper(width, fc_zeros, merged, expected):
    spec = Specification(layers=(width, width), zero_skipping=False, merged_spike=merged)
    checkpoint = random_checkpoint(spec, seed=1)
    checkpoint.fc[:] = 1
    checkpoint.fc.ravel()[:fc_zeros] = 0
    codes = np.ones((2, spec.inputs), dtype=np.int8)
    counts = count_frames(checkpoint, codes, forward(checkpoint, codes).spikes)
    assert round(mmac_per_second(spec, counts.macs), 2) == expected


@pytest.mark.parametrize(("time_steps", "rounds"), [(1, 1), (2, 2)])
def test_one_set_does_the_work_of_the_inputs_once_a_time_step(time_steps, rounds):
    spec = Specification(time_steps=time_steps, pe_sets=1, parallel_time_steps=False, zero_skipping=False)
    checkpoint = random_checkpoint(spec, seed=1)
    codes = np.ones((2, spec.inputs), dtype=np.int8)
    counts = count_frames(checkpoint, codes, forward(checkpoint, codes).spikes)
    layers = rounds * 8 * 5_120 + time_steps * 3 * 16_384
    assert counts.dense_macs.tolist() == [layers + 245_760] * 2
    assert (counts.additions[:, 0] <= counts.dense_macs).all()


def test_zero_skipping_counts_ones_only():
    spec = Specification(inputs=3, layers=(4, 6), outputs=10, lanes=16)
    checkpoint = random_checkpoint(spec, seed=1, zero_share=0.5)
    codes = np.array([[1, -1, 0], [3, 0, 0]])
    spikes = [np.zeros((2, 2, 4), dtype=bool), np.zeros((2, 2, 6), dtype=bool)]
    spikes[0][0, 0, :2] = spikes[0][0, 1, 1] = True
    spikes[1][0, :, 5] = spikes[1][1, 1, 0] = True
    counts = count_frames(checkpoint, codes, spikes)
    # Frame 0: 1 + 8 input bits; 3 spikes into layer 1; index 5 once. Frame 1: 2 bits; 3 + 2 recurrent; index 0.
    assert counts.dense_macs.tolist() == [9 * 4 + 3 * 6 + 10, 2 * 4 + 3 * 4 + 2 * 6 + 10]
    nonzero = np.count_nonzero(checkpoint.fc, axis=1)
    assert counts.macs.tolist() == [9 * 4 + 3 * 6 + nonzero[5], 2 * 4 + 3 * 4 + 2 * 6 + nonzero[0]]


def test_the_unit_of_complexity_is_a_million_a_second():
    # 1.5 of 10 ms each.
    assert mmac_per_second(Specification(), np.array([1, 2])) == pytest.approx(1.5e-4, rel=1e-9)


def test_parts_join():
    spec = Specification(inputs=3, layers=(4, 6), outputs=10, lanes=16)
    checkpoint = random_checkpoint(spec, seed=2)
    parts: list[FrameCounts] = []
    for seed in range(2):
        codes = np.random.default_rng(seed).integers(-128, 128, size=(3, 3))
        parts.append(count_frames(checkpoint, codes, forward(checkpoint, codes).spikes))
    joined = join_counts(parts)
    assert joined.cycles.tolist() == [*parts[0].cycles, *parts[1].cycles]
    assert joined.additions.shape == (6, 2)
    assert join_counts(parts[:1]).macs.tolist() == parts[0].macs.tolist()
    with pytest.raises(ValueError, match="no utterances"):
        join_counts([])


@pytest.mark.parametrize(
    "change", [lambda s: s[:1], lambda s: [s[0][:1], s[1]], lambda s: [s[0].astype(np.int8), s[1]]]
)
def test_spikes_that_are_refused(change):
    spec = Specification(inputs=3, layers=(4, 6), outputs=10, lanes=16)
    checkpoint = random_checkpoint(spec, seed=2)
    codes = np.zeros((2, 3), dtype=np.int8)
    with pytest.raises(StimulusError, match="spikes: "):
        count_frames(checkpoint, codes, change(list(forward(checkpoint, codes).spikes)))


@given(utterances(frames=5), st.integers(0, 5))
def test_a_piece_counts_as_it_does_in_the_whole(drawn, cut):
    checkpoint, codes = drawn
    spikes = forward(checkpoint, codes).spikes
    whole = count_frames(checkpoint, codes, spikes)
    before = None if cut == 0 else [layer[cut - 1] for layer in spikes]
    first = count_frames(checkpoint, codes[:cut], [layer[:cut] for layer in spikes])
    second = count_frames(checkpoint, codes[cut:], [layer[cut:] for layer in spikes], before=before)
    joined = join_counts([first, second])
    for name in ("phase_cycles", "rows", "additions", "macs", "dense_macs"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))
