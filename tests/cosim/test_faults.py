"""The comparison bites: every fault is caught, in every block, and the unchanged copy passes."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

import rtl
from cosim.faults import FAULTS, Fault, inject

BLOCKS = {
    "input_buffer", "zero_skip", "weight_buffer", "pe", "pe_set", "pe_array", "single_set", "neuron_unit", "spikes",
    "output", "controller", "accelerator",
}  # fmt: skip


def test_the_unchanged_copy_passes() -> None:
    assert not inject(None).caught


def test_an_unchanged_copy_of_single_pes_passes() -> None:
    assert not inject(Fault("pe", "return add", "return  add", "nothing")).caught


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.block}: {fault.what}")
def test_every_fault_is_caught(fault: Fault) -> None:
    verdict = inject(fault)
    assert verdict.by == "comparison"
    assert verdict.said


def test_the_faults_cover_every_block() -> None:
    assert {fault.block for fault in FAULTS} == BLOCKS
    assert len(FAULTS) >= 20
    assert all((Path(rtl.__file__).parent / f"{block}.py").is_file() for block in BLOCKS)


def test_a_fault_whose_source_has_changed_is_refused() -> None:
    with pytest.raises(ValueError, match=r"zero_skip\.py: 'no such line' occurs 0 times, expected once"):
        inject(Fault("zero_skip", "no such line", "", "nothing"))


def test_the_packages_are_as_before_afterwards() -> None:
    import cosim.cosimulate

    inject(FAULTS[0])
    import cosim.cosimulate as again

    assert again is cosim.cosimulate
    assert Path(rtl.__file__).parent.parent == Path(again.__file__).parent.parent


def test_what_is_said_is_the_same_wherever_it_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A fault whose error names the file that it is in.
    fault = Fault("zero_skip", "pending.next = candidates ^ lowest", "raise ValueError(__file__)", "names a file")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    verdict = inject(fault)
    assert verdict.by == "MyHDL"
    assert verdict.said == "ValueError: rtl/zero_skip.py"
    assert list(tmp_path.iterdir()) == []
