"""Verilog models of cells: Icarus takes those of every library, and they do what the functions say."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess

import pytest

from gates.cell_models import model_of
from gates.liberty import OSU018, read_liberty

HEAD = 'library (odd) { time_unit : "1ns"; capacitive_load_unit (1, pf);\n'


@pytest.fixture(scope="module", autouse=True)
def icarus():
    if os.environ.get("CI") != "true" and shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed (apt install iverilog)")


def simulated(folder, text: str, standard: str = "-g2005") -> list[str]:
    (folder / "cells.v").write_text(text)
    command = ["iverilog", standard, "-Wall", "-o", "cells.vvp", "cells.v"]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stdout + built.stderr) == (0, ""), built.stderr[-2000:]
    run = subprocess.run(["vvp", "-n", "cells.vvp"], cwd=folder, capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def read(folder, cells: str):
    (folder / "odd.lib").write_text(HEAD + cells + "}\n")
    return read_liberty(folder / "odd.lib")


@pytest.mark.slow
@pytest.mark.parametrize("standard", ["-g2005", "-g2012"])
def test_icarus_takes_the_models_of_every_library(tmp_path, liberty_files, standard):
    paths = dict(liberty_files) | ({"osu018": OSU018} if OSU018.is_file() else {})
    # The largest take seconds to read, and have gates like the others.
    for name, path in paths.items():
        if path.stat().st_size < 3_000_000:
            assert simulated(tmp_path, read_liberty(path).verilog(), standard) == [], name


def test_gates_of_a_real_library_do_what_their_tables_say(tmp_path, liberty_files):
    library = read_liberty(liberty_files["sg13g2_stdcell_typ_1p20V_25C"])
    lines, expected = [], []
    for cell in library.cells.values():
        table = cell.truth_table()
        if table is None or not cell.inputs:
            continue
        count = len(cell.inputs)
        pins = ", ".join(f".{pin}(i[{count - 1 - at}])" for at, pin in enumerate(cell.inputs))
        lines.append(
            f"module try_{cell.name};\n  reg [{count - 1}:0] i; wire o; integer n;\n"
            f"  {cell.name} u ({pins}, .{cell.outputs[0]}(o));\n"
            f"  initial for (n = 0; n < {1 << count}; n = n + 1) begin\n"
            f'    i = n; #1 $display("{cell.name} %0d %b", n, o); end\nendmodule\n'
        )
        expected += [f"{cell.name} {at} {int(value)}" for at, value in enumerate(table)]
    assert sorted(simulated(tmp_path, "`timescale 1ns/1ns\n" + library.verilog() + "".join(lines))) == sorted(expected)
    assert len(expected) > 300


NAMES = ("clear", "preset", "clocked_on", "reg", "logic", "IQ_", "posedge", "module", "a$b", "_")


def test_pins_may_have_any_name(tmp_path):
    cells = "".join(
        f"""cell (always_{at}) {{ area : 1; ff (IQ, IQN) {{ clocked_on : "!ck"; next_state : "{name} ck";
            clear : "{name}"; preset : "!{name}"; clear_preset_var1 : L; clear_preset_var2 : L; }}
            pin (ck, {name}) {{ direction : input; }} pin (wire) {{ direction : output; function : "IQ"; }}
            pin (endmodule) {{ direction : output; function : "IQN"; }} }}
            cell (g{at}) {{ area : 1; pin ({name}) {{ direction : input; }}
            pin (output) {{ direction : output; function : "{name}'"; }} }}\n"""
        for at, name in enumerate(NAMES)
    )
    library = read(tmp_path, cells + "cell (and) { pin (or) { direction : input; } pin (not) { direction : output; "
                   'function : "or"; } }')  # fmt: skip
    assert all(cell.modelled for cell in library.cells.values())
    for standard in ("-g2005", "-g2012"):
        assert simulated(tmp_path, library.verilog(), standard) == []


FORCED = """cell (F) {{ area : 1; ff (IQ, IQN) {{ clocked_on : "CK"; next_state : "D"; clear : "R"; preset : "S";
    {both} }} pin (CK, D, R, S) {{ direction : input; }} pin (Q) {{ direction : output; function : "IQ"; }}
    pin (QN) {{ direction : output; function : "IQN"; }} }}"""


@pytest.mark.parametrize(("first", "second"), list(itertools.product("LH", "LH")))
def test_both_clear_and_preset_give_what_the_library_says(tmp_path, first, second):
    library = read(tmp_path, FORCED.format(both=f"clear_preset_var1 : {first}; clear_preset_var2 : {second};"))
    bench = """module bench;
        reg ck, d, r, s; wire q, qn;
        F f (.CK(ck), .D(d), .R(r), .S(s), .Q(q), .QN(qn));
        initial begin
            ck = 0; d = 1; r = 0; s = 0; #1 ck = 1; #1 $display("%b%b", q, qn);
            r = 1; #1 $display("%b%b", q, qn); s = 1; #1 $display("%b%b", q, qn);
            r = 0; s = 0; #1 s = 1; #1 $display("%b%b", q, qn);
        end
    endmodule\n"""
    both = f"{int(first == 'H')}{int(second == 'H')}"
    assert simulated(tmp_path, "`timescale 1ns/1ns\n" + library.verilog() + bench) == ["10", "01", both, "10"]


OTHERS = ("", "clear_preset_var1 : N;", "clear_preset_var1 : X;", "clear_preset_var1 : L; clear_preset_var2 : T;")


@pytest.mark.parametrize("both", OTHERS)
def test_what_both_do_and_verilog_cannot_say_is_not_modelled(tmp_path, both):
    assert not read(tmp_path, FORCED.format(both=both)).cells["F"].modelled


def test_two_registers_are_not_modelled(tmp_path):
    two = """cell (F) { area : 1; ff (A, AN) { clocked_on : "CK"; next_state : "D"; } ff (B, BN) { clocked_on : "CK";
        next_state : "A"; } pin (CK, D) { direction : input; } pin (Q) { direction : output; function : "B"; } }"""
    assert not read(tmp_path, two).cells["F"].modelled


def test_a_state_may_be_its_own_next(tmp_path):
    toggle = """cell (T) { area : 1; ff (IQ, IQN) { clocked_on : "CK"; next_state : "IQN"; clear : "R"; }
        pin (CK, R) { direction : input; } pin (Q) { direction : output; function : "IQ"; } }"""
    library = read(tmp_path, toggle)
    bench = """module bench; reg ck, r; wire q; T t (.CK(ck), .R(r), .Q(q)); initial begin
        ck = 0; r = 1; #1 r = 0; repeat (4) begin #1 ck = 1; #1 ck = 0; $display("%b", q); end end endmodule\n"""
    assert simulated(tmp_path, "`timescale 1ns/1ns\n" + library.verilog() + bench) == ["1", "0", "1", "0"]
    assert model_of(library.cells["T"]) == library.verilog()
