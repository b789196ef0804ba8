"""The derived rows of ``power/tables/``, worked out anew from the numbers of their sources (``sources.csv``).

Each source gives an interval at 28 nm and 0.9 V: an energy or a capacitance is scaled by the three rules of
`power.scaling`, what was measured or modelled at 28 nm stands as it is. A row is then

    low      the least of all intervals
    typical  the median of their middles
    high     the most of all intervals

so its width is what sources and scaling disagree on, and nothing else, unless its formula below says so. Leakage and
area do not scale by those rules; theirs are taken as printed, from 22 to 32 nm and beside it one of 130 nm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from files.reading import brief
from power.constants import BITS_PER_KB, NOMINAL_V, Bounds
from power.errors import ConstantsError
from power.scaling import bracket_to_28nm
from power.sources import Source, shipped_sources

# As the tables give values.
DIGITS = 4
# Both voltages of a capacitance's scaling: energy at one voltage is as capacitance is. All nodes have it.
_CAPACITANCE_V = 0.9
_IHP_MACROS = ("256x64", "1024x64", "2048x64")
_CACTI_KB = {"2KB": 64, "8KB": 64, "32KB": 64, "128KB": 512}


class Inputs:
    """Sources by name, which remembers what was asked for."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self.used: set[str] = set()

    def source(self, name: str) -> Source:
        """Return a row."""
        if name not in self._sources:
            raise ConstantsError(f"sources: no row {brief(name)}")
        self.used.add(name)
        return self._sources[name]

    def value(self, name: str) -> float:
        """Return a row's value."""
        return self.source(name).value

    def at(self, name: str, factor: float = 1.0) -> Bounds:
        """Return a value of 28 nm, or one that is taken as it is, times a factor."""
        return Bounds(1.0, 1.0, 1.0) * (self.value(name) * factor)

    def energy(self, name: str, factor: float = 1.0) -> Bounds:
        """Return an energy scaled to 28 nm and 0.9 V, times a factor."""
        source = self.source(name)
        if source.vdd is None:
            raise ConstantsError(f"sources: {name} has no voltage to scale from")
        return Bounds(*bracket_to_28nm(source.node, source.vdd, NOMINAL_V, "energy")) * (source.value * factor)

    def capacitance(self, name: str) -> Bounds:
        """Return a capacitance scaled to 28 nm."""
        source = self.source(name)
        return Bounds(*bracket_to_28nm(source.node, _CAPACITANCE_V, _CAPACITANCE_V, "energy")) * source.value


def pooled(*intervals: Bounds) -> Bounds:
    """Return the least low, the median of the typical values and the most high."""
    return Bounds(
        min(each.low for each in intervals),
        median(each.typical for each in intervals),
        max(each.high for each in intervals),
    )


def _input_capacitance(given: Inputs) -> Bounds:
    libraries = (given.capacitance(f"{name}_nand2_pin") for name in ("nangate45", "ihp130", "sky130"))
    return pooled(*libraries, given.at("zigzag_nand2_pin"))


def _internal_energy(given: Inputs) -> Bounds:
    """Half of a rise and a fall."""
    return pooled(*(given.energy(f"{name}_nand2_pair", 0.5) for name in ("nangate45", "ihp130")))


def _dff_clock_energy(given: Inputs) -> Bounds:
    libraries = (given.energy(f"{name}_dff_clock") for name in ("nangate45", "ihp130"))
    return pooled(*libraries, given.at("zigzag_dff_pin", NOMINAL_V**2))


def _adder_energy_per_bit(given: Inputs) -> Bounds:
    """ZigZag's full adder is three NAND2 and two XOR2."""
    capacitance = 3 * given.value("zigzag_nand2_pin") + 2 * given.value("zigzag_xor2_pin")
    zigzag = Bounds(1.0, 1.0, 1.0) * (capacitance * NOMINAL_V**2)
    return pooled(given.energy("horowitz_add8", 1 / 8), given.energy("aladdin40_add32", 1 / 32), zigzag)


def _sram_read(size: str, *others: str) -> Callable[[Inputs], Bounds]:
    """Pool CACTI's two organisations, for least energy and cycle time, with sources of 64 bits, no larger than that."""

    def formula(given: Inputs) -> Bounds:
        bits = _CACTI_KB[size]
        cacti = (given.at(f"cacti28_{size}_{aim}_read", 1 / bits) for aim in ("energy", "cycle"))
        return pooled(*cacti, *(given.energy(name, 1 / 64) for name in others))

    return formula


def _sram_write_to_read_ratio(given: Inputs) -> Bounds:
    """Of each macro. CACTI's organisations for the least read energy, which write at several times it, are left out."""
    macros = [f"ihp130_{macro}" for macro in _IHP_MACROS] + [f"cacti28_{size}_cycle" for size in _CACTI_KB]
    return pooled(*(given.at(f"{name}_write", 1 / given.value(f"{name}_read")) for name in macros))


