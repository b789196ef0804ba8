"""Static timing of mapped netlists with OpenSTA; wires and the clock tree are ideal, there is no layout."""

from __future__ import annotations

import math
import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from files.names import tcl_word
from gates.liberty import Library
from rtl.design import TOP, Design
from rtl.synthesis.hierarchy import Memory, memories_in
from rtl.synthesis.synthesise import LOAD_FF, Netlist
from rtl.synthesis.yosys import SynthesisError, run_tool

# Periods at which a netlist is timed, and what begins the lines that our script prints.
PERIODS_NS = (100.0, 200.0)
SLACK, FAILED = "rsnn slack_s at period_ns", "rsnn failed:"
_SIGNED = re.compile(r"^(\s*(?:input|output|wire|reg) )signed ", re.MULTILINE)
_SLEW = (("lower", 20), ("upper", 80))
# Of OpenSTA, in seconds; the accelerator takes some.
LIMIT_S = 1800.0
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
        return 1e3 / self.path_ns if self.path_ns > 0 else math.inf


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
        OpenSTA fails, finds no path, or prints what is not understood.
    """
    if sta_version() is None:
        return None
    clocked = any(port.name == "clk" for port in design.modules[netlist.name].ports)
    with tempfile.TemporaryDirectory(prefix="rsnn-sta-") as name:
        folder = Path(name)
        (folder / "cells.lib").write_text(library.text)
        (folder / "memories.lib").write_text(memory_liberty(memories_in(design, TOP)))
        # OpenSTA passes over declarations that are signed, and then over the ports; in gates no bit is a sign.
        (folder / "netlist.v").write_text(_SIGNED.sub(r"\1", netlist.text))
        (folder / "sta.tcl").write_text(timing_script(netlist.name, library.buffer, clocked=clocked))
        command = [shutil.which("sta") or "sta", "-no_splash", "-no_init", "-exit", "sta.tcl"]
        try:
            printed = run_tool(command, folder, timeout_s=LIMIT_S, merged=True)
        except TimeoutError as slow:
            raise SynthesisError(f"{netlist.name}: OpenSTA {slow}") from None
    path_ns = longest_path_ns(printed, f"{netlist.name}: OpenSTA {sta_version()}")
    return Timing(path_ns=path_ns, slack_ns=1e9 / design.specification.clock_hz - path_ns)


def timing_script(module: str, buffer: str, *, clocked: bool) -> str:
    """Return OpenSTA's script.

    It prints, in our words and in seconds, the worst slack at each of `PERIODS_NS`: versions of OpenSTA report it
    differently. A period is short, whatever the clock will be: beside one of milliseconds, single precision would leave
    nothing of a path.
    """
    clock = " [get_ports clk]" if clocked else ""
    lines = [
        "proc rsnn_time {} {",
        "  read_liberty cells.lib",
        "  read_liberty memories.lib",
        # Whatever units the library is in.
        "  set_cmd_units -time ns -capacitance pF",
        "  read_verilog netlist.v",
        # A cell that is in no library is no black box; how to say so differs.
        "  set ::link_make_black_boxes 0",
        f"  if {{[catch {{link_design -no_black_boxes {tcl_word(module)}}} linked]}} "
        f"{{set linked [link_design {tcl_word(module)}]}}",
        '  if {$linked eq "0"} {error "does not link"}',
        # Not of the clock itself, which is ideal.
        "  set data_inputs {}",
        '  foreach port [all_inputs] {if {[get_name $port] ne "clk"} {lappend data_inputs $port}}',
        f"  set_driving_cell -lib_cell {tcl_word(buffer)} $data_inputs",
        f"  set_load {LOAD_FF / 1000} [all_outputs]",
        f"  foreach period {{{' '.join(f'{period:g}' for period in PERIODS_NS)}}} {{",
        f"    create_clock -name clock -period $period{clock}",
        "    set_input_delay 0 -clock clock $data_inputs",
        "    set_output_delay 0 -clock clock [all_outputs]",
        f'    puts "{SLACK} $period [::sta::worst_slack_cmd max]"',
        "  }",
        "}",
        f'if {{[catch rsnn_time said]}} {{puts "{FAILED} $said"}}',
        "exit",
    ]
    return "\n".join(lines) + "\n"


def longest_path_ns(printed: str, who: str) -> float:
    """Return the longest path from what `timing_script` had printed.

    Parameters
    ----------
    printed : str
    who : str
        Begins messages.

    Raises
    ------
    SynthesisError
        The script failed, there is no path, or the output is unknown; with its last lines.
    """
    said = "\n".join(printed.splitlines()[-8:])
    found = re.findall(rf"^{SLACK} ([\d.]+) (\S+)$", printed, re.MULTILINE)
    failed = re.search(rf"^{FAILED} .*", printed, re.MULTILINE)
    # After some errors, as in a library, it goes on with what it has.
    errors = re.findall(r"^(?:\[ERROR|Error)\b.*", printed, re.MULTILINE)
    if failed is not None or errors:
        raise SynthesisError(f"{who} finds no path:\n" + "\n".join([*errors[:4], said]))
    try:
        slacks_ns = [1e9 * float(slack) for _, slack in found]
        asked = [float(period) for period, _ in found]
    except ValueError:
        slacks_ns, asked = [], []
    if asked != list(PERIODS_NS) or not all(map(math.isfinite, slacks_ns)):
        raise SynthesisError(f"{who} printed what is not understood, so its timing is unknown:\n{said}")
    # What it takes for infinity is 10^30 seconds.
    if min(slacks_ns) > 1e20:
        raise SynthesisError(f"{who} finds no path: nothing is constrained:\n{said}")
    paths_ns = [period - slack for period, slack in zip(asked, slacks_ns, strict=True)]
    # A path from edge to edge is as long at any period; one over half a period, or a unit that is not ours, is not.
    if max(paths_ns) - min(paths_ns) > 1e-4 * max(1.0, abs(paths_ns[0])):
        raise SynthesisError(
            f"{who} gives slacks that do not follow the period, so its timing is unknown (half a period?):\n{said}"
        )
    return paths_ns[0]


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
        *(f"  {kind}put_threshold_pct_{edge} : 50;" for kind in ("in", "out") for edge in ("rise", "fall")),
        *(f"  slew_{end}_threshold_pct_{edge} : {level};" for end, level in _SLEW for edge in ("rise", "fall")),
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
