"""What a sound is scored against, by the task of the network."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.chain.references import class_named, phone_reference, read_reference
from experiments.chain.spoken import recognise
from experiments.main_job.report import recognised
from features.errors import CorpusError
from features.frontend import FrontEndSettings
from golden.checkpoint import Checkpoint, random_checkpoint
from golden.classes import ClassHost
from golden.specification import Specification


@pytest.fixture
def classes() -> Checkpoint:
    spec = Specification(layers=(16,), recurrent=(False,), input_shifts=(0,), recurrent_shifts=(4,), leaks=(1,),
                         thresholds=(512,), membrane_bits=(16,), outputs=3, lanes=16)  # fmt: skip
    host = ClassHost(front_end=FrontEndSettings(scale=(30.0,) * 40).to_json(), classes=("0", "1", "2"))
    return dataclasses.replace(random_checkpoint(spec, seed=3), scales={"fc": -4}, host=host)


def sound(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(1).normal(0, 0.1, 2400), 8000, subtype="PCM_16")
    return path


def test_the_name_or_the_folder_tells_the_class(classes: Checkpoint, tmp_path: Path) -> None:
    assert read_reference(classes, tmp_path / "2_ann_0.wav", None) == (["2"], ())
    assert class_named(("0", "1"), tmp_path / "1" / "a.wav") == "1"
    found, warnings = read_reference(classes, tmp_path / "7_ann_0.wav", None)
    assert found is None
    assert "nothing to score against" in warnings[0]


def test_a_file_may_tell_it(classes: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "class.txt"
    path.write_text("1\n")
    assert read_reference(classes, tmp_path / "2_ann_0.wav", path) == (["1"], ())
    path.write_text("5\n")
    with pytest.raises(CorpusError, match="'5', expected a line that is one of 0, 1, 2"):
        read_reference(classes, tmp_path / "2_ann_0.wav", path)


def test_phones_are_still_beside_the_sound(network: Checkpoint, shipped_clip: Path, tmp_path: Path) -> None:
    assert read_reference(network, shipped_clip, None) == phone_reference(shipped_clip)
    assert phone_reference(tmp_path / "bare.wav")[0] is None


def test_a_run_says_the_class_and_whether_it_is_right(classes: Checkpoint, tmp_path: Path) -> None:
    said = recognise(classes, sound(tmp_path / "x.wav")).segments
    assert [(one.start_frame, one.end_frame) for one in said] == [(0, 28)]
    right = said[0].phone
    wrong = "1" if right != "1" else "2"
    for label, verdict in ((right, "right, accuracy 100 %"), (wrong, "wrong, accuracy 0 %")):
        spoken = recognise(classes, sound(tmp_path / f"{label}_ann_0.wav"))
        assert recognised(spoken) == [f"  class      {right}", f"  reference  {label}: {verdict}"]
