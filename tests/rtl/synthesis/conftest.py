"""A tiny accelerator to synthesise."""

from __future__ import annotations

import pytest

from golden.specification import Specification
from rtl.design import build_design

TINY = Specification(
    inputs=5, input_bits=4, layers=(8, 8), outputs=12, lanes=8, logits_per_cycle=4, membrane_bits=(9, 8),
    thresholds=(20, 15),
)  # fmt: skip


@pytest.fixture(scope="session")
def design(off_the_stack):
    return off_the_stack(build_design, TINY)


@pytest.fixture(scope="session")
def single(off_the_stack):
    """Return the tiny accelerator with one PE set."""
    return off_the_stack(build_design, TINY.replace(pe_sets=1, parallel_time_steps=False))


@pytest.fixture(scope="session")
def lanes(off_the_stack):
    return off_the_stack(build_design, TINY, "lanes")
