"""Every net of the accelerator's netlist over utterances: toggles, glitches, coverage; gates held against golden."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from cosim.engines.icarus import icarus_key, require_icarus
from cosim.gate_activity import GateActivity, RecordedNetlist, gate_activity
from cosim.gate_level import gate_level
from cosim.gate_oracle import Comparison, compare_settled, compare_unit_delays
from experiments.chain.simulation_key import array_digest, network_digest
from experiments.chain.spoken import clip_codes, front_end_of
from experiments.command.tables import write_csv, write_json
from experiments.energy.power_table import GATES_COMMAND
from experiments.hardware.gate_power import PoweredRun, area_rows, power_lines, power_of_run, power_rows, powered_run
from experiments.hardware.gate_power_plot import plot_netlist_power
from experiments.hardware.gate_rows import activity_rows, run_of, top_blocks
from experiments.hardware.opensta_files import write_opensta_files
from experiments.hardware.synthesised import Synthesised, synthesised
from features.audio import read_audio
from features.corpora.sound import sound_seconds
from features.frontend import batch_codes
from files.arrays import read_npz
from files.folder import output_folder
from files.writing import whole_file
from gates.errors import LibertyError
from gates.evaluation import Counts, Evaluator
from gates.glitches import GlitchCounter
from gates.liberty import find_liberty
from golden.checkpoint import Checkpoint, load_checkpoint
from power.priced_activity import write_run
from rtl.build_cache import built, digest, is_kept, kept
from rtl.design import TOP
from rtl.sources import sources_digest
from rtl.synthesis.hierarchy import leaf_names

# Utterances whose counts are kept together: a run that was ended goes on with the next.
BATCH = 20
UNIT_DELAYS = "unit_delays"
_COUNTS = "counts.npz"
# What counts depend on besides the netlist, the network and the codes.
_COUNTED = (
    *("gates.compiled", "gates.evaluation", "gates.netlist", "gates.operations", "gates.liberty_function"),
    *("cosim.gate_activity", "cosim.saif", "golden.layout", "golden.machine", "golden.schedule", "golden.trace"),
    "golden.trace_kernel",
)
# What the comparison with Icarus depends on besides the netlist, the network and the codes.
_COMPARED = (
    *("gates.cell_models", "gates.compiled", "gates.evaluation", "gates.glitches", "gates.netlist", "gates.operations"),
    *("cosim.engines.icarus", "cosim.gate_activity", "cosim.gate_level", "cosim.gate_oracle", "cosim.vcd_scalars"),
    *("golden.layout", "golden.machine", "golden.schedule", "golden.trace", "golden.trace_kernel"),
)


def gate_experiment(
    paths: Sequence[Path],
    *,
    checkpoint_path: Path | None,
    liberty: Sequence[Path] | None,
    clock_gates: bool = True,
    frames: int | None = None,
    power_frames: int = 40,
    wires: str | None = None,
    utilisation: float = 0.75,
    opensta: bool = False,
    icarus_frames: int = 0,
    threads: int = 2,
    out: Path,
) -> str:
    """Count what every net does over sound files, hold the gates against golden, and say what glitches add.

    Parameters
    ----------
    paths : sequence of Path
        Sound files; none: the shipped clip from its middle.
    checkpoint_path : Path or None
        By default the embedded network.
    liberty : sequence of Path or None
        Standard cells; by default Debian's.
    clock_gates : bool
    frames : int or None
        Of each file; None is all.
    power_frames : int
        Of the shipped clip, from its middle, in real time: states of cells, glitches with a unit of time a gate, power.
    wires : str or None
        As `experiments.hardware.gate_power.wires_of`.
    utilisation : float
        Share of the rows that cells take, for the area.
    opensta : bool
        Write the netlist, a SAIF of its nets in the frames of the power, and a script, to ``opensta/``.
    icarus_frames : int
        Of the same, simulated by Icarus and compared net by net, a third of them with unit delays, too; 0 for none.
    threads : int
    out : Path
        Gets ``gates.csv``, ``netlist_power.csv`` (drawn, too), ``area.csv`` (by block), ``gates.json``, what
        ``rsnn power`` prices (``activity.csv`` and ``run.json``; with glitches in ``unit_delays/``) and, of this
        machine, ``gates_seconds.csv``.

    Returns
    -------
    str
        The tables as text.

    Raises
    ------
    GateDifferenceError
        A flip-flop would take another value than golden's, or a net differs from Icarus'.
    """
    with output_folder(out, by=GATES_COMMAND) as staging:
        if icarus_frames:
            require_icarus()
        checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
        if paths:
            front_end_of(checkpoint)
        for path in paths:
            sound_seconds(path)
        gates = synthesised(checkpoint, liberty, clock_gates=clock_gates)
        recorded = RecordedNetlist(gates.design, gates.flat)
        begun = time.perf_counter()
        activity, fresh = activity_of_files(recorded, gates, checkpoint, paths, frames=frames, threads=threads)
        seconds = time.perf_counter() - begun
        _, spoken = clip_codes(checkpoint)
        every = RecordedNetlist(gates.design, gates.flat, every_gate=True)
        run = powered_run(every, checkpoint, spoken[:power_frames])
        settled, glitches = run.evaluator, run.glitches
        watts, conditions, lines = _power(gates, run, liberty, wires)
        rows = table(gates, recorded, activity, every, settled, glitches)
        about = coverage(gates, recorded, activity) | {
            "library": gates.library.name,
            "clock_gating": clock_gates,
            "steps_until_settled": run.steps,
            "power": conditions,
            "icarus": _compared(gates, recorded, every, checkpoint, spoken[:icarus_frames]) if icarus_frames else [],
        }
        write_csv(staging / "activity.csv", activity_rows(recorded, activity))
        write_run(staging / "run.json", run_of(recorded, activity))
        write_csv(staging / "gates.csv", rows)
        if watts:
            write_csv(staging / "netlist_power.csv", watts)
            title = (
                f"{gates.library.name}, {conditions['voltage_v']:g} V, {conditions['temperature_c']:g} C, "
                f"{conditions['clock_hz'] / 1e3:g} kHz, {conditions['frames']} frames in real time (ours, modelled)"
            )
            plot_netlist_power(staging / "netlist_power.png", watts, title)
        write_csv(staging / "area.csv", area_rows(gates, utilisation))
        write_json(staging / "gates.json", about)
        if fresh:
            speed = {"cycles": activity.counts.cycles, "seconds": round(seconds, 1), "threads": threads}
            speed["cycles_per_s"] = round(activity.counts.cycles / seconds)
            write_csv(staging / "gates_seconds.csv", [speed])
    with output_folder(out / UNIT_DELAYS, by=GATES_COMMAND) as staging:
        factors = glitch_factors(every, settled, glitches)
        write_csv(staging / "activity.csv", activity_rows(recorded, activity, factors))
        write_run(staging / "run.json", run_of(recorded, activity))
    if opensta:
        with output_folder(out / "opensta", by=GATES_COMMAND) as staging:
            write_opensta_files(staging, gates, run.settled, find_liberty(liberty))
    return _text(rows, about, seconds if fresh else None, lines, out)


def _power(
    gates: Synthesised, run: PoweredRun, liberty: Sequence[Path] | None, wires: str | None
) -> tuple[list[dict[str, Any]], dict[str, Any], list[str]]:
    """Return rows of power, what they rest on, and lines; of a library that says nothing of power, why not."""
    try:
        power, conditions = power_of_run(gates, run, liberty, wires)
    except LibertyError as error:
        return [], {"missing": str(error)}, [f"no power of the netlist: {error}"]
    rows = power_rows(gates, power)
    return rows, conditions, power_lines(rows, conditions)


def activity_of_files(
    recorded: RecordedNetlist,
    gates: Synthesised,
    checkpoint: Checkpoint,
    paths: Sequence[Path],
    *,
    frames: int | None,
    threads: int,
) -> tuple[GateActivity, bool]:
    """Return what every net does over files, kept by content in batches; and whether all of it was counted now."""
    total, fresh = GateActivity(Counts.of(recorded.operations)), True
    with tqdm(total=max(1, len(paths)), unit="file", disable=None, file=sys.stderr) as bar:
        for codes in _batches(checkpoint, paths, frames):
            key = digest(
                gates.netlists[TOP].folder.name,
                gates.library.text,
                network_digest(checkpoint),
                sources_digest(*_COUNTED),
                *(array_digest(each) for each in codes.values()),
            )
            made: list[bool] = []

            def build(folder: Path, codes: Mapping[str, np.ndarray] = codes, made: list[bool] = made) -> None:
                made.append(True)
                found = gate_activity(recorded, checkpoint, codes, workers=threads, progress=lambda _: bar.update())
                with whole_file(folder / _COUNTS) as file:
                    np.savez(
                        file,
                        toggles=found.counts.toggles,
                        highs=found.counts.highs,
                        numbers=np.array(
                            [found.counts.cycles, found.frames, found.utterances, found.values_compared], np.int64
                        ),
                    )

            arrays = read_npz(built("gate-counts", key, build) / _COUNTS)
            cycles, count, utterances, compared = (int(number) for number in arrays["numbers"])
            total.counts += Counts(arrays["toggles"], arrays["highs"], cycles)
            total.frames += count
            total.utterances += utterances
            total.values_compared += compared
            if not made:
                fresh = False
                bar.update(len(codes))
    return total, fresh


def _batches(checkpoint: Checkpoint, paths: Sequence[Path], frames: int | None) -> Iterator[dict[str, np.ndarray]]:
    """Yield the codes of some files at a time, by name."""
    if not paths:
        name, codes = clip_codes(checkpoint)
        yield {name: codes[:frames]}
        return
    front_end = front_end_of(checkpoint)
    for begin in range(0, len(paths), BATCH):
        batch = paths[begin : begin + BATCH]
        yield {f"{path}": batch_codes(read_audio(path), front_end)[:frames] for path in batch}


def coverage(gates: Synthesised, recorded: RecordedNetlist, activity: GateActivity) -> dict[str, Any]:
    """Return how much of the netlist the activity says something of."""
    run, flat = recorded.operations, gates.flat
    clocks = {run.clock, *run.gated_clocks}
    known = np.count_nonzero(run.net_slots >= 0) + len(clocks)
    boxed = {net for _, pins in flat.boxes.values() for nets in pins.values() for net in nets}
    silent = set(np.flatnonzero(run.net_slots < 0).tolist()) - clocks
    return {
        "instances": len(flat.names),
        "nets": flat.nets,
        "nets_annotated": int(known),
        # Ports that go to the memories alone: the weight port.
        "nets_of_ports_and_memories_alone": len(silent & (boxed | {n for p in flat.inputs.values() for n in p})),
        "flip_flops": len(run.flip_flops),
        "flip_flops_found_in_the_record": len(run.flip_flops),
        "clock_gates": len(run.gated_clocks),
        "utterances": activity.utterances,
        "frames": activity.frames,
        "cycles": activity.counts.cycles,
        "values_compared": activity.values_compared,
        "differences": 0,
    }


def table(
    gates: Synthesised,
    recorded: RecordedNetlist,
    activity: GateActivity,
    every: RecordedNetlist,
    settled: Evaluator,
    glitches: GlitchCounter,
) -> list[dict[str, Any]]:
    """Return a row a block: cells, nets that they drive, toggles a frame, and what glitches multiply them by."""
    flat = gates.flat
    drivers = flat.drivers
    driven = np.flatnonzero(drivers >= 0)
    of = gates.blocks[drivers[driven]]
    cells = np.array([bool(cell.flip_flop) for cell in flat.cells])[flat.kinds]
    clock_gates = np.array([cell.clock_gate is not None for cell in flat.cells])[flat.kinds]
    toggles = by_net(recorded.operations.net_slots, activity.counts.toggles)[driven]
    before = by_net(every.operations.net_slots, settled.counts.toggles)[driven]
    after = by_net(every.operations.net_slots, glitches.changes)[driven]
    gated = np.isin(driven, list(recorded.operations.gated_clocks))
    rows = []
    for block in [*sorted(set(gates.blocks)), "total"]:
        inside = gates.blocks == block if block != "total" else np.ones(len(flat.names), bool)
        nets = (of == block if block != "total" else np.ones(len(driven), bool)) & ~gated
        moved, unit = int(before[nets].sum()), int(after[nets].sum())
        rows.append(
            {
                "block": block,
                "cells": int(inside.sum()),
                "flip_flops": int((inside & cells).sum()),
                "clock_gates": int((inside & clock_gates).sum()),
                "nets": int(nets.sum()),
                "toggles_a_frame": round(float(toggles[nets].sum()) / activity.frames, 1),
                "nets_that_never_move": int((toggles[nets] == 0).sum()),
                "unit_delay_factor": round(unit / moved, 3) if moved else None,
            }
        )
    return rows


def glitch_factors(every: RecordedNetlist, settled: Evaluator, glitches: GlitchCounter) -> dict[str, float]:
    """Return by block below the top what unit delays multiply the toggles of gates' nets by."""
    operations, drivers, blocks = every.operations, every.netlist.drivers, top_blocks(every)
    outputs = set(operations.writes[operations.gates[:, 1] - 1].tolist())
    nets = [net for net, slot in enumerate(operations.net_slots.tolist()) if slot in outputs and drivers[net] >= 0]
    of, slots = blocks[drivers[nets]], operations.net_slots[nets]
    sums = {
        block: (int(settled.counts.toggles[slots[of == block]].sum()), int(glitches.changes[slots[of == block]].sum()))
        for block in set(of)
    }
    return {block: after / before for block, (before, after) in sums.items() if before}


