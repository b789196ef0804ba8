"""One design: its network made, measured and priced; a row of counts, and a row an operating point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.exploration.area_fit import TERMS, AreaFit, sizes_of
from experiments.exploration.grid import Point, basis_of, network_of
from experiments.exploration.measured import WARM_UP, Activity, measure
from experiments.exploration.priced import Prices, area_mm2, price_design
from experiments.exploration.rates import Rate, rate_of
from golden.checkpoint import Checkpoint
from golden.errors import SpecificationError
from golden.specification import Specification

__all__ = ["AXES", "COLUMNS", "Explored", "Settings", "explore_design"]

AXES = ("lanes", "pe_sets", "time_steps", "weight_bits", "width")
# Of ``designs.csv``, in this order.
COLUMNS = (
    *("design", *AXES, "status", "basis"),
    *("frames", "cycles_mean", "cycles_p99", "cycles_most", "frames_over_budget", "real_time"),
    *("slowest_clock_hz", "latency_ms", "latency_most_ms", "latency_slowest_ms"),
    *("row_reads", "additions", "register_toggles", "port_toggles", "toggles_from"),
    *("gates_nand2", "gates_from", "memory_bits", "logic_mm2", "memory_mm2"),
    *("area_low_mm2", "area_typical_mm2", "area_high_mm2"),
    *("test_per", "test_per_from"),
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every design is measured and priced with.

    Parameters
    ----------
    checkpoint : Checkpoint
        Whose network is brought to each shape.
    utterances : mapping of str to np.ndarray [shape=(frames, inputs), dtype=int8]
        Codes by utterance.
    traced : int
        Frames of each whose toggles are counted.
    fit : AreaFit
    sizes : mapping of str to np.ndarray [shape=(2, terms), dtype=float64]
        Least and most of each block's terms in the designs of the fit.
    prices : Prices
    rates : mapping
        Phone error rates by shape of network.
    """

    checkpoint: Checkpoint
    utterances: Mapping[str, np.ndarray]
    traced: int
    fit: AreaFit
    sizes: Mapping[str, np.ndarray]
    prices: Prices
    rates: Mapping[tuple[int, int, int], Rate]


@dataclass(frozen=True)
class Explored:
    """Rows of one design.

    Parameters
    ----------
    counts : dict
        Of ``designs.csv``.
    points : list of dict
        Of ``design_space.csv``; none of a design that is refused.
    """

    counts: dict[str, Any]
    points: list[dict[str, Any]]


def explore_design(point: Point, settings: Settings) -> Explored:
    """Measure and price a design; what golden refuses is a row that says why."""
    named = {"design": point.name} | {axis: getattr(point, axis) for axis in AXES}
    try:
        network = network_of(point, settings.checkpoint)
        activity = measure(network, settings.utterances, settings.traced)
    except SpecificationError as refusal:
        return Explored(_in_order(named | {"status": f"refused: {refusal}"}), [])
    spec = network.specification
    gates = sum(settings.fit.gates(spec).values())
    rate = rate_of(point, settings.rates)
    row = named | {"status": "measured", "basis": basis_of(point, settings.checkpoint.specification)}
    row |= _counted(spec, activity, len(settings.utterances)) | {
        "gates_nand2": round(gates),
        "gates_from": _gates_from(spec, settings.sizes),
        "memory_bits": activity.memory_bits,
        **area_mm2(gates, activity.memory_bits),
    }
    if rate is not None:
        row |= {"test_per": round(rate[0], 4), "test_per_from": rate[1]}
    counts = _in_order(row)
    of_design = {name: counts[name] for name in ("area_typical_mm2", "test_per", "basis")}
    points = [
        {"design": point.name, **priced, **of_design} for priced in price_design(spec, activity, gates, settings.prices)
    ]
    return Explored(counts, points)


def _counted(spec: Specification, activity: Activity, utterances: int) -> dict[str, Any]:
    frames, mean = activity.frames, activity.cycles / activity.frames
    slowest = activity.cycles_most / spec.frame_period_s
    met = activity.cycles_most <= spec.frame_budget
    clock = f"{spec.clock_hz / 1e3:g} kHz"
    return {
        "frames": frames,
        "cycles_mean": round(mean, 1),
        "cycles_p99": activity.cycles_p99,
        "cycles_most": activity.cycles_most,
        "frames_over_budget": activity.frames_over_budget,
        "real_time": f"at {clock}" if met else f"misses {spec.frame_budget:,} cycles: priced at {slowest / 1e3:g} kHz",
        "slowest_clock_hz": round(slowest),
        "latency_ms": round(1e3 * mean / spec.clock_hz, 3),
        "latency_most_ms": round(1e3 * activity.cycles_most / spec.clock_hz, 3),
        "latency_slowest_ms": round(1e3 * mean / slowest, 3),
        "row_reads": round(activity.row_reads / frames, 1),
        "additions": round(activity.additions / frames),
        "register_toggles": round(activity.toggles("register")),
        "port_toggles": round(activity.toggles("port")),
        "toggles_from": f"golden's trace of {activity.traced_frames} frames amid {utterances} utterances, each after "
        f"up to {WARM_UP} that do not count; scaled a frame to {frames:,}",
    }


def _gates_from(spec: Specification, sizes: Mapping[str, np.ndarray]) -> str:
    """Say whether a design lies among those that the law was fitted to."""
    beyond = [
        block
        for block in TERMS
        if (sizes_of(spec, block) < sizes[block][0]).any() or (sizes_of(spec, block) > sizes[block][1]).any()
    ]
    return "area_fit.csv" if not beyond else f"area_fit.csv, beyond the synthesised: {', '.join(beyond)}"


def _in_order(row: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(row) - set(COLUMNS)
    if unknown:
        raise ValueError(f"columns {sorted(unknown)}, expected {', '.join(COLUMNS)}")
    return {name: row.get(name) for name in COLUMNS}
