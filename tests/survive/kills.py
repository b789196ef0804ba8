"""Kill -9 at random moments, and what stands then; in the end the bytes of an undisturbed run."""

from __future__ import annotations

import collections
import random
import shutil
import sys
from dataclasses import dataclass, field

from tests.survive.commands import Command, files_of
from tests.survive.process import Ended, Forked, Running
from tests.survive.setting import Setting
from tests.survive.wholeness import Files, half_written, left_over, price

# One round in so many starts from an empty cache, work and output folder; the others go on with what the last left,
# every second one with the other variant.
FRESH_EVERY = 4
# One round in so many is a new interpreter, which takes about so long to load its modules; the others are forks that
# have them, so that the kills fall into the work.
ANEW_EVERY, LOADING_S = 10, 3.0
# Rounds for each kill asked for, at most: in some the command has ended before its moment comes.
ROUNDS_A_KILL = 3


@dataclass
class Undisturbed:
    """What the variants of a command write when nobody disturbs them.

    Parameters
    ----------
    wholes : list of dict
        Files of each.
    printed : list of str
        Standard output of each; compared where a command writes no folder.
    prices : list of str
        What `rsnn power` says of each folder of a run.
    fresh_s, kept_s : list of float
        Seconds with an empty cache and with a full one.
    cached : set of str
        Names in the cache afterwards.
    """

    wholes: list[Files] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    prices: list[str] = field(default_factory=list)
    fresh_s: list[float] = field(default_factory=list)
    kept_s: list[float] = field(default_factory=list)
    cached: set[str] = field(default_factory=set)


@dataclass
class Trial:
    """The counts of a command's trial.

    Parameters
    ----------
    command : str
    kills : int
        Rounds.
    ended_first : int
        Rounds in which the command had ended before its moment came.
    findings : Counter
    left_in_tmp : int
        What killed runs left in ``$TMPDIR``, which nobody cleans; for information.
    seconds : float
    """

    command: str
    kills: int = 0
    ended_first: int = 0
    findings: collections.Counter[str] = field(default_factory=collections.Counter)
    left_in_tmp: int = 0
    seconds: float = 0.0

    def describe(self) -> str:
        """Return the counts as text."""
        lines = [
            f"{self.command:<12}{self.kills:>5} rounds, {self.kills - self.ended_first} killed, {self.ended_first} "
            f"ended before, {self.findings.total()} findings, {self.left_in_tmp} left in $TMPDIR, {self.seconds:.0f} s"
        ]
        return "\n".join(lines + [f"  {count:>4} x {what}" for what, count in self.findings.most_common()])


def begin(command: Command, setting: Setting, *, fresh: bool) -> None:
    """Set a command's folders up: emptied, and what it reads made anew, where asked."""
    if fresh:
        setting.fresh()
    if command.before and not setting.out.is_dir():
        ended = Running(setting, command.before).end()
        if ended.status:
            raise RuntimeError(f"{command.name}: what it reads cannot be made: {ended.said}")


def undisturbed(
    command: Command, setting: Setting, trial: Trial, *, again: bool = True, start: type[Running] = Forked
) -> Undisturbed:
    """Run each variant on its own; with `again`, a second time with a full cache, which must give the same."""
    found = Undisturbed()
    # Files and machine code that are read for the first time take longer than they will when the kills come.
    begin(command, setting, fresh=True)
    start(setting, command.variants[0]).end()
    for variant in command.variants:
        begin(command, setting, fresh=True)
        ended = start(setting, variant).end()
        if ended.status:
            raise RuntimeError(f"{command.name}: fails undisturbed, exit status {ended.status}: {ended.said}")
        found.wholes.append(files_of(setting.out))
        found.printed.append(ended.output)
        found.fresh_s.append(ended.seconds)
        found.prices += [text for text in [price(setting.out)] if text is not None]
        found.cached |= _names(setting)
        if again:
            twice = start(setting, variant).end()
            if twice.status or files_of(setting.out) != found.wholes[-1]:
                trial.findings["undisturbed, a second run gives other bytes"] += 1
            ended = twice
        found.kept_s.append(ended.seconds)
        trial.findings.update(left_over(setting))
    return found


