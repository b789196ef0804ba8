"""Where every weight lies: the rows of the weight buffer's two banks (ours; docs/schedule.md, "Passes").

A row is `lanes` weights. Both banks begin with the FC's rows, group 2g in bank 0 and group 2g + 1 in bank 1
at the same address; the layers' rows follow in bank 1, tile after tile, feed-forward before recurrent. So they lie
whatever the number of PE sets. Every address is the base of a pass of `golden.schedule`, so the image cannot drift from
the schedule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from golden.checkpoint import Checkpoint
from golden.schedule import Kind, Pass, Source, build_schedule


@dataclass(frozen=True)
class BankImage:
    """Contents of one bank, as lane integers and as bit planes.

    Parameters
    ----------
    weights : np.ndarray [shape=(depth, lanes), dtype=int16]
        Weight of each lane; lanes beyond a matrix's width hold 0.
    planes : np.ndarray [shape=(depth, weight_bits, ceil(lanes / 64)), dtype=uint64]
        Bit b of lane i's weight is bit i of plane b, 64 lanes a word, the lowest lanes first.
    """

    weights: np.ndarray
    planes: np.ndarray

    @property
    def depth(self) -> int:
        """Rows of the bank."""
        return len(self.weights)

    def row_values(self) -> list[int]:
        """Return the rows as integers: bit b x lanes + i is bit b of lane i's weight."""
        lanes, plane_bytes = self.weights.shape[1], 8 * self.planes.shape[2]
        values = []
        for row in self.planes:
            raw = row.astype("<u8").tobytes()
            planes = (raw[at : at + plane_bytes] for at in range(0, len(raw), plane_bytes))
            values.append(sum(int.from_bytes(plane, "little") << b * lanes for b, plane in enumerate(planes)))
        return values


def memory_image(checkpoint: Checkpoint) -> tuple[BankImage, BankImage]:
    """Return the contents of bank 0 and bank 1 for a checkpoint.

    Parameters
    ----------
    checkpoint : Checkpoint

    Returns
    -------
    tuple of BankImage
        Depths as in ``Schedule.bank_depths``.
    """
    spec = checkpoint.specification
    schedule = build_schedule(spec)
    weights = tuple(np.zeros((depth, spec.lanes), dtype=np.int16) for depth in schedule.bank_depths)
    for step in schedule.passes:
        if step.kind is not Kind.ACCUMULATE:
            continue
        matrix = _matrix(checkpoint, step)
        for bank in range(2):
            if step.banks >> bank & 1:
                first = ((2 * (step.base // step.entries) + bank) if step.phase == "FC" else step.tile) * spec.lanes
                columns = matrix[:, first : first + spec.lanes]
                weights[bank][step.base : step.base + step.entries, : columns.shape[1]] = columns
    images = [BankImage(bank, lane_planes(bank, spec.weight_bits)) for bank in weights]
    return images[0], images[1]


def _matrix(checkpoint: Checkpoint, step: Pass) -> np.ndarray:
    """Return the matrix whose rows a pass reads."""
    if step.phase == "FC":
        return checkpoint.fc
    fed_back = step.source is Source.LAST
    matrix = (checkpoint.recurrent if fed_back else checkpoint.feed_forward)[step.layer]
    assert matrix is not None, "the schedule has a recurrent pass only where the checkpoint has the matrix"
    return matrix


def lane_planes(lanes: np.ndarray, bits: int) -> np.ndarray:
    """Cut signed lanes into bit planes.

    Parameters
    ----------
    lanes : np.ndarray [shape=(rows, lanes), dtype=integer]
    bits : int
        Planes, the lowest `bits` bits of each lane in two's complement.

    Returns
    -------
    np.ndarray [shape=(rows, bits, ceil(lanes / 64)), dtype=uint64]
        Lane i in bit i mod 64 of word i // 64.
    """
    rows, count = lanes.shape
    words = (count + 63) // 64
    planes = np.zeros((rows, bits, words), dtype=np.uint64)
    padded = np.zeros((rows, 64 * words), dtype=bool)
    # A plane at a time: one of bytes a bit would take eight times the image.
    for bit in range(bits):
        padded[:, :count] = (lanes >> bit) & 1
        planes[:, bit] = np.packbits(padded, axis=-1, bitorder="little").view("<u8")
    return planes
