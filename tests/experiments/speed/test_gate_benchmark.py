"""Ours and Icarus evaluate the same netlist; ours is many times as fast."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.speed import gate_benchmark
from gates.errors import LibertyError
from golden.checkpoint import random_checkpoint
from golden.specification import Specification

TINY = Specification(
    inputs=5, input_bits=4, layers=(8, 8), outputs=12, lanes=8, logits_per_cycle=4, membrane_bits=(9, 8),
    thresholds=(20, 15),
)  # fmt: skip


@pytest.mark.slow
def test_both_are_positive_and_run_the_frames_that_are_asked_for(
    yosys: object, monkeypatch: pytest.MonkeyPatch, off_the_stack: object
) -> None:
    seen: list[tuple[str, int]] = []
    for name in ("gate_activity", "compare_settled"):
        real = getattr(gate_benchmark, name)

        def noted(*given: object, name: str = name, real=real, **more: object):
            codes = given[2] if name == "gate_activity" else {"": given[3]}
            seen.append((name, sum(map(len, codes.values()))))
            return real(*given, **more)

        monkeypatch.setattr(gate_benchmark, name, noted)
    codes = np.random.default_rng(1).integers(*TINY.code_range, size=(50, TINY.inputs), endpoint=True)
    own, icarus = gate_benchmark.gate_speeds(random_checkpoint(TINY, seed=3), codes, None, threads=2)
    assert seen == [("gate_activity", 2), ("gate_activity", 100), ("compare_settled", 1), ("compare_settled", 2)]
    assert own > 0
    assert icarus > 0


def test_cells_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(LibertyError, match=r"none\.lib"):
        gate_benchmark.gate_speeds(
            random_checkpoint(TINY, seed=3), np.zeros((2, 5), int), [tmp_path / "none.lib"], threads=1
        )
