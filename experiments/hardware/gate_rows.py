"""What a netlist did as a table of activity that ``rsnn power`` prices, as it prices a run of the RTL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cosim.gate_activity import GateActivity, RecordedNetlist
from gates.net_activity import net_activity
from golden.layout import MEMORY_ROW
from golden.predicted_activity import COLUMNS
from golden.schedule import build_schedule
from power.priced_activity import Run

Row = dict[str, Any]


def activity_rows(
    recorded: RecordedNetlist, activity: GateActivity, factors: Mapping[str, float] | None = None
) -> list[Row]:
    """Return rows in the columns of `power.priced_activity`.

    A register's flip-flops are *gated* if a clock gate clocks them, *free* if none does; a register of both has two
    rows. Nets that gates drive are ports of their block, all in one row; there are no adders, since their nets are
    counted. Memory reads are the cycles in which a bank's read net is high.

    Parameters
    ----------
    recorded : RecordedNetlist
    activity : GateActivity
    factors : mapping of str to float, optional
        By block, what glitches multiply toggles of gates' nets by.
    """
    run, layout, counts = recorded.operations, recorded.layout, activity.counts
    nets = net_activity(run, counts)
    spec = recorded.design.specification
    field_of = {field.offset + word: field for field in layout for word in range(field.words)}
    bit_of = {int(slot): int(bit) for slot, bit, _ in recorded.loads}
    registers: dict[tuple[str, str, str], list[int]] = {}
    for flip_flop in run.flip_flops:
        field = field_of[bit_of[flip_flop.state] // 64]
        slot, inverted = flip_flop.enable
        clocked = counts.cycles - int(counts.highs[slot]) if inverted else int(counts.highs[slot])
        # Slot 0 is constant: nothing gates it.
        sums = registers.setdefault((field.block, field.name, "gated" if slot else "free"), [0, 0, 0])
        for at, value in enumerate((1, int(counts.toggles[flip_flop.state]), clocked)):
            sums[at] += value
    names = [name for _, name, _ in registers]
    rows = [
        _row(
            block=block,
            signal=name if names.count(name) == 1 else f"{name}_{clock}",
            kind="register",
            bits=bits,
            clock=clock,
            toggles=toggles,
            clocked_bits=clocked,
        )
        for (block, name, clock), (bits, toggles, clocked) in registers.items()
    ]
    blocks = top_blocks(recorded)
    states = {flip_flop.state for flip_flop in run.flip_flops}
    drivers = recorded.netlist.drivers
    by_gates = np.array(
        [drivers[net] >= 0 and int(slot) not in states and slot > 0 for net, slot in enumerate(run.net_slots.tolist())]
    )
    for block in sorted(set(blocks)):
        inside = np.flatnonzero(by_gates & (blocks[drivers] == block))
        factor = (factors or {}).get(block, 1.0)
        toggles = round(int(nets.toggles[inside].sum()) * factor)
        rows.append(_row(block=block, signal="nets", kind="port", bits=len(inside), toggles=toggles))
    for field in layout:
        if field.clock == MEMORY_ROW:
            slots = [slot for slot, bit, _ in recorded.loads.tolist() if field_of.get(bit // 64) is field]
            toggles = int(counts.toggles[slots].sum())
            rows.append(_row(block=field.block, signal=field.name, kind="port", bits=len(slots), toggles=toggles))
    read = layout["weight_buffer.read"]
    of_bit = {int(bit): (int(slot), bool(inverted)) for slot, bit, inverted in (*recorded.loads, *recorded.checks)}
    for bank, depth in enumerate(build_schedule(spec).bank_depths):
        slot, inverted = of_bit[64 * read.offset + bank]
        reads = counts.cycles - int(counts.highs[slot]) if inverted else int(counts.highs[slot])
        size = {"bits": spec.row_bits, "depth": depth}
        rows.append(_row(block="weight_buffer", signal=f"bank{bank}", kind="memory", reads=reads, writes=0, **size))
    return rows


def top_blocks(recorded: RecordedNetlist) -> np.ndarray:
    """Return the block that each instance stands in, right below the top [shape=(instances,), dtype=object]."""
    names = (name.partition(".")[0] for name in recorded.netlist.names)
    return np.array([name.removeprefix("the_") if name.startswith("the_") else "accelerator" for name in names], object)


def run_of(recorded: RecordedNetlist, activity: GateActivity) -> Run:
    """Return the run's length, as ``run.json`` says it."""
    spec = recorded.design.specification
    return Run(
        frames=activity.frames,
        cycles=activity.counts.cycles,
        clock_hz=spec.clock_hz,
        frame_period_s=spec.frame_period_s,
    )


def _row(**given: Any) -> Row:
    return dict.fromkeys(COLUMNS) | given
