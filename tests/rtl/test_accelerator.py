from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from myhdl import StopSimulation, block, delay, instance

from cosim.cosimulate import cosimulate
from golden.checkpoint import Checkpoint, random_checkpoint
from golden.forward import forward
from golden.memory_image import memory_image
from golden.schedule import build_schedule
from golden.specification import PLANE_CODINGS, Specification
from rtl.accelerator import accelerator
from rtl.registers import build_ports, build_registers

SMALL = Specification(inputs=9, input_bits=5, layers=(20, 12), outputs=71, lanes=16, logits_per_cycle=4)


def contents_of(checkpoint):
    return [image.row_values() for image in memory_image(checkpoint)]


def random_codes(spec, frames, seed=0):
    low, high = spec.code_range
    return np.random.default_rng(seed).integers(low, high, (frames, spec.inputs), endpoint=True)


# ---- every register and port, every cycle ------------------------------------------------------------------


def test_every_output_at_every_cycle(bench):
    """Stimuli include codes and `start` where they must be ignored, and reset in the middle of a frame."""
    dut = partial(accelerator, bench.ports, bench.registers, bench.spec, *bench.trace.contents)
    compares = [*(field.path for field in bench.trace.layout), "code_ready", "weight_ready"]
    bench.nets |= {"code_ready": bench.ports.code_ready, "weight_ready": bench.ports.weight_ready}
    drives = ["reset", "code_valid", "code", "start", "first", "logits_ready"]
    drives += ["weight_valid", "weight_bank", "weight_address", "weight_row"]
    assert bench.run(dut, drives=drives, compares=compares) == len(bench.trace.records)


@st.composite
def specifications(draw):
    layers = tuple(draw(st.lists(st.integers(1, 40), min_size=1, max_size=3)))
    each = len(layers)

    def per_layer(strategy):
        return tuple(draw(st.lists(strategy, min_size=each, max_size=each)))

    membrane_bits = per_layer(st.integers(5, 16))
    time_steps, pe_sets = draw(st.sampled_from([(1, 1), (1, 2), (2, 1), (2, 2)]))
    return Specification(
        inputs=draw(st.integers(1, 20)),
        input_bits=draw(st.integers(3, 8)),
        layers=layers,
        recurrent=per_layer(st.booleans()),
        outputs=draw(st.integers(1, 100)),
        time_steps=time_steps,
        weight_bits=draw(st.sampled_from([4, 8])),
        input_shifts=per_layer(st.integers(0, 3)),
        recurrent_shifts=per_layer(st.integers(0, 3)),
        leaks=per_layer(st.integers(1, 4)),
        thresholds=tuple(draw(st.integers(1, (1 << (bits - 1)) - 1)) for bits in membrane_bits),
        membrane_bits=membrane_bits,
        lanes=16,
        pe_sets=pe_sets,
        logits_per_cycle=draw(st.sampled_from([1, 4, 16])),
        parallel_time_steps=pe_sets >= time_steps and draw(st.booleans()),
        zero_skipping=draw(st.booleans()),
        merged_spike=draw(st.booleans()),
        zero_weight_gating=draw(st.booleans()),
        plane_coding=draw(st.sampled_from(PLANE_CODINGS)),
    )


@settings(max_examples=15)
@given(spec=specifications(), seed=st.integers(0, 2**16))
def test_any_specification_equals_golden(off_the_stack, spec, seed):
    checkpoint = random_checkpoint(spec, seed=seed)
    utterances = {"a": random_codes(spec, 2, seed), "b": random_codes(spec, 1, seed + 1)}
    result = off_the_stack(cosimulate, checkpoint, utterances)
    assert result.frames == 3
    assert result.best == [int(best) for codes in utterances.values() for best in forward(checkpoint, codes).best]


ONE_SET = {"pe_sets": 1, "parallel_time_steps": False}


@pytest.mark.parametrize(
    "switches",
    # All planes of 8 bits: the greatest shift fills its signal.
    [{}, ONE_SET, ONE_SET | {"input_bits": 8, "plane_coding": "sign_magnitude"}],
    ids=["two sets", "one set", "one set, sign and magnitude"],
)
def test_a_pe_a_lane_equals_golden(off_the_stack, switches):
    spec = SMALL.replace(**switches)
    codes = {"codes": random_codes(spec, 3)}
    result = off_the_stack(cosimulate, random_checkpoint(spec, seed=2), codes, architecture="lanes")
    assert result.frames == 3


