"""Kill commands at random moments and see what they leave: ``python -m tests.survive COMMAND --kills N``."""

from __future__ import annotations

import argparse
import csv
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.survive.commands import COMMANDS, Command
from tests.survive.kills import FRESH_EVERY, Trial, kill_often, wipe
from tests.survive.setting import Setting, prepare
from tests.survive.storage import full_disk, read_only, two_at_once

COLUMNS = ("trial", "rounds", "killed", "ended_before", "findings", "left_in_tmp", "seconds")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return 1 if there are findings."""
    given = _parser().parse_args(arguments)
    if threading.current_thread() is threading.main_thread():
        # Ended by a signal it ends what it started as well.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    names = list(COMMANDS) if given.command == "all" else [given.command]
    trial: Callable[[Command, Setting], Trial] = lambda command, setting: kill_often(  # noqa: E731
        command, setting, kills=given.kills, seed=given.seed, fresh_every=given.fresh_every
    )
    for mode, other in (("full_disk", full_disk), ("read_only", read_only), ("two", two_at_once)):
        if getattr(given, mode):
            trial = other
    wrong = 0
    for name in names:
        command = COMMANDS[name]
        if missing := command.missing():
            print(f"{name:<12}left out, not installed: {', '.join(missing)}")
            continue
        if (given.full_disk or given.read_only) and command.before:
            print(f"{name:<12}left out, reads its folder and writes nothing")
            continue
        with tempfile.TemporaryDirectory(prefix="survive-") as folder:
            setting = prepare(Path(folder) / "setting")
            begun = time.monotonic()
            found = trial(command, setting)
            found.seconds = time.monotonic() - begun
            wipe(setting)
        print(found.describe(), flush=True)
        wrong += found.findings.total()
        if given.counts is not None:
            _count(given.counts, found)
    return int(wrong > 0)


def _count(path: Path, trial: Trial) -> None:
    """Add a row to a table of trials."""
    path.parent.mkdir(parents=True, exist_ok=True)
    begins = not path.is_file()
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if begins:
            writer.writerow(COLUMNS)
        killed = trial.kills - trial.ended_first
        counts = (
            trial.kills,
            killed,
            trial.ended_first,
            trial.findings.total(),
            trial.left_in_tmp,
            round(trial.seconds),
        )
        writer.writerow([trial.command, *counts])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.survive",
        description="Kill -9 of a command's process group at random moments. After every kill nothing may be "
        "half written, and in the end stand the bytes of an undisturbed run. Variants of a command take turns. "
        "Exit status 1 with findings.",
    )
    parser.add_argument("command", choices=[*COMMANDS, "all"], metavar="COMMAND", help=f"{', '.join(COMMANDS)} or all")
    parser.add_argument("--kills", type=int, default=100, help="kills before the end (default: 100)")
    parser.add_argument("--seed", type=int, default=1, help="(default: 1)")
    parser.add_argument(
        "--fresh-every", type=int, default=FRESH_EVERY, metavar="N",
        help="one round in so many starts from empty folders, the others go on (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--counts", type=Path, help="CSV that a row a trial is added to")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--full-disk", action="store_true", help="disks too small instead of kills")
    modes.add_argument("--read-only", action="store_true", help="folders that cannot be written instead of kills")
    modes.add_argument("--two", action="store_true", help="two at once into one folder instead of kills")
    return parser


if __name__ == "__main__":
    sys.exit(main())
