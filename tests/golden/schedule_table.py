"""The passes and cycles of a frame once more, from the tables and sentences of docs/schedule.md alone.

Nothing here calls `golden.schedule` or what `Specification` works out: only the fields that a user gives.
"""

from __future__ import annotations

from typing import Any

from golden.specification import Specification

Step = dict[str, Any]


def rounded_up(count: int, by: int) -> int:
    """Return how many parts of `by` hold `count`, by counting them off."""
    parts = 0
    while parts * by < count:
        parts += 1
    return parts


def table(spec: Specification) -> tuple[list[Step], tuple[int, int]]:
    """Return the passes of a frame in order, and the rows of both banks.

    A pass has the fields that the table gives it; a field that it does not name is not looked at.
    """
    two = spec.pe_sets == 2
    groups = rounded_up(spec.outputs, spec.lanes)
    width = spec.layers[-1]
    # Group g stands in bank g mod 2 behind the groups before it there; the layers follow in bank 1.
    bases, banks = [], [0, 0]
    for group in range(groups):
        bases.append(banks[group % 2])
        banks[group % 2] += width
    passes: list[Step] = []
    for layer in range(len(spec.layers)):
        for tile in range(rounded_up(spec.layers[layer], spec.lanes)):
            passes += _tile(spec, layer, tile, banks[1])
            banks[1] += spec.layers[layer - 1] if layer else spec.inputs
            banks[1] += spec.layers[layer] if spec.recurrent[layer] else 0
    step = 2 if two else 1
    for first in range(0, groups, step):
        here = [group for group in range(first, first + step) if group < groups]
        fc = {
            "kind": "accumulate",
            "phase": "FC",
            "layer": len(spec.layers),
            "source": "this",
            "source_layer": len(spec.layers) - 1,
            "entries": width,
            "base": bases[first],
            "banks": {group % 2 for group in here},
            "sets": set(range(len(here))),
            "align": 0,
            "subtract": False,
            "group_pair": first // step,
        }
        passes += _apart(fc, {0, 1} if spec.time_steps == 2 else {0}, spec.merged_spike, transfers=True)
    return passes, (banks[0], banks[1])


def _tile(spec: Specification, layer: int, tile: int, base: int) -> list[Step]:
    """Return the passes of one tile: with one PE set, all of them for time step 0 and then all for 1."""
    every = set(range(spec.time_steps))
    passes: list[Step] = []
    for steps in [every] if spec.pe_sets == 2 else [{step} for step in sorted(every)]:
        passes += _current(spec, layer, steps, base)
        passes.append({"kind": "neurons", "phase": f"L{layer} neurons", "time_step": min(steps)})
        for one in passes:
            # What reads nothing has the base of the pass before it.
            one |= {"layer": layer, "tile": tile}
            if "base" not in one:
                one |= {"base": passes[-2]["base"], "banks": set()}
    return passes


def _current(spec: Specification, layer: int, steps: set[int], base: int) -> list[Step]:
    # a', b': what is left of the shifts once the smaller is taken out; of a alone without a recurrent matrix.
    a, b = spec.input_shifts[layer], spec.recurrent_shifts[layer]
    common = min(a, b) if spec.recurrent[layer] else a
    shared = {"kind": "accumulate", "banks": {1}, "sets": set(range(spec.pe_sets)), "transfer": False, "group_pair": 0}
    fed = spec.layers[layer - 1] if layer else spec.inputs
    passes: list[Step] = []
    if layer == 0:
        h = rounded_up(spec.input_bits, 2) if spec.pe_sets == 2 else spec.input_bits
        for p in range(h - 1, -1, -1):
            # Set 1 has plane h + p; the one set has plane p. With sign and magnitude no plane is the sign's.
            of_last_set = h + p if spec.pe_sets == 2 else p
            passes.append(
                shared
                | {"phase": "L0 input", "source": "codes", "plane": p, "steps": {0, 1}, "entries": fed, "base": base}
                | {"align": p + a - common, "clear": p == h - 1}
                | {"subtract": of_last_set == spec.input_bits - 1 and spec.plane_coding == "twos_complement"}
            )
        if spec.pe_sets == 2:
            passes.append({"kind": "combine", "phase": "L0 combine", "base": base, "banks": set()})
    else:
        forward = shared | {"phase": f"L{layer} feed-forward", "source": "this", "source_layer": layer - 1}
        forward |= {"entries": fed, "base": base, "align": a - common, "subtract": False}
        passes += _apart(forward, steps, spec.parallel_time_steps)
    if spec.recurrent[layer]:
        again = shared | {"phase": f"L{layer} recurrent", "source": "last", "source_layer": layer}
        again |= {"entries": spec.layers[layer], "base": base + fed, "align": b - common, "subtract": False}
        passes += [one | {"clear": False} for one in _apart(again, steps, spec.parallel_time_steps)]
    return passes


def _apart(whole: Step, steps: set[int], together: bool, *, transfers: bool = False) -> list[Step]:
    """Return the pass once, or once a time step: only the first clears, only the last transfers."""
    if together or len(steps) == 1:
        return [whole | {"steps": steps, "clear": True, "transfer": transfers}]
    first = whole | {"steps": {0}, "clear": True, "transfer": False}
    return [first, whole | {"steps": {1}, "clear": False, "transfer": transfers}]


def most_cycles(spec: Specification) -> int:
    """Return the cycles of a frame in which every vector is all ones, as the stages take them.

    Loading and `start`; each slot; a pair's transfer waits in the pipeline for the words of the pair before it; two
    stages, the transfer and the last pair's words.
    """
    passes, _ = table(spec)
    words = rounded_up(spec.outputs, spec.logits_per_cycle)
    of_pair = spec.pe_sets * spec.lanes // spec.logits_per_cycle
    cycle = spec.inputs + 1
    free_at = 0  # the first cycle in which the port of logits has left all words so far
    for step in passes:
        neuron_slots = min(spec.time_steps, spec.pe_sets) + 2
        slots = {"combine": 1, "neurons": neuron_slots}.get(step["kind"]) or step["entries"]
        for _ in range(slots):
            cycle += 1
        if step.get("transfer"):
            # Its last slot is at READ, at ADD and then at TRANSFER, which the last word before may share.
            transfer = max(cycle + 3, free_at)
            cycle = transfer - 3
            here = min(of_pair, words - step["group_pair"] * of_pair)
            free_at = transfer + here
    return free_at
