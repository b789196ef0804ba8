"""A netlist and what its nets did, for a current OpenSTA, which reads SAIF; Debian's 2.0.17 does not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from cosim.saif import write_nets
from experiments.command.tables import write_text
from experiments.hardware.synthesised import Synthesised
from gates.net_activity import NetActivity
from gates.netlist import HIGH, LOW, NO_NET
from rtl.design import TOP

SCRIPT = """# sta -exit power.tcl, with the library's files in this folder (or links to them)
{liberty}
read_verilog netlist.v
link_design {top}
create_clock -name clk -period {period_ns:g} [get_ports clk]
set_input_transition 0.05 [all_inputs]
read_saif -scope {top} nets.saif
report_activity_annotation
report_power
"""


def write_opensta_files(folder: Path, gates: Synthesised, activity: NetActivity, liberty: Sequence[Path]) -> None:
    """Write ``netlist.v``, ``nets.saif`` and ``power.tcl`` into a folder.

    Raises
    ------
    WriteError
    """
    spec = gates.design.specification
    write_text(folder / "netlist.v", gates.netlists[TOP].text)
    write_nets(
        folder / "nets.saif", TOP, saif_nets(gates, activity), cycles=activity.cycles, clock_hz=spec.clock_hz
    )
    files = "\n".join(f"read_liberty {{{path.name}}}" for path in liberty)
    write_text(folder / "power.tcl", SCRIPT.format(liberty=files, top=TOP, period_ns=1e9 / spec.clock_hz))


def saif_nets(gates: Synthesised, activity: NetActivity) -> Iterator[tuple[str, int, float]]:
    """Yield name, toggles and cycles high of each net under the first of its names."""
    done = {LOW, HIGH, NO_NET}
    for name, bits in gates.flat.wires.items():
        for bit, net in enumerate(bits):
            if net not in done and activity.annotated[net]:
                done.add(net)
                full = name if len(bits) == 1 else f"{name}[{bit}]"
                yield re.sub(r"([^A-Za-z0-9_])", r"\\\1", full), int(activity.toggles[net]), float(activity.highs[net])
