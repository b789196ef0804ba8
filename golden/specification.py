"""The one description of an accelerator and its network, from which golden and RTL take every width.

The defaults are the paper's compressed network (40-128-128-1920, two time steps, 4-bit weights: *stated* or
*reconstructed*) with the scales, leaks and membrane widths that our training arrived at (*ours*).
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from files.reading import brief
from golden.errors import SpecificationError

PLANE_CODINGS = ("twos_complement", "sign_magnitude")
# What is allocated for a network grows with these (ours): 220 times the shipped one's weight buffer, 200 times its
# tiles. A specification beyond them is refused before anything is.
MOST_BUFFERED_WEIGHTS = 1 << 26
MOST_TILES = 4096
# Of a frame period: 100 GHz for 10 ms.
MOST_BUDGET_CYCLES = 10**9


def signed_bits(low: int, high: int) -> int:
    """Return the fewest two's-complement bits that hold every integer in [`low`, `high`].

    Examples
    --------
    >>> signed_bits(-2048, 1792), signed_bits(-40640, 40960)
    (12, 17)
    """
    return max((~low if low < 0 else low).bit_length(), (~high if high < 0 else high).bit_length()) + 1


def index_bits(count: int) -> int:
    """Return the bits of an unsigned register that counts 0..`count` - 1, at least 1."""
    return max(1, (count - 1).bit_length())


@dataclass(frozen=True, kw_only=True)
class Specification:
    """Network and accelerator, validated at construction.

    Parameters
    ----------
    inputs, input_bits : int
        Signed codes a frame and their width in bits.
    layers : tuple of int
        Neurons of each spiking layer.
    recurrent : tuple of bool
        Per layer, whether it has a recurrent matrix.
    outputs : int
        Logits (tied states, or classes).
    time_steps : {1, 2}
        Time steps a frame, T.
    weight_bits : {4, 8, 16}
        Two's-complement weight width of every matrix.
    input_shifts, recurrent_shifts : tuple of int
        a_l and b_l: left shifts that align the two matrices of a layer with its membrane's unit.
    leaks : tuple of int
        k_l in ``u - (u >> k_l)``.
    thresholds : tuple of int
        theta_l in membrane units, positive.
    membrane_bits : tuple of int
        Two's-complement width to which each layer's membrane saturates.
    lanes, pe_sets : int
        PEs of a set, and sets. A layer wider than `lanes` takes ceil(width / lanes) tiles.
    logits_per_cycle : int
        Logits delivered in one cycle; divides `lanes`.
    clock_hz, frame_period_s : float
        Real-time operating point, 1 Hz to 1 THz and 1 ns to 1,000 s; their product, at most 10^9, is the budget of
        cycles a frame.
    parallel_time_steps : bool
        Both time steps share one row read; otherwise each time step reads its own rows. With one PE set and two time
        steps it must be false: every PE has one accumulator, so the time steps go one after the other.
    zero_skipping : bool
        Visit only indices whose entry is not zero; otherwise every index takes a cycle and a read.
    merged_spike : bool
        One FC pass over s0 + s1; otherwise one pass a time step.
    plane_coding : {"twos_complement", "sign_magnitude"}
        How an input code is cut into bit planes.
    zero_weight_gating : bool
        A lane whose weight is zero leaves its accumulator's clock gated.

    Raises
    ------
    SpecificationError
        A sentence that names the field and what it may be; also where each field may be so, but all together would
        take more tiles than `MOST_TILES` or a weight buffer beyond `MOST_BUFFERED_WEIGHTS`.

    Examples
    --------
    >>> Specification().frame_budget, Specification().accumulator_bits
    (1000, 17)
    """

    inputs: int = 40
    input_bits: int = 8
    layers: tuple[int, ...] = (128, 128)
    recurrent: tuple[bool, ...] = (True, True)
    outputs: int = 1920
    time_steps: int = 2
    weight_bits: int = 4
    input_shifts: tuple[int, ...] = (0, 2)
    recurrent_shifts: tuple[int, ...] = (4, 2)
    leaks: tuple[int, ...] = (1, 1)
    thresholds: tuple[int, ...] = (512, 64)
    membrane_bits: tuple[int, ...] = (16, 12)
    lanes: int = 128
    pe_sets: int = 2
    logits_per_cycle: int = 16
    clock_hz: float = 100_000.0
    frame_period_s: float = 0.01
    parallel_time_steps: bool = True
    zero_skipping: bool = True
    merged_spike: bool = True
    plane_coding: str = "twos_complement"
    zero_weight_gating: bool = True

    def __post_init__(self) -> None:
        _check_types(self)
        _check_ranges(self)
        _check_combinations(self)

    # ---- sizes ---------------------------------------------------------------------------------------------

    def fan_in(self, layer: int) -> int:
        """Return the width of what feeds `layer`: the codes, or the layer below."""
        return self.inputs if layer == 0 else self.layers[layer - 1]

    def tiles(self, layer: int) -> int:
        """Return how many tiles of `lanes` neurons the layer takes."""
        return math.ceil(self.layers[layer] / self.lanes)

    @property
    def groups(self) -> int:
        """FC groups of `lanes` outputs."""
        return math.ceil(self.outputs / self.lanes)

    @property
    def group_pairs(self) -> int:
        """FC passes: two groups at a time, one a PE set; a "pair" is a single group with one PE set."""
        return math.ceil(self.groups / self.pe_sets)

    @property
    def buffered_weights(self) -> int:
        """Weights that both banks hold, the lanes beyond a matrix' width included."""
        rows = sum(
            self.tiles(layer) * (self.fan_in(layer) + (width if self.recurrent[layer] else 0))
            for layer, width in enumerate(self.layers)
        )
        return self.lanes * (rows + self.groups * self.layers[-1])

    @property
    def frame_budget(self) -> int:
        """Clock cycles in one frame period."""
        return round(self.clock_hz * self.frame_period_s)

    @property
    def row_bits(self) -> int:
        """Bits of one weight row, `lanes` weights."""
        return self.lanes * self.weight_bits

    # ---- bounds --------------------------------------------------------------------------------------------

    @property
    def weight_range(self) -> tuple[int, int]:
        """Least and greatest weight."""
        return -(1 << (self.weight_bits - 1)), (1 << (self.weight_bits - 1)) - 1

    @property
    def code_range(self) -> tuple[int, int]:
        """Least and greatest input code."""
        return -(1 << (self.input_bits - 1)), (1 << (self.input_bits - 1)) - 1

    def layer_shift(self, layer: int) -> int:
        """Return the shift that both matrices of a layer share; the neuron unit applies it."""
        if not self.recurrent[layer]:
            return self.input_shifts[layer]
        return min(self.input_shifts[layer], self.recurrent_shifts[layer])

    def input_align(self, layer: int) -> int:
        """Return the rest of a_l, applied to each feed-forward weight before it is added."""
        return self.input_shifts[layer] - self.layer_shift(layer)

    def recurrent_align(self, layer: int) -> int:
        """Return the rest of b_l, applied to each recurrent weight before it is added."""
        return self.recurrent_shifts[layer] - self.layer_shift(layer) if self.recurrent[layer] else 0

    def accumulator_range(self, layer: int) -> tuple[int, int]:
        """Bound every partial sum of a layer's accumulator, whatever the order of additions.

        The bound adds up the terms of one sign only: no order of the additions can pass it.
        """
        least, greatest = self.weight_range
        if layer == 0:
            code_low, code_high = self.code_range
            low = self.inputs * min(least * code_high, greatest * code_low)
            high = self.inputs * max(least * code_low, greatest * code_high)
        else:
            low, high = self.fan_in(layer) * least, self.fan_in(layer) * greatest
        low, high = low << self.input_align(layer), high << self.input_align(layer)
        if self.recurrent[layer]:
            low += (self.layers[layer] * least) << self.recurrent_align(layer)
            high += (self.layers[layer] * greatest) << self.recurrent_align(layer)
        return low, high

    def potential_range(self, layer: int) -> tuple[int, int]:
        """Bound what a membrane may become before it saturates: one that has leaked, plus an input current.

        ``u - (u >> k)`` never falls as `u` rises, so its bounds are those of the least and the greatest membrane; a
        neuron that has just spiked has 0, which lies between them.
        """
        shift, leak = self.layer_shift(layer), self.leaks[layer]
        least, greatest = -(1 << (self.membrane_bits[layer] - 1)), (1 << (self.membrane_bits[layer] - 1)) - 1
        low, high = self.accumulator_range(layer)
        return least - (least >> leak) + (low << shift), greatest - (greatest >> leak) + (high << shift)

    @property
    def logit_range(self) -> tuple[int, int]:
        """Bound of a logit and of its partial sums."""
        least, greatest = self.weight_range
        ones = self.layers[-1] * self.time_steps
        return ones * least, ones * greatest

    @property
    def accumulator_bits(self) -> int:
        """Two's-complement bits of every PE's accumulator, by bound over all that it ever sums."""
        ranges = [self.accumulator_range(layer) for layer in range(len(self.layers))] + [self.logit_range]
        return max(signed_bits(low, high) for low, high in ranges)

    @property
    def potential_bits(self) -> int:
        """Two's-complement bits of the neuron unit's sum: no layer's overflows, and each holds a whole membrane."""
        ranges = [self.potential_range(layer) for layer in range(len(self.layers))]
        return max(*self.membrane_bits, *(signed_bits(low, high) for low, high in ranges))

    @property
    def logit_bits(self) -> int:
        """Two's-complement bits of a logit."""
        return signed_bits(*self.logit_range)

    # ---- exchange ------------------------------------------------------------------------------------------

    def replace(self, **changes: Any) -> Specification:
        """Return a copy with `changes`, validated anew."""
        return dataclasses.replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON types (tuples become lists)."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Specification:
        """Build from `to_json`'s dictionary.

        Raises
        ------
        SpecificationError
            An unknown or missing field, or any that the constructor refuses.
        """
        known = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(fields, dict):
            raise SpecificationError(f"specification: expected a JSON object, got {type(fields).__name__}")
        unknown, missing = sorted(set(fields) - known, key=str), sorted(known - set(fields))
        if unknown or missing:
            raise SpecificationError(f"specification: unknown fields {brief(unknown)}, missing fields {missing}")
        values: dict[str, Any] = {}
        for key, value in fields.items():
            values[key] = tuple(value) if isinstance(value, list) else value
        return cls(**values)


