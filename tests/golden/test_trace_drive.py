"""Any stimulus: as `frame` where it is a frame's, and what docs/schedule.md says of the rest."""

from __future__ import annotations

import numpy as np
import pytest

from golden.checkpoint import random_checkpoint
from golden.errors import StimulusError
from golden.specification import Specification
from golden.trace import CycleModel

SPEC = Specification(
    inputs=5, input_bits=4, layers=(8, 8), outputs=12, lanes=8, logits_per_cycle=4, thresholds=(16, 8),
    membrane_bits=(8, 7), recurrent_shifts=(2, 1), input_shifts=(0, 1),
)  # fmt: skip
NETWORK = random_checkpoint(SPEC, seed=1)


def stimulus(cycles: int, **others: np.ndarray) -> dict[str, np.ndarray]:
    flags = {name: np.zeros(cycles, dtype=bool) for name in ("code_valid", "start", "first")}
    return flags | {"ready": np.ones(cycles, dtype=bool), "codes": np.zeros(cycles, dtype=np.int32)} | others


def value(records: np.ndarray, name: str) -> np.ndarray:
    return records[:, CycleModel(NETWORK).layout[name].offset]


def test_a_frame_s_stimulus_gives_a_frame() -> None:
    rng = np.random.default_rng(1)
    framed, driven = CycleModel(NETWORK), CycleModel(NETWORK)
    for number in range(4):
        codes = rng.integers(-8, 7, SPEC.inputs, endpoint=True)
        ready = rng.random(200) < 0.5
        expected = framed.frame(codes, first=number == 0, ready=ready)
        cycles = len(expected)
        given = stimulus(cycles, ready=np.append(ready, np.ones(cycles, dtype=bool))[:cycles])
        given["codes"][: SPEC.inputs] = codes
        given["code_valid"][: SPEC.inputs] = True
        given["start"][SPEC.inputs] = True
        given["first"][SPEC.inputs] = number == 0
        assert np.array_equal(driven.drive(**given), expected)
        assert np.array_equal(driven.labels[:, 1:], framed.labels[:, 1:])


def test_start_before_the_last_code_is_ignored() -> None:
    records = CycleModel(NETWORK).drive(**stimulus(20, start=np.ones(20, dtype=bool)))
    assert np.array_equal(records, CycleModel(NETWORK).idle(20))


def test_codes_with_gaps_are_taken_until_the_buffer_is_full() -> None:
    given = stimulus(20)
    given["code_valid"][::2] = True
    loaded = value(CycleModel(NETWORK).drive(**given), "controller.loaded")
    assert loaded.tolist() == [min(SPEC.inputs, -(-cycle // 2)) for cycle in range(20)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"start": np.zeros(3, dtype=bool)}, r"start: bool \(3,\), expected bool \(4,\)"),
        ({"ready": np.zeros(4)}, r"ready: float64 \(4,\), expected bool \(4,\)"),
        ({"codes": np.zeros(4)}, r"codes: float64 \(4,\), expected integers \(4,\)"),
        ({"codes": np.full(4, 8)}, r"codes: values 8..8, expected -8..7"),
    ],
)
def test_other_arrays_are_refused(changes: dict[str, np.ndarray], said: str) -> None:
    with pytest.raises(StimulusError, match=said):
        CycleModel(NETWORK).drive(**(stimulus(4) | changes))
