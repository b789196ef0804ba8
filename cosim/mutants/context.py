"""What holds in every state that the accelerator reaches: proved by induction, and given to the proofs in place.

A mutant that differs from the original only in states that no history leads to is equal; the solver, which knows
nothing of histories, has to be told. Each invariant is true after a reset, whatever was before it, and where all of
them are true they are true one cycle later, whatever the inputs: so they are true of every cycle from the first reset.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pysat.solvers import Glucose4

from cosim.mutants.circuit import Circuit
from cosim.mutants.logic import TRUE, Folding, Logic, renamed_literal

__all__ = ["Context", "prove_context"]


@dataclass(frozen=True)
class Context:
    """Invariants of a circuit.

    Parameters
    ----------
    proved : tuple of str
        Names.
    refuted : tuple of str
        Names of those that are not true, or that do not follow from the others.
    holds : tuple of int
        Literals of those that were proved.
    """

    proved: tuple[str, ...]
    refuted: tuple[str, ...]
    holds: tuple[int, ...]


def prove_context(circuit: Circuit, names: Sequence[str]) -> Context:
    """Return which of a circuit's invariants hold.

    Parameters
    ----------
    circuit : Circuit
        With a reset, and with expressions.
    names : sequence of str
        One for each expression.
    """
    folding = Folding(circuit.logic)
    states = sorted(circuit.states(folding, also=circuit.holds))
    (reset,) = circuit.logic.inputs["reset"]
    step = folding.folded(circuit.chosen(0), [*circuit.holds, *(circuit.following[state] for state in states)])
    holds, following = step.literals[: len(names)], dict(zip(states, step.literals[len(names) :], strict=True))
    # A copy of what the expressions depend on, one cycle later.
    now = folding.folded(circuit.chosen(0), circuit.holds)
    free, renamed = folding.free, {TRUE: TRUE, **following}
    for variable in sorted({abs(each) for out, given in now.gates.items() for each in (out, *given)}):
        if variable not in renamed:
            renamed[variable], free = free, free + 1
    logic = Logic(now.gates, {}, {})
    later = [renamed_literal(literal, renamed) for literal in now.literals]
    left = set(range(len(names)))
    with Glucose4(bootstrap_with=[*Logic(step.gates, {}, {}).clauses(), *logic.clauses(renamed)]) as solver:
        for resetting in (True, False):
            while left:
                # One of those that are left fails one cycle later.
                failing, free = free, free + 1
                solver.add_clause([-failing, *(-later[each] for each in sorted(left))])
                given = [reset] if resetting else [-reset, *(holds[each] for each in sorted(left))]
                if not solver.solve(assumptions=[failing, *given]):
                    break
                model = set(solver.get_model())
                left -= {each for each in left if later[each] not in model}
                solver.add_clause([-failing])
    return Context(
        proved=tuple(name for at, name in enumerate(names) if at in left),
        refuted=tuple(name for at, name in enumerate(names) if at not in left),
        holds=tuple(circuit.holds[at] for at in sorted(left)),
    )
