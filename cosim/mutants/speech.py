"""Speech as a scenario: what the mutants of the real network's accelerator are shown in use."""

from __future__ import annotations

import numpy as np

from cosim.engines.stimuli import CODE_VALID, FIRST, LOGITS_READY, START
from cosim.mutants.scenarios import Scenario, scenario
from golden.checkpoint import Checkpoint
from golden.trace import CycleModel

__all__ = ["speech_scenario"]


def speech_scenario(checkpoint: Checkpoint, codes: np.ndarray, *, name: str = "speech") -> Scenario:
    """Return frames as an attentive driver gives them to a receiver that takes everything, one behind the other.

    Parameters
    ----------
    checkpoint : Checkpoint
    codes : np.ndarray [shape=(frames, inputs), dtype=int]
        At least one frame.
    name : str
        Of the scenario.
    """
    model, inputs = CycleModel(checkpoint), checkpoint.specification.inputs
    stimuli, driven = [], []
    for number, frame in enumerate(codes):
        cycles = len(model.frame(frame, first=number == 0))
        given = np.full(cycles, LOGITS_READY, dtype=np.uint8)
        given[:inputs] |= CODE_VALID
        given[inputs] |= START | (FIRST if number == 0 else 0)
        values = np.zeros(cycles, dtype=np.int32)
        values[:inputs] = frame
        stimuli.append(given)
        driven.append(values)
    # The last `done` shows one cycle later.
    stimuli.append(np.full(1, LOGITS_READY, dtype=np.uint8))
    driven.append(np.zeros(1, dtype=np.int32))
    return scenario(name, checkpoint, np.concatenate(stimuli), np.concatenate(driven))
