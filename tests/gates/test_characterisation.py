"""What Liberty files say of power, against what was read off them by hand; and malformed ones."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest

from gates.characterisation import read_characterisation
from gates.liberty import LibertyError, read_liberty
from tests.conftest import LIBRARIES

PLAIN = """library (plain) {
  time_unit : "1ns"; capacitive_load_unit (10, ff); voltage_unit : "100mV"; leakage_power_unit : "1nW";
  nom_voltage : 9; nom_temperature : 25;
  power_lut_template (two) { variable_1 : total_output_net_capacitance; variable_2 : input_transition_time;
    index_1 ("1, 2"); index_2 ("0.1, 0.2, 0.3"); }
  cell (INV) {
    area : 2.5; cell_leakage_power : 4;
    leakage_power () { when : "A"; value : 1; related_pg_pin : VDD; }
    leakage_power () { when : "A"; value : 2; related_pg_pin : VSS; }
    leakage_power () { value : 5; related_pg_pin : VDD; }
    pin (A) { direction : input; capacitance : 0.2; rise_capacitance : 0.1; fall_capacitance : 0.2; }
    pin (Y) { direction : output; function : "!A";
      internal_power () { related_pin : "A"; rise_power (two) { values ("1, 2, 3", "4, 5, 6"); }
        fall_power (scalar) { values ("-1"); } } }
  }
}
"""


def write(folder, text):
    path = folder / "cells.lib"
    path.write_text(text)
    return path


def test_units_rails_and_the_order_of_axes(tmp_path):
    path = write(tmp_path, PLAIN)
    found = read_characterisation([path])
    assert (found.voltage_v, found.temperature_c) == (pytest.approx(0.9), 25.0)
    cell = found.cells["INV"]
    assert cell.averaged_w == pytest.approx(4e-9)
    # Low: VDD's group without a state; high: 1 of VDD and 2 of VSS.
    np.testing.assert_allclose(cell.leakage_by_state(read_liberty(path).cells["INV"]), [5e-9, 3e-9])
    # (0.1 + 0.2) / 2 of 10 fF.
    assert cell.capacitance_f == {"A": pytest.approx(1.5e-15)}
    (entry,) = cell.internal
    # At 0.2 ns and 2 x 10 fF stands 5, of (0.1 V)^2 x 10 fF = 1e-16 J.
    assert entry.rise.at(2e-10, 2e-14)[0] == pytest.approx(5e-16)
    assert entry.fall.at(1.0, 1.0)[0] == pytest.approx(-1e-16)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"4, 5, 6"', '"4, 5"', "line 13: cell INV: values is '5 numbers', expected 6"),
        ('"4, 5, 6"', '"4, nan, 6"', "line 13: cell INV: values is 'nan'"),
        ('"0.1, 0.2, 0.3"', '"0.1, 0.3, 0.2"', "index_2 is .* expected ascending"),
        ("rise_power (two)", "rise_power (three)", "template is 'three'"),
        ("input_transition_time", "output_temperature", "variable_2 is 'output_temperature'"),
        ("fall_power (scalar)", "power (scalar)", "rise_power is 'a second one'"),
        ("value : 1;", "value : x;", "line 8: cell INV: value is 'x'"),
        ("value : 1;", "value : 1; value : 2;", "value once in a leakage_power"),
        ('when : "A"; value : 1', 'when : "A &"; value : 1', "line 8: cell INV: when:"),
        ('"1nW"', '"1nA"', "leakage_power_unit is '1nA'"),
        ("nom_voltage : 9;", "", "nom_voltage is ''"),
        ("fall_capacitance : 0.2", "fall_capacitance : -0.2", "capacitance is '-0.2'"),
    ],
)
def test_what_is_malformed_is_refused_by_line_and_cell(tmp_path, old, new, message):
    assert old in PLAIN
    with pytest.raises(LibertyError, match=message):
        read_characterisation([write(tmp_path, PLAIN.replace(old, new))])


def test_a_cell_in_two_files_is_refused(tmp_path):
    path = write(tmp_path, PLAIN)
    with pytest.raises(LibertyError, match="cell INV a second time"):
        read_characterisation([path, path])


def library(name):
    path = LIBRARIES / f"{name}.lib.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there (set RSNN_LIBERTY)")
    return path


@pytest.fixture(scope="module")
def nangate():
    return read_characterisation([library("nangate45_typ")]).cells


def only(cell, pin, related, groups=None):
    """Return the groups of an edge, and that none is missing."""
    found = [entry for entry in cell.internal if (entry.pin, entry.related_pin) == (pin, related)]
    assert groups is None or len(found) == groups
    return found


def test_inverter_by_hand(nangate):
    (entry,) = only(nangate["INV_X1"], "ZN", "A", 1)
    # A point of the table: 0.0171859 ns, 1.897810 fF.
    assert entry.rise.at(17.1859e-12, 1.897810e-15)[0] == pytest.approx(1.925712e-15)
    # (1.549360 + 1.700230) / 2 fF.
    assert nangate["INV_X1"].capacitance_f["A"] == pytest.approx(1.624795e-15)


def test_nand_by_hand(nangate):
    path = library("nangate45_typ")
    (entry,) = only(nangate["NAND2_X1"], "ZN", "A1", 1)
    # Half way from 0.0409838 to 0.0780596 ns and from 3.709790 to 7.419590 fF:
    # (2.450050 + 2.360539 + 2.863327 + 2.880168) / 4 = 2.638521 fJ.
    assert entry.rise.at(59.5217e-12, 5.56469e-15)[0] == pytest.approx(2.638521e-15)
    by_state = nangate["NAND2_X1"].leakage_by_state(read_liberty(path).cells["NAND2_X1"])
    np.testing.assert_allclose(by_state, np.array([3.482556, 24.799456, 4.085038, 37.206389]) * 1e-9)
    # Their mean is what the file calls cell_leakage_power.
    assert by_state.mean() == pytest.approx(nangate["NAND2_X1"].averaged_w, rel=1e-6)


def test_flip_flop_by_hand(nangate):
    entries = only(nangate["DFF_X1"], "D", "", 4)
    # When !CK & !Q & QN, half way from 0.0171859 to 0.0409838 ns: (4.232647 + 4.257524) / 2 = 4.2450855 fJ.
    assert entries[0].fall.at(29.08485e-12)[0] == pytest.approx(4.2450855e-15)


def test_clock_gate_by_hand(nangate):
    entries = only(nangate["CLKGATE_X1"], "CK", "", 2)
    # When E & !GCK, at 0.00117378 ns.
    assert entries[1].fall.at(1.17378e-12)[0] == pytest.approx(6.310713e-15)
    assert entries[1].rise.at(1.17378e-12)[0] == 0


def test_asap7_by_rail():
    path = library("asap7_SIMPLE_RVT_TT")
    cell = read_characterisation([path]).cells["NAND2xp33_ASAP7_75t_R"]
    entries = only(cell, "Y", "A", 2)
    assert {entry.rail for entry in entries} == {"VDD", "VSS"}
    # At 10 ps and 0.36 fF: 0.091287 of VDD, -0.0235305 of VSS, together 0.0677565 fJ.
    assert sum(entry.rise.at(10e-12, 0.36e-15)[0] for entry in entries) == pytest.approx(0.0677565e-15)
    # VSS has 0 in every state; the mean of the states is not quite what the group without one says, 30.4155 pW.
    by_state = cell.leakage_by_state(read_liberty(path).cells["NAND2xp33_ASAP7_75t_R"])
    np.testing.assert_allclose(by_state, np.array([17.9885, 33.5305, 36.4524, 33.6905]) * 1e-12)
    assert cell.averaged_w == pytest.approx(30.4155e-12)


@pytest.mark.parametrize("name", ["nangate45_typ", "sg13g2_stdcell_typ_1p20V_25C"])
def test_averaged_leakage_is_what_opensta_says(tmp_path, name):
    """Every usable cell once; OpenSTA 2.0.17 takes ``cell_leakage_power``, whatever the duty of the inputs."""
    sta = shutil.which("sta")
    if sta is None:
        pytest.skip("sta is not installed (Debian's opensta)")
    path = library(name)
    cells = [cell for cell in read_liberty(path).cells.values() if cell.usable]
    ports = [(way, f"{pin}_{i}") for i, c in enumerate(cells) for way in ("input", "output") for pin in pins(c, way)]
    lines = [f"module top ({', '.join(port for _, port in ports)});", *(f"{way} {port};" for way, port in ports)]
    for i, cell in enumerate(cells):
        joined = ", ".join(f".{pin}({pin}_{i})" for pin in (*cell.inputs, *cell.outputs))
        lines.append(f"{cell.name} u{i} ({joined});")
    (tmp_path / "cells.lib").write_text(read_liberty(path).text)
    (tmp_path / "top.v").write_text("\n".join([*lines, "endmodule\n"]))
    (tmp_path / "run.tcl").write_text(
        "read_liberty cells.lib\nread_verilog top.v\nlink_design top\ncreate_clock -name c -period 10\n"
        "report_power -digits 8\n"
    )
    command = [sta, "-no_splash", "-exit", "run.tcl"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=True).stdout
    (total,) = (float(line.split()[3]) for line in said.splitlines() if line.startswith("Total "))
    found = read_characterisation([path]).cells
    assert sum(found[cell.name].averaged_w for cell in cells) == pytest.approx(total, rel=1e-3)


def pins(cell, way):
    return cell.inputs if way == "input" else cell.outputs
