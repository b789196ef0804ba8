"""The reader of Liberty files: the open library, small ones, and bad ones."""

from __future__ import annotations

import pytest

from rtl.synthesis import liberty
from rtl.synthesis.liberty import LibertyError, find_liberty, read_liberty

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
        (SMALL, "this is a letter", "about line 1: expected 'name : value' or 'name \\(...\\)', got 'this'"),
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


def test_a_file_that_is_no_text(tmp_path):
    (tmp_path / "cells.lib").write_bytes(b"\xff\xfe\x00library")
    with pytest.raises(LibertyError, match=r"cells\.lib: cannot be read"):
        read_liberty(tmp_path / "cells.lib")


def test_a_library_without_a_nand_has_nothing_to_count_in(file):
    found = read_liberty(file(SMALL.replace("(A B)'", "A B").replace('"A"', '"!A"')))
    with pytest.raises(LibertyError, match="no NAND of two inputs"):
        _ = found.nand2_area
    with pytest.raises(LibertyError, match="no buffer"):
        _ = found.buffer


def test_what_is_not_there_is_said_with_how_to_get_it(tmp_path, monkeypatch):
    with pytest.raises(LibertyError, match=r"mine\.lib: no such file"):
        find_liberty(tmp_path / "mine.lib")
    monkeypatch.setattr(liberty, "OSU018", tmp_path / "osu018.lib")
    with pytest.raises(LibertyError, match="apt-get install qflow-tech-osu018, or without root"):
        find_liberty()
