"""Tables of the campaign of mutants: by accelerator, by block, and by what told the mutants from the original."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rtl.netlist import MODULE

__all__ = ["EQUAL", "HELD", "IN_ICARUS", "IN_PLACE", "KILLED", "REVIEWED", "UNDECIDED", "by_block", "markdown"]

KILLED, HELD, EQUAL, IN_PLACE = "killed", "keeps a value", "equal", "equal in place"
REVIEWED, UNDECIDED = "reviewed", "undecided"
_VERDICTS = (KILLED, HELD, EQUAL, IN_PLACE, REVIEWED, UNDECIDED)
# Stands behind the name of a scenario that only Icarus tells a mutant by.
IN_ICARUS = ", in Icarus"


def by_block(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a row an accelerator and module.

    Parameters
    ----------
    rows : sequence of mapping
        Of `experiments.hardware.mutants.mutate_all`: a mutant each.
    """
    names = ("design", "module")
    return [dict(zip(names, place, strict=True)) | counts for place, counts in _by(rows, *names)]


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the tables by accelerator, by module and by scenario.

    Parameters
    ----------
    rows : sequence of mapping
        As those of `by_block`.
    """
    lines: list[str] = []
    for what in ("design", "module"):
        lines += [f"| {what} | mutants | {' | '.join(_VERDICTS)} |", "|---" * (2 + len(_VERDICTS)) + "|"]
        table = [(name, counts) for (name,), counts in _by(rows, what)]
        for name, counts in (*table, ("all", _counts(rows))):
            shown = name.removeprefix(MODULE)
            lines.append(f"| {shown} | {' | '.join(f'{count:,}' for count in counts.values())} |")
        lines.append("")
    told = Counter("any, in Icarus alone" if row["scenario"].endswith(IN_ICARUS) else row["scenario"] for row in rows)
    lines += ["| killed by, the first of these | mutants |", "|---|---|"]
    lines += [f"| {name} | {count:,} |" for name, count in told.most_common() if name]
    return "\n".join(lines) + "\n"


def _by(rows: Sequence[Mapping[str, Any]], *columns: str) -> list[tuple[tuple[str, ...], dict[str, int]]]:
    """Return the counts of each place, in the order in which they come."""
    places: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        places.setdefault(tuple(row[column] for column in columns), []).append(row)
    return [(place, _counts(those)) for place, those in places.items()]


def _counts(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    counted = Counter(row["verdict"] for row in rows)
    return {"mutants": counted.total(), **{verdict: counted[verdict] for verdict in _VERDICTS}}
