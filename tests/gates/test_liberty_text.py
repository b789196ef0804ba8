"""The forms that Liberty files come in, what is refused of them, and what tools get."""

from __future__ import annotations

import gzip
import os
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gates import liberty_text
from gates.liberty import OSU018, LibertyError, read_liberty
from gates.liberty_text import parse_liberty
from rtl.synthesis.yosys import run_yosys

PLAIN = """library (plain) {
  time_unit : "1ns";
  capacitive_load_unit (1, pf);
  define ("mine", "cell", "string");
  revision : 1.0.17;
  input_threshold_pct_rise : 50; input_threshold_pct_fall : 50;
  output_threshold_pct_rise : 50; output_threshold_pct_fall : 50;
  slew_lower_threshold_pct_rise : 20; slew_lower_threshold_pct_fall : 20;
  slew_upper_threshold_pct_rise : 80; slew_upper_threshold_pct_fall : 80;
  lu_table_template (two) {
    variable_1 : input_net_transition;
    index_1 ("0.1, 0.2");
  }
  cell (INV) {
    area : 2.5;
    pin (A) { direction : input; capacitance : 0.01; }
    pin (Y) { direction : output; function : "!A";
      timing () { related_pin : "A"; timing_sense : negative_unate;
        cell_rise (two) { values ("0.1, 0.2"); } cell_fall (two) { values ("0.1, 0.2"); }
        rise_transition (two) { values ("0.1, 0.2"); } fall_transition (two) { values ("0.1, 0.2"); } } }
  }
}
"""


