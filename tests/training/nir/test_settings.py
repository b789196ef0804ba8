"""Settings of an import: each of its type and in its range, or refused by name."""

from __future__ import annotations

import pytest

from training.nir.graph import NirError
from training.nir.settings import ImportSettings


@pytest.mark.parametrize(
    "wrong",
    [
        {"weight_bits": 5}, {"weight_bits": 4.0}, {"weight_bits": "4"}, {"weight_bits": True}, {"weight_bits": None},
        {"input_bits": 1}, {"input_bits": True}, {"input_bits": 8.0}, {"input_bits": 10**400},
        {"input_scale": 0.5}, {"input_scale": False}, {"guard_bits": 17}, {"guard_bits": True},
        {"membrane_bits": 33}, {"membrane_bits": float("nan")},
        {"leak_tolerance": -0.1}, {"leak_tolerance": float("nan")}, {"leak_tolerance": True}, {"leak_tolerance": "0"},
        {"leak_tolerance": 10**400}, {"dt": 0.0}, {"dt": float("nan")}, {"dt": float("inf")}, {"dt": True},
        {"dt": "1e-4"}, {"dt": 1e-320}, {"dt": 1e308}, {"dt": 10**400}, {"dt": -1e-4},
        {"ignore_metadata": 1}, {"ignore_metadata": "no"},
    ],
)  # fmt: skip
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(NirError, match=f"settings: {next(iter(wrong))} is .*, expected"):
        ImportSettings(**wrong)


def test_the_ends_of_the_ranges_are_taken():
    ImportSettings(weight_bits=16, input_bits=2, input_scale=-32, guard_bits=0, membrane_bits=4, leak_tolerance=0)
    ImportSettings(weight_bits=8, input_bits=16, input_scale=32, guard_bits=16, membrane_bits=32, dt=1)
