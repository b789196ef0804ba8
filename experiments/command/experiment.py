"""What an experiment declares: its command, and the results that are made with it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["CELLS", "CORPUS", "FSDD", "MAIN_JOB", "SIMULATORS", "TIMIT_SAMPLE", "TRAINING", "Experiment", "Result"]

# Its folder is what others go on from.
MAIN_JOB = "rsnn run"
# What a result may need that is not in the repository, with where it can be had.
CORPUS = "speechocean762 (openslr.org/101), in --data or $RSNN_DATA"
FSDD = "fsdd (github.com/Jakobovski/free-spoken-digit-dataset), in --data or $RSNN_DATA"
TIMIT_SAMPLE = "the TIMIT sample of NLTK (timit), in --data or $RSNN_DATA"
SIMULATORS = "Icarus, Verilator, Yosys and a solver (make tools)"
CELLS = "libraries of cells, in --cells or $RSNN_LIBERTY (docs/gates.md says where each can be had)"
TRAINING = "the extra [train]"


@dataclass(frozen=True, kw_only=True)
class Result:
    """Files below ``results/`` that one command line makes.

    Words of a command line may hold ``{out}``, the result's folder; ``{results}``, the folder of all; ``{data}`` and
    ``{cells}``, folders of corpora and of libraries (a pattern of files anywhere below it); ``{work}``, where what is
    computed once is kept.

    Parameters
    ----------
    name : str
        What ``rsnn reproduce`` calls it.
    makes : str
        Tables and plots, for a reader of ``rsnn reproduce --list``.
    command : tuple of str
        Words after ``rsnn``.
    quick : tuple of str
        The same on little speech, for ``--quick`` and where there is no corpus; empty: as `command`.
    folder : str
        Below ``results/``.
    outputs : tuple of str
        Files in it that the command makes, all with the same bytes each time.
    full_only : tuple of str
        Of `outputs`, those that `quick` does not make.
    varies : tuple of str
        Files whose bytes no run repeats: speeds.
    inputs : tuple of str
        Files below ``results/`` that it reads: another result makes them.
    needs : tuple of str
    minutes : float
        On two cores, measured.
    """

    name: str
    makes: str
    command: tuple[str, ...]
    folder: str
    outputs: tuple[str, ...]
    minutes: float
    quick: tuple[str, ...] = ()
    full_only: tuple[str, ...] = ()
    varies: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One command of ``rsnn``: a file at the top of ``experiments/``, which imports nothing heavy before it works.

    Parameters
    ----------
    name : str
        Of the command.
    what, example : str
        For its help.
    arguments : callable
        Adds its arguments to a parser.
    work : callable
        Does it, given what was parsed; returns an exit status, None for 0.
    results : tuple of Result
        What of ``results/`` is made with it.
    """

    name: str
    what: str
    example: str
    arguments: Callable[[argparse.ArgumentParser], None]
    work: Callable[[argparse.Namespace], int | None]
    results: tuple[Result, ...] = ()
