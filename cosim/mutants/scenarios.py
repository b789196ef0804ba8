"""What the accelerator is driven with, and the record of every cycle as golden has it.

Real speech at full size cannot see saturation, overrun, most resets and guards. These stimuli do everything that a port
may: codes with gaps and where none is taken, ``start`` where it is ignored, a receiver that waits, resets in any cycle,
a busy weight port, the least and the greatest of everything.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np

from cosim.engines.stimuli import CODE_VALID, FIRST, LOGITS_READY, RESET, START
from cosim.latched_rows import with_latched_rows
from golden.checkpoint import Checkpoint, random_checkpoint
from golden.handshake import WEIGHT_READY, handshake_of
from golden.memory_image import memory_image
from golden.schedule import build_schedule
from golden.specification import Specification
from golden.trace import CycleModel

__all__ = ["Scenario", "WeightPort", "scenarios"]


@dataclass(frozen=True)
class WeightPort:
    """What the weight port presents from a cycle on.

    Parameters
    ----------
    cycle : int
    valid : bool
    bank : int
    address : int
    row : int
        As `golden.memory_image.BankImage.row_values` has them.
    """

    cycle: int
    valid: bool
    bank: int
    address: int
    row: int


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Cycles from reset on, with loaded memories.

    Parameters
    ----------
    name : str
    checkpoint : Checkpoint
        Whose weights are loaded.
    stimuli : np.ndarray [shape=(cycles,), dtype=uint8]
        Of `cosim.engines.stimuli`, added up.
    codes : np.ndarray [shape=(cycles,), dtype=int32]
    expected : np.ndarray [shape=(cycles, words), dtype=uint64]
        Golden's records.
    handshake : np.ndarray [shape=(cycles,), dtype=uint8]
        Golden's (`golden.handshake`).
    weights : tuple of WeightPort
        In the order of their cycles. Golden's memories never change: what is written is there already, or is refused.
    """

    name: str
    checkpoint: Checkpoint
    stimuli: np.ndarray
    codes: np.ndarray
    expected: np.ndarray
    handshake: np.ndarray
    weights: tuple[WeightPort, ...] = ()


@dataclass
class _Driven:
    """A stimulus under construction, a row a cycle."""

    stimuli: np.ndarray
    codes: np.ndarray


def scenarios(spec: Specification, *, seed: int = 1) -> list[Scenario]:
    """Return all scenarios of a specification.

    Parameters
    ----------
    spec : Specification
    seed : int
        Of weights and stimuli.
    """
    rng = np.random.default_rng(seed)
    plain, low, high, against, first, last, graded = _checkpoints(spec, seed)
    made: list[Scenario] = []

    def add(name: str, checkpoint: Checkpoint, driven: _Driven, **others: tuple[WeightPort, ...]) -> None:
        made.append(scenario(name, checkpoint, driven.stimuli, driven.codes, **others))

    add("frames", plain, _frames(spec, rng, 30))
    add("least and greatest", high, _frames(spec, rng, 6, extreme=True))
    add("least weights", low, _frames(spec, rng, 6, extreme=True))
    add("least logits", against, _frames(spec, rng, 6, extreme=True))
    add("first output wins", first, _frames(spec, rng, 8))
    add("last output wins", last, _frames(spec, rng, 8))
    add("receiver waits", plain, _frames(spec, rng, 8, ready=0.3))
    add("receiver seldom ready", plain, _frames(spec, rng, 3, ready=0.04))
    add("overrun", plain, _late(spec, rng))
    add("gaps and what is ignored", plain, _loose(spec, rng, 16, reset=0))
    add("resets anywhere", plain, _loose(spec, rng, 40, reset=0.01))
    add("reset with done", plain, _reset_with_done(spec, rng, plain))
    add("resets often", high, _loose(spec, rng, 12, reset=0.05))
    driven = _frames(spec, rng, 8, ready=0.7)
    add("weight port", plain, driven, weights=_weight_port(spec, rng, plain, driven))
    driven = _frames(spec, rng, 30)
    # Greater ones more often, so that the layers before spike in most frames, and in the frame before.
    driven.codes = np.maximum(driven.codes, _codes(spec, rng, len(driven.codes)))
    add("sums of every size", graded, driven)
    return made


