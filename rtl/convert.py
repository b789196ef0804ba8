"""Export to Verilog: every block alone, with packed ports, and the whole accelerator.

The memories are exported empty; weights come through the accelerator's weight port.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

from myhdl import Signal, ToVerilogWarning, intbv

from golden.schedule import Schedule, build_schedule
from golden.specification import Specification, index_bits
from rtl.controller import controller
from rtl.packed import (
    RECORDED,
    packed_accelerator,
    packed_input_buffer,
    packed_neuron_unit,
    packed_output,
    packed_pe_array,
    packed_pe_set,
    packed_spikes,
    packed_weight_buffer,
)
from rtl.pe import pe
from rtl.registers import build_registers
from rtl.zero_skip import zero_skip

# The block that each exported module is made of.
_BLOCKS: dict[str, Any] = {
    "input_buffer": packed_input_buffer,
    "zero_skip": zero_skip,
    "weight_buffer": packed_weight_buffer,
    "pe": pe,
    "pe_set": packed_pe_set,
    "pe_set_lanes": packed_pe_set,
    "pe_array": packed_pe_array,
    "pe_array_lanes": packed_pe_array,
    "neuron_unit": packed_neuron_unit,
    "spikes": packed_spikes,
    "output": packed_output,
    "controller": controller,
    "accelerator": packed_accelerator,
    "accelerator_lanes": packed_accelerator,
}
BLOCKS = tuple(_BLOCKS)
_PARAMETERS = ("schedule", "spec", "architecture", "low_planes")


class ConversionError(RuntimeError):
    """A block does not convert, or converts to a module with an undriven signal."""


def convert_block(name: str, spec: Specification, folder: str | os.PathLike[str]) -> Path:
    """Write one block as a Verilog module.

    Parameters
    ----------
    name : str
        One of `BLOCKS`; the module is called ``rsnn_<name>``.
    spec : Specification
    folder : path-like
        Made if need be.

    Returns
    -------
    Path
        ``<folder>/rsnn_<name>.v``.

    Raises
    ------
    ConversionError
        MyHDL refuses the block, warns of a signal without a driver, or `name` is unknown.
    UnsupportedSwitchError
        See `golden.schedule.build_schedule`.
    """
    if name not in _BLOCKS:
        raise ConversionError(f"block is {name!r}, expected one of {', '.join(BLOCKS)}")
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    instance = _BLOCKS[name](**ports_of(name, spec), **_parameters(name, spec))
    module = f"rsnn_{name}"
    with tempfile.TemporaryDirectory(dir=folder, prefix=module) as part:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ToVerilogWarning)
            try:
                instance.convert(hdl="Verilog", path=part, name=module, testbench=False, no_myhdl_header=True)
            except Exception as error:
                raise ConversionError(f"{name}: {error}") from error
        undriven = [str(entry.message) for entry in caught if "not driven" in str(entry.message)]
        if undriven:
            raise ConversionError(f"{name}: {'; '.join(undriven)}")
        path = folder / f"{module}.v"
        os.replace(Path(part) / f"{module}.v", path)
    return path


def convert_all(spec: Specification, folder: str | os.PathLike[str]) -> list[Path]:
    """Write every block and the accelerator; see `convert_block`."""
    return [convert_block(name, spec, folder) for name in BLOCKS]


def _parameters(name: str, spec: Specification) -> dict[str, object]:
    architecture = "lanes" if name.endswith("_lanes") else "sliced"
    schedule = build_schedule(spec)
    if name == "pe":
        return {"low_planes": schedule.low_planes}
    if name.startswith("accelerator"):
        return {"spec": spec, "architecture": architecture}
    if name.startswith(("pe_set", "pe_array")):
        return {"schedule": schedule, "architecture": architecture}
    return {"schedule": schedule}


def ports_of(name: str, spec: Specification) -> dict[str, Signal]:
    """Return fresh signals for the ports of an exported block, by port name.

    Widths are those of the blocks' data sheets; signed ports are `code`, `best` and the numbers of a PE.
    """
    schedule = build_schedule(spec)
    fields = build_registers(spec)
    names = [port for port in _port_names(_BLOCKS[name]) if port not in _PARAMETERS]
    if name == "pe":
        return _pe_ports(names, spec, schedule)
    widths = _widths(spec, schedule)
    # The input buffer's position counts codes; the output's, words of a pair.
    widths["position"] = index_bits(spec.inputs + 1 if name == "input_buffer" else schedule.pair_words)
    if name.startswith("accelerator"):
        widths |= {port: len(fields.one(path)) for port, path in RECORDED.items()}
    return {port: _signal(port, widths.get(port, 1)) for port in names}


def _port_names(function: Any) -> tuple[str, ...]:
    code = function.func.__code__
    return code.co_varnames[: code.co_argcount]


def _signal(port: str, width: int) -> Signal:
    if port in ("code", "best"):
        return Signal(intbv(0, min=-(1 << (width - 1)), max=1 << (width - 1)))
    return Signal(bool(0)) if width == 1 else Signal(intbv(0)[width:])


def align_bits(schedule: Schedule) -> int:
    """Return the bits of the PE sets' `align`: the greatest shift of a pass, and one more where spikes merge."""
    return index_bits(max(step.align for step in schedule.passes) + 2)


