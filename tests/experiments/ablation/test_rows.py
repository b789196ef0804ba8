"""Rows of the tables: whole codes beside bit planes, by hand; energies and powers of one and the same report."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from experiments.ablation.configurations import Configuration
from experiments.ablation.counts import TRACE, golden_counts, measure
from experiments.ablation.rows import Costs, bit_planes_row, markdown, refused_row, row_of
from golden.checkpoint import random_checkpoint
from golden.cycles import join_counts
from golden.specification import Specification
from power.energy import estimate_classes
from power.priced_activity import ActivityRow, Run

SPEC = Specification(
    inputs=6, input_bits=5, layers=(20, 12), outputs=70, lanes=16, thresholds=(60, 40), membrane_bits=(12, 11)
)


def bits_of(code: int, spec: Specification) -> list[bool]:
    held = abs(code) if spec.plane_coding == "sign_magnitude" else code % (1 << spec.input_bits)
    return [bool(held >> bit & 1) for bit in range(2 * spec.input_bits)]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"plane_coding": "sign_magnitude", "input_bits": 6},
        {"pe_sets": 1, "parallel_time_steps": False},
        {"zero_skipping": False},
    ],
)
def test_whole_codes_visit_what_is_not_zero(changes: dict[str, Any]):
    spec = SPEC.replace(**changes)
    network = random_checkpoint(spec, seed=3)
    codes = np.random.default_rng(1).integers(-3, 3, size=(9, 6))
    codes[4] = 0
    counts = golden_counts(network, {"a": codes})
    row = bit_planes_row(network, {"a": codes}, counts)
    # Two tiles; with one set two time steps, each of all planes one after the other.
    half, turns = -(-spec.input_bits // spec.pe_sets), 2 * (2 if spec.pe_sets == 1 else 1)
    reads = cycles = 0
    for frame in codes:
        for plane in range(half):
            ones = sum(
                bits_of(int(code), spec)[plane] or (spec.pe_sets == 2 and bits_of(int(code), spec)[half + plane])
                for code in frame
            )
            visits = ones if spec.zero_skipping else spec.inputs
            reads += visits * turns
            cycles += max(visits, 1) * turns
    whole = [int(np.count_nonzero(frame)) if spec.zero_skipping else spec.inputs for frame in codes]
    own = join_counts(list(counts.values()))
    assert row["row_reads"] == round((own.rows.sum() - reads + turns * sum(whole)) / 9, 1)
    assert row["cycles_mean"] == round((own.cycles.sum() - cycles + turns * sum(max(each, 1) for each in whole)) / 9, 1)


def costs(gates: dict[str, float] | None) -> Costs:
    network = random_checkpoint(SPEC, seed=3)
    utterances = {"a": np.random.default_rng(1).integers(-16, 16, size=(5, 6))}
    counts = golden_counts(network, utterances)
    return Costs(
        specification=SPEC,
        counts=counts,
        activity=measure(network, utterances, counts, engine=TRACE),
        gates=gates,
        library="" if gates is None else "mine",
        engine=TRACE,
        utterances=1,
        equal="",
    )


def test_power_is_that_of_the_activity_and_the_gates(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path))
    configuration = Configuration("mine", lambda given: given)
    without, some = costs(None), costs({"output": 0.0, "pe_array": 2e6})
    row, other = row_of(configuration, without, {}), row_of(configuration, some, {})
    assert (row["gates_nand2"], row["gates_from"]) == (None, "power/tables/gates.csv")
    assert (other["gates_nand2"], other["gates_from"]) == (2_000_000, "synthesis, mine")
    run = Run(frames=5, cycles=without.activity.cycles, clock_hz=1e5, frame_period_s=0.01)
    reports = estimate_classes([ActivityRow.from_mapping(each) for each in without.activity.rows], run)
    for threshold, report in reports.items():
        assert row[f"{threshold}_uw_median"] == round(report.total.typical, 2)
        assert row[f"{threshold}_uw_p5"] < row[f"{threshold}_uw_median"] < row[f"{threshold}_uw_p95"]
    # 2 million gates of 0.1, 1 and 13.3 nW typical, in 10 ms; what is not leakage does not change.
    assert other["SVT_nj"] == pytest.approx(20_000, rel=0.25)
    assert other["dynamic_nj"] == row["dynamic_nj"]


def test_the_markdown_names_changes_and_what_was_refused(tmp_path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path))
    shipped = row_of(Configuration("shipped design", lambda given: given), costs(None), {})
    twice = shipped | {"configuration": "twice", "cycles_mean": 2 * shipped["cycles_mean"]}
    refused = refused_row(Configuration("never", lambda given: given), "too wide")
    text = markdown({"techniques": [shipped, twice, twice, refused], "techniques_cumulative": [shipped, twice, twice]})
    single, series = text.split("## ")[1:]
    assert single.count("(+100.0 %)") == 2
    assert series.count("(+100.0 %)") == 1
    assert "| never (refused: too wide) |" in single
