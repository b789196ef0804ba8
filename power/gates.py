"""Gates of each block in NAND2 equivalents (GE): its flip-flops times the gates a flip-flop that synthesis measured.

A block of the accelerator grows with its lanes, and so do its flip-flops; the ratio of the two is a row of
``power/tables/gates.csv`` for each block, from the synthesis of the shipped design. A block that is none of these
takes the ratio of the whole accelerator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import numpy as np

from power.priced_activity import ActivityRow

Value = TypeVar("Value", float, "np.ndarray[tuple[int], np.dtype[np.float64]]")


def gates_of(rows: Iterable[ActivityRow], values: Mapping[str, Value]) -> dict[str, Value]:
    """Return the gates of every block that has a register.

    Parameters
    ----------
    rows : iterable of ActivityRow
    values : mapping of str to float or float64 (draws,)
        By item of the tables.

    Returns
    -------
    dict of str to float or float64 (draws,)
        NAND2 equivalents by block.
    """
    flip_flops: dict[str, int] = {}
    for row in rows:
        if row.kind == "register":
            flip_flops[row.block] = flip_flops.get(row.block, 0) + row.bits
    other = values["gates_other"]
    return {block: values.get(f"gates_{block}", other) * float(bits) for block, bits in flip_flops.items()}
