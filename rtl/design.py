"""The Verilog of one accelerator: a module a block, the memory wrapper, and where each register stands in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from golden.layout import build_layout
from golden.specification import Specification
from rtl.accelerator import accelerator
from rtl.axi_accelerator import axi_accelerator, build_stream_ports
from rtl.elaboration import off_the_stack
from rtl.netlist import MODULE, Module, Netlist
from rtl.registers import build_ports, build_registers

TOP = f"{MODULE}accelerator"
STREAM_TOP = f"{MODULE}axi_accelerator"
MEMORY_FILE = Path(__file__).parent / "verilog" / f"{MODULE}memory.v"
# Outputs of the accelerator that are fields of the record, by port.
RECORDED = {
    "done": "controller.done",
    "overrun": "controller.overrun",
    "frame_cycles": "controller.frame_cycles",
    "logits_valid": "output.busy",
    "logits": "output.logits",
    "word": "output.word",
    "best": "output.best",
    "best_index": "output.best_index",
}


@dataclass(frozen=True)
class Design:
    """An accelerator in Verilog.

    Parameters
    ----------
    specification : Specification
    architecture : {"sliced", "lanes"}
    modules : dict of str to Module
        By name, children before parents, the memory wrapper last.
    places : dict of str to tuple of str
        By field of the record (``golden.layout``), the expressions in the top module that carry its parts: a plane
        each, or for spikes a tile each.
    """

    specification: Specification
    architecture: str
    modules: dict[str, Module]
    places: dict[str, tuple[str, ...]]

    @property
    def top(self) -> Module:
        """The accelerator."""
        return self.modules[TOP]

    @property
    def files(self) -> dict[str, str]:
        """Text of each file by name."""
        return {f"{name}.v": module.text for name, module in self.modules.items()}

    @property
    def digest(self) -> str:
        """A digest of every file's name and text."""
        digest = hashlib.sha256()
        for name, text in self.files.items():
            digest.update(f"{name}\0{text}\0".encode())
        return digest.hexdigest()


@lru_cache(maxsize=8)
def build_design(spec: Specification, architecture: str = "sliced") -> Design:
    """Convert the accelerator of a specification; its memories are loaded through the weight port or from files.

    Parameters
    ----------
    spec : Specification
    architecture : {"sliced", "lanes"}
        Of the PE sets: all lanes bit plane by bit plane, or an instance of a PE for each lane.

    Returns
    -------
    Design
        The same bytes for the same specification.

    Raises
    ------
    ConversionError
        MyHDL refuses a block or warns of a signal without a driver.
    """
    return off_the_stack(_design, spec, architecture)


def _design(spec: Specification, architecture: str) -> Design:
    ports, registers = build_ports(spec), build_registers(spec)
    instance = accelerator(ports, registers, spec, None, None, architecture)
    netlist = Netlist(ports={"accelerator": _accelerator_ports})
    top = netlist.add(instance)
    places = {
        field.path: tuple(top.place(signal) for signal in registers.planes[field.path]) for field in build_layout(spec)
    }
    return Design(spec, architecture, netlist.modules | _memory(), places)


@lru_cache(maxsize=8)
def build_stream_modules(spec: Specification, *, arg_max: bool, architecture: str = "sliced") -> dict[str, Module]:
    """Convert the accelerator between its streams (``rtl.axi_accelerator``).

    Parameters
    ----------
    spec : Specification
    arg_max : bool
        Give one arg-max a frame instead of its logits.
    architecture : {"sliced", "lanes"}

    Returns
    -------
    dict of str to Module
        By name, children before parents, the memory wrapper last; the top is `STREAM_TOP`.

    Raises
    ------
    ConversionError
        As `build_design`.
    """
    return off_the_stack(_stream_modules, spec, arg_max, architecture)


def _stream_modules(spec: Specification, arg_max: bool, architecture: str) -> dict[str, Module]:
    ports, registers = build_ports(spec), build_registers(spec)
    streams = build_stream_ports(spec, arg_max=arg_max)
    instance = axi_accelerator(ports, streams, registers, spec, arg_max, None, None, architecture)
    netlist = Netlist(ports={"accelerator": _accelerator_ports, "axi_accelerator": _stream_ports})
    netlist.add(instance)
    return netlist.modules | _memory()


def _accelerator_ports(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the accelerator's ports: its record of ports, and registers that leave it."""
    return vars(given["ports"]) | {port: given["registers"].one(path) for port, path in RECORDED.items()}


def _stream_ports(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return clock, reset and weight port of the accelerator, the streams, and the flags that count against a frame."""
    own = {name: signal for name, signal in vars(given["ports"]).items() if name.startswith(("clk", "reset", "weight"))}
    flags = {name: given["registers"].one(RECORDED[name]) for name in ("done", "overrun", "frame_cycles")}
    return own | vars(given["streams"]) | flags


def _memory() -> dict[str, Module]:
    memory = Module(f"{MODULE}memory", (), MEMORY_FILE.read_text())
    return {memory.name: memory}
