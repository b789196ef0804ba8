"""Icarus in lock step with MyHDL: MyHDL's bench drives the Verilog through its simulation interface (VPI).

Cycle by cycle and slow; what it adds is that the bench and the scoreboard are exactly those of the MyHDL engine, with
the Verilog in the place of the blocks.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sysconfig
from pathlib import Path
from typing import Any

import myhdl
import myhdl._Cosimulation
from myhdl import Cosimulation, CosimulationError

from cosim.engines.icarus import compile_icarus, icarus_key, require_icarus
from golden.layout import build_layout
from rtl.build_cache import EngineError, built, digest, put
from rtl.design import Design
from rtl.netlist import width_of
from rtl.program import run_program, tool_environment
from rtl.registers import Ports, Registers, build_registers

BENCH = "rsnn_lock_step"
# Bytes of a message between MyHDL and Icarus. MyHDL's own 4,096 are too few where all registers change at once.
_MESSAGE = 65_536


def lock_step(ports: Ports, registers: Registers, design: Design) -> Any:
    """Return an instance that stands for the accelerator in a MyHDL bench.

    Parameters
    ----------
    ports : Ports
        Driven by the bench; the ready signals are driven from Verilog.
    registers : Registers
        Every signal of the record is driven from Verilog.
    design : Design

    Raises
    ------
    EngineError
        Icarus is missing, or refuses the Verilog.
    """
    require_icarus()
    interface, program = _interface(), _program(design)
    signals = vars(ports) | {name: signal for name, _, signal in _slots(design, registers)}
    myhdl._Cosimulation._MAXLINE = _MESSAGE
    # A list: MyHDL splits a string at spaces, which a path may have.
    # MyHDL hands its whole environment over; what other tools do not get is taken out.
    removed = [word for name in sorted(set(os.environ) - set(tool_environment())) for word in ("-u", name)]
    command = ["env", *removed, "vvp", "-n", "-M", str(interface), "-m", "myhdl", str(program / "bench.vvp")]
    try:
        return Cosimulation(command, **signals)
    except CosimulationError as error:
        raise EngineError(f"Icarus did not start with MyHDL's interface: {error}") from error


def _slots(design: Design, registers: Registers) -> list[tuple[str, str, Any]]:
    """Return a name, the place in the Verilog and the signal of each part of the record."""
    return [
        (f"{field.path.replace('.', '_')}_{part}", place, signal)
        for field in build_layout(design.specification)
        for part, (place, signal) in enumerate(
            zip(design.places[field.path], registers.planes[field.path], strict=True)
        )
    ]


def bench_module(design: Design, registers: Registers) -> str:
    """Return the module that hands the accelerator's ports and registers to MyHDL."""
    inputs = [port for port in design.top.ports if not port.output]
    ready = ("weight_ready", "code_ready")
    slots = _slots(design, registers)
    lines = [f"`timescale 1ns/10ps\n\nmodule {BENCH};"]
    lines += [f"    reg {width_of(port.width)}{port.name};" for port in inputs]
    lines += [f"    wire {name};" for name in ready]
    pins = [f".{name}({name})" for name in (*(port.name for port in inputs), *ready)]
    lines += [f"    {design.top.name} dut (\n        " + ",\n        ".join(pins) + "\n    );"]
    for name, place, signal in slots:
        lines.append(f"    wire {width_of(len(signal) or 1)}{name};\n    assign {name} = dut.{place};")
    lines += ["    initial begin"]
    lines += ["        $from_myhdl(" + ", ".join(port.name for port in inputs) + ");"]
    lines += ["        $to_myhdl(" + ", ".join([*ready, *(name for name, _, _ in slots)]) + ");"]
    return "\n".join([*lines, "    end", "endmodule", ""])


def _program(design: Design) -> Path:
    sources = design.files | {f"{BENCH}.v": bench_module(design, build_registers(design.specification))}

    key = digest(icarus_key(), *(part for pair in sources.items() for part in pair))
    return built("lock-step", key, lambda folder: compile_icarus(folder, BENCH, sources))


def _interface() -> Path:
    """Return the folder of MyHDL's simulation interface, built from the source that MyHDL installs."""
    source = Path(sysconfig.get_path("data")) / "share" / "myhdl" / "cosimulation" / "icarus"
    files = {}
    for name in ("myhdl.c", "myhdl_table.c"):
        try:
            files[name] = (source / name).read_text()
        except OSError as error:
            raise EngineError(f"{source / name}: MyHDL's simulation interface is not installed: {error}") from error
    files["myhdl.c"] = re.sub(r"#define MAXLINE \d+", f"#define MAXLINE {_MESSAGE}", files["myhdl.c"])

    builder = shutil.which("iverilog-vpi")
    if builder is None:
        raise EngineError("iverilog-vpi is not installed: apt install iverilog gcc")

    def build(folder: Path) -> None:
        put(folder, files)
        run_program([builder, "--name=myhdl", *files], folder)

    # It is a script with the compiler's name and options in it.
    script = Path(builder).read_bytes().decode("utf-8", "replace")
    compiler = run_program(["cc", "--version"]) if shutil.which("cc") else ""
    versions = (platform.python_version(), platform.machine(), myhdl.__version__)
    key = digest(icarus_key(), script, compiler, *versions, *(part for pair in files.items() for part in pair))
    return built("vpi", key, build)
