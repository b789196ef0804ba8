"""Lines of a corpus' text files."""

from __future__ import annotations

from pathlib import Path

from features.errors import CorpusError
from files.errors import FileError
from files.reading import read_text


def read_lines(path: Path, source: str = "") -> list[str]:
    """Return the lines of a UTF-8 text file, without their ends, of whichever system.

    Parameters
    ----------
    path : Path
    source : str
        Where the corpus can be had, for the message about a file that cannot be read.

    Raises
    ------
    CorpusError
        The file is missing, unreadable, no regular file, too large or no text.
    """
    try:
        text = read_text(path, what="text file")
    except FileError as error:
        is_missing = isinstance(error.__context__, FileNotFoundError)
        raise CorpusError(f"{error}{'; ' + source if source and is_missing else ''}") from error
    # Not splitlines: it ends a line at characters that stand within one (U+2028, form feed).
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]
