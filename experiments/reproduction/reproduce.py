"""The command: a plan, its run, and what it came to."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from experiments.command.declared import declarations
from experiments.reproduction.plan import Place, plan
from experiments.reproduction.runner import duration, run_jobs

__all__ = ["list_results", "reproduce"]

CELLS_VARIABLE = "RSNN_LIBERTY"
# Where all results go if something is not there that one needs, and no folder is named.
WITHOUT = Path("build/reproduced")


def reproduce(
    names: Sequence[str],
    *,
    quick: bool,
    data: Path | None,
    cells: Path | None,
    side_by_side: int,
    again: bool,
    out: Path | None,
    work: Path | None,
    said: TextIO,
) -> tuple[str, bool]:
    """Make results that are stale.

    Parameters
    ----------
    names : sequence of str
        None is all.
    quick, again : bool
    data, cells, out, work : Path or None
        Folders of corpora, of libraries, of all results, and of what is kept to go on.
    side_by_side : int
    said : TextIO
        Progress.

    Returns
    -------
    text : str
        What it came to.
    failed : bool
        A command failed.

    Raises
    ------
    FileError
        There is no result of a name.
    """
    named = os.environ.get(CELLS_VARIABLE, "")
    place = Place(
        results=out or Path("build/quick" if quick else "results"),
        work=work or Path("work/quick" if quick else "work/reproduce"),
        data=data,
        cells=cells or (Path(named) if named else None),
    )
    chosen = plan(names, place, quick=quick)
    if out is None and not quick and any(job.note for job in chosen.jobs):
        # Results of a corpus are not to be lost to those of a clip.
        place = dataclasses.replace(place, results=WITHOUT)
        chosen = plan(names, place, quick=quick)
    failed = run_jobs(chosen.jobs, work=place.work, side_by_side=side_by_side, again=again, said=said)
    made = len(chosen.jobs) - len(failed)
    lines = [f"{made} of {len(chosen.jobs) + len(chosen.left_out)} results are in {place.results}/"]
    lines += [f"not made: {name}: {why}" for name, why in chosen.left_out.items()]
    lines += [f"{job.result.name}: {job.note}" for job in chosen.jobs if job.note and not quick]
    lines += [f"failed: {name}, see {place.work / name}.log" for name in failed]
    return "\n".join(lines) + "\n", bool(failed)


def list_results(names: Sequence[str]) -> str:
    """Return what each result is, how long it takes and what it needs."""
    lines = []
    for name, (_, result) in declarations().items():
        if names and name not in names:
            continue
        lines.append(f"{name} ({duration(60 * result.minutes)}): {result.makes}")
        lines.append(f"    rsnn {' '.join(result.command)}")
        lines.append(f"    results/{result.folder}/: {', '.join((*result.outputs, *result.varies))}")
        lines += [f"    needs {need}" for need in result.needs]
    return "\n".join(lines) + "\n"
