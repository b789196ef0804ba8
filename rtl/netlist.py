"""Verilog with the hierarchy of the MyHDL blocks: MyHDL converts the leaves, this module writes what joins them.

MyHDL flattens whatever it converts into one module. Here a block that holds processes (a leaf) is converted alone, with
packed ports; a block that holds only other blocks becomes a module of instances, wired as the MyHDL blocks are: by the
identity of the signals that they were given. So the hierarchy that users read is that of the simulated design, and no
second description of it exists.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from myhdl import ToVerilogWarning

from files.names import DESIGN_PREFIX
from rtl.packed import PREFIX, arguments_of, is_planes, is_signal, packed
from rtl.scratch import scratch_folder

# Before the name of every module.
MODULE = DESIGN_PREFIX
# The block that becomes the wrapper that an SRAM macro can replace.
MEMORY = "memory_bank"
_MEMORY_PINS = tuple(
    (name, name == "row") for name in ("clk", "write", "write_address", "write_row", "read", "address", "row")
)


class ConversionError(RuntimeError):
    """A block does not convert, or converts to a module with an undriven signal."""


@dataclass(frozen=True)
class Port:
    """A port of a module.

    Parameters
    ----------
    name : str
    width : int
    output, signed : bool
    """

    name: str
    width: int
    output: bool
    signed: bool = False

    @property
    def declaration(self) -> str:
        """Its line in an ANSI port list, without the comma."""
        kind = f"{'output' if self.output else 'input '} wire {'signed ' if self.signed else ''}"
        return f"{kind}{width_of(self.width)}{self.name}"


@dataclass
class Net:
    """A wire of a module of instances: one signal, or the planes of a list one above the other.

    Parameters
    ----------
    name : str
    signals : list of MyHDL signal
    port : bool
    """

    name: str
    signals: list[Any]
    port: bool = False

    @property
    def width(self) -> int:
        """Bits."""
        return len(self.signals) * (len(self.signals[0]) or 1)


@dataclass(frozen=True)
class Module:
    """A Verilog module.

    Parameters
    ----------
    name : str
    ports : tuple of Port
    text : str
    parameters : tuple of str
        Its own: the files that its memories load.
    nets : tuple of Net
        Its ports and wires, if it is made of instances.
    """

    name: str
    ports: tuple[Port, ...]
    text: str
    parameters: tuple[str, ...] = ()
    nets: tuple[Net, ...] = ()

    def place(self, signal: Any) -> str:
        """Return the expression inside the module that carries a signal of the MyHDL block.

        Raises
        ------
        ConversionError
            No wire of the module carries it.
        """
        part = _place(self.nets, signal)
        if part is None:
            raise ConversionError(f"{self.name}: a signal is on none of its wires")
        return _joined([part])


def width_of(width: int) -> str:
    """Return the range of a declaration, with a space after it; nothing for one bit."""
    return f"[{width - 1}:0] " if width > 1 else ""


# ---- leaves ------------------------------------------------------------------------------------------------


def convert_leaf(instance: Any) -> Module:
    """Convert a block of processes alone.

    Raises
    ------
    ConversionError
        MyHDL refuses the block or warns of a signal without a driver.
    """
    function = instance.func
    name = function.__name__
    with scratch_folder(name) as folder, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ToVerilogWarning)
        try:
            packed(instance).convert(
                hdl="Verilog", path=str(folder), name=name, testbench=False, no_myhdl_header=True, initial_values=False
            )
        except Exception as error:
            raise ConversionError(f"{name}: {error}") from error
        text = (folder / f"{name}.v").read_text()
    undriven = [str(entry.message) for entry in caught if "not driven" in str(entry.message)]
    if undriven:
        raise ConversionError(f"{name}: {'; '.join(undriven).replace(PREFIX, '')}")
    declared = re.findall(rf"^(input|output)( signed)? (?:\[(\d+):0\] )?{PREFIX}(\w+);", text, re.MULTILINE)
    ports = tuple(
        Port(port, int(high or 0) + 1, direction == "output", bool(signed))
        for direction, signed, high, port in declared
    )
    wide = {parameter for parameter, value in arguments_of(instance).items() if is_planes(value)}
    text = _readable(text, name, wide)
    text = text.replace(f"module {name} (", f"module {MODULE}{name} (")
    return Module(MODULE + name, ports, _header(function.__doc__) + text)


def _readable(text: str, name: str, wide: set[str]) -> str:
    """Take out what MyHDL puts before names: the number of the instance, which also differs from run to run."""

    def own(match: re.Match[str]) -> str:
        inner = match.group(1)
        return f"{inner}_planes" if inner in wide else inner

    text = re.sub(rf"\b{name}\d+(?:_\d+)*_([a-z]\w*)", own, text)
    text = re.sub(rf"\b{PREFIX}(\w+)", r"\1", text)
    # MyHDL lists what a process reads in the order of a set of strings, which differs from run to run.
    text = re.sub(r"(always @\()((?!posedge )[^()]*)(\))", _sorted_names, text)
    text = text.replace("`timescale 1ns/10ps\n", "").strip() + "\n"
    return re.sub(r"\n{3,}", "\n\n", re.sub(r"[ \t]+\n", "\n", text))


def _sorted_names(found: re.Match[str]) -> str:
    """Return a sensitivity list in alphabetical order, numbers by their value."""

    def order(name: str) -> list[tuple[int, str]]:
        return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]

    return found[1] + ", ".join(sorted(found[2].split(", "), key=order)) + found[3]


def _header(sheet: str | None) -> str:
    lines = [line[4:] if line.startswith("    ") else line for line in (sheet or "").strip().splitlines()]
    return "".join(f"// {line}".rstrip() + "\n" for line in lines) + "\n`timescale 1ns/10ps\n`default_nettype wire\n\n"


# ---- what joins them ---------------------------------------------------------------------------------------


@dataclass
class _Nets:
    """The wires of a structural module, by the signals that they carry."""

    nets: list[Net] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def add(self, name: str, signals: Sequence[Any], *, port: bool = False) -> Net:
        unique, number = name, 1
        while unique in self.names:
            unique, number = f"{name}_{number}", number + 1
        self.names.add(unique)
        self.nets.append(Net(unique, list(signals), port))
        return self.nets[-1]

    def expression(self, pin: str, signals: Sequence[Any], name: str) -> str:
        """Return what to connect to a pin that carries `signals`; a wire called `name` is made if there is none."""
        same = [
            net.name
            for net in self.nets
            if len(net.signals) == len(signals) and all(a is b for a, b in zip(net.signals, signals, strict=True))
        ]
        # A block may be given one list for two ports (an accumulator that is also an operand).
        if same:
            return pin if pin in same else same[0]
        parts = [_place(self.nets, signal) for signal in signals]
        if any(part is None for part in parts):
            if any(part is not None for part in parts):
                raise ConversionError(f"{name}: some of its planes are wired, others not")
            return self.add(name, signals).name
        return _joined([part for part in parts if part is not None])


def _place(nets: Sequence[Net], signal: Any) -> tuple[str, int, int] | None:
    """Return the net, bit and width at which a signal stands; the bit is -1 where it is all of a net."""
    for net in nets:
        for at, entry in enumerate(net.signals):
            if entry is signal:
                width = len(signal) or 1
                return net.name, -1 if len(net.signals) == 1 else at * width, width
    return None


def _joined(parts: Sequence[tuple[str, int, int]]) -> str:
    """Return a concatenation, the last part leftmost; neighbours of one net become one slice."""
    runs: list[tuple[str, int, int]] = []
    for name, bit, width in parts:
        if runs and runs[-1][0] == name and bit >= 0 and runs[-1][1] + runs[-1][2] == bit:
            runs[-1] = (name, runs[-1][1], runs[-1][2] + width)
        else:
            runs.append((name, bit, width))
    texts = [
        name if bit < 0 else f"{name}[{bit}]" if width == 1 else f"{name}[{bit + width - 1}:{bit}]"
        for name, bit, width in runs
    ]
    return texts[0] if len(texts) == 1 else "{" + ", ".join(reversed(texts)) + "}"


@dataclass
class Netlist:
    """The modules of a design, children before parents.

    Parameters
    ----------
    modules : dict of str to Module
    ports : dict of str to callable
        By name of a structural block whose parameters are not its ports: gives its ports by name from its arguments.
    """

    modules: dict[str, Module] = field(default_factory=dict)
    ports: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = field(default_factory=dict)

    def _given(self, instance: Any) -> dict[str, Any]:
        """Return what stands at each port of a block."""
        given = arguments_of(instance)
        name = instance.func.__name__
        return self.ports[name](given) if name in self.ports else given

    def add(self, instance: Any) -> Module:
        """Add the module of a block and of all blocks in it.

        Parameters
        ----------
        instance : MyHDL block

        Raises
        ------
        ConversionError
            A block does not convert, or two blocks of the same name become different modules.
        """
        if any(not hasattr(sub, "subs") for sub in instance.subs):
            module = convert_leaf(instance)
        else:
            given = self._given(instance)
            ports = {name: value for name, value in given.items() if is_signal(value) or is_planes(value)}
            module = self._structural(instance, ports)
        known = self.modules.setdefault(module.name, module)
        if known.text != module.text:
            raise ConversionError(f"{module.name}: two instances of it differ")
        return known

    def _structural(self, instance: Any, ports: Mapping[str, Any]) -> Module:
        nets = _Nets()
        for name, value in ports.items():
            nets.add(name, value if is_planes(value) else [value], port=True)
        local = _local_names(instance)
        driven: set[str] = set()
        bodies: list[str] = []
        parameters: list[str] = []

        def connect(pins: Sequence[tuple[str, bool]], given: Mapping[str, Any]) -> list[str]:
            connected = []
            for pin, output in pins:
                value = given[pin]
                signals = value if is_planes(value) else [value]
                name = next((local[id(key)] for key in (value, *signals) if id(key) in local), pin)
                connected.append(nets.expression(pin, signals, name))
                if output:
                    driven.update(re.findall(r"[A-Za-z]\w*", connected[-1]))
            return [f".{pin}({expression})" for (pin, _), expression in zip(pins, connected, strict=True)]

        for child, label in zip(instance.subs, _labels(instance.subs), strict=True):
            given = self._given(child)
            if child.func.__name__ == MEMORY:
                sizes: dict[str, object] = {
                    "DEPTH": len(given["contents"]),
                    "WIDTH": len(given["write_row"]),
                    "ADDRESS_BITS": len(given["address"]),
                    "CONTENTS": f"CONTENTS{len(parameters)}",
                }
                parameters.append(f"CONTENTS{len(parameters)}")
                values = ", ".join(f".{name}({value})" for name, value in sizes.items())
                bodies.append(_instance(f"{MODULE}memory #({values})", label, connect(_MEMORY_PINS, given)))
                continue
            module = self.add(child)
            parameters += module.parameters
            passed = ", ".join(f".{name}({name})" for name in module.parameters)
            pins = connect([(port.name, port.output) for port in module.ports], given)
            bodies.append(_instance(module.name + (f" #({passed})" if passed else ""), label, pins))
        own = tuple(
            Port(net.name, net.width, net.name in driven, _is_signed(net.signals))
            for net in nets.nets
            if net.port
        )
        wires = [f"    wire {width_of(net.width)}{net.name};" for net in nets.nets if not net.port]
        name = MODULE + instance.func.__name__
        files = ",\n".join(f'    parameter {parameter} = ""' for parameter in parameters)
        head = f"module {name} " + (f"#(\n{files}\n) " if files else "")
        head += "(\n" + ",\n".join(f"    {port.declaration}" for port in own) + "\n);\n"
        text = head + "\n".join(wires) + ("\n\n" if wires else "\n") + "\n\n".join(bodies) + "\n\nendmodule\n"
        return Module(name, own, _header(instance.func.__doc__) + text, tuple(parameters), tuple(nets.nets))


def _is_signed(signals: Sequence[Any]) -> bool:
    return len(signals) == 1 and (signals[0].min or 0) < 0


def _local_names(instance: Any) -> dict[int, str]:
    """Return the names that a block gives its own signals and lists of signals, by their identity."""
    # MyHDL keeps a block's locals where its children were called.
    names: dict[int, str] = {}
    for name, value in instance.symdict.items():
        if is_signal(value) or is_planes(value):
            names.setdefault(id(value), name)
    return names


def _labels(children: Sequence[Any]) -> list[str]:
    """Return names for instances: that of the block, numbered where there are several."""
    names = [child.func.__name__ for child in children]
    seen: dict[str, int] = {}
    labels = []
    for name in names:
        number = seen.get(name, 0)
        seen[name] = number + 1
        labels.append(f"the_{name}" if names.count(name) == 1 else f"{name}{number}")
    return labels


def _instance(module: str, label: str, pins: Sequence[str]) -> str:
    return f"    {module} {label} (\n" + ",\n".join(f"        {pin}" for pin in pins) + "\n    );"
