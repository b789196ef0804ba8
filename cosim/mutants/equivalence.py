"""Mutants that no stimulus can tell from the original: proved by a SAT solver, registers cut.

First the module alone: for no state of its registers and no input does an output or a next state differ. What differs
there may still be equal where it stands, since the neighbours never bring that input about or do not look: so then the
whole accelerator, whose registers are still cut. A mutant that differs there may be equal even so, if no history leads
to that state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pysat.solvers import Glucose4

from cosim.mutants.miter import Circuit, loops_of, miter

__all__ = ["equal_numbers", "proved_equal"]

# Conflicts after which a mutant is not proved; counted, not timed, so that every machine proves the same.
MOST_CONFLICTS = 20_000


def proved_equal(
    modules: Mapping[str, str], mutants: Mapping[str, Sequence[int]], top: str
) -> dict[str, frozenset[int]]:
    """Return those mutants with which `top` is `top`, whatever its inputs and the state of its registers.

    Parameters
    ----------
    modules : mapping of str to str
        Text by name, of `top` and of all that stands in it.
    mutants : mapping of str to sequence of int
        Their numbers by module, as `cosim.mutants.schemata.schemata` counts them.
    top : str
        What is compared: the module itself, or a module that it stands in.

    Raises
    ------
    SynthesisError
        Yosys is not installed, or fails.
    """
    mutants = {module: numbers for module, numbers in mutants.items() if numbers}
    if not mutants:
        return {}
    selections, circuits = miter(modules, mutants, top)
    left, asked = frozenset(selections.values()), False
    for circuit in circuits:
        # Yosys may take what is unknown for a 1 on one side and a 0 on the other: then this circuit says nothing.
        if 0 in equal_numbers(circuit, [0]):
            left, asked = equal_numbers(circuit, sorted(left)), True
    equal = left if asked else frozenset()
    return {
        module: frozenset(number for number in numbers if selections[module, number] in equal)
        for module, numbers in mutants.items()
    }


def equal_numbers(circuit: Circuit, numbers: Sequence[int]) -> frozenset[int]:
    """Return the numbers for which nothing ever differs, and no loop is left.

    Parameters
    ----------
    circuit : Circuit
    numbers : sequence of int
    """
    equal = set()
    with Glucose4(bootstrap_with=circuit.clauses) as solver:
        for number in numbers:
            chosen = [bit if number >> place & 1 else -bit for place, bit in enumerate(circuit.selector)]
            if circuit.loops:
                _, known = solver.propagate(assumptions=chosen)
                fixed = set(map(abs, known))
                if loops_of(edge for edge in circuit.loops if not fixed & set(edge)):
                    continue
            solver.conf_budget(MOST_CONFLICTS)
            if solver.solve_limited(assumptions=[*chosen, circuit.differs]) is False:
                equal.add(number)
    return frozenset(equal)
