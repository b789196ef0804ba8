"""What the paper's stated figures imply under each way of counting operations: table and plot, all of it ours."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.command.figures import FONT, PAGE, figure_of, save
from experiments.command.tables import read_rows, write_csv, write_text
from files.errors import FileError
from files.folder import output_folder
from files.reading import brief
from power.constants import Bounds
from power.inference import (
    ASSUMED_CLASSES,
    AT_28_NM,
    BUDGET_CYCLES,
    FITS,
    NORMALISATION,
    PAPER_GOPS_PER_MM2,
    PAPER_MEMORY_BITS,
    PAPER_TOPS_PER_W,
    Density,
    Implied,
    area_fits,
    countings,
    fitting_classes,
    gate_leakage_nw,
    implied,
    leakage_range,
)
from power.report import PAPER_POWER_UW

COMMAND = "rsnn inference"
SYNTHESIS = Path("results/verilog/synthesis.csv")
# How dark each verdict of `FITS` is drawn.
_SHADES = ("#000000", "#555555", "#999999", "#cccccc", "#ffffff")
_CLEAR = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}


def infer(
    *,
    synthesis: Path,
    out: Path,
    frame_cycles: float,
    density: Density = AT_28_NM,
    classes: Mapping[str, Bounds] = ASSUMED_CLASSES,
) -> str:
    """Write ``inference.csv``, ``inference.md``, ``inference.png`` and ``inference.svg``.

    Parameters
    ----------
    synthesis : Path
        Table of NAND2 equivalents by block, as ``rsnn synth`` writes it.
    out : Path
    frame_cycles : float
        Cycles that a frame takes, for countings by the work of a frame, besides the 1,000 of the budget.
    density : Density
    classes : mapping of str to Bounds
        Leakage of a gate in nW by threshold class.

    Returns
    -------
    str
        The Markdown.

    Raises
    ------
    FileError
        The table is none, or has no PE array or total.
    """
    sets, whole = (gates_of(synthesis, block) for block in ("pe_array", "accelerator"))
    chips = [
        implied(counting, normalised=normalised)
        for normalised in (1.0, NORMALISATION)
        for cycles in dict.fromkeys((float(BUDGET_CYCLES), frame_cycles))
        for counting in countings(cycles)
        if cycles == BUDGET_CYCLES or not counting.name.startswith("peak")
    ]
    rows = [_row(chip, sets, whole, density, classes) for chip in chips]
    text = _markdown(rows, chips, sets, whole, density, classes)
    with output_folder(out, by=COMMAND) as staging:
        write_csv(staging / "inference.csv", rows)
        write_text(staging / "inference.md", text)
        _plot(staging / "inference.png", rows, density, sets)
    return text


def gates_of(path: Path, block: str) -> float:
    """Return a block's NAND2 equivalents from a table of ``rsnn synth``.

    Raises
    ------
    FileError
        No such table, block or number; names file and line.
    """
    rows = read_rows(path, needed=("block", "kind", "nand2_equivalents"))
    for line, row in enumerate(rows, 2):
        if row["block"] == block and row["kind"] in ("structure", "total"):
            try:
                gates = float(row["nand2_equivalents"])
            except ValueError:
                gates = 0.0
            if not 0 < gates < 1e9:
                found = brief(row["nand2_equivalents"])
                raise FileError(f"{path}, line {line}: nand2_equivalents is {found}, expected a number in 0..1e9")
            return gates
    raise FileError(f"{path}: no row of block {block}, kind structure or total")


def _row(
    chip: Implied, sets: float, whole: float, density: Density, classes: Mapping[str, Bounds]
) -> dict[str, Any]:
    gate = gate_leakage_nw(chip.leakage_uw, whole, density)
    printed = "as printed" if chip.normalised == 1 else f"secondary: printed are {chip.normalised} times its own"
    return {
        "counting": chip.counting.name,
        "figures": printed,
        "operations_source": chip.counting.source,
        "operations_a_cycle": f"{chip.counting.operations:.1f}",
        "area_mm2": f"{chip.area_mm2:.4f}",
        "power_500mhz_mw": f"{chip.power_500mhz_uw / 1e3:.3f}",
        "energy_a_cycle_pj": f"{chip.energy_a_cycle_pj:.2f}",
        "leakage_uw": f"{chip.leakage_uw:.1f}",
        "leakage_at_least_uw": f"{chip.leakage_at_least_uw:.1f}",
        "holds_sram_and_two_sets": area_fits(chip.area_mm2, sets, density),
        "holds_sram_and_all_our_logic": area_fits(chip.area_mm2, whole, density),
        "gate_leakage_low_nw": f"{gate.low:.3f}",
        "gate_leakage_typical_nw": f"{gate.typical:.3f}",
        "gate_leakage_high_nw": f"{gate.high:.3f}",
        "classes": " ".join(fitting_classes(gate, classes)) or "none",
        "status": "ours",
    }


def _markdown(
    rows: list[dict[str, Any]],
    chips: list[Implied],
    sets: float,
    whole: float,
    density: Density,
    classes: Mapping[str, Bounds],
) -> str:
    printed = [chip for chip in chips if chip.normalised == 1]
    low, high = leakage_range(printed)
    low_normalised, _ = leakage_range(chips)
    memory, logic = density.memory_mm2(), density.logic_mm2(sets)
    leaks, cells = density.memory_leakage_uw(), density.bit_cell_um2.low * PAPER_MEMORY_BITS / 1e6
    columns = [name for name in rows[0] if not name.startswith(("gate_leakage_low", "gate_leakage_high", "status"))]
    lines = [
        f"What the stated {PAPER_POWER_UW} uW at 100 kHz and {PAPER_TOPS_PER_W} TOPS/W, {PAPER_GOPS_PER_MM2} GOPS/mm2 "
        "at 500 MHz imply. Every row is **ours**: the paper says neither what an operation is nor its area, voltage or "
        "split.",
        "",
        f"- Leakage, as printed, under every counting: {low:.1f} to {high:.1f} of the {PAPER_POWER_UW} uW.",
        f"- 0.1 MB ({PAPER_MEMORY_BITS:,} bits, stated) takes {cells:.3f} mm2 of bit cells alone, "
        f"{memory.low:.3f} / {memory.typical:.3f} / {memory.high:.3f} mm2 as macros; our two PE sets "
        f"({sets:,.0f} NAND2 equivalents) {logic.low:.3f} / {logic.typical:.3f} / {logic.high:.3f} mm2. The paper's "
        "sets may be smaller; its bit cells can hardly be.",
        f"- Leakage of a gate: what the memory ({leaks.low:.1f} / {leaks.typical:.1f} / {leaks.high:.1f} uW) leaves, "
        f"over our {whole:,.0f} gates, beside "
        + ", ".join(f"{name} {own.low:g} / {own.typical:g} / {own.high:g}" for name, own in classes.items())
        + " nW.",
        f"- If printed figures are {NORMALISATION} times the chip's own, as an earlier chip of the authors has it "
        f"(secondary), area and power at 500 MHz are {NORMALISATION} times larger, and leakage goes down to "
        f"{low_normalised:.1f} uW.",
        "- Operations at 500 MHz are taken to be as many a cycle as at 100 kHz, at one supply voltage; for `leakage at "
        "least` it is enough that a cycle at 100 kHz costs no more than one at 500 MHz.",
        "",
        "| " + " | ".join(name.replace("_", " ") for name in columns) + " |",
        "|" + "---|" * len(columns),
        *("| " + " | ".join(str(row[name]) for name in columns) + " |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def _plot(path: Path, rows: list[dict[str, Any]], density: Density, sets: float) -> None:
    shown = sorted(
        (row for row in rows if row["figures"] == "as printed"), key=lambda row: float(row["operations_a_cycle"])
    )
    figure, axes = figure_of(PAGE, 1.2 + 0.17 * len(shown))
    for place, row in enumerate(shown):
        verdict = row["holds_sram_and_two_sets"]
        shade = _SHADES[FITS.index(verdict)]
        area = float(row["area_mm2"])
        axes.barh(place, area, color=shade, edgecolor="black", height=0.7)
        what = f"{verdict}; leakage {row['leakage_uw']} uW"
        axes.text(area * 1.04, place, what, fontsize=FONT - 1, va="center", bbox=_CLEAR)
    cells = density.bit_cell_um2.low * PAPER_MEMORY_BITS / 1e6
    needed = density.memory_mm2() + density.logic_mm2(sets)
    for value, name in ((cells, "bit cells"), *zip(needed, ("low", "typical", "high"), strict=True)):
        axes.axvline(value, color="black", linestyle=":", linewidth=1)
        axes.text(
            value, len(shown) - 0.3, name, fontsize=FONT - 1, rotation=90, ha="center", va="bottom", bbox=_CLEAR
        )
    axes.set_yticks(range(len(shown)), [row["counting"] for row in shown], fontsize=FONT - 1)
    axes.set_xscale("log")
    axes.set_xlim(0.02, 8)
    axes.set_ylim(-0.7, len(shown) + 2.5)
    axes.set_xlabel("area implied by 1903.11 GOPS/mm2 (mm2); dotted: what 0.1 MB and two PE sets need", fontsize=FONT)
    axes.set_title("Which counting of operations leaves room for the chip (ours)", loc="left", fontsize=FONT)
    save(path, figure)
