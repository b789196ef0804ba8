"""What is required of an engine: counts that differ are caught, by name."""

from __future__ import annotations

import shutil
from typing import Any

import numpy as np
import pytest

from cosim.scoreboard import PredictionError
from experiments.ablation import counts as technique_counts
from experiments.ablation.counts import (
    TRACE,
    add_up,
    golden_counts,
    measure,
    predicted,
    require_rows,
    require_same_activity,
)
from golden.checkpoint import Checkpoint, random_checkpoint
from golden.specification import Specification

SPEC = Specification(
    inputs=6, input_bits=5, layers=(20, 12), outputs=70, lanes=16, thresholds=(60, 40), membrane_bits=(12, 11)
)


def network(**changes: Any) -> Checkpoint:
    return random_checkpoint(SPEC.replace(**changes), seed=3)


def codes_of(seed: int, frames: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-16, 16, size=(frames, 6))


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "cache"))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"zero_skipping": False, "merged_spike": False, "parallel_time_steps": False, "zero_weight_gating": False},
        {"time_steps": 1},
        {"pe_sets": 1, "parallel_time_steps": False},
        {"plane_coding": "sign_magnitude"},
        # A budget that frames pass.
        {"clock_hz": 6_000.0},
    ],
)
def test_golden_counts_with_and_without_a_trace_are_the_same(changes: dict[str, Any]):
    checkpoint = network(**changes)
    utterances = {"a": codes_of(1, 7), "b": codes_of(2, 4)}
    counts = golden_counts(checkpoint, utterances)
    seen: list[int] = []
    found = measure(checkpoint, utterances, counts, engine=TRACE, each=seen.append)
    assert found.frames == 11
    assert found.cycles == sum(seen) == sum(int(each.cycles.sum()) + 1 for each in counts.values())
    # By hand: both banks' rows as the schedule lays them out, and the adders' operations in the table of all.
    assert found.total("reads", "memory") == sum(int(each.rows.sum()) for each in counts.values())
    overruns = sum(predicted(checkpoint, each)["overruns"][0] for each in counts.values())
    assert (overruns > 0) == ("clock_hz" in changes)
    # FC: 3 pairs and 2 second groups of 12 rows; layers: 2 tiles of 6 + 20 rows, 1 of 20 + 12; 16 lanes of 4 bits.
    assert found.memory_bits == (3 * 12 + 2 * 12 + 2 * 26 + 32) * 16 * 4


def test_kept_counts_are_held_to_golden_too(monkeypatch: pytest.MonkeyPatch):
    checkpoint, utterances = network(), {"a": codes_of(1, 3)}
    counts = golden_counts(checkpoint, utterances)
    first = measure(checkpoint, utterances, counts, engine=TRACE)
    monkeypatch.setattr(technique_counts, "_run", lambda *_: pytest.fail("counted again"))
    assert measure(checkpoint, utterances, counts, engine=TRACE) == first


@pytest.mark.parametrize(
    ("what", "where", "said"),
    [
        ("cycles of each frame", 1, r"a: golden counts other cycles of each frame, frame 1 than golden: exp"),
        ("reads of each bank", 0, "other reads of each bank"),
        ("additions of each set", 1, "other additions of each set"),
        ("overruns", 0, "other overruns"),
    ],
)
def test_a_wrong_count_is_caught(what: str, where: int, said: str, monkeypatch: pytest.MonkeyPatch):
    checkpoint, utterances = network(), {"a": codes_of(1, 3)}
    right = technique_counts._run

    def wrong(*given: Any) -> dict[str, Any]:
        found = right(*given)
        found["counted"][what][where] += 1
        return found

    monkeypatch.setattr(technique_counts, "_run", wrong)
    with pytest.raises(PredictionError, match=said):
        measure(checkpoint, utterances, golden_counts(checkpoint, utterances), engine=TRACE)


def test_a_toggle_too_many_is_caught():
    checkpoint = network()
    rows = measure(checkpoint, {"a": codes_of(1, 2)}, golden_counts(checkpoint, {"a": codes_of(1, 2)}), engine=TRACE)
    wrong = [dict(row) for row in rows.rows]
    wrong[3]["toggles"] = int(wrong[3]["toggles"] or 0) + 1
    with pytest.raises(PredictionError, match=f"icarus: toggles of {wrong[3]['block']}.{wrong[3]['signal']}: expected"):
        require_rows("icarus", rows.rows, wrong)
    with pytest.raises(PredictionError, match="rows of activity, expected"):
        require_rows("icarus", rows.rows, rows.rows[1:])


def test_activity_adds_up_and_sizes_do_not():
    checkpoint, utterances = network(), {"a": codes_of(1, 2)}
    rows = measure(checkpoint, utterances, golden_counts(checkpoint, utterances), engine=TRACE).rows
    twice = add_up([rows, rows])
    for one, two in zip(rows, twice, strict=True):
        assert (two["bits"], two["depth"], two["clock"]) == (one["bits"], one["depth"], one["clock"])
        for column in ("toggles", "clocked_bits", "reads", "operations"):
            assert two[column] == (None if one[column] is None else 2 * int(one[column]))


def test_every_engine_counts_as_golden_does(off_the_stack):
    if shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed")
    checkpoint = network(plane_coding="sign_magnitude")
    off_the_stack(require_same_activity, checkpoint, codes_of(1, 2), ["myhdl", "icarus"])
