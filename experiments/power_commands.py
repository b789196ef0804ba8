"""The commands about power that go beyond a run's own: inference, operating points, over time, by technique."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from experiments.arguments import add_checkpoint, add_data, command, frames, longest_path, path, whole

# Each takes a row a cycle, all held at once.
MOST_WITHIN = 100
# As `experiments.techniques` has them; that module takes seconds to load.
ENGINES = ("verilator", "icarus", "myhdl")


def add_power_commands(commands: Any) -> None:
    """Add ``inference``, ``operating-points``, ``power-curve`` and ``techniques``."""
    inference = command(
        commands,
        "inference",
        _inference,
        "what the paper's stated figures imply under each way of counting operations (ours)",
        "rsnn inference --out results/power",
    )
    _add_synthesis(inference)
    inference.add_argument(
        "--frame-cycles",
        type=whole,
        default=579,
        metavar="N",
        help="cycles of a frame, besides the budget's 1,000 (default: 579, our mean)",
    )
    _add_out(inference)

    points = command(
        commands,
        "operating-points",
        _operating_points,
        "power of a result folder against frequency, voltage and threshold class; efficiency by counting",
        "rsnn operating-points results/demo --out results/power",
    )
    points.add_argument("folder", type=path, help="folder that 'rsnn run' wrote")
    _add_synthesis(points)
    points.add_argument(
        "--path",
        type=longest_path,
        default="22.68:180:1.8",
        metavar="NS:NODE:V",
        help="longest path, the node and voltage that it was found at (default: 22.68:180:1.8, osu018 flattened)",
    )
    _add_out(points)


    curve = command(
        commands,
        "power-curve",
        _power_curve,
        "power of every frame and cycle of a sound file, energy by phase and of a row read, a spike and a SOP",
        "rsnn power-curve speech.wav --frames 100 --out results/power",
    )
    curve.add_argument("speech", nargs="?", type=path, help="WAV, FLAC or NIST SPHERE (the shipped clip by default)")
    add_checkpoint(curve)
    curve.add_argument("--frames", type=frames, default=None, metavar="N", help="from the first (default: all)")
    curve.add_argument(
        "--within",
        type=int,
        choices=range(1, MOST_WITHIN + 1),
        default=3,
        metavar="N",
        help=f"frames of which every cycle is priced, at most {MOST_WITHIN} (default: 3)",
    )
    _add_synthesis(curve)
    _add_out(curve)

    worth = command(
        commands,
        "techniques",
        _techniques,
        "what each technique is worth: each off, and from dense to the shipped design, on real utterances",
        "rsnn techniques --data ~/corpora --utterances 50 --out results/power/techniques",
    )
    add_checkpoint(worth)
    add_data(worth)
    worth.add_argument(
        "--utterances", type=whole, default=50, metavar="N", help="every nth of speechocean762's test set (default: 50)"
    )
    worth.add_argument(
        "--engines",
        nargs="+",
        choices=ENGINES,
        default=list(ENGINES),
        help="Verilator runs whole utterances, the others a few frames (default: all)",
    )
    worth.add_argument(
        "--rtl-every",
        type=whole,
        default=1,
        metavar="N",
        help="of these the engines run every Nth, golden all (default: 1, all: 720 million cycles, about an hour)",
    )
    worth.add_argument(
        "--liberty",
        type=path,
        nargs="+",
        metavar="FILE",
        help="standard cells, a library in one file or several (default: osu018 of Debian's qflow-tech-osu018)",
    )
    worth.add_argument("--no-gates", action="store_true", help="no synthesis: gates of power/tables/gates.csv")
    _add_out(worth)


def _add_synthesis(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--synthesis",
        type=path,
        default=Path("results/verilog/synthesis.csv"),
        help="gates by block, as 'rsnn synth' writes them (default: results/verilog/synthesis.csv)",
    )


def _add_out(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", type=path, default=Path("results/power"), help="folder (default: results/power)")


# Each import stands in its command, so that --help does not wait for numba and matplotlib.


def _inference(given: argparse.Namespace) -> None:
    from experiments.inference import infer

    print(infer(synthesis=given.synthesis, out=given.out, frame_cycles=float(given.frame_cycles)), end="")


def _operating_points(given: argparse.Namespace) -> None:
    from experiments.operating_points import operating_points
    from power.operating_point import LongestPath

    path = LongestPath(*given.path)
    print(operating_points(given.folder, synthesis=given.synthesis, path=path, out=given.out), end="")


def _power_curve(given: argparse.Namespace) -> None:
    from experiments.power_curve import power_curve

    text = power_curve(
        speech=given.speech,
        checkpoint_path=given.checkpoint,
        frames=given.frames,
        within=given.within,
        synthesis=given.synthesis,
        out=given.out,
    )
    print(text, end="")


def _techniques(given: argparse.Namespace) -> None:
    from experiments.techniques import techniques

    text = techniques(
        data=given.data,
        checkpoint_path=given.checkpoint,
        utterances=given.utterances,
        engines=list(dict.fromkeys(given.engines)),
        liberty=given.liberty,
        gates=not given.no_gates,
        every=given.rtl_every,
        out=given.out,
    )
    print(text, end="")
