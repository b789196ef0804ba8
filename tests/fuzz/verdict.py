"""What happened to a case: a result, an error of ours that names the file, or a finding."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.fuzz.case import Case
from tests.fuzz.surface import Finding

RESULT, REFUSED, FINDING = "result", "typed error", "anything else"
# By name, so that a surface need not import the rooms that it does not use.
OURS = {
    "features.errors.FeatureError", "golden.errors.GoldenError", "power.errors.PowerError",
    "training.errors.TrainingError", "training.nir.graph.NirError", "training.errors.NirError",
    "rtl.build_cache.EngineError", "gates.errors.GatesError",
    "cosim.vcd_tokens.VCDError", "files.errors.FileError", "files.errors.WriteError",
}  # fmt: skip
_ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Verdict:
    """The outcome of a case.

    Parameters
    ----------
    outcome : str
        `RESULT`, `REFUSED` or `FINDING`.
    kind : str
        Cases of the same kind are of one cause: the error's type and place.
    what : str
        Message or traceback.
    """

    outcome: str
    kind: str = ""
    what: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types; text cut to what one reads."""
        return asdict(self) | {"what": self.what[:20_000]}


def judged(run: Callable[[Case, Path], None], case: Case, folder: Path) -> Verdict:
    """Run a case and say what came of it."""
    try:
        run(case, folder)
    except Finding as wrong:
        return Verdict(FINDING, f"wrong result: {str(wrong).split(':')[0]}", str(wrong))
    except SystemExit as stop:
        return Verdict(REFUSED) if stop.code == 2 else Verdict(FINDING, f"exit status {stop.code}", f"{stop.code}")
    except BaseException as error:
        return of_error(error, case, folder)
    return Verdict(RESULT)


def of_error(error: BaseException, case: Case, folder: Path) -> Verdict:
    """Return a verdict on an error that came out of a reader."""
    kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
    try:
        said = str(error)
    except BaseException as worse:
        return Verdict(FINDING, f"{type(error).__name__} cannot be printed", repr(worse))
    if kinds & OURS:
        if case.words.get("names_no_file") or any(part in said for part in spellings(case, folder)):
            return Verdict(REFUSED, type(error).__name__, said)
        return Verdict(FINDING, f"names no file: {type(error).__name__} {place(error)}", said)
    text = "".join(traceback.format_exception(error))
    return Verdict(FINDING, f"{type(error).__name__} {place(error)}", text)


def place(error: BaseException) -> str:
    """Return the innermost line of ours that an error came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _is_ours(frame.filename)]
    frame = (ours or frames or [None])[-1]  # type: ignore[list-item]
    return f"{os.path.relpath(frame.filename, _ROOT)}:{frame.lineno}" if frame else ""


def _is_ours(filename: str) -> bool:
    path = Path(filename)
    if not path.is_relative_to(_ROOT):
        return False
    top = path.relative_to(_ROOT).parts[0]
    return top not in ("tests",) and not top.startswith(".")


def spellings(case: Case, folder: Path) -> Iterable[str]:
    """Yield the ways in which a message may name one of a case's files."""
    names = [case.argument, *case.entries, *(str(word) for word in case.words.get("names", ()))]
    for name in names:
        base = name.rstrip("/").rsplit("/", 1)[-1] or name
        above = name.rpartition("/")[0]
        for text in (str(folder / name) if "\0" not in name else name, base, above if len(above) > 2 else ""):
            # Long names are cut in messages; what is not printable is escaped in one way or another.
            forms = (
                text, text.encode("utf-8", "backslashreplace").decode(), repr(text)[1:-1], ascii(text)[1:-1],
                text.encode("unicode_escape", "backslashreplace").decode(),
                os.fsencode(text).decode("utf-8", "backslashreplace"),
            )  # fmt: skip
            yield from (form[:40] if len(form) > 200 else form for form in forms if form)
    yield str(folder)
