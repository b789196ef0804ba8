"""Commands about the Verilog: the engines that run it, its export."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from experiments.arguments import (
    add_checkpoint,
    add_data,
    command,
    count,
    frames,
    path,
    seconds,
    share,
    threads,
    whole,
    wires,
)


def add_verilog_commands(commands: Any) -> None:
    """Add the subcommands to the parser of ``rsnn``."""
    engines = command(
        commands,
        "engines",
        _engines,
        "the same frames on every simulator: speed, mismatches, toggles; and their SAIF",
        "rsnn engines speech.wav --frames 50 --out results/verilog",
    )
    engines.add_argument("speech", nargs="?", type=path, help="WAV, FLAC or NIST SPHERE (default: the shipped clip)")
    add_checkpoint(engines)
    engines.add_argument("--frames", type=frames, default=20, metavar="N", help="of the file, or 'all' (default: 20)")
    engines.add_argument("--out", type=path, default=Path("results/verilog"), help="folder (default: results/verilog)")

    export = command(
        commands,
        "export",
        _export,
        "the accelerator as Verilog: a module a block, weights, testbench, constraints, README",
        "rsnn export --out build/verilog --frames 20",
    )
    export.add_argument("speech", nargs="?", type=path, help="sound of the testbench's vectors (default: shipped clip)")
    add_checkpoint(export)
    export.add_argument("--frames", type=whole, default=20, metavar="N", help="frames of vectors (default: 20)")
    export.add_argument(
        "--architecture",
        choices=["sliced", "lanes"],
        default="sliced",
        help="PE sets bit plane by bit plane, or a PE instance a lane (default: sliced)",
    )
    export.add_argument("--arg-max", action="store_true", help="the stream gives one arg-max a frame, not its logits")
    export.add_argument("--out", type=path, default=Path("results/export"), help="folder (default: results/export)")

    synth = command(
        commands,
        "synth",
        _synth,
        "gates of every block: area, timing, proofs, gate-level simulation, an FPGA",
        "rsnn synth --liberty my_cells.lib --out results/verilog",
    )
    add_checkpoint(synth)
    _add_liberty(synth)
    synth.add_argument("--no-clock-gates", action="store_true", help="registers with an enable keep their clock")
    synth.add_argument("--frames", type=whole, default=5, metavar="N", help="simulated in gates (default: 5)")
    synth.add_argument("--no-fpga", action="store_true", help="leave out place and route, which takes up to an hour")
    synth.add_argument("--out", type=path, default=Path("results/verilog"), help="folder (default: results/verilog)")

    gates = command(
        commands,
        "gates",
        _gates,
        "what every net of the netlist does over utterances, glitches, and the gates held against golden",
        "rsnn gates speech.wav --liberty my_cells.lib --icarus-frames 3 --out results/mine",
    )
    what = gates.add_mutually_exclusive_group()
    said = "WAV, FLAC or NIST SPHERE (default: the shipped clip from its middle)"
    what.add_argument("speech", nargs="*", type=path, default=[], help=said)
    what.add_argument("--split", choices=["train", "test"], help="all of this part of speechocean762, no files")
    add_data(gates)
    add_checkpoint(gates)
    _add_liberty(gates)
    gates.add_argument("--no-clock-gates", action="store_true", help="registers with an enable keep their clock")
    gates.add_argument("--frames", type=frames, default=None, metavar="N", help="of each file (default: all)")
    gates.add_argument(
        "--power-frames", type=whole, default=40, metavar="N", help="of the clip: glitches, states, power (default: 40)"
    )
    gates.add_argument(
        "--wires", type=wires, metavar="UM:FF", help="um a pin, fF a um, or 'none' (default: the library's, or assumed)"
    )
    gates.add_argument(
        "--utilisation", type=share, default=0.75, metavar="X", help="of the rows by cells, for area (default: 0.75)"
    )
    gates.add_argument(
        "--icarus-frames", type=count, default=0, metavar="N", help="of the clip, net by net in Icarus (default: 0)"
    )
    gates.add_argument("--opensta", action="store_true", help="write netlist, SAIF of its nets and a script, too")
    gates.add_argument("--threads", type=threads, default=2, metavar="N", help="(default: 2)")
    gates.add_argument("--out", type=path, default=Path("results/power/gates"), help="(default: results/power/gates)")

    prove = command(
        commands,
        "prove",
        _prove,
        "properties of controller, zero-skip unit and streams, proved for every input",
        "rsnn prove --out results/verilog",
    )
    add_checkpoint(prove)
    prove.add_argument(
        "--timeout",
        type=seconds,
        default=900.0,
        metavar="S",
        help="a proof that takes longer at the network's size is given at a small one; 0 = small alone (default: 900)",
    )
    prove.add_argument("--out", type=path, default=Path("results/verilog"), help="folder (default: results/verilog)")


def _add_liberty(added: argparse.ArgumentParser) -> None:
    added.add_argument(
        "--liberty",
        type=path,
        nargs="+",
        metavar="FILE",
        help="standard cells, a library in one file or several (default: osu018 of Debian's qflow-tech-osu018)",
    )


# Each import stands in its command, so that --help waits for none of them.


def _engines(given: argparse.Namespace) -> None:
    from experiments.engines import compare_engines

    text = compare_engines(checkpoint_path=given.checkpoint, speech=given.speech, frames=given.frames, out=given.out)
    print(text, end="")


def _export(given: argparse.Namespace) -> None:
    from experiments.export import export

    text = export(
        checkpoint_path=given.checkpoint,
        speech=given.speech,
        frames=given.frames,
        architecture=given.architecture,
        out=given.out,
        arg_max=given.arg_max,
    )
    print(text, end="")


def _synth(given: argparse.Namespace) -> None:
    from experiments.synth import synthesise_checkpoint

    text = synthesise_checkpoint(
        checkpoint_path=given.checkpoint,
        liberty=given.liberty,
        clock_gates=not given.no_clock_gates,
        frames=given.frames,
        fpga=not given.no_fpga,
        out=given.out,
    )
    print(text, end="")


def _gates(given: argparse.Namespace) -> None:
    from experiments.gates import gate_experiment
    from experiments.utterances import corpus_files

    text = gate_experiment(
        corpus_files(given.data, given.split) if given.split else given.speech,
        checkpoint_path=given.checkpoint,
        liberty=given.liberty,
        clock_gates=not given.no_clock_gates,
        frames=given.frames,
        power_frames=given.power_frames,
        wires=given.wires,
        utilisation=given.utilisation,
        opensta=given.opensta,
        icarus_frames=given.icarus_frames,
        threads=given.threads,
        out=given.out,
    )
    print(text, end="")


def _prove(given: argparse.Namespace) -> int:
    from experiments.prove import prove_checkpoint

    text, missed = prove_checkpoint(checkpoint_path=given.checkpoint, timeout_s=given.timeout, out=given.out)
    print(text, end="")
    return int(missed > 0)
