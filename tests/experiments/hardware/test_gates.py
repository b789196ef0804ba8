"""``rsnn gates`` on a tiny network: tables that add up, counts kept, refusals."""

from __future__ import annotations

import csv
import json
import re
import shutil

import numpy as np
import pytest

from experiments.chain.spoken import clip_codes
from experiments.command import cli
from gates.liberty import OSU018
from golden.checkpoint import random_checkpoint, save_checkpoint
from golden.predicted_activity import ActivityCounter
from golden.trace import CycleModel
from power.saif import read_saif
from tests.conftest import CLOCK_GATE, require
from tests.cosim.test_gate_activity import TINY


@pytest.fixture(scope="module", autouse=True)
def tools(yosys):
    require(OSU018.is_file(), "the open standard cells are not installed (apt install qflow-tech-osu018)")
    require(shutil.which("iverilog"), "Icarus Verilog is not installed (apt install iverilog)")


@pytest.fixture
def arguments(tmp_path):
    save_checkpoint(tmp_path / "tiny.npz", random_checkpoint(TINY, seed=3))
    (tmp_path / "gate.lib").write_text(CLOCK_GATE)
    return ["gates", "--checkpoint", f"{tmp_path}/tiny.npz", "--liberty", f"{OSU018}", f"{tmp_path}/gate.lib"]


