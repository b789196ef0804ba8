"""What goes with the Verilog when users take it away: constraints, lint waivers, and a page of ports."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction

from golden.schedule import build_schedule
from rtl.accelerator import accelerator
from rtl.axi_stream import axi_stream
from rtl.design import TOP, Design
from rtl.netlist import MODULE, Module, Port
from rtl.testbench import BENCH, clock_of
from rtl.timescale import decimal, period_s

# What Verilator's -Wall may say, by rule and module, and why that is right there; anything else is an error of the
# design. MyHDL turns Python's integers into 32-bit ones and sign-extends operands by a bit, so that what compares and
# adds in Python does so in Verilog, and leaves it to an assignment to cut the result.
WAIVERS = (
    ("UNUSEDSIGNAL", "accelerator", "registers that leave their blocks so that co-simulation sees them"),
    ("UNUSEDSIGNAL", "axi_accelerator", "of logits and arg-max the stream gives one; `best` is inside"),
    ("UNUSEDSIGNAL", "axi_stream", "of logits and arg-max the stream gives one"),
    ("UNUSEDSIGNAL", "controller", "`sets`, a table's entry, is a 32-bit integer of which two bits matter"),
    ("UNUSEDSIGNAL", "neuron_unit", "numbers of planes are 32-bit integers"),
    ("UNUSEDSIGNAL", "output", "`which`, an output's number, is a 32-bit integer"),
    ("UNUSEDSIGNAL", "pe_set", "`nonzero`: lanes that add; an instance of a PE a lane does without"),
    ("WIDTHEXPAND", "axi_stream", "a logit is sign-extended to two bytes, an arg-max extended by zeros"),
    ("WIDTHEXPAND", "output", "position, arg-max and its number go through 32-bit integers"),
    ("WIDTHEXPAND", "pe", "a weight is sign-extended to the accumulator"),
    ("WIDTHEXPAND", "row_fetch", "base plus index in 32 bits, cut by the remainder"),
    ("WIDTHEXPAND", "sliced_adders", "`align` beside a loop's 32-bit index"),
    ("WIDTHEXPAND", "spikes", "a tile of a layer that is narrower than the widest is extended by zeros"),
    ("WIDTHEXPAND", "zero_skip", "a vector shorter than the longest is extended by zeros"),
    ("WIDTHTRUNC", "axi_stream", "a logit cut out of a word with a bit for the sign"),
    ("WIDTHTRUNC", "controller", "a table's entry, a 32-bit integer, goes to two bits"),
    ("WIDTHTRUNC", "lane_gate", "all lanes, written as an unsigned constant with a bit for the sign"),
    ("WIDTHTRUNC", "operation_decoder", "the shift, a 32-bit integer, goes to the bits of `align`"),
    ("WIDTHTRUNC", "output", "32-bit integers go to the registers that hold them"),
    ("WIDTHTRUNC", "row_fetch", "32-bit integers go to address and bank bits"),
    ("WIDTHTRUNC", "spikes", "a tile's word with a bit for the sign"),
    ("WIDTHTRUNC", "zero_skip", "a word with a bit for the sign; the index from a 32-bit sum"),
)


def constraints(design: Design) -> str:
    """Return timing constraints (SDC): the specification's clock, and a tenth of it at every input and output.

    SDC has ``set_units`` for the unit of its numbers. OpenSTA, and with it OpenROAD, only compares that with the unit
    of the library and reads numbers in the latter, so there they are converted.
    """
    clock_hz = design.specification.clock_hz
    period_ns = period_s(clock_hz) * 10**9
    inputs = [port.name for port in design.top.ports if not port.output and port.name != "clk"]
    outputs = [port.name for port in design.top.ports if port.output]

    def time(part: Fraction) -> str:
        return f"[expr {{{float(period_ns * part)!r} * $rsnn_ns}}]"

    return (
        f"# {TOP}: {decimal(clock_hz)} Hz. Times are in nanoseconds; rsnn_ns is one in the unit that is read.\n"
        "if {[llength [info commands ::sta::unit_scale]]} {\n"
        "    # OpenSTA: numbers are in the library's unit, which it keeps in single precision.\n"
        "    set rsnn_ns [expr {pow(10, -9 - round(log10([::sta::unit_scale time])))}]\n"
        "} else {\n"
        "    set_units -time ns\n"
        "    set rsnn_ns 1.0\n"
        "}\n"
        f"create_clock -name clk -period {time(Fraction(1))} [get_ports clk]\n"
        f"set_clock_uncertainty {time(Fraction(1, 100))} [get_clocks clk]\n"
        f"set_input_delay {time(Fraction(1, 10))} -clock clk [get_ports {{{' '.join(inputs)}}}]\n"
        f"set_output_delay {time(Fraction(1, 10))} -clock clk [get_ports {{{' '.join(outputs)}}}]\n"
    )


def synthesis_script(modules: Iterable[str], top: str) -> str:
    """Return a script that reads the Verilog into Yosys and synthesises it; after it comes what maps to a target."""
    lines = [
        "# yosys -s synth.ys, in this folder: a generic netlist, memories apart. For a target, replace the last lines.",
        "# Lists of planes are registers, not memories; the weights' memory alone is one.",
        *(f"read_verilog -mem2reg {name}.v" for name in modules if name != f"{MODULE}memory"),
        f"read_verilog {MODULE}memory.v",
        f"hierarchy -check -top {top}",
        "# Loop variables, which nothing reads outside their loops, look like latches until they are gone.",
        *("proc", "opt_clean -purge", f"synth -top {top} -run begin:fine", "stat"),
    ]
    return "\n".join(lines) + "\n"


def waivers() -> str:
    """Return Verilator's waiver file: a line and its reason for each of `WAIVERS`; nothing else is waived."""
    lines = ["`verilator_config"]
    for rule, block, reason in WAIVERS:
        lines += [f"// {block}: {reason.replace('`', '')}.", f'lint_off -rule {rule} -file "*{MODULE}{block}.v"']
    return "\n".join(lines) + "\n"