def _widths(spec: Specification, schedule: Schedule) -> dict[str, int]:
    """Return the width of every port that is wider than a bit, packed ports included."""
    pass_bits, slot_bits = index_bits(len(schedule.passes)), index_bits(schedule.neuron_slots)
    tiles = [spec.tiles(layer) for layer in range(len(spec.layers))]
    acc, row, shadow = (bits * spec.lanes for bits in (spec.accumulator_bits, spec.weight_bits, spec.logit_bits))
    membranes = sum(count * bits for count, bits in zip(tiles, spec.membrane_bits, strict=True))
    spike_bits = sum(tiles) * spec.time_steps * spec.lanes
    loaded, address = index_bits(spec.inputs + 1), schedule.address_bits
    widths = {"issue_pass": pass_bits, "read_pass": pass_bits, "add_pass": pass_bits}
    widths |= {"issue_slot": slot_bits, "read_slot": slot_bits, "add_slot": slot_bits}
    widths |= {"state": 2, "read_enable": 2, "add_enable": 2, "read": 2, "align": align_bits(schedule)}
    widths |= {"loaded": loaded, "frame_cycles": schedule.cycle_bits}
    widths |= {"code": spec.input_bits, "codes": spec.input_bits * spec.inputs}
    widths |= {"plane0": spec.inputs, "plane1": spec.inputs}
    widths |= {"spike0": schedule.entries, "spike1": schedule.entries, "pending": schedule.entries}
    widths |= {"index": index_bits(schedule.entries), "address": address, "weight_address": address}
    widths |= {"weight_row": row, "row": row, "row0": row, "row1": row, "clocked": spec.lanes}
    widths |= {"clocked0": spec.lanes, "clocked1": spec.lanes}
    widths |= dict.fromkeys(("low", "high", "acc", "acc0", "acc1"), acc)
    widths |= {"membrane": membranes * spec.lanes, "last_spikes": spike_bits, "spikes_now": spike_bits}
    widths |= {"shadow0": shadow, "shadow1": shadow, "logits": spec.logits_per_cycle * spec.logit_bits}
    widths |= {"word": index_bits(schedule.frame_words)}
    widths |= {"best": spec.logit_bits, "best_index": index_bits(spec.outputs)}
    return widths


def _pe_ports(names: list[str], spec: Specification, schedule: Schedule) -> dict[str, Signal]:
    signed = {"weight": spec.weight_bits} | dict.fromkeys(("low", "high", "acc"), spec.accumulator_bits)
    ports = {}
    for port in names:
        if port in signed:
            half = 1 << (signed[port] - 1)
            ports[port] = Signal(intbv(0, min=-half, max=half))
        else:
            ports[port] = _signal(port, align_bits(schedule) if port == "align" else 1)
    return ports
