"""What the page shows of an utterance: sound, spectrum, phones, spikes, membranes, cycles and power, by time.

Nothing is rounded on the way but what is named here: the sound to 16 bits, its outline to the least and the greatest
sample of every 5 ms, the spectrum to 256 levels over its uppermost 70 dB. Membranes and spikes are golden's integers.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.chain.spoken import Spoken
from features.audio import SAMPLE_RATE_HZ
from features.cepstra import HOP_SAMPLES, WINDOW_SAMPLES, log_mel_and_cepstra
from features.corpora.companion import companion
from features.corpora.phones import fold_phones
from features.corpora.timit import read_phone_file
from golden.checkpoint import Checkpoint
from golden.forward import forward
from golden.frame_activity import frame_activity
from power.constants import NOTHING
from power.extremes import estimate_extremes
from power.priced_activity import ActivityRow, Run
from power.report import LEAKAGE, PowerReport

# What is shown of a longer utterance: every membrane of every step is kept, 100 kB a second, and the page stays small.
SHOWN_SECONDS = 8
OUTLINE_SAMPLES = SAMPLE_RATE_HZ // 200
SPECTRUM_DB = 70


@dataclass(frozen=True, kw_only=True)
class Phone:
    """A phone and when it is spoken, in seconds."""

    name: str
    start_s: float
    end_s: float


@dataclass(frozen=True, kw_only=True)
class Utterance:
    """An utterance, or its first `SHOWN_SECONDS`.

    Parameters
    ----------
    name : str
        Of its file, printable; whatever a user called it.
    frames, frames_in_all : int
        Shown, and heard.
    frame_s : float
    wav : bytes
        16 bits, mono, 16 kHz.
    outline : np.ndarray [shape=(pieces, 2), dtype=float32]
        Least and greatest sample of every `OUTLINE_SAMPLES`.
    spectrum : np.ndarray [shape=(bands, frames), dtype=uint8]
        Log-mel energies; 255 is the loudest, 0 is `SPECTRUM_DB` or more below it.
    spikes : tuple of np.ndarray [shape=(width, frames, T), dtype=bool]
        One array a layer.
    membranes : tuple of np.ndarray [shape=(width, frames, T), dtype=int16 or int32]
        Before the reset that a spike brings.
    thresholds : tuple of int
        A layer.
    phones, reference : list of Phone
        Recognised, and to score against; the latter empty without a file of phones.
    cycles : np.ndarray [shape=(frames,), dtype=int64]
    budget : int
        Cycles of a frame's period.
    power_uw : np.ndarray [shape=(frames, 3), dtype=float64]
        Dynamic power in real time: low, typical, high.
    power : mapping of str to PowerReport
        By class of cells, of the frames that the accelerator ran.
    report : str
        What the run said.
    """

    name: str
    frames: int
    frames_in_all: int
    frame_s: float
    wav: bytes
    outline: np.ndarray
    spectrum: np.ndarray
    spikes: tuple[np.ndarray, ...]
    membranes: tuple[np.ndarray, ...]
    thresholds: tuple[int, ...]
    phones: list[Phone]
    reference: list[Phone]
    cycles: np.ndarray
    budget: int
    power_uw: np.ndarray
    power: Mapping[str, PowerReport]
    report: str

    @property
    def seconds(self) -> float:
        """How long the part is that is shown."""
        return self.frames * self.frame_s

    @property
    def time_steps(self) -> int:
        """Time steps of a frame."""
        return int(self.spikes[0].shape[2])


def utterance_of(
    checkpoint: Checkpoint,
    spoken: Spoken,
    *,
    power: Mapping[str, PowerReport],
    report: str,
    reference: Path | None = None,
) -> Utterance:
    """Gather what the page shows of a sound file that was recognised.

    Parameters
    ----------
    checkpoint : Checkpoint
    spoken : Spoken
        As `experiments.chain.spoken.recognise` returned it.
    power : mapping of str to PowerReport
        By class of cells.
    report : str
    reference : Path, optional
        Phones with their times; by default the file beside the sound, as `recognise` finds it.

    Raises
    ------
    CorpusError
        The phones cannot be read; names the file and line.
    """
    spec = checkpoint.specification
    frames = min(len(spoken.codes), max(1, round(SHOWN_SECONDS / spec.frame_period_s)))
    heard = forward(checkpoint, spoken.codes[:frames])
    samples = spoken.samples[: (frames - 1) * HOP_SAMPLES + WINDOW_SAMPLES]
    shown_s = frames * spec.frame_period_s
    if spoken.is_class:
        expected = [Phone(name=name, start_s=0.0, end_s=shown_s) for name in spoken.reference or ()]
    else:
        found = reference if reference is not None else companion(spoken.path, ".phn")
        expected = [] if found is None else _reference(found, shown_s)
    narrow = np.int16 if max(spec.membrane_bits) <= 16 else np.int32
    return Utterance(
        name=spoken.name,
        frames=frames,
        frames_in_all=len(spoken.codes),
        frame_s=spec.frame_period_s,
        wav=_wav(samples),
        outline=_outline(samples),
        spectrum=_spectrum(samples),
        spikes=tuple(layer.transpose(2, 0, 1) for layer in heard.spikes),
        membranes=tuple(layer.transpose(2, 0, 1).astype(narrow) for layer in heard.membranes),
        thresholds=tuple(spec.thresholds),
        phones=[
            Phone(name=phone, start_s=start * spec.frame_period_s, end_s=min(end * spec.frame_period_s, shown_s))
            for phone, start, end in spoken.segments
            if start < frames
        ],
        reference=expected,
        cycles=spoken.counts.cycles[:frames],
        budget=spec.frame_budget,
        power_uw=_power_uw(checkpoint, spoken.codes[:frames]),
        power=power,
        report=report,
    )


def _power_uw(checkpoint: Checkpoint, codes: np.ndarray) -> np.ndarray:
    """Return each frame's power in real time without leakage [frames, 3]; a few milliseconds a frame."""
    spec, found = checkpoint.specification, []
    for frame in frame_activity(checkpoint, codes):
        rows = [ActivityRow.from_mapping(row) for row in frame.counter.rows()]
        run = Run(frames=1, cycles=frame.cycles, clock_hz=spec.clock_hz, frame_period_s=spec.frame_period_s)
        priced = estimate_extremes(rows, run).items()
        total = sum((power for (_, component), power in priced if component not in LEAKAGE), NOTHING)
        found.append(tuple(total))
    return np.array(found)


def _wav(samples: np.ndarray) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes((np.clip(samples, -1, 1) * 32767).round().astype("<i2").tobytes())
    return content.getvalue()


def _outline(samples: np.ndarray) -> np.ndarray:
    """Return the least and greatest sample of every piece [pieces, 2]; a last piece that is not whole counts, too."""
    pieces = [samples[at : at + OUTLINE_SAMPLES] for at in range(0, len(samples), OUTLINE_SAMPLES)]
    return np.array([[piece.min(), piece.max()] for piece in pieces], np.float32)


def _spectrum(samples: np.ndarray) -> np.ndarray:
    log_mel, _ = log_mel_and_cepstra(samples, 0)
    above = (log_mel - (log_mel.max() - SPECTRUM_DB)) / SPECTRUM_DB
    return (np.clip(above, 0, 1) * 255).round().astype(np.uint8).T


def _reference(path: Path, shown_s: float) -> list[Phone]:
    return [
        Phone(name=name, start_s=start_s, end_s=min(end_s, shown_s))
        for start_s, end_s, symbol in read_phone_file(path)
        if start_s < shown_s
        for name in fold_phones([symbol])
    ]
