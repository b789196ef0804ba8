"""Icarus in lock step with MyHDL: MyHDL's bench drives the Verilog through its simulation interface (VPI).

Cycle by cycle and slow; what it adds is that the bench and the scoreboard are exactly those of the MyHDL engine, with
the Verilog in the place of the blocks.
"""

from __future__ import annotations

import re
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import myhdl._Cosimulation
from myhdl import Cosimulation, CosimulationError

from cosim.engines.icarus import require_icarus
from golden.layout import build_layout
from rtl.build_cache import EngineError, built, digest
from rtl.design import Design
from rtl.netlist import width_of
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
    command = ["vvp", "-n", "-M", str(interface), "-m", "myhdl", str(program / "bench.vvp")]
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

    def build(folder: Path) -> None:
        for name, text in sources.items():
            (folder / name).write_text(text)
        command = ["iverilog", "-g2005-sv", "-s", BENCH, "-o", "bench.vvp", *sources]
        run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if run.returncode:
            raise EngineError("iverilog failed:\n" + "\n".join((run.stderr + run.stdout).splitlines()[-20:]))

    return built("lock-step", digest(*(part for pair in sources.items() for part in pair)), build)


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

    def build(folder: Path) -> None:
        for name, text in files.items():
            (folder / name).write_text(text)
        command = ["iverilog-vpi", "--name=myhdl", *files]
        try:
            run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise EngineError("iverilog-vpi is not installed: apt install iverilog gcc") from None
        if run.returncode:
            raise EngineError("iverilog-vpi failed:\n" + "\n".join((run.stderr + run.stdout).splitlines()[-20:]))

    return built("vpi", digest(*(part for pair in files.items() for part in pair)), build)
