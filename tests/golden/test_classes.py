"""One class an utterance: the sums of its logits, exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from golden.classes import ClassDecoder, ClassHost, class_of
from golden.errors import CheckpointError, StimulusError
from golden.specification import Specification

HOST = ClassHost(front_end={}, classes=("no", "yes", "go"))


def test_the_class_is_the_largest_sum_and_the_lowest_of_equals() -> None:
    logits = np.array([[5, 0, 0], [-9, 2, 1], [0, 0, 1]], np.int16)
    decoder = ClassDecoder(HOST, 3)
    for frame in logits:
        decoder.push(frame[None])
    assert decoder.sums.tolist() == [-4, 2, 2]
    assert decoder.finish() == [("yes", 0, 3)]
    assert class_of(logits) == 1


def test_sums_are_wider_than_logits() -> None:
    logits = np.full((1000, 3), 32_000, np.int16)
    logits[:, 2] += 1
    assert class_of(logits) == 2


def test_an_utterance_without_frames_has_no_class() -> None:
    assert ClassDecoder(HOST, 0).finish() == []


@pytest.mark.parametrize("wrong", [np.zeros((1, 2), np.int8), np.zeros(3, np.int8), np.zeros((1, 3))])
def test_other_logits_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(StimulusError, match=r"^logits: .*expected integers \(frames, 3\)"):
        ClassDecoder(HOST, 3).push(wrong)


def test_every_frame_must_come_and_no_more() -> None:
    decoder = ClassDecoder(HOST, 2)
    decoder.push(np.zeros((1, 3), np.int8))
    with pytest.raises(StimulusError, match="1 frames came, expected 2"):
        decoder.finish()
    with pytest.raises(StimulusError, match="more frames than the 2"):
        decoder.push(np.zeros((2, 3), np.int8))


def test_a_host_is_held_to_its_network() -> None:
    HOST.check(Specification(outputs=3))
    for changes, message in (
        ({"classes": ("a", "b")}, "host.classes: 2 names, expected one for each of the 3 outputs"),
        ({"classes": ("a", "b", "a,b")}, "host.classes: 'a,b', expected names"),
        ({"classes": ("a", "b", "a")}, "host.classes: expected distinct names"),
        ({"front_end": []}, "host.front_end: expected a JSON object"),
        ({"front_end": {"a": float("nan")}}, "host.front_end: nan"),
    ):
        fields: dict[str, Any] = {"front_end": {}, "classes": HOST.classes} | changes
        with pytest.raises(CheckpointError) as refused:
            ClassHost(**fields).check(Specification(outputs=3))
        assert str(refused.value).startswith(f"checkpoint: {message}")
