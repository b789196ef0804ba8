"""Checkpoints (``.npz``): arrays, header, host section."""

from __future__ import annotations

import dataclasses
import json
import random
import tempfile
from pathlib import Path

import numpy as np

from files.arrays import read_npz
from golden.checkpoint import Checkpoint, Host, load_checkpoint, random_checkpoint, save_checkpoint
from golden.specification import Specification
from tests.fuzz.case import Case
from tests.fuzz.mutation import bytes_mutated, json_changed, json_mutated, json_text, placed
from tests.fuzz.surface import Finding, Surface
from tests.fuzz.surfaces.arrays import archive, npy, zipped
from tests.fuzz.surfaces.specifications import SMALL

# With the front-end's forty inputs, so that sound can be run through it.
SPEAKING = Specification(
    inputs=40, layers=(8, 8), outputs=6, lanes=8, logits_per_cycle=4, membrane_bits=(12, 12), thresholds=(60, 40),
)  # fmt: skip


def host(outputs: int) -> Host:
    """Return a host section for two phones."""
    return Host(
        front_end=FRONT_END,
        phones=("sil", "aa"),
        states_per_phone=3,
        senone_state=(np.arange(outputs) % 6).astype(np.int16),
        class_offset=np.zeros(outputs, np.float32),
        log_prior=np.full(6, -1.8, np.float32),
        bigram_log=np.full((2, 2), -0.7, np.float32),
        initial_log=np.full(2, -0.7, np.float32),
        label_delay_frames=2,
        acoustic_scale=0.5,
        bigram_scale=1.0,
        insertion_log=-1.0,
    )


# Of the embedded network: with one that suits no speech every sound is refused for its level.
_embedded = load_checkpoint().host
assert _embedded is not None
FRONT_END = _embedded.front_end


def speaking() -> Checkpoint:
    """Return a small random network with a host section."""
    return dataclasses.replace(
        random_checkpoint(SPEAKING, seed=1), host=host(SPEAKING.outputs), scales={"fc": -4}, provenance={"seed": 1}
    )


def bytes_of(checkpoint: Checkpoint) -> bytes:
    """Return a checkpoint's file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.npz"
        save_checkpoint(path, checkpoint)
        return path.read_bytes()


def _arrays_of(content: bytes) -> dict[str, np.ndarray]:
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        file.write(content)
        file.flush()
        return read_npz(file.name)


SEEDS = [bytes_of(speaking()), bytes_of(random_checkpoint(SMALL, seed=2)), bytes_of(random_checkpoint(
    SMALL.replace(layers=(4, 3), recurrent=(True, False), weight_bits=8), seed=3))]  # fmt: skip
ARRAYS = [_arrays_of(content) for content in SEEDS]


def headed(arrays: dict[str, np.ndarray], text: bytes) -> dict[str, np.ndarray]:
    """Return a checkpoint's arrays with another header."""
    return arrays | {"header": np.frombuffer(text, dtype=np.uint8)}


def damaged(rng: random.Random) -> bytes:
    """Return a checkpoint's file with damage or malice."""
    change = rng.randrange(8)
    if change == 0:
        return bytes_mutated(rng, rng.choice(SEEDS), SEEDS)
    arrays = rng.choice(ARRAYS)
    if change <= 4:
        header = json.loads(arrays["header"].tobytes())
        if change == 1:
            # What the header says of a network that the arrays are not of.
            header["specification"] = json.loads(rng.choice(ARRAYS)["header"].tobytes())["specification"]
            text = json_text(header).encode()
        elif change == 2 and header["host"] is not None:
            header["host"] = json_changed(rng, header["host"])
            text = json_text(header).encode("utf-8", "surrogateescape")
        else:
            text = json_mutated(rng, header)
        return zipped({f"{name}.npy": npy(array) for name, array in headed(arrays, text).items()})
    return archive(rng, arrays)


def generate(rng: random.Random) -> Case:
    """Return a checkpoint."""
    entries, argument = placed(rng, "network.npz", damaged(rng), suffix=rng.choice([".npz", ""]))
    return Case(entries, argument)


def run(case: Case, folder: Path) -> None:
    """Read it; what is read, written again, must be read as the same."""
    path = case.path(folder)
    found = load_checkpoint(path)
    again = folder / "again.npz"
    save_checkpoint(again, found)
    other = load_checkpoint(again)
    if other.specification != found.specification or (other.fc != found.fc).any() or other.scales != found.scales:
        raise Finding("written and read again it is another: checkpoint")


SURFACE = Surface("checkpoints", generate, run, share=10)
