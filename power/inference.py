"""What the paper's three stated figures imply about its chip, under each way of counting operations (all of it ours).

The abstract states 71.2 uW at 100 kHz, and 28.41 TOPS/W and 1903.11 GOPS/mm2 at 500 MHz. It does not say what an
operation is. With n operations a cycle,

    operations a second at 500 MHz = n x 500 MHz
    power at 500 MHz               = operations a second / 28.41 TOPS/W
    area                           = operations a second / 1903.11 GOPS/mm2

and with P(f) = leakage + energy a cycle x f at one supply voltage, the powers at 500 MHz and at 100 kHz give both
terms. Should the chip run at a lower voltage at 100 kHz, or stand idle in part of its cycles, its energy a cycle there
is at most power / frequency at 500 MHz, so that leakage is at least 71.2 uW - P(500 MHz) / 5000.

Figures may be normalised: an earlier chip of the same authors prints figures 1.5625 times its peak operations over its
power (*secondary*, arXiv 2312.09580). A normalised figure divided by 1.5625 is the chip's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from power.constants import BITS_PER_KB, CLASSES, Bounds, Constants, load_constants
from power.report import PAPER_POWER_UW

# Stated in the abstract.
PAPER_TOPS_PER_W, PAPER_GOPS_PER_MM2 = 28.41, 1903.11
PAPER_LOW_HZ, PAPER_HIGH_HZ = 100e3, 500e6
PAPER_MEMORY_BITS = 800_000  # 0.1 MB of weights
# Secondary: 2.344 TOPS/W, where 8 MACs x 2 x 150 MHz / 1.6 mW are 1.5.
NORMALISATION = 1.5625

# Multiply-accumulates a frame; the baseline and each step of pruning are reconstructed, the last figure is stated.
WORK = {
    "executed, zeros skipped": (138_600, "stated: 13.86 MMAC/s at 100 frames/s"),
    "dense after pruning, merged spike": (286_720, "reconstructed: 8 x 5,120 + 2 x 3 x 16,384 + 147,456"),
    "dense after pruning": (434_176, "reconstructed: 8 x 5,120 + 2 x (3 x 16,384 + 147,456)"),
    "dense baseline": (1_458_176, "reconstructed: 8 x 10,240 + 2 x (3 x 65,536 + 491,520)"),
}
PEAK_MACS = (128, 256, 512)
BUDGET_CYCLES = 1000  # 100 kHz x 10 ms

# Leakage of a NAND2 equivalent at 28 nm, 0.9 V, 25 C, in nW, by threshold class.
ASSUMED_CLASSES = {name: load_constants(threshold=name)["logic_leakage"].bounds for name in CLASSES}


@dataclass(frozen=True)
class Density:
    """What area and leakage at 28 nm are worked out from (`density`).

    Parameters
    ----------
    bit_cell_um2 : Bounds
        A memory cell alone.
    macro_um2 : Bounds
        Macro area a bit.
    nand2_um2 : Bounds
    utilisation : Bounds
        Of the rows; low is the densest.
    sram_nw_per_kb : Bounds
        Leakage at 0.9 V, 25 C.
    """

    bit_cell_um2: Bounds
    macro_um2: Bounds
    nand2_um2: Bounds
    utilisation: Bounds
    sram_nw_per_kb: Bounds

    def logic_mm2(self, gates: float) -> Bounds:
        """Return the area of NAND2 equivalents in mm2."""
        pairs = zip(self.nand2_um2, self.utilisation, strict=True)
        return Bounds(*(gates * area / used / 1e6 for area, used in pairs))

    def memory_mm2(self, bits: int = PAPER_MEMORY_BITS) -> Bounds:
        """Return the area of memory macros in mm2."""
        return self.macro_um2 * (bits / 1e6)

    def memory_leakage_uw(self, bits: int = PAPER_MEMORY_BITS) -> Bounds:
        """Return the leakage of memory in uW."""
        return self.sram_nw_per_kb * (bits / BITS_PER_KB / 1e3)


def density(constants: Constants) -> Density:
    """Return what rows of the tables say of area and of memory leakage."""
    bounds = {item: constant.bounds for item, constant in constants.items()}
    return Density(
        bit_cell_um2=bounds["sram_bit_cell_area"],
        macro_um2=bounds["sram_area"] * (1 / BITS_PER_KB),
        nand2_um2=bounds["nand2_area"],
        utilisation=Bounds(*reversed(tuple(bounds["std_cell_utilisation"]))),
        sram_nw_per_kb=bounds["sram_leakage"],
    )


AT_28_NM = density(load_constants())


@dataclass(frozen=True)
class Counting:
    """A way of counting operations.

    Parameters
    ----------
    name : str
    operations : float
        A cycle.
    source : str
        What the number comes from, beginning with stated, reconstructed or ours.
    """

    name: str
    operations: float
    source: str


def countings(frame_cycles: float = BUDGET_CYCLES) -> list[Counting]:
    """Return every way of counting: peak, and by the work of a frame, which takes `frame_cycles`; MAC as 1 and as 2."""
    found = []
    for each in (1, 2):
        for macs in PEAK_MACS:
            name = f"peak, {macs} MAC a cycle, MAC = {each}"
            found.append(Counting(name, macs * each, "ours: a guess at the number of PEs"))
        for work, (macs, source) in WORK.items():
            name = f"{work}, {frame_cycles:,.0f} cycles a frame, MAC = {each}"
            found.append(Counting(name, macs * each / frame_cycles, source))
    return found


@dataclass(frozen=True)
class Implied:
    """What a counting implies.

    Parameters
    ----------
    counting : Counting
    normalised : float
        What the printed figures were taken to be multiplied by; 1 is nothing.
    area_mm2, power_500mhz_uw, energy_a_cycle_pj, leakage_uw, leakage_at_least_uw : float
        See the module; the last holds at any lower voltage and activity at 100 kHz too.
    """

    counting: Counting
    normalised: float
    area_mm2: float
    power_500mhz_uw: float
    energy_a_cycle_pj: float
    leakage_uw: float
    leakage_at_least_uw: float


def implied(counting: Counting, *, normalised: float = 1.0) -> Implied:
    """Return area, power, energy a cycle and leakage that the stated figures imply."""
    a_second = counting.operations * PAPER_HIGH_HZ
    power_uw = a_second / (PAPER_TOPS_PER_W / normalised * 1e12) * 1e6
    energy_uj = (power_uw - PAPER_POWER_UW) / (PAPER_HIGH_HZ - PAPER_LOW_HZ)
    return Implied(
        counting,
        normalised,
        area_mm2=a_second / (PAPER_GOPS_PER_MM2 / normalised * 1e9),
        power_500mhz_uw=power_uw,
        energy_a_cycle_pj=energy_uj * 1e6,
        leakage_uw=PAPER_POWER_UW - energy_uj * PAPER_LOW_HZ,
        leakage_at_least_uw=PAPER_POWER_UW - power_uw * PAPER_LOW_HZ / PAPER_HIGH_HZ,
    )


FITS = ("too small for the bit cells", "too small", "room at the lowest values", "room at typical values", "room")


def area_fits(area_mm2: float, gates: float, density: Density) -> str:
    """Say whether an area holds 0.1 MB of SRAM and logic of `gates` NAND2 equivalents: one of `FITS`."""
    if area_mm2 < density.bit_cell_um2.low * PAPER_MEMORY_BITS / 1e6:
        return FITS[0]
    needed = density.memory_mm2() + density.logic_mm2(gates)
    return FITS[1 + sum(area_mm2 >= value for value in needed)]


def gate_leakage_nw(leakage_uw: float, gates: float, density: Density) -> Bounds:
    """Return the leakage a gate in nW when the memory leaks most, typically and least; 0 where it takes all."""
    least, typical, most = (
        max(0.0, leakage_uw - memory) * 1e3 / gates for memory in reversed(tuple(density.memory_leakage_uw()))
    )
    return Bounds(least, typical, most)


def fitting_classes(gate_nw: Bounds, classes: Mapping[str, Bounds]) -> list[str]:
    """Return the threshold classes whose bounds a leakage's bounds meet."""
    return [name for name, own in classes.items() if own.low <= gate_nw.high and gate_nw.low <= own.high]


def leakage_range(rows: Sequence[Implied]) -> tuple[float, float]:
    """Return least and most leakage in uW over several countings."""
    return min(row.leakage_uw for row in rows), max(row.leakage_uw for row in rows)
