"""Ctrl-C while modules are loaded or functions compiled: noted, and raised once that is done.

An exception that comes up in the middle of somebody's import may be caught by it, or be printed and dropped by what has
called it, and the command would go on. Where imports stand makes no difference: late ones, inside work, count too.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Between looks at whether it is done: the interpreter does not tell.
LOOK_S = 0.01
_IMPORT = "<frozen importlib._bootstrap>"
# Its callbacks and finalisers are called by C, which prints and drops what they raise.
_COMPILER = "numba.core.dispatcher"


@contextmanager
def interruptible() -> Iterator[None]:
    """Have Ctrl-C interrupt what is done within, but nothing that is being loaded: that is ended first.

    A second Ctrl-C does not wait for that. Where Ctrl-C is ignored (``nohup``), or somebody else takes it, nothing
    changes; nor does it in a thread, which no signal reaches.

    Raises
    ------
    KeyboardInterrupt
        Once for each interruption, at the latest when what is within has ended.
    """
    alone = threading.current_thread() is threading.main_thread()
    if not alone or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    noted = False

    def interrupted(number: int, frame: FrameType | None) -> None:
        nonlocal noted
        if number == signal.SIGALRM and not noted:
            return
        again = noted and number == signal.SIGINT
        noted = not again and _loading(frame)
        if not noted:
            raise KeyboardInterrupt
        signal.setitimer(signal.ITIMER_REAL, LOOK_S)

    alarm = signal.signal(signal.SIGALRM, interrupted)
    signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)
        if noted:
            raise KeyboardInterrupt


def _loading(frame: FrameType | None) -> bool:
    """Return whether a frame, or one that called it, loads a module, compiles a function or is a finaliser."""
    while frame is not None:
        code = frame.f_code
        if code.co_filename == _IMPORT or code.co_name == "__del__" or frame.f_globals.get("__name__") == _COMPILER:
            return True
        frame = frame.f_back
    return False
