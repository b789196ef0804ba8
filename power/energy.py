"""Power from activity: switching, clock, adders, memory accesses and leakage, each with low, typical and high.

What is counted once and how (ours; the constants' sources stand in ``power/tables/energy_28nm.csv``):

- *switching*: every toggle of a register's output or a port costs one net toggle, wire and driver included. A
  flip-flop's own data-dependent energy is taken as that of its output net, so the "clock and data change" figures of
  the same sources are not added on top.
- *clock*: every clock edge at a flip-flop costs its clock pin's energy times the clock tree's share. Gated flip-flops
  pay in their enabled cycles alone; free-running ones also in the idle rest of each frame period.
- *adders*: each addition of n bits costs n full-adder bits; this stands for the combinational logic, whose glitches
  are not known before gate-level simulation.
- *memory*: rows read and written, by the size of the bank.
- *leakage*: memories by capacity; logic by gates, before synthesis an estimate: flip-flops and adders by area in
  NAND2 equivalents, times an assumed share for the rest. All blocks leak all the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from power.activity import ActivityRow, Run
from power.constants import NOTHING, SRAM_SIZES_KB, Bounds, load_constants
from power.errors import ActivityError
from power.report import PowerReport, PowerRow

FJ_PER_UJ = 1e9
NW_PER_UW = 1e3
# Flip-flops and gates that no activity row shows are not priced; the accelerator's rows cover every register.


def estimate(
    rows: Iterable[ActivityRow],
    run: Run,
    constants: Mapping[str, Bounds] | None = None,
    adders: Mapping[str, int] | None = None,
) -> PowerReport:
    """Estimate the power of a run in real time.

    Parameters
    ----------
    rows : iterable of ActivityRow
    run : Run
    constants : mapping, optional
        As `power.constants.load_constants` returns, which is the default.
    adders : mapping of str to int, optional
        Adder bits that exist in each block, for leakage; by default one adder a bit of every accumulator register
        (``acc*``) and two a bit of the widest membrane (``membrane*``), as the accelerator has.

    Returns
    -------
    PowerReport

    Raises
    ------
    ActivityError
        No rows.
    """
    table = load_constants() if constants is None else constants
    given = list(rows)
    if not given:
        raise ActivityError("activity: no rows")
    adder_bits = _adder_bits(given) if adders is None else adders
    result: list[PowerRow] = []
    for block in dict.fromkeys(row.block for row in given):
        own = [row for row in given if row.block == block]
        result += [
            PowerRow(block, component, power)
            for component, power in _block(own, run, table, adder_bits.get(block, 0)).items()
            if power.high > 0
        ]
    return PowerReport(tuple(result))


def _block(rows: list[ActivityRow], run: Run, table: Mapping[str, Bounds], adder_bits: int) -> dict[str, Bounds]:
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
        "logic leakage": logic_gates(table, sum(row.bits for row in registers), adder_bits)
        * table["logic_leakage"]
        * (1 / NW_PER_UW),
    }


def sram_read_energy(table: Mapping[str, Bounds], kilobytes: float) -> Bounds:
    """Return the energy of a bit read in fJ: that of the smallest size in the table that holds the bank."""
    for item, size in SRAM_SIZES_KB.items():
        if kilobytes <= size:
            return table[item]
    return table["sram_read_128KB"]


def logic_gates(table: Mapping[str, Bounds], flip_flops: int, adder_bits: int) -> Bounds:
    """Estimate NAND2 equivalents before synthesis.

    The ratios of areas are taken at the typical values in all three bounds: low, typical and high areas come from
    different libraries, and their quotients would not be gates of any.
    """
    nand2 = table["nand2_area"].typical
    of_flops = flip_flops * table["dff_area"].typical / nand2
    of_adders = adder_bits * table["full_adder_bit_area"].typical / nand2
    return Bounds(of_flops, of_flops, of_flops) + (table["combinational_to_adder_gates"] + Bounds(1, 1, 1)) * of_adders


def _adder_bits(rows: list[ActivityRow]) -> dict[str, int]:
    bits: dict[str, int] = {}
    membranes = [row for row in rows if row.kind == "register" and row.signal.startswith("membrane")]
    for row in rows:
        if row.kind == "register" and row.signal.startswith("acc"):
            bits[row.block] = bits.get(row.block, 0) + row.bits
    if membranes:
        widest = max(membranes, key=lambda row: row.bits)
        bits[widest.block] = 2 * widest.bits
    return bits
