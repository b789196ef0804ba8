"""Operating points of the committed demo: its own point is its own power; efficiency is operations over watts."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from experiments.command.cli import main

RESULTS = Path(__file__).parents[3] / "results"


def read(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_text())))


def test_points_and_efficiency_of_the_demo(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    synthesis = str(RESULTS / "verilog" / "synthesis.csv")
    arguments = ["operating-points", str(RESULTS / "demo"), "--synthesis", synthesis, "--out", str(tmp_path)]
    assert main(arguments) == 0
    assert (tmp_path / "operating_points.md").read_text() == capsys.readouterr().out
    for name in ("operating_points.png", "efficiency.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
        assert b"<svg" in (tmp_path / name).with_suffix(".svg").read_bytes()

    points = {
        (row["class"], row["load"], row["clock_hz"], row["vdd_v"]): row
        for row in read(tmp_path / "operating_points.csv")
    }
    own = points["HVT", "real time", "100000", "0.9"]
    counts = read(RESULTS / "demo" / "activity.csv")
    # 512 bits of 148.4 fJ a row read, 40 frames of 10 ms; 123.1 nW a KB.
    reads = sum(int(row["reads"] or 0) for row in counts)
    assert float(own["memory_uw"]) == pytest.approx(reads * 512 * 148.4e-9 / 0.4, rel=1e-3)
    assert float(own["memory_leakage_uw"]) == pytest.approx(1_200_128 / 8 / 1024 * 0.1231, rel=1e-3)
    toggles = sum(int(row["toggles"] or 0) for row in counts)
    # Two inputs of 0.5582 fF and 15 um of 0.19 fF at 0.9 V, and what the driver takes.
    edge = (0.405 * (2 * 0.5582 + 15 * 0.19) + 0.3566) * 1e-9
    additions = sum(int(row["operations"]) * int(row["bits"]) for row in counts if row["kind"] == "adder")
    assert float(own["logic_uw"]) == pytest.approx((toggles * edge + additions * 1.917e-9) / 0.4, rel=1e-3)
    # 231,433.2 gates of 0.1 nW.
    assert float(own["logic_leakage_uw"]) == pytest.approx(23.143, rel=1e-3)
    # In real time a frame is 10 ms: 10 nJ a uW.
    assert float(own["frame_typical_nj"]) == pytest.approx(10 * float(own["total_typical_uw"]), rel=1e-3)
    assert own["meets_timing"] == "yes"
    # 22.68 ns x 8.73 / 79.01, the fastest rule, are 2.5 ns; 500 MHz need 2.
    assert points["HVT", "back to back", "500000000", "0.9"]["meets_timing"] == "no"

    (peak,) = [row for row in read(tmp_path / "efficiency.csv")
               if row["counting"] == "peak, every PE in every cycle, MAC = 2" and row["class"] == "SVT"]  # fmt: skip
    power_uw = float(points["SVT", "back to back", "500000000", "0.9"]["total_typical_uw"])
    assert float(peak["tops_per_w_typical"]) == pytest.approx(512 * 500e6 / 1e12 / (power_uw * 1e-6), rel=1e-3)
    # 231,433.2 gates of 0.49 um2 at 75 %, and 1,200,128 bits of 0.17 um2.
    area = 231_433.2 * 0.49 / 0.75 / 1e6 + 1_200_128 * 1393 / 8192 / 1e6
    assert float(peak["gops_per_mm2_typical"]) == pytest.approx(256 / area, rel=1e-3)


@pytest.mark.parametrize("text", ["22.68", "22.68:180", "nan:180:1.8", "22.68:180:-1", "a:b:c", ":180:"])
def test_a_path_that_is_none_is_refused(text: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["operating-points", "results/demo", "--path", text])
    assert "expected NS:NODE:V, such as 22.68:180:1.8" in capsys.readouterr().err


def test_a_node_or_voltage_that_was_not_published_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    arguments = ["operating-points", str(RESULTS / "demo"), "--out", str(tmp_path / "out")]
    arguments += ["--synthesis", str(RESULTS / "verilog" / "synthesis.csv"), "--path"]
    assert main([*arguments, "22.68:14:0.9"]) == 2
    assert "node '14', expected one of 180, 130" in capsys.readouterr().err
    assert main([*arguments, "22.68:180:3.3"]) == 2
    assert "3.3 V at node 180, expected 0.5..1.8 V" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
