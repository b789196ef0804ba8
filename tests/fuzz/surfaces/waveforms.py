"""Waveforms (VCD) of a simulator, whose toggles are counted. No SAIF is read."""

from __future__ import annotations

import random
import re
from pathlib import Path

import numpy as np

from cosim.engines.record_module import port_name
from cosim.vcd_toggles import count_vcd_nets, count_vcd_toggles
from golden.layout import build_layout
from tests.fuzz.case import Case
from tests.fuzz.mutation import NAMES, bytes_mutated, number, placed, text_mutated
from tests.fuzz.surface import Surface
from tests.fuzz.surfaces.specifications import SMALL

LAYOUT = build_layout(SMALL)


def _seed() -> str:
    """Return a VCD of four cycles with every field of the record, as Icarus writes it."""
    lines = ["$date today $end", "$version Icarus $end", "$timescale 1ns $end", "$scope module bench $end",
             "$scope module record $end", "$var wire 1 ! clk $end"]  # fmt: skip
    codes = {}
    for index, field in enumerate(LAYOUT.fields):
        codes[field.path] = f"v{index}"
        lines.append(f"$var wire {64 * field.words} v{index} {port_name(field)} [{64 * field.words - 1}:0] $end")
    lines += ["$upscope $end", "$upscope $end", "$enddefinitions $end", "#0", "$dumpvars", "0!"]
    rng = np.random.default_rng(1)
    lines += [f"b0 {code}" for code in codes.values()] + ["$end"]
    for cycle in range(1, 5):
        lines += [f"#{10 * cycle}", "0!"]
        lines += [f"b{rng.integers(1 << 30):b} {code}" for code in codes.values() if rng.random() < 0.3]
        lines += [f"#{10 * cycle + 5}", "1!"]
    return "\n".join(lines) + "\n"


SEED = _seed()


def generate(rng: random.Random) -> Case:
    """Return a VCD with damage or malice."""
    text = SEED
    change = rng.randrange(5)
    if change == 0:
        found = rng.choice(list(re.finditer(r"(?m)^b([01]+) (\w+)$|^#(\d+)$|^\$var wire (\d+) ", text)))
        at = next(group for group in (1, 2, 3, 4) if found[group] is not None)
        put = rng.choice([number(rng), "x" * 8, "z", "0" * 100_000, "1" * 5000, "01x", "", rng.choice(NAMES), "r1.5"])
        text = text[: found.start(at)] + put + text[found.end(at) :]
    elif change == 1:
        lines = text.split("\n")
        at = rng.randrange(len(lines))
        lines[at:at] = rng.choice([["$dumpoff"], ["$enddefinitions $end"], ["$comment " + "x" * 100_000], ["$end"],
            ["r1e999 v1"],
                                   ["$scope module a $end"] * 3000, ["#-5"], ["1?"], ["b1"],
                                       ["$var real 64 q q $end"], ["s" + "A" * 999 + " v1"]])  # fmt: skip
        text = "\n".join(lines)
    content = text.encode("utf-8", "surrogateescape")
    if change == 2:
        content = bytes_mutated(rng, content)
    elif change >= 3:
        content = text_mutated(rng, text)
    entries, argument = placed(rng, "waveform.vcd", content, suffix=".vcd")
    return Case(entries, argument, {"nets": rng.random() < 0.5})


def run(case: Case, folder: Path) -> None:
    """Count its toggles."""
    if case.words["nets"]:
        count_vcd_nets(case.path(folder))
    else:
        count_vcd_toggles(case.path(folder), LAYOUT)


SURFACE = Surface("waveforms", generate, run, share=8)
