"""Counts of a design: a trace of all frames is the activity itself, and of some is scaled a frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.ablation.counts import golden_counts, joined
from experiments.exploration.measured import WARM_UP, measure
from golden.checkpoint import Checkpoint, random_checkpoint
from golden.predicted_activity import ActivityCounter
from golden.specification import Specification
from golden.trace import CycleModel
from power.constants import load_constants
from power.energy import price

SPEC = Specification(
    inputs=6, input_bits=5, layers=(20, 20), outputs=70, lanes=16, thresholds=(60, 40), membrane_bits=(12, 11)
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "cache"))


def codes_of(*frames: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(4)
    return {f"u{number}": rng.integers(-16, 16, (count, 6)) for number, count in enumerate(frames)}


def traced(network: Checkpoint, codes: np.ndarray, begin: int, first: int, end: int) -> list[dict[str, object]]:
    model, counter = CycleModel(network), ActivityCounter(network.specification)
    records = [model.frame(codes[at], first=at == begin) for at in range(begin, end)]
    if first > begin:
        counter.settle(records[first - begin - 1][-1])
    counter.add(np.concatenate(records[first - begin :]))
    return [dict(row) for row in counter.rows()]


@pytest.mark.parametrize("changes", [{}, {"pe_sets": 1, "parallel_time_steps": False}, {"time_steps": 1}])
def test_of_one_utterance_with_every_frame_traced_it_is_the_trace(changes: dict[str, object]) -> None:
    network = random_checkpoint(SPEC.replace(**changes), seed=3)
    utterances = codes_of(7)
    found = measure(network, utterances, traced=100)
    # Reads and additions in `found` are counted without a trace: two models agree.
    assert found.rows == traced(network, utterances["u0"], 0, 0, 7)
    assert (found.frames, found.traced_frames) == (7, 7)


def test_counts_are_golden_s_of_all_frames() -> None:
    network, utterances = random_checkpoint(SPEC, seed=3), codes_of(9, 30)
    found, counts = measure(network, utterances, traced=4), joined(golden_counts(network, utterances))
    assert found.cycles == counts.cycles.sum()
    assert found.cycles_most == counts.cycles.max()
    assert found.cycles_p99 in counts.cycles
    assert (counts.cycles <= found.cycles_p99).mean() >= 0.99
    assert found.row_reads == counts.rows.sum()
    combined = counts.phase_cycles[:, counts.phases.index("L0 combine")].sum() * SPEC.lanes * 2
    assert found.additions == counts.additions.sum() + combined
    assert (found.frames, found.traced_frames) == (39, 8)


def test_toggles_are_those_of_frames_in_the_middle_scaled_a_frame() -> None:
    network, utterances = random_checkpoint(SPEC, seed=3), codes_of(30)
    found = measure(network, utterances, traced=6)
    rows = traced(network, utterances["u0"], 12 - WARM_UP, 12, 18)
    for row, own in zip(rows, found.rows, strict=True):
        if row["toggles"] is not None:
            assert own["toggles"] == round(int(str(row["toggles"])) * 30 / 6), row["signal"]
        if row["clock"] == "gated":
            assert own["clocked_bits"] == round(int(str(row["clocked_bits"])) * 30 / 6)
        if row["clock"] == "free":
            assert own["clocked_bits"] == int(str(row["bits"])) * found.cycles
    assert found.toggles("register") > 0


def test_what_is_scaled_can_be_priced() -> None:
    network, utterances = random_checkpoint(SPEC, seed=3), codes_of(30, 11)
    found = measure(network, utterances, traced=3)
    values = {item: constant.bounds.typical for item, constant in load_constants().items()}
    assert price(found.priced_rows(), found.run(1e5, 0.01), values)["pe_array", "switching"] > 0
    assert found.memory_bits == SPEC.buffered_weights * SPEC.weight_bits


def test_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    from experiments.exploration import measured

    network, utterances = random_checkpoint(SPEC, seed=3), codes_of(5)
    first = measure(network, utterances, traced=2)
    monkeypatch.setattr(measured, "_measured", lambda *given: pytest.fail("counted again"))
    assert measure(network, utterances, traced=2) == first
    with pytest.raises(pytest.fail.Exception):
        measure(network, utterances, traced=3)
