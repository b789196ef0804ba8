"""The ready outputs: counted by hand over a frame whose codes come with a gap."""

from __future__ import annotations

import numpy as np

from golden.checkpoint import random_checkpoint
from golden.handshake import CODE_READY, NAMES, WEIGHT_READY, handshake_of
from golden.specification import Specification
from golden.trace import CycleModel

SPEC = Specification(
    inputs=3, input_bits=3, layers=(3, 2), outputs=5, lanes=2, logits_per_cycle=1, thresholds=(2, 2), leaks=(1, 1)
)


def test_a_frame_with_a_gap_between_its_codes_and_a_start_that_is_late() -> None:
    model = CycleModel(random_checkpoint(SPEC, seed=1))
    cycles = 200
    valid, start = (np.zeros(cycles, dtype=bool) for _ in range(2))
    valid[[0, 2, 3, 4, 5]] = True  # the last two are not taken: there are three inputs
    start[6] = True
    records = model.drive(
        code_valid=valid, codes=np.ones(cycles, np.int32), start=start, first=start, ready=np.ones(cycles, bool)
    )
    seen = handshake_of(records, model.layout, SPEC.inputs)
    both = CODE_READY | WEIGHT_READY
    assert seen[:8].tolist() == [both, both, both, both, WEIGHT_READY, WEIGHT_READY, WEIGHT_READY, 0]
    done = int(np.argmax(records[:, model.layout["controller.done"].offset]))
    assert 8 < done < cycles
    assert set(seen[7 : done - 1].tolist()) == {0}
    assert set(seen[done:].tolist()) == {both}


def test_each_output_has_a_bit_of_its_own() -> None:
    assert NAMES == {0b01: "code_ready", 0b10: "weight_ready"}
    assert CODE_READY ^ WEIGHT_READY == 0b11
