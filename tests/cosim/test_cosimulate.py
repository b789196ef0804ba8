from __future__ import annotations

import numpy as np
import pytest
from vcd.reader import TokenKind, tokenize

import cosim.cosimulate
from cosim.cosimulate import CYCLES_AFTER, CYCLES_BEFORE, cosimulate
from cosim.scoreboard import CosimulationError
from golden.checkpoint import random_checkpoint
from golden.errors import StimulusError
from golden.forward import forward
from golden.handshake import handshake_of
from golden.layout import build_layout
from golden.trace import CycleModel

FRAME, CYCLE, LANE, PLANE = 1, 60, 5, 3


@pytest.fixture
def wrong_golden(monkeypatch):
    """Return a function that makes golden expect one bit of one register otherwise, in one cycle of one frame."""

    def falsify(path, *, plane=PLANE, lane=LANE, frame=FRAME, cycle=CYCLE):
        class Falsified(CycleModel):
            frames = 0

            def frame(self, codes, **keywords):
                records = super().frame(codes, **keywords)
                if self.frames == frame:
                    field = self.layout[path]
                    word = field.offset + plane * field.plane_words + lane // 64
                    records[cycle, word] ^= np.uint64(1 << lane % 64)
                self.frames += 1
                return records

        monkeypatch.setattr(cosim.cosimulate, "CycleModel", Falsified)

    return falsify


def test_a_run_reports_what_it_compared(small_network, small_codes, off_the_stack):
    seen = []
    result = off_the_stack(cosimulate, small_network, small_codes, wave_cycles=7, progress=seen.append)
    layout = build_layout(small_network.specification)
    model = CycleModel(small_network)
    cycles = [len(model.frame(frame, first=n == 0)) for codes in small_codes.values() for n, frame in enumerate(codes)]
    assert (result.frames, result.frame_cycles, result.cycles) == (5, cycles, sum(cycles) + 1)
    assert result.signals == len(layout.fields)
    assert result.bits == sum(field.bits for field in layout)
    assert result.values_compared == result.signals * result.cycles
    assert result.best == [int(best) for codes in small_codes.values() for best in forward(small_network, codes).best]
    assert [wave.cycle for wave in result.waves] == list(range(7))
    assert seen == [1] * 5


@pytest.mark.parametrize("engine", ["myhdl", "lock-step"])
@pytest.mark.parametrize(("bit", "output"), [(1, "code_ready"), (2, "weight_ready")])
def test_a_ready_output_that_golden_expects_otherwise(
    small_network, small_codes, off_the_stack, monkeypatch, engine, bit, output
):
    def falsified(records, layout, inputs):
        ready = handshake_of(records, layout, inputs)
        ready[CYCLE] ^= bit
        return ready

    monkeypatch.setattr(cosim.cosimulate, "handshake_of", falsified)
    with pytest.raises(CosimulationError, match=rf"frame 0, cycle {CYCLE} .*controller\.{output} expected 1 got 0"):
        off_the_stack(cosimulate, small_network, small_codes, engine=engine)


def test_frames_limits_every_utterance(small_network, small_codes, off_the_stack):
    assert off_the_stack(cosimulate, small_network, small_codes, frames=1).frames == 2


def test_overruns_are_counted(small_network, small_codes, off_the_stack):
    spec = small_network.specification
    cycles = off_the_stack(cosimulate, small_network, small_codes).frame_cycles
    budget = sorted(cycles)[2]
    tight = random_checkpoint(spec.replace(clock_hz=100.0 * budget), seed=3)
    result = off_the_stack(cosimulate, tight, small_codes)
    assert result.overruns == sum(entry > budget for entry in cycles) > 0


@pytest.mark.parametrize("cycle", [3, 30, 70, 100])
def test_a_reset_in_the_middle_of_a_frame_leaves_nothing_behind(small_network, small_codes, off_the_stack, cycle):
    whole = off_the_stack(cosimulate, small_network, small_codes)
    result = off_the_stack(cosimulate, small_network, small_codes, reset_after=cycle)
    assert result.best == whole.best
    assert result.frame_cycles == whole.frame_cycles


