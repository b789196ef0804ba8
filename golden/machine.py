"""Constants and state of the cycle-accurate model as arrays that compiled code reads and changes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from golden.checkpoint import Checkpoint
from golden.compiled import structured
from golden.cycles import IDLE_PHASE, phase_names
from golden.layout import Layout, build_layout
from golden.memory_image import BankImage, memory_image
from golden.schedule import Schedule, build_schedule
from golden.specification import Specification

# Registers of one number: fields of the layout; without the block, their names in `Machine.registers`.
REGISTERS = (
    *(f"controller.{name}" for name in ("state", "issue_pass", "issue_slot")),
    *(f"controller.read_{name}" for name in ("valid", "pass", "slot", "visit", "enable", "double", "last")),
    *(f"controller.add_{name}" for name in ("valid", "pass", "slot", "enable", "double", "last")),
    *(f"controller.{name}" for name in ("transfer", "loaded", "frame_cycles", "overrun", "done")),
    *("zero_skip.index", "output.busy", "output.position", "output.word", "output.best", "output.best_index"),
)
# No hardware holds these: how many indices the pass at ISSUE visits and has visited, the index at READ and at
# ADD (-1: none), and the pass and index whose ADD the last edge ended (-1: none).
BOOKKEEPING = ("to_visit", "visited", "read_index", "add_index", "done_pass", "done_index")

_PASS_FIELDS = (
    *("kind", "layer", "tile", "source", "source_layer", "plane", "steps", "entries"),
    *("base", "banks", "sets", "align", "subtract", "clear", "transfer", "time_step"),
)
_PLACES = {
    "codes": "input_buffer.codes",
    "pending": "zero_skip.pending",
    "address": "weight_buffer.address",
    "read": "weight_buffer.read",
    "row0": "weight_buffer.row0",
    "row1": "weight_buffer.row1",
    "acc0": "pe_array.acc0",
    "acc1": "pe_array.acc1",
    "clocked0": "pe_array.clocked0",
    "clocked1": "pe_array.clocked1",
    "shadow0": "output.shadow0",
    "shadow1": "output.shadow1",
    "logits": "output.logits",
}


class Machine(NamedTuple):
    """One accelerator: constants, then state that `golden.trace_kernel` changes in place.

    Parameters
    ----------
    sizes, passes, layers : np.ndarray
        Structured, int64 fields: sizes [1], passes of the schedule, layers.
    places : np.ndarray [shape=(1,)]
        Structured: first 64-bit word in the record of each field of many bits.
    words, masks : np.ndarray [shape=(len(REGISTERS),), dtype=int64 and uint64]
        Word of each register of one number in the record, and its bits.
    spike_words : np.ndarray [shape=(layers, 2, T), dtype=int64]
        First word of ``this`` (0) and ``last`` (1).
    weights0, weights1 : np.ndarray [shape=(depth, lanes), dtype=int16]
    nonzero0, nonzero1 : np.ndarray [shape=(depth, words), dtype=uint64]
        Lanes whose weight is not 0.
    planes0, planes1 : np.ndarray [shape=(depth, words), dtype=uint64]
        Rows as they stand in the record.
    registers : np.ndarray [shape=(1,)]
        Structured: `REGISTERS`, then `BOOKKEEPING`.
    numbers : np.ndarray [dtype=int64]
        The same memory as `registers`.
    record : np.ndarray [shape=(layout.words,), dtype=uint64]
        Record of this cycle.
    codes : np.ndarray [shape=(inputs,), dtype=int64]
    rows : np.ndarray [shape=(2, lanes), dtype=int16]
    row_nonzero : np.ndarray [shape=(2, words), dtype=uint64]
    acc, shadow : np.ndarray [shape=(2, lanes up to a whole word), dtype=int64]
    membranes : np.ndarray [shape=(tiles of all layers, the same), dtype=int64]
    spikes : np.ndarray [shape=(layers, 2, T, widest layer), dtype=uint8]
        ``this`` (0) and ``last`` (1).
    vectors : np.ndarray [shape=(2, entries), dtype=uint8]
        v0 and v1 of the pass at ISSUE.
    visits : np.ndarray [shape=(entries,), dtype=int64]
        Indices that it visits, in order.
    """

    sizes: np.ndarray
    passes: np.ndarray
    layers: np.ndarray
    places: np.ndarray
    words: np.ndarray
    masks: np.ndarray
    spike_words: np.ndarray
    weights0: np.ndarray
    weights1: np.ndarray
    nonzero0: np.ndarray
    nonzero1: np.ndarray
    planes0: np.ndarray
    planes1: np.ndarray
    registers: np.ndarray
    numbers: np.ndarray
    record: np.ndarray
    codes: np.ndarray
    rows: np.ndarray
    row_nonzero: np.ndarray
    acc: np.ndarray
    shadow: np.ndarray
    membranes: np.ndarray
    spikes: np.ndarray
    vectors: np.ndarray
    visits: np.ndarray


def build_machine(checkpoint: Checkpoint) -> Machine:
    """Return the machine of a checkpoint as reset leaves it: rows of 0, and `BOOKKEEPING` names no index or pass."""
    spec = checkpoint.specification
    schedule, layout = build_schedule(spec), build_layout(spec)
    banks = memory_image(checkpoint)
    names = [path.split(".")[1] for path in REGISTERS] + list(BOOKKEEPING)
    # No operation is at READ or at ADD yet, nor has one ended.
    numbers = np.array([-1 if name in BOOKKEEPING[2:] else 0 for name in names], dtype=np.int64)
    row_words = (spec.lanes + 63) // 64
    padded, layers, steps = 64 * row_words, len(spec.layers), spec.time_steps
    spike_words = [
        [[layout[f"spikes.{age}{layer}_{step}"].offset for step in range(steps)] for age in ("this", "last")]
        for layer in range(layers)
    ]
    return Machine(
        sizes=structured([_sizes(spec, schedule)]),
        passes=structured(_passes(schedule)),
        layers=structured(_layers(spec, layout)),
        places=structured([_places(layout)]),
        words=np.array([layout[path].offset for path in REGISTERS], dtype=np.int64),
        masks=np.array([(1 << layout[path].width) - 1 for path in REGISTERS], dtype=np.uint64),
        spike_words=np.array(spike_words, dtype=np.int64),
        weights0=banks[0].weights,
        weights1=banks[1].weights,
        nonzero0=_nonzero(banks[0]),
        nonzero1=_nonzero(banks[1]),
        planes0=banks[0].planes.reshape(banks[0].depth, -1),
        planes1=banks[1].planes.reshape(banks[1].depth, -1),
        registers=numbers.view([(name, np.int64) for name in names]),
        numbers=numbers,
        record=np.zeros(layout.words, dtype=np.uint64),
        codes=np.zeros(spec.inputs, dtype=np.int64),
        rows=np.zeros((2, spec.lanes), dtype=np.int16),
        row_nonzero=np.zeros((2, row_words), dtype=np.uint64),
        acc=np.zeros((2, padded), dtype=np.int64),
        shadow=np.zeros((2, padded), dtype=np.int64),
        membranes=np.zeros((sum(map(spec.tiles, range(layers))), padded), dtype=np.int64),
        spikes=np.zeros((layers, 2, steps, max(spec.layers)), dtype=np.uint8),
        vectors=np.zeros((2, schedule.entries), dtype=np.uint8),
        visits=np.zeros(schedule.entries, dtype=np.int64),
    )


def _sizes(spec: Specification, schedule: Schedule) -> dict[str, int]:
    phases = phase_names(spec)
    return {
        "inputs": spec.inputs,
        "input_bits": spec.input_bits,
        "signed_magnitudes": int(schedule.signed_magnitudes),
        "low_planes": schedule.low_planes,
        "outputs": spec.outputs,
        "time_steps": spec.time_steps,
        "lanes": spec.lanes,
        "pe_sets": spec.pe_sets,
        "accumulator_bits": spec.accumulator_bits,
        "logits": spec.logits_per_cycle,
        "logit_bits": spec.logit_bits,
        "zero_skipping": int(spec.zero_skipping),
        "zero_weight_gating": int(spec.zero_weight_gating),
        "neuron_steps": schedule.neuron_steps,
        "neuron_slots": schedule.neuron_slots,
        "set_words": schedule.set_words,
        "pair_words": schedule.pair_words,
        "frame_words": schedule.frame_words,
        "address_mask": (1 << schedule.address_bits) - 1,
        "budget": spec.frame_budget,
        "most_cycles": (1 << schedule.cycle_bits) - 1,
        "load_phase": 0,
        "fc_phase": phases.index("FC"),
        "flush_phase": phases.index("last logits"),
        "idle_phase": phases.index(IDLE_PHASE),
    }


def _places(layout: Layout) -> dict[str, int]:
    offsets = {field.path: field.offset for field in layout}
    # What only a second PE set has stands nowhere without it; the kernel then never looks.
    return {name: offsets.get(path, -1) for name, path in _PLACES.items()}


def _passes(schedule: Schedule) -> list[dict[str, int]]:
    phases = phase_names(schedule.specification)
    return [
        {name: int(getattr(step, name)) for name in _PASS_FIELDS}
        | {"fc": int(step.phase == "FC"), "phase": phases.index(step.phase), "shares_row": int(step.shares_row)}
        for step in schedule.passes
    ]


def _layers(spec: Specification, layout: Layout) -> list[dict[str, int]]:
    rows, first_tile = [], 0
    for layer, width in enumerate(spec.layers):
        membrane = layout[f"neuron_unit.membrane{layer}_0"]
        rows.append(
            {
                "width": width,
                "first_tile": first_tile,
                "tiles": spec.tiles(layer),
                "shift": spec.layer_shift(layer),
                "leak": spec.leaks[layer],
                "threshold": spec.thresholds[layer],
                "membrane_bits": membrane.planes,
                "membrane_word": membrane.offset,
                "membrane_words": membrane.words,
            }
        )
        first_tile += spec.tiles(layer)
    return rows


def _nonzero(bank: BankImage) -> np.ndarray:
    """Return the masks of lanes whose weight is not 0, from the lanes and not from the planes."""
    depth, lanes = bank.weights.shape
    bits = np.zeros((depth, 64 * bank.planes.shape[2]), dtype=bool)
    bits[:, :lanes] = bank.weights != 0
    packed = np.packbits(bits, axis=-1, bitorder="little")
    return np.ascontiguousarray(packed).view("<u8").astype(np.uint64)