def scenario(
    name: str,
    checkpoint: Checkpoint,
    stimuli: np.ndarray,
    codes: np.ndarray,
    *,
    weights: tuple[WeightPort, ...] = (),
) -> Scenario:
    """Return a scenario with what golden expects of it."""
    expected = np.concatenate(list(_records(checkpoint, stimuli, codes)))
    handshake = handshake_of(expected, CycleModel(checkpoint).layout, checkpoint.specification.inputs)
    return Scenario(name=name, checkpoint=checkpoint, stimuli=stimuli, codes=codes, expected=expected,
                    handshake=handshake, weights=weights)  # fmt: skip


def _records(checkpoint: Checkpoint, stimuli: np.ndarray, codes: np.ndarray) -> Iterator[np.ndarray]:
    """Yield golden's records from reset to reset."""
    latched = None
    ends = [*(np.flatnonzero(stimuli & RESET) + 1).tolist(), len(stimuli)]
    begin = 0
    for end in ends:
        model, count = CycleModel(checkpoint), end - begin
        # One cycle more, which no reset ends: it shows the rows that the memories latched with the reset.
        part, given = np.append(stimuli[begin:end], np.uint8(0)), np.append(codes[begin:end], np.int32(0))
        records = model.drive(
            code_valid=part & CODE_VALID != 0,
            codes=given,
            start=part & START != 0,
            first=part & FIRST != 0,
            ready=part & LOGITS_READY != 0,
        )
        if latched is not None:
            records = with_latched_rows(records, latched, model.layout)
        latched = records[count].copy()
        yield records[:count]
        begin = end