def test_a_reset_amid_silence_which_reads_no_row(small_network, off_the_stack):
    silence = {"silence": np.zeros((2, 9), dtype=np.int8)}
    assert off_the_stack(cosimulate, small_network, silence, reset_after=20).frames == 2


@pytest.mark.parametrize("cycle", [0, 5000])
def test_a_reset_outside_the_first_frame_is_refused(small_network, small_codes, off_the_stack, cycle):
    with pytest.raises(StimulusError, match=rf"reset_after: {cycle}, expected 1\.\.\d+, cycles of the first frame"):
        off_the_stack(cosimulate, small_network, small_codes, reset_after=cycle)


def test_codes_that_the_accelerator_cannot_take_are_refused(small_network):
    with pytest.raises(StimulusError, match=r"codes: values 0\.\.16, expected -16\.\.15"):
        cosimulate(small_network, {"loud": np.full((1, 9), 16) * np.eye(1, 9, dtype=int)})


@pytest.mark.parametrize("engine", ["myhdl", "icarus", "verilator"])
@pytest.mark.parametrize("reset_after", [None, 1])
def test_nothing_to_simulate_is_refused(small_network, small_codes, engine, reset_after):
    def run(utterances, frames=None):
        cosimulate(small_network, utterances, frames=frames, engine=engine, reset_after=reset_after)

    with pytest.raises(StimulusError, match="utterances: there are none, expected at least one"):
        run({})
    for silent in ({"none": small_codes["first"][:0]}, small_codes | {"none": small_codes["first"][:0]}):
        with pytest.raises(StimulusError, match="utterance 'none': has no frame"):
            run(silent)
    for frames in (0, -1):
        with pytest.raises(StimulusError, match=f"frames: {frames}, expected 1 or more"):
            run(small_codes, frames)


SENTENCES = {
    ("pe_array.acc1", 2, 36): (
        "first: frame 1, cycle 136 (L0 neurons tile 0 (just done: L0 recurrent tile 0 row 13)): pe_array.acc1[2] "
        "expected 155 got 147; its inputs were: itself 275, weight -8 shifted left by 4, set 1 enabled, operation "
        "accumulate"
    ),
    ("pe_array.acc1", 5, 60): (
        "first: frame 1, cycle 160 (L0 recurrent tile 1 row 5 (just done: L0 combine tile 1)): pe_array.acc1[5] "
        "expected 8 got 0; its inputs were: combine of acc1 0 and acc0 0"
    ),
    ("neuron_unit.membrane0_0", 5, 43): (
        "first: frame 1, cycle 143 (L0 input tile 1 planes 5, 2 row 7 (just done: L0 input tile 1 planes 5, 2 row 2)): "
        "neuron_unit.membrane0_0[5] expected 196 got 204; its inputs were: membrane 204, acc0 124, acc1 204, slot 0"
    ),
    ("controller.issue_pass", 1, 60): (
        "first: frame 1, cycle 160 (L0 recurrent tile 1 row 5 (just done: L0 combine tile 1)): controller.issue_pass "
        "expected 8 got 10; a cycle before: itself 10, state 1, pass 10 slot 1 at ISSUE, index 0"
    ),
}


@pytest.mark.parametrize(("path", "lane", "cycle"), SENTENCES)
def test_a_difference_is_a_sentence(small_network, small_codes, off_the_stack, wrong_golden, path, lane, cycle):
    """Word for word; the values expected are golden's but for the bit that the test turns."""
    wrong_golden(path, plane=0 if path.startswith("controller") else PLANE, lane=lane, cycle=cycle)
    with pytest.raises(CosimulationError) as caught:
        off_the_stack(cosimulate, small_network, small_codes)
    assert str(caught.value) == SENTENCES[path, lane, cycle]
    mismatch = caught.value.mismatch
    first = CycleModel(small_network).frame(small_codes["first"][0], first=True)
    assert (mismatch.utterance, mismatch.frame, mismatch.cycle) == ("first", FRAME, len(first) + cycle)


