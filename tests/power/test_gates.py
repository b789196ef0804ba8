"""Gates by block, against the synthesis that the table was taken from."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from power.constants import UNITS, load_constants
from power.gates import gates_of
from power.priced_activity import ActivityRow

RESULTS = Path(__file__).parents[2] / "results"
SYNTHESIS = RESULTS / "verilog" / "synthesis.csv"
TABLE = load_constants()


def register(block: str, bits: int) -> ActivityRow:
    return ActivityRow(block=block, signal=f"r{bits}", kind="register", bits=bits, clock="gated")


def test_each_row_is_what_was_synthesised() -> None:
    with SYNTHESIS.open(newline="") as handle:
        rows = {(row["block"], row["kind"]): row for row in csv.DictReader(handle)}
    whole, flat = rows["accelerator", "total"], rows["accelerator", "flattened"]
    names = {"pe_array": ("pe_array", "structure"), "other": ("accelerator", "total")}
    items = [item for item in UNITS if item.startswith("gates_")]
    assert len(items) == 8
    with (RESULTS / "power" / "gates" / "asap7" / "area.csv").open(newline="") as file:
        (largest,) = (float(row["nand2_equivalents"]) for row in csv.DictReader(file) if row["block"] == "total")
    for item in items:
        block = item.removeprefix("gates_")
        row = rows[names.get(block, (block, "leaf"))]
        bounds = TABLE[item].bounds
        assert bounds.typical == pytest.approx(float(row["nand2_equivalents"]) / int(row["flip_flops"]), abs=0.006)
        # Low: what flattening saves of the whole. High: the largest library's netlist, with clock gates, over this one.
        saved = float(flat["nand2_equivalents"]) / float(whole["nand2_equivalents"])
        assert bounds.low / bounds.typical == pytest.approx(saved, abs=0.0015)
        assert bounds.high / bounds.typical == pytest.approx(largest / float(whole["nand2_equivalents"]), abs=0.0015)


def test_blocks_grow_with_their_flip_flops() -> None:
    rows = [
        register("spikes", 100),
        register("spikes", 20),
        register("mine", 10),
        ActivityRow(block="spikes", signal="p", kind="port", bits=4),
        ActivityRow(block="weights", signal="bank", kind="memory", bits=512, depth=4),
    ]
    values = {"gates_spikes": 10.0, "gates_other": 20.0}
    # A memory's block without registers has no gates; a block that was never synthesised has the whole's ratio.
    assert gates_of(rows, values) == {"spikes": 1200.0, "mine": 200.0}
    drawn = gates_of(rows, {item: np.array([value, 2 * value]) for item, value in values.items()})
    assert drawn["spikes"].tolist() == [1200, 2400]


def test_the_shipped_design_has_as_many_gates_as_were_synthesised() -> None:
    # Flip-flops of its blocks as in docs/gates.md; the residual is the blocks without flip-flops.
    bits = {
        "controller": 54, "input_buffer": 320, "spikes": 512, "zero_skip": 134, "pe_array": 4352, "neuron_unit": 4096,
        "output": 3107,
    }  # fmt: skip
    gates = gates_of(
        [register(block, count) for block, count in bits.items()],
        {item: constant.bounds.typical for item, constant in TABLE.items()},
    )
    assert sum(gates.values()) == pytest.approx(231_433.2, rel=0.001)
