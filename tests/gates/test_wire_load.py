"""Wire-load models: by hand, from Liberty, assumed, refused."""

from __future__ import annotations

import numpy as np
import pytest

from gates.characterisation import read_characterisation
from gates.errors import LibertyError
from gates.wire_load import FF_PER_UM, PITCHES_A_PIN, assumed_wire_load, wire_load_by_fanout

LIBRARY = """library (wires) { time_unit : "1ns"; capacitive_load_unit (1, fF); voltage_unit : "1V"; nom_voltage : 1;
  leakage_power_unit : "1nW"; nom_temperature : 25; default_wire_load : "small";
  wire_load ("small") { capacitance : 0.5; resistance : 1; area : 0; slope : 3; %s }
  cell (A) { area : 1; cell_leakage_power : 1; pin (I) { direction : input; capacitance : 1; } } }
"""


def read(tmp_path, lines):
    path = tmp_path / "wires.lib"
    path.write_text(LIBRARY % lines)
    return read_characterisation([path])


def test_lengths_between_beyond_and_below_the_table(tmp_path):
    found = read(tmp_path, "fanout_length (2, 10); fanout_length (4, 20);")
    assert found.default_wire_load == "small"
    model = found.wire_loads["small"]
    # um: none; 10 - 3; 10; half-way; 20; 20 + 2 x 3. Times 0.5 fF.
    expected = np.array([0, 7, 10, 15, 20, 26]) * 0.5e-15
    assert model.capacitance_f([0, 1, 2, 3, 4, 6]) == pytest.approx(expected)


def test_a_length_is_never_negative(tmp_path):
    model = read(tmp_path, "fanout_length (4, 2);").wire_loads["small"]
    assert model.capacitance_f([1]) == 0


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "fanout_length is '', expected a fanout and a length"),
        ("fanout_length (3);", "expected a fanout and a length"),
        ("fanout_length (3, 1); fanout_length (2, 1);", "expected ascending fanouts"),
        ("fanout_length (1, -1);", "expected ascending fanouts and lengths from 0"),
    ],
)
def test_what_is_no_model_is_refused(tmp_path, lines, said):
    with pytest.raises(LibertyError, match=f"wires.lib: line 3: wire_load small: .*{said}"):
        read(tmp_path, lines)


def test_a_model_by_fanout():
    assert wire_load_by_fanout(5, 0.2).capacitance_f([0, 1, 3]) == pytest.approx([0, 1e-15, 3e-15])
    assumed = assumed_wire_load(4.0)
    assert assumed.capacitance_f([1]) == pytest.approx(2 * PITCHES_A_PIN * FF_PER_UM * 1e-15)
    for length, per_um in ((-1, 1), (1, -1), (np.inf, 1), (1, np.nan)):
        with pytest.raises(LibertyError, match="expected a finite number from 0"):
            wire_load_by_fanout(length, per_um)
