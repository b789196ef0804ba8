"""All mutants in one text, run by Icarus: each does what it says, and number 0 what the module did."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")

from cosim.mutants.mutant import KINDS, Mutant
from cosim.mutants.schemata import Schemata, inputs_of, schemata
from tests.conftest import require

MODULE = """
module rsnn_toy (clk, reset, a, b, out, sum);
input clk, reset;
input [3:0] a;
input [3:0] b;
output [3:0] out;
reg [3:0] out;
output [4:0] sum;

reg [3:0] held;
assign sum = (a + b);

always @(a, b) begin: choose
    integer i;
    held = 0;
    if ((a < b)) begin
        for (i=0; i<4; i=i+1) begin
            held[i] = a[i];
        end
    end
    else begin
        held = b;
    end
end

always @(posedge clk) begin: take
    if (reset) begin
        out <= 0;
    end
    else begin
        out <= held;
    end
end
endmodule
"""
BENCH = """
module bench;
reg clk, reset;
reg [3:0] a, b;
wire [3:0] out;
wire [4:0] sum;
reg [15:0] mutant;
integer turn;
toy dut (.clk(clk), .reset(reset), .a(a), .b(b), .out(out), .sum(sum));
initial begin
    clk = 0;
    if (!$value$plusargs("mutant=%d", mutant)) mutant = 0;
    for (turn = 0; turn < 512; turn = turn + 1) begin
        reset = (turn % 7) == 0;
        a = turn; b = turn >> 4;
        #1 clk = 1; #1 clk = 0; #1 $display("%b %b", sum, out);
    end
end
endmodule
"""


@pytest.fixture(scope="module")
def toy() -> Schemata:
    return schemata("toy", MODULE, "bench.mutant")


@pytest.fixture(scope="module")
def printed(toy: Schemata, tmp_path_factory: pytest.TempPathFactory):
    """Return what the bench prints with a mutant at work."""
    require(shutil.which("iverilog"), "Icarus Verilog is not installed (apt install iverilog)")
    folder = tmp_path_factory.mktemp("toy")

    def compiled(name: str, text: str) -> Path:
        (folder / f"{name}.v").write_text(text + BENCH.replace("toy dut", "rsnn_toy dut"))
        subprocess.run(["iverilog", "-g2005", "-o", f"{name}.vvp", f"{name}.v"], cwd=folder, check=True)
        return folder / f"{name}.vvp"

    programs = {"original": compiled("original", MODULE), "mutated": compiled("mutated", toy.text)}

    def run(program: str, mutant: int = 0) -> list[str]:
        command = ["vvp", "-n", str(programs[program]), f"+mutant={mutant}"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()

    return run


def expected(a: int, b: int, mutant: Mutant, out: int) -> int:
    """Return the sum as Verilog computes it with a mutant, by hand."""
    return {
        "sum = (a - b)": (a - b) % 32,
        "sum = (a)": a,
        "sum = (b)": b,
        "sum = (b + b)": 2 * b,
        "sum = (a + out)": a + out,
        "sum = ((a + b)) ^ 5'h1": (a + b) ^ 1,
        "sum = ((a + b)) ^ 5'h10": (a + b) ^ 16,
    }[mutant.after]


def test_number_0_is_the_module_as_it_was(printed) -> None:
    assert printed("mutated", 0) == printed("original")


def test_each_mutant_of_a_sum_computes_what_it_says(toy: Schemata, printed) -> None:
    sums = [(number, one) for number, one in enumerate(toy.mutants, 1) if one.process == "assign sum"]
    assert len(sums) == 7
    for number, mutant in sums:
        for turn, line in enumerate(printed("mutated", number)):
            came, out = (int(word, 2) for word in line.split())
            assert came == expected(turn % 16, turn // 16 % 16, mutant, out), mutant.what


def test_one_mutant_at_a_time_and_each_of_consequence(toy: Schemata, printed) -> None:
    """Every mutant but those that a look at the module shows to be equal changes something."""
    original = printed("original")
    same = {one.what for number, one in enumerate(toy.mutants, 1) if printed("mutated", number) == original}
    assert same == {
        # Where a is not below b, all of `held` is assigned again; where it is, every bit.
        "toy choose: held = 0; -> held = 1;",
        "toy choose: held = 0; -> nothing",
        # Both are the same where a equals b.
        "toy choose: if ((a < b)) -> if ((a <= b))",
    }


def test_kinds_and_names(toy: Schemata) -> None:
    assert set(Counter(one.kind for one in toy.mutants)) <= set(KINDS)
    assert len(set(toy.mutants)) == len(toy.mutants)
    assert {one.process for one in toy.mutants} == {"assign sum", "choose", "take"}
    turns = [one.after for one in toy.mutants if one.kind == "turn"]
    assert turns == ["for (i=0; i<4; i=i+1) without i=0", "for (i=0; i<4; i=i+1) without i=3"]


def test_the_name_of_a_mutant_survives_edits_elsewhere(toy: Schemata) -> None:
    edited = MODULE.replace("held = b;", "held = (b & 4'h7);").replace("\nreg [3:0] held;", "\n\n\nreg [3:0] held;")
    before = {one for one in toy.mutants if "held = b" not in one.before}
    assert before <= set(schemata("toy", edited, "bench.mutant").mutants)


def test_a_text_with_some_of_them_counts_as_one_with_all(toy: Schemata) -> None:
    some = schemata("toy", MODULE, "bench.mutant", only={3, 5})
    assert some.mutants == toy.mutants
    assert [f"== {number})" in some.text for number in (1, 3, 5, 6)] == [False, True, True, False]


def test_what_a_switch_leaves_out_has_no_mutants() -> None:
    text = MODULE.replace("if ((a < b)) begin", "if (1'b1) begin")
    found = schemata("toy", text, "bench.mutant").mutants
    assert not any("held = b" in one.before or "1'b1" in one.before for one in found)


def test_inputs_are_connected_to_others_of_their_shape() -> None:
    parent = """
module rsnn_pair (input wire clk, input wire reset, input wire [3:0] x, input wire [3:0] y, output wire [4:0] z);
    wire [3:0] out;
    rsnn_toy one (.clk(clk), .reset(reset), .a(x), .b(y), .out(out), .sum(z));
endmodule
"""
    found = schemata("pair", parent, "bench.mutant", {"rsnn_toy": inputs_of(MODULE)}).mutants
    assert inputs_of(MODULE) == {"clk", "reset", "a", "b"}
    assert {(one.process, one.before, one.after) for one in found} == {
        ("instance one", ".a(x)", ".a(y)"),
        ("instance one", ".b(y)", ".b(out)"),
    }
