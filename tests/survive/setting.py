"""A small setting for every command: networks, speech, corpora of a few sentences, a recipe, a cache and a home."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from golden.checkpoint import random_checkpoint, save_checkpoint
from golden.specification import Specification
from tests.fuzz.surfaces.checkpoints import speaking

ROOT = Path(__file__).resolve().parents[2]
CLIP = ROOT / "experiments" / "clips" / "demo.flac"
RATE_HZ = 16_000
# For the gates: what synthesis, proofs and placement take seconds for.
TINY = Specification(
    inputs=5, input_bits=4, layers=(8, 8), outputs=12, lanes=8, logits_per_cycle=4, membrane_bits=(9, 8),
        thresholds=(20, 15),
)  # fmt: skip
# Speakers of TIMIT's sets, two to learn from, one of the dev set and two of the core test set.
SPEAKERS = {
    "TRAIN/DR1/FCJF0": 1.0, "TRAIN/DR2/MARC0": 0.8, "TEST/DR4/FEDW0": 0.9, "TEST/DR1/FELC0": 1.0, "TEST/DR1/MDAB0": 0.7,
}  # fmt: skip
RECIPE = """
label_delay_frames = 4
senones = 160
least_frames = 2
speeds = [0.9]
shipped = "integer"

[defaults]
batch = 4
width = 16
learning_rate = 1e-2
epochs = 2
cross_entropy = 0.3
mutual_information = 1.0
spike_penalty = 0.1

[stages.float]
what = "float"

[stages.integer]
what = "4-bit weights"
start = "float"
quantised = true
"""


@dataclass(frozen=True)
class Setting:
    """Folders of one command's trial.

    Parameters
    ----------
    home : Path
        Holds everything: what is given in ``given/``, and what commands write.
    """

    home: Path

    @property
    def given(self) -> Path:
        """What commands read."""
        return self.home / "given"

    @property
    def out(self) -> Path:
        """The output folder."""
        return self.home / "out"

    @property
    def cache(self) -> Path:
        """What ``$RSNN_CACHE`` names."""
        return self.home / "cache"

    @property
    def work(self) -> Path:
        """What ``--work`` names."""
        return self.home / "work"

    @property
    def temporary(self) -> Path:
        """What ``$TMPDIR`` names."""
        return self.home / "tmp"

    def fresh(self) -> None:
        """Forget all that commands wrote."""
        for folder in (self.out, self.cache, self.work, self.temporary):
            shutil.rmtree(folder, ignore_errors=True)
        self.temporary.mkdir(parents=True)
        (self.home / "home").mkdir(exist_ok=True)

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a command."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RSNN_", "XDG_"))}
        return kept | {
            "HOME": str(self.home / "home"), "RSNN_CACHE": str(self.cache), "TMPDIR": str(self.temporary),
            "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", "RSNN_DATA": str(self.given / "data"),
        } | more  # fmt: skip

    def words(self, arguments: tuple[str, ...]) -> list[str]:
        """Return a command line; ``{given}``, ``{out}`` and ``{work}`` stand for the folders."""
        places = {"given": self.given, "out": self.out, "work": self.work}
        return [sys.executable, "-m", "experiments.command.cli", *(word.format(**places) for word in arguments)]


def prepare(home: Path) -> Setting:
    """Write what commands read."""
    setting = Setting(home)
    setting.given.mkdir(parents=True)
    save_checkpoint(setting.given / "network.npz", speaking())
    save_checkpoint(setting.given / "tiny.npz", random_checkpoint(TINY, seed=1))
    (setting.given / "recipe.toml").write_text(RECIPE)
    samples, rate = soundfile.read(CLIP, dtype="float64")
    assert rate == RATE_HZ
    phones = [line.split() for line in CLIP.with_suffix(".phn").read_text().splitlines()]
    for index, (first, last) in enumerate(((0, 8), (8, 18), (18, 31))):
        _sentence(setting.given / f"speech{index}", samples, phones[first : last + 1])
    _timit(setting.given / "data" / "TIMIT", samples, phones)
    _ocean(setting.given / "data" / "speechocean762", setting.given)
    setting.fresh()
    return setting


def _sentence(stem: Path, samples: np.ndarray, phones: list[list[str]], *, gain: float = 1.0) -> None:
    """Write a piece of the clip, with its phone file and its text beside it."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    begin, end = int(phones[0][0]), min(int(phones[-1][1]), len(samples))
    upper = stem.name.isupper()
    suffixes = [suffix.upper() if upper else suffix for suffix in (".wav", ".phn", ".txt")]
    sound, labels, text = (stem.with_name(stem.name + suffix) for suffix in suffixes)
    soundfile.write(sound, gain * samples[begin:end], RATE_HZ, subtype="PCM_16", format="WAV")
    lines = [f"{int(at) - begin} {min(int(to), end) - begin} {phone}\n" for at, to, phone in phones]
    labels.write_text("".join(lines))
    text.write_text(f"0 {end - begin} Seven grew bones.\n")


def _timit(root: Path, samples: np.ndarray, phones: list[list[str]]) -> None:
    for speaker, gain in SPEAKERS.items():
        for sentence, (first, last) in {"SX37": (0, 14), "SI648": (10, 24), "SX127": (16, 31)}.items():
            _sentence(root / speaker / sentence, samples, phones[first : last + 1], gain=gain)


def _ocean(root: Path, given: Path) -> None:
    lines: list[str] = []
    for split, speaker in (("train", "0001"), ("test", "0002")):
        names = [f"0{speaker}001{index}" for index in range(3)]
        (root / "WAVE" / f"SPEAKER{speaker}").mkdir(parents=True)
        (root / split).mkdir()
        for index, name in enumerate(names):
            (root / "WAVE" / f"SPEAKER{speaker}" / f"{name}.WAV").symlink_to(given / f"speech{index}.wav")
        tables = {
            "wav.scp": [f"{name}\tWAVE/SPEAKER{speaker}/{name}.WAV" for name in names],
            "text": [f"{name}\tWE CALL" for name in names],
            "utt2spk": [f"{name}\t{speaker}" for name in names],
            "spk2age": [f"{speaker}\t20"],
        }
        for table, rows in tables.items():
            (root / split / table).write_text("\n".join(rows) + "\n")
        lines += [line for name in names for line in (f"{name}.0\tW_B IY0_E", f"{name}.1\tK_B AO0_I L_E")]
    (root / "resource").mkdir()
    (root / "resource" / "text-phone").write_text("\n".join(lines) + "\n")
