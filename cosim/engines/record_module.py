"""A Verilog module around the accelerator whose outputs are the fields of the record, in words of 64 bits.

So every engine sees a cycle as golden writes it, and the mapping from registers to the record is made once, here, from
``rtl.design.Design.places``.
"""

from __future__ import annotations

from collections.abc import Sequence

from golden.layout import Field, build_layout
from rtl.design import Design
from rtl.netlist import MODULE, width_of

RECORD = f"{MODULE}record"
# Number of the mutant that is at work (`cosim.mutants`).
SELECTOR, SELECTOR_BITS = "mutant", 16


def port_name(field: Field) -> str:
    """Return the output that carries a field."""
    return field.path.replace(".", "_")


def record_module(design: Design, *, selector: bool = False) -> str:
    """Return the module `RECORD`: the accelerator's inputs, and an output a field.

    Each output is as wide as the field's words in the record; bits that a plane does not have are 0.

    Parameters
    ----------
    design : Design
    selector : bool
        With an input `SELECTOR` besides, which modules may read by the whole name.
    """
    spec = design.specification
    inputs = [port for port in design.top.ports if not port.output]
    outputs = [port for port in design.top.ports if port.output]
    fields = build_layout(spec).fields
    lines = [port.declaration for port in inputs]
    lines += [f"input  wire {width_of(SELECTOR_BITS)}{SELECTOR}"] if selector else []
    lines += [f"output wire {width_of(64 * field.words)}{port_name(field)}" for field in fields]
    handshake = [port for port in outputs if port.name in ("weight_ready", "code_ready")]
    lines += [port.declaration for port in handshake]
    text = f"`timescale 1ns/10ps\n\nmodule {RECORD} (\n" + ",\n".join(f"    {line}" for line in lines) + "\n);\n"
    wires = [port for port in outputs if port not in handshake]
    # Wires of other names: an output `done` of the accelerator is not the field `controller_done`.
    text += "".join(f"    wire {width_of(port.width)}port_{port.name};\n" for port in wires)
    text += f"\n    {design.top.name} dut (\n"
    pins = [f"        .{port.name}({port.name})" for port in (*inputs, *handshake)]
    pins += [f"        .{port.name}(port_{port.name})" for port in wires]
    text += ",\n".join(pins) + "\n    );\n\n"
    for field in fields:
        parts = _padded(field, design.places[field.path], spec.lanes)
        joined = parts[0] if len(parts) == 1 else "{" + ", ".join(reversed(parts)) + "}"
        text += f"    assign {port_name(field)} = {joined};\n"
    return text + "endmodule\n"


def _padded(field: Field, places: Sequence[str], lanes: int) -> list[str]:
    """Return the parts of a field's words, lowest first."""
    parts: list[str] = []
    if field.block == "spikes":
        left = field.width
        for place in places:
            # The last tile may be wider than what is left of the layer.
            parts.append(f"dut.{place}" if left >= lanes else f"dut.{_cut(place, left)}")
            left -= lanes
        pad = 64 * field.words - field.width
        return parts + ([f"{pad}'b0"] if pad else [])
    pad = 64 * field.plane_words - field.width
    for place in places:
        parts.append(f"dut.{place}")
        if pad:
            parts.append(f"{pad}'b0")
    return parts


def _cut(place: str, width: int) -> str:
    """Return the lowest `width` bits of a net or slice."""
    if "[" not in place:
        return f"{place}[{width - 1}:0]"
    name, bits = place.rstrip("]").split("[")
    low = int(bits.split(":")[-1])
    return f"{name}[{low + width - 1}:{low}]"