# ---- real speech at full size ------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("load_weights", [True, False], ids=["weights through the port", "weights in memory"])
def test_real_speech_equals_golden_at_every_cycle(off_the_stack, network, speech_codes, load_weights):
    """Six frames of each utterance: the first three, where the normalisation starts, and three amid speech."""
    names = sorted(speech_codes)[::2] if load_weights else sorted(speech_codes)[1::2]
    utterances = {}
    for name in names:
        codes = speech_codes[name]
        utterances[f"{name} start"] = codes[:3]
        utterances[f"{name} middle"] = codes[len(codes) // 2 :][:3]
    result = off_the_stack(cosimulate, network, utterances, load_weights=load_weights)
    assert result.frames == 6 * len(names) == 12
    assert result.best == [int(best) for codes in utterances.values() for best in forward(network, codes).best]
    assert max(result.frame_cycles) <= network.specification.frame_budget
    assert result.overruns == 0


@pytest.mark.full
@pytest.mark.parametrize("which", range(3))
def test_a_whole_utterance_equals_golden_at_every_cycle(off_the_stack, network, speech_codes, which):
    """The three shortest, one a test, so that they can run beside each other."""
    name, codes = sorted(speech_codes.items(), key=lambda entry: len(entry[1]))[which]
    result = off_the_stack(cosimulate, network, {name: codes})
    assert result.frames == len(codes)
    assert result.best == [int(best) for best in forward(network, codes).best]
    assert max(result.frame_cycles) <= network.specification.frame_budget


# ---- overrun ------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_worst_frame_finishes_correctly_and_raises_overrun(off_the_stack):
    """All codes -1 set every plane; weights and thresholds make every neuron spike in both time steps."""
    spec = Specification(thresholds=(1, 1))
    random = random_checkpoint(spec, seed=0)
    checkpoint = Checkpoint(
        specification=spec,
        feed_forward=(np.full((40, 128), -8, np.int8), np.full((128, 128), 7, np.int8)),
        recurrent=(np.full((128, 128), 7, np.int8),) * 2,
        fc=random.fc,
    )
    worst, silence = np.full((2, 40), -1), np.zeros((1, 40), dtype=int)
    spikes = forward(checkpoint, worst).spikes
    assert all(fired.all() for fired in spikes)
    result = off_the_stack(cosimulate, checkpoint, {"worst": worst, "silence": silence})
    assert result.frame_cycles[1] == build_schedule(spec).worst_cycles == 1629
    assert [cycles > spec.frame_budget for cycles in result.frame_cycles] == [True, True, False]
    assert result.overruns == 2
    assert result.best == [*forward(checkpoint, worst).best, *forward(checkpoint, silence).best]


# ---- back-pressure -----------------------------------------------------------------------------------------


@block
def stalling_bench(ports, registers, checkpoint, codes, ready_share, seen):
    """Run frames with `logits_ready` at random; note the words taken and what `done` shows."""
    spec, rng = checkpoint.specification, np.random.default_rng(9)
    dut = accelerator(ports, registers, spec, *contents_of(checkpoint))
    busy, logits, done = registers.one("output.busy"), registers.one("output.logits"), registers.one("controller.done")
    cycles, overrun = registers.one("controller.frame_cycles"), registers.one("controller.overrun")
    best, best_index = registers.one("output.best"), registers.one("output.best_index")

    @instance
    def drive():
        for number, frame in enumerate(codes):
            clocks, finished, words, held = 0, False, [], None
            while not finished:
                ports.code_valid.next = clocks < spec.inputs
                ports.code.next = int(frame[min(clocks, spec.inputs - 1)])
                ports.start.next = clocks == spec.inputs
                ports.first.next = number == 0
                ready = bool(rng.random() < ready_share)
                ports.logits_ready.next = ready
                ports.clk.next = False
                yield delay(1)
                # A word that is not taken must still be there in the next cycle.
                assert held is None or (bool(busy) and int(logits) == held)
                held = int(logits) if busy and not ready else None
                if busy and ready:
                    words.append(int(logits))
                # `done` belongs to the cycle after the frame, in which the next one's first code is taken.
                finished = bool(registers.one("controller.state") == 0) and clocks > spec.inputs + 1
                if not finished:
                    clocks += 1
                    ports.clk.next = True
                    yield delay(1)
            assert bool(done)
            seen.append((words, clocks, int(cycles), bool(overrun), int(best), int(best_index)))
        raise StopSimulation

    return dut, drive


@pytest.mark.parametrize("ready_share", [0.9, 0.4, 0.1])
def test_a_stalled_stream_loses_and_repeats_nothing(off_the_stack, ready_share):
    spec = SMALL.replace(outputs=135, clock_hz=15_000.0)
    checkpoint, codes = random_checkpoint(spec, seed=4), random_codes(spec, 3, seed=5)
    seen = []
    ports, registers = build_ports(spec), build_registers(spec)

    def simulate():
        bench = stalling_bench(ports, registers, checkpoint, codes, ready_share, seen)
        bench.run_sim(quiet=1)
        bench.quit_sim()

    off_the_stack(simulate)
    mask, half = (1 << spec.logit_bits) - 1, 1 << (spec.logit_bits - 1)
    most = (1 << build_schedule(spec).cycle_bits) - 1
    for logits, (words, clocks, frame_cycles, overrun, best, best_index) in zip(
        forward(checkpoint, codes).logits, seen, strict=True
    ):
        fields = [word >> (i * spec.logit_bits) & mask for word in words for i in range(spec.logits_per_cycle)]
        streamed = [(value ^ half) - half for value in fields]
        assert streamed[: spec.outputs] == logits.tolist()
        assert len(words) == build_schedule(spec).frame_words
        assert (best, best_index) == (logits.max(), logits.argmax())
        assert frame_cycles == min(clocks, most)
        assert overrun == (clocks > spec.frame_budget)
    stalls = [overrun for *_, overrun, _, _ in seen]
    overruns = {entry[3] for entry in seen}
    assert overruns == {0.9: {False}, 0.4: {False, True}, 0.1: {True}}[ready_share], "within the budget, and beyond"
