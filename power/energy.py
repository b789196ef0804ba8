"""Power from activity: switching, clock, adders, memory accesses and leakage, for one class of cells.

What is counted once and how (ours; the constants' sources stand in ``power/tables/``):

- *switching*: every toggle of a register's output or a port costs one net toggle (`toggle_energy`): the inputs that
  the net drives, its wire, and its driver's internal energy. A flip-flop's own data-dependent energy is taken as that
  of its output net, so the "clock and data change" figures of the same sources are not added on top.
- *clock*: every clock edge at a flip-flop costs its clock pin's energy times the clock tree's share. Gated flip-flops
  pay in their enabled cycles alone; free-running ones also in the idle rest of each frame period.
- *adders*: each addition of n bits costs n full-adder bits; this stands for the combinational logic, whose glitches
  are not known before gate-level simulation.
- *memory*: rows read and written, by the size of the bank, up to the macro's pins; the nets that a row then drives are
  ports and pay for their toggles.
- *leakage*: memories by capacity; logic by gates (`power.gates`) of the class. All blocks leak all the time; what
  sleep would save is `power.sleep`'s. At another temperature it doubles every so many degrees (`at_temperature`).

`price` is the formula, for one value of each constant or for many draws at once; `estimate` draws them
(`power.uncertainty`) and keeps every draw, so that a sum's percentiles are those of the sum.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

import numpy as np

from files.reading import brief
from power.constants import CLASSES, NOMINAL_C, NOMINAL_V, SRAM_SIZES_KB, Constants, load_constants
from power.errors import ActivityError, ConstantsError
from power.gates import Value, gates_of
from power.priced_activity import MOST_BITS, ActivityRow, Run, check_counts
from power.report import PowerReport, PowerRow
from power.uncertainty import Draws, draw

FJ_PER_UJ = 1e9
NW_PER_UW = 1e3
TEMPERATURES_C = (-40.0, 125.0)
# Leaking items, and how many degrees double them.
DOUBLING = {"logic_leakage": "logic_leakage_doubling", "sram_leakage": "sram_leakage_doubling"}
# Flip-flops and gates that no activity row shows are not priced; the accelerator's rows cover every register.


def estimate(
    rows: Iterable[ActivityRow],
    run: Run,
    constants: Constants | None = None,
    *,
    threshold: str = "SVT",
    gates: Mapping[str, float] | None = None,
    seed: int = 0,
    temperature_c: float = NOMINAL_C,
) -> PowerReport:
    """Estimate the power of a run in real time, in cells of one class.

    Parameters
    ----------
    rows : iterable of ActivityRow
    run : Run
    constants : mapping, optional
        As `power.constants.load_constants` returns for the class; the default is the shipped tables.
    threshold : {"HVT", "SVT", "LVT"}
        Class of the cells.
    gates : mapping of str to float, optional
        NAND2 equivalents of blocks that have been synthesised; they replace those of `power.gates`.
    seed : int
        Of the draws.
    temperature_c : float
        At which the chip leaks.

    Returns
    -------
    PowerReport

    Raises
    ------
    ActivityError
        No rows, gates of a block that has none or that are no number, or a count that the run does not allow
        (`power.priced_activity.check_counts`).
    ConstantsError
        No such class, or a temperature out of range.
    """
    table = load_constants(threshold=threshold) if constants is None else constants
    given = list(rows)
    drawn = at_temperature(draw(table, seed=seed), temperature_c)
    own: dict[str, Draws] = {}
    for block, count in (gates or {}).items():
        blocks = dict.fromkeys(row.block for row in given)
        if block not in blocks:
            raise ActivityError(f"gates: block {brief(block)}, expected one of {', '.join(blocks)}")
        if not 0 <= count <= MOST_BITS:
            raise ActivityError(f"gates: block {block}: {count}, expected a count in 0..{MOST_BITS:,}")
        own[block] = np.full_like(drawn["logic_leakage"], count)
    priced = price(given, run, drawn, gates=own)
    return PowerReport(
        threshold,
        tuple(PowerRow(*place, draws) for place, draws in priced.items() if draws.any()),
    )


def estimate_classes(
    rows: Iterable[ActivityRow],
    run: Run,
    constants: str | os.PathLike[str] | None = None,
    *,
    seed: int = 0,
    temperature_c: float = NOMINAL_C,
) -> dict[str, PowerReport]:
    """Estimate in each class of cells, with the same draws of what the classes share.

    Parameters
    ----------
    rows : iterable of ActivityRow
    run : Run
    constants : path-like, optional
        A table whose rows replace shipped ones.
    seed : int
    temperature_c : float

    Returns
    -------
    dict of str to PowerReport
        By class, in the order of `power.constants.CLASSES`.

    Raises
    ------
    ActivityError, ConstantsError
        As `estimate` and `power.constants.load_constants`.
    """
    given = list(rows)
    return {
        threshold: estimate(
            given,
            run,
            load_constants(constants, threshold),
            threshold=threshold,
            seed=seed,
            temperature_c=temperature_c,
        )
        for threshold in CLASSES
    }


def toggle_energy(values: Mapping[str, Value]) -> Value:
    """Return fJ of a net's edge: half C V^2 of its wire and the inputs that it drives, and its driver's own energy."""
    load = values["fan_out"] * values["input_capacitance"] + values["wire_length"] * values["wire_capacitance"]
    return load * (NOMINAL_V**2 / 2) + values["internal_energy"]


def at_temperature(values: Mapping[str, Value], temperature_c: float) -> dict[str, Value]:
    """Return the values with what leaks as it is at a temperature; the rest is taken not to depend on it.

    Raises
    ------
    ConstantsError
        A temperature beyond `TEMPERATURES_C`.
    """
    low, high = TEMPERATURES_C
    if not low <= temperature_c <= high:
        raise ConstantsError(f"temperature: {temperature_c:g} C, expected {low:g}..{high:g}")
    hot = {item: values[item] * 2 ** ((temperature_c - NOMINAL_C) / values[by]) for item, by in DOUBLING.items()}
    return {**values, **hot}


def price(
    rows: Iterable[ActivityRow], run: Run, values: Mapping[str, Value], *, gates: Mapping[str, Value] | None = None
) -> dict[tuple[str, str], Value]:
    """Price a run with given values of all constants.

    Parameters
    ----------
    rows : iterable of ActivityRow
    run : Run
    values : mapping of str to float or float64 (draws,)
        By item of the tables.
    gates : mapping, optional
        NAND2 equivalents of synthesised blocks.

    Returns
    -------
    dict of (str, str) to float or float64 (draws,)
        uW by block and component.

    Raises
    ------
    ActivityError
        No rows, or a count that the run does not allow.
    """
    given = list(rows)
    if not given:
        raise ActivityError("activity: no rows")
    check_counts(given, run)
    all_gates = gates_of(given, values) | dict(gates or {})
    result: dict[tuple[str, str], Value] = {}
    for block in dict.fromkeys(row.block for row in given):
        own = [row for row in given if row.block == block]
        for component, power in _activity(own, run, values).items():
            result[block, component] = power
        if block in all_gates:
            result[block, "logic leakage"] = all_gates[block] * values["logic_leakage"] * (1 / NW_PER_UW)
    return result


def _activity(rows: list[ActivityRow], run: Run, values: Mapping[str, Value]) -> dict[str, Value]:
    per_edge = values["dff_clock_energy"] * values["clock_tree_multiplier"]
    registers = [row for row in rows if row.kind == "register"]
    to_uw = 1 / FJ_PER_UJ / run.seconds
    toggles = sum(row.toggles for row in rows)
    gated = sum(row.clocked_bits for row in registers if row.clock == "gated")
    free = sum(row.clocked_bits + row.bits * run.idle_cycles for row in registers if row.clock == "free")
    additions = sum(row.operations * row.bits for row in rows if row.kind == "adder")
    parts = {
        "switching": toggle_energy(values) * (float(toggles) * to_uw),
        "clock, gated": per_edge * (float(gated) * to_uw),
        "clock, free": per_edge * (float(free) * to_uw),
        "adders": values["adder_energy_per_bit"] * (float(additions) * to_uw),
    }
    for memory in (row for row in rows if row.kind == "memory"):
        kilobytes = memory.bits * memory.depth / 8 / 1024
        per_bit = values[sram_item(kilobytes)]
        written = per_bit * values["sram_write_to_read_ratio"]
        for name, power in (
            ("memory reads", per_bit * (float(memory.reads * memory.bits) * to_uw)),
            ("memory writes", written * (float(memory.writes * memory.bits) * to_uw)),
            ("memory leakage", values["sram_leakage"] * (kilobytes / NW_PER_UW)),
        ):
            parts[name] = parts[name] + power if name in parts else power
    return parts


def sram_item(kilobytes: float) -> str:
    """Return the item of a bit read: that of the smallest size in the tables that holds the bank.

    A bank beyond the largest is built of several of it, of which an access wakes one.
    """
    return next((item for item, size in SRAM_SIZES_KB.items() if kilobytes <= size), "sram_read_128KB")
