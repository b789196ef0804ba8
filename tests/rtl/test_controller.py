from __future__ import annotations

from functools import partial

from rtl.controller import controller


def test_every_output_at_every_cycle(bench):
    pins, nets, control = bench.ports, bench.nets, bench.controller()
    taken = ("hold", "finished", "found", "hit0", "hit1", "skip_last")
    given = ("accept", "starting", "step")
    dut = partial(
        controller,
        clk=pins.clk,
        reset=pins.reset,
        code_valid=pins.code_valid,
        start=pins.start,
        **{name: nets[name] for name in (*taken, *given)},
        code_ready=nets["code_ready"],
        weight_ready=nets["weight_ready"],
        schedule=bench.schedule,
        negative=bench.signs().get("negative"),
        **control,
    )
    cycles = bench.run(
        dut,
        drives=["reset", "code_valid", "start", *taken, *(["negative"] if bench.signs() else [])],
        compares=[*(f"controller.{name}" for name in control), *given, "code_ready", "weight_ready"],
    )
    assert cycles == len(bench.trace.records)
