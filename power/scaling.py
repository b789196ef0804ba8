"""Scaling between nodes and supply voltages: the polynomials of Stillmaker and Baas (Integration 58, 2017).

For a quantity q (delay, energy or power) of a gate, a node has a factor f(V) = a3 V^3 + a2 V^2 + a1 V + a0, and

    q at (node b, V b) = q at (node a, V a) x f_b(V b) / f_a(V a)

The coefficients (*cited*) stand in ``power/tables/scaling.csv``, as transcribed in nodeScale (MIT). Below 65 nm there
are two of each node, high performance (HP) and low power (LP). The paper has no 28 nm: it is interpolated between 32
and 20 nm (*derived*) under three rules, whose spread is that of what the scaling does not know; they are no
confidence interval:

==========  ================================================================================
LP log      LP, log of the factor linear in the log of the node; the lowest energy
LP          LP, factor linear in the log of the node; the middle one
HP          HP, factor linear in the node; the highest energy
==========  ================================================================================

The factors hold for one gate's switching. Leakage does not scale by them. Any other node between 45 and 20 nm is
interpolated in the same way, between its two published neighbours.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from files.reading import brief, read_text
from power.csv_table import MOST_BYTES, parse_table
from power.errors import ConstantsError

TABLE = Path(__file__).with_name("tables") / "scaling.csv"
# Degree of each quantity's polynomial.
QUANTITIES = {"delay": 3, "energy": 2, "power": 2}
_COEFFICIENTS = tuple(f"{name}_a{power}" for name, degree in QUANTITIES.items() for power in range(degree, -1, -1))
COLUMNS = ("node", *_COEFFICIENTS, "vdd_min_V", "vdd_max_V", "source")
RULES = ("LP log", "LP", "HP")
# Nodes of two families each, and those between them.
_WITHIN = frozenset(str(nm) for nm in range(20, 46))
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,12})?")


@dataclass(frozen=True)
class Node:
    """A node's polynomials.

    Parameters
    ----------
    name : str
    coefficients : mapping of str to tuple of float
        By quantity, highest power of the voltage first.
    range_v : tuple of float
        Lowest and highest supply voltage.
    """

    name: str
    coefficients: Mapping[str, tuple[float, ...]]
    range_v: tuple[float, float]

    def factor(self, quantity: str, vdd: float) -> float:
        """Return f(V).

        Raises
        ------
        ConstantsError
            An unknown quantity, a voltage out of the node's range, or one at which the polynomial is no factor.
        """
        if quantity not in self.coefficients:
            raise ConstantsError(f"scaling: quantity {brief(quantity)}, expected one of {', '.join(QUANTITIES)}")
        low, high = self.range_v
        if not low <= vdd <= high:
            raise ConstantsError(f"scaling: {vdd:g} V at node {self.name}, expected {low:g}..{high:g} V")
        value = 0.0
        for coefficient in self.coefficients[quantity]:
            value = value * vdd + coefficient
        if value <= 0:
            raise ConstantsError(f"scaling: {quantity} factor of node {self.name} at {vdd:g} V is {value:g}")
        return value


def load_scaling(path: str | os.PathLike[str] = TABLE) -> dict[str, Node]:
    """Read and validate a table of polynomials.

    Raises
    ------
    ConstantsError
        Names file, line, column and what was expected.
    """
    nodes: dict[str, Node] = {}
    try:
        for line, row in parse_table(read_text(path, what="scaling table", most=MOST_BYTES), str(path), COLUMNS):
            where = f"{path}, line {line}"
            if not row["node"] or row["node"] in nodes:
                raise ConstantsError(f"{where}: node {brief(row['node'])}, expected a name that stands once")
            if not row["source"]:
                raise ConstantsError(f"{where}: source is empty")
            for column in COLUMNS[1:-1]:
                if not _NUMBER.fullmatch(row[column]):
                    raise ConstantsError(f"{where}: {column} is {brief(row[column])}, expected a number")
            low, high = float(row["vdd_min_V"]), float(row["vdd_max_V"])
            if not 0 < low < high:
                raise ConstantsError(f"{where}: {low:g} to {high:g} V, expected 0 < vdd_min_V < vdd_max_V")
            coefficients = {
                name: tuple(float(row[f"{name}_a{power}"]) for power in range(degree, -1, -1))
                for name, degree in QUANTITIES.items()
            }
            nodes[row["node"]] = Node(row["node"], coefficients, (low, high))
    except ConstantsError:
        raise
    except ValueError as error:
        raise ConstantsError(str(error)) from error
    return nodes


@cache
def _shipped() -> dict[str, Node]:
    return load_scaling()


def factor(node: str, vdd: float, quantity: str) -> float:
    """Return the factor of a published node, such as "130", "HP45" or "LP20", at a supply voltage in V.

    Raises
    ------
    ConstantsError
        An unknown node or quantity, or a voltage out of range.
    """
    nodes = _shipped()
    if node not in nodes:
        raise ConstantsError(f"scaling: node {brief(node)}, expected one of {', '.join(nodes)}")
    return nodes[node].factor(quantity, vdd)


def factor_28nm(vdd: float, quantity: str, rule: str) -> float:
    """Return the factor at 28 nm, interpolated between 32 and 20 nm by one of `RULES`.

    Raises
    ------
    ConstantsError
        An unknown rule or quantity, or a voltage out of range.
    """
    return _interpolated(28, vdd, quantity, rule)


def _interpolated(nm: int, vdd: float, quantity: str, rule: str) -> float:
    """Return the factor of a node within 45 to 20 nm, by one of `RULES`."""
    if rule not in RULES:
        raise ConstantsError(f"scaling: rule {brief(rule)}, expected one of {', '.join(RULES)}")
    larger, smaller = (45, 32) if nm > 32 else (32, 20)
    above, below = (factor(f"{rule[:2]}{node}", vdd, quantity) for node in (larger, smaller))
    by_log = math.log(larger / nm) / math.log(larger / smaller)
    if rule == "LP log":
        return float(above * (below / above) ** by_log)
    return above + (below - above) * (by_log if rule == "LP" else (larger - nm) / (larger - smaller))


def ratio_to_28nm(node: str, from_v: float, to_v: float, quantity: str, rule: str) -> float:
    """Return what a quantity at `node` and `from_v` is multiplied by to be that at 28 nm and `to_v`.

    Of a node that has two families ("45", "32", "20"), the rule's own is taken, and between them, as at "40", what the
    rule interpolates; any node that `factor` knows will do.

    Raises
    ------
    ConstantsError
        As `factor` and `factor_28nm`.
    """
    if node in _WITHIN:
        return factor_28nm(to_v, quantity, rule) / _interpolated(int(node), from_v, quantity, rule)
    return factor_28nm(to_v, quantity, rule) / factor(node, from_v, quantity)


def bracket_to_28nm(node: str, from_v: float, to_v: float, quantity: str) -> tuple[float, float, float]:
    """Return lowest, middle and highest of `ratio_to_28nm` under the three rules."""
    low, middle, high = sorted(ratio_to_28nm(node, from_v, to_v, quantity, rule) for rule in RULES)
    return low, middle, high


def bracket_28nm_voltage(from_v: float, to_v: float, quantity: str) -> tuple[float, float, float]:
    """Return lowest, middle and highest ratio of a quantity at 28 nm between two voltages, under the three rules."""
    ratios = (factor_28nm(to_v, quantity, rule) / factor_28nm(from_v, quantity, rule) for rule in RULES)
    low, middle, high = sorted(ratios)
    return low, middle, high