@pytest.fixture
def write(tmp_path):
    def write(content: str | bytes, name: str = "cells.lib"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def plain(write):
    return read_liberty(write(PLAIN))


FORMS = {
    "gzip, whatever its name": gzip.compress(PLAIN.encode()),
    "gzip of two members": gzip.compress(PLAIN[:400].encode()) + gzip.compress(PLAIN[400:].encode()),
    "gzip with padding": gzip.compress(PLAIN.encode()) + bytes(1000),
    "a byte-order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "lines of Windows": PLAIN.replace("\n", "\r\n").encode(),
    "Latin-1 in a comment": ("/* \xa9 M\xfcller */ // \xb5m\n" + PLAIN).encode("latin-1"),
    "UTF-8 in a comment": ("/* “as is” */" + PLAIN).encode(),
    "comments of C++": ("// first { \n" + PLAIN.replace("area : 2.5;", "area : 2.5; // } um2\n")).encode(),
    "comments between all words": PLAIN.replace(" : ", " /* { */ : /* } */ ").encode(),
    "lines that are continued": PLAIN.replace("pin (A) {", "pin \\\n (A) \\  \r\n {")
    .replace("0.1, 0.2", "0.1, \\\n   0.2").encode(),
    "semicolons left out": PLAIN.replace("area : 2.5;", "area : 2.5\n").replace('"!A";', '"!A"\n').encode(),
    "semicolons too many": PLAIN.replace("}", "};").encode(),
    "no white space": PLAIN.replace("\n", "").replace("  ", "").encode(),
    "quotes around names": PLAIN.replace("(INV)", '("INV")').replace("pin (A)", 'pin("A")').encode(),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(write, plain, form):
    found = read_liberty(write(FORMS[form]))
    assert found.cells == plain.cells
    assert found.text.isascii()
    assert "/*" not in found.text
    assert "//" not in found.text
    assert found.text.replace('"', "").replace(",  ", ", ") == plain.text.replace('"', "")


@pytest.mark.parametrize("form", FORMS)
def test_tools_take_what_was_read_of_every_form(write, opensta, yosys, tmp_path, form):
    (tmp_path / "tools.lib").write_text(read_liberty(write(FORMS[form])).text)
    assert said_by_opensta(tmp_path) == "read 1 INV"
    run_yosys(["read_liberty -lib tools.lib", "select -assert-any =INV"], tmp_path)


def said_by_opensta(folder) -> str:
    script = "if {[catch {read_liberty tools.lib} said]} {puts $said}\nset cells [get_lib_cells */*]\n"
    (folder / "read.tcl").write_text(script + 'puts "read [llength $cells] [get_name [lindex $cells 0]]"\n')
    run = subprocess.run(
        ["sta", "-no_splash", "-no_init", "-exit", "read.tcl"], cwd=folder, capture_output=True, text=True, check=True
    )
    return (run.stdout + run.stderr).strip()


# What ABC, which looks into strings, or OpenSTA takes for more than text.
STRINGS = ("http://x", "a /* b", "*/", "(", "}{", "x\\\"y", "\\\\", "caf\u00e9", "\t", "a // } b")


@pytest.mark.parametrize("string", STRINGS)
def test_strings_do_not_trip_opensta(write, opensta, tmp_path, string):
    found = read_liberty(write(PLAIN.replace("revision : 1.0.17;", f'comment : "{string}"; revision : "{string}";')))
    (tmp_path / "tools.lib").write_text(found.text, encoding="ascii")
    assert said_by_opensta(tmp_path) == "read 1 INV"


def test_strings_do_not_trip_abc(write, library, yosys, tmp_path):
    said = "".join(f'  my_comment{at} : "{string}";\n' for at, string in enumerate(STRINGS))
    begin, brace, rest = OSU018.read_text().partition("{")
    found = read_liberty(write(begin + brace + said + rest))
    assert found.cells == library.cells
    (tmp_path / "tools.lib").write_text(found.text, encoding="ascii")
    (tmp_path / "one.v").write_text("module one (input a, b, output y); assign y = ~(a & b); endmodule\n")
    commands = ["read_verilog one.v", "synth -top one", "abc -liberty tools.lib", "select -assert-any t:NAND2X1"]
    run_yosys(commands, tmp_path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (PLAIN.encode("utf-16"), "is UTF-16 text"),
        (PLAIN.encode() + b"\0", "cannot be read as text \\(byte \\d+ is 0\\)"),
        (gzip.compress(PLAIN.encode())[:-30], "gzip file that ends early"),
        (gzip.compress(PLAIN.encode())[:-8] + bytes(8), "damaged gzip file"),
        (b"\x1f\x8b" + bytes(30), "damaged gzip file"),
        (gzip.compress(PLAIN.encode()) + b"more", "damaged gzip file"),
        ("# a comment of a shell\n" + PLAIN, "line 1: expected 'name : value' or 'name \\(...\\)', got '#'"),
        ("/* no end\n" + PLAIN, "line 1: expected an end of the comment"),
        (PLAIN.replace('"!A"', '"!A'), "line 17: expected a closing quote in the line"),
        (PLAIN.replace("cell (INV)", 'include_file ("x.lib"); cell (INV)'), "line 14: expected a library in one file"),
        (PLAIN.replace("area", "\u00e4rea"), "line 15: expected ASCII outside comments and strings"),
        (PLAIN.replace("area : 2.5", "area : \x1b2.5"), "line 15: expected ASCII outside comments and strings"),
        (PLAIN.replace("area :", "area ="), "line 15: expected 'name : value' or 'name \\(...\\)', got 'area'"),
        (PLAIN + PLAIN, "line 23: a second library"),
        (PLAIN.replace("cell (INV)", "g () {" * 100), "line 14: expected at most 64 groups in each other"),
        (PLAIN.replace("cell (INV)", "cell (INV"), "line 14: expected a closing parenthesis after cell"),
        ("library (x) {" * 3, "ends inside library"),
        ("}", "line 1: expected no more closing braces"),
        ("(" * 100_000, "line 1: expected 'name"),
        ("library (" + "a," * 100_000, "line 1: expected a closing parenthesis"),
        ("library", "line 1: expected 'name"),
        ("library (x) { a : ", "ends inside library"),
        ("\\", "line 1: expected 'name"),
        ("", "no library group"),
    ],
)
def test_what_is_no_liberty_is_refused_with_file_and_line(write, content, said):
    path = write(content)
    with pytest.raises(LibertyError, match=f"cells.lib: {said}") as caught:
        read_liberty(path)
    assert str(caught.value).startswith(str(path))
    assert len(str(caught.value)) < 400


def test_a_gzip_bomb_is_unpacked_no_further_than_the_limit(write, monkeypatch):
    monkeypatch.setenv("RSNN_MAX_MB", "1")
    path = write(gzip.compress(b" " * (8 << 20)), "bomb.lib.gz")
    with pytest.raises(LibertyError, match=r"bomb\.lib\.gz: .*expected at most 1,048,576 .*RSNN_MAX_MB"):
        read_liberty(path)


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.lib")
    for name, said in (("pipe.lib", "is a named pipe"), (".", "is a folder"), ("a" * 300, "cannot be read")):
        with pytest.raises(LibertyError, match=said):
            read_liberty(tmp_path / name)


def test_groups_are_counted(write, monkeypatch):
    monkeypatch.setattr(liberty_text, "MOST_GROUPS", 10)
    with pytest.raises(LibertyError, match="line 1: expected at most 10 cells, pins and the like"):
        read_liberty(write("library (many) { cell (X) { " + "pin (A) { }" * 20))


def test_what_is_not_kept_takes_no_group(tmp_path):
    groups = "other (y) { cell (z) { } } cell (X) { timing () { pin (A) { } } }"
    library, text = parse_liberty(f"library (x) {{ {groups} }}", tmp_path)
    assert [(group.kind, group.groups) for group in library.groups] == [("cell", [])]
    assert "other (y) {\ncell (z) {\n}\n}\n" in text


WORDS = ["{", "}", "(", ")", ";", ":"]
WORDS += [",", '"', "\\", "\n", "/*", "*/", "//", " ", "cell", "pin", "ff", "function"]
WORDS += ["area", "1e999", "-1", "true", "!", "'", "[0]", "\x00", "\xe9", "$x", "[exec x]", "IQ", "A"]
WORDS += ["library", "\r\n"]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(0, 1200), st.integers(0, 30), st.sampled_from(WORDS) | st.text(max_size=3)), max_size=5
    )
)
def test_a_changed_file_is_a_library_or_an_error_that_names_it(tmp_path, changes):
    text = PLAIN
    for place, length, word in changes:
        text = text[:place] + word + text[place + length :]
    path = tmp_path / "cells.lib"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        found, said = read_liberty(path), str(path)
    except LibertyError as error:
        found, said = None, str(error)
    assert said.startswith(str(path))
    if found is not None:
        path.write_text(found.text, encoding="ascii")
        assert read_liberty(path).text == found.text
