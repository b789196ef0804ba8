"""The passes of a frame: the table of `docs/schedule.md` as data, and where each weight row is stored.

Both the cycle-accurate model and the RTL read it, so that a switch of the specification changes both in one place;
what a pass *does* in each cycle is written twice, in ``golden/trace.py`` and in ``rtl/``.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

from golden.specification import Specification, index_bits


class Kind(IntEnum):
    """What a pass does in its slots."""

    ACCUMULATE = 0
    COMBINE = 1
    NEURONS = 2


class Source(IntEnum):
    """Which vectors the zero-skip unit looks at."""

    NONE = 0
    CODES = 1
    THIS = 2
    LAST = 3


class State(IntEnum):
    """States of the controller, as encoded in ``controller.state``."""

    IDLE = 0
    RUN = 1
    FLUSH = 2


@dataclass(frozen=True, kw_only=True)
class Pass:
    """One pass of a frame (docs/schedule.md, "Passes").

    Parameters
    ----------
    kind, phase : Kind, str
        What it does, and its name in reports: "L0 input", "L0 combine", "L1 recurrent", "L0 neurons", "FC".
    layer, tile : int
        Layer and tile that it works for; for the FC, number of layers and 0.
    source, source_layer : Source, int
        Where v0 and v1 come from: bit planes of the codes, or the spikes of `source_layer`.
    plane : int
        p of an input pass: v0 is plane p, v1 plane h + p.
    steps : int
        Bit t: vector v_t takes part.
    entries : int
        Length of the vectors.
    base : int
        Address of the row of index 0.
    banks : int
        Bit k: bank k is read.
    sets : int
        Bit k: PE set k may be enabled.
    align : int
        Left shift of the weight before it is added (`double` adds one more in the FC).
    subtract : bool
        The last PE set subtracts: it has the sign plane (with sign and magnitude no pass has one).
    clear, transfer : bool
        The first slot starts from 0; the last slot's sums go to the shadow bank.
    group_pair : int
        g of an FC pass, else 0: the pair of groups, or with one PE set the group.
    time_step : int
        First time step of a neuron pass, else 0.
    """

    kind: Kind
    phase: str
    layer: int
    tile: int = 0
    source: Source = Source.NONE
    source_layer: int = 0
    plane: int = 0
    steps: int = 3
    entries: int = 0
    base: int = 0
    banks: int = 0
    sets: int = 3
    align: int = 0
    subtract: bool = False
    clear: bool = False
    transfer: bool = False
    group_pair: int = 0
    time_step: int = 0

    @property
    def shares_row(self) -> bool:
        """Whether PE set 0 takes the row of bank 1, alone or with set 1; otherwise it takes that of bank 0."""
        return self.banks == 2


@dataclass(frozen=True)
class Schedule:
    """Passes and sizes of one specification.

    Parameters
    ----------
    specification : Specification
    passes : tuple of Pass
    bank_depths : tuple of int
        Rows of bank 0 and bank 1.
    """

    specification: Specification
    passes: tuple[Pass, ...]
    bank_depths: tuple[int, int]

    @property
    def entries(self) -> int:
        """Length of the longest vector, the width of the zero-skip unit."""
        return max(step.entries for step in self.passes)

    @property
    def address_bits(self) -> int:
        """Bits of the weight address."""
        return index_bits(max(self.bank_depths))

    @property
    def neuron_steps(self) -> int:
        """Time steps of a neuron pass: those that the PE sets have accumulated."""
        return min(self.specification.time_steps, self.specification.pe_sets)

    @property
    def neuron_slots(self) -> int:
        """Slots of a neuron pass: its time steps, and two in which the spikes reach their registers."""
        return self.neuron_steps + 2

    @property
    def low_planes(self) -> int:
        """h: set 0 takes planes 0..h-1 of a code, set 1 the others; all are set 0's if it is the only one."""
        return _low_planes(self.specification)

    @property
    def signed_magnitudes(self) -> bool:
        """Whether a code is held as sign and magnitude: its sign then belongs to the operation, not to a plane."""
        return self.specification.plane_coding == "sign_magnitude"

    @property
    def code_planes(self) -> int:
        """Bit planes that the input buffer holds; a magnitude has `input_bits` (that of -128 is 128), then its sign."""
        return self.specification.input_bits + int(self.signed_magnitudes)

    @property
    def pair_words(self) -> int:
        """Words of a full pair of groups."""
        return self.specification.pe_sets * self.set_words

    @property
    def set_words(self) -> int:
        """Words of one PE set's group."""
        return self.specification.lanes // self.specification.logits_per_cycle

    @property
    def frame_words(self) -> int:
        """Words of a frame."""
        return math.ceil(self.specification.outputs / self.specification.logits_per_cycle)

    def words_of_pair(self, group_pair: int) -> int:
        """Return the words that a pair of groups streams."""
        return min(self.pair_words, self.frame_words - group_pair * self.pair_words)

    @property
    def worst_cycles(self) -> int:
        """Cycles of the worst conceivable frame, loading included, `logits_ready` always high."""
        spec = self.specification
        cycles = spec.inputs + 1 + 3 + self.words_of_pair(spec.group_pairs - 1)
        cycles += sum(
            {Kind.ACCUMULATE: step.entries, Kind.COMBINE: 1, Kind.NEURONS: self.neuron_slots}[step.kind]
            for step in self.passes
            if step.phase != "FC"
        )
        pair_slots = sum(step.entries for step in self.passes if step.phase == "FC" and step.group_pair == 0)
        return cycles + pair_slots + sum(
            max(pair_slots, self.words_of_pair(pair - 1)) for pair in range(1, spec.group_pairs)
        )

    @property
    def cycle_bits(self) -> int:
        """Bits of ``frame_cycles``."""
        return index_bits(max(self.worst_cycles, self.specification.frame_budget + 1) + 1)