_INTEGERS = ("inputs", "input_bits", "outputs", "time_steps", "weight_bits", "lanes", "pe_sets", "logits_per_cycle")
_FLAGS = ("parallel_time_steps", "zero_skipping", "merged_spike", "zero_weight_gating")
_PER_LAYER = ("recurrent", "input_shifts", "recurrent_shifts", "leaks", "thresholds", "membrane_bits")


def _refuse(field: str, value: object, expected: str) -> None:
    raise SpecificationError(f"specification: {field} is {brief(value)}, expected {expected}")


def _check_types(spec: Specification) -> None:
    for name in _INTEGERS:
        if type(getattr(spec, name)) is not int:
            _refuse(name, getattr(spec, name), "an integer")
    for name in _FLAGS:
        if type(getattr(spec, name)) is not bool:
            _refuse(name, getattr(spec, name), "true or false")
    for name in ("layers", *_PER_LAYER):
        value = getattr(spec, name)
        wanted = bool if name == "recurrent" else int
        if not isinstance(value, tuple) or any(type(entry) is not wanted for entry in value):
            _refuse(name, value, f"a tuple of {wanted.__name__}")
    for name, low, high in (("clock_hz", 1, 1e12), ("frame_period_s", 1e-9, 1000)):
        value = getattr(spec, name)
        if type(value) not in (int, float) or not low <= value <= high:
            _refuse(name, value, f"a number in {low:g}..{high:g}")


