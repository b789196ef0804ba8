"""The bench of one block alone: golden drives its inputs, and its outputs are compared with golden at every cycle.

A `Trace` is golden's records together with the stimuli that led to them. Most inputs and outputs of a block are
fields of the record. The nets between blocks that no record holds are computed here, from docs/schedule.md, by
plain code over Python integers (`nets_of`), not by reading the RTL.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import cache, cached_property

import numpy as np
from myhdl import Signal, StopSimulation, block, delay, instance, intbv

from cosim.bench import Stimulus
from cosim.engines.stimuli import CODE_VALID, FIRST, LOGITS_READY, RESET, START
from cosim.mutants.scenarios import WeightPort
from cosim.sampling import Sampler
from golden.checkpoint import Checkpoint, random_checkpoint
from golden.layout import Layout, build_layout
from golden.memory_image import memory_image
from golden.schedule import Kind, Schedule, Source, State, build_schedule
from golden.specification import Specification, index_bits
from golden.trace import CycleModel
from rtl.elaboration import off_the_stack
from rtl.registers import build_ports, build_registers
from tests.cosim.every_class import every_class

IDLE_AFTER = 2
BITS = {
    "code_valid": CODE_VALID, "start": START, "first": FIRST, "logits_ready": LOGITS_READY, "reset": RESET,
}  # fmt: skip


@dataclasses.dataclass
class Trace:
    """Golden's records and the stimuli that led to them.

    Parameters
    ----------
    checkpoint : Checkpoint
    records : np.ndarray [shape=(cycles, layout.words), dtype=uint64]
    stimuli : list of Stimulus
    weights : list of WeightPort, optional
        What the weight port presents in each cycle; then the memories begin empty. By default they hold the
        checkpoint's weights, and the port is quiet.
    """

    checkpoint: Checkpoint
    records: np.ndarray
    stimuli: list[Stimulus]
    weights: list[WeightPort] | None = None

    @property
    def contents(self) -> list[list[int]]:
        """Rows of both memories in the first cycle."""
        if self.weights is None:
            return [image.row_values() for image in memory_image(self.checkpoint)]
        return [[0] * depth for depth in self.schedule.bank_depths]

    @property
    def spec(self) -> Specification:
        return self.checkpoint.specification

    @property
    def schedule(self) -> Schedule:
        return build_schedule(self.spec)

    @property
    def layout(self) -> Layout:
        return build_layout(self.spec)

    def numbers(self, path: str) -> list[int]:
        """Return a field of one plane at every cycle."""
        return self.planes(path)[0]

    def planes(self, path: str) -> list[list[int]]:
        """Return each plane of a field at every cycle."""
        field = self.layout[path]
        return [list(plane) for plane in zip(*map(field.plane_values, self.records), strict=True)]

    def lane(self, path: str, lane: int) -> list[int]:
        """Return one lane of a bit-sliced register at every cycle, signed."""
        planes = self.planes(path)
        values = []
        for at in range(len(self.records)):
            value = sum(((plane[at] >> lane) & 1) << b for b, plane in enumerate(planes))
            values.append(value - (1 << len(planes)) * (planes[-1][at] >> lane & 1))
        return values

    @cached_property
    def nets(self) -> dict[str, list[int]]:
        return nets_of(self)

    @cached_property
    def slot_columns(self) -> dict[str, list[list[int]]]:
        """Return, for every path, the values of each of its signals at every cycle."""
        sampler = Sampler(build_registers(self.spec))
        columns: dict[str, list[list[int]]] = {}
        for slot, column in zip(sampler.slots, zip(*sampler.expected(self.records), strict=True), strict=True):
            columns.setdefault(slot.field.path, []).append(list(column))
        return columns


def run_golden(
    checkpoint: Checkpoint, utterances: Sequence[np.ndarray], *, noise_seed: int | None = None, idle: int = IDLE_AFTER
) -> Trace:
    """Return the trace of utterances [frames, inputs] one after the other, from reset.

    With `noise_seed`, codes, `start` and `first` are also presented at random where the accelerator ignores them.
    """
    model = CycleModel(checkpoint)
    records, stimuli = [], []
    for codes in utterances:
        for number, frame in enumerate(codes):
            part = model.frame(frame, first=number == 0)
            records.append(part)
            stimuli += [Stimulus(code_valid=True, code=int(code)) for code in frame]
            stimuli.append(Stimulus(start=True, first=number == 0))
            stimuli += [Stimulus()] * (len(part) - len(frame) - 1)
    records.append(model.idle(idle))
    stimuli += [Stimulus()] * idle
    trace = Trace(checkpoint, np.concatenate(records), stimuli)
    if noise_seed is not None:
        add_noise(trace, np.random.default_rng(noise_seed))
    return trace


@cache
def of_every_class(design: str) -> Trace:
    """Return the trace of stimuli of every class, for one of the small designs."""
    every = every_class(design)
    flags = {name: (every.stimuli & bit != 0).tolist() for name, bit in BITS.items()}
    columns = zip(*flags.values(), every.codes.tolist(), strict=True)
    stimuli = [Stimulus(code=code, **dict(zip(flags, given, strict=True))) for *given, code in columns]
    # Whose weights they are changes with the scenario: they come through the port.
    checkpoint = random_checkpoint(every.specification, seed=0)
    return Trace(checkpoint, every.expected, stimuli, every.weights)


def add_noise(trace: Trace, rng: np.random.Generator) -> None:
    """Present codes and `start` also where they are ignored, and `first` wherever no frame starts."""
    low, high = trace.spec.code_range
    state, loaded = trace.numbers("controller.state"), trace.numbers("controller.loaded")
    for at, given in enumerate(trace.stimuli):
        if not given.start:
            given = dataclasses.replace(given, first=bool(rng.integers(2)))
        takes_code = state[at] == State.IDLE and loaded[at] < trace.spec.inputs
        if not takes_code:
            given = dataclasses.replace(
                given, code_valid=bool(rng.integers(2)), code=int(rng.integers(low, high, endpoint=True))
            )
        if state[at] != State.IDLE or loaded[at] < trace.spec.inputs:
            given = dataclasses.replace(given, start=bool(rng.integers(2)))
        trace.stimuli[at] = given


def join_at_reset(before: Trace, cut: int, after: Trace) -> Trace:
    """Return `before` up to cycle `cut`, in which reset is given, then `after`.

    Golden starts from rows of 0; here the rows last read before the reset stay until the first read after it.
    """
    records = after.records.copy()
    # The edge of the reset still ends a read: a memory has no reset.
    stays = rows_after(before, cut)
    for bank, planes in stays.items():
        field = before.layout[f"weight_buffer.row{bank}"]
        reads = [at for at, read in enumerate(after.numbers("weight_buffer.read")) if read >> bank & 1]
        first_taken = reads[0] + 1 if reads else len(records)
        records[:first_taken, field.offset : field.offset + field.words] = planes
    stimuli = before.stimuli[: cut + 1] + after.stimuli
    stimuli[cut] = dataclasses.replace(stimuli[cut], reset=True)
    return Trace(before.checkpoint, np.concatenate([before.records[: cut + 1], records]), stimuli)


def rows_after(trace: Trace, cut: int) -> dict[int, np.ndarray]:
    """Return the words of both rows as the edge that ends cycle `cut` leaves them."""
    fields = {bank: trace.layout[f"weight_buffer.row{bank}"] for bank in range(2)}
    following = trace.records[cut + 1]
    return {bank: following[field.offset : field.offset + field.words] for bank, field in fields.items()}


def nets_of(trace: Trace) -> dict[str, list[int]]:
    """Return the nets between blocks at every cycle, from the record and docs/schedule.md."""
    spec, schedule = trace.spec, trace.schedule
    number = {
        field.path.split(".")[1]: trace.numbers(field.path)
        for field in trace.layout
        if field.planes == 1 and field.block != "spikes"
    }
    codes, signed = trace.planes("input_buffer.codes"), schedule.signed_magnitudes
    spikes = {field.name: trace.numbers(field.path) for field in trace.layout if field.block == "spikes"}
    nets: dict[str, list[int]] = {}
    for at, given in enumerate(trace.stimuli):
        now = {name: column[at] for name, column in number.items()}
        issuing, adding = schedule.passes[now["issue_pass"]], schedule.passes[now["add_pass"]]
        idle, running = now["state"] == State.IDLE, now["state"] == State.RUN
        word_ends_frame = now["word"] == schedule.frame_words - 1
        word_ends_pair = now["position"] == schedule.pair_words - 1 or word_ends_frame
        taken = now["busy"] == 1 and given.logits_ready
        hold = now["transfer"] == 1 and now["busy"] == 1 and not (taken and word_ends_pair)
        vectors = [0, 0]
        for which in range(2):
            if issuing.source is Source.CODES:
                plane = issuing.plane + which * schedule.low_planes
                vectors[which] = codes[plane][at] if plane < spec.input_bits else 0
            elif issuing.source is not Source.NONE and issuing.steps >> which & 1 and which < spec.time_steps:
                age = issuing.source.name.lower()
                vectors[which] = spikes[f"{age}{issuing.source_layer}_{which}"][at]
        signs = codes[spec.input_bits][at] if signed and issuing.source is Source.CODES else 0
        candidates: list[int] = []
        if issuing.kind is Kind.ACCUMULATE:
            if now["issue_slot"] > 0:
                candidates = [entry for entry in range(schedule.entries) if now["pending"] >> entry & 1]
            elif spec.zero_skipping:
                candidates = [entry for entry in range(issuing.entries) if (vectors[0] | vectors[1]) >> entry & 1]
            else:
                candidates = list(range(issuing.entries))
        acts = now["add_valid"] == 1 and not hold
        adds, combines = adding.kind is Kind.ACCUMULATE, adding.kind is Kind.COMBINE
        settled = {
            "hold": hold,
            "finished": taken and word_ends_frame,
            "accept": given.code_valid and idle and now["loaded"] < spec.inputs,
            "starting": given.start and idle and now["loaded"] == spec.inputs,
            "step": running and not hold,
            "code_ready": idle and now["loaded"] < spec.inputs,
            "weight_ready": idle,
            "plane0": vectors[0] if issuing.source is Source.CODES else 0,
            "plane1": vectors[1] if issuing.source is Source.CODES else 0,
            "spike0": vectors[0] if issuing.source is not Source.CODES else 0,
            "spike1": vectors[1] if issuing.source is not Source.CODES else 0,
            "found": bool(candidates),
            "hit0": bool(candidates) and vectors[0] >> candidates[0] & 1,
            "hit1": bool(candidates) and vectors[1] >> candidates[0] & 1,
            "skip_last": len(candidates) <= 1,
            "signs": signs,
            "negative": bool(candidates) and signs >> candidates[0] & 1,
            "clear": acts and adds and adding.clear and now["add_slot"] == 0,
            "align": adding.align + (now["add_double"] if adding.phase == "FC" else 0),
            "shared": adding.banks == 2,
        }
        negative = signed and adding.source is Source.CODES and now["add_double"]
        for pe_set in range(2):
            subtracts = negative if signed else pe_set == 1 and adding.subtract
            settled[f"subtract{pe_set}"] = acts and adds and subtracts
            settled[f"enable{pe_set}"] = acts and adds and now["add_enable"] >> pe_set & 1
            settled[f"combine{pe_set}"] = acts and combines and pe_set < spec.time_steps
        for name, value in settled.items():
            nets.setdefault(name, []).append(int(value))
    return nets


class Bench:
    """Signals around one block, and the comparison.

    Parameters
    ----------
    trace : Trace
    """

    def __init__(self, trace: Trace) -> None:
        self.trace, self.spec, self.schedule = trace, trace.spec, trace.schedule
        self.registers, self.ports = build_registers(trace.spec), build_ports(trace.spec)
        widths = dict.fromkeys(("plane0", "plane1", "signs"), self.spec.inputs)
        widths |= dict.fromkeys(("spike0", "spike1"), self.schedule.entries)
        most = max(step.align for step in self.schedule.passes)
        widths["align"] = index_bits(most + 2 if self.spec.pe_sets == 2 else max(most, 1) + 1)
        self.nets = {
            name: Signal(intbv(0)[widths[name] :]) if name in widths else Signal(bool(0)) for name in trace.nets
        }

    def one(self, path: str) -> Signal:
        return self.registers.one(path)

    def planes(self, path: str) -> list[Signal]:
        return self.registers.planes[path]

    def set_planes(self, path: str) -> list[Signal] | None:
        """Return the planes of a register that belongs to a PE set; None if there is no such set."""
        return self.registers.planes.get(path)

    def controller(self) -> dict[str, Signal]:
        """Return the controller's registers by name."""
        return {
            path.removeprefix("controller."): signals[0]
            for path, signals in self.registers.planes.items()
            if path.startswith("controller.")
        }

    def signs(self) -> dict[str, Signal]:
        """Return what blocks have besides where codes are signs and magnitudes."""
        return {name: self.nets[name] for name in ("signs", "negative")} if self.schedule.signed_magnitudes else {}

    def pins(self, name: str) -> list[tuple[str, Signal, list[int]]]:
        """Return what `name` stands for (a path of the record, a port or a net): signals and their values."""
        if "." in name:
            signals, columns = self.registers.planes[name], self.trace.slot_columns[name]
            names = [name if len(signals) == 1 else f"{name}[{part}]" for part in range(len(signals))]
            return list(zip(names, signals, columns, strict=True))
        if name in self.nets:
            return [(name, self.nets[name], self.trace.nets[name])]
        if name.startswith("weight_"):
            column = [int(getattr(port, name.removeprefix("weight_"))) for port in self.trace.weights or ()]
            return [(name, getattr(self.ports, name), column or [0] * len(self.trace.records))]
        return [(name, getattr(self.ports, name), [int(getattr(given, name)) for given in self.trace.stimuli])]

    def run(
        self,
        dut: Callable[[], object],
        *,
        drives: Sequence[str | tuple[str, Signal, list[int]]],
        compares: Sequence[str | tuple[str, Signal, list[int]]],
    ) -> int:
        """Drive and compare over the whole trace; return the cycles compared.

        Raises
        ------
        AssertionError
            Naming the first cycle and output that differ.
        """
        inputs, outputs = (
            [pin for given in pins for pin in (self.pins(given) if isinstance(given, str) else [given])]
            for pins in (drives, compares)
        )
        return run_block(dut, self.ports.clk, inputs, outputs)


