"""The modules whose figures are printed, and the tests that a mutant of each has to face."""

from __future__ import annotations

# Compiled modules that are run as plain Python where one of them is mutated.
KERNEL = ("golden.record_packing", "golden.trace_kernel", "golden.trace_drive")
PLAIN = {
    "golden.trace_kernel": KERNEL[1:],
    "golden.record_packing": ("golden.record_packing", "golden.trace_drive", "golden.trace_kernel"),
    "golden.predicted_activity": ("golden.predicted_activity",),
    "golden.scoring": ("golden.scoring",),
}

_GOLDEN = "tests/golden/test_{}.py"
# Beside a module's mirror.
BESIDE = {
    "golden.schedule": ("golden/test_cycles", "golden/test_trace_kernel"),
    "golden.machine": ("golden/test_trace", "golden/test_trace_kernel", "golden/test_cycles"),
    "golden.record_packing": ("golden/test_trace",),
    "golden.trace_kernel": ("golden/test_cycles", "golden/test_trace", "golden/test_trace_drive"),
    "golden.frame_activity": ("golden/test_predicted_activity",),
}
MODULES = (
    *(f"golden.{name}" for name in ("schedule", "cycles", "machine", "trace_kernel", "record_packing")),
    *(f"golden.{name}" for name in ("frame_activity", "predicted_activity", "size", "scoring", "handshake")),
    *(f"cosim.{name}" for name in ("counted_activity", "sampling", "vcd_toggles", "saif", "gate_activity")),
    *(f"power.{name}" for name in ("energy", "derivation", "differences", "extremes", "gates", "inference")),
    *(f"power.{name}" for name in ("operating_point", "priced_activity", "report", "saif", "scaling", "sleep")),
    *(f"power.{name}" for name in ("uncertainty", "constants", "csv_table", "sources")),
    *(f"features.{name}" for name in ("cepstra", "frontend", "normalisation", "levels", "resampling", "speed")),
)


def tests_of(module: str) -> list[str]:
    """Return the files of tests of a module: its mirror, where there is one, and those beside it."""
    mirror = module.replace(".", "/test_")
    own = [] if module in ("golden.machine", "golden.record_packing") else [mirror]
    return [f"tests/{name}.py" for name in (*own, *BESIDE.get(module, ()))]
