"""How a command ends: its exit status, and a line that says what was wrong and names the file."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from files.interruption import interruptible

EXIT_DIFFER, EXIT_REFUSED, EXIT_FAULT, EXIT_INTERRUPTED = 1, 2, 3, 130
# Extras that bring a package, where it is not that of training.
_EXTRAS = {"pysat": "hdl", "pyslang": "hdl"}
_REPORT = (
    "rsnn: this is a fault of the program, not of its input. Please report the command, the lines above and the file, "
    "if it may be shared, to the issue tracker of the repository that this came from."
)


def outcome(work: Callable[[], int]) -> int:
    """Do a command's work and turn what ends it into an exit status.

    ===  ==============================================================================================
    0    done
    1    RTL and golden differ, or a check that the command makes fails
    2    refused: input, options, a folder that cannot be written, a tool or package that is not there
    3    a fault of the program: a traceback, and a line that says where to report it
    130  interrupted (Ctrl-C), while modules are still being loaded, too
    ===  ==============================================================================================

    Parameters
    ----------
    work : callable
        Returns the status of a command that comes to its end.
    """
    try:
        with interruptible():
            return _status(work)
    except KeyboardInterrupt:
        print("rsnn: interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED


def _status(work: Callable[[], int]) -> int:
    prepare_environment()
    try:
        status = work()
        # What cannot be printed is noticed here, where it has a status, and not when the interpreter ends.
        _flush()
        return status
    except BrokenPipeError:
        # The reader of our output went away (``| head``); the files are written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_REFUSED
    except Exception as error:
        try:
            _flush()
        except OSError:
            # The interpreter would try once more as it ends, and end with a status of its own.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _status_of(error)


def _flush() -> None:
    # A command that is started with its output closed has none.
    if sys.stdout is not None:
        sys.stdout.flush()


def prepare_environment() -> None:
    """Make imports and messages independent of the environment that a command is started in."""
    # A notebook's backend need not be installed here, and nothing here opens a window.
    os.environ["MPLBACKEND"] = "agg"
    for stream in (sys.stdout, sys.stderr):
        # Names of files may hold bytes that no encoding has.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _status_of(error: Exception) -> int:
    from features.errors import FeatureError
    from files.errors import FileError
    from gates.errors import GatesError
    from golden.errors import GoldenError
    from power.errors import PowerError
    from rtl.build_cache import EngineError
    from training.errors import TrainingError

    # Loaded already if it is one of these; loading it would take a second that other messages need not wait for.
    scoreboard = sys.modules.get("cosim.scoreboard")
    if scoreboard is not None and isinstance(error, (scoreboard.CosimulationError, scoreboard.PredictionError)):
        return _say(f"RTL and golden differ: {error}", EXIT_DIFFER, getattr(error, "__notes__", ()))
    if isinstance(error, (EngineError, FeatureError, FileError, GatesError, GoldenError, PowerError, TrainingError)):
        return _say(str(error), EXIT_REFUSED)
    if isinstance(error, OSError):
        # By name rather than by number: "[Errno 28]" says less than what it stands for.
        name = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        return _say(f"{name}{error.strerror}" if error.strerror and not name_said(error) else str(error), EXIT_REFUSED)
    if isinstance(error, ModuleNotFoundError):
        extra = _EXTRAS.get(error.name or "", "train")
        return _say(f"{error}: pip install -e '.[{extra}]' (make test installs it too)", EXIT_REFUSED)
    if isinstance(error, MemoryError):
        return _say("not enough memory", EXIT_REFUSED)
    traceback.print_exception(error)
    print(_REPORT, file=sys.stderr)
    return EXIT_FAULT


def name_said(error: OSError) -> bool:
    """Return whether an error's own text is a sentence that names the file."""
    return type(error).__str__ is not OSError.__str__


def _say(text: str, status: int, notes: Iterable[str] = ()) -> int:
    for line in (text, *notes):
        print(f"rsnn: {line}", file=sys.stderr)
    return status


@contextmanager
def waveform_of_mismatch(out: Path) -> Iterator[None]:
    """Add to a mismatch where the waveform of the cycles around it lies, once `out` has it."""
    from cosim.scoreboard import CosimulationError

    try:
        yield
    except CosimulationError as error:
        if (out / "mismatch.vcd").is_file():
            error.add_note(f"waveform of the cycles around it: {out / 'mismatch.vcd'} (and .gtkw)")
        raise
