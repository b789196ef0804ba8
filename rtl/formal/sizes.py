"""The small networks that properties are proved for: together they have every switch that a property looks at."""

from __future__ import annotations

from golden.specification import Specification

# Small enough for a solver, and with all that matters: two layers, a second tile, two FC pairs of which the last has
# one group, and that not full.
SMALL = Specification(
    inputs=3, input_bits=3, layers=(3, 2), outputs=5, lanes=2, logits_per_cycle=1, time_steps=2,
    thresholds=(2, 2), leaks=(1, 1), membrane_bits=(7, 6), input_shifts=(0, 1), recurrent_shifts=(1, 1),
)  # fmt: skip
SIZES = {
    "small": SMALL,
    # One layer, one time step; words of two logits, the last one not full; a frame period that a frame outlasts, and a
    # counter of cycles that stalls fill.
    "one-step": Specification(
        inputs=2, input_bits=2, layers=(3,), recurrent=(False,), outputs=7, lanes=2, logits_per_cycle=2, time_steps=1,
        thresholds=(2,), leaks=(1,), membrane_bits=(7,), input_shifts=(0,), recurrent_shifts=(0,),
        frame_period_s=0.0002,
    ),
    # One PE set, so serial time steps; every entry visited, no merged spikes, signs beside the planes.
    "plain": Specification(
        inputs=3, input_bits=3, layers=(3, 2), outputs=11, lanes=4, logits_per_cycle=2, time_steps=2, pe_sets=1,
        thresholds=(2, 2), leaks=(1, 1), membrane_bits=(7, 6), input_shifts=(0, 1), recurrent_shifts=(1, 1),
        parallel_time_steps=False, zero_skipping=False, merged_spike=False, plane_coding="sign_magnitude",
        frame_period_s=0.0003,
    ),
}  # fmt: skip