def _sram_leakage(given: Inputs) -> Bounds:
    """Widen the sources' least and most: a node's leakage is not that of another."""
    cacti = (
        given.at(f"{name}_channel_300K", 1 / 128) + given.at(f"{name}_gate_300K", 1 / 128) for name in _cacti_128kb()
    )
    found = pooled(*cacti, given.at("ihp130_2048x64_leakage", 1 / 16))
    below, above = given.value("sram_leakage_below"), given.value("sram_leakage_above")
    return Bounds(found.low / below, found.typical, found.high * above)


def _cacti_128kb(nodes: tuple[int, ...] = (22, 28, 32)) -> list[str]:
    return [f"cacti{node}_128KB_{aim}" for node in nodes for aim in ("energy", "cycle")]


def _doubling_c(given: Inputs, *, gate: bool) -> Bounds:
    """How many degrees double leakage between 300 and 360 K; leakage through gates is the same at both."""
    found = []
    for name in _cacti_128kb():
        constant = given.value(f"{name}_gate_300K") if gate else 0.0
        cold, hot = (given.value(f"{name}_channel_{kelvin}K") + constant for kelvin in (300, 360))
        if not hot > cold:
            raise ConstantsError(f"sources: {name} leaks {cold:g} nW at 300 K and {hot:g} at 360 K, expected more")
        found.append(Bounds(1.0, 1.0, 1.0) * ((360 - 300) / math.log2(hot / cold)))
    return pooled(*found)


def _sram_area(given: Inputs) -> Bounds:
    cacti = (given.at(f"cacti28_128KB_{aim}_area", 1 / 128) for aim in ("energy", "cycle"))
    return pooled(*cacti, given.at("odin_synapse_area", BITS_PER_KB / 4))


def _sram_retention_ratio(given: Inputs) -> Bounds:
    """Return what savings leave; high: no saving but of the lower supply voltage, at the same current."""
    saved = ("qin_retention_saved", "icm2010_replica_saved", "icm2010_diode_saved")
    left = pooled(*(Bounds(1.0, 1.0, 1.0) * (1 - given.value(name)) for name in saved))
    return Bounds(left.low, left.typical, given.value("retention_V") / NOMINAL_V)


def _gates(block: str) -> Callable[[Inputs], Bounds]:
    """NAND2 equivalents a flip-flop; low: as flattening saves of the whole, high: as the largest library's whole is."""

    def formula(given: Inputs) -> Bounds:
        whole = given.value("synthesis_other_nand2")
        ratio = given.value(f"synthesis_{block}_nand2") / given.value(f"synthesis_{block}_flip_flops")
        flat, largest = (given.value(f"synthesis_{name}_nand2") for name in ("flattened", "largest"))
        return Bounds(ratio * flat / whole, ratio, ratio * largest / whole)

    return formula


FORMULAS: Mapping[str, Callable[[Inputs], Bounds]] = {
    "input_capacitance": _input_capacitance,
    "internal_energy": _internal_energy,
    "dff_clock_energy": _dff_clock_energy,
    "adder_energy_per_bit": _adder_energy_per_bit,
    "logic_leakage_doubling": lambda given: _doubling_c(given, gate=False),
    "sram_read_4KB": _sram_read("2KB", "ihp130_256x64_read"),
    "sram_read_8KB": _sram_read("8KB", "horowitz_8KB_read", "ihp130_1024x64_read"),
    "sram_read_32KB": _sram_read("32KB", "horowitz_32KB_read", "ihp130_2048x64_read"),
    "sram_read_128KB": _sram_read("128KB", "horowitz_32KB_read"),
    "sram_write_to_read_ratio": _sram_write_to_read_ratio,
    "sram_leakage": _sram_leakage,
    "sram_leakage_doubling": lambda given: _doubling_c(given, gate=True),
    "sram_area": _sram_area,
    "sram_retention_ratio": _sram_retention_ratio,
} | {
    f"gates_{block}": _gates(block)
    for block in (
        "controller", "input_buffer", "spikes", "zero_skip", "neuron_unit", "output", "pe_array", "other",
    )
}  # fmt: skip


@dataclass(frozen=True)
class Derivation:
    """What a formula gives, to the digits of the tables, and the sources that it used."""

    bounds: Bounds
    inputs: frozenset[str]


def derive(item: str, sources: Mapping[str, Source] | None = None) -> Derivation:
    """Evaluate an item's formula.

    Parameters
    ----------
    item : str
        One of `FORMULAS`.
    sources : mapping of str to Source, optional
        The default is the shipped table.

    Raises
    ------
    ConstantsError
        No such formula, a source that is missing or has no voltage, or a voltage that does not scale.
    """
    if item not in FORMULAS:
        raise ConstantsError(f"derivation: item {brief(item)}, expected one of {', '.join(FORMULAS)}")
    given = Inputs(shipped_sources() if sources is None else sources)
    bounds = FORMULAS[item](given)
    return Derivation(Bounds(*(float(f"{value:.{DIGITS}g}") for value in bounds)), frozenset(given.used))
