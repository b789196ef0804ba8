"""Ctrl-C in the middle of an import: it waits for the import, and nothing swallows it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from files.interruption import interruptible

ROOT = Path(__file__).parents[2]
# Each is interrupted while it is loaded, and drops what comes up then.
SWALLOWING = {
    "except": """
        import os, signal, time
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
            print("loaded", flush=True)
        except BaseException:
            pass
    """,
    "callback": """
        import os, signal, weakref
        class One: pass
        one = One()
        reference = weakref.ref(one, lambda _: [os.kill(os.getpid(), signal.SIGINT), print("loaded", flush=True)])
        del one
    """,
}
WORK = """
import sys, time
from experiments.command.outcome import outcome

def work():
    import swallowing
    {then}
    return 0

sys.exit(outcome(work))
"""


def run(folder: Path, module: str, then: str, *before: str) -> subprocess.CompletedProcess[str]:
    (folder / "swallowing.py").write_text(textwrap.dedent(module))
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}"}
    command = [*before, sys.executable, "-c", WORK.format(then=then)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("module", SWALLOWING)
@pytest.mark.parametrize("then", ["time.sleep(20)", "pass"])
def test_an_import_that_drops_interruptions_is_ended_and_then_interrupted(
    tmp_path: Path, module: str, then: str
) -> None:
    begun = time.monotonic()
    ended = run(tmp_path, SWALLOWING[module], then)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "loaded\n", "rsnn: interrupted\n")
    assert time.monotonic() - begun < 18


def test_a_second_one_does_not_wait_for_the_import(tmp_path: Path) -> None:
    module = """
        import os, signal, time
        os.kill(os.getpid(), signal.SIGINT)
        print("waits", flush=True)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(20)
    """
    ended = run(tmp_path, module, "pass")
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "waits\n", "rsnn: interrupted\n")


def test_where_it_is_ignored_it_stays_so(tmp_path: Path) -> None:
    ended = run(tmp_path, SWALLOWING["except"], "print('worked')", "sh", "-c", 'trap "" INT; exec "$@"', "sh")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "loaded\nworked\n", "")


def test_a_finaliser_and_what_is_compiled_are_ended_first(tmp_path: Path) -> None:
    then = """
    import numba, os, signal
    class Last:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGINT)
            print("ended", flush=True)
    try:
        Last()
        time.sleep(20)
    except KeyboardInterrupt:
        print("once", flush=True)
    @numba.extending.overload(len)
    def interrupting(one):
        if isinstance(one, numba.types.Integer):
            os.kill(os.getpid(), signal.SIGINT)
            print("compiled", flush=True)
            return lambda one: 5
    numba.njit(lambda one: len(one))(3)
    time.sleep(20)
    """
    ended = run(tmp_path, "", textwrap.indent(textwrap.dedent(then), "    ").strip())
    assert ended.stdout.splitlines()[:3] == ["ended", "once", "compiled"]
    assert (ended.returncode, ended.stderr) == (130, "rsnn: interrupted\n")


def test_work_is_interrupted_at_once_and_what_it_has_begun_is_cleared_away(tmp_path: Path) -> None:
    then = f"""
    import os, signal
    from pathlib import Path
    from files.writing import whole_file
    with whole_file(Path({str(tmp_path / "half")!r})) as file:
        file.write(b"half")
        os.kill(os.getpid(), signal.SIGINT)
        print("too late", flush=True)
    """
    ended = run(tmp_path, "", textwrap.indent(textwrap.dedent(then), "    ").strip())
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "rsnn: interrupted\n")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["swallowing.py"]


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM)
    assert before[0] is signal.default_int_handler
    with pytest.raises(KeyboardInterrupt), interruptible():
        assert signal.getsignal(signal.SIGINT) is not before[0]
        signal.raise_signal(signal.SIGINT)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGALRM)) == before
