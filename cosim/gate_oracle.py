"""Changes of every net of a netlist as Icarus simulates them, net by net beside those of the evaluation."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cosim.engines.icarus import IcarusEngine
from cosim.engines.stimuli import CODE_VALID, FIRST, LOGITS_READY, START
from cosim.gate_activity import GateDifferenceError, RecordedNetlist, RecordStream, stimulated_records
from cosim.gate_level import CELLS
from cosim.vcd_scalars import ScalarNet, count_scalar_nets
from gates.evaluation import Counts, Evaluator
from gates.glitches import GlitchCounter
from gates.netlist import NO_NET, GateNetlist
from golden.checkpoint import Checkpoint
from golden.memory_image import memory_image
from golden.trace import CycleModel
from rtl.design import Design
from rtl.scratch import scratch_folder
from rtl.synthesis.hierarchy import MEMORY

__all__ = ["Comparison", "after_ports", "compare_settled", "compare_unit_delays", "with_unit_delays"]

_DUT = ".record.dut."


@dataclass(frozen=True)
class Comparison:
    """Nets whose changes Icarus counts, too.

    Parameters
    ----------
    nets : int
        Of the netlist, without clocks.
    compared : int
        That the VCD has.
    changes : int
        Of all that were compared, by the evaluation.
    differences : dict of str to tuple of int
        By name: what was counted here and in the VCD.
    cycles : int
    """

    nets: int
    compared: int
    changes: int
    differences: Mapping[str, tuple[int, int]]
    cycles: int


def compare_settled(recorded: RecordedNetlist, gates: Design, checkpoint: Checkpoint, codes: np.ndarray) -> Comparison:
    """Compare settled toggles with those of a simulation without delays.

    Parameters
    ----------
    recorded : RecordedNetlist
    gates : Design
        The same netlists in the hierarchy (`cosim.gate_level.gate_level`).
    checkpoint : Checkpoint
    codes : np.ndarray [shape=(frames, inputs), dtype=integer]
        From the beginning of an utterance.

    Raises
    ------
    GateDifferenceError
        The simulation's registers are not golden's.
    """
    evaluator = Evaluator(recorded.operations)
    stream = RecordStream(recorded, evaluator)
    for records in stimulated_records(checkpoint, codes):
        stream.add(records)
    stream.flush()
    vcd = {name: net.settled for name, net in _simulated(gates, checkpoint, codes).items()}
    return _compared(recorded, evaluator.counts.toggles, vcd, stream.cycles)


def compare_unit_delays(
    recorded: RecordedNetlist, gates: Design, checkpoint: Checkpoint, codes: np.ndarray
) -> Comparison:
    """Compare changes under unit delay with those of a simulation whose gates have it (`with_unit_delays`).

    Nets that depend on a port that moves through gates alone are left out: in the simulation ports change half a cycle
    after states, here at the same time.

    Parameters
    ----------
    recorded : RecordedNetlist
        Compiled with `every_gate`.
    gates : Design
        As `compare_settled`, without delays.
    """
    evaluator, glitches = Evaluator(recorded.operations), GlitchCounter(recorded.operations)
    stream = RecordStream(recorded, evaluator, glitches.count)
    model = CycleModel(checkpoint)
    for records in stimulated_records(checkpoint, codes, model):
        stream.add(records)
    # What the last edge starts is in the VCD, too.
    stream.add(np.append(model.idle(1), records[-1:, -1:], axis=1))
    stream.flush()
    vcd = _simulated(with_unit_delays(gates), checkpoint, codes)
    changes = {name: net.zero_delay for name, net in vcd.items()}
    late = after_ports(recorded, evaluator.counts)
    return _compared(recorded, glitches.changes, changes, stream.cycles, without=late)


def with_unit_delays(gates: Design) -> Design:
    """Return a design of netlists whose gates take a picosecond each, transported: no change is lost on the way."""
    cells = gates.modules[CELLS]
    # Flip-flops and clock gates have a register; all others are an assignment for each output.
    modules = re.findall(r"^module .*?^endmodule\n", cells.text, re.MULTILINE | re.DOTALL)
    text = "`timescale 1ns/1ps\n" + "".join(m if "    reg " in m else _delayed(m) for m in modules)
    return dataclasses.replace(gates, modules=gates.modules | {CELLS: dataclasses.replace(cells, text=text)})


def _delayed(module: str) -> str:
    parts = iter(range(module.count("    assign ")))

    def delayed(found: re.Match[str]) -> str:
        # An input that is tied has no event: its gate follows it from the beginning.
        name, follows = f"delayed{next(parts)}", f"<= #0.001 {found[2]};"
        lines = f"reg {name};", f"initial {name} {follows}", f"always @* {name} {follows}"
        return "".join(f"    {line}\n" for line in (*lines, f"assign {found[1]} = {name};"))

    return re.sub(r"^    assign (.*?) = (.*);\n", delayed, module, flags=re.MULTILINE)


def after_ports(recorded: RecordedNetlist, counts: Counts) -> np.ndarray:
    """Return which slots depend through gates alone on a port that moved [shape=(slots,), dtype=bool]."""
    run, netlist = recorded.operations, recorded.netlist
    found = np.zeros(run.slots, bool)
    for nets in netlist.inputs.values():
        for net in nets:
            slot = run.net_slots[net]
            found[slot] |= slot > 0 and bool(counts.toggles[slot])
    for (a, b), to in zip(run.reads.tolist(), run.writes.tolist(), strict=True):
        # A slot inside a cell is written before it is read, for each cell anew.
        found[to] = found[a] or found[b]
    return found


def _simulated(gates: Design, checkpoint: Checkpoint, codes: np.ndarray) -> dict[str, ScalarNet]:
    """Return what Icarus' VCD says of each net, by its name in the flat netlist."""
    gates = _with_empty_memories(gates)
    model = CycleModel(checkpoint)
    got, inputs = model.buffer(), checkpoint.specification.inputs
    with scratch_folder("gates") as folder:
        waveform = folder / "nets.vcd"
        engine = IcarusEngine(gates, waveform=waveform, all_nets=True)
        try:
            engine.load(memory_image(checkpoint))
            for number, frame in enumerate(codes):
                expected = model.frame(frame, first=number == 0)
                stimuli = np.full(len(expected), LOGITS_READY, np.uint8)
                stimuli[:inputs] |= CODE_VALID
                stimuli[inputs] |= START | (FIRST if number == 0 else 0)
                driven = np.zeros(len(expected), np.int32)
                driven[:inputs] = frame
                engine.run(stimuli, driven, got)
                wrong = (got[: len(expected)] != expected).any(axis=1)
                if wrong.any():
                    raise GateDifferenceError(f"Icarus, frame {number}, cycle {int(np.argmax(wrong))}: not golden's")
        finally:
            engine.close()
        nets = count_scalar_nets(waveform)
    return {
        re.sub(r"_bit_(\d+)$", r"[\1]", name.partition(_DUT)[2]): net for name, net in nets.items() if _DUT in name
    }


