from __future__ import annotations

import dataclasses

from cosim.mutants.designs import DESIGNS
from experiments.mutants import DESIGNS as OFFERED
from golden.schedule import build_schedule
from rtl.design import build_design


def test_the_command_offers_all() -> None:
    assert tuple(DESIGNS) == OFFERED


def test_each_can_be_exported_and_some_frames_are_late() -> None:
    for design in DESIGNS.values():
        spec = design.specification
        assert build_design(spec, design.architecture).files
        assert build_schedule(spec).worst_cycles > spec.frame_budget > spec.inputs


def test_between_them_every_switch_is_off_once() -> None:
    """A hole that a switch's hardware has shows only where the switch is used."""
    default = DESIGNS["small"].specification
    seen = {field.name: {getattr(each.specification, field.name) for each in DESIGNS.values()}
            for field in dataclasses.fields(default)}  # fmt: skip
    switches = ("time_steps", "weight_bits", "recurrent", "layers", "pe_sets", "parallel_time_steps",
                "zero_skipping", "merged_spike", "plane_coding", "zero_weight_gating")  # fmt: skip
    assert all(len(seen[name]) > 1 for name in switches)
    assert {each.architecture for each in DESIGNS.values()} == {"sliced", "lanes"}