@pytest.mark.parametrize(
    ("path", "plane", "lane", "signal"),
    [
        ("controller.state", 0, 1, "controller.state"),
        ("input_buffer.codes", 4, 8, "input_buffer.codes[8]"),
        ("zero_skip.pending", 0, 19, "zero_skip.pending"),
        ("weight_buffer.row1", 3, 15, "weight_buffer.row1[15]"),
        ("pe_array.clocked0", 0, 0, "pe_array.clocked0"),
        ("neuron_unit.membrane0_1", 0, 2, "neuron_unit.membrane0_1[2]"),
        ("spikes.last0_1", 0, 17, "spikes.last0_1"),
        ("output.shadow0", 7, 3, "output.shadow0[3]"),
        ("output.logits", 0, 31, "output.logits[3]"),
        ("output.best", 0, 0, "output.best"),
    ],
)
def test_a_difference_in_any_field_is_found(
    small_network, small_codes, off_the_stack, wrong_golden, path, plane, lane, signal
):
    wrong_golden(path, plane=plane, lane=lane)
    with pytest.raises(CosimulationError) as caught:
        off_the_stack(cosimulate, small_network, small_codes)
    assert caught.value.mismatch.signal == signal
    assert caught.value.mismatch.others == 0


def test_the_last_cycle_is_compared_too(small_network, small_codes, off_the_stack, wrong_golden):
    wrong_golden("output.best_index", plane=0, lane=0, frame=4, cycle=-1)
    with pytest.raises(CosimulationError, match=r"^second: frame 1, cycle [\d,]+ \(last logits\): output.best_index"):
        off_the_stack(cosimulate, small_network, small_codes)


def test_a_difference_leaves_a_waveform_of_both_sides(
    tmp_path, small_network, small_codes, off_the_stack, wrong_golden
):
    wrong_golden("pe_array.acc1")
    folder = tmp_path / "made" / "on demand"
    with pytest.raises(CosimulationError) as caught:
        off_the_stack(cosimulate, small_network, small_codes, mismatch_folder=folder)
    mismatch = caught.value.mismatch
    assert sorted(path.name for path in folder.iterdir()) == ["mismatch.gtkw", "mismatch.vcd"]
    period_ns = round(1e9 / small_network.specification.clock_hz)
    values, times = values_at(folder / "mismatch.vcd", mismatch.cycle * period_ns)
    bits = build_layout(small_network.specification)["pe_array.acc1"].planes
    assert values[f"golden.pe_array.acc1.lane{LANE}"] == mismatch.expected % (1 << bits)
    assert values[f"rtl.pe_array.acc1.lane{LANE}"] == mismatch.got % (1 << bits)
    differing = {
        name
        for name, value in values.items()
        if name.startswith("rtl.") and values[name.replace("rtl.", "golden.", 1)] != value
    }
    assert differing == {f"rtl.pe_array.acc1.lane{LANE}"}
    # Time 0 is that of the initial values.
    shown = [time // period_ns for time in times if time]
    assert mismatch.cycle - CYCLES_BEFORE <= min(shown) < mismatch.cycle
    assert mismatch.cycle < max(shown) <= mismatch.cycle + CYCLES_AFTER + 1
    save = (folder / "mismatch.gtkw").read_text()
    assert '[dumpfile] "mismatch.vcd"' in save
    assert str(mismatch.cycle * period_ns) in save


def values_at(path, time):
    """Return every variable's value, by full name, at a time of a VCD, and the times that it has."""
    names, scope, values, now, times, taken = {}, [], {}, 0, [], {}
    with path.open("rb") as handle:
        for token in tokenize(handle):
            if token.kind is TokenKind.SCOPE:
                scope.append(token.scope.ident)
            elif token.kind is TokenKind.UPSCOPE:
                scope.pop()
            elif token.kind is TokenKind.VAR:
                names[token.var.id_code] = ".".join([*scope, token.var.reference])
            elif token.kind is TokenKind.CHANGE_TIME:
                if token.time_change > time and not taken:
                    taken = dict(values)
                now = token.time_change
                times.append(now)
            elif token.kind is TokenKind.CHANGE_SCALAR:
                values[names[token.scalar_change.id_code]] = int(token.scalar_change.value)
            elif token.kind is TokenKind.CHANGE_VECTOR:
                values[names[token.vector_change.id_code]] = token.vector_change.value
    return taken, times
