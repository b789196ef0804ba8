"""Switching power of nets by a sum worked out by hand, and that our own files are read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cosim.saif import record_bits, write_saif
from experiments.energy.power_nets import power_of_saif
from golden.layout import build_layout
from golden.specification import Specification
from power.constants import COLUMNS, UNITS
from power.errors import ActivityError
from power.saif import read_saif
from rtl.design import build_design

SPECIFICATION = Specification(
    inputs=12, layers=(20, 16), outputs=75, lanes=16, logits_per_cycle=4, thresholds=(40, 60), leaks=(2, 3)
)
TEXT = """(SAIFILE (TIMESCALE 1 ns) (DURATION 1000)
(INSTANCE top (NET (clk (T0 500) (T1 500) (TC 300)) (x (T0 1) (T1 1) (TX 998) (TC 1)))
(INSTANCE a (NET (y (T0 1000) (T1 0) (TC 0))) (INSTANCE b (NET (z (T0 500) (T1 500) (TC 99)))))))
"""


def test_toggles_are_priced_by_instance_and_coverage_is_said(tmp_path: Path) -> None:
    path, table = tmp_path / "a.saif", tmp_path / "mine.csv"
    path.write_text(TEXT)
    # Half of 0.81 V^2 times 3 x 1 fF + 0.1 fF, and 0.7445 fJ inside: 2 fJ a toggle.
    mine = {"input_capacitance": 1, "fan_out": 3, "wire_length": 1, "wire_capacitance": 0.1, "internal_energy": 0.7445}
    rows = [
        [item, "", UNITS[item], "28", "0.9", "25", *[str(value)] * 3, "cited", "mine", "a sheet", ""]
        for item, value in mine.items()
    ]
    table.write_text("\n".join(",".join(row) for row in [COLUMNS, *rows]) + "\n")
    first, _, *lines, last = power_of_saif(path, constants=table).splitlines()
    assert first.startswith("4 nets in 1e-06 s: 3 (75.0 %) annotated throughout, 1 unknown for some of the time; 3 ")
    # 301 toggles of 2 fJ in 1 us are 0.602 uW.
    assert [line.split() for line in lines] == [
        ["top", "2", "nets", "301", "toggles", "0.602", "(0.602-0.602)"],
        ["top/a", "2", "nets", "99", "toggles", "0.198", "(0.198-0.198)"],
        ["total", "4", "nets", "400", "toggles", "0.8", "(0.8-0.8)"],
    ]
    assert "leakage" in last


def test_shipped_bounds_and_refusals(tmp_path: Path) -> None:
    path = tmp_path / "a.saif"
    path.write_text(TEXT)
    assert power_of_saif(path, constants=None) != ""
    path.write_text(TEXT.replace("(TC 300)", "(TC 3e2)"))
    with pytest.raises(ActivityError, match=r"a\.saif, line 2: TC is '3e2'"):
        power_of_saif(path, constants=None)


def test_our_own_file_is_read_back(tmp_path: Path, off_the_stack) -> None:  # type: ignore[no-untyped-def]
    design = off_the_stack(build_design, SPECIFICATION)
    bits = 64 * build_layout(SPECIFICATION).words
    rng = np.random.default_rng(1)
    toggles, highs = rng.integers(0, 50, bits), rng.integers(0, 101, bits)
    path = write_saif(tmp_path / "ours.saif", design, toggles=toggles, highs=highs, cycles=100)
    saif = read_saif(path)
    assert saif.seconds == pytest.approx(100 / SPECIFICATION.clock_hz)
    assert {net.name: net.toggles for net in saif.nets} == {
        f"{design.top.name}/{name}": toggles[bit] for name, bit in record_bits(design)
    }
    assert all(net.known for net in saif.nets)
