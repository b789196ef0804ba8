"""Corpora as folders: TIMIT (both layouts), speechocean762, digits; with odd names, links, pipes and lying tables."""

from __future__ import annotations

import random
from pathlib import Path

from features.corpora.fsdd import CLASSES, read_fsdd
from features.corpora.location import find_corpus
from features.corpora.speechocean762 import read_speechocean762
from features.corpora.timit import read_timit, read_timit_sample
from features.errors import Damage
from tests.fuzz.case import Case, Entry, Folder, Link, Pipe
from tests.fuzz.mutation import bytes_mutated, name, number, special, text_mutated
from tests.fuzz.surface import Finding, Surface
from tests.fuzz.surfaces.sound import SEEDS, SPHERE, samples, sphere

_BODY = (8000 * samples(3200)).astype("<i2").tobytes()
_WAVE, _SPHERE = SEEDS[0], sphere(SPHERE, _BODY)
_PHN = b"0 1000 h#\n1000 1800 s\n1800 2600 eh\n2600 3200 h#\n"
_TXT = b"0 3200 Seven.\n"


def ldc() -> dict[str, Entry]:
    """Return a few sentences as the LDC lays them out."""
    files: dict[str, Entry] = {}
    for place in (
        "TRAIN/DR1/FCJF0/SX37",
        "TRAIN/DR1/FCJF0/SA1",
        "TRAIN/DR2/MARC0/SI1188",
        "TEST/DR1/FELC0/SX36",
        "TEST/DR3/MPGR0/SI1410",
    ):
        files |= {f"{place}.WAV": _SPHERE, f"{place}.PHN": _PHN, f"{place}.TXT": _TXT}
    return files


def sample() -> dict[str, Entry]:
    """Return a few sentences as NLTK lays them out."""
    files: dict[str, Entry] = {}
    for place in ("dr1-fvmh0/sa1", "dr1-fvmh0/sx26", "dr2-marc0/si1188"):
        files |= {f"{place}.wav": _WAVE, f"{place}.phn": _PHN, f"{place}.txt": _TXT}
    return files


def ocean() -> dict[str, Entry]:
    """Return a few utterances as speechocean762 lays them out."""
    files: dict[str, Entry] = {}
    phones = []
    for split, names in (("train", ("000010011", "000020012")), ("test", ("000030013", "000040014"))):
        speakers = {one: one[1:5] for one in names}
        files |= {f"WAVE/SPEAKER{speakers[one]}/{one}.WAV": _WAVE for one in names}
        tables = {
            "wav.scp": [f"{one}\tWAVE/SPEAKER{speakers[one]}/{one}.WAV" for one in names],
            "text": [f"{one}\tWE CALL" for one in names],
            "utt2spk": [f"{one}\t{speakers[one]}" for one in names],
            "spk2age": [f"{speaker}\t{20 + index}" for index, speaker in enumerate(speakers.values())],
        }
        files |= {f"{split}/{table}": ("\n".join(lines) + "\n").encode() for table, lines in tables.items()}
        phones += [line for one in names for line in (f"{one}.0\tW_B IY0_E", f"{one}.1\tK_B AO0_I L_E")]
    files["resource/text-phone"] = ("\n".join(phones) + "\n").encode()
    return files


def digits() -> dict[str, Entry]:
    """Return a few spoken digits, named as the Free Spoken Digit Dataset names them."""
    names = [f"{digit}_{speaker}_{index}" for digit in (0, 7) for speaker in ("george", "theo") for index in (0, 12)]
    return {f"recordings/{one}.wav": _WAVE for one in names} | {"README.md": b"# Spoken digits\n"}


LAYOUTS = {"timit": ldc, "timit_sample": sample, "speechocean762": ocean, "fsdd": digits}


def generate(rng: random.Random) -> Case:
    """Return a corpus with one to three things wrong."""
    layout = rng.choice(sorted(LAYOUTS))
    files = LAYOUTS[layout]()
    for _ in range(rng.randint(1, 3)):
        _disturb(rng, files)
    root = (
        layout
        if rng.random() < 0.9
        else rng.choice(["TIMIT/timit", "LDC93S1", "archive", name(rng).replace("..", "") or "x"])
    )
    root = root.strip("/") or layout
    entries = {f"{root}/{path}": entry for path, entry in files.items()}
    words = {
        "layout": layout, "skip": rng.random() < 0.5, "split": rng.choice(["train", "test"]),
        "find": rng.random() < 0.3,
        "names": [root],
    }  # fmt: skip
    return Case(entries, root, words)


