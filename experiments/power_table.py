"""Power from a result folder's activity, with the tables of constants as they are now or with rows of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from experiments.run import COMMAND
from files.folder import committed
from power.activity import parse_activity, parse_run, read_activity, read_run
from power.constants import load_constants
from power.energy import estimate_classes, price
from power.report import PAPER_POWER_UW, table
from power.uncertainty import tornado


def power_of_folder(folder: Path, *, constants: Path | None, as_is: bool = False, threshold: str | None = None) -> str:
    """Estimate power anew from ``activity.csv`` and ``run.json``.

    Parameters
    ----------
    folder : Path
        As ``rsnn run`` writes it: both files must be those of one run, by the folder's manifest.
    constants : Path or None
        Table in the form of ``power/tables/*.csv``, whose rows replace those; None changes nothing.
    as_is : bool
        Take the files whatever the manifest says.
    threshold : {"HVT", "SVT", "LVT"}, optional
        Class of cells; None is all, each in a column of its own.

    Returns
    -------
    str
        Power by block and by component: median, 5th and 95th percentile, in microwatts; and a tornado, the widest
        swing first.

    Raises
    ------
    FileError
        The folder is of no run, or a file of it was changed since.
    ActivityError, ConstantsError
        What cannot be read, by file, row and column.
    """
    activity, description = folder / "activity.csv", folder / "run.json"
    if as_is:
        rows, run = read_activity(activity), read_run(description)
    else:
        with committed(folder, written_by=COMMAND) as read:
            rows = parse_activity(read(activity.name), str(activity))
            run = parse_run(read(description.name), str(description))
    reports = estimate_classes(rows, run, constants)
    chosen = reports if threshold is None else {threshold: reports[threshold]}
    lines = [
        "uW by class of cells, median (5th-95th percentile):",
        *table(chosen),
        f"  paper, stated: {PAPER_POWER_UW} uW, class of cells not stated",
        "What carries the spread: the total with one group of constants at its low and at its high bounds, all others "
        "typical:",
    ]

    def total(values: Mapping[str, float]) -> float:
        return sum(price(rows, run, values).values())

    for name in chosen:
        lines += [
            f"  {name}  {swing.group:<20}{swing.low:10.2f} to {swing.high:10.2f}"
            for swing in tornado(total, load_constants(constants, name))
            if swing.low != swing.high
        ]
    return "\n".join(lines) + "\n"
