"""The reader of Liberty files: the open library, small ones, and bad ones."""

from __future__ import annotations

import pytest

from gates import liberty
from gates.liberty import LibertyError, find_liberty, read_liberty

SMALL = """
/* a comment { */
library (small) {
  time_unit : "1ns"
  capacitive_load_unit (1, pf);
  cell (NAND) {
    area : 4.5;
    pin (A, B) { direction : input; }
    pin (Y) { direction : output; function : "(A B)'"; timing () { related_pin : "A"; values ("1, 2", \\
      "3, 4"); } }
  }
  cell (INV) { area : 2; pin (A) { direction : input; } pin (Y) { direction : output; function : "!A"; } }
  cell (BUF) { area : 3; pin (A) { direction : input; } pin (Y) { direction : output; function : "A"; } }
  cell (FF) {
    area : 20;
    ff (IQ, IQN) { next_state : "D E + IQ !E"; clocked_on : "!CK"; clear : "R"; }
    pin (D) { direction : input; } pin (E) { direction : input; } pin (R) { direction : input; }
    pin (CK) { direction : input; clock : true; }
    pin (Q) { direction : output; function : "IQ"; }
    pin (QN) { direction : output; function : "IQN"; }
  }
  cell (LATCH) { area : 9; latch (IQ, IQN) { enable : "G"; data_in : "D"; } pin (D) { direction : input; }
    pin (G) { direction : input; } pin (Q) { direction : output; function : "IQ"; } }
}
"""


@pytest.fixture
def file(tmp_path):
    def write(text: str):
        path = tmp_path / "cells.lib"
        path.write_text(text)
        return path

    return write


def test_cells_of_a_small_library(file):
    found = read_liberty(file(SMALL))
    assert found.name == "small"
    assert {name: cell.area for name, cell in found.cells.items()} == {
        "NAND": 4.5, "INV": 2, "BUF": 3, "FF": 20, "LATCH": 9,
    }  # fmt: skip
    assert found.nand2_area == 4.5
    assert found.buffer == "BUF"
    assert found.cells["NAND"].inputs == ("A", "B")
    assert found.cells["NAND"].truth_table() == (True, True, True, False)
    assert [name for name, cell in found.cells.items() if cell.flip_flop] == ["FF"]
    assert [name for name, cell in found.cells.items() if not cell.modelled] == ["LATCH"]


def test_models_of_cells(file):
    text = read_liberty(file(SMALL)).verilog()
    assert "module NAND (input A, input B, output Y);\n    assign Y = (~(A & B));\nendmodule" in text
    assert "wire clocked_on = (~CK);" in text
    assert "always @(posedge clocked_on or posedge clear) if (clear) IQ <= 1'b0; else IQ <= " in text
    assert "wire IQN = ~IQ;" in text
    assert "LATCH" not in text


def test_the_open_library(library):
    assert library.name == "osu018_stdcells"
    assert library.nand2_area == library.cells["NAND2X1"].area == 24
    assert {name for name, cell in library.cells.items() if cell.flip_flop} == {"DFFNEGX1", "DFFPOSX1", "DFFSR"}
    assert {name for name, cell in library.cells.items() if not cell.modelled} == {"LATCH", "TBUFX1", "TBUFX2"}
    assert "always @(posedge CLK) DS0000 <= D;" in library.verilog()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (SMALL, "this is a letter", "line 1: expected 'name : value' or 'name \\(...\\)', got 'this'"),
        (SMALL, "", "no library group"),
        (SMALL, "library (empty) { }", "library has no cell"),
        ("area : 4.5", "area : wide", "cell NAND: area is 'wide', expected a number from 0"),
        ("area : 4.5", "area : nan", "cell NAND: area is 'nan', expected a number from 0"),
        ("next_state", "next", "its ff group has no state, next_state or clocked_on"),
        ("clocked_on", "clocked", "its ff group has no state, next_state or clocked_on"),
        ("(A B)'", "(A B", "cell NAND: function '\\(A B': a parenthesis is not closed"),
        ("(A B)'", "(A C)'", "cell NAND: a function of C, which is no input"),
        ("cell (INV) {", "cell (INV) { }", "no more closing braces"),
        ("cell (INV) {", "cell (INV) { pin (X) {", "ends inside library"),
        ("cell (NAND)", "cell (NAND, OR)", "cell \\(NAND, OR\\): expected one name"),
        ("cell (NAND) {", "cell (NAND {", "a closing parenthesis after cell"),
    ],
)
def test_a_bad_file_is_named_with_its_fault(file, old, new, said):
    path = file(SMALL.replace(old, new))
    with pytest.raises(LibertyError, match=said) as caught:
        read_liberty(path)
    assert str(path) in str(caught.value)


