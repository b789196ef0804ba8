"""The architectural registers and ports of an accelerator as MyHDL signals, one list of planes a field.

Every width comes from ``golden.layout``, so what the RTL drives is by construction what co-simulation compares.
"""

from __future__ import annotations

from dataclasses import dataclass

from myhdl import Signal, intbv

from golden.layout import Field, build_layout
from golden.schedule import build_schedule
from golden.specification import Specification

Planes = list  # list of Signal


@dataclass(frozen=True)
class Registers:
    """Signals by path ("pe_array.acc0").

    Parameters
    ----------
    specification : Specification
    planes : dict of str to list of Signal
        One signal a plane. A spike register has one signal a tile instead, `lanes` wide each.
    """

    specification: Specification
    planes: dict[str, Planes]

    def one(self, path: str) -> Signal:
        """Return the signal of a field of one plane."""
        (signal,) = self.planes[path]
        return signal

    def spike_tiles(self, age: str) -> Planes:
        """Return the tiles of ``spikes.this`` or ``spikes.last``, by layer, time step, tile."""
        spec = self.specification
        return [
            tile
            for layer in range(len(spec.layers))
            for step in range(spec.time_steps)
            for tile in self.planes[f"spikes.{age}{layer}_{step}"]
        ]

    def membrane_planes(self) -> Planes:
        """Return the membranes' planes, by layer, tile, plane."""
        spec = self.specification
        return [
            plane
            for layer in range(len(spec.layers))
            for tile in range(spec.tiles(layer))
            for plane in self.planes[f"neuron_unit.membrane{layer}_{tile}"]
        ]


def build_registers(spec: Specification) -> Registers:
    """Return fresh signals for every field of the layout of `spec`, all 0."""
    return Registers(spec, {field.path: _signals(spec, field) for field in build_layout(spec)})


def _signals(spec: Specification, field: Field) -> Planes:
    if field.block == "spikes":
        layer = int(field.name.removeprefix("this").removeprefix("last").split("_")[0])
        return [Signal(intbv(0)[spec.lanes :]) for _ in range(spec.tiles(layer))]
    if field.path == "output.best":
        half = 1 << (field.width - 1)
        return [Signal(intbv(0, min=-half, max=half))]
    if field.bits == 1:
        return [Signal(bool(0))]
    return [Signal(intbv(0)[field.width :]) for _ in range(field.planes)]


def spike_base(spec: Specification, layer: int, step: int) -> int:
    """Return where the tiles of (`layer`, time step) begin in `Registers.spike_tiles`."""
    return sum(spec.tiles(below) * spec.time_steps for below in range(layer)) + step * spec.tiles(layer)


def membrane_base(spec: Specification, layer: int, tile: int) -> int:
    """Return where the planes of (`layer`, `tile`) begin in `Registers.membrane_planes`."""
    return sum(spec.tiles(below) * spec.membrane_bits[below] for below in range(layer)) + (
        tile * spec.membrane_bits[layer]
    )


@dataclass(frozen=True)
class Ports:
    """The accelerator's own ports; ``rtl.accelerator`` has their widths and meaning."""

    clk: Signal
    reset: Signal
    weight_valid: Signal
    weight_bank: Signal
    weight_address: Signal
    weight_row: Signal
    weight_ready: Signal
    code_valid: Signal
    code: Signal
    code_ready: Signal
    start: Signal
    first: Signal
    logits_ready: Signal


def build_ports(spec: Specification) -> Ports:
    """Return fresh port signals for `spec`, all 0."""
    half = 1 << (spec.input_bits - 1)

    def bit() -> Signal:
        return Signal(bool(0))

    return Ports(
        clk=bit(),
        reset=bit(),
        weight_valid=bit(),
        weight_bank=bit(),
        weight_address=Signal(intbv(0)[build_schedule(spec).address_bits :]),
        weight_row=Signal(intbv(0)[spec.row_bits :]),
        weight_ready=bit(),
        code_valid=bit(),
        code=Signal(intbv(0, min=-half, max=half)),
        code_ready=bit(),
        start=bit(),
        first=bit(),
        logits_ready=bit(),
    )
