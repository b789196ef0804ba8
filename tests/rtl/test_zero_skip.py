from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from myhdl import Signal, intbv

from golden.schedule import Kind, Source, build_schedule
from golden.specification import Specification, index_bits
from rtl.zero_skip import zero_skip


def test_every_output_at_every_cycle(bench):
    pins, nets = bench.ports, bench.nets
    control = bench.controller()
    dut = partial(
        zero_skip,
        pins.clk,
        pins.reset,
        nets["step"],
        control["issue_pass"],
        control["issue_slot"],
        nets["plane0"],
        nets["plane1"],
        nets["spike0"],
        nets["spike1"],
        bench.one("zero_skip.pending"),
        bench.one("zero_skip.index"),
        nets["found"],
        nets["hit0"],
        nets["hit1"],
        nets["skip_last"],
        bench.schedule,
        **bench.signs(),
    )
    driven = ["reset", "step", "controller.issue_pass", "controller.issue_slot", *list(bench.signs())[:1]]
    cycles = bench.run(
        dut,
        drives=[*driven, "plane0", "plane1", "spike0", "spike1"],
        compares=[
            *("zero_skip.pending", "zero_skip.index", "found", "hit0", "hit1", "skip_last"),
            *list(bench.signs())[1:],
        ],
    )
    assert cycles == len(bench.trace.records)


@pytest.mark.parametrize("zero_skipping", [True, False])
def test_each_one_of_the_union_is_visited_once_and_in_order(bench_module, zero_skipping):
    rng = np.random.default_rng(3)
    ones = 2**37 - 1
    spikes = [(0, 0), (ones, 0), (0, ones), (ones, ones), (1, 1 << 36), (1 << 36, 1 << 36), (0, 0)]
    for density in (0.02, 0.2, 0.5, 0.9):
        for _ in range(6):
            bits = rng.random((2, 37)) < density
            spikes.append(tuple(sum(1 << int(at) for at in np.flatnonzero(row)) for row in bits))
    sizes = {"inputs": 5, "layers": (37, 37), "lanes": 37, "outputs": 37, "logits_per_cycle": 1}
    spec = Specification(**sizes, zero_skipping=zero_skipping)
    schedule = build_schedule(spec)
    chosen = next(at for at, step in enumerate(schedule.passes) if step.source is Source.THIS)
    assert schedule.passes[chosen].kind is Kind.ACCUMULATE
    visits, rows = [], []
    for v0, v1 in spikes:
        ones = [at for at in range(37) if (v0 | v1) >> at & 1 or not zero_skipping]
        for slot in range(max(1, len(ones))):
            found = ones[slot] if ones else None
            hits = (0, 0) if found is None else (v0 >> found & 1, v1 >> found & 1)
            rows.append((min(slot, 1), v0, v1, int(bool(ones)), *hits, int(slot >= len(ones) - 1)))
            # An index register keeps its value where nothing is found.
            visits.append(found if found is not None else (visits[-1] if visits else 0))
    slot, spike0, spike1, found, hit0, hit1, skip_last = map(list, zip(*rows, strict=True))
    cycles = len(rows)

    def wire(width=1):
        return Signal(intbv(0)[width:]) if width > 1 else Signal(bool(0))

    clk, reset, step, plane0, plane1 = wire(), wire(), wire(), wire(5), wire(5)
    given_spikes, flags = (wire(37), wire(37)), [wire() for _ in range(4)]
    issue_pass, issue_slot = wire(index_bits(len(schedule.passes))), wire(2)
    index, pending = wire(index_bits(37)), wire(37)
    dut = partial(
        zero_skip,
        clk, reset, step, issue_pass, issue_slot, plane0, plane1, *given_spikes, pending, index, *flags, schedule
    )  # fmt: skip
    inputs = [("step", step, [1] * cycles), ("issue_pass", issue_pass, [chosen] * cycles)]
    inputs.append(("issue_slot", issue_slot, slot))
    inputs += [("spike0", given_spikes[0], spike0), ("spike1", given_spikes[1], spike1)]
    columns = (found, hit0, hit1, skip_last)
    outputs = list(zip(("found", "hit0", "hit1", "skip_last"), flags, columns, strict=True))
    outputs.append(("index", index, [0, *visits[:-1]]))
    assert bench_module.run_block(dut, clk, inputs, outputs) == cycles
