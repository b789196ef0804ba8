"""A full disk, a folder that cannot be written, two commands at once."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.survive.commands import Command, files_of
from tests.survive.kills import Trial, begin, undisturbed
from tests.survive.process import Running
from tests.survive.setting import Setting
from tests.survive.wholeness import half_written, left_over

PAGE = 4096
# Shares of what an undisturbed run writes that a disk has room for.
SHARES = (0.0, 0.05, 0.3, 0.6, 0.9)


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[bool]:
    """Mount on a folder; yields False where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, check=False).returncode == 0
    try:
        yield done
    finally:
        if done:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)


def full_disk(command: Command, setting: Setting, *, shares: Sequence[float] = SHARES) -> Trial:
    """Run a command on disks of several sizes, each too small; exit status 2 and the file's name are expected."""
    trial = Trial(f"{command.name}, full disk")
    known = undisturbed(command, setting, trial, again=False)
    size = sum(path.stat().st_size for path in setting.out.rglob("*") if path.is_file())
    for share in shares:
        setting.fresh()
        # Whole pages, as files take them: a disk that is rounded up may be large enough.
        room = max(PAGE, int(size * share) // PAGE * PAGE)
        with mounted(setting.out, "-t", "tmpfs", "-o", f"size={room}", "tmpfs") as is_small:
            if is_small and not share:
                # Nothing at all is left.
                (setting.out / "full").write_bytes(bytes(room))
            limit = (
                None if is_small else max(1, int(share * max((len(c) for c in known.wholes[0].values()), default=1)))
            )
            ended = Running(setting, command.variants[0], most_file=limit).end()
            (setting.out / "full").unlink(missing_ok=True)
            trial.kills += 1
            trial.findings.update(_refused(ended.status, ended.said, [setting.out]))
            trial.findings.update(half_written(command, setting, known.wholes, known.prices))
            if is_small:
                subprocess.run(["mount", "-o", "remount,size=256m", str(setting.out)], check=True)
            again = Running(setting, command.variants[0]).end()
            if again.status or files_of(setting.out) != known.wholes[0]:
                trial.findings[f"with room again: exit status {again.status}, other bytes: {again.said[-200:]}"] += 1
            trial.findings.update(left_over(setting))
    return trial


def read_only(command: Command, setting: Setting) -> Trial:
    """Run a command into folders that cannot be written; exit status 2 and the folder's name are expected, at once."""
    trial = Trial(f"{command.name}, read-only")
    setting.fresh()
    places = [Path("/proc/rsnn-out")]
    held = setting.home / "held"
    held.mkdir(exist_ok=True)
    with mounted(held, "-t", "tmpfs", "-o", "ro", "tmpfs") as is_mounted:
        if is_mounted:
            places += [held, held / "deeper"]
        for place in places:
            words = tuple(word.replace("{out}", str(place)) for word in command.variants[0])
            ended = Running(setting, words).end()
            trial.kills += 1
            trial.seconds = max(trial.seconds, ended.seconds)
            trial.findings.update(_refused(ended.status, ended.said, [place, held]))
    shutil.rmtree(held, ignore_errors=True)
    trial.findings.update(left_over(setting))
    return trial


def _refused(status: int, said: str, places: list[Path]) -> list[str]:
    # Bars of progress overwrite themselves.
    last = said.replace("\r", "\n").strip()[-400:]
    if status != 2:
        return [f"exit status {status}, expected 2: {last}"]
    return [] if any(str(place) in said for place in places) else [f"names no file: {last}"]


def two_at_once(command: Command, setting: Setting, *, times: int = 3) -> Trial:
    """Run both variants of a command into one folder with one cache at once; one run's whole is expected."""
    trial = Trial(f"{command.name}, two at once")
    known = undisturbed(command, setting, trial, again=False)
    for _ in range(times):
        begin(command, setting, fresh=True)
        both = [Running(setting, command.variants[which % len(command.variants)]) for which in range(2)]
        for ended in [running.end() for running in both]:
            if ended.status:
                trial.findings[f"exit status {ended.status}: {ended.said.strip()[-300:]}"] += 1
        trial.kills += 1
        # Of tables that grow over runs the rows of both may stand there; half a file may not.
        trial.findings.update(half_written(command, setting, known.wholes, known.prices))
        trial.findings.update(left_over(setting))
    return trial
