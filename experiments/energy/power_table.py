"""Power from a result folder's activity, with the tables of constants as they are now or with rows of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from experiments.command.experiment import MAIN_JOB as RUN_COMMAND
from experiments.command.tables import write_text
from files.errors import FileError
from files.folder import committed, output_folder
from files.reading import brief, parse_json
from power.constants import NOMINAL_C, load_constants
from power.energy import at_temperature, estimate_classes, price
from power.priced_activity import MOST_COUNT, ActivityRow, Run, parse_activity, parse_run, read_activity, read_run
from power.report import PAPER_POWER_UW, table, write_reports
from power.sleep import sleep_lines
from power.uncertainty import Swing, draw, tornado

COMMAND, GATES_COMMAND = "rsnn power", "rsnn gates"


def power_of_folder(
    folder: Path,
    *,
    constants: Path | None,
    as_is: bool = False,
    threshold: str | None = None,
    temperature_c: float = NOMINAL_C,
    out: Path | None = None,
) -> str:
    """Estimate power anew from ``activity.csv`` and ``run.json``.

    Parameters
    ----------
    folder : Path
        As ``rsnn run`` or ``rsnn gates`` writes it: both files must be those of one run, by the folder's manifest.
    constants : Path or None
        Table in the form of ``power/tables/*.csv``, whose rows replace those; None changes nothing.
    as_is : bool
        Take the files whatever the manifest says.
    threshold : {"HVT", "SVT", "LVT"}, optional
        Class of cells; None is all, each in a column of its own.
    temperature_c : float
        At which the chip leaks.
    out : Path, optional
        Gets ``power.txt``, ``breakdown.csv`` by block and component, plots of that and of the tornado, PNG and SVG.

    Returns
    -------
    str
        Power by block and by component: median, 5th and 95th percentile, in microwatts; what memories would save
        asleep; and a tornado, the widest swing first.

    Raises
    ------
    FileError
        The folder is of no run, or a file of it was changed since.
    ActivityError, ConstantsError
        What cannot be read, by file, row and column; a temperature out of range.
    WriteError
        `out` cannot be written.
    """
    rows, run, covered = _read(folder, as_is=as_is)
    reports = estimate_classes(rows, run, constants, temperature_c=temperature_c)
    chosen = reports if threshold is None else {threshold: reports[threshold]}

    def total(values: Mapping[str, float]) -> float:
        return sum(price(rows, run, at_temperature(values, temperature_c)).values())

    by_class = {name: load_constants(constants, name) for name in chosen}
    swings = {name: [each for each in tornado(total, own) if each.low != each.high] for name, own in by_class.items()}
    drawn = at_temperature(draw(load_constants(constants)), temperature_c)
    text = "\n".join(
        [
            *covered,
            f"uW at {temperature_c:g} C by class of cells, median (5th-95th percentile):",
            *table(chosen),
            f"  paper, stated: {PAPER_POWER_UW} uW, class of cells not stated",
            *sleep_lines(rows, run, drawn),
            "What carries the spread: the total with one group of constants at its low and at its high bounds, all "
            "others typical:",
            *(line for name, own in swings.items() for line in _lines(name, own)),
            "",
        ]
    )
    if out is not None:
        # Only then: drawing takes longer than all the rest.
        from experiments.energy.power_chart import plot_power
        from experiments.energy.power_tornado import plot_tornado

        typical = {name: {item: row.bounds.typical for item, row in own.items()} for name, own in by_class.items()}
        with output_folder(out, by=COMMAND) as staging:
            write_text(staging / "power.txt", text)
            write_reports(chosen, staging / "breakdown.csv")
            title = f"Modelled power at 28 nm, 0.9 V, {temperature_c:g} C, in real time"
            plot_power(chosen, staging / "breakdown.png", title=title)
            plot_tornado(staging / "tornado.png", swings, {name: total(values) for name, values in typical.items()})
    return text


def _read(folder: Path, *, as_is: bool) -> tuple[list[ActivityRow], Run, list[str]]:
    """Return activity, the run's length and, of a netlist, how much of it is annotated."""
    activity, description, gates = (folder / name for name in ("activity.csv", "run.json", "gates.json"))
    if as_is:
        return read_activity(activity), read_run(description), []
    with committed(folder, written_by=(RUN_COMMAND, GATES_COMMAND)) as read:
        rows = parse_activity(read(activity.name), str(activity))
        covered = [_coverage(read(gates.name), str(gates))] if gates.is_file() else []
        return rows, parse_run(read(description.name), str(description)), covered


def _coverage(text: bytes, where: str) -> str:
    about = parse_json(text, where)
    names = ("nets_annotated", "nets", "instances")
    counts = [about.get(name) if isinstance(about, dict) else None for name in names]
    if not all(isinstance(count, int) and 0 <= count <= MOST_COUNT for count in counts):
        raise FileError(f"{where}: {', '.join(names)} are {brief(counts)}, expected whole numbers")
    annotated, nets, cells = counts
    return (
        f"a netlist of {cells:,} cells: {annotated:,} of {nets:,} nets annotated, the others reach memories alone; "
        "gates are those of power/tables/gates.csv"
    )


def _lines(name: str, swings: list[Swing]) -> list[str]:
    return [f"  {name}  {swing.group:<20}{swing.low:10.2f} to {swing.high:10.2f}" for swing in swings]
