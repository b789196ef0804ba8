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


def declarations() -> dict[str, tuple[str, Result]]:
    """Return the module that declares each result, and the result, by its name."""
    found: dict[str, tuple[str, Result]] = {}
    for experiment in experiments():
        for result in experiment.results:
            if result.name in found:
                raise ValueError(f"{result.name}: declared twice")
            found[result.name] = (f"experiments.{experiment.name.replace('-', '_')}", result)
    return found
