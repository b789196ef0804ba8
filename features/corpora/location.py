"""Where the user keeps the corpora."""

from __future__ import annotations

import os
import re
from pathlib import Path

from features.errors import CorpusError

ENVIRONMENT_VARIABLE = "RSNN_DATA"
SOURCES = {
    "speechocean762": "OpenSLR 101 (openslr.org/101)",
    "timit": "the Linguistic Data Consortium as LDC93S1 (catalog.ldc.upenn.edu/LDC93S1)",
    "timit_sample": "nltk.download('timit')",
    "fsdd": "github.com/Jakobovski/free-spoken-digit-dataset",
}
# Those that the project's own tests run on.
TEST_CORPORA = ("speechocean762", "timit_sample", "fsdd")
# Other names, in any case, that a corpus' folder has where it comes from.
_ALSO_NAMED = {"timit": ("timit", "ldc93s1")}
# What tells a corpus' own folder, name by name downwards, in any case, and how it is written in messages.
_HALLMARKS = {
    "speechocean762": (("resource", "text-phone"), "resource/text-phone"),
    "timit": (("train|test", "dr[1-8]"), "TRAIN/DR1 or TEST/DR1"),
    "timit_sample": (("dr[1-8]-[fm].*",), "dr1-fvmh0"),
    "fsdd": (("recordings", "[0-9]_[a-z0-9-]+_[0-9]+[.]wav"), "recordings/0_george_0.wav"),
}
# Folders that copies from elsewhere (Kaggle's archive.zip: archive/data/TRAIN) put around a corpus.
_AROUND = "archive|data"
_LEVELS_AROUND = 2


def find_corpus(name: str, data: str | os.PathLike[str] | None = None) -> Path | None:
    """Return the folder of a corpus, or None.

    Names are compared in any case. A folder of the corpus' name goes before one that holds the corpus itself.

    Parameters
    ----------
    name : str
        "speechocean762", "timit" (whose folder may also be called ``LDC93S1``), "timit_sample" or "fsdd".
    data : path-like, optional
        Folder that holds the corpora (``--data``), or the corpus itself, or that in at most two folders named
        ``archive`` or ``data``; otherwise the environment variable RSNN_DATA, otherwise ``../shared/data`` beside the
        checkout.
    """
    folder = _data_folder(data)
    # As it is spelled goes before other cases.
    exact = folder / name
    if os.path.isdir(exact):
        return exact
    names = "|".join(map(re.escape, (name, *_ALSO_NAMED.get(name, ()))))
    for found in _entries(folder, names):
        if os.path.isdir(found):
            return found
    if name not in _HALLMARKS:
        return None
    hallmark, _ = _HALLMARKS[name]
    level = [folder]
    for _ in range(1 + _LEVELS_AROUND):
        for place in level:
            if _holds(place, hallmark):
                return place
        level = [below for place in level for below in _entries(place, _AROUND)]
    return None


def require_corpus(name: str, data: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of a corpus.

    Raises
    ------
    CorpusError
        Says what was looked for, where, and where the corpus can be had.
    """
    found = find_corpus(name, data)
    if found is None:
        folder = _data_folder(data)
        also = "".join(f" or {other}" for other in _ALSO_NAMED.get(name, ()) if other != name)
        _, hallmark = _HALLMARKS.get(name, ((), "its files"))
        state = "" if os.path.isdir(folder) else ", which is no folder"
        raise CorpusError(
            f"corpus {name} not found: expected in {folder}{state} (--data or ${ENVIRONMENT_VARIABLE}) a folder "
            f"{name}{also}, or {hallmark}, in any case, or these in archive/ or data/; "
            f"it can be had from {SOURCES.get(name, 'its publisher')}"
        )
    return found


def _data_folder(data: str | os.PathLike[str] | None) -> Path:
    if data is None:
        # Set to nothing means not set: an empty path would be the current folder.
        data = os.environ.get(ENVIRONMENT_VARIABLE) or None
    if data is None:
        data = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    return Path(data)


def _entries(folder: Path, pattern: str) -> list[Path]:
    """Return what is in a folder and has a name like that, in any case; nothing where it cannot be read."""
    try:
        names = sorted(os.listdir(folder))
    except (OSError, ValueError):
        return []
    return [folder / name for name in names if re.fullmatch(pattern, name, re.IGNORECASE)]


def _holds(folder: Path, hallmark: tuple[str, ...]) -> bool:
    places = [folder]
    for pattern in hallmark:
        places = [below for place in places for below in _entries(place, pattern)]
    return bool(places)
