"""Power from a result folder's activity, with the tables of constants as they are now or with rows of one's own."""

from __future__ import annotations

from pathlib import Path

from experiments.run import COMMAND
from files.folder import committed
from power.activity import parse_activity, parse_run, read_activity, read_run
from power.energy import estimate_classes
from power.report import PAPER_POWER_UW, table


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
        Power by block and by component: median, 5th and 95th percentile, in microwatts.

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
    lines = ["uW by class of cells, median (5th-95th percentile):", *table(chosen)]
    return "\n".join(lines) + f"\n  paper, stated: {PAPER_POWER_UW} uW, class not stated\n"
