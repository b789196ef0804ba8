"""What Liberty files say of power: leakage by state, tables of internal energy, capacitances, in one file or two."""

from __future__ import annotations

import random
import re
from pathlib import Path

import numpy as np

from gates.characterisation import read_characterisation
from gates.liberty import read_liberty
from tests.fuzz.case import Case
from tests.fuzz.mutation import name, number, placed, text_mutated
from tests.fuzz.surface import Finding, Surface

SEED = """library (plain) {
  time_unit : "1ns"; capacitive_load_unit (10, ff); voltage_unit : "100mV"; leakage_power_unit : "1nW";
  nom_voltage : 9; nom_temperature : 25;
  power_lut_template (two) { variable_1 : total_output_net_capacitance; variable_2 : input_transition_time;
    index_1 ("1, 2"); index_2 ("0.1, 0.2, 0.3"); }
  cell (INV) {
    area : 2.5; cell_leakage_power : 4;
    leakage_power () { when : "A"; value : 1; related_pg_pin : VDD; }
    leakage_power () { value : 5; related_pg_pin : VDD; }
    pin (A) { direction : input; capacitance : 0.2; rise_capacitance : 0.1; fall_capacitance : 0.2; }
    pin (Y) { direction : output; function : "!A";
      internal_power () { related_pin : "A"; rise_power (two) { values ("1, 2, 3", "4, 5, 6"); }
        fall_power (scalar) { values ("-1"); } } }
  }
}
"""


def generate(rng: random.Random) -> Case:
    """Return a Liberty file with damage or malice in what it says of power."""
    text = SEED
    change = rng.randrange(4)
    if change == 0:
        found = rng.choice(list(re.finditer(r"-?\b\d[\d.]*\b", text)))
        put = rng.choice([number(rng), "nan", "inf", "1e400", "", "1, 2, 3", "0x10"])
        text = text[: found.start()] + put + text[found.end() :]
    elif change == 1:
        words = ["two", "scalar", "when", '"A"', "100mV", "1nW", "variable_1", "total_output_net_capacitance", "VDD"]
        word = rng.choice(words)
        text = text.replace(word, rng.choice([name(rng), "", '"B"', "two", "variable_2", "(" * 3000, "1V"]), 1)
    elif change == 2:
        at = rng.choice([match.start() for match in re.finditer("leakage_power \\(|internal_power|pin \\(", text)])
        put = rng.choice(["leakage_power () { }", "internal_power () { rise_power (two) { } }", 'when : "A + ";',
                          "leakage_power () { value : 1; }" * 3000])  # fmt: skip
        text = text[:at] + put + text[at:]
    content = text_mutated(rng, text) if change == 3 else text.encode("utf-8", "surrogateescape")
    entries, argument = placed(rng, "cells.lib", content, suffix=".lib")
    return Case(entries, argument, {"twice": rng.random() < 0.1})


def run(case: Case, folder: Path) -> None:
    """Read it; powers that pass are finite numbers."""
    path = case.path(folder)
    found = read_characterisation([path, path] if case.words["twice"] else [path])
    cells = read_liberty(path).cells
    for word, cell in found.cells.items():
        known = word in cells and cells[word].modelled and (cell.leakage or cell.averaged_w is not None)
        if known and not np.isfinite(cell.leakage_by_state(cells[word])).all():
            raise Finding(f"leakage of {word} is no finite number")
        for entry in cell.internal:
            for table in (entry.rise, entry.fall):
                if table is not None and not np.isfinite(table.at(1e-10, 1e-15)[0]).all():
                    raise Finding(f"energy of {word} is no finite number")


SURFACE = Surface("characterisation", generate, run, share=6)
