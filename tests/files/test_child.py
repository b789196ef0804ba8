"""A process with limits: what it says comes back, and its crash, its hunger and its patience become sentences."""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from files.child import ChildError, run_limited
from files.errors import FileError

MIB = 1 << 20


def python(program, *arguments, **changes):
    limits = {"timeout_s": 60, "memory_bytes": 512 * MIB, "most_output": MIB} | changes
    return run_limited([sys.executable, "-I", "-S", "-c", program, *arguments], where="a.nir", **limits)


def test_status_output_and_what_is_said_come_back():
    status, output, said = python("import sys; print(sys.argv[1]); print('so', file=sys.stderr); sys.exit(3)", "a b'")
    assert (status, output, said) == (3, b"a b'\n", b"so\n")


def test_the_end_of_what_is_said_is_kept():
    _, _, said = python("import sys; sys.stderr.write('x' * 200_000 + 'end')")
    assert len(said) == 65_536
    assert said.endswith(b"xend")


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGBUS", "SIGKILL"])
def test_a_crash_is_a_sentence(name):
    with pytest.raises(ChildError, match=rf"^a\.nir: crashed its reader \({name}\); damaged, or made to do so$"):
        python(f"import os, signal; os.kill(os.getpid(), signal.{name})")
    assert issubclass(ChildError, FileError)


def test_a_signal_without_a_name_is_a_sentence_too():
    with pytest.raises(ChildError, match=r"crashed its reader \(signal 40\)"):
        python("import os; os.kill(os.getpid(), 40)")


def test_memory_is_limited():
    status, output, said = python("x = bytearray(1 << 30)", memory_bytes=256 * MIB)
    assert (status, output) == (1, b"")
    assert b"MemoryError" in said


def test_time_is_limited_and_what_it_started_ends_with_it(tmp_path):
    child = tmp_path / "pid"
    program = (
        "import subprocess, sys, time; p = subprocess.Popen(['sleep', '600']);"
        "open(sys.argv[1], 'w').write(str(p.pid)); time.sleep(600)"
    )
    with pytest.raises(ChildError, match=r"a\.nir: cannot be read in 2 s, given up"):
        python(program, str(child), timeout_s=2)
    gone = int(child.read_text())
    for _ in range(500):  # killed by now; its reaping is another's
        try:
            state = Path(f"/proc/{gone}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.01)
    pytest.fail(f"process {gone} lives on")


def test_processor_time_is_limited():
    program = "import resource; print(resource.getrlimit(resource.RLIMIT_CPU))"
    assert python(program, timeout_s=7)[1] == b"(8, 9)\n"
    with pytest.raises(ChildError, match="took more than 60 s"):
        python("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)")


def test_output_is_limited():
    program = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL); print('x' * (1 << 21))"
    with pytest.raises(ChildError, match="holds more than 1 MiB"):
        python(program)


def test_a_limit_of_ours_is_never_raised():
    # A hard limit below what is asked for: preparing the child would fail on it.
    program = (
        "import resource, sys; sys.path.insert(0, sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1 << 32, 1 << 32))\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (50, 60))\n"
        "from files.child import run_limited\n"
        "show = 'import resource as r; print(r.getrlimit(r.RLIMIT_AS), r.getrlimit(r.RLIMIT_CPU))'\n"
        "print(run_limited([sys.executable, '-I', '-S', '-c', show], where='a', timeout_s=100,\n"
        "                  memory_bytes=1 << 40, most_output=1000))"
    )
    root = str(Path(__file__).resolve().parents[2])
    status, output, said = python(program, root, memory_bytes=1 << 33)
    assert status == 0, said
    assert output == b"(0, b'(4294967296, 4294967296) (60, 60)\\n', b'')\n"


def test_it_reads_a_file_as_its_own_input(tmp_path):
    (tmp_path / "given").write_bytes(b"given")
    with open(tmp_path / "given", "rb") as file:
        assert python("import sys; print(sys.stdin.read())", standard_input=file)[1] == b"given\n"
    assert python("import sys; print(repr(sys.stdin.read()))")[1] == b"''\n"


def test_the_environment_is_the_one_given(monkeypatch):
    monkeypatch.setenv("SECRET", "x")
    program = "import os; print(sorted(set(os.environ) - {'LC_CTYPE'}))"
    assert python(program, environment={"ONLY": "1"})[1] == b"['ONLY']\n"


def test_a_program_that_is_not_there_is_refused():
    with pytest.raises(ChildError, match=r"a\.nir: cannot be read without 'no-such-program'"):
        run_limited(["no-such-program"], where="a.nir", timeout_s=1, memory_bytes=512 * MIB, most_output=1)
    with pytest.raises(ChildError, match=r"a\.nir: its reader cannot be started"):
        python("a\0b")


def test_no_temporary_folder_is_a_sentence(monkeypatch):
    def none(*_):
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.TemporaryFile", none)
    with pytest.raises(ChildError, match=r"a\.nir: cannot be read without a temporary file \(No usable"):
        python("")


def test_threads_of_ours_do_not_matter():
    # Running Python between fork and exec may lock up where there are threads; 3.12 warns, and warnings are errors.
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        assert python("print(1)")[1] == b"1\n"
    finally:
        stop.set()
        thread.join()


def test_an_interruption_ends_it(tmp_path):
    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    try:
        with pytest.raises(KeyboardInterrupt):
            python("import time; time.sleep(600)")
    finally:
        signal.signal(signal.SIGALRM, before)
