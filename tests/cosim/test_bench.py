from __future__ import annotations

from myhdl import Signal, _simulator

from cosim.bench import IDLE, RESET_CYCLES, Stimulus, bench, forgotten_afterwards
from cosim.cosimulate import cosimulate
from golden.memory_image import memory_image
from rtl.registers import build_ports, build_registers


class Recorder:
    """Present stimuli and note, in each cycle, the ports as driven and some registers as settled."""

    def __init__(self, ports, registers, stimuli):
        self.ports, self.registers, self.given = ports, registers, stimuli
        self.seen: list[tuple[Stimulus, int, int]] = []

    def stimuli(self):
        yield from self.given

    def observe(self):
        ports = self.ports
        driven = Stimulus(
            code_valid=bool(ports.code_valid),
            code=int(ports.code),
            start=bool(ports.start),
            first=bool(ports.first),
            logits_ready=bool(ports.logits_ready),
            reset=bool(ports.reset),
        )
        loaded = int(self.registers.one("controller.loaded"))
        self.seen.append((driven, loaded, int(self.registers.one("controller.state"))))


def run(checkpoint, stimuli, *, load_weights=False):
    spec = checkpoint.specification
    ports, registers = build_ports(spec), build_registers(spec)
    contents = tuple(image.row_values() for image in memory_image(checkpoint))
    monitor = Recorder(ports, registers, stimuli)
    testbench = bench(ports, registers, spec, contents, monitor, load_weights)
    testbench.run_sim(quiet=1)
    testbench.quit_sim()
    return monitor.seen


def test_each_stimulus_is_presented_for_one_cycle(small_network, off_the_stack):
    inputs = small_network.specification.inputs
    stimuli = [Stimulus(code_valid=True, code=-5)] * 3 + [IDLE, Stimulus(code_valid=True, code=7, logits_ready=False)]
    stimuli += [Stimulus(code_valid=True, code=1)] * (inputs - 4) + [Stimulus(start=True, first=True), IDLE]
    seen = off_the_stack(run, small_network, stimuli)
    assert [driven for driven, _, _ in seen] == stimuli
    assert [loaded for _, loaded, _ in seen] == [0, 1, 2, 3, 3, *range(4, inputs + 1), 0]
    assert [state for _, _, state in seen] == [0] * (len(seen) - 1) + [1]


def test_reset_is_given_before_and_whenever_it_is_asked_for(small_network, off_the_stack):
    assert RESET_CYCLES > 0
    code = Stimulus(code_valid=True, code=3)
    seen = off_the_stack(run, small_network, [code, code, Stimulus(code_valid=True, code=3, reset=True), code, IDLE])
    assert [loaded for _, loaded, _ in seen] == [0, 1, 2, 0, 1]


def test_weights_are_loaded_before_the_first_stimulus(small_network, off_the_stack):
    seen = off_the_stack(run, small_network, [IDLE] * 2, load_weights=True)
    assert seen == [(IDLE, 0, 0)] * 2


def test_finished_simulations_leave_no_signals_behind(small_network, small_codes, off_the_stack):
    kept = Signal(bool(0))
    before = len(_simulator._signals), len(_simulator._blocks)
    with forgotten_afterwards():
        Signal(bool(0))
        assert len(_simulator._signals) == before[0] + 1
    off_the_stack(cosimulate, small_network, small_codes, frames=1)
    assert (len(_simulator._signals), len(_simulator._blocks)) == before
    assert _simulator._signals[-1] is kept