def by_net(slots: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return counts of slots by net; 0 for a net without one."""
    return np.where(slots >= 0, counts[slots], 0)


def _compared(
    gates: Synthesised, recorded: RecordedNetlist, every: RecordedNetlist, checkpoint: Checkpoint, codes: np.ndarray
) -> list[dict[str, Any]]:
    leaves = {name: gates.netlists[name] for name in leaf_names(gates.design)}
    simulated = gate_level(gates.design, leaves, gates.library)
    rows = []
    # Under delays there are more changes, and a VCD of gigabytes: fewer frames.
    for what, netlist, compare, frames in (
        ("settled toggles, no delays", recorded, compare_settled, len(codes)),
        ("changes, unit delays", every, compare_unit_delays, -(-len(codes) // 3)),
    ):
        part = codes[:frames]
        key = digest(
            what,
            icarus_key(),
            network_digest(checkpoint),
            array_digest(part),
            sources_digest(*_COMPARED),
            *(text for pair in simulated.files.items() for text in pair),
        )

        def compute(given: Any = (compare, netlist, part)) -> dict[str, Any]:
            compare, netlist, part = given
            found: Comparison = compare(netlist, simulated, checkpoint, part)
            return dataclasses.asdict(found)

        if not is_kept("gate-oracle", key):
            print(f"rsnn: Icarus, {what}, every net of {frames} frames: this takes minutes", file=sys.stderr)
        found = kept("gate-oracle", key, compute)
        rows.append({"what": what, "frames": frames} | found | {"differences": len(found["differences"])})
    return rows


def _text(
    rows: Sequence[Mapping[str, Any]], about: Mapping[str, Any], seconds: float | None, power: Sequence[str], out: Path
) -> str:
    lines = [
        f"{about['library']}: {about['instances']:,} cells, {about['nets_annotated']:,} of {about['nets']:,} nets "
        f"annotated (the others go from ports to memories alone: {about['nets_of_ports_and_memories_alone']:,}); all "
        f"{about['flip_flops']:,} flip-flops found in golden's record, {about['clock_gates']} clock gates",
        f"{about['utterances']} utterances, {about['frames']:,} frames, {about['cycles']:,} cycles: "
        f"{about['values_compared']:,} next states and ports compared, 0 differences"
        + ("" if seconds is None else f"; {about['cycles'] / seconds:,.0f} cycles/s"),
        "",
        f"{'block':<20}{'cells':>9}{'flip-flops':>12}{'nets':>9}{'toggles a frame':>17}{'unit delays':>13}",
    ]
    for row in rows:
        factor = "" if row["unit_delay_factor"] is None else f"x {row['unit_delay_factor']:.2f}"
        lines.append(
            f"{row['block']:<20}{row['cells']:>9,}{row['flip_flops']:>12,}{row['nets']:>9,}"
            f"{row['toggles_a_frame']:>17,.0f}{factor:>13}"
        )
    lines += [
        f"Icarus, {row['what']}, {row['frames']} frames: {row['compared']:,} of {row['nets']:,} nets compared, "
        f"{row['changes']:,} changes, {row['differences']} differences"
        for row in about["icarus"]
    ]
    return "\n".join([*lines, "", *power, f"written: {out}/", ""])

