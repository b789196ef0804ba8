"""Liberty files: what is read may be pasted into Tcl, Verilog and scripts of Yosys."""

from __future__ import annotations

import random
import re
from pathlib import Path

from files.names import is_identifier
from gates.liberty import LibertyError, read_liberty
from tests.fuzz.case import Case
from tests.fuzz.mutation import NAMES, name, number, placed, text_mutated
from tests.fuzz.surface import Finding, Surface

SMALL = """/* a comment { */
library (small) {
  time_unit : "1ns";
  capacitive_load_unit (1, pf);
  cell (NAND) { area : 4.5;
    pin (A, B) { direction : input; }
    pin (Y) { direction : output; function : "(A B)'"; timing () { related_pin : "A"; values ("1, 2", \\
      "3, 4"); } }
  }
  cell (INV) { area : 2; pin (A) { direction : input; } pin (Y) { direction : output; function : "!A"; } }
  cell (BUF) { area : 3; pin (A) { direction : input; } pin (Y) { direction : output; function : "A"; } }
  cell (FF) { area : 20;
    ff (IQ, IQN) { next_state : "D E + IQ !E"; clocked_on : "!CK"; clear : "R"; }
    pin (D) { direction : input; } pin (E) { direction : input; } pin (R) { direction : input; }
    pin (CK) { direction : input; clock : true; }
    pin (Q) { direction : output; function : "IQ"; }
    pin (QN) { direction : output; function : "IQN"; }
  }
  cell (LATCH) { area : 9; latch (IQ, IQN) { enable : "G"; data_in : "D"; } pin (D) { direction : input; }
    pin (G) { direction : input; } pin (Q) { direction : output; function : "IQ"; } }
}
"""
FUNCTIONS = (
    "A", "!A", "(A B)'", "A & B | C", "A ^ B", "1", "0", "", "(", ")", "A B", "A + ", "!" * 5000 + "A",
    "A" + "'" * 5000,
    "(" * 3000 + "A" + ")" * 3000, "A; endmodule module X", "A) ; $system(\"touch X\"", "\\A ", "A * B + C'", "A A A",
    " + ".join(f"A{index}" for index in range(2000)), "A?B:C", "\x00", "A\nB", "IQ & \udce9", "Q",
)  # fmt: skip


def generate(rng: random.Random) -> Case:
    """Return a Liberty file with damage or malice."""
    text = SMALL
    change = rng.randrange(5)
    if change == 0:
        # A name of a cell, a pin or a state.
        found = rng.choice(list(re.finditer(r"(?:cell|pin|ff|latch|library) \(([^)]*)\)", text)))
        put = rng.choice([name(rng), f'"{name(rng)}"', rng.choice(NAMES) + ", IQN", "module", found[1] + "[0]", ""])
        text = text[: found.start(1)] + put + text[found.end(1) :]
    elif change == 1:
        found = rng.choice(list(re.finditer(r'(?:function|next_state|clocked_on|clear|enable) : "([^"]*)"', text)))
        text = text[: found.start(1)] + rng.choice(FUNCTIONS) + text[found.end(1) :]
    elif change == 2:
        found = rng.choice(list(re.finditer(r"area : ([\d.]+)|time_unit : (\"1ns\")|unit \((1), pf\)", text)))
        at = next(group for group in (1, 2, 3) if found[group] is not None)
        text = text[: found.start(at)] + rng.choice([number(rng), '"1ps"', '"1 parsec"', ""]) + text[found.end(at) :]
    elif change == 3:
        place = rng.choice([0, text.find("cell"), len(text) // 2, len(text)])
        put = rng.choice(["// a comment\n", "/* open", "\ufeff", "\x1f\x8b", "include_file (/etc/passwd);",
            "a { " * 5000,
                          "}" * 50, '"' * 3, "\\\n" * 100, "cell () {}", "cell (A) {}" * 2000,
                          "x : " + "y " * 50_000 + ";"])  # fmt: skip
        text = text[:place] + put + text[place:]
    content = text_mutated(rng, text) if change == 4 else text.encode("utf-8", "surrogateescape")
    entries, argument = placed(rng, "cells.lib", content, suffix=".lib")
    return Case(entries, argument)


def run(case: Case, folder: Path) -> None:
    """Read it, and ask of it what synthesis asks; names that pass must be identifiers."""
    library = read_liberty(case.path(folder))
    for cell in library.cells.values():
        # Pins of cells without a model, which nothing is written of, may be members of a bus.
        for word in (cell.name, *(cell.inputs + cell.outputs if cell.modelled else ())):
            if not is_identifier(word):
                raise Finding(f"a name passes that is no identifier: {word!r}")
    library.verilog()
    # What it lacks is said of the library by name, or of the file.
    for ask in ("nand2_area", "buffer"):
        try:
            getattr(library, ask)
        except LibertyError as error:
            if library.name not in str(error) and str(case.path(folder)) not in str(error):
                raise


SURFACE = Surface("liberty", generate, run, share=10)