def test_a_library_without_a_nand_has_nothing_to_count_in(file):
    found = read_liberty(file(SMALL.replace("(A B)'", "A B").replace('"A"', '"!A"')))
    with pytest.raises(LibertyError, match="no NAND of two inputs"):
        _ = found.nand2_area
    with pytest.raises(LibertyError, match="no buffer"):
        _ = found.buffer


@pytest.mark.parametrize("setting", [
    "dont_use : true;", 'dont_use : "true";', "dont_use : TRUE;", "pad_cell : true;", "is_level_shifter : true;",
    "is_isolation_cell : true;", 'clock_gating_integrated_cell : "latch_posedge";', "always_on : true;",
    "area : 0;", "",
])  # fmt: skip
def test_what_may_not_be_used_neither_drives_nor_counts(file, setting):
    small = " area : 0.5;" if "area" not in setting and setting else ""
    gates = "".join(
        f"  cell ({name}_SMALL) {{{small} {setting} pin (A, B) {{ direction : input; }} "
        f'pin (Y) {{ direction : output; function : "{function}"; }} }}\n'
        for name, function in (("NAND", "!A+!B"), ("BUF", "A"))
    ).replace("(BUF_SMALL) {", "(BUF_SMALL) { /* B is unused */").replace('(A, B) { direction : input; } pin (Y) { '
        'direction : output; function : "A"', '(A) { direction : input; } pin (Y) { direction : output; function : "A"')
    found = read_liberty(file(SMALL.replace("  cell (NAND) {", gates + "  cell (NAND) {")))
    assert found.cells["NAND_SMALL"].truth_table() == found.cells["NAND"].truth_table()
    assert found.cells["BUF_SMALL"].truth_table() == (False, True)
    assert (found.nand2_area, found.buffer) == (4.5, "BUF")
    assert not found.cells["NAND_SMALL"].usable
    # Every tool is told so, in the one way that each of them knows.
    assert found.text.count("dont_use : true;") == len([cell for cell in found.cells.values() if not cell.usable]) == 3


def test_a_pad_by_its_pin_may_not_be_used(file):
    pad = "pin (Y) { is_pad : true; direction : output; function"
    found = read_liberty(file(SMALL.replace('area : 3; pin (A) { direction : input; } pin (Y) { direction : output; '
                                            'function', f'area : 3; pin (A) {{ direction : input; }} {pad}')))
    with pytest.raises(LibertyError, match=r"small: no buffer .*; BUF may not be used"):
        _ = found.buffer


def test_what_is_said_to_be_usable_is(file):
    # Some tools ask whether the attribute is there, not what it says.
    found = read_liberty(file(SMALL.replace("area : 3;", "area : 3; dont_use : false;")))
    assert found.buffer == "BUF"
    assert found.text.count("dont_use") == 1


@pytest.mark.parametrize("function", ["(A B)'", "!(A&B)", "!A | !B", "A'+B'", "!(B*A)", "(A B)^1", "!!!(A B)"])
def test_a_nand_is_known_however_it_is_written(file, function):
    assert read_liberty(file(SMALL.replace("(A B)'", function))).nand2_area == 4.5


