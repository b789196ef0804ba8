"""Netlists of the tiny accelerator: ports, counts over the hierarchy, flip-flops against the record."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from golden.layout import MEMORY_ROW, PORT, build_layout
from rtl.build_cache import cache_folder
from rtl.design import TOP, build_design
from rtl.synthesis.hierarchy import instances_in_all, instances_of, leaf_names, leaves_in, memories_in
from rtl.synthesis.synthesise import assemble, synthesise_all, synthesise_flat, synthesise_leaf
from tests.rtl.synthesis.conftest import TINY


@pytest.fixture(scope="module")
def found(design, library, yosys):
    return synthesise_all(design, library)


def test_the_hierarchy(design, lanes):
    assert instances_of(design, "rsnn_pe_array") == Counter(rsnn_pe_set=2, rsnn_operation_decoder=1)
    assert leaves_in(design, "rsnn_pe_array")["rsnn_sliced_adders"] == 2
    assert instances_in_all(design)["rsnn_lane_gate"] == 2
    assert instances_in_all(lanes)["rsnn_pe"] == 2 * lanes.specification.lanes
    assert set(leaf_names(design)) == set(leaves_in(design, TOP))
    depths = [bank.depth for bank in memories_in(design, TOP)]
    assert len(depths) == 2
    assert memories_in(design, "rsnn_controller") == []


def test_netlists_keep_name_and_width_of_every_port(design, found):
    netlists, _ = found
    for name in leaf_names(design):
        pattern = r"^  (input|output) (?:signed )?(?:\[(\d+):0\] )?(\w+);$"
        declared = re.findall(pattern, netlists[name].text, re.MULTILINE)
        ports = {(port, int(high or 0) + 1, way == "output") for way, high, port in declared}
        assert ports == {(port.name, port.width, port.output) for port in design.modules[name].ports}


def test_the_signs_of_codes_cost_their_plane_and_nothing_else_in_flip_flops(off_the_stack, library, yosys):
    spec = TINY.replace(plane_coding="sign_magnitude")
    flip_flops = []
    for coding in (TINY, spec):
        _, rows = synthesise_all(off_the_stack(build_design, coding), library)
        flip_flops.append({row.block: row.flip_flops for row in rows})
    plain, signed = flip_flops
    assert signed.pop("input_buffer") == plain.pop("input_buffer") + TINY.inputs
    assert signed.pop("accelerator") == plain.pop("accelerator") + TINY.inputs
    assert signed == plain


def test_rows(design, library, found):
    netlists, rows = found
    by_block = {row.block: row for row in rows}
    assert list(by_block) == [name.removeprefix("rsnn_") for name in design.modules if name != "rsnn_memory"]
    total = by_block["accelerator"]
    leaves = [row for row in rows if row.kind == "leaf"]
    assert total.cells == sum(row.instances * row.cells for row in leaves)
    assert total.area_um2 == pytest.approx(sum(row.instances * row.area_um2 for row in leaves))
    assert total.nand2_equivalents == total.area_um2 / 24
    assert total.depth >= max(row.depth for row in leaves)
    assert total.memory_bits == by_block["weight_buffer"].memory_bits
    assert total.memory_bits == sum(bank.depth for bank in memories_in(design, TOP)) * design.specification.row_bits
    assert not any(library.cells[cell].flip_flop for cell in netlists["rsnn_row_fetch"].cells)


def test_flip_flops_are_the_registers_of_the_record(design, found):
    registers: Counter[str] = Counter()
    for field in build_layout(design.specification):
        if field.clock not in (PORT, MEMORY_ROW):
            registers[field.block] += field.bits
    by_block = {row.block: row.flip_flops for row in found[1]}
    for block in ("controller", "input_buffer", "pe_array", "output"):
        assert by_block[block] == registers[block], block
    # The spikes of this frame stand in the unit that makes them.
    both = ("neuron_unit", "spikes")
    assert sum(by_block[block] for block in both) == sum(registers[block] for block in both)
    # Index 0 is visited in a pass's first slot, so it is never pending: that bit is constant.
    assert by_block["zero_skip"] == registers["zero_skip"] - 1
    assert by_block["accelerator"] == sum(registers.values()) - 1


def test_one_set_has_the_registers_of_its_record_and_nothing_to_combine(single, library, yosys, found):
    assert instances_of(single, "rsnn_pe_array") == Counter(rsnn_pe_set=1, rsnn_operation_decoder=1)
    netlists, rows = synthesise_all(single, library)
    registers = sum(
        field.bits for field in build_layout(single.specification) if field.clock not in (PORT, MEMORY_ROW)
    )
    by_block = {row.block: row for row in rows}
    # Bit 0 of `zero_skip.pending` is constant, as with two sets.
    assert by_block["accelerator"].flip_flops == registers - 1
    two = {row.block: row for row in found[1]}
    assert by_block["pe_array"].flip_flops == two["pe_array"].flip_flops // 2
    # Of the same adders those of a set that is alone take no other's sum.
    assert by_block["sliced_adders"].area_um2 < two["sliced_adders"].area_um2
    assert by_block["pe_array"].area_um2 < two["pe_array"].area_um2 / 2
    assert by_block["output"].area_um2 < two["output"].area_um2
    assert not {"combine", "high"} & set(re.findall(r"\w+", netlists["rsnn_sliced_adders"].text))


def test_joined_gates_are_those_of_the_leaves(design, library, found):
    netlists, rows = found
    joined = assemble(design, "rsnn_pe_set", netlists, library)
    row = next(row for row in rows if row.block == "pe_set")
    # Joining may drop gates whose outputs nothing reads, and adds none.
    assert 0.95 * row.cells <= sum(joined.cells.values()) <= row.cells


def test_the_whole_at_once_is_smaller(design, library, found):
    flat = synthesise_flat(design, library)
    assert sum(flat.cells.values()) < next(row.cells for row in found[1] if row.kind == "total")


def test_a_netlist_is_kept_by_content(design, library, yosys, tmp_path, monkeypatch):
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path))
    first = synthesise_leaf(design, "rsnn_lane_gate", library)
    stamp = (first.folder / "netlist.v").stat().st_mtime_ns
    again = synthesise_leaf(design, "rsnn_lane_gate", library)
    assert first == again
    assert (again.folder / "netlist.v").stat().st_mtime_ns == stamp
    entries = {path.name.split("-")[0]: path.name for path in cache_folder().iterdir()}
    assert set(entries) == {"netlist", "counted"}
    assert entries["netlist"] == first.folder.name


def test_its_two_forms_are_the_same_netlist(design, library, yosys):
    netlist = synthesise_leaf(design, "rsnn_lane_gate", library)
    module = netlist.module()
    assert Counter(cell["type"] for cell in module["cells"].values()) == Counter(netlist.cells)
    assert len(re.findall(r"^  \w+ \S+ \($", netlist.text, re.MULTILINE)) == len(module["cells"])
    assert {port["direction"] for port in module["ports"].values()} == {"input", "output"}


@pytest.mark.parametrize("name", ["netlist.v", "netlist.json"])
def test_a_netlist_that_was_changed_is_made_anew(design, library, yosys, tmp_path, monkeypatch, capsys, name):
    odd = tmp_path / "a b'c$(touch X)é"
    monkeypatch.setenv("RSNN_CACHE", str(odd))
    first = synthesise_leaf(design, "rsnn_lane_gate", library)
    whole = first.text
    path = first.folder / name
    path.write_text(path.read_text()[: path.stat().st_size // 2])
    again = synthesise_leaf(design, "rsnn_lane_gate", library)
    assert (again.text, again.cells, again.depth) == (whole, first.cells, first.depth)
    assert f"{name} is not what was built; it is made anew" in capsys.readouterr().err
    # What was read when it was held against its list stays, whatever becomes of the file.
    path.unlink()
    assert again.text == whole
    assert not list(tmp_path.rglob("X"))


def test_an_altered_assembly_is_made_anew(design, library, found, capsys):
    netlists, _ = found
    joined = assemble(design, "rsnn_pe_set", netlists, library)
    (joined.folder / "netlist.json").write_text('{"cells": {}}')
    again = assemble(design, "rsnn_pe_set", netlists, library)
    assert (again.cells, again.depth) == (joined.cells, joined.depth)
    assert "netlist.json is not what was built" in capsys.readouterr().err
