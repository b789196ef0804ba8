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

from golden.errors import UnsupportedSwitchError
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
        PE set 1 subtracts (the sign plane; with sign and magnitude no pass has one).
    clear, transfer : bool
        The first slot starts from 0; the last slot's sums go to the shadow bank.
    group_pair : int
        g of an FC pass, else 0.
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
    def neuron_slots(self) -> int:
        """Slots of a neuron pass: T, and two in which the spikes reach their registers."""
        return self.specification.time_steps + 2

    @property
    def low_planes(self) -> int:
        """h: set 0 takes planes 0..h-1 of a code, set 1 the others."""
        return (self.specification.input_bits + 1) // 2

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
        return 2 * self.specification.lanes // self.specification.logits_per_cycle

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


def require_supported(spec: Specification) -> None:
    """Refuse what the cycle table does not have.

    Raises
    ------
    UnsupportedSwitchError
        Names the switch. It is refused, never ignored.
    """
    if spec.pe_sets != 2:
        raise UnsupportedSwitchError(f"pe_sets {spec.pe_sets}: the accelerator has only 2 sets so far")


@lru_cache(maxsize=256)
def build_schedule(spec: Specification) -> Schedule:
    """Return the passes of a frame for `spec`.

    Raises
    ------
    UnsupportedSwitchError
        See `require_supported`.
    """
    require_supported(spec)
    fc_rows = spec.layers[-1]
    depths = [spec.group_pairs * fc_rows, (spec.groups // 2) * fc_rows]
    passes: list[Pass] = []
    for layer in range(len(spec.layers)):
        for tile in range(spec.tiles(layer)):
            passes += _tile_passes(spec, layer=layer, tile=tile, base=depths[1])
            depths[1] += spec.fan_in(layer) + (spec.layers[layer] if spec.recurrent[layer] else 0)
    for pair in range(spec.group_pairs):
        two = 2 * pair + 1 < spec.groups
        whole = Pass(
            kind=Kind.ACCUMULATE,
            phase="FC",
            layer=len(spec.layers),
            source=Source.THIS,
            source_layer=len(spec.layers) - 1,
            entries=fc_rows,
            base=pair * fc_rows,
            banks=3 if two else 1,
            sets=3 if two else 1,
            transfer=True,
            group_pair=pair,
        )
        passes += _by_time_step(whole, spec.time_steps, together=spec.merged_spike)
    return Schedule(spec, tuple(_hold_bases(passes)), (depths[0], depths[1]))


def _tile_passes(spec: Specification, *, layer: int, tile: int, base: int) -> list[Pass]:
    name = f"L{layer}"
    at: dict[str, Any] = {"layer": layer, "tile": tile}
    passes: list[Pass] = []
    feed: dict[str, Any] = {"kind": Kind.ACCUMULATE, "base": base, "banks": 2, "entries": spec.fan_in(layer)} | at
    if layer == 0:
        low_planes = (spec.input_bits + 1) // 2
        for plane in reversed(range(low_planes)):
            passes.append(
                Pass(
                    phase=f"{name} input",
                    source=Source.CODES,
                    plane=plane,
                    align=plane + spec.input_align(0),
                    subtract=low_planes + plane == spec.input_bits - 1 and spec.plane_coding == "twos_complement",
                    clear=plane == low_planes - 1,
                    **feed,
                )
            )
        passes.append(Pass(kind=Kind.COMBINE, phase=f"{name} combine", **at))
    else:
        whole = Pass(
            phase=f"{name} feed-forward",
            source=Source.THIS,
            source_layer=layer - 1,
            align=spec.input_align(layer),
            **feed,
        )
        passes += _by_time_step(whole, spec.time_steps, together=spec.parallel_time_steps)
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
            for step in _by_time_step(whole, spec.time_steps, together=spec.parallel_time_steps)
        ]
    passes.append(Pass(kind=Kind.NEURONS, phase=f"{name} neurons", **at))
    return passes


def _by_time_step(whole: Pass, time_steps: int, *, together: bool) -> list[Pass]:
    """Return the pass once, or once a time step: the first part clears, the last transfers."""
    if time_steps == 1 or together:
        return [dataclasses.replace(whole, steps=(1 << time_steps) - 1, clear=True)]
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
