"""Integrated clock gates of a library: what the latch in them holds and which pins they have."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from gates.liberty_function import evaluate, parse_function, pins_of
from gates.liberty_text import Group

# By Liberty's definition: a latch that is open while the clock is low, and an AND; a test pin stands beside the enable
# before the latch (precontrol) or after it (postcontrol). Others gate the falling edge, or have more pins.
_PLAIN, _BEFORE, _AFTER = "latch_posedge", "latch_posedge_precontrol", "latch_posedge_postcontrol"


@dataclass(frozen=True)
class ClockGate:
    """Pins of an integrated clock gate for flip-flops of the rising edge.

    Parameters
    ----------
    kind : {"latch_posedge", "latch_posedge_precontrol", "latch_posedge_postcontrol"}
        Liberty's ``clock_gating_integrated_cell``.
    clock, enable, output : str
    test : str or None
        High: the clock is not gated.
    """

    kind: str
    clock: str
    enable: str
    output: str
    test: str | None

    @property
    def test_is_held(self) -> bool:
        """The latch holds the test pin, too."""
        return self.kind == _BEFORE


def is_set(group: Group, attribute: str) -> bool:
    """Return whether a group says that it is something."""
    return group.attributes.get(attribute, "false").strip().lower() not in ("false", "0", "none", "")


def clock_gate_of(cell: Group) -> ClockGate | None:
    """Return a cell's pins as those of a clock gate, or None: it is none, or another than is known here.

    Where the cell says its output's function of clock and latch, it must be their AND.
    """
    kind = cell.attributes.get("clock_gating_integrated_cell", "").strip()
    if kind not in (_PLAIN, _BEFORE, _AFTER):
        return None
    pins = {name: pin for pin in cell.of_kind("pin") for name in pin.names}
    of = {
        what: [name for name, pin in pins.items() if is_set(pin, f"clock_gate_{what}_pin")]
        for what in ("clock", "enable", "test", "out")
    }
    tests = int(kind != _PLAIN)
    if [len(of[what]) for what in ("clock", "enable", "test", "out")] != [1, 1, tests, 1]:
        return None
    (clock,), (enable,), (output,) = of["clock"], of["enable"], of["out"]
    test = of["test"][0] if tests else None
    outer = {name: pin.attributes.get("direction") for name, pin in pins.items()}
    wanted = dict.fromkeys((clock, enable, *of["test"]), "input") | {output: "output"}
    if {name: way for name, way in outer.items() if way != "internal"} != wanted:
        return None
    said = pins[output].attributes.get("state_function")
    if kind != _AFTER and said is not None and not _is_and(said, clock):
        return None
    return ClockGate(kind, clock, enable, output, test)


def _is_and(function: str, clock: str) -> bool:
    """Return whether a function is the AND of the clock and one more."""
    try:
        tree = parse_function(function)
        names = sorted(pins_of(tree))
        if clock not in names or len(names) != 2:
            return False
        rows = itertools.product((False, True), repeat=2)
        return [evaluate(tree, dict(zip(names, row, strict=True))) for row in rows] == [False, False, False, True]
    except ValueError:
        return False
