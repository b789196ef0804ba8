"""The small networks: what the properties need to be about, and every switch somewhere."""

from __future__ import annotations

from golden.schedule import build_schedule
from rtl.formal.sizes import SIZES, SMALL


def test_the_small_size_has_what_matters():
    assert len(SMALL.layers) == 2
    assert any(layer > SMALL.lanes for layer in SMALL.layers)
    assert SMALL.outputs % (SMALL.lanes * 2)
    assert SMALL.outputs > SMALL.lanes * 2


def test_together_they_have_every_switch():
    specs = SIZES.values()
    assert {spec.time_steps for spec in specs} == {1, 2}
    assert {spec.pe_sets for spec in specs} == {1, 2}
    for switch in ("zero_skipping", "merged_spike", "parallel_time_steps", "plane_coding"):
        assert len({getattr(spec, switch) for spec in specs}) == 2
    # Words of more than one logit, the last one not full.
    assert any(spec.logits_per_cycle > 1 and spec.outputs % spec.logits_per_cycle for spec in specs)
    # A frame that outlasts its period.
    assert any(build_schedule(spec).worst_cycles > spec.frame_budget for spec in specs)
