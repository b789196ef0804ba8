"""Static timing: a chain whose delay adds up, blocks against the whole, ideal memories, and no OpenSTA."""

from __future__ import annotations

import dataclasses

import pytest

from rtl.design import TOP
from rtl.synthesis import timing
from rtl.synthesis.liberty import OSU018, read_liberty
from rtl.synthesis.synthesise import Netlist, assemble, leaf_names, memories_in, synthesise_leaf
from rtl.synthesis.timing import memory_liberty, time_netlist
from rtl.synthesis.yosys import SynthesisError


def chain(folder, length: int) -> Netlist:
    """Return inverters in a row, under the name and two of the ports of a block."""
    folder.mkdir()
    gates = "".join(f"  INVX1 g{at} ( .A(n{at}), .Y(n{at + 1}) );\n" for at in range(length))
    wires = "".join(f"  wire n{at};\n" for at in range(length + 1))
    text = f"module rsnn_row_fetch(hold, read0);\n  input hold;\n  output read0;\n{wires}"
    text += f"  BUFX2 first ( .A(hold), .Y(n0) );\n{gates}  BUFX2 last ( .A(n{length}), .Y(read0) );\nendmodule\n"
    (folder / "netlist.v").write_text(text)
    return Netlist("rsnn_row_fetch", {"INVX1": length, "BUFX2": 2}, length + 2, folder)


def test_a_longer_chain_takes_longer(design, library, opensta, tmp_path):
    short, long = (time_netlist(design, chain(tmp_path / str(length), length), library) for length in (10, 110))
    # An inverter of this library that drives another takes 10 to 100 ps.
    assert 100 * 0.01 < long.path_ns - short.path_ns < 100 * 0.1
    assert long.path_ns + long.slack_ns == pytest.approx(1e9 / design.specification.clock_hz)
    assert long.fmax_mhz == pytest.approx(1e3 / long.path_ns)


def test_units_are_those_of_the_library(design, library, opensta, tmp_path):
    faster = dataclasses.replace(library, text=library.text.replace('time_unit : "1ns"', 'time_unit : "1ps"'))
    assert faster.text != library.text
    own = time_netlist(design, chain(tmp_path / "ns", 500), library)
    thousandth = time_netlist(design, chain(tmp_path / "ps", 500), faster)
    assert thousandth.path_ns == pytest.approx(own.path_ns / 1000, rel=0.05)
    assert thousandth.path_ns + thousandth.slack_ns == pytest.approx(1e9 / design.specification.clock_hz)


def test_the_whole_is_no_faster_than_its_slowest_block(design, library, yosys, opensta):
    netlists = {name: synthesise_leaf(design, name, library) for name in leaf_names(design)}
    paths = {name: time_netlist(design, netlist, library).path_ns for name, netlist in netlists.items()}
    whole = time_netlist(design, assemble(design, TOP, netlists, library), library)
    assert min(paths.values()) > 0
    assert whole.path_ns > 0.9 * max(paths.values())


def test_memories_are_cells_of_their_size(design, tmp_path):
    path = tmp_path / "memories.lib"
    path.write_text(memory_liberty(memories_in(design, TOP)))
    cells = read_liberty(path).cells
    assert set(cells) == {memory.module for memory in memories_in(design, TOP)}
    assert not any(cell.modelled for cell in cells.values())


def test_a_netlist_that_does_not_link_is_refused(design, library, opensta, tmp_path):
    broken = chain(tmp_path / "broken", 3)
    (broken.folder / "netlist.v").write_text("module rsnn_row_fetch(hold, ;\nendmodule\n")
    with pytest.raises(SynthesisError, match="rsnn_row_fetch: OpenSTA finds no path"):
        time_netlist(design, dataclasses.replace(broken), library)


def test_without_opensta_there_is_no_timing(design, monkeypatch, tmp_path):
    monkeypatch.setattr(timing, "sta_version", lambda: None)
    library = None
    if OSU018.is_file():
        library = read_liberty(OSU018)
    assert time_netlist(design, chain(tmp_path / "any", 1), library) is None
    assert "apt-get install opensta" in timing.HOW_TO_GET
