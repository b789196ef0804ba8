"""Every mutant of a design against every scenario, until the first difference.

One library holds the mutants of all modules. Processes forked from this one run them in turn; one that never settles,
or takes its process down, takes nothing else with it: the next process goes on behind it.
"""

from __future__ import annotations

import os
import selectors
import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cosim.engines.record_module import RECORD, SELECTOR
from cosim.engines.verilator import build_library
from cosim.mutants.driven import Driven
from cosim.mutants.mutant import Mutant
from cosim.mutants.population import populate
from cosim.mutants.scenarios import Scenario
from cosim.scoreboard import PredictionError
from rtl.design import Design

__all__ = ["BaselineError", "Verdict", "run_design"]

# Seconds after which a mutant that has not ended never will: a hundred times what the longest takes.
MOST_SECONDS = 60
# Exit status of a process that failed for a reason of its own.
_FAULT = 70
# Begins each line of a process's that is a verdict; the others are Verilator's.
_MARK = "\x01"
# Mutants a process: so many that a fork costs nothing, so few that all processes end together.
_SHARE = 50


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant.

    Parameters
    ----------
    mutant : Mutant
    scenario : str
        That told it from the original; "" if none did.
    difference : str
        The first: cycle, field, what was expected and what came; or how the simulation ended.
    """

    mutant: Mutant
    scenario: str = ""
    difference: str = ""

    @property
    def killed(self) -> bool:
        """Whether a scenario told it from the original."""
        return bool(self.scenario)


class BaselineError(PredictionError):
    """The design differs from golden with no mutant at work."""


def run_design(
    design: Design,
    scenarios: Sequence[Scenario],
    chosen: Mapping[str, Sequence[int] | None],
    *,
    progress: Callable[[int], object] | None = None,
) -> dict[str, dict[int, Verdict]]:
    """Return the verdict on mutants of a design, by module and number.

    Parameters
    ----------
    design : Design
    scenarios : sequence of Scenario
        Of the design's specification, the likeliest to tell first.
    chosen : mapping of str to (sequence of int or None)
        Numbers of mutants by module, as the design names it; None for all.
    progress : callable, optional
        Called with the number of mutants that are done since it was last called.

    Raises
    ------
    BaselineError
        The design as it is differs from golden.
    EngineError
        Verilator or a compiler is missing, or the build fails.
    """
    texts = {name: module.text for name, module in design.modules.items()}
    population = populate(texts, f"{RECORD}.{SELECTOR}", chosen)
    if not population.selections:
        return {module: {} for module in chosen}
    library = build_library(design, {f"{module}.v": text for module, text in population.texts.items()})
    driven = [Driven(scenario) for scenario in scenarios]
    for each in driven:
        if found := each.difference(design, library, 0):
            raise BaselineError(f"no mutant at work, {each.scenario.name}: {found}")
    verdicts: dict[str, dict[int, Verdict]] = {module: {} for module in chosen}
    places = {number: place for place, number in population.selections.items()}
    for number, (scenario, difference) in _run(design, library, driven, sorted(places), progress):
        module, own = places[number]
        verdicts[module][own] = Verdict(population.mutants[module][own - 1], scenario, difference)
    return {module: dict(sorted(each.items())) for module, each in verdicts.items()}


@dataclass
class _Process:
    """One that runs mutants in turn, and what it has said."""

    pid: int
    pipe: int
    numbers: list[int]
    said: bytes = b""


def _run(
    design: Design,
    library: Path,
    driven: Sequence[Driven],
    numbers: Sequence[int],
    progress: Callable[[int], object] | None,
) -> Iterator[tuple[int, tuple[str, str]]]:
    """Yield number, scenario and difference of each mutant, on all cores."""
    waiting = deque(list(numbers[begin : begin + _SHARE]) for begin in range(0, len(numbers), _SHARE))
    cores = len(os.sched_getaffinity(0))
    with selectors.DefaultSelector() as running:
        while waiting or running.get_map():
            while waiting and len(running.get_map()) < cores:
                process = _forked(design, library, driven, waiting.popleft())
                running.register(process.pipe, selectors.EVENT_READ, process)
            for key, _ in running.select():
                process = key.data
                if part := os.read(process.pipe, 1 << 16):
                    process.said += part
                    continue
                running.unregister(process.pipe)
                os.close(process.pipe)
                found, rest = _ended(process)
                if rest:
                    waiting.appendleft(rest)
                yield from found.items()
                if progress is not None:
                    progress(len(found))


def _forked(design: Design, library: Path, driven: Sequence[Driven], numbers: list[int]) -> _Process:
    """Return a process that runs mutants one after the other."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return _Process(child, reading, numbers)
    status = _FAULT
    try:
        os.close(reading)
        # What Verilator prints as it gives up says how it ended.
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        for number in numbers:
            signal.alarm(MOST_SECONDS)
            found = (each for each in _differences(design, library, driven, number) if each[1])
            scenario, difference = next(found, ("", ""))
            os.write(writing, f"{_MARK}{number}\t{scenario}\t{difference}\n".encode())
        status = 0
    finally:
        os._exit(status)


def _ended(process: _Process) -> tuple[dict[int, tuple[str, str]], list[int]]:
    """Return the verdicts of a process that has ended, and the mutants behind the one that it ended with."""
    status = os.waitstatus_to_exitcode(os.waitpid(process.pid, 0)[1])
    said = process.said.decode(errors="replace")
    found = {}
    for line in said.splitlines():
        if line.startswith(_MARK):
            number, scenario, difference = line.removeprefix(_MARK).split("\t")
            found[int(number)] = (scenario, difference)
    left = [number for number in process.numbers if number not in found]
    if status == _FAULT or (left and not status):
        raise RuntimeError(f"mutant {left[:1]}: the process that ran it failed:\n{said}")
    if left:
        found[left[0]] = ("the simulation ended", _ending(status, said.rpartition(_MARK)[2]))
    return found, left[1:]


def _ending(status: int, said: str) -> str:
    """Return in words how a simulation ended, from its status, as `os.waitstatus_to_exitcode` has it, and its words."""
    if status == -signal.SIGALRM:
        return "not within its time"
    # In Verilator's words.
    if "did not converge" in said:
        return "it did not settle"
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"


def _differences(
    design: Design, library: Path, driven: Sequence[Driven], number: int
) -> Iterator[tuple[str, str]]:
    for each in driven:
        yield each.scenario.name, each.difference(design, library, number)
