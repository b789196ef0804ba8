"""A block with packed ports, which is how it converts alone: a list of planes cannot be a port of a Verilog module.

A port of planes becomes one word, plane b in bits b x width upwards. Nothing else is added.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from myhdl import Signal, always_comb, block, intbv

# What MyHDL puts before the name of a packed block's port, and the exported module has not.
PREFIX = "port_"


@block
def pack(planes, flat):
    """Drive the word `flat` with the planes, plane 0 lowest."""
    count, width = len(planes), len(planes[0])

    @always_comb
    def together():
        word = intbv(0)[count * width :]
        word[:] = 0
        for b in range(count):
            word[:] = word | (planes[b] << (b * width))
        flat.next = word

    flat.driven = "wire"
    for plane in planes:
        plane.read = True
    # One concatenation and not a slice a plane: an event-driven simulator then updates the word once.
    names = [f"$planes[{b}]" for b in reversed(range(count))]
    rows = [", ".join(names[at : at + 4]) for at in range(0, count, 4)]
    pack.verilog_code = "assign $flat = {\n    " + ",\n    ".join(rows) + "\n};"
    return together


@block
def unpack(flat, planes):
    """Drive the planes with the word `flat`, plane 0 lowest."""
    count, width = len(planes), len(planes[0])
    mask = (1 << width) - 1

    @always_comb
    def apart():
        for b in range(count):
            planes[b].next = (flat >> (b * width)) & mask

    flat.read = True
    for plane in planes:
        plane.driven = "wire"
    unpack.verilog_code = "\n".join(
        f"assign $planes[{b}] = $flat[{(b + 1) * width - 1}:{b * width}];" for b in range(count)
    )
    return apart


def arguments_of(instance: Any) -> dict[str, Any]:
    """Return what a MyHDL block was instantiated with, by parameter, defaults included."""
    bound = inspect.signature(instance.func).bind(*instance.args, **instance.kwargs)
    bound.apply_defaults()
    return dict(bound.arguments)


def is_planes(value: object) -> bool:
    """Return whether an argument is a list of signals."""
    return isinstance(value, list) and bool(value) and all(hasattr(signal, "next") for signal in value)


def is_signal(value: object) -> bool:
    """Return whether an argument is a signal."""
    return hasattr(value, "next")


def is_driven(instance: Any, parameter: str) -> bool:
    """Return whether a process of the block drives one of its list parameters."""
    return any(parameter in process.outputs for process in instance.subs)


def packed(instance: Any) -> Any:
    """Return a block like `instance`, with fresh signals and packed ports, ready to be converted.

    Parameters
    ----------
    instance : MyHDL block
        Its function takes signals, lists of signals of one width, and constants.
    """
    function, arguments = instance.func, arguments_of(instance)
    ports, wide = SimpleNamespace(), {}
    given: dict[str, Any] = {}
    for name, value in arguments.items():
        if is_planes(value):
            given[name] = [_like(signal) for signal in value]
            wide[name] = is_driven(instance, name)
            setattr(ports, name, Signal(intbv(0)[len(value) * (len(value[0]) or 1) :]))
        elif is_signal(value):
            given[name] = _like(value)
            setattr(ports, name, given[name])
        else:
            given[name] = value
    # Verilog of its own is the block's that stands in the module, not the function's.
    known = function.__globals__.get(function.__name__)
    unit = known if getattr(known, "__wrapped__", None) is function else block(function)
    return _packed(unit, ports, given, wide)


def _packed(unit: Any, ports: SimpleNamespace, given: Mapping[str, Any], wide: Mapping[str, bool]) -> Any:
    @block
    def with_packed_ports(port):
        joints = [
            pack(given[name], vars(port)[name]) if driven else unpack(vars(port)[name], given[name])
            for name, driven in wide.items()
        ]
        inside = unit(**given)
        return inside, joints

    with_packed_ports.__doc__ = None
    return with_packed_ports(ports)


def _like(signal: Any) -> Any:
    """Return a fresh signal of the same width and sign."""
    if isinstance(signal.val, bool):
        return Signal(bool(0))
    if signal.min < 0:
        return Signal(intbv(0, min=signal.min, max=signal.max))
    return Signal(intbv(0)[len(signal) :])