def _check_ranges(spec: Specification) -> None:
    limits = {"inputs": (1, 4096), "input_bits": (2, 16), "outputs": (1, 65536), "time_steps": (1, 2)}
    limits |= {"lanes": (1, 1024), "pe_sets": (1, 2), "logits_per_cycle": (1, 1024)}
    for name, (low, high) in limits.items():
        if not low <= getattr(spec, name) <= high:
            _refuse(name, getattr(spec, name), f"{low}..{high}")
    if spec.weight_bits not in (4, 8, 16):
        _refuse("weight_bits", spec.weight_bits, "4, 8 or 16")
    if spec.plane_coding not in PLANE_CODINGS:
        _refuse("plane_coding", spec.plane_coding, "one of " + ", ".join(PLANE_CODINGS))
    if not 1 <= len(spec.layers) <= 8:
        _refuse("layers", spec.layers, "1..8 layers")
    per_entry = {"layers": (1, 4096), "input_shifts": (0, 16), "recurrent_shifts": (0, 16), "leaks": (1, 15)}
    per_entry |= {"membrane_bits": (4, 32), "thresholds": (1, 1 << 31)}
    for name, (low, high) in per_entry.items():
        if any(not low <= entry <= high for entry in getattr(spec, name)):
            _refuse(name, getattr(spec, name), f"entries in {low}..{high}")


def _check_combinations(spec: Specification) -> None:
    for name in _PER_LAYER:
        if len(getattr(spec, name)) != len(spec.layers):
            _refuse(name, getattr(spec, name), f"one entry for each of the {len(spec.layers)} layers")
    if spec.lanes % spec.logits_per_cycle:
        _refuse("logits_per_cycle", spec.logits_per_cycle, f"a divisor of lanes ({spec.lanes})")
    for layer, (theta, bits) in enumerate(zip(spec.thresholds, spec.membrane_bits, strict=True)):
        if theta > (1 << (bits - 1)) - 1:
            _refuse(
                f"thresholds[{layer}]",
                theta,
                f"at most {(1 << (bits - 1)) - 1}, what a {bits}-bit membrane reaches: it would never spike",
            )
    if spec.time_steps == 2 and spec.pe_sets == 1 and spec.parallel_time_steps:
        _refuse("parallel_time_steps", True, "false with one PE set: each time step needs its own set")
    if spec.frame_budget < 1:
        _refuse("frame_period_s", spec.frame_period_s, "at least one clock cycle")
    if spec.frame_budget > MOST_BUDGET_CYCLES:
        _refuse("clock_hz", spec.clock_hz, f"at most {MOST_BUDGET_CYCLES:,} cycles in {spec.frame_period_s:g} s")
    tiles = spec.groups + sum(map(spec.tiles, range(len(spec.layers))))
    if tiles > MOST_TILES:
        _refuse("lanes", spec.lanes, f"layers and outputs in at most {MOST_TILES:,} tiles, not {tiles:,}")
    if spec.buffered_weights > MOST_BUFFERED_WEIGHTS:
        _refuse(
            "layers, outputs and lanes",
            (*spec.layers, spec.outputs, spec.lanes),
            f"a weight buffer of at most {MOST_BUFFERED_WEIGHTS:,} weights, not {spec.buffered_weights:,}",
        )
