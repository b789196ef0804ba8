"""A sound file recognised by the golden model: codes, spikes, cycles, phones, and what they are scored against."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from experiments.chain.references import read_reference
from experiments.main_job.raster import SECONDS as RASTER_SECONDS
from features.audio import SAMPLE_RATE_HZ, read_audio
from features.errors import AudioError, FeatureError, LevelError
from features.frontend import FrontEndSettings, batch_codes
from features.levels import check_levels, clipping
from files.names import shown
from golden.checkpoint import Checkpoint
from golden.classes import ClassHost
from golden.cycles import FrameCounts, count_frames, join_counts
from golden.decoder import PhoneSegment, phones_of
from golden.errors import CheckpointError
from golden.forward import ForwardStream
from golden.scoring import PhoneErrors, phone_errors
from golden.tasks import decoder_of

CLIP = Path(__file__).parents[1] / "clips" / "demo.flac"
# Whose logits are held at a time.
FRAMES_AT_ONCE = 1000


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What the network made of an utterance, as far as it is kept: not its membranes and logits.

    Parameters
    ----------
    spikes : tuple of np.ndarray [shape=(frames, T, width), dtype=bool]
        One array a layer.
    best : np.ndarray [shape=(frames,), dtype=int32]
        Arg-max of each frame's logits, the lowest index among equals.
    """

    spikes: tuple[np.ndarray, ...]
    best: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """One sound file, recognised by the golden model from beginning to end.

    Parameters
    ----------
    path : Path
    samples : np.ndarray [shape=(samples,), dtype=float64]
        Of the first `experiments.main_job.raster.SECONDS` alone: what a picture shows.
    codes : np.ndarray [shape=(frames, inputs), dtype=int8]
    result : Heard
    counts : FrameCounts
    segments : list of PhoneSegment
        Of a network that tells classes the one of the utterance.
    reference : list of str or None
        Folded phones from a ``.phn`` file, silence left out; or the class.
    is_class : bool
        Whether the utterance is one class, not phones.
    warnings : tuple of str
        What is doubtful about the sound or its reference, a sentence each.
    """

    path: Path
    samples: np.ndarray
    codes: np.ndarray
    result: Heard
    counts: FrameCounts
    segments: list[PhoneSegment]
    reference: list[str] | None
    is_class: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The file's name as text that can be printed and written."""
        return shown(self.path.name)

    @property
    def errors(self) -> PhoneErrors | None:
        """Errors against the reference, silence left out on both sides of phones; None without any to score against."""
        if not self.reference:
            return None
        if self.is_class:
            missed = [segment.phone for segment in self.segments] != self.reference
            return PhoneErrors(int(missed), 0, 0, 1)
        return phone_errors(self.reference, phones_of(self.segments))


def recognise(checkpoint: Checkpoint, path: Path, reference: Path | None = None) -> Spoken:
    """Run the front-end, the golden model and the host's decoder over a whole sound file.

    One pass; what is kept takes about 1.5 KiB a frame for the shipped network, beside the sound's samples.

    Parameters
    ----------
    checkpoint : Checkpoint
        With a host section.
    path : Path
    reference : Path, optional
        Phone file (``START END PHONE`` a line, in 16-kHz samples), by default the one beside the sound, if any; of a
        network that tells classes a file with the class, by default what the sound's name tells.

    Raises
    ------
    AudioError, CorpusError, CheckpointError
        What cannot be read, by name.
    """
    settings = front_end_of(checkpoint)
    phones, warnings = read_reference(checkpoint, path, reference)
    samples = read_audio(path)
    try:
        codes = batch_codes(samples, settings)
    except AudioError as error:
        raise type(error)(f"{path}: {error}") from error
    where = shown(path)
    try:
        warnings += tuple(said for said in (check_levels(codes, where), clipping(samples, where)) if said)
    except LevelError as error:
        raise LevelError(f"{error}; the front-end is that of {checkpoint.source or 'the checkpoint'}") from error
    samples = samples[: round(RASTER_SECONDS * SAMPLE_RATE_HZ)].copy()
    host = checkpoint.host
    assert host is not None, "a checkpoint with a front-end has its host section"
    stream = ForwardStream(checkpoint)
    decoder = decoder_of(host, len(codes), fc_scale=checkpoint.scales["fc"])
    spikes, best, counts = [], [], []
    for start in range(0, len(codes), FRAMES_AT_ONCE):
        part, before = codes[start : start + FRAMES_AT_ONCE], stream.last_spikes
        result = stream.push(part)
        decoder.push(result.logits)
        counts.append(count_frames(checkpoint, part, result.spikes, before=before))
        best.append(result.best.astype(np.int32))
        spikes.append(result.spikes)
    return Spoken(
        path=path,
        samples=samples,
        codes=codes,
        result=Heard(
            spikes=tuple(np.concatenate(layer) for layer in zip(*spikes, strict=True)), best=np.concatenate(best)
        ),
        counts=join_counts(counts),
        segments=decoder.finish(),
        reference=phones,
        is_class=isinstance(host, ClassHost),
        warnings=warnings,
    )


def front_end_of(checkpoint: Checkpoint) -> FrontEndSettings:
    """Return the settings of a checkpoint's front-end.

    Raises
    ------
    CheckpointError
        It has no host section, or one whose settings no front-end takes; names the file.
    """
    where = checkpoint.source or "checkpoint"
    if checkpoint.host is None:
        raise CheckpointError(
            f"{where}: host section missing: it names the front-end and decodes phones; without one, give codes to "
            "golden.forward.forward and cosim.cosimulate.cosimulate"
        )
    try:
        return FrontEndSettings.from_json(checkpoint.host.front_end)
    except FeatureError as error:
        raise CheckpointError(f"{where}: host.front_end: {error}") from error


def clip_codes(checkpoint: Checkpoint) -> tuple[str, np.ndarray]:
    """Return what the shipped clip is called and its codes [frames, inputs], from its middle, where speech is.

    A network without a front-end, such as a random one, gets random codes instead, the same each time.
    """
    if checkpoint.host is not None:
        codes = batch_codes(read_audio(CLIP), front_end_of(checkpoint))
        return CLIP.name, codes[len(codes) // 2 :]
    spec = checkpoint.specification
    low, high = spec.code_range
    return "random codes", np.random.default_rng(1).integers(low, high, size=(200, spec.inputs), endpoint=True)