def _with_empty_memories(gates: Design) -> Design:
    """Return the design with memories that hold 0 before they are loaded.

    Flip-flops power up as anything in the models of cells, and may read a row before there is one: unknown, where
    golden says 0 until the first read.
    """
    memory = gates.modules[MEMORY]
    row = "        row = {WIDTH{1'b0}};\n"
    assert row in memory.text
    loop = "        for (index = 0; index < DEPTH; index = index + 1) memory[index] = {WIDTH{1'b0}};\n"
    text = memory.text.replace(row, row + loop)
    text = text.replace("    initial begin\n", "    integer index;\n    initial begin\n", 1)
    return dataclasses.replace(gates, modules=gates.modules | {MEMORY: dataclasses.replace(memory, text=text)})


def _compared(
    recorded: RecordedNetlist,
    changes: np.ndarray,
    vcd: Mapping[str, int],
    cycles: int,
    *,
    without: np.ndarray | None = None,
) -> Comparison:
    run, netlist = recorded.operations, recorded.netlist
    done: set[int] = set()
    differences: dict[str, tuple[int, int]] = {}
    total = 0
    for name, net in named_nets(netlist):
        slot = NO_NET if net == NO_NET else int(run.net_slots[net])
        if slot == NO_NET or net in done or name not in vcd or (without is not None and without[slot]):
            continue
        done.add(net)
        total += int(changes[slot])
        if vcd[name] != changes[slot]:
            differences[name] = int(changes[slot]), vcd[name]
    nets = int(np.count_nonzero(run.net_slots[2:] >= 0))
    return Comparison(nets, len(done), total, differences, cycles)


def named_nets(netlist: GateNetlist) -> list[tuple[str, int]]:
    """Return every name of every net, bit by bit."""
    return [
        (name if len(bits) == 1 else f"{name}[{bit}]", net)
        for name, bits in netlist.wires.items()
        for bit, net in enumerate(bits)
    ]