def _names(setting: Setting) -> set[str]:
    return {path.name for path in setting.cache.iterdir()} if setting.cache.is_dir() else set()


def kill_often(
    command: Command,
    setting: Setting,
    *,
    kills: int,
    seed: int,
    again: bool = True,
    start: type[Running] = Forked,
    fresh_every: int = FRESH_EVERY,
) -> Trial:
    """Run a command undisturbed, kill it before its end so many times, run it to its end.

    Parameters
    ----------
    command : Command
    setting : Setting
    kills, seed : int
    again : bool
        See `undisturbed`.
    start : type
        How a process is started, but for one round in `ANEW_EVERY`.
    fresh_every : int
        One round in so many starts from empty folders.
    """
    trial = Trial(command.name)
    rng = random.Random(f"{command.name}/{seed}")
    known = undisturbed(command, setting, trial, again=again, start=start)
    variants = len(command.variants)
    while trial.kills - trial.ended_first < kills and trial.kills < ROUNDS_A_KILL * kills:
        number = trial.kills
        fresh = number % fresh_every == 0
        which = number % variants
        begin(command, setting, fresh=fresh)
        seconds = known.fresh_s if fresh else known.kept_s
        longest = seconds[which]
        anew = number % ANEW_EVERY == ANEW_EVERY - 1
        running = (Running if anew else start)(setting, command.variants[which])
        ended = running.kill_after(rng.uniform(0.0, longest + (LOADING_S if anew else 0.0)))
        trial.kills += 1
        trial.ended_first += ended.status >= 0
        if ended.status >= 0 and not anew:
            # Faster than it was: the next kills come earlier.
            seconds[which] = min(longest, ended.seconds)
        trial.findings.update(_wrong(command, setting, known, ended, which))
        if sys.stderr.isatty():
            print(
                f"\r{command.name}: {trial.kills - trial.ended_first} of {kills}, {trial.findings.total()} findings",
                end="\033[K",
                file=sys.stderr,
            )
    trial.left_in_tmp = sum(1 for _ in setting.temporary.iterdir())
    # What a killed run left for its own next one is used up by that one, so every variant comes to its end.
    for variant in reversed(command.variants):
        if command.gathers:
            # What was worked out stays in cache and work folder; the other variant's rows do not belong here.
            shutil.rmtree(setting.out, ignore_errors=True)
        begin(command, setting, fresh=False)
        last = Running(setting, variant).end()
        if last.status:
            trial.findings[f"after the kills: exit status {last.status}: {last.said[-300:]}"] += 1
    trial.findings.update(_end(setting, known))
    return trial


def _wrong(command: Command, setting: Setting, known: Undisturbed, ended: Ended, which: int) -> list[str]:
    """Return what is wrong after a round."""
    wrong = [f"left a process: {line}" for line in ended.left]
    if ended.status > 0:
        wrong.append(f"exit status {ended.status} before its kill: {ended.said[-300:]}")
    wrong += half_written(command, setting, known.wholes, known.prices)
    if command.name == "power" and ended.status == 0 and ended.output != known.printed[which]:
        wrong.append("power prints other figures")
    return wrong


def _end(setting: Setting, known: Undisturbed) -> list[str]:
    """Return what is wrong after the run to the end: other bytes than undisturbed, or anything left over."""
    files, whole = files_of(setting.out), known.wholes[0]
    differ = [name for name in sorted(set(files) | set(whole)) if files.get(name) != whole.get(name)]
    wrong = [f"in the end {name} differs from the undisturbed run's" for name in differ]
    strangers = _names(setting) - known.cached
    return (
        wrong + left_over(setting) + [f"left in the cache: {name.rstrip('0123456789abcdef')}..." for name in strangers]
    )


def wipe(setting: Setting) -> None:
    """Remove a setting."""
    shutil.rmtree(setting.home, ignore_errors=True)
