"""What the networks of one shape cost: co-simulated at every cycle, exported, synthesised, and priced."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from experiments.ablation.counts import TRACE, Measured, add_up, golden_counts, measure
from experiments.ablation.gates import gates_by_block
from experiments.ablation.rows import dynamic
from experiments.chain.simulation_key import array_digest, network_digest
from experiments.hardware.export import design_files, vector_files, weight_files
from experiments.variants.learnt import Learnt
from gates.liberty import Library
from power.constants import CLASSES, load_constants
from power.energy import estimate
from power.priced_activity import ActivityRow, Run
from rtl.build_cache import digest, kept
from rtl.design import build_design
from rtl.sources import sources_digest

__all__ = ["ENGINES", "Simulated", "exported", "gates_of", "power_of", "simulate"]

ENGINES = ("verilator", "icarus", "myhdl", TRACE)
# Of the exported testbench.
VECTOR_FRAMES = 10
UW_S_TO_NJ = 1e3


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Utterances that an engine ran, every register held to golden at every cycle.

    Parameters
    ----------
    engine : str
    utterances : int
    activity : Measured
        Of all of them.
    """

    engine: str
    utterances: int
    activity: Measured


def simulate(
    networks: Sequence[Learnt],
    *,
    engine: str,
    utterances: int,
    frames: int | None = None,
    each: Callable[[str], object] = lambda what: None,
) -> Simulated:
    """Run some test utterances of each network on an engine; what each gave is kept by content.

    Parameters
    ----------
    networks : sequence of Learnt
        Of one specification.
    engine : {"verilator", "icarus", "myhdl", "golden"}
        "golden" is its cycle-accurate trace alone: activity, no RTL.
    utterances : int
        Of each network, evenly spaced in its test set.
    frames : int or None
        At most, of each utterance.
    each : callable, optional
        Called with a few words before each network.

    Raises
    ------
    CosimulationError
        At the first register that differs: there is no such thing as a row with mismatches.
    PredictionError
        The engine counts otherwise than golden.
    EngineError
        The engine is not installed, or fails.
    """
    found, ran = [], 0
    for network in networks:
        each(f"{engine}, fold {network.fold}")
        names = list(network.codes)
        chosen = names[:: max(1, len(names) // utterances)][:utterances]
        codes = {name: network.codes[name][:frames] for name in chosen}
        found.append(measure(network.checkpoint, codes, golden_counts(network.checkpoint, codes), engine=engine))
        ran += len(codes)
    activity = Measured(
        frames=sum(one.frames for one in found),
        cycles=sum(one.cycles for one in found),
        rows=add_up([one.rows for one in found]),
    )
    return Simulated(engine=engine, utterances=ran, activity=activity)


def exported(network: Learnt) -> dict[str, Any]:
    """Return what ``rsnn export`` writes for a network with these vectors: files, bytes and a digest.

    Returns
    -------
    dict
        "verilog_files", "verilog_bytes" and "verilog_sha256", the latter over names and bytes in the order of the
        names.
    """
    codes = next(iter(network.codes.values()))[:VECTOR_FRAMES]
    key = digest(sources_digest(__name__, "rtl", "golden", "experiments.hardware.export"),
                 network_digest(network.checkpoint), array_digest(codes))  # fmt: skip
    found: dict[str, Any] = kept("exported", key, partial(_exported, network, codes))
    return found


def _exported(network: Learnt, codes: Any) -> dict[str, Any]:
    design = build_design(network.checkpoint.specification)
    texts = design_files(design, frames=len(codes))
    texts |= weight_files(network.checkpoint) | vector_files(design, network.checkpoint, codes)
    whole = hashlib.sha256()
    for name in sorted(texts):
        whole.update(f"{name} {len(texts[name].encode())}\n".encode())
        whole.update(texts[name].encode())
    return {
        "verilog_files": len(texts),
        "verilog_bytes": sum(len(text.encode()) for text in texts.values()),
        "verilog_sha256": whole.hexdigest(),
    }


def gates_of(network: Learnt, library: Library, *, each: Callable[[str], object]) -> dict[str, float]:
    """Return NAND2 equivalents by block, from synthesis leaf by leaf; netlists are kept."""
    spec = network.checkpoint.specification
    return gates_by_block(spec, library, each=lambda leaf: each(f"gates of {leaf}"))


def power_of(networks: Sequence[Learnt], simulated: Simulated, gates: dict[str, float] | None) -> dict[str, Any]:
    """Return energies and powers in real time at the specification's clock, medians and bounds by class of cells.

    Parameters
    ----------
    networks : sequence of Learnt
        Of one specification.
    simulated : Simulated
    gates : dict of str to float, or None
        By block; None takes those of ``power/tables/gates.csv``, which are of the shipped design's shape.

    Returns
    -------
    dict
        "dynamic_nj" and "HVT_nj"... an utterance of the mean length of all test utterances, at the power of those
        frames that were simulated; leakage over its real time is included but in "dynamic_nj". "HVT_uw_p5",
        "HVT_uw_median", "HVT_uw_p95"...
    """
    spec, activity = networks[0].checkpoint.specification, simulated.activity
    run = Run(
        frames=activity.frames,
        cycles=activity.cycles,
        clock_hz=spec.clock_hz,
        frame_period_s=spec.frame_period_s,
    )
    rows = [ActivityRow.from_mapping(row) for row in activity.rows]
    lengths = [len(codes) for network in networks for codes in network.codes.values()]
    to_nj = spec.frame_period_s * sum(lengths) / len(lengths) * UW_S_TO_NJ
    found: dict[str, Any] = {}
    for threshold in CLASSES:
        report = estimate(rows, run, load_constants(threshold=threshold), threshold=threshold, gates=gates)
        found.setdefault("dynamic_nj", round(dynamic(report) * to_nj, 2))
        found[f"{threshold}_nj"] = round(report.total.typical * to_nj, 1)
        for end, value in zip(("p5", "median", "p95"), report.total, strict=True):
            found[f"{threshold}_uw_{end}"] = round(value, 2)
    return found
