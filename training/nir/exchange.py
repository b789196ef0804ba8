"""Networks to and from NIR files: ``python -m training.nir.exchange``; docs/nir.md says what is kept and lost."""

from __future__ import annotations

import argparse
import math
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

# NumPy, nir and torch are imported in `main`, so that an interruption meanwhile ends as any other.
from files.errors import WriteError
from files.interruption import interruptible
from files.reading import whole_number
from files.writing import whole_file

_EXAMPLE = """examples:
  python -m training.nir.exchange export golden/checkpoints/default.npz network.nir
  python -m training.nir.exchange import network.nir network.npz
  python -m training.nir.exchange import snntorch.nir network.npz --weight-bits 8 --input-scale -5

exit codes: 0, 2 for what is refused, 3 for a fault of the program, 130 for an interruption
"""
_FAULT = "this is a fault of the program; please report it with the command and the file"


def main(arguments: Sequence[str] | None = None) -> int:
    """Export or import; print what looks wrong, and what is lost.

    Returns
    -------
    int
        0; 2 for bad input, after a line on standard error; 3 for a fault of the program; 130 after an interruption.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a file's name may be no text
    try:
        with interruptible():
            return _main(arguments)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except MemoryError:
        print("error: not enough memory", file=sys.stderr)
        return 2
    except Exception:
        traceback.print_exc()
        print(f"error: {_FAULT}", file=sys.stderr)
        return 3


def _main(arguments: Sequence[str] | None) -> int:
    try:
        from golden.errors import GoldenError
        from training.nir.graph import NirError

        parser = _parser()
    except ModuleNotFoundError as missing:
        print(f"error: NIR needs {missing.name}: pip install -e '.[train]'", file=sys.stderr)
        return 2
    given = parser.parse_args(arguments)
    try:
        lines = _export(given) if given.command == "export" else _import(given)
    except (NirError, GoldenError, OSError) as error:
        print(f"error: {_line(str(error))}", file=sys.stderr)
        return 2
    for line in lines:
        print(_line(line))
    return 0


def _export(given: argparse.Namespace) -> list[str]:
    from golden.checkpoint import load_checkpoint
    from training.nir.exporting import beyond_nir, nir_bytes

    _refuse_one_file(given.checkpoint, given.nir)
    with whole_file(given.nir) as file:
        checkpoint = load_checkpoint(given.checkpoint)
        file.write(nir_bytes(checkpoint))
    said = f"{given.nir}: written. What the graph cannot say, its metadata do (docs/nir.md):"
    return [said, *(f"- {line}" for line in beyond_nir(checkpoint))]


def _import(given: argparse.Namespace) -> list[str]:
    from golden.checkpoint import save_checkpoint
    from training.nir.importing import read_nir
    from training.nir.settings import ImportSettings

    names = ("weight_bits", "input_bits", "input_scale", "guard_bits", "membrane_bits", "leak_tolerance", "dt")
    settings = ImportSettings(**{name: getattr(given, name) for name in names}, ignore_metadata=given.ignore_metadata)
    _refuse_one_file(given.nir, given.checkpoint)
    # Before any work, so that what cannot be written is refused at once.
    with whole_file(given.checkpoint) as file:
        imported = read_nir(given.nir, settings)
        try:
            save_checkpoint(file.name, imported.checkpoint)
        except OSError as error:
            raise WriteError(given.checkpoint, error) from error
    own = "" if imported.lost else " Nothing is lost: our own export."
    changed = " What was assumed, and what changed:" if imported.lost else ""
    return [
        *(f"warning: {line}" for line in imported.warnings),
        f"{given.checkpoint}: written.{own}{changed}",
        *(f"- {line}" for line in imported.lost),
    ]


def _refuse_one_file(given: Path, out: Path) -> None:
    from training.nir.graph import NirError

    try:
        same = os.path.samefile(given, out)
    except (OSError, ValueError):
        return
    if same:
        raise NirError(f"{out}: is the file to read, expected another to write")


def _line(text: str) -> str:
    """Return text as one line that can be printed, whatever a file's name holds."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _whole(text: str) -> int:
    digits = text.strip().removeprefix("-")
    value = whole_number(digits, most=10**6)
    if value is None:
        raise argparse.ArgumentTypeError("expected a whole number of at most 7 digits")
    return -value if text.strip().startswith("-") else value


def _real(text: str) -> float:
    try:
        value = float(text) if len(text) <= 40 else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError("expected a finite number of at most 40 characters")
    return value


def _parser() -> argparse.ArgumentParser:
    from golden.checkpoint import DEFAULT_CHECKPOINT
    from training.nir.settings import ImportSettings

    parser = argparse.ArgumentParser(
        prog="python -m training.nir.exchange",
        description="Write a checkpoint as a NIR graph, or make a checkpoint of one, and say what is lost.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser("export", help="checkpoint (.npz) to NIR (.nir)")
    export.add_argument("checkpoint", type=Path, help=f"such as {DEFAULT_CHECKPOINT.name}")
    export.add_argument("nir", type=Path)
    bring = commands.add_parser("import", help="NIR (.nir) to checkpoint (.npz)")
    bring.add_argument("nir", type=Path)
    bring.add_argument("checkpoint", type=Path)
    default = ImportSettings()
    bring.add_argument("--weight-bits", type=_whole, choices=(4, 8, 16), default=default.weight_bits)
    bring.add_argument("--input-bits", type=_whole, default=default.input_bits, help="of a code, 2..16 (%(default)s)")
    bring.add_argument(
        "--input-scale", type=_whole, default=default.input_scale,
        help="log2 of what a code is worth to the graph; 0 for spikes (%(default)s)",
    )
    bring.add_argument(
        "--guard-bits", type=_whole, default=default.guard_bits,
        help="membrane bits below the finest weight, 0..16 (%(default)s)",
    )
    bring.add_argument(
        "--membrane-bits", type=_whole, default=default.membrane_bits, help="widest membrane, 4..32 (%(default)s)"
    )
    bring.add_argument(
        "--leak-tolerance", type=_real, default=default.leak_tolerance,
        help="largest change of a layer's beta (%(default)s)",
    )
    bring.add_argument("--dt", type=_real, default=None, help="seconds of a time step (the file's, or 1e-4)")
    bring.add_argument(
        "--ignore-metadata", action="store_true", help="take a graph that this project wrote for any other"
    )
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
