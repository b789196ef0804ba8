"""A circuit of ANDs and inverters, as Yosys writes it, and the formula that it is."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["TRUE", "Folded", "Folding", "Logic", "LoopError", "formula", "read_logic", "renamed_literal"]

# Yosys numbers nets from 2: 1 is free, and stands for true.
TRUE = 1
_CONSTANTS = {"0": -TRUE, "1": TRUE}


@dataclass(frozen=True)
class Logic:
    """Gates over variables; a literal is a variable's number, from 1, or its negative.

    Parameters
    ----------
    gates : dict of int to tuple of int
        Of each gate's output the literals of its inputs: two of an AND, one of an inverter.
    inputs, outputs : dict of str to tuple of int
        Literals of each port's bits, lowest first.
    """

    gates: dict[int, tuple[int, ...]]
    inputs: dict[str, tuple[int, ...]]
    outputs: dict[str, tuple[int, ...]]

    def variables(self) -> frozenset[int]:
        """Return the variables of all gates."""
        return frozenset({TRUE, *self.gates, *(abs(literal) for given in self.gates.values() for literal in given)})

    def clauses(self, renamed: Mapping[int, int] | None = None) -> Iterator[tuple[int, ...]]:
        """Yield the formula.

        Parameters
        ----------
        renamed : mapping of int to int, optional
            Literal by variable, for a copy of the circuit over other variables; what it lacks stays.
        """
        if renamed is None:
            return formula(self.gates)
        return formula(
            {
                renamed_literal(out, renamed): tuple(renamed_literal(each, renamed) for each in given)
                for out, given in self.gates.items()
            }
        )


class LoopError(ValueError):
    """What a net is depends on itself."""


@dataclass(frozen=True)
class Folded:
    """What a circuit has become.

    Parameters
    ----------
    gates : dict of int to tuple of int
        Each behind those that it depends on: the two literals of an AND.
    literals : tuple of int
        What was asked for.
    """

    gates: dict[int, tuple[int, ...]]
    literals: tuple[int, ...]
    _constants: dict[int, int] = field(default_factory=dict)
    _known: dict[tuple[int, ...], int] = field(default_factory=dict)
    _become: dict[int, int] = field(default_factory=dict)


class Folding:
    """A circuit of which some inputs become constants: what is left of it, and what becomes one.

    Gates of the same inputs become one, those of another folding too: of two that differ in what a constant chooses
    only the place where they do is left to a solver.

    Parameters
    ----------
    logic : Logic
    """

    def __init__(self, logic: Logic) -> None:
        self._gates = logic.gates
        # A gate of another folding has the same number plus this one.
        self.free = max(logic.variables()) + 1
        self._readers: dict[int, list[int]] = {}
        for out, given in logic.gates.items():
            for literal in given:
                self._readers.setdefault(abs(literal), []).append(out)
        # Constants whatever is fixed.
        self._always = self._propagated({TRUE: TRUE}, {})

    def folded(
        self,
        fixed: Iterable[int],
        literals: Sequence[int],
        *,
        beside: Folded | None = None,
        same: Callable[[int, tuple[int, ...], int], bool] = lambda gate, inputs, other: False,
    ) -> Folded:
        """Return what literals have become where others are true.

        Parameters
        ----------
        fixed : iterable of int
            Literals of inputs.
        literals : sequence of int
        beside : Folded, optional
            Of this circuit with other constants; gates that it has are not among those returned.
        same : callable
            Given a new gate, its inputs and what the gate is beside, 0 if it is not there, says whether they are always
            equal; such a gate is not among those returned either.

        Raises
        ------
        LoopError
            They depend on a combinational loop.
        """
        constants = self._propagated({abs(each): TRUE if each > 0 else -TRUE for each in fixed}, self._always)
        become = dict(constants)
        before: Mapping[tuple[int, ...], int] = {}
        others: Mapping[int, int] = {}
        if beside is not None:
            before, others = beside._known, beside._become
            # What depends on nothing that has another constant is what it was.
            changed = self._depending(constants.items() ^ beside._constants.items(), but=constants)
            become |= {variable: value for variable, value in others.items() if variable not in changed}
        offset = 0 if beside is None else self.free
        gates: dict[int, tuple[int, ...]] = {}
        known: dict[tuple[int, ...], int] = {}
        for variable in _behind(self._gates, literals, become.__contains__):
            given = self._gates[variable]
            if len(given) == 1:
                become[variable] = -renamed_literal(given[0], become)
                continue
            both = {renamed_literal(each, become) for each in given}
            if -TRUE in both or any(-each in both for each in both):
                become[variable] = -TRUE
                continue
            rest = tuple(sorted(both - {TRUE}))
            if len(rest) < 2:
                become[variable] = rest[0] if rest else TRUE
            elif rest in before:
                become[variable] = before[rest]
            else:
                gate = variable + offset
                if rest not in known:
                    other = others.get(variable, 0)
                    known[rest] = other if same(gate, rest, other) else gate
                    if known[rest] == gate:
                        gates[gate] = rest
                become[variable] = known[rest]
        return Folded(gates, tuple(renamed_literal(each, become) for each in literals), constants, known, become)

    def _depending(self, differing: Iterable[tuple[int, int]], *, but: Container[int]) -> set[int]:
        """Return the variables that depend on others, and those themselves; but constants do on nothing.

        Most of what another number changes in the comparisons with it ends there: they stay false.
        """
        found = {variable for variable, _ in differing}
        waiting = list(found)
        while waiting:
            readers = self._readers.get(waiting.pop(), ())
            new = [reader for reader in readers if reader not in found and reader not in but]
            found.update(new)
            waiting += new
        return found

    def _propagated(self, fixed: Mapping[int, int], known: Mapping[int, int]) -> dict[int, int]:
        """Return TRUE or its negative by each variable that is constant whatever the rest is; loops do no harm.

        Parameters
        ----------
        fixed : mapping of int to int
            By variable.
        known : mapping of int to int
            What was found before, with nothing fixed.
        """
        become = {**known, **fixed}
        waiting = list(fixed)
        while waiting:
            for reader in self._readers.get(waiting.pop(), ()):
                if reader in become:
                    continue
                given = [renamed_literal(each, become) for each in self._gates[reader]]
                if len(given) == 1:
                    become[reader] = -given[0]
                elif -TRUE in given:
                    become[reader] = -TRUE
                elif given == [TRUE, TRUE]:
                    become[reader] = TRUE
                else:
                    continue
                waiting.append(reader)
        return become


def _behind(
    gates: Mapping[int, tuple[int, ...]], literals: Iterable[int], known: Callable[[int], bool]
) -> Iterator[int]:
    """Yield the gates that literals depend on, each behind those that it depends on, but for what is known.

    Raises
    ------
    LoopError
        They depend on a combinational loop.
    """
    waiting = [(abs(literal), False) for literal in literals]
    begun: set[int] = set()
    while waiting:
        variable, ended = waiting.pop()
        if ended:
            begun.discard(variable)
            yield variable
        elif variable in begun:
            raise LoopError(f"net {variable} depends on itself")
        elif variable in gates and not known(variable):
            begun.add(variable)
            waiting.append((variable, True))
            waiting += [(abs(each), False) for each in gates[variable] if not known(abs(each))]


def formula(gates: Mapping[int, tuple[int, ...]]) -> Iterator[tuple[int, ...]]:
    """Yield the clauses of gates."""
    yield (TRUE,)
    for out, given in gates.items():
        if len(given) == 1:
            yield from ((-out, -given[0]), (out, given[0]))
        else:
            left, right = given
            yield from ((-out, left), (-out, right), (out, -left, -right))


def renamed_literal(literal: int, renamed: Mapping[int, int]) -> int:
    """Return a literal over other variables; a variable that has no other stays."""
    other = renamed.get(abs(literal), abs(literal))
    return other if literal > 0 else -other


def read_logic(module: Mapping[str, Any]) -> Logic:
    """Read a module of Yosys' JSON that has ANDs and inverters alone.

    Parameters
    ----------
    module : mapping
        Of ``modules`` in what ``write_json`` wrote after ``aigmap``.
    """

    def literal(bit: int | str) -> int:
        return _CONSTANTS[bit] if isinstance(bit, str) else bit

    gates: dict[int, tuple[int, ...]] = {}
    for cell in module["cells"].values():
        pins = {pin: literal(bits[0]) for pin, bits in cell["connections"].items()}
        if cell["type"] == "$_AND_":
            gates[pins["Y"]] = (pins["A"], pins["B"])
        elif cell["type"] == "$_NOT_":
            gates[pins["Y"]] = (pins["A"],)
        else:
            # Anything at all.
            assert cell["type"] == "$anyseq", f"{cell['type']}: expected ANDs and inverters"
    ports: dict[str, dict[str, tuple[int, ...]]] = {"input": {}, "output": {}}
    for name, port in module["ports"].items():
        ports[port["direction"]][name] = tuple(literal(bit) for bit in port["bits"])
    return Logic(gates, ports["input"], ports["output"])
