"""The modules whose figures are printed, and the tests that a mutant of each has to face."""

from __future__ import annotations

# Compiled modules that are run as plain Python where one of them is mutated.
PLAIN = {
    "golden.trace_kernel": ("golden.trace_kernel", "golden.trace_drive"),
    "golden.record_packing": ("golden.record_packing",),
    "golden.predicted_activity": ("golden.predicted_activity",),
    "golden.scoring": ("golden.scoring",),
}

# The kernel's tests that are quick in plain Python: against the hardware, which has no part in the kernel.
_KERNEL = tuple(
    f"golden/test_trace_kernel.py::test_{name}"
    for name in (
        "every_register_is_the_hardware_s_in_every_cycle",
        "labels_follow_from_the_hardware_s_registers",
        "a_frame_is_driven_as_fast_as_it_takes_codes",
    )
)
_RECORDS = "cosim/test_counted_activity.py::test_a_record_s_values_count_what_golden_predicts"
# Instead of a module's mirror, or beside it.
INSTEAD = {
    "golden.trace_kernel": _KERNEL,
    # Pure Python counts the frames that hypothesis draws for minutes.
    "golden.predicted_activity": (
        "cosim/test_counted_activity.py::test_both_counters_say_the_same_of_any_records",
        *(
            f"golden/test_predicted_activity.py::test_{name}"
            for name in ("each_kind_fills_its_own_columns", "records_that_are_refused", "phases_tell_the_blocks_apart")
        ),
    ),
    "cosim.counted_activity": (_RECORDS, "cosim/test_counted_activity.py::test_an_unchanged_cycle_has_no_toggles"),
    "golden.machine": ("golden/test_machine.py", *_KERNEL, "golden/test_cycles.py"),
}
# Tests that take a mutant long: pure Python minutes, the accelerator compiled anew, long filters, long utterances.
LEFT_OUT = {
    "golden.scoring": "long_sequences",
    "cosim.saif": "own_saif",
    "cosim.gate_activity": "(golden or another_design)",
    "features.resampling": "every_double",
}
BESIDE = {"golden.frame_activity": ("golden/test_predicted_activity.py",)}
MODULES = (
    *(f"golden.{name}" for name in ("schedule", "cycles", "machine", "trace_kernel", "record_packing")),
    *(f"golden.{name}" for name in ("frame_activity", "predicted_activity", "size", "scoring", "handshake")),
    *(f"golden.{name}" for name in ("neurobench", "recognition")),
    *(f"cosim.{name}" for name in ("counted_activity", "sampling", "vcd_toggles", "saif", "gate_activity")),
    *(f"power.{name}" for name in ("energy", "derivation", "differences", "extremes", "gates", "inference")),
    *(f"power.{name}" for name in ("operating_point", "priced_activity", "report", "saif", "scaling", "sleep")),
    *(f"power.{name}" for name in ("uncertainty", "constants", "csv_table", "sources")),
    *(f"features.{name}" for name in ("cepstra", "frontend", "normalisation", "levels", "resampling", "speed")),
)


def judges_of(module: str) -> list[str]:
    """Return the tests of a module as pytest takes them: its mirror, or what stands for it, and those beside it."""
    mirror = (module.replace(".", "/test_") + ".py",)
    return [f"tests/{name}" for name in (*INSTEAD.get(module, mirror), *BESIDE.get(module, ()))]
