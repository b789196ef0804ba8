"""Rows of the tables of techniques: from counts to costs a frame, power by class, and what the paper says beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.ablation.configurations import PAPER_DENSE, SHIPPED, Configuration
from experiments.ablation.counts import Measured, joined
from golden.checkpoint import Checkpoint
from golden.cycles import FrameCounts, mmac_per_second
from golden.schedule import Schedule, Source, build_schedule
from golden.specification import Specification
from power.constants import CLASSES, load_constants
from power.energy import estimate
from power.priced_activity import ActivityRow, Run
from power.report import LEAKAGE, PowerReport

UW_S_TO_NJ = 1e3
# What a configuration costs, and what stands beside; in this order.
COLUMNS = (
    *("configuration", "status", "basis"),
    *("neurons", "weight_bits", "time_steps", "pe_sets"),
    *("gates_nand2", "gates_from", "memory_bits"),
    *("frames", "cycles_mean", "cycles_most", "frames_over_budget"),
    *("row_reads", "additions", "mmac_per_second", "complexity_saved_percent"),
    *("rtl_engine", "rtl_utterances", "rtl_frames", "engines_equal"),
    *("register_toggles", "port_toggles", "dynamic_nj"),
    *(f"{threshold}_nj" for threshold in CLASSES),
    *(f"{threshold}_uw_{end}" for threshold in CLASSES for end in ("p5", "median", "p95")),
    *("test_per", "test_per_from", "trained_cycles_mean", "trained_cycles_from"),
    *("paper", "paper_mmac_per_second"),
)


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What was counted of one configuration.

    Parameters
    ----------
    specification : Specification
    counts : mapping of str to FrameCounts
        Of all utterances, by golden.
    activity : Measured
        Of those that the RTL ran.
    gates : mapping of str to float or None
        NAND2 equivalents by block; None without synthesis.
    library : str
        Of the gates.
    engine : str
        What the activity is of.
    utterances : int
        That it ran.
    equal : str
        Which engines ran what, with golden's counts.
    """

    specification: Specification
    counts: Mapping[str, FrameCounts]
    activity: Measured
    gates: Mapping[str, float] | None
    library: str
    engine: str
    utterances: int
    equal: str