def test_power_pins_are_no_pins(file):
    power = 'pg_pin (VDD) { pg_type : primary_power; voltage_name : "VDD"; direction : inout; } pin (A, B)'
    assert read_liberty(file(SMALL.replace("pin (A, B)", power))).nand2_area == 4.5


HOSTILE = (
    "BUFA[{*}exec touch X]", "$env(HOME)", "a b", "a;b", "x\n", "", "1st", "caf\xe9", "a`b", "A" * 128, "{", "a/b",
    "(*)", "\\a", "a.b", "a-b",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    ("old", "what", "line"),
    [
        ("cell (INV)", "cell name", 12), ("cell (BUF) { area : 3; pin (A)", "cell BUF: pin name", 13),
        ("ff (IQ, IQN)", "cell FF: state", 16), ("latch (IQ, IQN) { enable", None, None),
        ("library (small)", "library", 3),
    ],
)  # fmt: skip
def test_a_name_that_is_no_identifier_is_refused_where_it_is_read(file, old, what, line, name):
    kind, _, rest = old.rpartition("(")
    new = f'{kind}("{name}"{rest[rest.index(","):] if "," in rest else ")" + rest.partition(")")[2]}'
    assert old in SMALL
    path = file(SMALL.replace(old, new))
    if what == "library" and name in ("a.b", "a-b", "1st", "A" * 128):
        assert read_liberty(path).name == name
    elif what is None and '"' not in name and "\n" not in name:
        # Nothing is made of the states of a latch, but a tool reads them as a string.
        assert not read_liberty(path).cells["LATCH"].usable
    else:
        with pytest.raises(LibertyError, match=r"cells\.lib: line \d+: ") as caught:
            read_liberty(path)
        assert str(path) in str(caught.value)
        if "\n" not in name:
            assert f"cells.lib: line {line}: {what}" in str(caught.value)


def test_keywords_of_verilog_are_names(file):
    text = SMALL.replace("cell (NAND)", "cell (nand)").replace("area : 3; pin (A)", "area : 3; pin (bit)")
    found = read_liberty(file(text.replace('function : "A"', 'function : "bit"')))
    assert found.buffer == "BUF"
    assert "module \\nand  (input A" in found.verilog()


@pytest.mark.parametrize("pin", ["A[0]", "A[3:0]", "A<1>"])
def test_a_cell_with_bits_of_a_bus_is_listed_and_not_used(file, pin):
    text = SMALL.replace("area : 3; pin (A)", f"area : 3; pin ({pin})").replace('function : "A"', f'function : "{pin}"')
    found = read_liberty(file(text))
    assert found.cells["BUF"].inputs == (pin,)
    assert not found.cells["BUF"].modelled
    assert "BUF" not in found.verilog()


