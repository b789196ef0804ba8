"""Scaling between nodes and voltages, against the published coefficients worked out by hand."""

from __future__ import annotations

import configparser
import math
from pathlib import Path

import pytest

from power.errors import ConstantsError
from power.scaling import (
    RULES,
    TABLE,
    Node,
    bracket_28nm_voltage,
    bracket_to_28nm,
    factor,
    factor_28nm,
    load_scaling,
    ratio_to_28nm,
)


def test_factors_are_the_published_polynomials():
    # HP45: 1.018 V^2 - 0.3107 V + 0.1539, at 1.1 V: 1.23178 - 0.34177 + 0.1539.
    assert factor("HP45", 1.1, "energy") == pytest.approx(1.04391)
    # LP32: -325.9 V^3 + 1374 V^2 - 1922 V + 913.2, at 0.5 V: -40.7375 + 343.5 - 961 + 913.2.
    assert factor("LP32", 0.5, "delay") == pytest.approx(254.9625)
    # 180: 101000 V - 79720, at 1.8 V.
    assert factor("180", 1.8, "power") == pytest.approx(102_080)


def test_energy_from_45_to_28_nm_is_the_bracket_that_the_constants_were_scaled_by():
    """0.45, 0.51 and 0.53 at 0.9 V; from NanGate45's 1.1 V the middle and the highest are both 0.356."""
    assert [round(value, 2) for value in bracket_to_28nm("45", 0.9, 0.9, "energy")] == [0.45, 0.51, 0.53]
    low, middle, high = bracket_to_28nm("45", 1.1, 0.9, "energy")
    assert (round(low, 3), round(middle, 3), round(high, 3)) == (0.313, 0.356, 0.356)


def test_the_rules_by_hand():
    # LP at 0.9 V: 32 nm 0.9559 x 0.81 - 0.7823 x 0.9 + 0.471 = 0.541209; 20 nm 0.2632 x 0.81 - 0.126 + 0.06841.
    at_32, at_20 = 0.541209, 0.155602
    share = (math.log(32) - math.log(28)) / (math.log(32) - math.log(20))
    assert factor_28nm(0.9, "energy", "LP") == pytest.approx((1 - share) * at_32 + share * at_20)
    logs = (1 - share) * math.log(at_32) + share * math.log(at_20)
    assert factor_28nm(0.9, "energy", "LP log") == pytest.approx(math.exp(logs))
    # HP: 32 nm 0.8367 x 0.81 - 0.39069 + 0.1701 = 0.457137; 20 nm 0.30213 - 0.14238 + 0.04104 = 0.20079; a third.
    assert factor_28nm(0.9, "energy", "HP") == pytest.approx(2 / 3 * 0.457137 + 1 / 3 * 0.20079)


@pytest.mark.parametrize("rule", RULES)
def test_28_nm_lies_between_its_neighbours_and_grows_with_voltage(rule):
    for vdd in (0.5, 0.6, 0.7, 0.8, 0.9):
        bounds = sorted(factor(f"{rule[:2]}{node}", vdd, "energy") for node in (32, 20))
        assert bounds[0] < factor_28nm(vdd, "energy", rule) < bounds[1]
    energies = [factor_28nm(vdd, "energy", rule) for vdd in (0.5, 0.6, 0.7, 0.8, 0.9)]
    assert energies == sorted(energies)
    delays = [factor_28nm(vdd, "delay", rule) for vdd in (0.5, 0.6, 0.7, 0.8, 0.9)]
    assert delays == sorted(delays, reverse=True)


def test_scaling_composes():
    direct = ratio_to_28nm("130", 1.2, 0.6, "energy", "LP")
    by_way_of = ratio_to_28nm("130", 1.2, 0.9, "energy", "LP")
    assert direct == pytest.approx(
        by_way_of * factor_28nm(0.6, "energy", "LP") / factor_28nm(0.9, "energy", "LP")
    )
    assert bracket_28nm_voltage(0.9, 0.9, "delay") == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: factor("LP28", 0.9, "energy"), "node 'LP28', expected one of 180, 130"),
        (lambda: factor("LP20", 0.4, "energy"), r"0\.4 V at node LP20, expected 0\.5\.\.1\.1 V"),
        (lambda: factor("LP20", math.nan, "energy"), "nan V at node LP20"),
        (lambda: factor("LP20", 0.9, "leakage"), "quantity 'leakage', expected one of delay, energy, power"),
        (lambda: factor("180", 0.6, "energy"), "energy factor of node 180 at 0.6 V is -3.196"),
        (lambda: ratio_to_28nm("19", 0.9, 0.9, "energy", "LP"), "node '19', expected one of 180, 130"),
        (lambda: ratio_to_28nm("46", 0.9, 0.9, "energy", "LP"), "node '46', expected one of 180, 130"),
        (lambda: factor_28nm(0.9, "energy", "middle"), "rule 'middle', expected one of LP log, LP, HP"),
    ],
)
def test_what_was_not_published_is_refused(call, message):
    with pytest.raises(ConstantsError, match=message):
        call()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\nHP45,", "\nLP45,", r"line 9: node 'LP45', expected a name that stands once"),
        ("97.09", "nan", r"line 2: delay_a2 is 'nan', expected a number"),
        (",0.5,1.8,", ",1.8,0.5,", r"line 2: 1\.8 to 0\.5 V, expected 0 < vdd_min_V < vdd_max_V"),
        ("\n180,0,", "\n180,zero,", r"line 2: delay_a3 is 'zero', expected a number"),
        (",0.5,1.8,", ",0.5,high,", r"line 2: vdd_max_V is 'high', expected a number"),
        (",0.5,1.8,", ",0,1.8,", r"line 2: 0 to 1\.8 V, expected 0 < vdd_min_V"),
        (",0.5,1.8,", ",-0.5,1.8,", r"line 2: -0\.5 to 1\.8 V, expected 0 < vdd_min_V"),
        (",0.5,1.8,", ",1.8,1.8,", r"line 2: 1\.8 to 1\.8 V, expected 0 < vdd_min_V"),
        ("vdd_min_V", "vmin", r"line 1: columns"),
    ],
)
def test_a_malformed_table_is_refused_by_line(tmp_path: Path, old: str, new: str, message: str):
    text = TABLE.read_text()
    assert old in text
    path = tmp_path / "scaling.csv"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ConstantsError, match=message):
        load_scaling(path)


