from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from files.locking import alone, locked_or_none

_HOLD = """
import sys, time
from files.locking import alone
with alone(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_process_at_a_time_and_a_dead_one_holds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert locked_or_none(tmp_path) is None
        other.kill()
    with alone(tmp_path):
        pass


def test_a_lock_within_a_lock_does_not_wait_for_itself(tmp_path: Path) -> None:
    with alone(tmp_path):
        with alone(tmp_path), alone(tmp_path, shared=True):
            pass
        assert locked_or_none(tmp_path) is None
    held = locked_or_none(tmp_path)
    assert held is not None
    os.close(held)
