"""The Verilog as a whole: its modules, its ports against the data sheets, and the same bytes every time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rtl
from golden.layout import build_layout
from golden.specification import Specification
from rtl.design import STREAM_TOP, TOP, build_design, build_stream_modules
from rtl.netlist import MODULE

NOT_BLOCKS = {
    *("__init__", "build_cache", "build_entry", "deliverables", "design", "elaboration", "netlist", "packed"),
    *("program", "registers", "scratch", "sources", "testbench", "timescale"),
}
# A file whose block takes the place of another's.
NAMES = {"single_set": "pe_array"}
BLOCK_FILES = sorted({path.stem for path in Path(rtl.__file__).parent.glob("*.py")} - NOT_BLOCKS)
SMALL = Specification(
    inputs=9, input_bits=5, layers=(20, 12), outputs=71, lanes=16, logits_per_cycle=4, time_steps=1, weight_bits=8
)


@pytest.fixture(scope="module")
def full(off_the_stack):
    return off_the_stack(build_design, Specification())


@pytest.fixture(scope="module")
def small(off_the_stack):
    return off_the_stack(build_design, SMALL, "lanes")


@pytest.fixture(scope="module")
def signed(off_the_stack):
    """Sign and magnitude: ports that a block has with this switch only."""
    return off_the_stack(build_design, SMALL.replace(plane_coding="sign_magnitude"))


@pytest.fixture(scope="module")
def single(off_the_stack):
    return off_the_stack(build_design, SMALL.replace(pe_sets=1))


@pytest.fixture(scope="module")
def streams(off_the_stack):
    return off_the_stack(build_stream_modules, Specification(), arg_max=False)


def test_every_block_is_a_module_of_its_own_name(full, small, streams):
    made = {name.removeprefix(MODULE) for name in (*full.modules, *small.modules, *streams)}
    assert {NAMES.get(name, name) for name in BLOCK_FILES} <= made
    assert all(re.search(rf"^module {name}\b", module.text, re.MULTILINE) for name, module in full.modules.items())
    assert all(len(re.findall(r"^module ", module.text, re.MULTILINE)) == 1 for module in full.modules.values())


def test_children_stand_before_the_modules_that_instantiate_them(full, small):
    for design in (full, small):
        seen: set[str] = {f"{MODULE}memory"}
        for name, module in design.modules.items():
            instantiated = set(re.findall(rf"^ +({MODULE}\w+) ", module.text, re.MULTILINE))
            assert instantiated <= seen
            seen.add(name)
        assert list(design.modules)[-2] == TOP


def test_the_ports_that_a_module_states_are_those_in_its_text(full, small):
    for module in (*full.modules.values(), *small.modules.values()):
        if module.name == f"{MODULE}memory":
            continue
        declared = re.findall(
            r"^ *(input|output) +(?:wire +)?(signed )?(?:\[(\d+):0\] )?(\w+)[,;]?$", module.text, re.MULTILINE
        )
        ports = [(name, int(high or 0) + 1, way == "output", bool(signed)) for way, signed, high, name in declared]
        assert ports == [(port.name, port.width, port.output, port.signed) for port in module.ports]


def test_every_field_of_the_record_has_its_bits_in_the_top_module(full, small):
    for design in (full, small):
        nets = {net.name: net.width for net in design.top.nets}
        for field in build_layout(design.specification):
            bits = 0
            for place in design.places[field.path]:
                name, _, part = place.partition("[")
                high, _, low = part.rstrip("]").partition(":")
                width = nets[name] if not part else int(high) - int(low or high) + 1
                assert width <= nets[name]
                bits += width
            # The last tile of spikes is as wide as the others, whatever is left of the layer.
            assert bits == field.bits or (field.block == "spikes" and bits >= field.bits)


def test_the_same_specification_gives_the_same_bytes(small, off_the_stack):
    again = off_the_stack(build_design, SMALL, "lanes")
    assert again.files == small.files
    assert again.digest == small.digest
    assert off_the_stack(build_design, SMALL).digest != small.digest


def test_every_process_gives_the_same_bytes(small):
    # Python orders sets of strings by a seed of the process, and MyHDL keeps names in sets.
    program = (
        "from golden.specification import Specification; from rtl.design import build_design; "
        f"print(build_design({SMALL!r}, 'lanes').digest)"
    )
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(rtl.__file__).parents[1])}
        run = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True
        )
        assert run.stdout.strip() == small.digest


def test_no_process_waits_for_ports_alone(full, single, signed, streams):
    """It would never run in Verilog where those are from time 0 on what they stay, and what it drives would be X."""
    for modules, top in ((full.modules, TOP), (single.modules, TOP), (signed.modules, TOP), (streams, STREAM_TOP)):
        ports = {port.name for port in modules[top].ports if not port.output}
        for name, module in modules.items():
            for waits in re.findall(r"always @\(([^)]*)\)", module.text):
                if "edge" not in waits:
                    read = {re.sub(r"\[.*", "", signal).strip() for signal in re.split(r",|\bor\b", waits)}
                    assert not read <= ports, f"{name}: always @({waits})"


def test_the_streams_stand_around_the_same_accelerator(full, streams):
    assert {name: module.text for name, module in streams.items() if name in full.modules} == {
        name: module.text for name, module in full.modules.items()
    }
    assert set(streams) - set(full.modules) == {STREAM_TOP, f"{MODULE}axi_stream"}
    ports = {port.name: (port.width, port.output) for port in streams[STREAM_TOP].ports}
    assert ports["m_tdata"] == (16 * 16, True)
    assert ports["s_tready"] == (1, True)
    assert ports["weight_row"] == (512, False)
    assert not {"code", "logits", "start"} & set(ports)


def test_one_set_has_nothing_of_a_second(full, single):
    assert set(single.modules) == set(full.modules)
    for name, wide, narrow in ((f"{MODULE}pe_array", "acc1", "acc0"), (f"{MODULE}output", "shadow1", "shadow0")):
        two, one = ({port.name for port in design.modules[name].ports} for design in (full, single))
        assert {wide, narrow} <= two
        assert wide not in one
        assert narrow in one
    combining = {"combine", "low", "high"}
    for name in (f"{MODULE}pe_set", f"{MODULE}sliced_adders", f"{MODULE}lane_gate"):
        assert combining & {port.name for port in full.modules[name].ports}
        assert not combining & {port.name for port in single.modules[name].ports}
    assert not [name for name, module in single.modules.items() if re.search(r"\b(acc1|shadow1)", code_of(module))]


def code_of(module) -> str:
    """Return a module's text without comments."""
    return re.sub(r"//.*", "", module.text)