def test_a_node_between_published_ones_lies_between_them_and_meets_them():
    at_40 = bracket_to_28nm("40", 0.9, 0.9, "energy")
    for one, between, other in zip(
        *(bracket_to_28nm(node, 0.9, 0.9, "energy") for node in ("45", "40", "32")), strict=True
    ):
        assert one < between < other
    # LP at 0.9 V: 45 nm 1.103 x 0.81 - 0.362 x 0.9 + 0.2767 = 0.84433, 32 nm 0.541209.
    share = math.log(45 / 40) / math.log(45 / 32)
    expected = factor_28nm(0.9, "energy", "LP") / (0.84433 + share * (0.541209 - 0.84433))
    assert ratio_to_28nm("40", 0.9, 0.9, "energy", "LP") == pytest.approx(expected)
    assert at_40[0] < expected < at_40[2]
    assert ratio_to_28nm("28", 0.9, 0.9, "energy", "HP") == pytest.approx(1.0)


def test_the_licence_of_the_coefficients_goes_with_the_package():
    root = TABLE.parents[2]
    notice = (root / "NOTICE").read_text()
    assert "power/tables/scaling.csv" in notice
    assert "Copyright (c) 2021 wromaszkan" in notice
    package = configparser.ConfigParser()
    package.read(root / "setup.cfg")
    assert "NOTICE" in package["metadata"]["license_files"].split()


def test_every_row_names_its_source(tmp_path: Path):
    path = tmp_path / "scaling.csv"
    lines = TABLE.read_text().splitlines()
    head, _, _ = lines[1].partition(',"coefficients') if '"' in lines[1] else lines[1].partition(",coefficients")
    path.write_text("\n".join([lines[0], head + ","]) + "\n")
    with pytest.raises(ConstantsError, match="line 2: source is empty"):
        load_scaling(path)


def test_a_ratio_is_what_it_is_there_over_what_it_was_here():
    for quantity in ("energy", "delay"):
        there = {rule: factor_28nm(0.6, quantity, rule) for rule in RULES}
        assert ratio_to_28nm("130", 1.2, 0.6, quantity, "LP") == pytest.approx(
            there["LP"] / factor("130", 1.2, quantity), rel=1e-12
        )
        expected = sorted(there[rule] / factor_28nm(0.9, quantity, rule) for rule in RULES)
        assert list(bracket_28nm_voltage(0.9, 0.6, quantity)) == pytest.approx(expected, rel=1e-12)


def test_the_outermost_nodes_of_two_families_are_the_published_ones():
    # HP at 0.9 V: 45 nm 1.018 x 0.81 - 0.3107 x 0.9 + 0.1539 = 0.69885, 20 nm as above 0.20079.
    there = factor_28nm(0.9, "energy", "HP")
    for node, published in (("45", 0.69885), ("20", 0.20079)):
        assert ratio_to_28nm(node, 0.9, 0.9, "energy", "HP") == pytest.approx(there / published)


def test_33_nm_lies_between_45_and_32():
    # LP at 0.9 V: 45 nm 0.84433, 32 nm 0.541209.
    share = math.log(45 / 33) / math.log(45 / 32)
    expected = factor_28nm(0.9, "energy", "LP") / ((1 - share) * 0.84433 + share * 0.541209)
    assert ratio_to_28nm("33", 0.9, 0.9, "energy", "LP") == pytest.approx(expected)


@pytest.mark.parametrize("constant", [-0.5, -0.75])
def test_a_polynomial_of_nothing_or_less_is_no_factor(constant: float):
    node = Node("x", {"energy": (0.0, 1.0, constant)}, (0.1, 1.0))
    assert node.factor("energy", 1.0) == 1.0 + constant
    with pytest.raises(ConstantsError, match=r"energy factor of node x at 0\.5 V is"):
        node.factor("energy", 0.5)
