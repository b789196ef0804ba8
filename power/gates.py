"""Gates of each block in NAND2 equivalents (GE), estimated before synthesis from flip-flops and adders.

    gates = flip-flops x DFF / NAND2 + adder bits x full adder / NAND2 + other combinational logic

The other logic is a multiple of the adders' gates in a block that adds, of the flip-flops' in one that does not; each
multiple is a row of ``power/tables/energy_28nm.csv``. An activity table says how often an adder adds, not how many
there are. So: the PE array has an adder bit for each bit of its accumulators (``acc*``), the neuron unit, which serves
all layers, two for each bit of its widest membrane (``membrane*``: the leak's and the sum's). All of this is an
estimate, to be replaced block by block through `power.energy.estimate`'s `gates` once a block is synthesised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from power.activity import ActivityRow
from power.constants import Bounds

ONE = Bounds(1.0, 1.0, 1.0)


def estimate_gates(rows: Iterable[ActivityRow], table: Mapping[str, Bounds]) -> dict[str, Bounds]:
    """Estimate the gates of every block that has a register.

    Parameters
    ----------
    rows : iterable of ActivityRow
    table : mapping of str to Bounds
        As `power.constants.load_constants` returns.

    Returns
    -------
    dict of str to Bounds
        NAND2 equivalents by block. The bounds are those of the other logic alone: the areas are taken at their
        typical values, since low, typical and high areas come from different libraries, and their quotients would be
        gates of none.
    """
    registers = [row for row in rows if row.kind == "register"]
    gates: dict[str, Bounds] = {}
    for block in dict.fromkeys(row.block for row in registers):
        own = [row for row in registers if row.block == block]
        accumulators = sum(row.bits for row in own if row.signal.startswith("acc"))
        membrane = max((row.bits for row in own if row.signal.startswith("membrane")), default=0)
        flip_flops = sum(row.bits for row in own)
        gates[block] = block_gates(
            table, flip_flops=flip_flops, pe_adder_bits=accumulators, neuron_adder_bits=2 * membrane
        )
    return gates


def block_gates(
    table: Mapping[str, Bounds], *, flip_flops: int, pe_adder_bits: int = 0, neuron_adder_bits: int = 0
) -> Bounds:
    """Estimate the gates of one block in NAND2 equivalents; its adders are those of PEs or of neurons."""
    nand2 = table["nand2_area"].typical
    of_flip_flops = ONE * (flip_flops * table["dff_area"].typical / nand2)
    of_an_adder_bit = ONE * (table["full_adder_bit_area"].typical / nand2)
    of_pe = of_an_adder_bit * (ONE + table["combinational_to_pe_adder_gates"])
    of_neuron = of_an_adder_bit * (ONE + table["combinational_to_neuron_adder_gates"])
    if not pe_adder_bits and not neuron_adder_bits:
        return of_flip_flops * (ONE + table["combinational_to_flip_flop_gates"])
    return of_flip_flops + of_pe * float(pe_adder_bits) + of_neuron * float(neuron_adder_bits)