def run_block(
    dut: Callable[[], object],
    clk: Signal,
    inputs: Sequence[tuple[str, Signal, list[int]]],
    outputs: Sequence[tuple[str, Signal, list[int]]],
) -> int:
    """Clock a block through columns of input values; compare columns of output values, settled before each edge.

    `dut` is a `functools.partial` of the block: MyHDL wants it instantiated inside another.
    """
    cycles = len(outputs[0][2])
    masks = [(1 << (len(signal) or 1)) - 1 for _, signal, _ in outputs]
    expected = list(
        zip(*([value & mask for value in pin[2]] for pin, mask in zip(outputs, masks, strict=True)), strict=True)
    )
    failures: list[str] = []
    compared = [0]

    @block
    def around():
        inside = dut()

        @instance
        def drive():
            for at in range(cycles):
                for _, signal, values in inputs:
                    if at == 0 or values[at] != values[at - 1]:
                        signal.next = values[at]
                clk.next = False
                yield delay(1)
                got = tuple(int(pin[1].val) & mask for pin, mask in zip(outputs, masks, strict=True))
                if got != expected[at]:
                    which = next(i for i, pair in enumerate(zip(got, expected[at], strict=True)) if pair[0] != pair[1])
                    failures.append(
                        f"cycle {at}: {outputs[which][0]} expected {expected[at][which]:#x} got {got[which]:#x}"
                    )
                    raise StopSimulation
                compared[0] += 1
                clk.next = True
                yield delay(1)
            raise StopSimulation

        return inside, drive

    def simulate() -> None:
        testbench = around()
        try:
            testbench.run_sim(quiet=1)
        finally:
            testbench.quit_sim()

    off_the_stack(simulate)
    assert not failures, failures[0]
    return compared[0]
