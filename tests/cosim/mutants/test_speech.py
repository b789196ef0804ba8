"""Speech as a scenario: golden's frames, one behind the other."""

from __future__ import annotations

import numpy as np

from cosim.mutants.designs import DESIGNS
from cosim.mutants.speech import speech_scenario
from golden.checkpoint import random_checkpoint
from golden.forward import forward
from golden.trace import CycleModel


def test_the_records_are_those_of_the_frames_alone_and_the_winners_those_of_the_network() -> None:
    checkpoint = random_checkpoint(DESIGNS["small"].specification, seed=3)
    spec = checkpoint.specification
    low, high = spec.code_range
    codes = np.random.default_rng(2).integers(low, high, (5, spec.inputs), endpoint=True).astype(np.int32)
    given = speech_scenario(checkpoint, codes)
    model = CycleModel(checkpoint)
    frames = [model.frame(frame, first=number == 0).copy() for number, frame in enumerate(codes)]
    whole = np.concatenate([*frames, model.idle(1)])
    assert np.array_equal(given.expected, whole)
    assert len(given.stimuli) == len(given.codes) == len(whole)
    done = np.flatnonzero(whole[:, model.layout["controller.done"].offset])
    winners = whole[done, model.layout["output.best_index"].offset]
    assert winners.tolist() == forward(checkpoint, codes).logits.argmax(axis=1).tolist()
