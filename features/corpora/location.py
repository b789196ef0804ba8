"""Where the user keeps the corpora."""

from __future__ import annotations

import os
from pathlib import Path

from features.errors import CorpusError

ENVIRONMENT_VARIABLE = "RSNN_DATA"
SOURCES = {
    "speechocean762": "OpenSLR 101 (openslr.org/101)",
    "timit_sample": "nltk.download('timit')",
}
# Those that the project's own tests run on.
TEST_CORPORA = ("speechocean762", "timit_sample")


def find_corpus(name: str, data: str | os.PathLike[str] | None = None) -> Path | None:
    """Return the folder of a corpus, or None.

    Parameters
    ----------
    name : str
        "speechocean762" or "timit_sample".
    data : path-like, optional
        Folder that holds the corpora (``--data``); otherwise the environment variable RSNN_DATA, otherwise
        ``../shared/data`` beside the checkout.
    """
    if data is None:
        # Set to nothing means not set: an empty path would be the current folder.
        data = os.environ.get(ENVIRONMENT_VARIABLE) or None
    if data is None:
        data = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    folder = Path(data) / name
    return folder if folder.is_dir() else None


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
            f"corpus {name} not found: expected a folder {name} under --data or ${ENVIRONMENT_VARIABLE}; "
            f"it can be had from {SOURCES.get(name, 'its publisher')}"
        )
    return folder
