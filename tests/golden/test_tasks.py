"""The task that a host section names."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from golden.checkpoint import DEFAULT_CHECKPOINT, Checkpoint, load_checkpoint, random_checkpoint, save_checkpoint
from golden.classes import ClassDecoder, ClassHost
from golden.decoder import UtteranceDecoder
from golden.errors import CheckpointError
from golden.recognition import decode_checkpoint
from golden.specification import Specification
from golden.tasks import TASKS, arrays_of, decoder_of, enter, restored, scalars_of, section_of

HOST = ClassHost(front_end={"kind": "mfcc40"}, classes=("a", "b", "c"))


@pytest.fixture
def classes() -> Checkpoint:
    spec = Specification(inputs=4, layers=(8, 8), outputs=3, lanes=16)
    return dataclasses.replace(random_checkpoint(spec, seed=1), scales={"fc": -4}, host=HOST)


def test_a_checkpoint_of_classes_is_read_as_it_was_written(classes: Checkpoint, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "a.npz", classes)
    found = load_checkpoint(tmp_path / "a.npz")
    assert found.host == HOST
    np.testing.assert_array_equal(found.fc, classes.fc)


def test_the_shipped_checkpoint_of_phones_is_written_as_it_was(network: Checkpoint, tmp_path: Path) -> None:
    """Each member's bytes; which version of the format unpacks them, Python before 3.11.4 says otherwise."""
    save_checkpoint(tmp_path / "a.npz", network)
    with zipfile.ZipFile(tmp_path / "a.npz") as made, zipfile.ZipFile(DEFAULT_CHECKPOINT) as shipped:
        assert made.namelist() == shipped.namelist()
        for member in made.infolist():
            other = shipped.getinfo(member.filename)
            assert made.read(member) == shipped.read(other)
            assert (member.date_time, member.compress_type) == (other.date_time, other.compress_type)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "words"}, "host.task is 'words', expected one of class, phones"),
        ({"task": 3}, "host.task is 3, expected one of class, phones"),
        ({"task": ["class"]}, "host.task is ['class'], expected one of"),
        ({"task": "phones"}, "host: expected the fields ['acoustic_scale'"),
        ({"more": 1}, "host: expected the fields ['classes', 'front_end']"),
        ({"classes": "abc"}, "host.classes: expected a list of names"),
        ({"classes": ["a", "b"]}, "host.classes: 2 names, expected one for each of the 3 outputs"),
        ({"classes": ["a", "b", 3]}, "host.classes: 3, expected names"),
    ],
)
def test_a_bad_section_is_refused_by_its_field(
    classes: Checkpoint, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = tmp_path / "a.npz"
    save_checkpoint(path, classes)
    with np.load(path) as archive:
        arrays = dict(archive)
    header = json.loads(arrays["header"].tobytes())
    header["host"] |= changes
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(path, **arrays)
    with pytest.raises(CheckpointError) as refused:
        load_checkpoint(path)
    assert str(refused.value).startswith(f"{path}: checkpoint: {message}")


def test_each_task_has_its_decoder(network: Checkpoint) -> None:
    assert network.host is not None
    assert isinstance(decoder_of(HOST, 1, fc_scale=0), ClassDecoder)
    assert isinstance(decoder_of(network.host, 1, fc_scale=0), UtteranceDecoder)
    scalars = json.loads(json.dumps(scalars_of(HOST)))
    assert section_of(scalars) is ClassHost
    assert restored(scalars, arrays_of(HOST)) == HOST
    assert "task" not in scalars_of(network.host)


def test_what_needs_phones_refuses_classes(classes: Checkpoint, network: Checkpoint) -> None:
    assert network.phone_host() is network.host
    with pytest.raises(CheckpointError, match=r"host.task is 'class', expected 'phones'"):
        classes.phone_host()


class SurestHost(ClassHost):
    """The class of the frame that is surest."""

    TASK = "surest"


class SurestDecoder(ClassDecoder):
    def take(self, logits: np.ndarray) -> None:
        self.sums = np.maximum(self.sums, logits.max(axis=0))


def test_a_third_task_is_a_section_and_a_decoder(
    classes: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = SurestHost(front_end={}, classes=("a", "b", "c"))
    surest = dataclasses.replace(classes, host=host)
    save_checkpoint(tmp_path / "a.npz", surest)
    for refused in (lambda: load_checkpoint(tmp_path / "a.npz"), lambda: decoder_of(host, 1, fc_scale=0)):
        with pytest.raises(CheckpointError, match=r"host.task is 'surest', expected one of class, phones"):
            refused()
    monkeypatch.setattr("golden.tasks.TASKS", dict(TASKS))
    enter(SurestHost, SurestDecoder)
    found = load_checkpoint(tmp_path / "a.npz")
    assert found.host == host
    logits = np.array([[5, 1, 0], [5, 8, 0], [5, 1, 0]])
    assert decode_checkpoint(found, logits) == [("b", 0, 3)]
    # The task that was there says otherwise.
    assert decode_checkpoint(classes, logits) == [("a", 0, 3)]

    class Other(ClassHost):
        TASK = "surest"

    enter(SurestHost, SurestDecoder)
    with pytest.raises(ValueError, match="'surest': SurestHost is entered, expected another name"):
        enter(Other, ClassDecoder)