def _disturb(rng: random.Random, files: dict[str, Entry]) -> None:
    # Tables and labels more often than sounds.
    texts = [path for path, entry in files.items() if not path.lower().endswith(".wav")]
    path = rng.choice(texts if texts and rng.random() < 0.6 else sorted(files) or [""])
    if not path:
        return
    entry, folder = files[path], path.rpartition("/")[0]
    content = entry if isinstance(entry, bytes) else b""
    change = rng.randrange(12)
    if change == 0:
        del files[path]
    elif change <= 2:
        binary = path.lower().endswith(".wav")
        files[path] = (
            bytes_mutated(rng, content, SEEDS) if binary else text_mutated(rng, content.decode("utf-8", "replace"))
        )
    elif change == 3:
        files |= special(rng, path, content)
    elif change == 4:
        suffix = path.rpartition(".")[2]
        hostile = name(rng).replace("/", "").replace("..", "") or "x"
        files[f"{folder}/{hostile}.{suffix}"] = content
    elif change == 5:
        # Links in circles, to everywhere, and a folder by the name of a file.
        files[f"{folder}/loop"] = Link(rng.choice([".", "..", "../..", "/", "loop", "/proc/self"]))
    elif change == 6:
        files[f"{folder}/{rng.choice(['x.wav', 'SA1.WAV', 'sx26.phn', 'x.txt'])}"] = rng.choice(
            [Folder(), Pipe(), b"", content]
        )
    elif change == 7:
        # The same in another case, or a twin.
        changed = rng.choice(
            [path.swapcase(), path + ".wav", path.replace("TRAIN", "train"), f"archive/{path}", f"copy/{path}"]
        )
        files[changed] = content
    elif change == 8:
        files[path] = rng.choice([b"", b"\n", b"\xff\xfe", b"x", b"0 9 s\n" * 20_000, content * 3])
    elif content and not path.lower().endswith(".wav"):
        lines = content.decode("utf-8", "replace").split("\n")
        at = rng.randrange(len(lines))
        words = lines[at].split()
        if words:
            words[rng.randrange(len(words))] = rng.choice([
                name(rng), number(rng), "/", "..", ".", "/dev/zero", "/etc/passwd", "../../canary", "x/" * 2000,
                    "sph2pipe -f wav x |",
                "WAVE", "", "\u0664\u0662",
            ])  # fmt: skip
            lines[at] = "\t".join(words)
            files[path] = "\n".join(lines).encode("utf-8", "surrogateescape")
    elif "_" in path:
        # A sound whose name tells what it is: one part of it is another.
        parts = path.rpartition("/")[2].removesuffix(".wav").split("_")
        parts[rng.randrange(len(parts))] = rng.choice([name(rng), number(rng), "", "7", "\u0664", "a" * 40, "-x"])
        odd = "_".join(parts).replace("/", "").replace("..", "")
        files[f"{folder}/{odd}.{rng.choice(['wav', 'WAV', 'Wav'])}"] = files.pop(path)


def run(case: Case, folder: Path) -> None:
    """Read it as training and the corpus commands do."""
    root, words = case.path(folder), case.words
    damage: list[Damage] | None = [] if words["skip"] else None
    if words["find"]:
        found = find_corpus(words["layout"], folder)
        if found is None:
            return
        root = found
    if words["layout"] == "speechocean762":
        utterances = read_speechocean762(root, words["split"], damage=damage)
    elif words["layout"] == "timit_sample":
        utterances = read_timit_sample(root, damage=damage)
    elif words["layout"] == "fsdd":
        utterances = read_fsdd(root, damage=damage)
        for utterance in utterances:
            if utterance.words not in CLASSES or not utterance.speaker.isascii():
                raise Finding(f"another class or speaker than a name can tell: {utterance.audio_path}")
    else:
        utterances = read_timit(root, damage=damage)
    for one in damage or []:
        str(one)
    for utterance in utterances:
        if not utterance.audio_path.is_file():
            raise Finding(f"an utterance without a sound file: {utterance.audio_path}")


SURFACE = Surface("corpora", generate, run, share=8)
