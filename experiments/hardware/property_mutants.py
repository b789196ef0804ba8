"""What each property notices: the mutants of the blocks that it is about, one by one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from tqdm import tqdm

from cosim.mutants.equivalence import proved_equal
from cosim.mutants.held import held_values
from cosim.mutants.noticed import CYCLES, module_mutants, noticed
from experiments.chain.simulation_key import ROOMS
from rtl.build_cache import digest, kept
from rtl.formal.harness import Property
from rtl.netlist import MODULE
from rtl.sources import sources_digest
from rtl.synthesis.yosys import yosys_version

__all__ = ["BLOCKS", "mutants_noticed"]

# Whose every mutant some property has to notice.
BLOCKS = ("output", "zero_skip", "axi_stream")
# Of a property of several blocks: each cycle of it is large, and what a block does to it alone another property says.
_FEW_CYCLES = 8


def mutants_noticed(properties: Mapping[str, Property]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what each property notices of the mutants of `BLOCKS`, and the mutants that none does.

    Answers are kept by all sources that have a part in them.

    Parameters
    ----------
    properties : mapping of str to Property

    Returns
    -------
    counts : list of dict
        A row a block and property, and one a block of any property.
    left : list of dict
        A row a mutant that no property notices, with the reason: a signal "keeps a value", it is "equal", or neither is
        shown, "not noticed".

    Raises
    ------
    SynthesisError
        Yosys is not installed, or fails.
    """
    tools = f"{yosys_version()}, python-sat {version('python-sat')}"
    key = (sources_digest(*ROOMS, __name__), tools)
    about = [(wanted, block) for block in BLOCKS for wanted in properties.values() if block in wanted.modules]
    found: dict[tuple[str, str], set[int]] = {}
    # The two streams are modules of one name.
    text_of: dict[str, str] = {}
    counts: list[dict[str, Any]] = []
    for wanted, block in tqdm(about, "mutants", unit="property", disable=None, file=sys.stderr):
        text = wanted.modules[block].text
        label = f"{block} (arg-max)" if "keep_best" in text else block
        text_of.setdefault(label, text)
        cycles = _FEW_CYCLES if len(wanted.modules) > 1 else CYCLES

        def ask(wanted: Property = wanted, block: str = block, cycles: int = cycles) -> list[list[int]]:
            return sorted(map(list, noticed(wanted, block, cycles=cycles).items()))

        # Numbers of the mutants, and within how many cycles.
        answer = kept("noticed", digest(*key, wanted.name, wanted.text, text, str(cycles)), ask)
        found[label, wanted.name] = {number for number, _ in answer}
        counts.append(_row(label, wanted.name, len(module_mutants(wanted, block)), len(answer)))
    left: list[dict[str, Any]] = []
    for label, text in text_of.items():
        block = label.split(" ")[0]
        of = next(wanted for wanted, at in about if at == block and wanted.modules[block].text == text)
        mutants = module_mutants(of, block)
        any_of: set[int] = set().union(*(numbers for (name, _), numbers in found.items() if name == label))
        counts.append(_row(label, "any", len(mutants), len(any_of)))
        missed = [number for number in range(1, len(mutants) + 1) if number not in any_of]

        def explain(block: str = block, text: str = text, missed: list[int] = missed) -> list[list[int]]:
            texts = {f"{MODULE}{block}": text}
            held = held_values(texts, f"{MODULE}{block}", missed)
            asked = [number for number in missed if number not in held]
            equal = proved_equal(texts, {f"{MODULE}{block}": asked}, f"{MODULE}{block}")
            return [sorted(held), sorted(equal.get(f"{MODULE}{block}", ()))]

        held, equal = kept("noticed", digest(*key, text, repr(missed)), explain)
        for number in missed:
            why = "keeps a value" if number in held else "equal" if number in equal else "not noticed"
            left.append({"block": label, "why": why, "mutant": mutants[number - 1].what})
    return counts, left


def _row(block: str, name: str, mutants: int, count: int) -> dict[str, Any]:
    return {"block": block, "property": name, "mutants": mutants, "noticed": count}