# ---- data sheets -------------------------------------------------------------------------------------------


def rows_of(sheet: str) -> dict[str, tuple[str, str]]:
    """Return width and sign of every port of a data sheet's table; "low, high" and "row0/1" stand for two."""
    rows: dict[str, tuple[str, str]] = {}
    table = sheet.split("=\n")[1:-1]
    columns = [match.span() for match in re.finditer(r"=+", next(line for line in sheet.splitlines() if "===" in line))]
    for line in "\n".join(table).splitlines():
        cells = [line[start:end].strip() for start, end in columns[:3]]
        if not cells[0] or cells[0].startswith("=") or cells[0] == "port":
            continue
        first, *others = re.split(r", |/", cells[0])
        for port in [first, *(first[:-1] + other if other.isdigit() else other for other in others)]:
            rows[port] = (cells[1], cells[2])
    return rows


def block_of(name: str):
    return getattr(__import__(f"rtl.{name}", fromlist=[name]), NAMES.get(name, name))


@pytest.mark.parametrize("name", BLOCK_FILES)
def test_the_data_sheet_states_what_it_must(name):
    sheet = block_of(name).func.__doc__
    for stated in ("Latency:", "Reset:", "Extremes:"):
        assert sheet.count(stated) == 1


# The sheet of the accelerator with streams names those of the blocks that it joins.
@pytest.mark.parametrize("name", [name for name in BLOCK_FILES if name != "axi_accelerator"])
def test_the_data_sheet_has_a_row_for_every_port_with_its_width_and_sign(
    full, small, signed, single, streams, name
):
    rows = rows_of(block_of(name).func.__doc__)
    everywhere = (single.modules,) if name in NAMES else (full.modules, small.modules, streams, signed.modules)
    module = MODULE + NAMES.get(name, name)
    ports, *others = (found[module].ports for found in everywhere if module in found)
    # With sign and magnitude a block may have further ones.
    switched = others[-1] if others else ()
    ports += tuple(port for port in switched if port.name not in {other.name for other in ports})
    for port in ports:
        family = re.sub(r"_.*", "_*", port.name)
        width, sign = rows.get(port.name) or rows[family]
        if width.isdigit() and family not in rows:
            assert int(width) == port.width, port
        elif family not in rows:
            assert port.width > 1, port
        assert sign == ("yes" if port.signed else "no"), port
    named = {port for port in rows if not port.endswith("*")}
    assert named <= {port.name for port in ports}
