"""Arguments that several commands share."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path
from typing import Any

from files.reading import whole_number

# What counts frames, processes and so on in a command; more is a slip of the hand.
MOST = 10**9
# Beyond any machine; tens of thousands of threads take all its memory.
MOST_THREADS = 1024
# Supplies that `power.operating_point` prices.
LEAST_V, MOST_V = 0.5, 0.9
# Of a random generator: what torch, NumPy and the C libraries below them take alike.
MOST_SEED = 2**31 - 1


class Parser(argparse.ArgumentParser):
    """A parser whose help, where it cannot be printed, is an error like any other: argparse passes over it."""

    def print_help(self, file: Any = None) -> None:
        """Print the help whole."""
        stream = sys.stdout if file is None else file
        stream.write(self.format_help())
        stream.flush()


def add_checkpoint(command: argparse.ArgumentParser) -> None:
    """Add ``--checkpoint``."""
    command.add_argument("--checkpoint", type=path, help="network to run (default: the embedded one)")


def add_engine(command: argparse.ArgumentParser) -> None:
    """Add ``--engine``."""
    command.add_argument(
        "--engine",
        choices=["myhdl", "lock-step", "icarus", "verilator"],
        default="myhdl",
        help="MyHDL runs the blocks, the others their Verilog; lock-step: Icarus, driven by MyHDL (default: myhdl)",
    )


def add_data(command: argparse.ArgumentParser) -> None:
    """Add ``--data``."""
    command.add_argument("--data", type=path, help="folder that holds the corpora (default: $RSNN_DATA)")


def path(text: str) -> Path:
    """Return the name of a file or folder; an empty one would be the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("'': expected a name")
    return Path(text)


def frames(text: str) -> int | None:
    """Return a number of frames from 1, or None for "all"."""
    if text == "all":
        return None
    value = whole_number(text, least=1, most=MOST)
    if value is None:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: expected a number of frames from 1, or 'all'")
    return value


def longest_path(text: str) -> tuple[float, str, float]:
    """Return nanoseconds, node and volts of "22.68:180:1.8"; which nodes and volts there are, `power.scaling` says."""
    parts = text.split(":")
    try:
        nanoseconds, volts = float(parts[0]), float(parts[-1])
    except ValueError:
        nanoseconds = volts = math.nan
    if len(parts) != 3 or not 0 < nanoseconds < 1e9 or not 0 < volts < 100:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: expected NS:NODE:V, such as 22.68:180:1.8")
    return nanoseconds, parts[1], volts


def volts(text: str) -> float:
    """Return a supply voltage within those that energies, delays and leakage are known for."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not LEAST_V <= value <= MOST_V:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: expected volts in {LEAST_V}..{MOST_V}")
    return value


def whole(text: str) -> int:
    """Return a whole number from 1."""
    value = whole_number(text, least=1, most=MOST)
    if value is None:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: expected a whole number in 1..{MOST:,}")
    return value


def share(text: str) -> float:
    """Return a share above 0, at most 1."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: expected a number above 0, at most 1")
    return value


def wires(text: str) -> str:
    """Return ``none``, or micrometres a pin and femtofarads a micrometre as "2.2:0.2"."""
    parts = text.split(":")
    try:
        right = text == "none" or (len(parts) == 2 and all(0 <= float(part) < 1e6 for part in parts))
    except ValueError:
        right = False
    if not right:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: expected UM:FF, such as 2.2:0.2, or none")
    return text


def count(text: str) -> int:
    """Return a whole number from 0."""
    value = whole_number(text, least=0, most=MOST)
    if value is None:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: expected a whole number in 0..{MOST:,}")
    return value


def threads(text: str) -> int:
    """Return a number of threads from 1."""
    value = whole_number(text, least=1, most=MOST_THREADS)
    if value is None:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: expected a whole number in 1..{MOST_THREADS:,}")
    return value


def seed(text: str) -> int:
    """Return a seed of random numbers."""
    value = whole_number(text, least=1, most=MOST_SEED)
    if value is None:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: expected a whole number in 1..{MOST_SEED:,}")
    return value


def seconds(text: str) -> float:
    """Return a number of seconds, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= MOST:
        raise argparse.ArgumentTypeError(f"{text[:40]!r}: expected a number of seconds in 0..{MOST:,}")
    return value


def add_liberty(command: argparse.ArgumentParser) -> None:
    """Add ``--liberty``."""
    command.add_argument(
        "--liberty",
        type=path,
        nargs="+",
        metavar="FILE",
        help="standard cells, a library in one file or several (default: osu018 of Debian's qflow-tech-osu018)",
    )


def add_synthesis(command: argparse.ArgumentParser) -> None:
    """Add ``--synthesis``."""
    command.add_argument(
        "--synthesis",
        type=path,
        default=Path("results/verilog/synthesis.csv"),
        help="gates by block, as 'rsnn synth' writes them (default: results/verilog/synthesis.csv)",
    )


def add_out(command: argparse.ArgumentParser, default: str) -> None:
    """Add ``--out``."""
    command.add_argument("--out", type=path, default=Path(default), help=f"folder to write (default: {default})")


def add_split(command: argparse.ArgumentParser) -> None:
    """Add ``--split``."""
    command.add_argument("--split", choices=["train", "test"], default="test", help="of speechocean762 (default: test)")


def add_workers(command: argparse.ArgumentParser) -> None:
    """Add ``--workers`` and ``--scheduler``."""
    command.add_argument("--workers", type=threads, default=1, metavar="N", help="processes here (default: 1)")
    command.add_argument(
        "--scheduler", default="", metavar="ADDRESS", help="of a Dask cluster, tcp://host:8786 (default: none)"
    )


def add_results(command: argparse.ArgumentParser) -> None:
    """Add ``--results``."""
    command.add_argument(
        "--results", type=path, default=Path("results"), help="folder of all results, to read (default: results)"
    )
