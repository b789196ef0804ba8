"""Power against frequency and voltage, and efficiency under each way of counting operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.command.experiment import MAIN_JOB as RUN_COMMAND
from experiments.command.tables import write_csv, write_text
from experiments.energy.inference import gates_of
from experiments.energy.operating_points_plots import plot_efficiency, plot_power
from files.folder import committed, output_folder
from power.constants import Bounds
from power.inference import (
    ASSUMED_CLASSES,
    AT_28_NM,
    PAPER_GOPS_PER_MM2,
    PAPER_HIGH_HZ,
    PAPER_LOW_HZ,
    PAPER_TOPS_PER_W,
    WORK,
)
from power.operating_point import LOADS, PARTS, LongestPath, OperatingPoint, operating_point
from power.priced_activity import ActivityRow, Run, parse_activity, parse_run
from power.report import PAPER_POWER_UW

COMMAND = "rsnn operating-points"
CLOCKS_HZ = (100e3, 300e3, 1e6, 3e6, 10e6, 30e6, 100e6, 200e6, 500e6)
VOLTAGES = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)


def operating_points(
    folder: Path, *, synthesis: Path, path: LongestPath, out: Path, classes: Mapping[str, Bounds] = ASSUMED_CLASSES
) -> str:
    """Write ``operating_points.csv``, ``efficiency.csv``, a text, and two plots as PNG and SVG.

    Parameters
    ----------
    folder : Path
        As ``rsnn run`` writes it.
    synthesis : Path
        Gates by block, as ``rsnn synth`` writes them.
    path : LongestPath
        Of the netlist.
    out : Path
    classes : mapping of str to Bounds
        Leakage of a gate in nW at 0.9 V, by threshold class.

    Returns
    -------
    str
        The text.

    Raises
    ------
    FileError
        The folder is of no run, or a file of it was changed since; no table of gates.
    ActivityError, ConstantsError
        What cannot be read, by file, row and column.
    """
    with committed(folder, written_by=RUN_COMMAND) as read:
        rows = parse_activity(read("activity.csv"), str(folder / "activity.csv"))
        run = parse_run(read("run.json"), str(folder / "run.json"))
    gates = gates_of(synthesis, "accelerator")
    points = {
        (name, clock, vdd, load): operating_point(
            rows, run, clock_hz=clock, vdd=vdd, load=load, gate_nw=leakage, gates=gates
        )
        for name, leakage in classes.items()
        for clock in CLOCKS_HZ
        for vdd in VOLTAGES
        for load in LOADS
    }
    table = [_row(name, point, path) for (name, *_), point in points.items()]
    nominal = {name: points[name, PAPER_HIGH_HZ, 0.9, "back to back"] for name in classes}
    efficiency = list(_efficiency(rows, run, nominal, gates))
    text = _text(table, efficiency, path)
    with output_folder(out, by=COMMAND) as staging:
        write_csv(staging / "operating_points.csv", table)
        write_csv(staging / "efficiency.csv", efficiency)
        write_text(staging / "operating_points.md", text)
        plot_power(staging / "operating_points.png", table, list(classes))
        plot_efficiency(staging / "efficiency.png", efficiency, list(classes))
    return text


def _row(name: str, point: OperatingPoint, path: LongestPath) -> dict[str, Any]:
    total, energy = point.total_uw, point.frame_nj
    return {
        "class": name,
        "load": point.load,
        "clock_hz": f"{point.clock_hz:.0f}",
        "vdd_v": f"{point.vdd:g}",
        "meets_timing": path.meets(point.clock_hz, point.vdd),
        **{f"{part.replace(' ', '_')}_uw": f"{point.parts_uw[part].typical:.5g}" for part in PARTS},
        "total_low_uw": f"{total.low:.5g}",
        "total_typical_uw": f"{total.typical:.5g}",
        "total_high_uw": f"{total.high:.5g}",
        "frame_low_nj": f"{energy.low:.5g}",
        "frame_typical_nj": f"{energy.typical:.5g}",
        "frame_high_nj": f"{energy.high:.5g}",
    }


def counted_operations(rows: Sequence[ActivityRow], run: Run) -> dict[str, float]:
    """Return operations a cycle by the way they are counted, MAC = 1, of the cycles that the run took.

    ``executed additions`` are this run's own; the others are the paper's work of a frame (*reconstructed*) in this
    run's cycles, and the peak of its PE sets.
    """
    adders = [row for row in rows if row.kind == "adder" and row.block == "pe_array"]
    lanes = sum(row.bits for row in rows if row.block == "pe_array" and row.signal.startswith("acc"))
    width = max((row.bits for row in adders), default=1)
    dense = {name: macs * run.frames / run.cycles for name, (macs, _) in WORK.items() if "dense" in name}
    executed = {"executed additions": sum(row.operations for row in adders) / run.cycles}
    return executed | dense | {"peak, every PE in every cycle": lanes / width}


def _efficiency(
    rows: Sequence[ActivityRow], run: Run, points: Mapping[str, OperatingPoint], gates: float
) -> Iterator[dict[str, Any]]:
    bits = sum(row.bits * row.depth for row in rows if row.kind == "memory")
    area = AT_28_NM.logic_mm2(gates) + AT_28_NM.memory_mm2(bits)
    for counting, macs in counted_operations(rows, run).items():
        for each in (1, 2):
            for name, point in points.items():
                a_second = macs * each * point.cycles_a_second
                # The most efficient end first named low: low power, small area.
                tops = [a_second / 1e6 / value for value in point.total_uw]
                dense = [a_second / 1e9 / value for value in area]
                yield {
                    "counting": f"{counting}, MAC = {each}",
                    "operations_a_cycle": f"{macs * each:.1f}",
                    "class": name,
                    "clock_hz": f"{point.clock_hz:.0f}",
                    "vdd_v": f"{point.vdd:g}",
                    "tops_per_w_low": f"{tops[2]:.3f}",
                    "tops_per_w_typical": f"{tops[1]:.3f}",
                    "tops_per_w_high": f"{tops[0]:.3f}",
                    "gops_per_mm2_low": f"{dense[2]:.1f}",
                    "gops_per_mm2_typical": f"{dense[1]:.1f}",
                    "gops_per_mm2_high": f"{dense[0]:.1f}",
                    "paper_tops_per_w": f"{PAPER_TOPS_PER_W}",
                    "paper_gops_per_mm2": f"{PAPER_GOPS_PER_MM2}",
                    "status": "ours",
                }


def _text(table: Sequence[Mapping[str, Any]], efficiency: Sequence[Mapping[str, Any]], path: LongestPath) -> str:
    delays = [f"{path.at_28nm(vdd).low:.1f} to {path.at_28nm(vdd).high:.1f} ns at {vdd} V" for vdd in (0.9, 0.5)]
    lines = [
        f"Longest path: {path.ns:g} ns at {path.node} nm, {path.vdd:g} V; scaled to 28 nm {', '.join(delays)}.",
        f"Real time at {PAPER_LOW_HZ / 1e3:.0f} kHz (paper, stated: {PAPER_POWER_UW} uW), ours by class; parts are "
        "typical uW, totals low / typical / high:",
        "",
        f"| class | V | meets timing | {' | '.join(PARTS)} | total uW | nJ a frame |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    slow, fast = f"{PAPER_LOW_HZ:.0f}", f"{PAPER_HIGH_HZ:.0f}"
    for row in table:
        if row["clock_hz"] == slow and row["load"] == "real time" and row["vdd_v"] in ("0.5", "0.7", "0.9"):
            parts = " | ".join(row[f"{part.replace(' ', '_')}_uw"] for part in PARTS)
            total, energy = (
                " / ".join(row[f"{what}_{end}_{unit}"] for end in ("low", "typical", "high"))
                for what, unit in (("total", "uw"), ("frame", "nj"))
            )
            lines.append(f"| {row['class']} | {row['vdd_v']} | {row['meets_timing']} | {parts} | {total} | {energy} |")
    met = next(row["meets_timing"] for row in table if row["clock_hz"] == fast and row["vdd_v"] == "0.9")
    lines += [
        "",
        f"Efficiency at {PAPER_HIGH_HZ / 1e6:.0f} MHz, 0.9 V, frames back to back (timing met: {met}), beside the "
        f"stated {PAPER_TOPS_PER_W} TOPS/W and {PAPER_GOPS_PER_MM2} GOPS/mm2, whose operations are not defined:",
        "",
        "| counting | operations a cycle | class | TOPS/W | GOPS/mm2 |",
        "|---|---|---|---|---|",
    ]
    for row in efficiency:
        ranges = (
            " / ".join(row[f"{what}_{end}"] for end in ("low", "typical", "high"))
            for what in ("tops_per_w", "gops_per_mm2")
        )
        lines.append(f"| {row['counting']} | {row['operations_a_cycle']} | {row['class']} | {' | '.join(ranges)} |")
    return "\n".join(lines) + "\n"
