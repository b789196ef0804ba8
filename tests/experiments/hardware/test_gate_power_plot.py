"""The plot of the netlist's power: two files, the same bytes again."""

from __future__ import annotations

from experiments.hardware.gate_power_plot import plot_netlist_power


def test_png_and_svg_are_written_alike(tmp_path):
    parts = ("gates", "switching", "flip_flops", "clock_pins", "clock_gates", "clock_nets", "leakage", "dynamic")
    rows = [
        {"block": block, "toggles": toggles} | {f"{part}_uw": at + more for at, part in enumerate(parts)}
        for block in ("one", "two", "total")
        for toggles, more in (("settled", 1), ("unit delays", 2))
    ]
    first, again = (plot_netlist_power(tmp_path / f"{name}.png", rows, "a title") for name in ("first", "again"))
    for suffix in (".png", ".svg"):
        assert first.with_suffix(suffix).read_bytes() == again.with_suffix(suffix).read_bytes()
    assert "<svg" in first.with_suffix(".svg").read_text()