def rows_of(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_tables_add_up_and_counts_are_kept(arguments, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "cache"))
    out = tmp_path / "out"
    arguments += ["--frames", "20", "--power-frames", "5", "--icarus-frames", "3", "--out", f"{out}"]
    assert cli.main(arguments) == 0
    printed = capsys.readouterr().out
    *blocks, total = rows_of(out / "gates.csv")
    for column in ("cells", "flip_flops", "clock_gates", "nets", "nets_that_never_move"):
        assert sum(int(row[column]) for row in blocks) == int(total[column]) > 0, column
    assert sum(float(row["toggles_a_frame"]) for row in blocks) == pytest.approx(float(total["toggles_a_frame"]), abs=1)
    assert {row["block"] for row in blocks} >= {"controller", "sliced_adders", "lane_gate", "neuron_unit", "output"}
    assert all(float(row["unit_delay_factor"]) >= 1 for row in blocks if row["unit_delay_factor"])
    about = json.loads((out / "gates.json").read_text())
    assert about["nets_annotated"] + about["nets_of_ports_and_memories_alone"] == about["nets"]
    assert about["flip_flops"] == about["flip_flops_found_in_the_record"] == int(total["flip_flops"])
    assert (about["frames"], about["utterances"], about["clock_gating"]) == (20, 1, True)
    assert [(row["frames"], row["differences"]) for row in about["icarus"]] == [(3, 0), (1, 0)]
    assert "0 differences" in printed
    assert (out / "gates_seconds.csv").is_file()
    # Again: what was counted is not counted anew, and says the same.
    again = [*arguments[:-1], f"{tmp_path}/again"]
    assert cli.main(again) == 0
    for name in ("gates.csv", "gates.json"):
        assert (out / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert not (tmp_path / "again" / "gates_seconds.csv").exists()


def test_power_and_area_by_block_add_up(arguments, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main([*arguments, "--frames", "2", "--power-frames", "10", "--wires", "10:0.2", "--out", f"{out}"]) == 0
    rows = rows_of(out / "netlist_power.csv")
    for toggles in ("settled", "unit delays"):
        *blocks, total = [row for row in rows if row["toggles"] == toggles]
        assert total["block"] == "total"
        for column in total:
            if column.endswith("_uw"):
                summed = sum(float(row[column]) for row in blocks)
                assert summed == pytest.approx(float(total[column]), rel=1e-3, abs=1e-6), column
        parts = sum(float(total[f"{part}_uw"]) for part in ("gates", "flip_flops", "switching"))
        clock = sum(float(total[f"clock_{part}_uw"]) for part in ("pins", "gates", "nets"))
        assert float(total["dynamic_uw"]) == pytest.approx(parts + clock, rel=1e-3)
        assert min(parts, clock, float(total["leakage_uw"])) > 0
    settled, unit = rows[-2:]
    assert float(unit["switching_uw"]) > float(settled["switching_uw"])
    for column in ("clock_pins_uw", "clock_nets_uw", "leakage_uw"):
        assert unit[column] == settled[column]
    *blocks, memories, total = rows_of(out / "area.csv")
    assert memories["memory_bits"]
    assert sum(float(row["cells_um2"]) for row in blocks) == pytest.approx(float(total["cells_um2"]), abs=1)
    assert float(total["placed_um2"]) == pytest.approx(float(total["cells_um2"]) / 0.75, abs=1)
    low, typical, high = (float(total[f"mm2_28nm_{name}"]) for name in ("low", "typical", "high"))
    assert 0 < low < typical < high
    power = json.loads((out / "gates.json").read_text())["power"]
    assert (power["wire_load"], power["frames"]) == ("10 um a pin, 0.2 fF/um", 10)
    # In real time: each frame takes its period.
    assert power["cycles"] == 10 * TINY.frame_budget
    assert power["coverage"]["nets_annotated"] > 0.9 * power["coverage"]["nets"]
    assert "wires: 10 um a pin" in capsys.readouterr().out


def test_files_for_opensta_are_of_the_same_run(arguments, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main([*arguments, "--frames", "2", "--power-frames", "5", "--opensta", "--out", f"{out}"]) == 0
    saif = read_saif(out / "opensta" / "nets.saif")
    assert saif.seconds == pytest.approx(5 * TINY.frame_period_s)
    nets = {net.name.partition("/")[2]: net.toggles for net in saif.nets}
    about = json.loads((out / "gates.json").read_text())
    assert len(nets) == about["nets_annotated"] - 2
    # The clock has two edges a cycle; and the netlist has the nets under these names.
    assert nets["clk"] == 2 * 5 * TINY.frame_budget
    text = (out / "opensta" / "netlist.v").read_text()
    found = set(re.findall(r"wire (?:\[\d+:0\] )?(\S+?) ?;", text))
    plain = {name.replace("\\", "") for name in nets}
    assert sum(name in {each.replace("\\", "") for each in found} for name in plain) > 0.9 * len(plain)
    script = (out / "opensta" / "power.tcl").read_text()
    assert "read_saif -scope rsnn_accelerator nets.saif" in script
    capsys.readouterr()
    assert cli.main(["power", f"{out}/opensta/nets.saif"]) == 0
    assert "100.0 %) annotated" in capsys.readouterr().out


def test_a_library_without_power_is_said(arguments, tmp_path, capsys):
    path = tmp_path / "gate.lib"
    path.write_text(path.read_text().replace('leakage_power_unit : "1nW";', ""))
    out = tmp_path / "out"
    assert cli.main([*arguments, "--frames", "2", "--power-frames", "2", "--out", f"{out}"]) == 0
    assert "no power of the netlist" in capsys.readouterr().out
    assert "leakage_power_unit" in json.loads((out / "gates.json").read_text())["power"]["missing"]
    assert not (out / "netlist_power.csv").exists()


def test_without_clock_gates_there_are_none(arguments, tmp_path):
    out = tmp_path / "out"
    assert cli.main([*arguments, "--no-clock-gates", "--frames", "2", "--power-frames", "2", "--out", f"{out}"]) == 0
    assert {row["clock_gates"] for row in rows_of(out / "gates.csv")} == {"0"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["a.wav", "--split", "test"], "not allowed with argument"),
        (["--icarus-frames", "-1"], "expected a whole number in 0"),
        (["--power-frames", "0"], "expected a whole number in 1"),
        (["--threads", "0"], "expected a whole number in 1"),
        (["--wires", "1:x"], "expected UM:FF"),
        (["--wires", "1"], "expected UM:FF"),
        (["--utilisation", "0"], "expected a number above 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(more, said, capsys):
    with pytest.raises(SystemExit):
        cli.main(["gates", *more])
    assert said in capsys.readouterr().err


def test_what_cannot_be_heard_is_said_before_the_long_work(arguments, tmp_path, capsys):
    out = ["--out", f"{tmp_path}/out"]
    assert cli.main(["gates", f"{tmp_path}/none.wav", *out]) == 2
    assert "none.wav" in capsys.readouterr().err
    assert cli.main([arguments[0], f"{tmp_path}/none.wav", *arguments[1:], *out]) == 2
    assert "host section missing" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_rsnn_power_prices_it_as_a_run(arguments, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main([*arguments, "--frames", "20", "--power-frames", "5", "--out", f"{out}"]) == 0
    rows = {(row["block"], row["signal"]): row for row in rows_of(out / "activity.csv")}
    blocks = rows_of(out / "gates.csv")[:-1]
    registers = [row for row in rows.values() if row["kind"] == "register"]
    assert sum(int(row["bits"]) for row in registers) == sum(int(row["flip_flops"]) for row in blocks)
    assert {row["clock"] for row in registers} == {"gated", "free"}
    # Reads, toggles of registers and of rows are golden's.
    checkpoint = random_checkpoint(TINY, seed=3)
    _, codes = clip_codes(checkpoint)
    model, counter = CycleModel(checkpoint), ActivityCounter(TINY, phases=["all"])
    for number, frame in enumerate(codes[:20]):
        records = model.frame(frame, first=number == 0)
        counter.add(records, phases=np.zeros(len(records), np.int64))
    for golden in counter.rows():
        row = rows.get((golden["block"], golden["signal"]))
        if row is not None and golden["kind"] != "adder":
            for column in ("toggles", "reads"):
                assert int(row[column] or 0) == (golden[column] or 0), (golden["signal"], column)
    assert sum(int(row["toggles"]) for row in registers) == sum(
        golden["toggles"] for golden in counter.rows() if golden["kind"] == "register"
    )
    capsys.readouterr()
    for folder in (out, out / "unit_delays"):
        assert cli.main(["power", f"{folder}", "--class", "HVT"]) == 0
        printed = capsys.readouterr().out
        assert "switching" in printed
        assert "adders" not in printed
        assert ("nets annotated" in printed) == (folder == out)
        assert float(re.search(r"total\s+([\d.]+)", printed)[1]) > 0
    with_glitches = {(row["block"], row["signal"]): row for row in rows_of(out / "unit_delays" / "activity.csv")}
    for place, row in rows.items():
        more = int(with_glitches[place]["toggles"] or 0) - int(row["toggles"] or 0)
        assert more >= 0 if place[1] == "nets" else more == 0
    assert int(with_glitches["pe_array", "nets"]["toggles"]) > int(rows["pe_array", "nets"]["toggles"])
