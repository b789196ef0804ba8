"""What stands in what, by counting and by path."""

from __future__ import annotations

from collections import Counter

from golden.specification import Specification
from rtl.design import TOP, build_design
from rtl.synthesis.hierarchy import blocks_by_path, instances_in_all, leaf_names, leaves_in, memories_in


def test_paths_and_counts_tell_the_same_leaves():
    design = build_design(Specification(inputs=5, input_bits=4, layers=(8, 8), outputs=12, lanes=8, logits_per_cycle=4))
    paths = blocks_by_path(design)
    by_block = Counter(f"rsnn_{block}" for block in paths.values())
    assert by_block == leaves_in(design, TOP)
    assert set(by_block) <= set(leaf_names(design))
    assert all(instances_in_all(design)[name] == count for name, count in by_block.items())
    assert len(memories_in(design, TOP)) == 2
