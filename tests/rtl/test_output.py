from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from myhdl import Signal

from golden.schedule import build_schedule
from golden.specification import Specification
from rtl.output import output
from rtl.registers import build_registers

REGISTERS = ["shadow0", "shadow1", "busy", "position", "word", "logits", "best", "best_index"]


def test_every_output_at_every_cycle(bench):
    pins, nets = bench.ports, bench.nets
    sets = range(bench.spec.pe_sets)
    dut = partial(
        output,
        pins.clk,
        pins.reset,
        nets["starting"],
        bench.controller()["transfer"],
        pins.logits_ready,
        bench.planes("pe_array.acc0"),
        bench.set_planes("pe_array.acc1"),
        bench.planes("output.shadow0"),
        bench.set_planes("output.shadow1"),
        *(bench.one(f"output.{name}") for name in REGISTERS[2:]),
        nets["hold"],
        nets["finished"],
        bench.schedule,
    )
    cycles = bench.run(
        dut,
        drives=[
            *("reset", "starting", "logits_ready", "controller.transfer"),
            *(f"pe_array.acc{pe_set}" for pe_set in sets),
        ],
        compares=[
            *(f"output.shadow{pe_set}" for pe_set in sets),
            *(f"output.{name}" for name in REGISTERS[2:]),
            *("hold", "finished"),
        ],
    )
    assert cycles == len(bench.trace.records)


def sliced(lanes, bits):
    return [sum(((int(value) >> b) & 1) << lane for lane, value in enumerate(lanes)) for b in range(bits)]


SPEC = Specification(inputs=3, layers=(8,), recurrent=(True,), input_shifts=(0,), recurrent_shifts=(0,), leaks=(1,),
                     thresholds=(5,), membrane_bits=(8,), lanes=8, outputs=37, logits_per_cycle=2)  # fmt: skip


@pytest.mark.parametrize("few_values", [True, False], ids=["ties", "any"])
@pytest.mark.parametrize("ready_share", [0.3, 0.8, 1.0])
@pytest.mark.parametrize("pe_sets", [1, 2])
def test_words_leave_in_order_and_the_first_greatest_wins(bench_module, few_values, ready_share, pe_sets):
    """Ten frames of logits with `logits_ready` at random: a queue of words is the model of the stream."""
    spec, rng = SPEC.replace(pe_sets=pe_sets, parallel_time_steps=pe_sets == 2), np.random.default_rng(5)
    schedule = build_schedule(spec)
    registers = build_registers(spec)
    low, high = (-1, 1) if few_values else spec.logit_range
    pairs, per_word, words = spec.group_pairs, spec.logits_per_cycle, schedule.frame_words
    rows, expected = [], []
    best, best_index, word, position, busy = 0, 0, 0, 0, False
    shadow = np.zeros((pe_sets, spec.lanes), dtype=np.int64)
    for _ in range(10):
        logits = rng.integers(low, high, size=(pairs, pe_sets, spec.lanes), endpoint=True)
        waiting, starting = 0, True
        delivered: list[int] = []
        while starting or waiting < pairs or busy:
            ready = bool(rng.random() < ready_share)
            transfer = not starting and waiting < pairs and bool(rng.random() < 0.7)
            acc = logits[min(waiting, pairs - 1)]
            flat = shadow.reshape(-1)
            shown = flat[position * per_word : (position + 1) * per_word] if busy else np.zeros(per_word, dtype=int)
            accepted = busy and ready
            ends_frame = word == words - 1
            ends_pair = ends_frame or position == schedule.pair_words - 1
            hold = transfer and busy and not (accepted and ends_pair)
            mask = (1 << spec.logit_bits) - 1
            port = sum((int(value) & mask) << i * spec.logit_bits for i, value in enumerate(shown))
            planes = [plane for lanes in acc for plane in sliced(lanes, spec.accumulator_bits)]
            rows.append((int(starting), int(transfer), int(ready), *planes))
            finished = accepted and ends_frame
            expected.append((int(busy), position, word, port, best, best_index, int(hold), int(finished)))
            if accepted:
                delivered += shown.tolist()
                taking_part = np.array(delivered[: spec.outputs])
                best, best_index = int(taking_part.max()), int(taking_part.argmax())
                position, busy = (0, False) if ends_pair else (position + 1, True)
                word += 0 if ends_frame else 1
            if transfer and not hold:
                shadow, busy, waiting = acc.copy(), True, waiting + 1
            if starting:
                word, starting = 0, False
        assert delivered[: spec.outputs] == logits.reshape(-1)[: spec.outputs].tolist()
    clk, reset, starts, ready_pin, hold_pin, finished_pin = (Signal(bool(0)) for _ in range(6))
    transfer_pin = registers.one("controller.transfer")
    acc0, acc1 = registers.planes["pe_array.acc0"], registers.planes.get("pe_array.acc1")
    compared = [registers.one(f"output.{name}") for name in REGISTERS[2:]] + [hold_pin, finished_pin]
    dut = partial(
        output,
        clk, reset, starts, transfer_pin, ready_pin, acc0, acc1,
        registers.planes["output.shadow0"], registers.planes.get("output.shadow1"), *compared, schedule,
    )  # fmt: skip
    driven = [starts, transfer_pin, ready_pin, *acc0, *(acc1 or [])]
    given = map(list, zip(*rows, strict=True))
    inputs = [(str(at), pin, column) for at, (pin, column) in enumerate(zip(driven, given, strict=True))]
    names = [*REGISTERS[2:], "hold", "finished"]
    outputs = list(zip(names, compared, map(list, zip(*expected, strict=True)), strict=True))
    assert bench_module.run_block(dut, clk, inputs, outputs) == len(rows)
