"""What stands in what: leaves of logic, memories, and the modules that hold instances of them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from rtl.design import TOP, Design
from rtl.netlist import MODULE

MEMORY = f"{MODULE}memory"
_INSTANCE = re.compile(rf"^    ({MODULE}\w+)(?: #\((.*)\))? (\w+) \($", re.MULTILINE)


@dataclass(frozen=True)
class Memory:
    """A memory bank, which is listed, not synthesised.

    Parameters
    ----------
    instance : str
    depth, width, address_bits : int
    """

    instance: str
    depth: int
    width: int
    address_bits: int

    @property
    def bits(self) -> int:
        """Depth times width."""
        return self.depth * self.width

    @property
    def module(self) -> str:
        """Name of the black box of this size."""
        return f"{MEMORY}_{self.depth}x{self.width}"


def instances_of(design: Design, name: str) -> Counter[str]:
    """Return how often each module stands directly in another; nothing in a leaf."""
    return Counter(found[1] for found in _INSTANCE.finditer(design.modules[name].text))


def leaves_in(design: Design, name: str) -> Counter[str]:
    """Return how often each leaf stands in a module and all that is in it; memories are no leaves."""
    inside = instances_of(design, name)
    if not inside:
        return Counter() if name == MEMORY else Counter([name])
    total: Counter[str] = Counter()
    for child, count in inside.items():
        for leaf, times in leaves_in(design, child).items():
            total[leaf] += count * times
    return total


def memories_in(design: Design, name: str) -> list[Memory]:
    """Return the memory banks of a module and of all that is in it."""
    found = []
    for module, given, instance in _INSTANCE.findall(design.modules[name].text):
        if module == MEMORY:
            sizes = dict(re.findall(r"\.(\w+)\((\d+)\)", given))
            found.append(Memory(instance, int(sizes["DEPTH"]), int(sizes["WIDTH"]), int(sizes["ADDRESS_BITS"])))
        else:
            found += memories_in(design, module)
    return found


def leaf_names(design: Design) -> list[str]:
    """Return the modules that hold logic, in the design's order."""
    return [name for name in design.modules if name != MEMORY and not instances_of(design, name)]


def instances_in_all(design: Design) -> Counter[str]:
    """Return how often each module stands in the accelerator."""
    total: Counter[str] = Counter([TOP])
    # Parents stand after their children.
    for name in reversed(design.modules):
        for child, count in instances_of(design, name).items():
            total[child] += count * total[name]
    return total


def blocks_by_path(design: Design, name: str = TOP) -> dict[str, str]:
    """Return the leaf (without prefix) at each path of instance names, joined by dots, in a module."""
    found: dict[str, str] = {}
    for module, _, instance in _INSTANCE.findall(design.modules[name].text):
        if module == MEMORY:
            continue
        inside = blocks_by_path(design, module)
        if inside:
            found |= {f"{instance}.{path}": block for path, block in inside.items()}
        else:
            found[instance] = module.removeprefix(MODULE)
    return found
