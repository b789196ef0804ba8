"""Every mutant of a module against every scenario, until the first difference.

One library holds all mutants of a module; a process forked for each runs the scenarios in turn, so that one that never
settles, or takes the simulator down, takes nothing else with it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from cosim.engines.record_module import RECORD, SELECTOR
from cosim.engines.verilator import NOTHING, VerilatorEngine, build_library
from cosim.mutants.mutant import Mutant
from cosim.mutants.scenarios import Scenario
from cosim.mutants.schemata import Schemata, inputs_of, schemata
from cosim.scoreboard import PredictionError
from golden.handshake import NAMES
from golden.layout import Layout, build_layout
from golden.memory_image import memory_image
from rtl.design import Design
from rtl.netlist import MODULE

__all__ = ["Verdict", "mutate", "run_module"]

# Seconds after which a mutant that has not ended never will: a hundred times what the longest takes.
MOST_SECONDS = 60
# Exit status of a process that failed for a reason of its own.
_FAULT = 70


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
    """The module differs from golden with no mutant at work."""


def mutate(design: Design, module: str) -> Schemata:
    """Return a module of a design with all its mutants.

    Parameters
    ----------
    design : Design
    module : str
        As the design names it.
    """
    inputs = {name: inputs_of(each.text) for name, each in design.modules.items()}
    return schemata(module.removeprefix(MODULE), design.modules[module].text, f"{RECORD}.{SELECTOR}", inputs)


def run_module(
    design: Design,
    module: str,
    scenarios: Sequence[Scenario],
    *,
    progress: Callable[[int], object] | None = None,
) -> list[Verdict]:
    """Return the verdict on each mutant of a module, in their order.

    Parameters
    ----------
    design : Design
    module : str
        As the design names it.
    scenarios : sequence of Scenario
        Of the design's specification, the likeliest to tell first.
    progress : callable, optional
        Called with 1 after each mutant.

    Raises
    ------
    BaselineError
        The module as it is differs from golden.
    EngineError
        Verilator or a compiler is missing, or the build fails.
    """
    mutated = mutate(design, module)
    if not mutated.mutants:
        return []
    library = build_library(design, {f"{module}.v": mutated.text})
    prepared = [_Prepared(scenario) for scenario in scenarios]
    for each in prepared:
        if found := each.difference(design, library, 0):
            raise BaselineError(f"{module}, no mutant at work, {each.scenario.name}: {found}")
    verdicts = []
    for number, mutant in enumerate(mutated.mutants, 1):
        verdicts.append(_apart(design, library, prepared, number, mutant))
        if progress is not None:
            progress(1)
    return verdicts


class _Prepared:
    """A scenario with its weights as the library takes them."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.layout = build_layout(scenario.checkpoint.specification)
        self.banks = memory_image(scenario.checkpoint)
        size = 4 * -(-scenario.checkpoint.specification.lanes * scenario.checkpoint.specification.weight_bits // 32)
        self.rows = [np.frombuffer(port.row.to_bytes(size, "little"), dtype="<u4") for port in scenario.weights]

    def difference(self, design: Design, library: Path, mutant: int) -> str:
        """Return the first difference from golden, "" if there is none."""
        given = self.scenario
        engine = VerilatorEngine(design, library=library, mutant=mutant)
        engine.load(self.banks)
        got, ready = np.zeros_like(given.expected), np.zeros_like(given.handshake)
        borders = sorted({0, *(port.cycle for port in given.weights), len(given.stimuli)})
        ports = iter(zip(given.weights, self.rows, strict=True))
        coming = next(ports, None)
        for begin, end in pairwise(borders):
            while coming is not None and coming[0].cycle == begin:
                port, row = coming
                engine.weight_port(valid=port.valid, bank=port.bank, address=port.address, row=row)
                coming = next(ports, None)
            engine.run(
                given.stimuli[begin:end], given.codes[begin:end], got[begin:end],
                handshake=ready[begin:end], counting=NOTHING,
            )  # fmt: skip
        engine.close()
        return _first(self.layout, given, got, ready)


def _first(layout: Layout, given: Scenario, got: np.ndarray, ready: np.ndarray) -> str:
    """Return where golden and what came first differ."""
    wrong = (got != given.expected).any(axis=1) | (ready != given.handshake)
    if not wrong.any():
        return ""
    at = int(np.argmax(wrong))
    for field in layout.fields:
        words = slice(field.offset, field.offset + field.words)
        if (got[at, words] != given.expected[at, words]).any():
            expected, came = (_hex(array[at, words]) for array in (given.expected, got))
            return f"cycle {at}: {field.path}: expected {expected} got {came}"
    bits = int(ready[at] ^ given.handshake[at])
    return f"cycle {at}: {NAMES[bits & -bits]}: not as expected"


def _hex(words: np.ndarray) -> str:
    return f"{int.from_bytes(words.astype('<u8').tobytes(), 'little'):x}"


def _apart(
    design: Design, library: Path, prepared: Sequence[_Prepared], number: int, mutant: Mutant
) -> Verdict:
    """Run a mutant in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = _FAULT
        try:
            os.close(reading)
            # What Verilator prints as it gives up says how it ended.
            os.dup2(writing, 1)
            os.dup2(writing, 2)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(MOST_SECONDS)
            with os.fdopen(writing, "w") as pipe:
                for scenario, found in _differences(design, library, prepared, number):
                    if found:
                        pipe.write(f"{scenario}\n{found}")
                        break
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status == _FAULT:
        raise RuntimeError(f"{mutant.what}: the process that ran it failed")
    if status:
        return Verdict(mutant, "the simulation ended", _ending(status, said))
    scenario, _, difference = said.partition("\n")
    return Verdict(mutant, scenario, difference)


def _ending(status: int, said: str) -> str:
    """Return in words how a simulation ended, from its status, as `os.waitstatus_to_exitcode` has it, and its words."""
    if status == -signal.SIGALRM:
        return "not within its time"
    # In Verilator's words.
    if "did not converge" in said:
        return "it did not settle"
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"


def _differences(
    design: Design, library: Path, prepared: Sequence[_Prepared], number: int
) -> Iterator[tuple[str, str]]:
    for each in prepared:
        yield each.scenario.name, each.difference(design, library, number)
