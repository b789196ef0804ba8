"""The accelerators that are mutated: small ones, of every switch and shape, whose neurons spike and saturate."""

from __future__ import annotations

import dataclasses

from golden.specification import Specification

__all__ = ["DESIGNS", "MutatedDesign"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class MutatedDesign:
    """One accelerator of the campaign.

    Parameters
    ----------
    what : str
        For people.
    specification : Specification
    architecture : {"sliced", "lanes"}
        Of the PE sets.
    """

    what: str
    specification: Specification
    architecture: str = "sliced"


# Odd sizes: the last group of outputs is not full, and the frame period is shorter than the longest frame. Three pairs
# of groups: a receiver that waits holds the pipeline in the middle of a frame as well as at its end.
_SMALL = Specification(
    inputs=6,
    input_bits=4,
    layers=(8, 8),
    outputs=43,
    lanes=8,
    logits_per_cycle=4,
    membrane_bits=(8, 7),
    thresholds=(24, 12),
    recurrent_shifts=(2, 1),
    input_shifts=(0, 1),
    leaks=(2, 1),
    frame_period_s=0.0006,
)

DESIGNS = {
    "small": MutatedDesign(what="two layers of 8 neurons on 8 lanes", specification=_SMALL),
    "one-step": MutatedDesign(
        what="one time step, three layers, the second without recurrence",
        specification=dataclasses.replace(
            _SMALL, time_steps=1, layers=(8, 8, 8), recurrent=(True, False, True), membrane_bits=(8, 7, 7),
            thresholds=(24, 12, 12), recurrent_shifts=(2, 0, 1), input_shifts=(0, 1, 1), leaks=(2, 1, 1),
        ),
    ),
    "tiled": MutatedDesign(
        what="layers of 12 and 16 neurons on 8 lanes: tiles, the last not full",
        specification=dataclasses.replace(_SMALL, layers=(12, 16)),
    ),
    "lanes": MutatedDesign(what="a PE a lane", specification=_SMALL, architecture="lanes"),
    "one-set": MutatedDesign(
        what="one PE set",
        specification=dataclasses.replace(_SMALL, pe_sets=1, parallel_time_steps=False),
    ),
    "switches": MutatedDesign(
        what="8-bit weights, sign and magnitude, no zero-skipping, no merged spike, no gating",
        specification=dataclasses.replace(
            _SMALL, weight_bits=8, plane_coding="sign_magnitude", zero_skipping=False, merged_spike=False,
            zero_weight_gating=False, thresholds=(100, 60), membrane_bits=(12, 11),
        ),
    ),
    "wide": MutatedDesign(
        what="16-bit weights, serial time steps",
        specification=dataclasses.replace(
            _SMALL, weight_bits=16, parallel_time_steps=False, thresholds=(20000, 9000), membrane_bits=(20, 18)
        ),
    ),
}  # fmt: skip