def _checkpoints(spec: Specification, seed: int) -> tuple[Checkpoint, ...]:
    """Return networks.

    Of random weights; of the least in all places; of the greatest; of the greatest but for the FC's, which are the
    least; two of whose FC each output has a weight of its own for all inputs, so that logits of every size occur,
    and the first output wins, and the last; and one whose last layer is like that, behind layers of which most neurons
    spike, so that its sums are of every size.
    """
    plain = random_checkpoint(spec, seed=seed)
    rng = np.random.default_rng(seed)
    least, most = spec.weight_range

    def filled(value: int) -> Checkpoint:
        fill: Callable[[np.ndarray], np.ndarray] = partial(np.full_like, fill_value=value)
        return dataclasses.replace(
            plain,
            feed_forward=tuple(map(fill, plain.feed_forward)),
            recurrent=tuple(None if matrix is None else fill(matrix) for matrix in plain.recurrent),
            fc=fill(plain.fc),
            fc_zeros=0,
        )

    def lively(matrix: np.ndarray) -> np.ndarray:
        return rng.integers(least // 4, most, size=matrix.shape, endpoint=True).astype(matrix.dtype)

    def ramp(columns: np.ndarray) -> Checkpoint:
        fc = np.broadcast_to(columns.round().astype(plain.fc.dtype), plain.fc.shape).copy()
        return dataclasses.replace(
            plain,
            feed_forward=tuple(map(lively, plain.feed_forward)),
            recurrent=tuple(None if matrix is None else lively(matrix) for matrix in plain.recurrent),
            fc=fc,
            fc_zeros=int(np.count_nonzero(fc == 0)),
        )

    steps = np.linspace(least, most, spec.outputs)
    # No two outputs at the winning end are alike.
    steps[-1], steps[:-1] = most, np.minimum(steps[:-1], most - 1)
    against = dataclasses.replace(filled(most), fc=filled(least).fc)
    first, last = ramp(steps[::-1]), ramp(steps)

    # Most neurons of the last layer spike, for the others' sums; a quarter never does.
    neurons = spec.layers[-1]
    low, high = np.linspace(least, least / 2, neurons // 4), np.linspace(0, most, neurons - neurons // 4)
    means = rng.permutation(np.append(low, high))

    def graded(matrix: np.ndarray) -> np.ndarray:
        near = means + rng.uniform(least / 4, most / 4, matrix.shape)
        return near.round().clip(least, most).astype(matrix.dtype)

    own = plain.recurrent[-1]
    sums = dataclasses.replace(
        first,
        feed_forward=(*first.feed_forward[:-1], graded(plain.feed_forward[-1])),
        recurrent=(*first.recurrent[:-1], None if own is None else graded(own)),
        fc=plain.fc,
        fc_zeros=plain.fc_zeros,
    )
    return plain, filled(least), filled(most), against, first, last, sums


def _codes(spec: Specification, rng: np.random.Generator, count: int, *, extreme: bool = False) -> np.ndarray:
    low, high = spec.code_range
    if extreme:
        return rng.choice(np.array([low, high], dtype=np.int32), count)
    return rng.integers(low, high, count, endpoint=True).astype(np.int32)


def _frames(
    spec: Specification,
    rng: np.random.Generator,
    frames: int,
    *,
    ready: float = 1,
    extreme: bool = False,
) -> _Driven:
    """Return frames that follow on each other as an attentive driver gives them; all in all `frames` of the longest."""
    cycles = round(frames * build_schedule(spec).worst_cycles / ready**0.5)
    codes = _codes(spec, rng, cycles, extreme=False)
    if extreme:
        # A run of frames at one end, then at the other, then both mixed.
        low, high = spec.code_range
        third = cycles // 3
        codes[:third], codes[third : 2 * third] = high, low
        codes[2 * third :] = _codes(spec, rng, cycles - 2 * third, extreme=True)
    taken = rng.random(cycles) < ready
    # Offered in every cycle, a code is taken where there is room, and `start` where a frame is complete.
    stimuli = np.full(cycles, CODE_VALID | START, dtype=np.uint8)
    stimuli[rng.random(cycles) < 0.2] |= FIRST
    stimuli[taken] |= LOGITS_READY
    return _Driven(stimuli, codes)


def _late(spec: Specification, rng: np.random.Generator) -> _Driven:
    """Return a frame whose receiver lets it wait beyond the budget and the counter's end, and the next."""
    driven = _frames(spec, rng, 3)
    most = 2 ** build_schedule(spec).cycle_bits
    wait = np.full(most, CODE_VALID | START, dtype=np.uint8)
    where = build_schedule(spec).worst_cycles // 2
    return _Driven(
        np.insert(driven.stimuli, where, wait), np.insert(driven.codes, where, _codes(spec, rng, most))
    )


def _loose(spec: Specification, rng: np.random.Generator, frames: int, *, reset: float) -> _Driven:
    """Return ports that do as they like."""
    cycles = frames * build_schedule(spec).worst_cycles
    stimuli = np.zeros(cycles, dtype=np.uint8)
    # The stretch decides how busy each is: from seldom to always.
    length = 50
    for bit in (CODE_VALID, START, FIRST, LOGITS_READY):
        shares = rng.choice([0.05, 0.5, 0.95, 1.0], -(-cycles // length), p=[0.1, 0.2, 0.3, 0.4])
        stimuli[rng.random(cycles) < np.repeat(shares, length)[:cycles]] |= bit
    stimuli[rng.random(cycles) < reset] |= RESET
    return _Driven(stimuli, _codes(spec, rng, cycles))


def _reset_with_done(spec: Specification, rng: np.random.Generator, checkpoint: Checkpoint) -> _Driven:
    """Return frames of which some end in the cycle of a reset: the one in which ``done`` is 1, or the one before."""
    driven = _frames(spec, rng, 10)
    done = CycleModel(checkpoint).layout["controller.done"].offset
    begin = 0
    for early in (0, 1, 0, 1):
        expected = scenario("", checkpoint, driven.stimuli, driven.codes).expected
        ends = np.flatnonzero(expected[begin:, done]) + begin
        if len(ends):
            driven.stimuli[ends[0] - early] |= RESET
            begin = int(ends[0]) + 1
    return driven


def _weight_port(
    spec: Specification, rng: np.random.Generator, checkpoint: Checkpoint, driven: _Driven
) -> tuple[WeightPort, ...]:
    """Return a weight port that is never quiet, and never changes a weight.

    Idle, it writes what is there already, or beyond the depth of a bank; busy, or without ``valid``, it presents
    anything.
    """
    idle = scenario("", checkpoint, driven.stimuli, driven.codes).handshake & WEIGHT_READY != 0
    rows = [bank.row_values() for bank in memory_image(checkpoint)]
    most = 2 ** max(len(bank) - 1 for bank in rows).bit_length()
    bits = spec.lanes * spec.weight_bits
    presented = []
    for cycle, free in enumerate(idle.tolist()):
        bank, inside = int(rng.integers(2)), bool(rng.random() < 0.7)
        address = int(rng.integers(len(rows[bank]) if inside else max(most, 1)))
        row = int.from_bytes(rng.bytes(-(-bits // 8)), "little") % 2**bits
        valid = bool(rng.random() < 0.7)
        if valid and free and address < len(rows[bank]):
            row = rows[bank][address]
        presented.append(WeightPort(cycle, valid, bank, address, row))
    return tuple(presented)
