"""The experiments: every file at the top of ``experiments/`` declares one."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

import experiments as room
from experiments.command.experiment import Experiment, Result


@cache
def experiments() -> tuple[Experiment, ...]:
    """Return all, ``rsnn run`` first, the others by name."""
    names = [module.name for module in pkgutil.iter_modules(room.__path__) if not module.ispkg]
    found = [import_module(f"experiments.{name}").EXPERIMENT for name in names]
    return tuple(sorted(found, key=lambda one: (one.name != "run", one.name)))


def results() -> dict[str, Result]:
    """Return what of ``results/`` is made by which command line, by name."""
    return {result.name: result for experiment in experiments() for result in experiment.results}
