"""The tables of gates: area, timing, proofs of equivalence, gate-level simulation, an FPGA."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cosim.engines.icarus import require_icarus
from cosim.gate_level import gate_level
from cosim.verilog import cosimulate_verilog
from experiments.chain.simulation_key import simulation_key
from experiments.chain.spoken import clip_codes
from experiments.command.tables import write_csv, write_json, write_text
from files.folder import output_folder
from gates.liberty import Library, find_liberty, read_liberty
from golden.checkpoint import Checkpoint, load_checkpoint
from golden.specification import Specification
from rtl.build_cache import digest, kept
from rtl.design import TOP, Design, build_design
from rtl.netlist import MODULE
from rtl.program import environment_key
from rtl.sources import sources_digest
from rtl.synthesis.equivalence import Proof, prove_equal, refuses_a_wrong_gate
from rtl.synthesis.hierarchy import leaf_names, memories_in
from rtl.synthesis.place_route import DEVICE, Placement, TooLargeForDeviceError, nextpnr_version, place_and_route
from rtl.synthesis.synthesise import Netlist, Row, row_of, synthesise_all, synthesise_flat, synthesise_leaf
from rtl.synthesis.timing import HOW_TO_GET, Timing, sta_version, time_netlist
from rtl.synthesis.yosys import yosys_version

PE = f"{MODULE}pe"
# Limits of what may take long, in seconds: the whole at once, one proof, a tool of the FPGA flow.
FLAT_S, PROOF_S, FPGA_S = 900.0, 600.0, 3600.0
# Where a proof at full size does not end in time.
SMALL = Specification(
    inputs=9, input_bits=5, layers=(20, 12), outputs=71, lanes=16, logits_per_cycle=4,
    membrane_bits=(11, 9), thresholds=(60, 40),
)  # fmt: skip
# nextpnr's names of what counts, and ours.
RESOURCES = {"TRELLIS_COMB": "luts", "TRELLIS_FF": "flip_flops", "DP16KD": "block_rams", "TRELLIS_RAMW": "lut_rams"}


def synthesise_checkpoint(
    *,
    checkpoint_path: Path | None = None,
    liberty: Sequence[Path] | None = None,
    clock_gates: bool = True,
    frames: int = 5,
    fpga: bool = True,
    out: Path,
) -> str:
    """Synthesise the accelerator of a checkpoint, prove and simulate its gates, place and route it.

    Every step's result is kept by content: a run that was ended goes on where it was.

    Parameters
    ----------
    checkpoint_path : Path, optional
        By default the embedded network.
    liberty : sequence of Path, optional
        Standard cells, one library in one file or several; by default Debian's qflow-tech-osu018.
    clock_gates : bool
        Registers with an enable get their clock through a gate, where the library has one.
    frames : int
        From the middle of the shipped clip, simulated in gates; random codes for a network without a front-end.
    fpga : bool
        Place and route it, too, which takes longest of all.
    out : Path
        Gets ``synthesis.csv`` and ``.md``, ``equivalence.csv`` and ``.md``, ``synthesis_simulation.csv``, ``fpga.csv``,
        ``synthesis.json``, and, of this machine, ``equivalence_seconds.csv``.

    Returns
    -------
    str
        The tables as text.

    Raises
    ------
    EngineError
        A tool is missing or fails, or the Liberty file is bad.
    CosimulationError
        The gates differ from golden.
    """
    with output_folder(out, by="rsnn synth") as staging:
        # What is missing is said before the long work, not after it.
        tools = {"yosys": yosys_version(), "opensta": sta_version()} | ({"nextpnr": nextpnr_version()} if fpga else {})
        require_icarus()
        library = read_liberty(find_liberty(liberty))
        checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
        spec = checkpoint.specification
        design, lanes = build_design(spec), build_design(spec, "lanes")
        with tqdm(unit="step", disable=None, file=sys.stderr) as progress:

            def step(what: str) -> None:
                progress.set_description(what.removeprefix(MODULE))
                progress.update()

            netlists, rows, notes = _gates(design, lanes, library, clock_gates, step)
            table = _timed(design, lanes, netlists, rows, library)
            proved = [_proved(design, netlists[name], library, step) for name in leaf_names(design)]
            proved.append(_proved(lanes, netlists[PE], library, step))
            proofs = [row for row, _ in proved]
            seconds = [{"block": row["block"], "seconds": round(taken, 1)} for row, taken in proved]
            step("gate-level simulation")
            simulated = _simulated(checkpoint, gate_level(design, netlists, library), frames)
            placed = _placed(spec, step) if fpga else []
        if sta_version() is None:
            notes.append(HOW_TO_GET)
        about = {
            "specification": spec.to_json(),
            "library": library.name,
            "nand2_area_um2": library.nand2_area,
            "input_driver": library.buffer,
            "clock_gate": library.clock_gate.name if clock_gates and library.clock_gate else None,
            "notes": notes,
            "tools": tools,
        }
        synthesis, equivalence = markdown(table), markdown(proofs)
        write_csv(staging / "synthesis.csv", table)
        write_csv(staging / "equivalence.csv", proofs)
        write_csv(staging / "equivalence_seconds.csv", seconds)
        write_csv(staging / "synthesis_simulation.csv", [simulated])
        if placed:
            write_csv(staging / "fpga.csv", placed)
        write_json(staging / "synthesis.json", about)
        write_text(staging / "synthesis.md", synthesis)
        write_text(staging / "equivalence.md", equivalence)
    lines = [
        f"{library.name}, {library.nand2_area:g} um2 a NAND2; {spec.clock_hz / 1e3:g} kHz\n\n{synthesis}",
        *(f"{note}\n" for note in notes),
        equivalence,
        "{frames} frames, {cycles:,} cycles of the whole accelerator in gates ({engine}), every register compared: "
        "{mismatches} mismatches\n".format(**simulated),
        markdown(placed) if placed else "no FPGA was asked for\n",
        f"written: {out}/\n",
    ]
    return "\n".join(lines)


# ---- gates -------------------------------------------------------------------------------------------------


def _gates(
    design: Design, lanes: Design, library: Library, clock_gates: bool, step: Any
) -> tuple[dict[str, Netlist], list[Row], list[str]]:
    """Return netlists by module, rows and remarks; the flat netlist is under ``"flattened"``."""
    netlists, rows = synthesise_all(design, library, clock_gates=clock_gates, each=step)
    notes = []
    if clock_gates and library.clock_gate is None:
        notes.append(f"{library.name} has no clock gate with an area: no register is gated")
    step(PE)
    pe = netlists[PE] = synthesise_leaf(lanes, PE, library, clock_gates=clock_gates)
    kind = "lanes only"
    rows.insert(-1, row_of(lanes, PE, pe.cells, library, kind=kind, depth=pe.depth, gated=pe.gated_flip_flops))
    step("the whole, flattened")
    try:
        flat = netlists["flattened"] = synthesise_flat(design, library, clock_gates=clock_gates, timeout_s=FLAT_S)
        gated = flat.gated_flip_flops
        rows.append(row_of(design, TOP, flat.cells, library, kind="flattened", depth=flat.depth, gated=gated))
    except TimeoutError as slow:
        notes.append(f"the whole accelerator flattened: {slow}")
    return netlists, rows, notes


def _timed(
    design: Design, lanes: Design, netlists: Mapping[str, Netlist], rows: Sequence[Row], library: Library
) -> list[dict[str, Any]]:
    """Return rows with timing; its columns are empty where OpenSTA is not installed."""
    table = []
    for row in rows:
        name = "flattened" if row.kind == "flattened" else MODULE + row.block
        found = _timing(lanes if name == PE else design, netlists[name], library)
        table.append(
            {
                "block": row.block,
                "kind": row.kind,
                "instances": row.instances,
                "cells": row.cells,
                "flip_flops": row.flip_flops,
                "clock_gates": row.clock_gates,
                "gated_flip_flops": row.gated_flip_flops,
                "nand2_equivalents": round(row.nand2_equivalents, 1),
                "area_um2": round(row.area_um2, 1),
                "depth": row.depth,
                "memory_bits": row.memory_bits,
                "path_ns": None if found is None else round(found.path_ns, 2),
                "slack_ns": None if found is None else round(found.slack_ns, 2),
                "fmax_mhz": None if found is None else round(found.fmax_mhz, 1),
            }
        )
    return table


def _timing(design: Design, netlist: Netlist, library: Library) -> Timing | None:
    """Return what OpenSTA finds, kept by content; None where it is not installed."""
    version = sta_version()
    if version is None:
        return None
    memories = repr(memories_in(design, TOP))
    ours = sources_digest("gates", "rtl.synthesis", "rtl.build_cache")
    parts = (netlist.name, netlist.text, library.text, memories, repr(design.specification.clock_hz))

    def compute() -> dict[str, Any] | None:
        found = time_netlist(design, netlist, library)
        return None if found is None else vars(found)

    found = kept("timing", digest(version, ours, environment_key(), *parts), compute)
    return None if found is None else Timing(**found)


# ---- proofs and simulation ---------------------------------------------------------------------------------


def _small(design: Design, netlist: Netlist, library: Library) -> Netlist:
    """Return the same leaf of a small design, with clock gates if it has some."""
    return synthesise_leaf(design, netlist.name, library, clock_gates=netlist.gated_flip_flops > 0)


def _proved(design: Design, netlist: Netlist, library: Library, step: Any) -> tuple[dict[str, Any], float]:
    """Return the row of a leaf, proved at its own size or at a small one where that takes too long; seconds."""
    block = netlist.name.removeprefix(MODULE)
    step(f"proof of {block}")
    size, proof = "as synthesised", prove_equal(design, netlist, library, timeout_s=PROOF_S)
    if not proof.proved and proof.reason.startswith("stopped"):
        small = build_design(SMALL, design.architecture)
        size, again = "small", prove_equal(small, _small(small, netlist, library), library)
        proof = Proof(**vars(again) | {"reason": f"{again.reason} (full size: {proof.reason})".strip()})
    step(f"wrong gate in {block}")
    # At the small size, if the design is larger: what is asked is whether a proof can fail.
    if design.specification.lanes > SMALL.lanes:
        design = build_design(SMALL, design.architecture)
        netlist = _small(design, netlist, library)
    refused = refuses_a_wrong_gate(design, netlist, library)
    row = {
        "block": block,
        "proved": "yes" if proof.proved else "no",
        "size": size,
        "bits_compared": proof.outputs,
        "registers_inside": proof.registers_inside,
        "wrong_gate_refused": "yes" if refused else "no",
        "remark": proof.reason,
    }
    return row, proof.seconds


def _simulated(checkpoint: Checkpoint, gates: Design, frames: int) -> dict[str, Any]:
    """Run frames from the middle of the shipped clip through the gates; a difference is an exception."""
    spec = checkpoint.specification
    name, codes = clip_codes(checkpoint)
    codes = codes[:frames]

    def compute() -> dict[str, Any]:
        found = cosimulate_verilog(checkpoint, {name: codes}, engine="icarus", design=gates)
        counts = {"frames": found.frames, "cycles": found.cycles, "values_compared": found.values_compared}
        return {"engine": found.engine, **counts}

    files = (part for pair in gates.files.items() for part in pair)
    found = kept("gates", simulation_key(checkpoint, codes, "icarus", *files), compute)
    return {
        "engine": found["engine"],
        "speech": name,
        "lanes": spec.lanes,
        "frames": found["frames"],
        "cycles": found["cycles"],
        "values_compared": found["values_compared"],
        "mismatches": 0,
    }


# ---- FPGA --------------------------------------------------------------------------------------------------


def _placed(spec: Specification, step: Any) -> list[dict[str, Any]]:
    """Return a row for each number of lanes tried, halved until the design fits."""
    rows = []
    lanes = spec.lanes
    while True:
        step(f"ECP5, {lanes} lanes")
        smaller = spec.replace(lanes=lanes, logits_per_cycle=min(lanes, spec.logits_per_cycle))
        row: dict[str, Any] = {"device": f"LFE5U-{DEVICE}", "lanes": lanes, "fits": "yes"}
        row |= dict.fromkeys((f"{name}{part}" for name in RESOURCES.values() for part in ("", "_of")), None)
        row |= {"fmax_mhz": None, "remark": ""}
        try:
            placement = place_and_route(build_design(smaller), timeout_s=FPGA_S)
            row |= _utilisation(placement)
        except TimeoutError as slow:
            row |= {"fits": "unknown", "remark": str(slow)}
        except TooLargeForDeviceError as error:
            row |= {"fits": "no", "remark": str(error).splitlines()[-1]}
        rows.append(row)
        if row["fits"] == "yes" or lanes % 2 or lanes <= 4:
            return rows
        lanes //= 2


def _utilisation(placement: Placement) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for resource, name in RESOURCES.items():
        found |= {name: placement.used[resource], f"{name}_of": placement.available[resource]}
    return found | {"fmax_mhz": round(placement.fmax_mhz, 1)}


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows of the same columns as a table in Markdown."""
    columns = list(rows[0])

    def cell(value: Any) -> str:
        return "" if value is None else f"{value:,}" if isinstance(value, int | float) else str(value)

    lines = ["| " + " | ".join(name.replace("_", " ") for name in columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(cell(row[name]) for name in columns) + " |" for row in rows]
    return "\n".join(lines) + "\n"