def row_of(configuration: Configuration, costs: Costs, rates: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return the row of a configuration.

    Parameters
    ----------
    configuration : Configuration
    costs : Costs
    rates : mapping of str to mapping
        Rows of the table of phone error rates by stage.
    """
    spec, counts, activity = costs.specification, joined(costs.counts), costs.activity
    frames = len(counts.cycles)
    complexity = mmac_per_second(spec, counts.macs)
    row = _described(configuration, rates) | {
        "status": "measured",
        "neurons": " ".join(map(str, spec.layers)),
        "weight_bits": spec.weight_bits,
        "time_steps": spec.time_steps,
        "pe_sets": spec.pe_sets,
        "gates_nand2": None if costs.gates is None else round(sum(costs.gates.values())),
        "gates_from": "power/tables/gates.csv" if costs.gates is None else f"synthesis, {costs.library}",
        "memory_bits": activity.memory_bits,
        "frames": frames,
        "cycles_mean": round(float(counts.cycles.mean()), 1),
        "cycles_most": int(counts.cycles.max()),
        "frames_over_budget": int((counts.cycles > spec.frame_budget).sum()),
        "row_reads": round(float(counts.rows.sum() / frames), 1),
        "additions": round(float(counts.additions.sum() / frames)),
        "mmac_per_second": round(complexity, 2),
        "complexity_saved_percent": round(100 * (1 - complexity / PAPER_DENSE), 2),
        "rtl_engine": costs.engine,
        "rtl_utterances": costs.utterances,
        "rtl_frames": activity.frames,
        "engines_equal": costs.equal,
        "register_toggles": round(activity.total("toggles", "register") / activity.frames),
        "port_toggles": round(activity.total("toggles", "port") / activity.frames),
    }
    return _in_order(row | _power(costs))


def _power(costs: Costs) -> dict[str, Any]:
    spec, activity = costs.specification, costs.activity
    run = Run(
        frames=activity.frames,
        cycles=activity.cycles,
        clock_hz=spec.clock_hz,
        frame_period_s=spec.frame_period_s,
    )
    rows = [ActivityRow.from_mapping(row) for row in activity.rows]
    # The same draws in every class.
    reports = {
        threshold: estimate(
            rows, run, load_constants(threshold=threshold), threshold=threshold, gates=costs.gates
        )
        for threshold in CLASSES
    }
    to_nj = run.seconds / run.frames * UW_S_TO_NJ
    found: dict[str, Any] = {"dynamic_nj": round(dynamic(next(iter(reports.values()))) * to_nj, 2)}
    for threshold, report in reports.items():
        found[f"{threshold}_nj"] = round(report.total.typical * to_nj, 1)
        for end, value in zip(("p5", "median", "p95"), report.total, strict=True):
            found[f"{threshold}_uw_{end}"] = round(value, 2)
    return found


def dynamic(report: PowerReport) -> float:
    """Return the median of what is not leakage, the same in every class."""
    return report.of({row.component for row in report.rows} - set(LEAKAGE)).typical


def refused_row(configuration: Configuration, why: str) -> dict[str, Any]:
    """Return the row of a configuration that the given network cannot be brought to."""
    return _in_order({"configuration": configuration.name, "status": f"refused: {why}", "paper": configuration.paper})


def bit_planes_row(
    checkpoint: Checkpoint, utterances: Mapping[str, np.ndarray], counts: Mapping[str, FrameCounts]
) -> dict[str, Any]:
    """Return what bit planes cost and save beside whole codes: there is no RTL without them.

    Whole codes would need a multiplier in each PE and visit an input once where its code is not 0, for both time steps
    together, since the input current is the same; at least one cycle. So the row is counted from the codes, and its
    other columns are empty.
    """
    spec, schedule = checkpoint.specification, build_schedule(checkpoint.specification)
    together = joined(counts)
    planes = together.phase_cycles[:, together.phases.index("L0 input")]
    codes = np.concatenate(list(utterances.values()))
    # Each tile, and with one PE set each time step, goes through the planes anew, or through the codes.
    turns = sum(step.source is Source.CODES for step in schedule.passes) // schedule.low_planes
    visits, plane_visits = np.count_nonzero(codes, axis=1), _plane_visits(schedule, codes)
    if not spec.zero_skipping:
        visits, plane_visits = (np.full(len(codes), count * spec.inputs) for count in (1, schedule.low_planes))
    row_reads = together.rows.sum(axis=1) + turns * (visits - plane_visits)
    cycles = together.cycles - planes + turns * np.maximum(visits, 1)
    return _in_order(
        {
            "configuration": "whole codes, a multiplier in each PE",
            "status": "no such RTL: counted from the codes",
            "basis": f"trained network; {visits.mean():.1f} visits of inputs, by bit plane {plane_visits.mean():.1f}",
            "frames": len(codes),
            "cycles_mean": round(float(cycles.mean()), 1),
            "cycles_most": int(cycles.max()),
            "frames_over_budget": int((cycles > spec.frame_budget).sum()),
            "row_reads": round(float(row_reads.mean()), 1),
            "paper": "stated: one non-zero input is broadcast to all PEs, zero inputs cost nothing; no figure",
        }
    )


def _plane_visits(schedule: Schedule, codes: np.ndarray) -> np.ndarray:
    """Return how often a turn through the planes of each frame visits an input: where one of two planes has a one."""
    half, held = schedule.low_planes, codes.astype(np.int64)
    if schedule.signed_magnitudes:
        held = np.abs(held)
    held &= (1 << schedule.specification.input_bits) - 1
    either = (held | held >> half) & ((1 << half) - 1)
    return np.asarray(np.bitwise_count(either).sum(axis=1))


def _described(configuration: Configuration, rates: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "configuration": configuration.name,
        "basis": configuration.basis,
        "paper": configuration.paper,
        "paper_mmac_per_second": configuration.paper_mmac_per_second,
    }
    stage = configuration.stage
    if stage in rates:
        remark = f", {configuration.stage_remark}" if configuration.stage_remark else ""
        row["test_per"] = round(float(rates[stage]["test_per"]), 4)
        row["test_per_from"] = f"recognition/table.csv, {stage}{remark}"
    stage = configuration.cycles_stage
    if stage in rates:
        row["trained_cycles_mean"] = round(float(rates[stage]["cycles_mean"]), 1)
        row["trained_cycles_from"] = f"recognition/table.csv, {stage}"
    return row


def _in_order(row: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(row) - set(COLUMNS)
    if unknown:
        raise ValueError(f"columns {sorted(unknown)}, expected {', '.join(COLUMNS)}")
    return {name: row.get(name) for name in COLUMNS}


# ---- Markdown ----------------------------------------------------------------------------------------------

# Title, column, and whether its change beside the shipped design is given.
_SHOWN = (
    ("gates", "gates_nand2", True),
    ("memory bits", "memory_bits", True),
    ("cycles", "cycles_mean", True),
    ("most", "cycles_most", False),
    ("over budget", "frames_over_budget", False),
    ("row reads", "row_reads", True),
    ("additions", "additions", True),
    ("register toggles", "register_toggles", True),
    ("MMAC/s", "mmac_per_second", False),
    ("saved %", "complexity_saved_percent", False),
    ("dynamic nJ", "dynamic_nj", True),
    *((f"{threshold} nJ", f"{threshold}_nj", True) for threshold in CLASSES),
    *((f"{threshold} uW", f"{threshold}_uw_median", False) for threshold in CLASSES),
    ("PER", "test_per", False),
    ("paper", "paper", False),
)
_TITLES = {
    "techniques": "From the shipped design, one at a time; changes beside the shipped design",
    "techniques_cumulative": "From dense to the shipped design; changes beside the row above",
}


def markdown(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Return both tables in Markdown: means a frame, medians of energy and power."""
    lines = ["Means a frame; energies and powers are medians at 100 kHz; docs/techniques.md says what each column is."]
    for name, rows in tables.items():
        lines += ["", f"## {_TITLES[name]}", ""]
        lines.append("| configuration | " + " | ".join(title for title, _, _ in _SHOWN) + " |")
        lines.append("|---" * (1 + len(_SHOWN)) + "|")
        before: Mapping[str, Any] = {}
        for row in rows:
            cells = [_cell(row[column], before.get(column) if change else None) for _, column, change in _SHOWN]
            label = row["configuration"] if row["status"] == "measured" else f"{row['configuration']} ({row['status']})"
            lines.append(f"| {label} | " + " | ".join(cells) + " |")
            if row["status"] == "measured" and (name == "techniques_cumulative" or row["configuration"] == SHIPPED):
                before = row
    return "\n".join(lines) + "\n"


def _cell(value: Any, before: Any) -> str:
    if value is None:
        return ""
    text = f"{value:,}" if isinstance(value, int | float) else str(value)
    if not before or value == before:
        return text
    return f"{text} ({100 * (value / before - 1):+.1f} %)"
