"""Specifications that hypothesis draws: small, odd-sized, every switch in every position."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from golden.checkpoint import Checkpoint, random_checkpoint
from golden.specification import PLANE_CODINGS, Specification


@st.composite
def specifications(draw: st.DrawFn) -> Specification:
    """Draw one to three layers, narrower and wider than the lanes, with one or two time steps."""
    layers = tuple(draw(st.lists(st.sampled_from([1, 5, 16, 23, 40, 70]), min_size=1, max_size=3)))
    lanes, logits_per_cycle = draw(st.sampled_from([(16, 16), (16, 4), (32, 16), (80, 16)]))

    def per_layer(entries: st.SearchStrategy[int]) -> tuple[int, ...]:
        return tuple(draw(entries) for _ in layers)

    membrane_bits = per_layer(st.integers(6, 20))
    time_steps, pe_sets = draw(st.sampled_from([(1, 1), (1, 2), (2, 1), (2, 2)]))
    return Specification(
        inputs=draw(st.sampled_from([1, 3, 12, 40, 67])),
        input_bits=draw(st.integers(2, 9)),
        layers=layers,
        recurrent=tuple(draw(st.booleans()) for _ in layers),
        outputs=draw(st.sampled_from([1, 15, 17, 37, 64, 100, 197])),
        time_steps=time_steps,
        weight_bits=draw(st.sampled_from([4, 8])),
        input_shifts=per_layer(st.integers(0, 4)),
        recurrent_shifts=per_layer(st.integers(0, 4)),
        leaks=per_layer(st.integers(1, 4)),
        thresholds=tuple(draw(st.integers(1, (1 << (bits - 1)) - 1 >> 2)) for bits in membrane_bits),
        membrane_bits=membrane_bits,
        lanes=lanes,
        pe_sets=pe_sets,
        logits_per_cycle=logits_per_cycle,
        clock_hz=draw(st.sampled_from([500.0, 20_000.0, 100_000.0])),
        parallel_time_steps=pe_sets >= time_steps and draw(st.booleans()),
        zero_skipping=draw(st.booleans()),
        merged_spike=draw(st.booleans()),
        zero_weight_gating=draw(st.booleans()),
        plane_coding=draw(st.sampled_from(PLANE_CODINGS)),
    )


@st.composite
def utterances(draw: st.DrawFn, frames: int = 3) -> tuple[Checkpoint, np.ndarray]:
    """Draw a checkpoint and codes [frames, inputs]: dense, sparse, or at the rails."""
    spec = draw(specifications())
    seed = draw(st.integers(0, 9999))
    rng = np.random.default_rng(seed)
    low, high = spec.code_range
    codes = rng.integers(low, high, size=(frames, spec.inputs), endpoint=True)
    kind = draw(st.sampled_from(["dense", "sparse", "rails"]))
    if kind == "sparse":
        codes[rng.random(codes.shape) < 0.9] = 0
    elif kind == "rails":
        codes = np.where(codes < 0, low, high)
    return random_checkpoint(spec, seed=seed), codes
