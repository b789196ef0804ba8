"""The mutants of several modules in one set of texts: one build, one circuit, one number that chooses among all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cosim.mutants.mutant import Mutant
from cosim.mutants.schemata import inputs_of, schemata
from rtl.netlist import MODULE

__all__ = ["Population", "populate"]


@dataclass(frozen=True)
class Population:
    """Modules with their mutants.

    Parameters
    ----------
    texts : dict of str to str
        What to compile in the place of each module, by its name.
    mutants : dict of str to tuple of Mutant
        All of each module; their numbers are 1, 2, ...
    selections : dict of (str, int) to int
        The number that chooses a module's mutant, of those that the texts have; 0 is the original.
    """

    texts: dict[str, str]
    mutants: dict[str, tuple[Mutant, ...]]
    selections: dict[tuple[str, int], int]


def populate(
    modules: Mapping[str, str], selector: str, chosen: Mapping[str, Sequence[int] | None]
) -> Population:
    """Return modules with their mutants.

    Parameters
    ----------
    modules : mapping of str to str
        Text by name, of those that are changed and of all that they instantiate.
    selector : str
        A net that holds the number, as each module may read it.
    chosen : mapping of str to (sequence of int or None)
        Numbers of the mutants that the texts are to have, by module; None for all.
    """
    inputs = {name: inputs_of(text) for name, text in modules.items()}
    texts: dict[str, str] = {}
    mutants: dict[str, tuple[Mutant, ...]] = {}
    selections: dict[tuple[str, int], int] = {}
    offset = 0
    for module, numbers in chosen.items():
        only = None if numbers is None else frozenset(numbers)
        made = schemata(module.removeprefix(MODULE), modules[module], selector, inputs, only=only, offset=offset)
        texts[module], mutants[module] = made.text, made.mutants
        asked = range(1, len(made.mutants) + 1) if numbers is None else numbers
        selections |= {(module, number): offset + number for number in asked}
        offset += len(made.mutants)
    return Population(texts, mutants, selections)