def _low_planes(spec: Specification) -> int:
    return math.ceil(spec.input_bits / spec.pe_sets)


@lru_cache(maxsize=256)
def build_schedule(spec: Specification) -> Schedule:
    """Return the passes of a frame for `spec`."""
    fc_rows = spec.layers[-1]
    # Group g has its rows in bank g mod 2, behind those of the groups before it there.
    depths = [math.ceil(spec.groups / 2) * fc_rows, (spec.groups // 2) * fc_rows]
    passes: list[Pass] = []
    for layer in range(len(spec.layers)):
        for tile in range(spec.tiles(layer)):
            passes += _tile_passes(spec, layer=layer, tile=tile, base=depths[1])
            depths[1] += spec.fan_in(layer) + (spec.layers[layer] if spec.recurrent[layer] else 0)
    for pair in range(spec.group_pairs):
        groups = range(pair * spec.pe_sets, min((pair + 1) * spec.pe_sets, spec.groups))
        whole = Pass(
            kind=Kind.ACCUMULATE,
            phase="FC",
            layer=len(spec.layers),
            source=Source.THIS,
            source_layer=len(spec.layers) - 1,
            entries=fc_rows,
            base=groups[0] // 2 * fc_rows,
            banks=sum(1 << group % 2 for group in groups),
            sets=(1 << len(groups)) - 1,
            transfer=True,
            group_pair=pair,
        )
        passes += _by_time_step(whole, (1 << spec.time_steps) - 1, together=spec.merged_spike)
    return Schedule(spec, tuple(_hold_bases(passes)), (depths[0], depths[1]))


def _tile_passes(spec: Specification, *, layer: int, tile: int, base: int) -> list[Pass]:
    """Return the passes of a tile: one PE set has one sum a lane, so it goes through them once a time step."""
    every = (1 << spec.time_steps) - 1
    turns = [1 << step for step in range(spec.time_steps)] if spec.pe_sets == 1 else [every]
    at: dict[str, Any] = {"layer": layer, "tile": tile, "sets": (1 << spec.pe_sets) - 1}
    passes: list[Pass] = []
    for time_step, steps in enumerate(turns):
        passes += _current_passes(spec, steps, base, at)
        passes.append(Pass(kind=Kind.NEURONS, phase=f"L{layer} neurons", time_step=time_step, **at))
    return passes


def _current_passes(spec: Specification, steps: int, base: int, at: dict[str, Any]) -> list[Pass]:
    """Return the passes that sum the input current of a tile at the time steps of which `steps` has the bit."""
    layer: int = at["layer"]
    name = f"L{layer}"
    passes: list[Pass] = []
    feed: dict[str, Any] = {"kind": Kind.ACCUMULATE, "base": base, "banks": 2, "entries": spec.fan_in(layer)} | at
    if layer == 0:
        low_planes = _low_planes(spec)
        sign_plane = spec.input_bits - 1 - (spec.pe_sets - 1) * low_planes
        for plane in reversed(range(low_planes)):
            passes.append(
                Pass(
                    phase=f"{name} input",
                    source=Source.CODES,
                    plane=plane,
                    align=plane + spec.input_align(0),
                    subtract=plane == sign_plane and spec.plane_coding == "twos_complement",
                    clear=plane == low_planes - 1,
                    **feed,
                )
            )
        if spec.pe_sets == 2:
            passes.append(Pass(kind=Kind.COMBINE, phase=f"{name} combine", **at))
    else:
        whole = Pass(
            phase=f"{name} feed-forward",
            source=Source.THIS,
            source_layer=layer - 1,
            align=spec.input_align(layer),
            **feed,
        )
        passes += _by_time_step(whole, steps, together=spec.parallel_time_steps)
    if spec.recurrent[layer]:
        whole = Pass(
            kind=Kind.ACCUMULATE,
            phase=f"{name} recurrent",
            source=Source.LAST,
            source_layer=layer,
            entries=spec.layers[layer],
            base=base + spec.fan_in(layer),
            banks=2,
            align=spec.recurrent_align(layer),
            **at,
        )
        passes += [
            dataclasses.replace(step, clear=False)
            for step in _by_time_step(whole, steps, together=spec.parallel_time_steps)
        ]
    return passes


def _by_time_step(whole: Pass, steps: int, *, together: bool) -> list[Pass]:
    """Return the pass once, or once a time step of `steps`: the first part clears, the last transfers."""
    if steps != 3 or together:
        return [dataclasses.replace(whole, steps=steps, clear=True)]
    return [
        dataclasses.replace(whole, steps=1, clear=True, transfer=False),
        dataclasses.replace(whole, steps=2, clear=False),
    ]


def _hold_bases(passes: list[Pass]) -> list[Pass]:
    """Give a pass that reads nothing the base of the pass before it, so that the address port rests."""
    held: list[Pass] = []
    for step in passes:
        held.append(step if step.banks else dataclasses.replace(step, base=held[-1].base))
    return held
