"""Power over time: of each frame, within frames by cycle, energy by phase, and of a row read, a spike and a SOP.

A synaptic operation (SOP) here is one weight added in one lane: one synapse's answer to one event (*ours*). Additions
of the first layer, whose events are bits of the input, are counted too; zero weights that are gated are not. What
others count, and whether their energy holds leakage and an idle clock, differs (PMC10326429, table 3, says so of these
figures), and the originals' definitions were not seen; so ours is given for the busy cycles alone, without leakage,
and for all power in real time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.chain.spoken import CLIP, recognise
from experiments.command.tables import write_csv, write_text
from experiments.energy.inference import gates_of
from experiments.energy.power_curve_plot import plot_curve
from files.folder import output_folder
from golden.checkpoint import Checkpoint, load_checkpoint
from golden.frame_activity import FrameActivity, cycle_activity, frame_activity
from golden.predicted_activity import Row
from golden.specification import Specification
from power.constants import NOTHING, Bounds
from power.extremes import estimate_extremes
from power.inference import ASSUMED_CLASSES
from power.operating_point import PARTS, part_of
from power.priced_activity import ActivityRow, Run

COMMAND = "rsnn power-curve"
# Published energy per SOP in pJ, 28 nm, as their authors give it.
PEERS_PJ = {
    "ODIN, 0.55 V (TBCAS 2019, arXiv 1804.07858)": 12.7,
    "ReckOn, 0.5 V (ISSCC 2022, arXiv 2208.09759)": 5.3,
    "ANP-I, 0.56 V (JSSC 2024)": 1.5,
    "ElfCore (ESSERC 2025, arXiv 2512.21153; secondary)": 2.4,
}


@dataclass
class Curve:
    """What is kept of the frames: tables, and dynamic energies in pJ."""

    frames: list[dict[str, Any]]
    cycles: list[dict[str, Any]]
    phases: dict[str, tuple[int, Bounds]]
    leakage: dict[str, Bounds]
    energy: Bounds
    read_energy: Bounds
    reads: int


def power_curve(
    *,
    speech: Path | None,
    checkpoint_path: Path | None,
    frames: int | None,
    within: int,
    synthesis: Path,
    out: Path,
    classes: Mapping[str, Bounds] = ASSUMED_CLASSES,
) -> str:
    """Write ``frames_power.csv``, ``cycles_power.csv``, ``phases_energy.csv``, ``events_energy.csv``, and a plot twice.

    Parameters
    ----------
    speech, checkpoint_path : Path or None
        As `experiments.main_job.run.run` takes them.
    frames : int or None
        From the first; None is all.
    within : int
        Frames of which every cycle is priced, spread evenly over those.
    synthesis : Path
        Gates by block, as ``rsnn synth`` writes them.
    out : Path
    classes : mapping of str to Bounds
        Leakage of a gate in nW, by threshold class.

    Returns
    -------
    str
        What the tables say, in short.

    Raises
    ------
    AudioError, CheckpointError, FileError
        Bad input.
    """
    gates = gates_of(synthesis, "accelerator")
    checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
    spoken = recognise(checkpoint, speech if speech is not None else CLIP, None)
    codes = spoken.codes if frames is None else spoken.codes[:frames]
    curve = measure(checkpoint, codes, within=within)
    sops = int(spoken.counts.additions[: len(codes)].sum())
    spikes = int(sum(np.count_nonzero(layer[: len(codes)]) for layer in spoken.result.spikes))
    seconds = sum(frame["seconds"] for frame in curve.frames)
    events = list(_events(curve, sops, spikes, seconds, {name: own * gates for name, own in classes.items()}))
    each = 1 / len(codes)
    phases = [
        {"phase": name, "cycles_a_frame": f"{cycles * each:.1f}", **_three("nj_a_frame", energy, 1e-3 * each)}
        for name, (cycles, energy) in curve.phases.items()
    ]
    text = _text(curve, events, phases)
    with output_folder(out, by=COMMAND) as staging:
        write_csv(staging / "frames_power.csv", curve.frames)
        write_csv(staging / "cycles_power.csv", curve.cycles)
        write_csv(staging / "phases_energy.csv", phases)
        write_csv(staging / "events_energy.csv", events)
        write_text(staging / "power_curve.txt", text)
        plot_curve(staging / "power_curve.png", curve.frames, curve.cycles)
    return text


def measure(checkpoint: Checkpoint, codes: np.ndarray, *, within: int) -> Curve:
    """Price each frame in real time, every cycle of `within` of them, and the phases of all."""
    spec = checkpoint.specification
    chosen = set(np.linspace(0, len(codes) - 1, min(within, len(codes))).round().astype(int).tolist())
    curve = Curve([], [], {}, {}, NOTHING, NOTHING, 0)
    for frame in frame_activity(checkpoint, codes):
        curve.frames.append(_frame(spec, frame, curve))
        if frame.number in chosen:
            curve.cycles += _cycles(spec, frame)
    return curve


def _price(rows: Iterable[Row], run: Run) -> tuple[dict[str, Bounds], dict[str, Bounds], dict[str, Bounds]]:
    """Return dynamic power in uW by part and by block, and leakage by part."""
    parts, blocks, leakage = (defaultdict[str, Bounds](lambda: NOTHING) for _ in range(3))
    given = [ActivityRow.from_mapping(row) for row in rows]
    for (block, component), power in estimate_extremes(given, run).items():
        part = part_of(component)
        if "leakage" in component:
            leakage[part] += power
        else:
            parts[part] += power
            blocks[block] += power
    return parts, blocks, leakage


def _frame(spec: Specification, frame: FrameActivity, curve: Curve) -> dict[str, Any]:
    run = Run(frames=1, cycles=frame.cycles, clock_hz=spec.clock_hz, frame_period_s=spec.frame_period_s)
    rows = frame.counter.rows()
    parts, blocks, leakage = _price(rows, run)
    dynamic = sum(parts.values(), NOTHING)
    curve.leakage = leakage
    curve.energy += dynamic * (run.seconds * 1e6)
    curve.read_energy += parts["memory"] * (run.seconds * 1e6)
    curve.reads += sum(int(row["reads"] or 0) for row in rows)
    for name, cycles in zip(frame.counter.phases, frame.counter.cycles.tolist(), strict=True):
        if cycles:
            busy = Run(frames=1, cycles=cycles, clock_hz=spec.clock_hz, frame_period_s=cycles / spec.clock_hz)
            energy = sum(_price(frame.counter.rows(name), busy)[0].values(), NOTHING) * (busy.seconds * 1e6)
            before, spent = curve.phases.get(name, (0, NOTHING))
            curve.phases[name] = (before + cycles, spent + energy)
    return {
        "frame": frame.number,
        "cycles": frame.cycles,
        "seconds": run.seconds,
        **_three("dynamic_uw", dynamic, 1.0),
        **{f"{part}_uw": f"{parts[part].typical:.5g}" for part in PARTS[:3]},
        **{f"{block}_uw": f"{power.typical:.5g}" for block, power in sorted(blocks.items())},
    }


def _cycles(spec: Specification, frame: FrameActivity) -> list[dict[str, Any]]:
    one = Run(frames=1, cycles=1, clock_hz=spec.clock_hz, frame_period_s=1 / spec.clock_hz)
    found = []
    for cycle, rows in enumerate(cycle_activity(spec, frame)):
        parts = _price(rows, one)[0]
        found.append(
            {
                "frame": frame.number,
                "cycle": cycle,
                "phase": frame.counter.phases[frame.labels[cycle]],
                **_three("dynamic_uw", sum(parts.values(), NOTHING), 1.0),
                **{f"{part}_uw": f"{parts[part].typical:.5g}" for part in PARTS[:3]},
            }
        )
    return found


def _three(name: str, bounds: Bounds, factor: float) -> dict[str, str]:
    ends = zip(("low", "typical", "high"), bounds, strict=True)
    return {f"{name}_{end}": f"{value * factor:.6g}" for end, value in ends}


def _events(
    curve: Curve, sops: int, spikes: int, seconds: float, logic_nw: Mapping[str, Bounds]
) -> Iterable[dict[str, Any]]:
    """Yield energies of events in pJ; where nothing happened there is no energy of it."""
    from_spikes = sum((energy for name, (_, energy) in curve.phases.items() if _by_spikes(name)), NOTHING)
    busy = sum((energy for _, energy in curve.phases.values()), NOTHING)
    # What was spent, what it is, and how often that happened.
    dynamic = (
        ("row read, memory alone", curve.read_energy, curve.reads),
        ("row read, with all that it moves", busy, curve.reads),
        ("spike, all phases that spikes feed", from_spikes, spikes),
        ("SOP, busy cycles", busy, sops),
    )
    for name, energy, count in dynamic:
        if count:
            yield _event(name, "any, without leakage", energy * (1 / count), count)
    memory_pj = curve.leakage.get("memory leakage", NOTHING) * (seconds * 1e6)
    for name, own in logic_nw.items():
        if sops:
            logic_pj = own * (seconds * 1e3)
            yield _event("SOP, real time, all power", name, (curve.energy + memory_pj + logic_pj) * (1 / sops), sops)
    for name, value in PEERS_PJ.items():
        yield _event(f"SOP, published: {name}", "not given", Bounds(value, value, value), None)


def _by_spikes(phase: str) -> bool:
    return phase.endswith((" recurrent", " feed-forward")) or phase == "FC"


def _event(name: str, which: str, energy: Bounds, count: int | None) -> dict[str, Any]:
    return {"event": name, "class": which, **_three("pj", energy, 1.0), "events": count}


def _text(curve: Curve, events: Sequence[Mapping[str, Any]], phases: Sequence[Mapping[str, Any]]) -> str:
    powers = [float(frame["dynamic_uw_typical"]) for frame in curve.frames]
    within = [float(cycle["dynamic_uw_typical"]) for cycle in curve.cycles]
    lines = [
        f"dynamic power of {len(powers)} frames at 28 nm, 0.9 V, typical: mean {np.mean(powers):.2f} uW, least "
        f"{min(powers):.2f}, peak {max(powers):.2f}; of a cycle: mean {np.mean(within):.2f}, peak {max(within):.2f}",
        "energy by phase of the frame, nJ, low / typical / high, without leakage:",
    ]
    for row in phases:
        energies = " / ".join(row[f"nj_a_frame_{end}"] for end in ("low", "typical", "high"))
        lines.append(f"  {row['phase']:<20}{energies}")
    lines.append("energy of an event, pJ, low / typical / high:")
    for event in events:
        energies = " / ".join(event[f"pj_{end}"] for end in ("low", "typical", "high"))
        lines.append(f"  {event['event']} ({event['class']}): {energies}")
    return "\n".join(lines) + "\n"
