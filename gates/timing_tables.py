"""How fast a cell's outputs change: the transition tables of a Liberty file's timing arcs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gates.liberty_text import Group
from gates.liberty_values import LibertyValues
from gates.lookup import Table

__all__ = ["TransitionArc", "transition_arcs"]

RISE, FALL = 0, 1
# Types of arcs that an output's edge follows from; clears, presets, three-state drivers and checks are none of ours.
_BOTH = frozenset({"", "combinational", "combinational_rise", "combinational_fall"})
_OF_AN_EDGE = {"rising_edge": (RISE,), "falling_edge": (FALL,)}
_SENSES = frozenset({"", "positive_unate", "negative_unate", "non_unate"})


@dataclass(frozen=True)
class TransitionArc:
    """From an edge of an input to one of an output.

    Parameters
    ----------
    pin, related_pin : str
        The output, and the input that causes its edge.
    causes : tuple of tuple of int
        Edges of the input (0 rising, 1 falling) that the output's rising edge, and its falling edge, may follow from.
    rise, fall : Table or None
        Seconds that the output's edge takes, between the thresholds of the library, which its tables of power are
        over, too; None where the arc says nothing of it.
    """

    pin: str
    related_pin: str
    causes: tuple[tuple[int, ...], tuple[int, ...]]
    rise: Table | None
    fall: Table | None


def transition_arcs(values: LibertyValues, pin: Group, name: str) -> Iterator[TransitionArc]:
    """Yield the arcs to a pin; one that is related to several pins becomes several.

    Raises
    ------
    LibertyError
        A table is malformed, or a timing sense unknown; with file, line and cell.
    """
    for group in pin.of_kind("timing"):
        kind = group.attributes.get("timing_type", "").strip()
        if kind not in _BOTH and kind not in _OF_AN_EDGE:
            continue
        sense = group.attributes.get("timing_sense", "").strip()
        if sense not in _SENSES:
            raise values.bad(group, "timing_sense", sense, ", ".join(sorted(_SENSES - {""})))
        tables: dict[str, Table] = {}
        for part in group.groups:
            if part.kind in ("rise_transition", "fall_transition"):
                if part.kind in tables:
                    raise values.bad(part, part.kind, "a second one", "one in a timing")
                tables[part.kind] = values.table(part, of_time=True)
        if not tables:
            continue
        causes: tuple[tuple[int, ...], tuple[int, ...]]
        if kind in _OF_AN_EDGE:
            causes = (_OF_AN_EDGE[kind], _OF_AN_EDGE[kind])
        elif sense == "positive_unate":
            causes = ((RISE,), (FALL,))
        elif sense == "negative_unate":
            causes = ((FALL,), (RISE,))
        else:
            causes = ((RISE, FALL), (RISE, FALL))
        for related in group.attributes.get("related_pin", "").split():
            yield TransitionArc(name, related, causes, tables.get("rise_transition"), tables.get("fall_transition"))
