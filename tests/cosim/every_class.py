"""Stimuli of every class on end, for block tests and engines: shortened scenarios with a reset and new weights between.

The scenarios of the mutants are long enough to tell thousands of mutants apart, in an engine that is fast. Here each is
cut to what still brings about its class, and all of a design follow on each other from one reset: no class is seen in a
first frame alone, memories are rewritten through the weight port, and one simulation is enough.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cache

import numpy as np

from cosim.engines.stimuli import RESET
from cosim.latched_rows import with_latched_rows
from cosim.mutants.designs import DESIGNS
from cosim.mutants.scenarios import Scenario, WeightPort, scenario, scenarios
from golden.checkpoint import Checkpoint
from golden.layout import Layout, build_layout
from golden.memory_image import memory_image
from golden.schedule import build_schedule
from golden.specification import Specification

__all__ = ["LENGTHS", "EveryClass", "every_class"]

# Of the longest frames, how many are enough of each scenario: all scenarios of the first design.
LENGTHS = {
    "frames": 1, "least and greatest": 5, "least weights": 2, "least logits": 2, "first output wins": 2,
    "last output wins": 2, "receiver waits": 2, "receiver seldom ready": 4, "overrun": 5, "gaps and what is ignored": 3,
    "resets anywhere": 6, "reset with done": 5, "resets often": 2, "weight port": 2, "sums of every size": 2,
}  # fmt: skip
# Of the other designs the blocks differ, not the classes: a few scenarios that have most of them.
SHORT = {"least and greatest": 3, "receiver waits": 1, "resets anywhere": 3, "reset with done": 2, "weight port": 1}


@dataclasses.dataclass(frozen=True, kw_only=True)
class EveryClass:
    """Cycles from reset on, with empty memories.

    Parameters
    ----------
    specification : Specification
    architecture : str
    stimuli : np.ndarray [shape=(cycles,), dtype=uint8]
    codes : np.ndarray [shape=(cycles,), dtype=int32]
    expected : np.ndarray [shape=(cycles, words), dtype=uint64]
    handshake : np.ndarray [shape=(cycles,), dtype=uint8]
    weights : list of WeightPort
        What the weight port presents, of each cycle.
    begins : dict of str to int
        First cycle of each scenario, its weights' loading included.
    """

    specification: Specification
    architecture: str
    stimuli: np.ndarray
    codes: np.ndarray
    expected: np.ndarray
    handshake: np.ndarray
    weights: list[WeightPort]
    begins: dict[str, int]

    @property
    def layout(self) -> Layout:
        """Layout of the records."""
        return build_layout(self.specification)

    def doing(self, cycle: int) -> str:
        """Return the scenario that a cycle belongs to."""
        names, begins = list(self.begins), list(self.begins.values())
        return names[bisect_right(begins, cycle) - 1]

    def part(self, name: str) -> slice:
        """Return the cycles of a scenario."""
        borders = [*self.begins.values(), len(self.stimuli)]
        at = list(self.begins).index(name)
        return slice(borders[at], borders[at + 1])

    def field(self, path: str, name: str | None = None) -> np.ndarray:
        """Return a field of one word or less of each cycle, of a scenario or of all."""
        return self.expected[self.part(name) if name else slice(None), self.layout[path].offset]

    def lanes(self, path: str, name: str | None = None) -> np.ndarray:
        """Return the lanes of a field [cycles, lanes]."""
        records = self.expected[self.part(name) if name else slice(None)]
        return np.array([self.layout[path].lanes(record) for record in records])

    def first_difference(self, got: np.ndarray, ready: np.ndarray) -> str:
        """Return where what an engine gave first differs from golden, "" if it does not."""
        wrong = (got != self.expected).any(axis=1) | (ready != self.handshake)
        if not wrong.any():
            return ""
        at = int(np.argmax(wrong))
        differing = [
            field.path
            for field in self.layout
            if (got[at] != self.expected[at])[field.offset : field.offset + field.words].any()
        ]
        return f"cycle {at}, in {self.doing(at)!r}: {', '.join(differing) or 'code_ready or weight_ready'}"


@cache
def every_class(design: str) -> EveryClass:
    """Return the stimuli of one of `cosim.mutants.designs.DESIGNS`."""
    chosen = DESIGNS[design]
    spec = chosen.specification
    lengths = LENGTHS if design == "small" else SHORT
    worst = build_schedule(spec).worst_cycles
    parts: list[Scenario] = []
    begins: dict[str, int] = {}
    loaded, latched, count = None, None, 0
    for made in scenarios(spec):
        if made.name not in lengths:
            continue
        cut = _ended_by_a_reset(made, lengths[made.name] * worst)
        begins[made.name] = count
        records = cut.expected
        if latched is not None:
            records = with_latched_rows(records, latched, build_layout(spec))
        latched = records[-1]
        cut = dataclasses.replace(cut, expected=records)
        if loaded is not made.checkpoint:
            loaded = made.checkpoint
            parts.append(_loading(cut, loaded, count))
            count += len(parts[-1].stimuli)
        # The cycle after the reset shows what it leaves; the next part begins with it.
        parts.append(_without_last(cut, count))
        count += len(parts[-1].stimuli)
    return EveryClass(
        specification=spec,
        architecture=chosen.architecture,
        stimuli=np.concatenate([part.stimuli for part in parts]),
        codes=np.concatenate([part.codes for part in parts]),
        expected=np.concatenate([part.expected for part in parts]),
        handshake=np.concatenate([part.handshake for part in parts]),
        weights=_in_each_cycle([port for part in parts for port in part.weights], count, 2**spec.row_bits - 1),
        begins=begins,
    )


def _ended_by_a_reset(made: Scenario, most: int) -> Scenario:
    """Return a scenario's beginning, a reset in its last cycle but one."""
    length = min(most, len(made.stimuli))
    stimuli, codes = np.append(made.stimuli[:length], np.uint8(0)), np.append(made.codes[:length], np.int32(0))
    stimuli[-2] |= RESET
    weights = tuple(port for port in made.weights if port.cycle < length)
    return scenario(made.name, made.checkpoint, stimuli, codes, weights=weights)


def _loading(following: Scenario, checkpoint: Checkpoint, begin: int) -> Scenario:
    """Return idle cycles in which the weight port writes both banks."""
    banks = [bank.row_values() for bank in memory_image(checkpoint)]
    rows = [(bank, address, row) for bank, held in enumerate(banks) for address, row in enumerate(held)]
    ports = tuple(WeightPort(begin + at, True, *given) for at, given in enumerate(rows))
    still = np.zeros(len(rows), dtype=np.int64)
    return dataclasses.replace(
        following,
        stimuli=still.astype(np.uint8),
        codes=still.astype(np.int32),
        expected=following.expected[still],
        handshake=following.handshake[still],
        weights=ports,
    )


def _without_last(cut: Scenario, begin: int) -> Scenario:
    arrays: Mapping[str, np.ndarray] = {
        name: getattr(cut, name)[:-1] for name in ("stimuli", "codes", "expected", "handshake")
    }
    moved = tuple(dataclasses.replace(port, cycle=begin + port.cycle) for port in cut.weights)
    return Scenario(name=cut.name, checkpoint=cut.checkpoint, weights=moved, **arrays)


def _in_each_cycle(ports: Iterable[WeightPort], cycles: int, row: int) -> list[WeightPort]:
    """Return what the port presents in each cycle; where a scenario says nothing, a row without ``valid``."""
    said = {port.cycle: port for port in ports}
    return [said.get(cycle, WeightPort(cycle, False, 1, 0, row)) for cycle in range(cycles)]
