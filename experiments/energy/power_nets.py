"""Switching power of a design from its nets' activity (SAIF), ours or a user's own."""

from __future__ import annotations

from pathlib import Path

from power.constants import load_constants
from power.energy import FJ_PER_UJ, toggle_energy
from power.saif import NetActivity, read_saif
from power.uncertainty import draw, summary


def power_of_saif(path: Path, *, constants: Path | None) -> str:
    """Price the toggles of every net.

    A file of nets says nothing of gates, clock pins or memories: leakage, clock and memory are priced from a run's
    folder or a netlist. What is left depends on no class of cells.

    Parameters
    ----------
    path : Path
        SAIF 2.0, backward.
    constants : Path or None
        Table whose rows replace those of ``power/tables/``.

    Returns
    -------
    str
        By the instances right below the top: nets, toggles, and uW as median, 5th and 95th percentile; and the share
        of nets that the file annotates.

    Raises
    ------
    ActivityError, ConstantsError
        What cannot be read, by file and line.
    """
    saif = read_saif(path)
    energy = toggle_energy(draw(load_constants(constants)))
    groups: dict[str, list[NetActivity]] = {}
    for net in saif.nets:
        groups.setdefault("/".join(net.name.split("/")[:-1][:2]) or "(top)", []).append(net)
    known = sum(net.known for net in saif.nets)
    moved = sum(net.toggles > 0 for net in saif.nets)
    count = len(saif.nets)
    lines = [
        f"{count:,} nets in {saif.seconds:.6g} s: {known:,} ({100 * known / count:.1f} %) annotated throughout, "
        f"{count - known:,} unknown for some of the time; {moved:,} toggle",
        "switching, uW, median (5th-95th percentile), any class of cells:",
    ]
    for name, nets in [*sorted(groups.items()), ("total", list(saif.nets))]:
        toggles = sum(net.toggles for net in nets)
        power = summary(energy * (toggles / FJ_PER_UJ / saif.seconds))
        lines.append(
            f"  {name:<32}{len(nets):>10,} nets{toggles:>16,} toggles  "
            f"{power.typical:.4g} ({power.low:.4g}-{power.high:.4g})"
        )
    lines.append("not priced, since nets do not tell: leakage, clock pins and their tree, memories")
    return "\n".join(lines) + "\n"
