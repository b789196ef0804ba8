"""Power from a result folder's activity, with the table of constants as it is now or another one."""

from __future__ import annotations

from pathlib import Path

from experiments.run import COMMAND
from files.folder import committed
from power.activity import parse_activity, parse_run, read_activity, read_run
from power.constants import load_constants
from power.energy import estimate
from power.report import PAPER_POWER_UW


def power_of_folder(folder: Path, *, constants: Path | None, as_is: bool = False) -> str:
    """Estimate power anew from ``activity.csv`` and ``run.json``.

    Parameters
    ----------
    folder : Path
        As ``rsnn run`` writes it: both files must be those of one run, by the folder's manifest.
    constants : Path or None
        Table in the form of ``power/tables/energy_28nm.csv``; None is that one.
    as_is : bool
        Take the files whatever the manifest says.

    Returns
    -------
    str
        Power by block and by component, low, typical and high, in microwatts.

    Raises
    ------
    FileError
        The folder is of no run, or a file of it was changed since.
    ActivityError, ConstantsError
        What cannot be read, by file, row and column.
    """
    table = load_constants() if constants is None else load_constants(constants)
    activity, description = folder / "activity.csv", folder / "run.json"
    if as_is:
        rows, run = read_activity(activity), read_run(description)
    else:
        with committed(folder, written_by=COMMAND) as read:
            rows = parse_activity(read(activity.name), str(activity))
            run = parse_run(read(description.name), str(description))
    report = estimate(rows, run, table)
    lines = ["uW, low / typical / high"]
    for title, sums in (("by block", report.by_block()), ("by component", report.by_component())):
        lines.append(f"{title}:")
        for name, bounds in sorted(sums.items(), key=lambda item: -item[1].typical):
            lines.append(f"  {name:<16}{bounds.low:10.4f} /{bounds.typical:10.4f} /{bounds.high:10.4f}")
    total = report.total
    lines.append(
        f"{'total':<18}{total.low:10.4f} /{total.typical:10.4f} /{total.high:10.4f}   "
        f"paper, stated: {PAPER_POWER_UW}"
    )
    return "\n".join(lines) + "\n"
