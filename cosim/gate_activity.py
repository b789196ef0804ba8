"""What every net of a netlist does over whole utterances, and with it the proof by use that the netlist is right.

Golden says what every register and memory output is at every cycle; the gates between them say all other nets, and
what each register takes next, which must be what golden says of the next cycle. Ports that gates make must be golden's,
too. No simulation in time: `gates.evaluation` settles 511 new cycles at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from cosim.saif import record_bits
from cosim.scoreboard import PredictionError
from gates.errors import NetlistError
from gates.evaluation import CYCLES, WORDS, Counts, Evaluator, transposed
from gates.netlist import NO_NET, GateNetlist
from gates.operations import Operations, compile_netlist
from golden.checkpoint import Checkpoint
from golden.layout import build_layout
from golden.trace import CycleModel
from rtl.design import Design

__all__ = [
    "GateActivity",
    "GateDifferenceError",
    "RecordStream",
    "RecordedNetlist",
    "gate_activity",
    "stimulated_records",
]

# Words that follow those of the record: what drives the ports (`stimulated_records`).
_STIMULUS_WORDS = 1
_CODE_VALID, _START, _FIRST, _READY, _CODE = 0, 1, 2, 3, 16


class GateDifferenceError(PredictionError):
    """The gates make another value than golden; the message names utterance, frame, cycle and register."""


class RecordedNetlist:
    """A netlist of the accelerator whose registers and memory outputs have been found in golden's record.

    Parameters
    ----------
    design : Design
    netlist : GateNetlist
        Of the whole accelerator, the nets of its top module under their names.
    every_gate : bool
        As `compile_netlist`.

    Attributes
    ----------
    operations : Operations
    loads : np.ndarray [shape=(any, 3), dtype=int32]
        Slot that is given, bit of the record (64 w + b), and 1 where its inverse is meant.
    checks : np.ndarray [shape=(any, 3), dtype=int32]
        Slot that gates make, the bit of the record that it must be, and 1 where its inverse is meant.

    Raises
    ------
    NetlistError
        A bit of the record is in no net, a flip-flop or memory output is in no record, or the netlist is not of gates
        and flip-flops of one clock.
    """

    def __init__(self, design: Design, netlist: GateNetlist, *, every_gate: bool = False) -> None:
        self.design, self.netlist = design, netlist
        self.layout = build_layout(design.specification)
        self.operations: Operations = compile_netlist(netlist, every_gate=every_gate)
        idle = self._idle
        origins = {flip_flop.state for flip_flop in self.operations.flip_flops}
        origins |= {int(self.operations.net_slots[net]) for net in self.operations.sources}
        nets = {
            (name if len(bits) == 1 else f"{name}[{bit}]"): net
            for name, bits in netlist.wires.items()
            for bit, net in enumerate(bits)
        }
        loads: dict[int, tuple[int, bool]] = {}
        checks: list[tuple[int, int, bool]] = []
        self.names: dict[int, str] = {}
        self.checked: list[str] = []
        for name, bit in self._recorded():
            net = nets.get(name, NO_NET)
            slot = NO_NET if net == NO_NET else int(self.operations.net_slots[net])
            if slot == NO_NET:
                # What nothing in the netlist reads is a port alone.
                if name in idle:
                    continue
                raise NetlistError(f"{name}, which golden records, is no net of the netlist")
            inverted = bool(self.operations.net_inverted[net])
            if slot in origins and slot not in loads:
                loads[slot] = bit, inverted
                self.names[slot] = name
            else:
                # Made by gates, tied, or recorded twice.
                checks.append((slot, bit, inverted))
                self.checked.append(name)
        missing = [flip_flop.instance for flip_flop in self.operations.flip_flops if flip_flop.state not in loads]
        if missing:
            some = netlist.names[missing[0]][:80]
            raise NetlistError(f"{len(missing)} flip-flops are no register that golden records, such as {some}")
        unknown = origins - set(loads)
        if unknown:
            slots = {int(self.operations.net_slots[net]): name for name, net in nets.items() if net != NO_NET}
            raise NetlistError(
                f"{len(unknown)} nets come from nowhere that golden records, such as {slots.get(min(unknown), '?')}"
            )
        self.loads = np.array([(slot, bit, inverted) for slot, (bit, inverted) in loads.items()], np.int32)
        self.checks = np.array(checks, np.int32).reshape(len(checks), 3)

    def _recorded(self) -> Iterator[tuple[str, int]]:
        """Yield nets and bits of the stimulated record."""
        for escaped, bit in record_bits(self.design):
            yield escaped.replace("\\", ""), bit
        end = 64 * self.layout.words
        for name, bit in (("code_valid", _CODE_VALID), ("start", _START), ("first", _FIRST), ("logits_ready", _READY)):
            yield name, end + bit
        for bit in range(len(self.netlist.inputs["code"])):
            yield f"code[{bit}]", end + _CODE + bit
        # Always 0 while frames run: a bit of the stimulus that nothing sets.
        for name in (*sorted(self._idle), *self._spare_lanes()):
            yield name, end + 63

    def _spare_lanes(self) -> Iterator[str]:
        """Yield the bits that recorded words have beyond a layer's neurons: no weight reaches them, and they rest at 0.

        Like every other register they are held against that: a netlist in which one rises is refused.
        """
        recorded = {escaped.replace("\\", "") for escaped, _ in record_bits(self.design)}
        words = {name.rpartition("[")[0] for name in recorded if name.endswith("]")}
        for name, bits in self.netlist.wires.items():
            names = [name] if len(bits) == 1 else [f"{name}[{bit}]" for bit in range(len(bits))]
            yield from (each for each in names if each.rpartition("[")[0] in words and each not in recorded)

    @property
    def _idle(self) -> set[str]:
        return {
            (name if len(port) == 1 else f"{name}[{bit}]")
            for name, port in self.netlist.inputs.items()
            if name == "reset" or name.startswith("weight_")
            for bit in range(len(port))
        }


@dataclass
class GateActivity:
    """What the nets did in the runs that were added.

    Parameters
    ----------
    counts : Counts
        By slot; nets are the first slots.
    frames, utterances : int
    values_compared : int
        Next states and ports held against golden.
    """

    counts: Counts
    frames: int = 0
    utterances: int = 0
    values_compared: int = 0


def stimulated_records(
    checkpoint: Checkpoint, codes: np.ndarray, model: CycleModel | None = None, *, real_time: bool = False
) -> Iterator[np.ndarray]:
    """Yield the records of each frame, with what drives the ports in one word more.

    Parameters
    ----------
    checkpoint : Checkpoint
    codes : np.ndarray [shape=(frames, inputs), dtype=integer]
    model : CycleModel, optional
        Goes on from where it is; by default a new one.
    real_time : bool
        Each frame is followed by the idle rest of its period; otherwise the next one follows at once.

    Yields
    ------
    np.ndarray [shape=(cycles, layout.words + 1), dtype=uint64]
        Overwritten by the next.
    """
    model = CycleModel(checkpoint) if model is None else model
    inputs = checkpoint.specification.inputs
    plain = model.buffer()
    stimulated = np.zeros((len(plain), plain.shape[1] + _STIMULUS_WORDS), np.uint64)
    for number, frame in enumerate(codes):
        records = model.frame(frame, first=number == 0, out=plain)
        found = stimulated[: len(records)]
        found[:, :-1] = records
        found[:, -1] = 1 << _READY
        mask = (1 << 16) - 1
        found[:inputs, -1] |= (np.asarray(frame).astype(np.int64) & mask).astype(np.uint64) << np.uint64(_CODE)
        found[:inputs, -1] |= np.uint64(1 << _CODE_VALID)
        found[inputs, -1] |= np.uint64(1 << _START | (1 << _FIRST if number == 0 else 0))
        yield found
        rest = checkpoint.specification.frame_budget - len(records)
        if real_time and rest > 0:
            idle = model.idle(rest)
            yield np.append(idle, np.full((rest, _STIMULUS_WORDS), 1 << _READY, np.uint64), axis=1)


@dataclass
class RecordStream:
    """Cuts records into blocks that overlap by a cycle, and evaluates them."""

    recorded: RecordedNetlist
    evaluator: Evaluator
    each_block: Callable[[Evaluator, int, bool], object] | None = None
    first: bool = True
    cycles: int = 0

    def __post_init__(self) -> None:
        words = self.recorded.layout.words + _STIMULUS_WORDS
        self._block = np.zeros((CYCLES, words), np.uint64)
        self._planes = np.zeros((64 * words, WORDS), np.uint64)
        self._filled = 0

    def add(self, records: np.ndarray) -> None:
        """Take records; whole blocks are evaluated."""
        while len(records):
            taken = min(CYCLES - self._filled, len(records))
            self._block[self._filled : self._filled + taken] = records[:taken]
            self._filled += taken
            records = records[taken:]
            if self._filled == CYCLES:
                self.flush()

    def flush(self) -> None:
        """Evaluate what is there; its last cycle begins the next block."""
        cycles = self._filled
        if cycles <= (0 if self.first else 1):
            return
        transposed(self._block[:cycles], self._planes)
        self.evaluator.load(self._planes, self.recorded.loads)
        self.evaluator.settle(cycles, first=self.first)
        self._check(cycles)
        if self.each_block is not None:
            self.each_block(self.evaluator, cycles, self.first)
        self.cycles += cycles - (not self.first)
        self._block[0] = self._block[cycles - 1]
        self._filled, self.first = 1, False

    def _check(self, cycles: int) -> None:
        begin = self.cycles - (not self.first)
        unequal = self.evaluator.unequal(self._planes, self.recorded.checks, cycles)
        if unequal is not None:
            name = self.recorded.checked[unequal[0]]
            raise GateDifferenceError(f"cycle {begin + unequal[1]}: {name} is not what golden says")
        found = self.evaluator.difference(cycles)
        if found is not None:
            name = self.recorded.names[self.recorded.operations.flip_flops[found.flip_flop].state]
            where = f"cycle {begin + found.cycle + 1}: register {name}"
            raise GateDifferenceError(f"{where}: expected {found.expected}, the gates make {found.got}")


def gate_activity(
    recorded: RecordedNetlist,
    checkpoint: Checkpoint,
    utterances: Mapping[str, np.ndarray],
    *,
    workers: int = 2,
    progress: Callable[[int], object] | None = None,
) -> GateActivity:
    """Count what every net does over utterances, and hold every register's next state against golden.

    Parameters
    ----------
    recorded : RecordedNetlist
    checkpoint : Checkpoint
        Of the netlist's specification.
    utterances : mapping of str to np.ndarray [shape=(frames, inputs), dtype=integer]
        Each begins after a reset.
    workers : int
        Threads, an utterance each at a time.
    progress : callable, optional
        Called with the frames of each utterance that is done.

    Raises
    ------
    GateDifferenceError
    """

    def one(name: str, codes: np.ndarray) -> GateActivity:
        evaluator = Evaluator(recorded.operations)
        stream = RecordStream(recorded, evaluator)
        try:
            for records in stimulated_records(checkpoint, codes):
                stream.add(records)
            stream.flush()
        except GateDifferenceError as error:
            raise GateDifferenceError(f"{name}: {error}") from None
        compared = len(recorded.checks) * stream.cycles + len(recorded.operations.flip_flops) * (stream.cycles - 1)
        return GateActivity(evaluator.counts, len(codes), 1, compared)

    total = GateActivity(Counts.of(recorded.operations))
    for found in _in_threads(one, utterances.items(), workers):
        total.counts += found.counts
        total.frames += found.frames
        total.utterances += 1
        total.values_compared += found.values_compared
        if progress is not None:
            progress(found.frames)
    return total


def _in_threads(
    function: Callable[[str, np.ndarray], GateActivity], items: Iterable[tuple[str, np.ndarray]], workers: int
) -> Iterator[GateActivity]:
    """Yield results in order; no more than twice the workers' utterances are under way."""
    with ThreadPoolExecutor(max_workers=workers) as pool:
        coming = []
        try:
            for item in items:
                coming.append(pool.submit(function, *item))
                if len(coming) >= 2 * workers:
                    yield coming.pop(0).result()
            while coming:
                yield coming.pop(0).result()
        finally:
            for future in coming:
                future.cancel()
