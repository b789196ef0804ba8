"""Arguments that the commands which train share, and what they make of them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from experiments.command.arguments import add_data, path, whole

if TYPE_CHECKING:
    from training.stages.recipe import Settings


def add_training(command: argparse.ArgumentParser, *, recipe: bool = True, corpus: str = "speechocean762") -> None:
    """Add corpus, recipe, folders and the machine's.

    Parameters
    ----------
    command : argparse.ArgumentParser
    recipe : bool
        Without it the command names recipes in its own way.
    corpus : str
        Default of ``--corpus``.
    """
    command.add_argument(
        "--corpus",
        choices=["speechocean762", "timit", "timit_sample", "synthetic", "fsdd", "synthetic_digits"],
        default=corpus,
        help=f"(default: {corpus}); synthetic: spoken by flite, to try things out; "
        "fsdd: spoken digits, one class a file, with a recipe such as digits; synthetic_digits: flite's",
    )
    add_data(command)
    command.add_argument("--work", type=path, required=True, help="folder for what is computed once; to go on, name it")
    if recipe:
        command.add_argument(
            "--recipe", default="default", help="name in training/recipes, or a .toml file (default: default)"
        )
    command.add_argument("--phones", choices=["cmu", "timit"], default="", help="phone set (default: the corpus' own)")
    command.add_argument("--trees", type=path, help="tied states of another run (senones-*.npz)")
    command.add_argument("--skip-damaged", action="store_true", help="leave damaged files out, name and count them")
    command.add_argument("--workers", type=whole, default=2, help="processes and threads (default: 2)")
    command.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="where torch trains (default: cpu)")


def settings(given: argparse.Namespace) -> Settings:
    """Return what `add_training` was given.

    Raises
    ------
    MissingExtraError
        Torch is not installed.
    """
    try:
        from training.preparation.corpora import Source
        from training.stages.recipe import Settings
    except ModuleNotFoundError as missing:
        from training.errors import MissingExtraError

        raise MissingExtraError(
            f"training needs {missing.name}: pip install -e '.[train]' (make test installs it too)"
        ) from missing
    source = Source(
        corpus=given.corpus,
        data=given.data,
        work=given.work,
        fold=getattr(given, "fold", 0),
        phone_set=given.phones,
        skip_damaged=given.skip_damaged,
        workers=given.workers,
    )
    named = {"recipe": given.recipe} if hasattr(given, "recipe") else {}
    return Settings(source=source, **named, workers=given.workers, device=given.device, trees=given.trees)