def test_a_cell_named_like_a_memory_of_the_design_is_not_used(file):
    found = read_liberty(file(SMALL.replace("cell (INV)", "cell (rsnn_memory_4x1)")))
    assert not found.cells["rsnn_memory_4x1"].usable
    assert "rsnn_memory" not in found.verilog()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cell (INV)", "cell (NAND)", "cell NAND a second time"),
        ("pin (A, B)", "pin (A, A)", "cell NAND: a pin a second time"),
        ("area : 4.5;", "area : 4.5; area : 3;", "area once in a cell, got '4.5' and '3'"),
        ("ff (IQ, IQN)", "ff (D, IQN)", "its states are D, IQN, expected names of no pin"),
        ("ff (IQ, IQN)", "ff (IQ, IQ)", "its states are IQ, IQ, expected names of no pin"),
        ('"1ns"', '"1s"', "time_unit is '1s', expected one of 1ps, 10ps, 100ps, 1ns"),
        ("(1, pf)", "(1, nf)", "capacitive_load_unit is \\(1,nf\\), expected a number and ff or pf"),
        ("(1, pf)", "(nan, pf)", "capacitive_load_unit is"),
        ("capacitive_load_unit (1, pf);", "", "capacitive_load_unit is \\(\\), expected"),
        ("area : 4.5", "area : 1_0", "cell NAND: area is '1_0', expected a number from 0"),
        ("area : 4.5", f"area : {'9' * 5000}", "cell NAND: area is '9999"),
        ("(A B)'", f"{'(' * 100}A{')' * 100}", "parentheses in each other"),
        ("(A B)'", f"{'!' * 5000}A", "more than 2000 operands and operators"),
        ("(A B)'", "A" + "+A" * 5000, "more than 2000 operands and operators"),
    ],
)
def test_what_contradicts_itself_or_is_out_of_range_is_refused(file, old, new, said):
    path = file(SMALL.replace(old, new))
    with pytest.raises(LibertyError, match=said) as caught:
        read_liberty(path)
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("time", "capacitance", "farads", "written"),
    [
        ('"1ps"', "(1, ff)", 1e-15, 'time_unit : "1ps";\ncapacitive_load_unit (1,ff);'),
        ("1PS", '("1.0000000000", "pF")', 1e-12, 'time_unit : "1ps";\ncapacitive_load_unit (1,pf);'),
        ('"10 ps"', "(1000.0 , fF)", 1e-12, 'time_unit : "10ps";\ncapacitive_load_unit (1000,ff);'),
        ('"100ps"', "(0.001,PF)", 1e-15, 'time_unit : "100ps";\ncapacitive_load_unit (0.001,pf);'),
    ],
)
def test_units_are_written_as_every_tool_knows_them(file, time, capacitance, farads, written):
    found = read_liberty(file(SMALL.replace('"1ns"', time).replace("(1, pf)", capacitance)))
    assert f"library (small) {{\n{written}\n" in found.text
    assert found.capacitance_unit_f == pytest.approx(farads)
    assert found.text.count("time_unit") == found.text.count("capacitive_load_unit") == 1


@pytest.mark.slow
def test_real_libraries_are_read_alike_from_what_tools_get(liberty_files, tmp_path):
    for name, path in liberty_files.items():
        found = read_liberty(path)
        (tmp_path / "again.lib").write_text(found.text, encoding="ascii")
        again = read_liberty(tmp_path / "again.lib")
        assert (again.cells, again.text) == (found.cells, found.text), name
        assert sum(cell.usable for cell in found.cells.values()) >= 17, name


def test_units_and_references_of_real_libraries(liberty_files):
    references = {
        "nangate45_typ": (0.798, "BUF_X1", 1e-9, 1e-15), "sky130hd_tt": (3.7536, "sky130_fd_sc_hd__buf_1", 1e-9, 1e-12),
        "sg13g2_stdcell_typ_1p20V_25C": (7.2576, "sg13g2_buf_1", 1e-9, 1e-12),
        "gt2_6t_w13_svt": (0.018144, "gt2_6t_buf_x1_w13_svt", 1e-12, 1e-12),
    }  # fmt: skip
    for name, expected in references.items():
        found = read_liberty(liberty_files[name])
        assert (found.nand2_area, found.buffer, found.time_unit_s, found.capacitance_unit_f) == pytest.approx(expected)
    # Powered by another net, or on the border of two.
    cells = read_liberty(liberty_files["sky130hd_tt"]).cells.values()
    unusable = {cell.name.split("__")[1].partition("_")[0] for cell in cells if cell.modelled and not cell.usable}
    assert unusable == {"lpflow"}
    with pytest.raises(LibertyError, match=r"no NAND of two inputs .* Cells of one library in several files"):
        _ = read_liberty(liberty_files["asap7_INVBUF_RVT_TT"]).nand2_area


def test_what_is_not_there_is_said_with_how_to_get_it(tmp_path, monkeypatch):
    with pytest.raises(LibertyError, match=r"mine\.lib: no such Liberty library"):
        find_liberty(tmp_path / "mine.lib")
    monkeypatch.setattr(liberty, "OSU018", tmp_path / "osu018.lib")
    with pytest.raises(LibertyError, match="apt-get install qflow-tech-osu018, or without root"):
        find_liberty()
