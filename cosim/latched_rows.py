"""What a reset leaves: the rows that the memories last read, which a fresh golden model calls 0."""

from __future__ import annotations

import numpy as np

from golden.layout import Layout


def with_latched_rows(records: np.ndarray, latched: np.ndarray, layout: Layout) -> np.ndarray:
    """Return the first frame after a reset with each row as latched before it, until its bank is read.

    Parameters
    ----------
    records : np.ndarray [shape=(cycles, layout.words), dtype=uint64]
        Golden's, of a model that starts from rows of 0, from the reset to any cycle.
    latched : np.ndarray [shape=(layout.words,), dtype=uint64]
        Record whose rows stay.
    layout : Layout
    """
    records = records.copy()
    reads = records[:, layout["weight_buffer.read"].offset].astype(np.int64)
    for bank in range(2):
        row = layout[f"weight_buffer.row{bank}"]
        where = slice(row.offset, row.offset + row.words)
        taken = np.flatnonzero(reads >> bank & 1)
        records[: taken[0] + 1 if len(taken) else None, where] = latched[where]
    return records
