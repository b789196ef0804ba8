"""The table of engines: the same frames on every simulator; speed, mismatches, toggles of every register."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from cosim.cosimulate import cosimulate
from cosim.engines.icarus import IcarusEngine
from cosim.engines.stimuli import CODE_VALID, FIRST, LOGITS_READY, START
from cosim.engines.verilator import BITS, NOTHING, WORDS, VerilatorEngine
from cosim.saif import write_saif
from cosim.vcd_toggles import count_vcd_nets, count_vcd_toggles
from cosim.verilog import cosimulate_verilog
from experiments.chain.simulation_key import simulation_key
from experiments.chain.spoken import CLIP, recognise
from experiments.command.tables import write_csv, write_json, write_text
from files.folder import output_folder
from golden.checkpoint import Checkpoint, load_checkpoint
from golden.layout import MEMORY_ROW, PORT, build_layout
from golden.memory_image import memory_image
from golden.predicted_activity import ActivityCounter, Row
from golden.trace import CycleModel
from rtl.build_cache import forget, kept
from rtl.design import build_design
from rtl.scratch import scratch_folder
from rtl.sources import sources_digest

# Seconds that a fast engine runs the same frames again and again, so that its speed can be told.
SECONDS = 2.0
# Frames whose every net goes into a VCD: 27 MB a frame.
NET_FRAMES = 2
ENGINES = ("myhdl", "lock-step", "icarus", "verilator")
NAMES = {
    "golden": "cycle-accurate golden",
    "myhdl": "MyHDL, compared and counted",
    "lock-step": "Icarus in lock step with MyHDL, compared and counted",
    "icarus": "Icarus alone, compared, VCD written",
    "verilator": "Verilator, compared and counted",
    "counters": "Verilator with toggle counters",
    "bare": "Verilator without counters",
}


def compare_engines(*, checkpoint_path: Path | None, speech: Path | None, frames: int | None, out: Path) -> str:
    """Run the first frames of a sound file on every engine and write what they found.

    A run that was ended goes on with the engine that it was at; a whole one is run anew.

    Parameters
    ----------
    checkpoint_path : Path or None
        None is the embedded network.
    speech : Path or None
        None is the shipped clip.
    frames : int or None
        None is all.
    out : Path
        Gets ``engines.csv``, ``toggles.csv``, ``nets.csv``, ``activity.saif``, ``engines.json``, and, with what is of
        this machine, ``engines_speeds.csv`` and ``engines.md``.

    Returns
    -------
    str
        The table as text.

    Raises
    ------
    CosimulationError, PredictionError, EngineError
        An engine differs from golden, counts other toggles, or is not there.
    """
    with output_folder(out, by="rsnn engines") as staging:
        checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
        spoken = recognise(checkpoint, speech if speech is not None else CLIP)
        codes, name = spoken.codes[:frames], spoken.name
        keys = {engine: simulation_key(checkpoint, codes, engine, sources_digest(__name__)) for engine in ENGINES}
        found: dict[str, dict[str, Any]] = {}
        for engine in tqdm(ENGINES, unit="engine", disable=None, file=sys.stderr):
            found[engine] = kept("engines", keys[engine], partial(_run, checkpoint, name, codes, engine))
        counts: dict[str, dict[str, int]] = {"golden": _counts(_predicted(checkpoint, codes))}
        counts |= {engine: run["counts"] for engine, run in found.items()}
        # The counters' column is of the SAIF.
        fast, counts["counters"] = _fast(checkpoint, codes, staging)
        speeds = {engine: run["cycles"] / run["seconds"] for engine, run in found.items()} | fast
        # Long enough that starting a thread does not count.
        times = max(1, round(SECONDS * 200_000 / found["verilator"]["cycles"]))
        longer = cosimulate(checkpoint, {str(number): codes for number in range(times)}, engine="verilator")
        speeds["verilator"] = longer.cycles / longer.seconds
        toggles = _toggle_rows(checkpoint, counts)
        rows, speed_rows = [], []
        for engine, title in NAMES.items():
            run = found.get(engine)
            differing = sum(row[engine] not in ("", row["golden"]) for row in toggles) if engine in counts else ""
            rows.append(
                {
                    "engine": title,
                    "cycles": "" if run is None else run["cycles"],
                    "values_compared": "" if run is None else run["values_compared"],
                    "mismatches": "" if run is None else 0,
                    "toggle_differences": "" if engine == "golden" else differing,
                }
            )
            share = round(speeds[engine] / speeds["verilator"], 4)
            speed_rows.append({"engine": title, "cycles_per_s": round(speeds[engine]), "of_verilator": share})
        text = _markdown([row | speed for row, speed in zip(rows, speed_rows, strict=True)])
        cycles = found["myhdl"]["cycles"]
        about = {"speech": name, "frames": len(codes), "cycles": cycles, "counts": len(toggles)}
        write_csv(staging / "engines.csv", rows)
        write_csv(staging / "engines_speeds.csv", speed_rows)
        write_csv(staging / "toggles.csv", toggles)
        write_csv(staging / "nets.csv", _net_rows(checkpoint, codes[:NET_FRAMES]))
        write_json(staging / "engines.json", about)
        write_text(staging / "engines.md", text)
    # Who runs it again wants to know how fast the engines are now.
    for key in keys.values():
        forget("engines", key)
    return (
        f"{name}: {len(codes)} frames, {cycles:,} cycles, "
        f"{len(toggles)} counts of toggles and memory reads\n\n{text}\nwritten: {out}/\n"
    )


def _run(checkpoint: Checkpoint, name: str, codes: np.ndarray, engine: str) -> dict[str, Any]:
    """Return what an engine found, as JSON types: cycles, seconds, counts of toggles and reads by path."""
    if engine == "icarus":
        with scratch_folder("engines") as folder:
            waveform = folder / "icarus.vcd"
            start = partial(IcarusEngine, waveform=waveform)
            found = cosimulate_verilog(checkpoint, {name: codes}, engine=engine, start=start)
            counts = count_vcd_toggles(waveform, build_layout(checkpoint.specification))
    else:
        found, counts = cosimulate(checkpoint, {name: codes}, engine=engine), {}
    return {
        "cycles": found.cycles,
        "seconds": found.seconds,
        "values_compared": found.values_compared,
        "counts": _counts(found.activity.rows()) | counts,
    }


def _predicted(checkpoint: Checkpoint, codes: np.ndarray) -> list[Row]:
    model = CycleModel(checkpoint)
    counter, buffer = ActivityCounter(checkpoint.specification), model.buffer()
    for number, frame in enumerate(codes):
        counter.add(model.frame(frame, first=number == 0, out=buffer))
    counter.add(model.idle(1))
    return counter.rows()


def _counts(rows: list[Row]) -> dict[str, int]:
    """Return toggles of registers and ports and reads of memories, by path."""
    counts = {}
    for row in rows:
        value = row["reads"] if row["kind"] == "memory" else row["toggles"]
        if value is not None:
            counts[f"{row['block']}.{row['signal']}"] = int(value)
    return counts


def _toggle_rows(checkpoint: Checkpoint, counts: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    fields = {field.path: field for field in build_layout(checkpoint.specification)}
    rows = []
    for path in counts["golden"]:
        kind = "memory, reads"
        if path in fields:
            combinational = fields[path].clock == PORT
            latch = fields[path].clock == MEMORY_ROW
            kind = "net, settled at the edge" if combinational else "memory port" if latch else "register"
        row: dict[str, Any] = {"signal": path, "kind": kind}
        # A SAIF has no reads of memories.
        rows.append(row | {engine: of.get(path, "") for engine, of in counts.items()})
    return rows


def _net_rows(checkpoint: Checkpoint, codes: np.ndarray) -> list[dict[str, Any]]:
    """Return the changes of the combinational nets between blocks, from an Icarus VCD of every net."""
    design = build_design(checkpoint.specification)
    recorded = {place.partition("[")[0] for places in design.places.values() for place in places}
    ports = {port.name for port in design.top.ports}
    with scratch_folder("nets") as folder:
        waveform = folder / "nets.vcd"
        start = partial(IcarusEngine, waveform=waveform, all_nets=True)
        found = cosimulate_verilog(checkpoint, {"nets": codes}, engine="icarus", start=start)
        nets = count_vcd_nets(waveform)
    rows = []
    for name, net in nets.items():
        _, inside, own = name.partition(".record.dut.")
        if inside and "." not in own and own not in recorded | ports:
            rows.append(
                {
                    "net": own,
                    "kind": "combinational, zero delay",
                    "bits": net.bits,
                    "cycles": found.cycles,
                    "settled": net.settled,
                    "zero_delay": net.zero_delay,
                }
            )
    return sorted(rows, key=lambda row: str(row["net"]))


def _fast(checkpoint: Checkpoint, codes: np.ndarray, out: Path) -> tuple[dict[str, float], dict[str, int]]:
    """Return the speed of golden and of Verilator alone over the same frames; write their SAIF and return its sums."""
    model, spec = CycleModel(checkpoint), checkpoint.specification
    buffer = model.buffer()
    stimuli: list[np.ndarray] = []
    driven: list[np.ndarray] = []
    begun, cycles = time.perf_counter(), 0
    while not cycles or time.perf_counter() - begun < SECONDS:
        for number, frame in enumerate(codes):
            count = len(model.frame(frame, first=number == 0, out=buffer))
            cycles += count
            if len(stimuli) < len(codes):
                bits = np.full(count, LOGITS_READY, dtype=np.uint8)
                bits[: spec.inputs] |= CODE_VALID
                bits[spec.inputs] |= START | (FIRST if number == 0 else 0)
                stimuli.append(bits)
                driven.append(np.concatenate([frame, np.zeros(count - spec.inputs)]).astype(np.int32))
    speeds = {"golden": cycles / (time.perf_counter() - begun)}
    given, values = np.concatenate(stimuli), np.concatenate(driven)
    design = build_design(spec)
    for name, counting in (("counters", WORDS), ("bare", NOTHING)):
        engine = VerilatorEngine(design)
        engine.load(memory_image(checkpoint))
        begun, cycles = time.perf_counter(), 0
        while not cycles or time.perf_counter() - begun < SECONDS:
            engine.run(given, values, counting=counting)
            cycles += len(given)
        speeds[name] = cycles / (time.perf_counter() - begun)
        engine.close()
    engine = VerilatorEngine(design)
    engine.load(memory_image(checkpoint))
    # One cycle more, which shows the last `done`: the run that all other counts are of.
    given, values = np.append(given, np.uint8(LOGITS_READY)), np.append(values, np.int32(0))
    engine.run(given, values, counting=BITS)
    toggles, highs = engine.bits()
    sums = {
        field.path: int(toggles[64 * field.offset : 64 * (field.offset + field.words)].sum())
        for field in engine.layout.fields
    }
    write_saif(out / "activity.saif", design, toggles=toggles, highs=highs, cycles=len(given))
    engine.close()
    return speeds, sums


def _markdown(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| engine | cycles/s | of Verilator, compared | values compared | mismatches | counts that differ |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        compared = f"{row['values_compared']:,}" if row["values_compared"] != "" else ""
        lines.append(
            f"| {row['engine']} | {row['cycles_per_s']:,} | {row['of_verilator']:g} | {compared} | "
            f"{row['mismatches']} | {row['toggle_differences']} |"
        )
    return "\n".join(lines) + "\n"
