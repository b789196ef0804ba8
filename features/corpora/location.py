"""Where the user keeps the corpora."""

from __future__ import annotations

import os
from pathlib import Path

from features.errors import CorpusError

ENVIRONMENT_VARIABLE = "RSNN_DATA"
SOURCES = {
    "speechocean762": "OpenSLR 101 (openslr.org/101)",
    "timit": "the Linguistic Data Consortium as LDC93S1 (catalog.ldc.upenn.edu/LDC93S1)",
    "timit_sample": "nltk.download('timit')",
}
# Those that the project's own tests run on.
TEST_CORPORA = ("speechocean762", "timit_sample")
# Other names, in any case, that a corpus' folder has where it comes from.
_ALSO_NAMED = {"timit": ("timit", "ldc93s1")}
# What tells a corpus' own folder: `find_corpus` takes one that is named instead of the folder above it.
_HALLMARKS = {
    "speechocean762": ("resource/text-phone",),
    "timit": ("[tT][rR][aA][iI][nN]/[dD][rR][1-8]", "[tT][eE][sS][tT]/[dD][rR][1-8]"),
    "timit_sample": ("dr[1-8]-[fm]*",),
}


def find_corpus(name: str, data: str | os.PathLike[str] | None = None) -> Path | None:
    """Return the folder of a corpus, or None.

    Parameters
    ----------
    name : str
        "speechocean762", "timit" (whose folder may also be called ``TIMIT`` or ``LDC93S1``) or "timit_sample".
    data : path-like, optional
        Folder that holds the corpora (``--data``), or the corpus itself; otherwise the environment variable RSNN_DATA,
        otherwise ``../shared/data`` beside the checkout.
    """
    if data is None:
        # Set to nothing means not set: an empty path would be the current folder.
        data = os.environ.get(ENVIRONMENT_VARIABLE) or None
    if data is None:
        data = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    data = Path(data)
    if (data / name).is_dir():
        return data / name
    try:
        for folder in sorted(data.iterdir()):
            if folder.name.lower() in _ALSO_NAMED.get(name, ()) and folder.is_dir():
                return folder
        if any(any(data.glob(hallmark)) for hallmark in _HALLMARKS.get(name, ())):
            return data
    except OSError:
        return None
    return None


def require_corpus(name: str, data: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of a corpus.

    Raises
    ------
    CorpusError
        Says where the corpus can be had.
    """
    folder = find_corpus(name, data)
    if folder is None:
        raise CorpusError(
            f"corpus {name} not found: expected a folder {name} under --data or ${ENVIRONMENT_VARIABLE}, "
            f"or one of them to be its folder; it can be had from {SOURCES.get(name, 'its publisher')}"
        )
    return folder
