"""Static timing: a chain whose delay adds up, blocks against the whole, ideal memories, and no OpenSTA."""

from __future__ import annotations

import dataclasses
import re

import pytest

from gates.liberty import OSU018, read_liberty
from rtl.design import TOP
from rtl.synthesis import timing
from rtl.synthesis.hierarchy import leaf_names, memories_in
from rtl.synthesis.synthesise import Netlist, assemble, synthesise_leaf
from rtl.synthesis.timing import longest_path_ns, memory_liberty, time_netlist
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
    with pytest.raises(SynthesisError, match=r"rsnn_row_fetch: OpenSTA \S+ finds no path:\n(.|\n)*does not link"):
        time_netlist(design, dataclasses.replace(broken), library)


def test_a_cell_of_no_library_is_no_black_box(design, library, opensta, tmp_path):
    netlist = chain(tmp_path / "black", 3)
    text = netlist.text.replace("INVX1 g1 ", "NOSUCH g1 ")
    (netlist.folder / "netlist.v").write_text(text)
    with pytest.raises(SynthesisError, match="does not link"):
        time_netlist(design, Netlist(netlist.name, netlist.cells, netlist.depth, netlist.folder), library)


def test_ports_that_are_signed_are_timed(design, library, opensta, tmp_path):
    own = time_netlist(design, chain(tmp_path / "own", 50), library)
    netlist = chain(tmp_path / "signed", 50)
    text = re.sub(r"^  (input|output) ", r"  \1 signed ", netlist.text, flags=re.MULTILINE)
    (netlist.folder / "netlist.v").write_text(text)
    assert text.count("signed") == 2
    assert time_netlist(design, dataclasses.replace(netlist), library) == own


@pytest.mark.parametrize("clock_hz", [1.0, 1e5, 1e9, 1e12])
def test_a_path_is_as_long_at_any_clock(design, library, opensta, tmp_path, clock_hz):
    # A slack beside a period of seconds would have no digits left for it.
    own = time_netlist(design, chain(tmp_path / "own", 20), library)
    spec = design.specification.replace(clock_hz=clock_hz, frame_period_s=1000 / clock_hz)
    other = time_netlist(dataclasses.replace(design, specification=spec), chain(tmp_path / "other", 20), library)
    assert other.path_ns == own.path_ns
    assert other.slack_ns == 1e9 / clock_hz - own.path_ns


def test_a_name_runs_nothing(design, library, opensta, tmp_path):
    buffer = library.cells[library.buffer]
    run = f"exec touch {tmp_path}/X"
    for at, name in enumerate((f"BUFX2[{run}]", f"BUFX2[{{*}}{run}]", f"BUFX2; {run}", "$env(HOME)", "}")):
        cells = dict(library.cells) | {library.buffer: dataclasses.replace(buffer, name=name)}
        hostile = dataclasses.replace(library, cells=cells)
        assert hostile.buffer == name
        with pytest.raises(SynthesisError, match="finds no path"):
            time_netlist(design, chain(tmp_path / str(at), 3), hostile)
        assert not (tmp_path / "X").exists()


SAID = "rsnn slack_s at period_ns"


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        ("worst slack 1.23\n", "printed what is not understood"),
        ("worst slack max -1.23\n", "printed what is not understood"),
        ("", "printed what is not understood"),
        (f"{SAID} 100 9e-8\n", "printed what is not understood"),
        (f"{SAID} 100 9e-8\n{SAID} 300 29e-8\n", "printed what is not understood"),
        (f"{SAID} 100 9e-8 s\n{SAID} 200 19e-8 s\n", "printed what is not understood"),
        (f"{SAID} 100 INF\n{SAID} 200 INF\n", "printed what is not understood"),
        (f"{SAID} 100 nan\n{SAID} 200 nan\n", "printed what is not understood"),
        (f"{SAID} 100 N/A\n{SAID} 200 N/A\n", "printed what is not understood"),
        (f"{SAID} 100 1.0000000150474662e+30\n{SAID} 200 1.0000000150474662e+30\n", "nothing is constrained"),
        # In nanoseconds instead of seconds; half a period.
        (f"{SAID} 100 90\n{SAID} 200 190\n", "do not follow the period"),
        (f"{SAID} 100 4e-8\n{SAID} 200 9e-8\n", "do not follow the period"),
        (f"Error: cells.lib, line 3 syntax error.\n{SAID} 100 9e-8\n{SAID} 200 19e-8\n", "path:\nError: cells"),
        (f"[ERROR STA-0340] no.\n{SAID} 100 9e-8\n{SAID} 200 19e-8\n", "finds no path:\n[ERROR STA-0340]"),
        ('rsnn failed: invalid command name "get_name"\n', "finds no path:\nWarning: anything\nrsnn failed: inv"),
    ],
)
def test_what_another_version_prints_is_called_unknown(printed, reason):
    with pytest.raises(SynthesisError) as caught:
        longest_path_ns(f"Warning: anything\n{printed}", "block: OpenSTA 9.9")
    assert str(caught.value).startswith("block: OpenSTA 9.9 ")
    assert reason in str(caught.value)
    # With what it said.
    assert printed.strip() in str(caught.value)


def test_a_path_is_the_period_less_the_slack():
    printed = f"Warning: x\n{SAID} 100 9.813729e-8\nworst slack max 1.0\n{SAID} 200 1.9813729e-7\n"
    assert longest_path_ns(printed, "block") == pytest.approx(1.86271)
    # Longer than the period.
    assert longest_path_ns(f"{SAID} 100 -4e-8\n{SAID} 200 6e-8\n", "block") == pytest.approx(140)


def test_real_libraries_time_a_chain_of_their_own_buffers(design, opensta, liberty_files, tmp_path):
    # Picoseconds and femtofarads, nanoseconds and picofarads; what a stage takes is a matter of the node.
    stage_ns = {"gt2_6t_w13_svt": (0.002, 0.05), "sg13g2_stdcell_typ_1p20V_25C": (0.02, 0.3)}
    stage_ns |= {"nangate45_typ": (0.01, 0.2)}
    for name, (least, most) in stage_ns.items():
        found = read_liberty(liberty_files[name])
        buffer = found.cells[found.buffer]
        paths = []
        for length in (10, 60):
            netlist = chain(tmp_path / f"{name}{length}", length)
            pin = buffer.inputs[0]
            text = re.sub(r"  (?:INVX1|BUFX2) (\w+) \( \.A", rf"  {buffer.name} \1 ( .{pin}", netlist.text)
            (netlist.folder / "netlist.v").write_text(text.replace(".Y(", f".{buffer.outputs[0]}("))
            timed = Netlist(netlist.name, netlist.cells, netlist.depth, netlist.folder)
            paths.append(time_netlist(design, timed, found).path_ns)
        assert least < (paths[1] - paths[0]) / 50 < most, name


def test_without_opensta_there_is_no_timing(design, monkeypatch, tmp_path):
    monkeypatch.setattr(timing, "sta_version", lambda: None)
    library = None
    if OSU018.is_file():
        library = read_liberty(OSU018)
    assert time_netlist(design, chain(tmp_path / "any", 1), library) is None
    assert "apt-get install opensta" in timing.HOW_TO_GET
