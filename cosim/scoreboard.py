"""The scoreboard: compares what the RTL drives with what the golden model expects, and says where they part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from files.names import shown
from golden.handshake import NAMES
from golden.layout import PORT, Field, Layout
from golden.schedule import Kind, Schedule, Source
from golden.trace import CycleModel

# Cycles of a waveform around a mismatch.
CYCLES_BEFORE, CYCLES_AFTER = 48, 16


@dataclass(frozen=True)
class Mismatch:
    """The first difference between RTL and golden.

    Parameters
    ----------
    utterance : str
    frame, cycle : int
        Frame of the utterance; clock cycle since the first that was compared.
    activity : str
        What the accelerator was doing ("L1 recurrent row 57").
    signal : str
        Register or port, with set, plane or lane: "pe_array.acc1[88]".
    expected, got : int
    inputs : str
        What that register was computed from, in the cycle before.
    others : int
        Further fields that differ in the same cycle.
    """

    utterance: str
    frame: int
    cycle: int
    activity: str
    signal: str
    expected: int
    got: int
    inputs: str
    others: int

    def __str__(self) -> str:
        more = f"; {self.others} more fields differ in this cycle" if self.others else ""
        return (
            f"{shown(self.utterance)}: frame {self.frame}, cycle {self.cycle:,} ({self.activity}): {self.signal} "
            f"expected {self.expected} got {self.got}; {self.inputs}{more}"
        )


class CosimulationError(AssertionError):
    """RTL and golden differ.

    Parameters
    ----------
    mismatch : Mismatch
    """

    def __init__(self, mismatch: Mismatch) -> None:
        super().__init__(str(mismatch))
        self.mismatch = mismatch


class PredictionError(AssertionError):
    """Something counted over a run of the RTL (activity, cycles, arg-max) is not what golden predicts."""


def blame(
    model: CycleModel,
    where: tuple[str, int],
    cycle: int,
    activity: str,
    expected: np.ndarray,
    got: np.ndarray,
    before: np.ndarray,
) -> Mismatch:
    """Describe the first difference of a cycle.

    Parameters
    ----------
    model : CycleModel
    where : tuple of str and int
        Utterance and frame.
    cycle : int
        Since the first that was compared.
    activity : str
        What the accelerator was doing (`CycleModel.describe`).
    expected, got, before : np.ndarray [shape=(layout.words,), dtype=uint64]
        Records of this cycle, and the expected one of the cycle before.
    """
    layout = model.layout
    fields = differing_fields(layout, expected, got)
    # The output of a register is blamed before the ports that only follow it.
    field = next((entry for entry in fields if entry.clock != PORT), fields[0])
    signal, wanted, found, lane = first_difference(field, expected, got)
    return Mismatch(
        utterance=where[0],
        frame=where[1],
        cycle=cycle,
        activity=activity,
        signal=signal,
        expected=wanted,
        got=found,
        inputs=describe_inputs(model.schedule, layout, before, field, lane),
        others=len(fields) - 1,
    )


def blame_handshake(where: tuple[str, int], cycle: int, activity: str, expected: int, got: int) -> Mismatch:
    """Describe a cycle in which all of the record is as expected and a ready output is not.

    Parameters
    ----------
    where, cycle, activity
        As `blame` takes them.
    expected, got : int
        Of `golden.handshake`.
    """
    differ = expected ^ got
    bit = differ & -differ
    return Mismatch(
        utterance=where[0],
        frame=where[1],
        cycle=cycle,
        activity=activity,
        signal=f"controller.{NAMES[bit]}",
        expected=int(expected & bit != 0),
        got=int(got & bit != 0),
        inputs="its inputs, state and loaded codes, are as expected",
        others=int(differ != bit),
    )


def differing_fields(layout: Layout, expected: np.ndarray, got: np.ndarray) -> list[Field]:
    """Return the fields whose words differ between two records, in the record's order."""
    return [
        field
        for field in layout
        if not np.array_equal(
            expected[field.offset : field.offset + field.words], got[field.offset : field.offset + field.words]
        )
    ]


def first_difference(field: Field, expected: np.ndarray, got: np.ndarray) -> tuple[str, int, int, int]:
    """Return the name, expected value, value got and lane (-1: none) of a field's first difference."""
    if field.planes == 1 and not field.lane_bits and field.width <= 64:
        return field.path, field.plane_values(expected)[0], field.plane_values(got)[0], -1
    wanted, found = field.lanes(expected), field.lanes(got)
    lane = int(np.flatnonzero(wanted != found)[0])
    return f"{field.path}[{lane}]", int(wanted[lane]), int(found[lane]), lane


def describe_inputs(schedule: Schedule, layout: Layout, before: np.ndarray, field: Field, lane: int) -> str:
    """Say what `field` was computed from, out of the (expected) record of the cycle before."""

    def value(path: str) -> int:
        return layout[path].plane_values(before)[0]

    def lane_of(path: str) -> int:
        return int(layout[path].lanes(before)[lane])

    if field.block == "pe_array" and field.name.startswith("acc"):
        which = int(field.name[-1])
        step = schedule.passes[value("controller.add_pass")]
        if not value("controller.add_valid"):
            return f"its inputs were: no operation at ADD, itself {lane_of(field.path)}"
        if step.kind is Kind.COMBINE:
            return (
                f"its inputs were: combine of acc1 {lane_of('pe_array.acc1')} and acc0 {lane_of('pe_array.acc0')}"
            )
        spec = schedule.specification
        row = "row1" if which == 1 or step.shares_row else "row0"
        enabled = value("controller.add_enable") >> which & 1
        clears = step.clear and value("controller.add_slot") == 0
        # One bit of the operation: an input's sign, or that two spikes merge.
        double = value("controller.add_double")
        coded = schedule.signed_magnitudes and step.source is Source.CODES
        subtracts = double if coded else step.subtract and which == spec.pe_sets - 1
        return (
            f"its inputs were: itself {lane_of(field.path)}{' (cleared)' if clears else ''}, weight "
            f"{lane_of(f'weight_buffer.{row}')} shifted left by {step.align + (0 if coded else double)}"
            f"{', subtracted' if subtracts else ''}, set {which} "
            f"{'enabled' if enabled else 'not enabled'}, operation {step.kind.name.lower()}"
        )
    if field.block == "neuron_unit":
        sums = [f"acc{which} {lane_of(f'pe_array.acc{which}')}" for which in range(schedule.specification.pe_sets)]
        return (
            f"its inputs were: membrane {lane_of(field.path)}, {', '.join(sums)}, slot {value('controller.add_slot')}"
        )
    if field.planes == 1 and field.width <= 64 and not field.lane_bits:
        own = f"itself {value(field.path)}"
    elif lane >= 0:
        own = f"itself {lane_of(field.path)}"
    else:
        own = "itself unknown"
    return (
        f"a cycle before: {own}, state {value('controller.state')}, pass {value('controller.issue_pass')} slot "
        f"{value('controller.issue_slot')} at ISSUE, index {value('zero_skip.index')}"
    )
