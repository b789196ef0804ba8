from __future__ import annotations

import pytest

from golden.layout import build_layout
from golden.schedule import build_schedule
from golden.specification import Specification
from rtl.registers import build_ports, build_registers, membrane_base, spike_base

SPECIFICATIONS = {
    "default": Specification(),
    "tiles": Specification(inputs=9, layers=(20, 40), lanes=16, outputs=71, logits_per_cycle=4, membrane_bits=(11, 9)),
    "one time step": Specification(inputs=9, layers=(20, 12), lanes=16, outputs=16, time_steps=1),
}


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_every_field_of_the_record_has_signals_of_its_widths(name):
    spec = SPECIFICATIONS[name]
    registers = build_registers(spec)
    assert list(registers.planes) == [field.path for field in build_layout(spec)]
    for field in build_layout(spec):
        signals = registers.planes[field.path]
        assert all(int(signal.val) == 0 for signal in signals)
        if field.block == "spikes":
            # A tile at a time: the last one has lanes that no neuron uses.
            assert [len(signal) for signal in signals] == [spec.lanes] * -(-field.width // spec.lanes)
        else:
            assert [len(signal) or 1 for signal in signals] == [field.width] * field.planes


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_tiles_and_planes_lie_where_their_bases_say(name):
    spec = SPECIFICATIONS[name]
    registers = build_registers(spec)
    for age in ("this", "last"):
        tiles = registers.spike_tiles(age)
        for layer in range(len(spec.layers)):
            for step in range(spec.time_steps):
                for tile, signal in enumerate(registers.planes[f"spikes.{age}{layer}_{step}"]):
                    assert tiles[spike_base(spec, layer, step) + tile] is signal
    planes = registers.membrane_planes()
    for layer in range(len(spec.layers)):
        for tile in range(spec.tiles(layer)):
            for plane, signal in enumerate(registers.planes[f"neuron_unit.membrane{layer}_{tile}"]):
                assert planes[membrane_base(spec, layer, tile) + plane] is signal


def test_one_is_for_fields_of_one_signal():
    registers = build_registers(SPECIFICATIONS["default"])
    assert registers.one("controller.state") is registers.planes["controller.state"][0]
    with pytest.raises(ValueError, match="too many values"):
        registers.one("pe_array.acc0")


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_ports_take_every_code_and_every_row(name):
    spec = SPECIFICATIONS[name]
    ports = build_ports(spec)
    assert (ports.code.min, ports.code.max - 1) == spec.code_range
    assert len(ports.weight_row) == spec.row_bits
    assert ports.weight_address.max >= max(build_schedule(spec).bank_depths)
