"""Synthetic speech with known phone times, spoken by flite: training data that needs no aligner and no licence.

The sentences are composed from word lists by a seeded generator, so that the set is the same wherever the same flite
is installed. flite prints the end of every phone that it speaks (``-psdur``).
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from features.audio import read_audio
from files.reading import brief, read_bytes
from files.writing import make_folder, write_bytes
from training.errors import SynthesisError
from training.preparation.labels import PHONES, Segments

# Not kal16: against an aligner, the times that flite prints for its diphone voice are off by 65 ms in the mean, those
# of the others by 12 ms.
VOICES = ("awb", "rms", "slt")
# What flite calls differently from CMU's dictionary.
_FOLD = {"pau": "sil", "ssil": "sil", "h#": "sil", "ax": "ah", "axr": "er"}
_SECONDS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,12})?")
_INDEX = {name: number for number, name in enumerate(PHONES)}

_WHO = (
    "the teacher|my brother|a young doctor|our neighbor|the captain|her cousin|an old farmer|the yellow bird|"
    "nobody|every child|the judge|two boys|their uncle|a clever thief|the queen|your mother|the engineer|Joyce|"
    "George|Charlie|the baker|a small mouse|the choir|three girls|my friend Ruth"
).split("|")
_DID = (
    "found|bought|cooked|washed|pushed|watched|carried|enjoyed|measured|destroyed|noticed|borrowed|painted|chose|"
    "threw|took|hid|brought|described|forgot|repaired|loved|changed|mixed|joined"
).split("|")
_WHAT = (
    "a good book|the broken chair|some warm milk|a huge ship|the blue garage door|her father's watch|the thick soup|"
    "a bag of coins|fresh orange juice|the television|a loud noise|some cheap shoes|the whole house|a heavy stone|"
    "their treasure|the usual thing|a yellow flower|the church bell|an empty box|five white sheep|a wooden toy|"
    "the letter from Asia|eight thousand pounds|both of them|the oil"
).split("|")
_WHERE = (
    "near the lake|before lunch|in the kitchen|on Thursday|after a long journey|with great pleasure|in July|"
    "at the zoo|under the roof|during the summer|by the fire|for a moment|behind the wall|without a doubt|this year|"
    "in the south|on the way home|late at night|at five o'clock|beyond the village|in Beijing|over the hedge"
).split("|")
_SAYS = (
    "What should I do about {}?|Could you show me {}?|I would rather have {}.|We never thought of {}.|"
    "They are looking for {}.|Please give us {}.|How much is {}?|Yesterday I saw {}.|There goes {}.|"
    "Who put away {}?|Nothing is better than {}.|You should choose {}."
).split("|")
_DIGITS = "zero one two three four five six seven eight nine".split()


class FliteMissingError(RuntimeError):
    """flite is not installed."""


@dataclass(frozen=True)
class Synthetic:
    """One synthesised utterance: name, sound file, sentence and true segments."""

    name: str
    path: Path
    sentence: str
    segments: Segments


def sentences(count: int, *, seed: int) -> list[str]:
    """Compose `count` different sentences, the same ones for the same seed.

    Parameters
    ----------
    count, seed : int

    Returns
    -------
    list of str
    """
    rng = np.random.default_rng(seed)
    found: dict[str, None] = {}

    def pick(words: tuple[str, ...] | list[str]) -> str:
        return words[int(rng.integers(len(words)))]

    while len(found) < count:
        kind = int(rng.integers(8))
        if kind == 0:
            text = " ".join(pick(_DIGITS) for _ in range(int(rng.integers(4, 8)))) + "."
        elif kind <= 2:
            text = pick(_SAYS).format(pick(_WHAT))
        else:
            text = f"{pick(_WHO)} {pick(_DID)} {pick(_WHAT)}"
            text += f" {pick(_WHERE)}." if kind <= 5 else "."
        found[text[0].upper() + text[1:]] = None
    return list(found)


def parse_durations(printed: str, samples: int) -> Segments:
    """Read what ``flite -psdur`` prints.

    Parameters
    ----------
    printed : str
        ``phone:end_s`` words.
    samples : int
        Length of the sound file at 16 kHz. The times, a few milliseconds longer, are stretched onto it.

    Returns
    -------
    Segments

    Raises
    ------
    SynthesisError
        A word that is not ``phone:end_s``, an unknown phone, or ends that decrease.
    """
    names, ends = [], []
    for word in printed.split():
        name, _, end = word.partition(":")
        name = _FOLD.get(name, name)
        if name not in _INDEX or not _SECONDS.fullmatch(end):
            raise SynthesisError(f"flite printed {brief(word)}, expected phone:end_s with a phone of {PHONES}")
        names.append(_INDEX[name])
        ends.append(float(end))
    if not ends or ends[-1] <= 0 or ends != sorted(ends):
        raise SynthesisError("flite printed no durations, or some that decrease")
    stretched = np.round(np.array(ends) * (samples / ends[-1])).astype(np.int64)
    return Segments(np.array(names, dtype=np.int16), stretched)


def speak(sentence: str, path: Path, *, voice: str, stretch: float = 1.0) -> Segments:
    """Synthesise one sentence into a 16-kHz WAV file.

    Parameters
    ----------
    sentence : str
    path : Path
    voice : str
        One of `VOICES`.
    stretch : float
        Duration relative to the voice's own.

    Returns
    -------
    Segments
        True phone times.

    Raises
    ------
    FliteMissingError
    SynthesisError
        flite fails, or does not do what it should; names `path`.
    files.errors.WriteError
        `path` cannot be written.
    """
    program = shutil.which("flite")
    if program is None:
        raise FliteMissingError("flite is not installed (Debian: apt-get install flite)")
    arguments = [program, "-voice", voice, "--setf", f"duration_stretch={stretch:.2f}", "-psdur", "-t", sentence]
    # A relative name in a folder of its own: flite takes an odd path for text, and other runs may share `path`'s.
    with tempfile.TemporaryDirectory() as scratch:
        spoken = Path(scratch) / "spoken.wav"
        try:
            ran = subprocess.run(
                [*arguments, "-o", spoken.name], cwd=scratch, capture_output=True, text=True, check=True, timeout=60
            )
            segments = parse_durations(ran.stdout, len(read_audio(spoken)))
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise SynthesisError(f"{path}: {program} did not speak it: {error}") from error
        write_bytes(path, read_bytes(spoken, what="sound file"))
    return segments


def synthesise(folder: Path, *, count: int, seed: int, workers: int = 1) -> list[Synthetic]:
    """Speak `count` sentences with all voices in turn, at 0.9 to 1.2 times their duration.

    Parameters
    ----------
    folder : Path
        Gets one WAV file a sentence.
    count, seed : int
    workers : int
        flite processes at a time; the result does not depend on it.

    Returns
    -------
    list of Synthetic

    Raises
    ------
    FliteMissingError
    """
    make_folder(folder)
    stretches = np.random.default_rng(seed + 1).uniform(0.9, 1.2, size=count)

    def one(number: int) -> Synthetic:
        voice, path = VOICES[number % len(VOICES)], folder / f"{number:05d}.wav"
        segments = speak(texts[number], path, voice=voice, stretch=float(stretches[number]))
        return Synthetic(f"flite-{voice}-{number:05d}", path, texts[number], segments)

    texts = sentences(count, seed=seed)
    with ThreadPoolExecutor(workers) as pool:
        return list(tqdm(pool.map(one, range(count)), "synthesise", count, disable=None))


def speak_digits(folder: Path, *, stretches: tuple[float, ...] = (1.0, 1.15)) -> None:
    """Speak each digit with each voice, laid out as the Free Spoken Digit Dataset is; what is there stays.

    Parameters
    ----------
    folder : Path
        Gets ``recordings/DIGIT_VOICE_INDEX.wav``.
    stretches : tuple of float
        Durations relative to the voice's own, a recording each.

    Raises
    ------
    FliteMissingError, SynthesisError
        As `speak`.
    """
    recordings = make_folder(folder / "recordings")
    for digit, word in enumerate(_DIGITS):
        for voice in VOICES:
            for index, stretch in enumerate(stretches):
                path = recordings / f"{digit}_{voice}_{index}.wav"
                if not path.is_file():
                    speak(word, path, voice=voice, stretch=stretch)
