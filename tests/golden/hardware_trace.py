"""What the blocks in MyHDL hold in every cycle under any stimulus: values that golden's kernel has no part in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cosim.bench import Stimulus, bench, forgotten_afterwards
from cosim.sampling import Sampler
from golden.checkpoint import Checkpoint
from golden.memory_image import memory_image
from rtl.elaboration import off_the_stack
from rtl.registers import build_ports, build_registers

Given = dict[str, np.ndarray]


def any_stimulus(checkpoint: Checkpoint, *, cycles: int, seed: int, taken: float) -> Given:
    """Return codes with gaps and where none is taken, starts that come early and late, a receiver that waits.

    Parameters
    ----------
    taken : float
        Share of cycles with ``logits_ready``.
    """
    rng = np.random.default_rng(seed)
    low, high = checkpoint.specification.code_range
    codes = rng.integers(low, high, cycles, endpoint=True)
    codes[rng.random(cycles) < 0.3] = 0
    flags = {"code_valid": 0.8, "start": 0.3, "first": 0.2, "ready": taken}
    return {name: rng.random(cycles) < share for name, share in flags.items()} | {"codes": codes}


class _Recorder:
    """Drive the stimulus and keep each cycle's values (a `cosim.bench.Monitor`)."""

    def __init__(self, given: Given, sampler: Sampler) -> None:
        self.given, self.sampler = given, sampler
        self.records: list[np.ndarray] = []

    def stimuli(self) -> Iterator[Stimulus]:
        for valid, code, start, first, ready in zip(
            *(self.given[name].tolist() for name in ("code_valid", "codes", "start", "first", "ready")), strict=True
        ):
            yield Stimulus(valid, code if valid else 0, start, first, ready)

    def observe(self) -> None:
        self.records.append(self.sampler.record(self.sampler.read()))


def hardware_records(checkpoint: Checkpoint, given: Given) -> np.ndarray:
    """Return the record of every cycle after reset [shape=(cycles, layout.words), dtype=uint64]."""
    spec, images = checkpoint.specification, memory_image(checkpoint)
    with forgotten_afterwards():
        registers, ports = build_registers(spec), build_ports(spec)
        recorder = _Recorder(given, Sampler(registers))
        contents = (images[0].row_values(), images[1].row_values())
        testbench = off_the_stack(bench, ports, registers, spec, contents, recorder)
        testbench.run_sim(quiet=1)
        testbench.quit_sim()
    return np.array(recorder.records)
