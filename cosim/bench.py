"""The testbench: clock, reset and driver around the accelerator in MyHDL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from myhdl import StopSimulation, _simulator, block, delay, instance

from cosim.engines.lock_step import lock_step
from golden.specification import Specification
from rtl.accelerator import accelerator
from rtl.design import build_design
from rtl.registers import Ports, Registers

RESET_CYCLES = 2


@dataclass(frozen=True)
class Stimulus:
    """What the driver presents for one cycle.

    Parameters
    ----------
    code_valid, start, first, logits_ready, reset : bool
    code : int
    """

    code_valid: bool = False
    code: int = 0
    start: bool = False
    first: bool = False
    logits_ready: bool = True
    reset: bool = False


IDLE = Stimulus()


@contextmanager
def forgotten_afterwards() -> Iterator[None]:
    """Make MyHDL forget the signals and blocks created inside, which must not be simulated again.

    It keeps every signal of the process, and visits them all at the end of every simulation: without this, a process
    that simulates often grows and slows down with each run.
    """
    signals, blocks = len(_simulator._signals), len(_simulator._blocks)
    try:
        yield
    finally:
        del _simulator._signals[signals:]
        del _simulator._blocks[blocks:]


class Monitor(Protocol):
    """What the bench drives and shows its cycles to."""

    def stimuli(self) -> Iterable[Stimulus]:
        """Give the stimulus of each cycle; the simulation ends with it."""

    def observe(self) -> None:
        """Look at the settled signals of the cycle, before its rising edge."""


@block
def bench(
    ports: Ports,
    registers: Registers,
    spec: Specification,
    contents: tuple[Sequence[int], Sequence[int]],
    monitor: Monitor,
    load_weights: bool = False,
    architecture: str = "sliced",
    verilog: bool = False,
) -> Any:
    """Run `monitor`'s stimuli through one accelerator: the MyHDL blocks, or their Verilog in lock step.

    With `load_weights` the memories start empty and every row goes through the weight port first; otherwise the
    memories hold `contents` from the start, as after such a load.
    """
    empty = [[0] * len(bank) for bank in contents]
    if verilog:
        dut = lock_step(ports, registers, build_design(spec, architecture))
    else:
        dut = accelerator(ports, registers, spec, *(empty if load_weights else contents), architecture)

    @instance
    def drive() -> Iterator[Any]:
        def low() -> Any:
            ports.clk.next = False
            return delay(1)

        def high() -> Any:
            ports.clk.next = True
            return delay(1)

        ports.reset.next = True
        for _ in range(RESET_CYCLES):
            yield low()
            yield high()
        ports.reset.next = False
        if load_weights:
            ports.weight_valid.next = True
            for which, rows in enumerate(contents):
                ports.weight_bank.next = bool(which)
                for address, row in enumerate(rows):
                    ports.weight_address.next = address
                    ports.weight_row.next = int(row)
                    yield low()
                    yield high()
            ports.weight_valid.next = False
        current = Stimulus(logits_ready=False)
        for stimulus in monitor.stimuli():
            if stimulus is not current:
                ports.code_valid.next = stimulus.code_valid
                ports.code.next = stimulus.code
                ports.start.next = stimulus.start
                ports.first.next = stimulus.first
                ports.logits_ready.next = stimulus.logits_ready
                ports.reset.next = stimulus.reset
                current = stimulus
            yield low()
            monitor.observe()
            yield high()
        raise StopSimulation

    return dut, drive
