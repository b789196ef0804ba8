from __future__ import annotations

from functools import partial

from rtl.spikes import spikes


def test_every_output_at_every_cycle(bench):
    pins, nets, spec = bench.ports, bench.nets, bench.spec
    dut = partial(
        spikes,
        pins.clk,
        pins.reset,
        nets["starting"],
        pins.first,
        bench.controller()["issue_pass"],
        bench.registers.spike_tiles("this"),
        bench.registers.spike_tiles("last"),
        nets["spike0"],
        nets["spike1"],
        bench.schedule,
    )
    places = [f"{layer}_{step}" for layer in range(len(spec.layers)) for step in range(spec.time_steps)]
    cycles = bench.run(
        dut,
        drives=["reset", "starting", "first", "controller.issue_pass", *(f"spikes.this{place}" for place in places)],
        compares=["spike0", "spike1", *(f"spikes.last{place}" for place in places)],
    )
    assert cycles == len(bench.trace.records)
