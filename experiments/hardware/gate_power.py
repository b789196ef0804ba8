"""Power and area of a netlist by block, in real time: from settled toggles, and from those of unit delays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from cosim.gate_activity import RecordedNetlist, RecordStream, stimulated_records
from experiments.hardware.synthesised import Synthesised
from gates.cell_states import CellStates
from gates.characterisation import Characterisation, read_characterisation
from gates.evaluation import Evaluator
from gates.glitches import GlitchCounter
from gates.liberty import find_liberty
from gates.net_activity import NetActivity, net_activity
from gates.netlist_power import Conditions, NetlistPower, Watts, netlist_power
from gates.wire_load import WireLoad, assumed_wire_load, wire_load_by_fanout
from golden.checkpoint import Checkpoint
from power.constants import BITS_PER_KB, load_constants
from power.uncertainty import draw, summary
from rtl.design import TOP
from rtl.synthesis.hierarchy import blocks_by_path, memories_in

UM2_PER_MM2 = 1e6
SETTLED, UNIT_DELAYS = "settled", "unit delays"
Row = dict[str, Any]


@dataclass(frozen=True)
class PoweredRun:
    """What nets and cells did over frames in real time.

    Parameters
    ----------
    frames : int
    settled : NetActivity
    unit_delays : NetActivity
        The same with glitches.
    states : CellStates
    steps : int
        Gates that an edge passes at most.
    evaluator : Evaluator
    glitches : GlitchCounter
    """

    frames: int
    settled: NetActivity
    unit_delays: NetActivity
    states: CellStates
    steps: int
    evaluator: Evaluator
    glitches: GlitchCounter


def powered_run(every: RecordedNetlist, checkpoint: Checkpoint, codes: np.ndarray) -> PoweredRun:
    """Run frames, each followed by the rest of its period.

    Parameters
    ----------
    every : RecordedNetlist
        Compiled with `every_gate`.
    checkpoint : Checkpoint
    codes : np.ndarray [shape=(frames, inputs), dtype=integer]
    """
    run = every.operations
    evaluator, glitches = Evaluator(run), GlitchCounter(run)
    states = CellStates(every.netlist, run.net_slots, run.net_inverted)

    def each(block: Evaluator, cycles: int, first: bool) -> None:
        states.add(block.values, cycles, first=first)
        glitches.count(block, cycles, first)

    stream = RecordStream(every, evaluator, each)
    for records in stimulated_records(checkpoint, codes, real_time=True):
        stream.add(records)
    stream.flush()
    settled = net_activity(run, evaluator.counts)
    changes = settled.toggles.copy()
    of_gates = np.isin(run.net_slots, run.writes[run.gates[:, 1] - 1])
    changes[of_gates] = glitches.changes[run.net_slots[of_gates]]
    unit = NetActivity(changes, settled.highs, settled.cycles, settled.annotated)
    return PoweredRun(len(codes), settled, unit, states, glitches.steps, evaluator, glitches)


def wires_of(said: str | None, library: Characterisation, gates: Synthesised) -> WireLoad | None:
    """Return the wire-load model that was asked for.

    Parameters
    ----------
    said : str or None
        ``none``, ``UM:FF`` (micrometres a pin, femtofarads a micrometre), or nothing: the library's own default, or
        else an assumed one (`gates.wire_load.assumed_wire_load`).

    Raises
    ------
    LibertyError
        Numbers out of range.
    """
    if said == "none":
        return None
    if said is not None:
        length, _, per_um = said.partition(":")
        return wire_load_by_fanout(float(length), float(per_um))
    own = library.wire_loads.get(library.default_wire_load)
    return own or assumed_wire_load(gates.library.nand2_area)


def power_of_run(
    gates: Synthesised, run: PoweredRun, liberty: Sequence[Path] | None, wires: str | None
) -> tuple[dict[str, NetlistPower], dict[str, Any]]:
    """Return power from settled toggles and with unit delays, and what it rests on.

    Raises
    ------
    LibertyError
        The library says nothing of a cell's power.
    """
    library = read_characterisation(list(find_liberty(liberty)))
    model = wires_of(wires, library, gates)
    conditions = Conditions(gates.design.specification.clock_hz, model)
    found = {
        name: netlist_power(
            gates.flat,
            library,
            conditions,
            toggles=activity.toggles,
            highs=activity.highs,
            cycles=activity.cycles,
            states=run.states,
            annotated=activity.annotated,
        )
        for name, activity in ((SETTLED, run.settled), (UNIT_DELAYS, run.unit_delays))
    }
    about = {
        "voltage_v": library.voltage_v,
        "temperature_c": library.temperature_c,
        "clock_hz": conditions.clock_hz,
        "wire_load": None if model is None else model.name,
        "input_transition_s": conditions.input_s,
        "clock_transition_s": conditions.clock_s,
        "frames": run.frames,
        "cycles": run.settled.cycles,
        "coverage": vars(found[SETTLED].coverage),
    }
    return found, about


def power_rows(gates: Synthesised, power: Mapping[str, NetlistPower]) -> list[Row]:
    """Return microwatts by block and component: settled toggles, the least; unit delays, the most."""
    blocks = blocks_by_path(gates.design)
    by_block = {name: found.by_block(blocks) for name, found in power.items()}
    rows = []
    for block in [*by_block[SETTLED], "total"]:
        for toggles in (SETTLED, UNIT_DELAYS):
            watts = power[toggles].total() if block == "total" else by_block[toggles].get(block, Watts())
            row: Row = {"block": block or "accelerator", "toggles": toggles}
            row |= {f"{entry.name}_uw": _uw(getattr(watts, entry.name)) for entry in fields(Watts)}
            row |= {"dynamic_uw": _uw(watts.dynamic), "total_uw": _uw(watts.total)}
            rows.append(row)
    return rows


def _uw(watts: float) -> float:
    return float(f"{watts * 1e6:.5g}")


def area_rows(gates: Synthesised, utilisation: float) -> list[Row]:
    """Return area by block: of the library's cells, and at 28 nm as median, 5th and 95th percentile.

    Parameters
    ----------
    gates : Synthesised
    utilisation : float
        Share of the rows that the library's cells take.
    """
    drawn = draw(load_constants())
    cell_area = np.array([cell.area for cell in gates.flat.cells])[gates.flat.kinds]
    per_nand2 = drawn["nand2_area"] / drawn["std_cell_utilisation"] / UM2_PER_MM2
    blocks = gates.blocks.astype(str)
    rows: list[Row] = []
    total = np.zeros(len(per_nand2))
    for block in sorted(set(blocks)):
        inside = blocks == block
        area = float(cell_area[inside].sum())
        at_28 = per_nand2 * (area / gates.library.nand2_area)
        total = total + at_28
        rows.append(_area(gates, block, int(inside.sum()), area, at_28, utilisation))
    bits = sum(memory.bits for memory in memories_in(gates.design, TOP))
    memories = drawn["sram_area"] * (bits / BITS_PER_KB / UM2_PER_MM2)
    rows.append(_area(gates, "memories", 0, None, memories, utilisation) | {"memory_bits": bits})
    rows.append(_area(gates, "total", len(blocks), float(cell_area.sum()), total + memories, utilisation))
    return rows


def _area(
    gates: Synthesised, block: str, cells: int, area: float | None, at_28: np.ndarray, utilisation: float
) -> Row:
    bounds = summary(at_28)
    return {
        "block": block,
        "cells": cells,
        "cells_um2": None if area is None else round(area, 1),
        "nand2_equivalents": None if area is None else round(area / gates.library.nand2_area, 1),
        "utilisation": None if area is None else utilisation,
        "placed_um2": None if area is None else round(area / utilisation, 1),
        "memory_bits": None,
        "mm2_28nm_low": float(f"{bounds.low:.4g}"),
        "mm2_28nm_typical": float(f"{bounds.typical:.4g}"),
        "mm2_28nm_high": float(f"{bounds.high:.4g}"),
    }


def power_lines(rows: Sequence[Mapping[str, Any]], about: Mapping[str, Any]) -> list[str]:
    """Return the table of power as text."""
    coverage = about["coverage"]
    lines = [
        f"Power at {about['voltage_v']:g} V, {about['temperature_c']:g} C, {about['clock_hz'] / 1e3:g} kHz, "
        f"{about['frames']} frames in real time, wires: {about['wire_load'] or 'none'}; the library has energies of "
        f"{coverage['cells_with_energy']:,} of {coverage['cells']:,} cells, leakage of "
        f"{coverage['cells_with_leakage']:,}; {coverage['cells_outside']:,} beyond a table's border; "
        f"{coverage['nets_annotated']:,} of {coverage['nets']:,} nets annotated",
        f"  {'uW':<22}{'gates':>16}{'flip-flops':>12}{'switching':>16}{'clock':>9}{'leakage':>10}{'averaged':>10}"
        f"{'dynamic':>16}",
    ]
    least = {row["block"]: row for row in rows if row["toggles"] == SETTLED}
    most = {row["block"]: row for row in rows if row["toggles"] == UNIT_DELAYS}
    for block, low in least.items():
        high = most[block]
        clock = sum(low[f"clock_{part}_uw"] for part in ("pins", "gates", "nets"))
        ranges = {key: f"{low[key]:.3f}-{high[key]:.3f}" for key in ("gates_uw", "switching_uw", "dynamic_uw")}
        lines.append(
            f"  {block:<22}{ranges['gates_uw']:>16}{low['flip_flops_uw']:>12.3f}{ranges['switching_uw']:>16}"
            f"{clock:>9.3f}{low['leakage_uw']:>10.2f}{low['averaged_leakage_uw']:>10.2f}{ranges['dynamic_uw']:>16}"
        )
    spare = least["total"]["unconnected_uw"]
    if spare:
        lines.append(f"  flip-flops' outputs that lead nowhere may take up to {spare:.3f} uW besides, settled")
    return lines
