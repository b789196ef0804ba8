"""A scenario in Verilator, compared with golden until the first difference."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from cosim.engines.icarus import IcarusEngine
from cosim.engines.verilator import NOTHING, VerilatorEngine
from cosim.mutants.scenarios import Scenario
from golden.handshake import NAMES
from golden.layout import Layout, build_layout
from golden.memory_image import memory_image
from rtl.design import Design

__all__ = ["Driven"]

# Cycles before golden is first looked at; then twice as many, and so on: most mutants differ early.
_FIRST_LOOK = 32


class Driven:
    """A scenario with its weights as a library takes them.

    Parameters
    ----------
    scenario : Scenario
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.layout = build_layout(scenario.checkpoint.specification)
        self.banks = memory_image(scenario.checkpoint)
        size = 4 * -(-scenario.checkpoint.specification.lanes * scenario.checkpoint.specification.weight_bits // 32)
        self.rows = [np.frombuffer(port.row.to_bytes(size, "little"), dtype="<u4") for port in scenario.weights]
        length = len(scenario.stimuli)
        looks = [_FIRST_LOOK << doubled for doubled in range(length.bit_length())]
        self.looks = [*(at for at in looks if at < length), length]

    def difference(self, design: Design, library: Path, mutant: int) -> str:
        """Return the first difference from golden, "" if there is none.

        Parameters
        ----------
        design : Design
        library : Path
            Of it with mutants (`cosim.engines.verilator.build_library`).
        mutant : int
            Of those in the library; 0 for none.
        """
        given = self.scenario
        engine = VerilatorEngine(design, library=library, mutant=mutant)
        engine.load(self.banks)
        got, ready = np.zeros_like(given.expected), np.zeros_like(given.handshake)
        borders = sorted({0, *(port.cycle for port in given.weights), *self.looks})
        looks = set(self.looks)
        ports = iter(zip(given.weights, self.rows, strict=True))
        coming, seen, found = next(ports, None), 0, ""
        for begin, end in pairwise(borders):
            while coming is not None and coming[0].cycle == begin:
                port, row = coming
                engine.weight_port(valid=port.valid, bank=port.bank, address=port.address, row=row)
                coming = next(ports, None)
            engine.run(
                given.stimuli[begin:end], given.codes[begin:end], got[begin:end],
                handshake=ready[begin:end], counting=NOTHING,
            )  # fmt: skip
            if end in looks:
                if found := _first(self.layout, given, got, ready, seen, end):
                    break
                seen = end
        engine.close()
        return found

    def compared(self, engine: IcarusEngine) -> str:
        """Return the first difference of another engine from golden, "" if there is none; weights are written before.

        Raises
        ------
        EngineError
            It ended the simulation.
        """
        given = self.scenario
        got, ready = np.zeros_like(given.expected), np.zeros_like(given.handshake)
        engine.load(self.banks)
        for begin, end in pairwise([0, *self.looks]):
            part = slice(begin, end)
            engine.run(given.stimuli[part], given.codes[part], got[part], handshake=ready[part])
            if found := _first(self.layout, given, got, ready, begin, end):
                return found
        return ""


def _first(layout: Layout, given: Scenario, got: np.ndarray, ready: np.ndarray, begin: int, end: int) -> str:
    """Return where golden and what came first differ from one cycle to another."""
    part = slice(begin, end)
    wrong = (got[part] != given.expected[part]).any(axis=1) | (ready[part] != given.handshake[part])
    if not wrong.any():
        return ""
    at = begin + int(np.argmax(wrong))
    for field in layout.fields:
        words = slice(field.offset, field.offset + field.words)
        if (got[at, words] != given.expected[at, words]).any():
            expected, came = (_hex(array[at, words]) for array in (given.expected, got))
            return f"cycle {at}: {field.path}: expected {expected} got {came}"
    bits = int(ready[at] ^ given.handshake[at])
    return f"cycle {at}: {NAMES[bits & -bits]}: not as expected"


def _hex(words: np.ndarray) -> str:
    return f"{int.from_bytes(words.astype('<u8').tobytes(), 'little'):x}"
