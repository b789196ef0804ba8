"""Static timing of mapped netlists with OpenSTA; wires and the clock tree are ideal, there is no layout."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rtl.design import TOP, Design
from rtl.synthesis.liberty import Library
from rtl.synthesis.synthesise import LOAD_FF, Memory, Netlist, memories_in
from rtl.synthesis.yosys import SynthesisError, run_tool

HOW_TO_GET = "no timing: OpenSTA (sta) is not installed; sudo apt-get install opensta"


@dataclass(frozen=True)
class Timing:
    """The longest path of a netlist.

    Parameters
    ----------
    path_ns : float
        Through gates, from port, flip-flop or memory to another, set-up time included.
    slack_ns : float
        Of the specification's clock period.
    """

    path_ns: float
    slack_ns: float

    @property
    def fmax_mhz(self) -> float:
        """Clock at which the slack would be 0."""
        return 1e3 / self.path_ns


@cache
def sta_version() -> str | None:
    """Return OpenSTA's version, or None where it is not installed."""
    found = shutil.which("sta")
    return None if found is None else run_tool([found, "-version"]).strip()


def time_netlist(design: Design, netlist: Netlist, library: Library) -> Timing | None:
    """Return the longest path of a netlist, or None where OpenSTA is not installed.

    Inputs arrive at the clock edge from the library's smallest buffer, outputs are taken at the next edge. Memories are
    ideal: they give a row at the edge and want the address only at the edge.

    Raises
    ------
    SynthesisError
        OpenSTA fails, or finds no path.
    """
    if sta_version() is None:
        return None
    period_ns = 1e9 / design.specification.clock_hz
    clocked = any(port.name == "clk" for port in design.modules[netlist.name].ports)
    with tempfile.TemporaryDirectory(prefix="rsnn-sta-") as name:
        folder = Path(name)
        (folder / "cells.lib").write_text(library.text)
        (folder / "memories.lib").write_text(memory_liberty(memories_in(design, TOP)))
        (folder / "netlist.v").write_text(netlist.text)
        script = [
            "read_liberty cells.lib",
            "read_liberty memories.lib",
            # Whatever units the library is in.
            "set_cmd_units -time ns -capacitance pF",
            "read_verilog netlist.v",
            f"link_design {netlist.name}",
            f"create_clock -name clock -period {period_ns:.6f}" + (" [get_ports clk]" if clocked else ""),
            # Not of the clock itself, which is ideal.
            "set data_inputs {}",
            'foreach port [all_inputs] {if {[get_name $port] ne "clk"} {lappend data_inputs $port}}',
            "set_driving_cell -lib_cell " + library.buffer + " $data_inputs",
            "set_input_delay 0 -clock clock $data_inputs",
            "set_output_delay 0 -clock clock [all_outputs]",
            f"set_load {LOAD_FF / 1000} [all_outputs]",
            "report_worst_slack -digits 4",
            "exit",
        ]
        (folder / "sta.tcl").write_text("\n".join(script) + "\n")
        printed = run_tool([shutil.which("sta") or "sta", "-no_splash", "-exit", "sta.tcl"], folder)
    slack = re.search(r"worst slack (-?[\d.]+)", printed)
    if slack is None or "Error" in printed:
        raise SynthesisError(f"{netlist.name}: OpenSTA finds no path:\n" + "\n".join(printed.splitlines()[-8:]))
    return Timing(path_ns=period_ns - float(slack[1]), slack_ns=float(slack[1]))


def memory_liberty(memories: Sequence[Memory]) -> str:
    """Return a Liberty library of ideal memories, one cell a size: no set-up time, no delay after the edge."""
    boxes = {memory.module: memory for memory in memories}
    widths = sorted({width for box in boxes.values() for width in (box.width, box.address_bits)})
    zero = '(scalar) { values ("0.0"); }'
    constraint = f"rise_constraint {zero} fall_constraint {zero}"
    setup = f"timing () {{ related_pin : clk; timing_type : setup_rising; {constraint} }}"
    delays = " ".join(f"{kind} {zero}" for kind in ("cell_rise", "cell_fall", "rise_transition", "fall_transition"))
    edge = f"timing () {{ related_pin : clk; timing_type : rising_edge; {delays} }}"
    lines = [
        "library (rsnn_memories) {",
        "  delay_model : table_lookup; time_unit : 1ns; voltage_unit : 1V; current_unit : 1uA;",
        "  capacitive_load_unit (1, pf); nom_voltage : 1.8; nom_temperature : 25; nom_process : 1;",
    ]
    lines += [
        f"  type (bits{width}) {{ base_type : array; data_type : bit; bit_width : {width}; "
        f"bit_from : {width - 1}; bit_to : 0; downto : true; }}"
        for width in widths
    ]
    for name, box in boxes.items():
        lines.append(f"  cell ({name}) {{ area : 0;")
        lines.append("    pin (clk) { direction : input; clock : true; capacitance : 0; }")
        lines += [f"    pin ({pin}) {{ direction : input; capacitance : 0; {setup} }}" for pin in ("write", "read")]
        address = box.address_bits
        for bus, width in (("write_address", address), ("address", address), ("write_row", box.width)):
            lines.append(f"    bus ({bus}) {{ bus_type : bits{width}; direction : input; capacitance : 0; {setup} }}")
        lines += [f"    bus (row) {{ bus_type : bits{box.width}; direction : output; {edge} }}", "  }"]
    return "\n".join([*lines, "}", ""])
