"""Faults for the RTL: proof that the comparison bites.

Each fault replaces one fragment of one source file in a copy of ``rtl/``; co-simulation then runs the copy and must
report a difference (or MyHDL itself must refuse a value out of range).
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

import rtl
from golden.checkpoint import Checkpoint, random_checkpoint
from golden.errors import GoldenError
from golden.specification import Specification
from rtl.scratch import scratch_folder

SOURCES = Path(rtl.__file__).parent


@dataclass(frozen=True)
class Fault:
    """One change of one source file.

    Parameters
    ----------
    block : str
        File of ``rtl/`` without its suffix.
    before, after : str
        Fragment, which occurs exactly once, and what replaces it.
    what : str
        What is wrong then.
    switches : tuple of pairs of str and value
        Fields of the specification on which it runs: a switch's hardware is only there with the switch.
    """

    block: str
    before: str
    after: str
    what: str
    switches: tuple[tuple[str, str | int | bool], ...] = ()


SIGNED = (("plane_coding", "sign_magnitude"),)
ONE_SET = (("pe_sets", 1), ("parallel_time_steps", False))

FAULTS = (
    Fault("input_buffer", "codes[b].next[position] = word[b]", "codes[b].next[position] = word[0]", "wrong bit stored"),
    Fault("input_buffer", "plane1.next = codes[plane + low_planes]", "plane1.next = codes[plane]", "wrong bit plane"),
    Fault(
        "input_buffer",
        "if reset:\n            for b in range(code_planes):\n                codes[b].next = 0",
        "if reset:\n            pass",
        "codes not reset",
    ),
    Fault("zero_skip", "pending.next = candidates ^ lowest", "pending.next = candidates", "index visited again"),
    Fault("zero_skip", "candidates.next = vector0 | vector1", "candidates.next = vector0", "union of one vector only"),
    Fault("zero_skip", "hit1.next = (vector1", "hit1.next = (vector0", "second vector's entry from the first"),
    Fault("zero_skip", "place[:] = place + half", "place[:] = place | (half >> 1)", "index encoded wrongly"),
    Fault(
        "zero_skip", "skip_last.next = (candidates ^ lowest) == 0", "skip_last.next = lowest == 0", "one slot too many"
    ),
    Fault("input_buffer", "((1 << input_bits) - code)", "((1 << input_bits) - 1 - code)",
          "magnitude by one's complement", SIGNED),
    Fault("input_buffer", "signs.next = codes[input_bits]", "signs.next = codes[input_bits - 1]",
          "signs from the highest magnitude plane", SIGNED),
    Fault("zero_skip", "negative.next = (signs & lowest)", "negative.next = (signs & candidates)",
          "sign of another input", SIGNED),
    Fault("controller", "double.next = twice or negative", "double.next = twice", "sign lost on its way",
          SIGNED),
    Fault("pe_array", "subtract0.next = add_double and coded == 1", "subtract0.next = False",
          "low planes of negative inputs added", SIGNED),
    Fault("pe_array", "twice.next = add_double and coded == 0", "twice.next = add_double",
          "negative inputs doubled", SIGNED),
    Fault("weight_buffer", "address.next = (base + index)", "address.next = (base + index + 1)", "next row read"),
    Fault("weight_buffer", "read1.next = (banks & 2) != 0", "read1.next = (banks & 1) != 0", "wrong bank read"),
    Fault(
        "weight_buffer",
        "if read_valid and read_visit and not hold:",
        "if read_valid and read_visit:",
        "row read while held",
    ),
    Fault("weight_buffer", "if read and address < depth:", "if read and address < depth - 1:", "last row stale"),
    Fault("pe_set", "carry[:] = (acc[b] & operand) | (carry & either)", "carry[:] = acc[b] & operand", "carry dropped"),
    Fault("pe_set", "if subtract:\n                carry[:] = nonzero", "if subtract:\n                carry[:] = 0",
          "subtraction off by one"),
    Fault("pe_set", "some[:] = some | row[b]", "some[:] = row[b]", "nonzero weights taken for zero"),
    Fault("pe_array", "enable1.next = add_enable[1]", "enable1.next = add_enable[0]", "wrong set enabled"),
    Fault("pe_array", "combine1.next = both_steps", "combine1.next = False", "set 1 not combined"),
    Fault("pe_array", "align.next = shift + 1", "align.next = shift", "merged spike of 2 counted once"),
    Fault("pe_array", "if shared == 1:", "if shared == 0:", "row not shared"),
    Fault("single_set", "if bank1 == 1:", "if bank1 == 0:", "wrong bank's row", ONE_SET),
    Fault("single_set", "subtract.next = negative == 1", "subtract.next = False", "sign plane added", ONE_SET),
    Fault("single_set", "clear.next = clears == 1 and add_slot == 0", "clear.next = add_slot == 0",
          "cleared in every pass", ONE_SET),
    Fault("single_set", "align.next = align_of[add_pass]", "align.next = 0", "bit planes at one place", ONE_SET),
    Fault("neuron_unit", "slot.next = step_of[add_pass]", "slot.next = 0", "always the first time step", ONE_SET),
    Fault("output", "lane = position * per_word\n            for b in range(bits):\n                for",
          "lane = 0 * position\n            for b in range(bits):\n                for",
          "first word of a group streamed", ONE_SET),
    Fault("pe_array", "clear.next = clears == 1 and add_slot == 0", "clear.next = add_slot == 0",
          "cleared in every pass"),
    Fault("neuron_unit", "reached[:] = ~sign\n", "reached[:] = 0\n", "threshold off by one (> for >=)"),
    Fault("neuron_unit", "carry[:] = keep\n", "carry[:] = 0\n", "leak off by one"),
    Fault("neuron_unit", "b + spec.leaks[layer])", "b + spec.leaks[layer] + 1)", "leak shifted once more"),
    Fault("neuron_unit", "over[:] = over | (total[b] ^ sign)", "over[:] = 0", "no saturation"),
    Fault("neuron_unit", "current[b].next = acc1[at]", "current[b].next = acc0[at]", "time steps swapped"),
    Fault("neuron_unit", "keep[:] = ~spikes_now[previous]", "keep[:] = ~spikes_last[previous]", "stale spike resets"),
    Fault("neuron_unit", "voltage[:] = potential[b] & keep", "voltage[:] = potential[b]", "no hard reset"),
    Fault(
        "neuron_unit",
        "if first:\n                for b in range(membranes):\n                    membrane[b].next = 0",
        "if False:\n                for b in range(membranes):\n                    membrane[b].next = 0",
        "membranes kept over utterances",
    ),
    Fault("neuron_unit", "for i in range(spikes):\n                spikes_now[i].next = 0", "pass", "spikes not reset"),
    Fault(
        "spikes",
        "spikes_last[i].next = spikes_now[i]",
        "spikes_last[i].next = spikes_last[i]",
        "last frame's spikes not taken",
    ),
    Fault("spikes", "if first:", "if False:", "spikes kept over utterances"),
    Fault(
        "spikes",
        "word1[:] = word1 | (spikes_last[base1 + j]",
        "word1[:] = word1 | (spikes_last[base0 + j]",
        "time steps swapped",
    ),
    Fault("output", "hold.next = transfer and busy and not", "hold.next = False and not", "shadow bank overwritten"),
    Fault("output", "lane = (position - set_words) * per_word", "lane = 0 * position", "wrong word streamed"),
    Fault("output", "value > greatest", "value >= greatest", "arg-max takes the highest among equals"),
    Fault("output", "if number < outputs and", "if", "lanes beyond the outputs in the arg-max"),
    Fault("output", "shadow1[b].next = acc1[b]", "shadow1[b].next = acc0[b]", "second group lost"),
    Fault("controller", "if frame_cycles >= budget:", "if frame_cycles > budget:", "overrun a cycle late"),
    Fault("controller", "twice.next = hit0 and hit1", "twice.next = hit0 or hit1", "merged spike always 2"),
    Fault(
        "controller", "issue_slot == last_neuron_slot", "issue_slot == last_neuron_slot - 1", "one drain slot missing"
    ),
    Fault("controller", "frame_cycles.next = inputs + 1", "frame_cycles.next = inputs", "cycles counted one short"),
    Fault("controller", "elif not hold:", "else:", "pipeline not held"),
    Fault("controller", "            add_valid.next = False\n", "", "ADD not reset"),
    Fault("pe", "if not clear:", "if True:", "clear missed"),
    Fault("pe", "acc.next = base - operand", "acc.next = base + operand", "sign plane added"),
    Fault("pe", "low + (high << low_planes)", "low + (high << low_planes - 1)", "bit planes combined a place too low"),
    Fault("pe", "elif clocked:", "elif clocked and acc != 0:", "accumulator stuck at 0"),
    Fault(
        "accelerator",
        'planes["weight_buffer.row0"],\n        planes["weight_buffer.row1"],\n    )',
        'planes["weight_buffer.row1"],\n        planes["weight_buffer.row0"],\n    )',
        "banks swapped on the way to the PE array",
    ),
    Fault(
        "accelerator",
        "acc0,\n        acc1,\n        spikes_last,",
        "acc1,\n        acc0,\n        spikes_last,",
        "time steps' currents swapped on the way to the neuron unit",
    ),
)

# Small enough to run in a fraction of a second, and shaped so that every fault matters: two tiles in layer 0,
# membranes that saturate, an odd number of groups, a partly filled last word, more words a pair than some frames have
# spikes, and a budget that some frames exceed.
SPECIFICATION = Specification(
    inputs=12,
    layers=(20, 16),
    outputs=75,
    lanes=16,
    logits_per_cycle=4,
    membrane_bits=(10, 8),
    # Layer 0 spikes only where it saturates, so >= and > differ often.
    thresholds=(511, 32),
    recurrent_shifts=(2, 2),
    leaks=(2, 1),
    frame_period_s=0.0013,
)
RESET_AFTER = 60


def stimulus() -> tuple[Checkpoint, dict[str, np.ndarray]]:
    """Return the checkpoint and the two utterances on which the faults run."""
    rng = np.random.default_rng(7)
    loud = rng.integers(-128, 128, (8, SPECIFICATION.inputs))
    loud[2] = rng.choice([-128, 127], SPECIFICATION.inputs)
    quiet = rng.integers(-20, 20, (4, SPECIFICATION.inputs))
    quiet[:2] = 0
    checkpoint = random_checkpoint(SPECIFICATION, seed=3)
    # Logits below 0 make the lanes beyond the outputs, which are 0, the greatest if they took part.
    return dataclasses.replace(checkpoint, fc=-np.abs(checkpoint.fc)), {"loud": loud, "quiet": quiet}


@dataclass(frozen=True)
class Verdict:
    """What a faulty copy of the RTL did.

    Parameters
    ----------
    fault : Fault or None
        None is the unchanged copy.
    caught : bool
    by : str
        "comparison", "MyHDL" (a value out of range) or "".
    said : str
        The first mismatch, or the error; the same whenever and wherever it is run.
    """

    fault: Fault | None
    caught: bool
    by: str
    said: str


def inject(fault: Fault | None) -> Verdict:
    """Run co-simulation on a copy of the RTL with one fault, or none.

    Raises
    ------
    ValueError
        The fault's fragment does not occur exactly once: the source has changed.
    """
    checkpoint, utterances = stimulus()
    if fault is not None:
        spec = checkpoint.specification.replace(**dict(fault.switches))
        checkpoint = dataclasses.replace(checkpoint, specification=spec)
    with scratch_folder("faults") as folder, _copied_rtl(fault, folder) as cosimulation:
        try:
            # Only this architecture is made of PEs one by one.
            architecture = "lanes" if fault is not None and fault.block == "pe" else "sliced"
            cosimulation.cosimulate(checkpoint, utterances, architecture=architecture, reset_after=RESET_AFTER)
        except cosimulation.CosimulationError as error:
            return Verdict(fault, True, "comparison", str(error))
        except GoldenError:
            raise
        except (ValueError, IndexError) as error:
            return Verdict(fault, True, "MyHDL", f"{type(error).__name__}: {error}".replace(f"{folder}{os.sep}", ""))
    return Verdict(fault, False, "", "")


@contextmanager
def _copied_rtl(fault: Fault | None, folder: Path) -> Iterator[ModuleType]:
    """Give ``cosim.cosimulate`` bound to a copy of ``rtl`` with the fault; everything is as before afterwards."""
    copy = folder / "rtl"
    shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("__pycache__"))
    if fault is not None:
        path = copy / f"{fault.block}.py"
        text = path.read_text()
        if text.count(fault.before) != 1:
            raise ValueError(f"{path.name}: {fault.before!r} occurs {text.count(fault.before)} times, expected once")
        path.write_text(text.replace(fault.before, fault.after))
    ours = {name: module for name, module in sys.modules.items() if name.split(".")[0] in ("rtl", "cosim")}
    for name in ours:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield importlib.import_module("cosim.cosimulate")
    finally:
        sys.path.remove(str(folder))
        sys.path_importer_cache.pop(str(folder), None)
        for name in [name for name in sys.modules if name.split(".")[0] in ("rtl", "cosim")]:
            del sys.modules[name]
        sys.modules.update(ours)
