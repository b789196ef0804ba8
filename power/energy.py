"""Power from activity: switching, clock, adders, memory accesses and leakage, each with low, typical and high.

What is counted once and how (ours; the constants' sources stand in ``power/tables/energy_28nm.csv``):

- *switching*: every toggle of a register's output or a port costs one net toggle, wire and driver included. A
  flip-flop's own data-dependent energy is taken as that of its output net, so the "clock and data change" figures of
  the same sources are not added on top.
- *clock*: every clock edge at a flip-flop costs its clock pin's energy times the clock tree's share. Gated flip-flops
  pay in their enabled cycles alone; free-running ones also in the idle rest of each frame period.
- *adders*: each addition of n bits costs n full-adder bits; this stands for the combinational logic, whose glitches
  are not known before gate-level simulation.
- *memory*: rows read and written, by the size of the bank, up to the macro's pins; the nets that a row then drives are
  ports and pay for their toggles.
- *leakage*: memories by capacity; logic by gates, which before synthesis are an estimate (`power.gates`). All blocks
  leak all the time.

Low takes every constant at its low bound, high every one at its high bound: they bracket what the sources say and are
no confidence interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from files.reading import brief
from power.activity import MOST_BITS, ActivityRow, Run, check_counts
from power.constants import NOTHING, SRAM_SIZES_KB, Bounds, load_constants
from power.errors import ActivityError
from power.gates import estimate_gates
from power.report import PowerReport, PowerRow

FJ_PER_UJ = 1e9
NW_PER_UW = 1e3
# Flip-flops and gates that no activity row shows are not priced; the accelerator's rows cover every register.


def estimate(
    rows: Iterable[ActivityRow],
    run: Run,
    constants: Mapping[str, Bounds] | None = None,
    *,
    gates: Mapping[str, Bounds] | None = None,
) -> PowerReport:
    """Estimate the power of a run in real time.

    Parameters
    ----------
    rows : iterable of ActivityRow
    run : Run
    constants : mapping, optional
        As `power.constants.load_constants` returns, which is the default.
    gates : mapping of str to Bounds, optional
        NAND2 equivalents of blocks that have been synthesised; they replace the estimates of `power.gates`.

    Returns
    -------
    PowerReport

    Raises
    ------
    ActivityError
        No rows, gates of a block that has none or that are no number, or a count that the run does not allow
        (`power.activity.check_counts`).
    """
    table = load_constants() if constants is None else constants
    given = list(rows)
    if not given:
        raise ActivityError("activity: no rows")
    check_counts(given, run)
    blocks = dict.fromkeys(row.block for row in given)
    for block in gates or {}:
        if block not in blocks:
            raise ActivityError(f"gates: block {brief(block)}, expected one of {', '.join(blocks)}")
        if not all(0 <= count <= MOST_BITS for count in (gates or {})[block]):
            raise ActivityError(f"gates: block {block}: {(gates or {})[block]}, expected counts in 0..{MOST_BITS:,}")
    all_gates = estimate_gates(given, table) | dict(gates or {})
    result: list[PowerRow] = []
    for block in blocks:
        own = [row for row in given if row.block == block]
        result += [
            PowerRow(block, component, power)
            for component, power in _block(own, run, table, all_gates.get(block, NOTHING)).items()
            if power.high > 0
        ]
    return PowerReport(tuple(result))


def _block(rows: list[ActivityRow], run: Run, table: Mapping[str, Bounds], gates: Bounds) -> dict[str, Bounds]:
    per_edge = table["dff_clock_energy"] * table["clock_tree_multiplier"]
    registers = [row for row in rows if row.kind == "register"]
    toggles = sum(row.toggles for row in rows)
    gated = sum(row.clocked_bits for row in registers if row.clock == "gated")
    free = sum(row.clocked_bits + row.bits * run.idle_cycles for row in registers if row.clock == "free")
    additions = sum(row.operations * row.bits for row in rows if row.kind == "adder")
    memories = [row for row in rows if row.kind == "memory"]
    reads, writes, memory_leakage = NOTHING, NOTHING, NOTHING
    for memory in memories:
        kilobytes = memory.bits * memory.depth / 8 / 1024
        per_bit = sram_read_energy(table, kilobytes)
        reads += per_bit * float(memory.reads * memory.bits)
        writes += per_bit * table["sram_write_to_read_ratio"] * float(memory.writes * memory.bits)
        memory_leakage += table["sram_leakage"] * kilobytes

    def from_fj(energy: Bounds) -> Bounds:
        return energy * (1 / FJ_PER_UJ / run.seconds)

    return {
        "switching": from_fj(table["net_toggle_energy"] * float(toggles)),
        "clock, gated": from_fj(per_edge * float(gated)),
        "clock, free": from_fj(per_edge * free),
        "adders": from_fj(table["adder_energy_per_bit"] * float(additions)),
        "memory reads": from_fj(reads),
        "memory writes": from_fj(writes),
        "memory leakage": memory_leakage * (1 / NW_PER_UW),
        "logic leakage": gates * table["logic_leakage"] * (1 / NW_PER_UW),
    }


def sram_read_energy(table: Mapping[str, Bounds], kilobytes: float) -> Bounds:
    """Return the energy of a bit read in fJ: that of the smallest size in the table that holds the bank.

    A bank beyond the largest is built of several of it, of which an access wakes one.
    """
    for item, size in SRAM_SIZES_KB.items():
        if kilobytes <= size:
            return table[item]
    return table["sram_read_128KB"]
