"""Commands about the Verilog: the engines that run it, its export."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from experiments.arguments import add_checkpoint, command, frames, path, seconds, whole


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
    synth.add_argument(
        "--liberty",
        type=path,
        nargs="+",
        metavar="FILE",
        help="standard cells, a library in one file or several (default: osu018 of Debian's qflow-tech-osu018)",
    )
    synth.add_argument("--no-clock-gates", action="store_true", help="registers with an enable keep their clock")
    synth.add_argument("--frames", type=whole, default=5, metavar="N", help="simulated in gates (default: 5)")
    synth.add_argument("--out", type=path, default=Path("results/verilog"), help="folder (default: results/verilog)")

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
        out=given.out,
    )
    print(text, end="")


def _prove(given: argparse.Namespace) -> int:
    from experiments.prove import prove_checkpoint

    text, missed = prove_checkpoint(checkpoint_path=given.checkpoint, timeout_s=given.timeout, out=given.out)
    print(text, end="")
    return int(missed > 0)
