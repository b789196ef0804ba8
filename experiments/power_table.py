"""Power from a result folder's activity, with the table of constants as it is now or another one."""

from __future__ import annotations

from pathlib import Path

from power.activity import read_activity, read_run
from power.constants import load_constants
from power.energy import estimate
from power.report import PAPER_POWER_UW


def power_of_folder(folder: Path, *, constants: Path | None) -> str:
    """Estimate power anew from ``activity.csv`` and ``run.json``.

    Parameters
    ----------
    folder : Path
        As ``rsnn run`` writes it.
    constants : Path or None
        Table in the form of ``power/tables/energy_28nm.csv``; None is that one.

    Returns
    -------
    str
        Power by block and by component, low, typical and high, in microwatts.

    Raises
    ------
    ActivityError, ConstantsError
        What cannot be read, by file, row and column.
    """
    table = load_constants() if constants is None else load_constants(constants)
    report = estimate(read_activity(folder / "activity.csv"), read_run(folder / "run.json"), table)
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