def port_meanings(sheet: str | None = accelerator.func.__doc__) -> dict[str, str]:
    """Return the meaning of each port of a block, of the accelerator by default, from its data sheet."""
    rows = re.findall(r"^    (\w+) +.+? (?:no|yes) +(.+)$", sheet or "", re.MULTILINE)
    return {name: meaning for name, meaning in rows if name != "port"}


def port_rows(ports: Iterable[Port], meanings: Mapping[str, str]) -> list[str]:
    """Return a line of a table for each port."""
    return [
        f"| `{port.name}` | {'out' if port.output else 'in'} | {port.width}{' signed' if port.signed else ''} | "
        f"{meanings[port.name].removeprefix('out: ')} |"
        for port in ports
    ]


def readme(design: Design, stream: Module, *, frames: int, arg_max: bool = False) -> str:
    """Return the page that stands beside the Verilog: what it is, how to run it, ports, timing, memories.

    Parameters
    ----------
    design : Design
    stream : Module
        The accelerator between its streams.
    frames : int
        Of the testbench.
    arg_max : bool
        What the stream gives.
    """
    spec, schedule = design.specification, build_schedule(design.specification)
    rows = port_rows(design.top.ports, port_meanings())
    own = {port.name for port in design.top.ports}
    stream_rows = port_rows(
        (port for port in stream.ports if port.name not in own), port_meanings(axi_stream.func.__doc__)
    )
    modules = [f"| `{name}` | {design.files[name].splitlines()[0].removeprefix('// ')} |" for name in design.files]
    depths = ", ".join(f"{depth:,} x {spec.row_bits}" for depth in schedule.bank_depths)
    return f"""# {TOP}

A recurrent spiking network of {" - ".join(map(str, (spec.inputs, *spec.layers, spec.outputs)))} on {spec.lanes} lanes,
{spec.time_steps} time step{"s" if spec.time_steps > 1 else ""}, {spec.weight_bits}-bit weights, at
{decimal(spec.clock_hz)} Hz: a frame of {spec.inputs} codes every {spec.frame_budget:,} cycles. `specification.json` has
every parameter. Written from MyHDL blocks that are compared with a golden model at every clock cycle; this Verilog is
compared with it as well. Plain Verilog-2005, one clock, synchronous reset.

## Run it

    iverilog -g2005-sv -o bench.vvp -f filelist.f {BENCH}.v && vvp -n bench.vvp
    verilator --binary --timing -Wno-fatal --top-module {BENCH} rsnn.vlt -f filelist.f {BENCH}.v && obj_dir/V{BENCH}

The testbench drives {frames} frames and compares every word of logits, the arg-max, the cycles and the overrun flag; it
ends with PASS or FAIL. With its parameter `PORT` at 1 (`iverilog -P{BENCH}.PORT=1`, `verilator -GPORT=1`) the memories
begin empty and the weights come through the port. `+waveform` writes `waveform.vcd`: {clock_of(design, frames).stated}.

## Synthesise it

    yosys -s synth.ys

`synth.ys` reads the files as they want to be read (`-mem2reg` but for the memory; loop variables, which look like
latches to some tools, cleaned away first); go on from it to your target. `rsnn.sdc` has the clock and the delays of
`{TOP}`'s ports, in nanoseconds, as it says; OpenSTA, too, reads it with a library in any unit. Where
`SYNTHESIS` is defined, as Yosys does by itself, memories begin empty: load them through the weight port, or put a macro
with contents into `rsnn_memory.v`.

## Ports

| port | | bits | |
|---|---|---|---|
{chr(10).join(rows)}

## Timing

- **Weights** are there from the start, in simulation, if `CONTENTS0` and `CONTENTS1` name files for `$readmemh`
  (`weights0.hex`, `weights1.hex`); otherwise, or to change them, offer rows with `weight_valid` while `weight_ready`
  is 1 (the accelerator is idle), one a cycle.
- **A frame**: offer {spec.inputs} codes with `code_valid` while `code_ready` is 1, one a cycle; then `start` for one
  cycle, with `first` if an utterance begins. The earliest next frame may be offered in the cycle of `done`.
- **Logits** come in {schedule.frame_words} words of {spec.logits_per_cycle}: a word is taken in a cycle with
  `logits_valid` and `logits_ready`. The accelerator computes on while a pair of groups streams, and waits for
  `logits_ready` where it must; that counts against the frame's cycles.
- **`done`** is 1 for one cycle after the last word. Then `best_index` is the frame's arg-max and `frame_cycles` what it
  took, at most {schedule.worst_cycles:,} with `logits_ready` at 1; `overrun` says that it was more than
  {spec.frame_budget:,}.

## AXI4-Stream

`{stream.name}` is the accelerator with a stream on either side: codes in,
{"one arg-max a frame" if arg_max else "words of logits"} out. It has the ports above for clock, reset, weights,
`done`, `overrun` and `frame_cycles`, and

| port | | bits | |
|---|---|---|---|
{chr(10).join(stream_rows)}

A receiver that stalls holds the accelerator; the cycles count against the frame and raise `overrun`. Nothing is dropped
or repeated: every frame in gives a frame out. A frame that ends early runs with codes of 0 for what is missing, one
that ends late without what is too much, and either raises `frame_error`.

## Memories

Two banks ({depths} bits) stand behind `rsnn_memory.v`, one write and one read port each, one cycle: replace the body
of that module by an SRAM macro.

## Modules

| file | |
|---|---|
{chr(10).join(modules)}
"""


def specification_json(design: Design) -> str:
    """Return the specification and the architecture as JSON."""
    content = {"specification": design.specification.to_json(), "architecture": design.architecture}
    return json.dumps(content, indent=2, sort_keys=True) + "\n"
