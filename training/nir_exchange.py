"""Networks to and from NIR files: ``python -m training.nir_exchange``; docs/nir.md says what is kept and lost."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from golden.checkpoint import DEFAULT_CHECKPOINT, load_checkpoint, save_checkpoint
from golden.errors import GoldenError
from training.nir_export import write_nir
from training.nir_graph import NirError
from training.nir_import import ImportSettings, read_nir

_EXAMPLE = """examples:
  python -m training.nir_exchange export golden/checkpoints/default.npz network.nir
  python -m training.nir_exchange import network.nir network.npz
  python -m training.nir_exchange import snntorch.nir network.npz --weight-bits 8 --input-scale -5
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Export or import; print what is lost. Returns 2 for bad input, after a sentence on standard error."""
    parser = argparse.ArgumentParser(
        prog="python -m training.nir_exchange",
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
    bring.add_argument("--weight-bits", type=int, choices=(4, 8, 16), default=default.weight_bits)
    bring.add_argument("--input-bits", type=int, default=default.input_bits, help="of a code, 2..16 (%(default)s)")
    bring.add_argument(
        "--input-scale", type=int, default=default.input_scale,
        help="log2 of what a code is worth to the graph; 0 for spikes (%(default)s)",
    )
    bring.add_argument(
        "--guard-bits", type=int, default=default.guard_bits,
        help="membrane bits below the finest weight, 0..16 (%(default)s)",
    )
    bring.add_argument(
        "--membrane-bits", type=int, default=default.membrane_bits, help="widest membrane, 4..32 (%(default)s)"
    )
    bring.add_argument(
        "--leak-tolerance", type=float, default=default.leak_tolerance,
        help="largest change of a layer's beta (%(default)s)",
    )
    bring.add_argument("--dt", type=float, default=None, help="seconds of a time step (the file's, or 1e-4)")
    bring.add_argument(
        "--ignore-metadata", action="store_true", help="take a graph that this project wrote for any other"
    )
    given = parser.parse_args(arguments)
    try:
        if given.command == "export":
            lost = write_nir(given.nir, load_checkpoint(given.checkpoint))
            print(f"{given.nir}: written. What the graph cannot say, its metadata do (docs/nir.md):")
        else:
            names = ("weight_bits", "input_bits", "input_scale", "guard_bits", "membrane_bits", "leak_tolerance")
            settings = ImportSettings(
                **{name: getattr(given, name) for name in names}, dt=given.dt, ignore_metadata=given.ignore_metadata
            )
            imported = read_nir(given.nir, settings)
            save_checkpoint(given.checkpoint, imported.checkpoint)
            lost = imported.lost
            print(f"{given.checkpoint}: written." + (" What changed:" if lost else " Nothing is lost: our own export."))
    except (NirError, GoldenError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for line in lost:
        print(f"- {line}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
