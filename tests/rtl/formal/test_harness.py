"""The Verilog around what a property is about: nets joined by name, free inputs, tables."""

from __future__ import annotations

from rtl.formal.harness import TOP, property_module, table
from rtl.netlist import Module, Port

GIVER = Module("rsnn_giver", (Port("clk", 1, False), Port("wish", 3, False), Port("word", 8, True)), "")
TAKER = Module("rsnn_taker", (Port("clk", 1, False), Port("word", 8, False), Port("mode", 2, False)), "")
MODULES = {"rsnn_giver": GIVER, "rsnn_taker": TAKER}


def test_what_nobody_drives_is_free():
    text = property_module(MODULES, ("giver", "taker"), "    // body\n")
    head, rest = text.split(");", 1)
    assert head.splitlines() == [
        f"module {TOP} (", "    input wire clk,", "    input wire [2:0] wish,", "    input wire [1:0] mode"
    ]  # fmt: skip
    assert rest.count("wire [7:0] word;") == 1
    assert rest.count(".word(word)") == 2
    assert rest.endswith("    // body\nendmodule\n")


def test_a_table_looks_up():
    assert table("depth", "at", 2, [5, 0, 7]).split("\n")[1:5] == [
        "        case (at)", "            0: depth = 3'd5;", "            1: depth = 3'd0;",
        "            default: depth = 3'd7;",
    ]  # fmt: skip
