"""The block of each cell of a flat netlist."""

from __future__ import annotations

from experiments.hardware.synthesised import blocks_of


def test_blocks_are_found_by_the_longest_path():
    class Named:
        names = ("a.b.u1", "a.b.c.u2", "u3", "a.x.u4")

    found = blocks_of(Named, {"a.b": "outer", "a.b.c": "inner"})  # type: ignore[arg-type]
    assert found.tolist() == ["outer", "inner", "accelerator", "accelerator"]
