"""The inference's files: every row says whose it is, and agrees with the arithmetic."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from experiments.command.cli import main
from experiments.energy.inference import infer
from files.errors import FileError

SYNTHESIS = Path(__file__).parents[3] / "results" / "verilog" / "synthesis.csv"


def test_table_text_and_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["inference", "--synthesis", str(SYNTHESIS), "--frame-cycles", "539", "--out", str(tmp_path)]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "Leakage, as printed, under every counting: 52.2 to 70.8 of the 71.2 uW" in text
    assert (tmp_path / "inference.md").read_text() in text
    assert (tmp_path / "inference.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (tmp_path / "inference.svg").read_bytes()
    with (tmp_path / "inference.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    # 6 of the peak, 8 by work at 1,000 cycles and 8 at 539, each as printed and normalised.
    assert len(rows) == 44
    assert {row["status"] for row in rows} == {"ours"}
    assert {row["operations_source"].split(":")[0] for row in rows} == {"stated", "reconstructed", "ours"}
    (peak,) = [row for row in rows if row["counting"].startswith("peak, 256") and row["operations_a_cycle"] == "512.0"
               and row["figures"] == "as printed"]  # fmt: skip
    assert (peak["area_mm2"], peak["power_500mhz_mw"]) == ("0.1345", "9.011")
    # 0.1345 mm2: above 0.1016 of bit cells, below 0.1325 of the smallest macros and any logic.
    assert peak["holds_sram_and_two_sets"] == "too small"
    # 69.4 uW less 54.6, 12.0 and 2.4 of memory over 231,433.2 gates.
    found = [float(peak[f"gate_leakage_{end}_nw"]) for end in ("low", "typical", "high")]
    assert found == pytest.approx([0.064, 0.248, 0.289], abs=0.001)
    assert peak["classes"] == "HVT"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("block,kind\n", "no column nand2_equivalents"),
        ("block,kind,nand2_equivalents\npe_array,structure,many\n", "line 2: nand2_equivalents is 'many'"),
        ("block,kind,nand2_equivalents\npe_array,structure,nan\n", "line 2: nand2_equivalents is 'nan'"),
        ("block,kind,nand2_equivalents\npe_array,structure,5\n", "no row of block accelerator"),
    ],
)
def test_a_table_without_gates_is_refused(tmp_path: Path, table: str, message: str):
    path = tmp_path / "synthesis.csv"
    path.write_text(table)
    with pytest.raises(FileError, match=message):
        infer(synthesis=path, out=tmp_path / "out", frame_cycles=600)
    assert not (tmp_path / "out").exists()
