"""Mutants that no stimulus can tell from the original: proved by a SAT solver, registers cut.

First the module alone: for no state of its registers and no input does an output or a next state differ. What differs
there may still be equal where it stands, since the neighbours never bring that input about or do not look: so then the
whole accelerator, whose registers are still cut, but for what holds in every state that it reaches
(`cosim.mutants.context`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from pysat.solvers import Glucose4

from cosim.mutants.circuit import Circuit, circuits
from cosim.mutants.context import prove_context
from cosim.mutants.logic import TRUE, Folded, Folding, LoopError, formula

__all__ = ["equal_numbers", "proved_equal"]

# Conflicts after which a mutant is not proved; counted, not timed, so that every machine proves the same.
MOST_CONFLICTS = 50_000
# Of a single gate; gates that are not merged before no more is tried; places that are remembered.
FEW_CONFLICTS, MOST_GATES, MOST_PLACES = 100, 300, 200
# Words of 64 random places that all gates are looked at in before a solver is asked.
RANDOM_WORDS = 8


def proved_equal(
    modules: Mapping[str, str],
    mutants: Mapping[str, Sequence[int]],
    top: str,
    *,
    watched: Sequence[str] = (),
    invariants: Mapping[str, str] | None = None,
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
    watched : sequence of str
        Nets of `top` that are compared besides its outputs.
    invariants : mapping of str to str, optional
        Expressions over nets of `top` by name: only states where those hold that are proved are looked at.

    Raises
    ------
    SynthesisError
        Yosys is not installed, or fails.
    """
    mutants = {module: numbers for module, numbers in mutants.items() if numbers}
    if not mutants:
        return {}
    stated = invariants or {}
    selections, made = circuits(modules, mutants, top, watched=watched, holds=list(stated.values()))
    equal = frozenset(selections.values())
    for circuit in made:
        holds = prove_context(circuit, list(stated)).holds if stated else ()
        equal = equal_numbers(circuit, sorted(equal), holds)
    return {
        module: frozenset(number for number in numbers if selections[module, number] in equal)
        for module, numbers in mutants.items()
    }


def equal_numbers(circuit: Circuit, numbers: Sequence[int], holds: Sequence[int] = ()) -> frozenset[int]:
    """Return the numbers for which nothing ever differs, and that make no loop.

    Parameters
    ----------
    circuit : Circuit
    numbers : sequence of int
    holds : sequence of int
        Literals of the original that are true in every state that matters.
    """
    folding = Folding(circuit.logic)
    states = circuit.states(folding)
    compared = [*circuit.outputs, *(circuit.following[state] for state in sorted(states))]
    original = folding.folded(circuit.chosen(0), [*compared, *holds])
    # A random state is hardly ever one that the accelerator reaches.
    seen = _random_places(original, 2 * folding.free, 0 if holds else RANDOM_WORDS)
    return frozenset(
        number for number in numbers if _never_differs(circuit, folding, number, compared, original, seen)
    )


def _random_places(original: Folded, variables: int, words: int) -> np.ndarray:
    """Return what each variable is where inputs and states are drawn, a bit a place [words, variables]."""
    seen = np.zeros((words, variables), np.uint64)
    if not words:
        return seen
    read = {abs(literal) for given in original.gates.values() for literal in given} - set(original.gates)
    drawn = np.random.default_rng(1).integers(2**64, size=(words, len(read)), dtype=np.uint64)
    seen[:, sorted(read)] = drawn
    seen[:, TRUE] = ~np.uint64(0)
    for gate, given in original.gates.items():
        both = [seen[:, each] if each > 0 else ~seen[:, -each] for each in given]
        seen[:, gate] = both[0] & both[1]
    return seen


def _never_differs(
    circuit: Circuit, folding: Folding, number: int, compared: Sequence[int], original: Folded, seen: np.ndarray
) -> bool:
    with Glucose4(bootstrap_with=formula(original.gates)) as solver:
        for literal in original.literals[len(compared) :]:
            solver.add_clause([literal])
        try:
            same = _Same(solver, seen).same
            mutant = folding.folded(circuit.chosen(number), compared, beside=original, same=same)
        except LoopError:
            # Of a loop the formula says nothing that can be used: one that inverts has no solution at all.
            return False
        pairs = {
            (one, other)
            for one, other in zip(original.literals[: len(compared)], mutant.literals, strict=True)
            if one != other
        }
        first = 2 * folding.free
        for place, (one, other) in enumerate(sorted(pairs), first):
            # Its variable is true only where the two differ.
            solver.append_formula([(-place, one, other), (-place, -one, -other)])
        solver.add_clause(range(first, first + len(pairs)))
        solver.conf_budget(MOST_CONFLICTS)
        return not pairs or solver.solve_limited() is False


class _Same:
    """Merges gates of a mutant with the original's, one after the other from the inputs on.

    What is equal at its place is equal with all that follows; without this a solver would have to see through an adder
    that a neighbouring bit is the same.

    Parameters
    ----------
    solver : Glucose4
        Has the original.
    seen : np.ndarray [shape=(words, variables), dtype=uint64]
        A bit a place, which is values of all inputs and states: what each variable is there. As long as the greatest
        number that a gate may have.
    """

    def __init__(self, solver: Glucose4, seen: np.ndarray) -> None:
        self._solver, self._left = solver, MOST_GATES
        # And what it was where two gates differed: such a place, a bit each, tells most others apart.
        more = np.zeros((-(-MOST_PLACES // 64), seen.shape[1]), np.uint64)
        self._seen = np.concatenate([seen, more])
        self._known = np.zeros((len(self._seen), 1), np.uint64)
        self._known[: len(seen)] = ~np.uint64(0)
        self._places = 64 * len(seen)
        self._most = self._places + MOST_PLACES

    def same(self, gate: int, inputs: tuple[int, ...], other: int) -> bool:
        """Return whether a gate is another literal, 0 for none, in all states, as far as few conflicts tell."""
        left, right = inputs
        for clause in ((-gate, left), (-gate, right), (gate, -left, -right)):
            self._solver.add_clause(clause)
        self._seen[:, gate] = self._was(left) & self._was(right)
        if not other or not self._left or (self._seen[:, gate] != self._was(other)).any():
            return False
        for assumed in ((gate, -other), (-gate, other)):
            self._solver.conf_budget(FEW_CONFLICTS)
            found = self._solver.solve_limited(assumptions=assumed)
            if found is not False:
                self._left -= 1
                if found and self._places < self._most:
                    self._remember(self._solver.get_model())
                return False
        return True

    def _was(self, literal: int) -> np.ndarray:
        seen = self._seen[:, abs(literal)]
        return seen if literal > 0 else seen ^ self._known[:, 0]

    def _remember(self, model: Sequence[int]) -> None:
        word, bit = self._places // 64, np.uint64(1 << self._places % 64)
        # From 1 on, a literal each.
        self._seen[word, 1 : len(model) + 1] |= np.where(np.array(model) > 0, bit, np.uint64(0))
        self._known[word] |= bit
        self._places += 1
