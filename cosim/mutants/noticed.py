"""Which mutants of a module a property notices: all of them in one circuit, unrolled from reset, asked one by one.

Yosys makes gates of the modules, one of them with all its mutants, and of the property. What is left of these for one
mutant is laid out once a cycle. Where the proof by induction goes through with the mutant as well, the property does
not notice it. Where it does not, a SAT solver looks for inputs from reset on that keep the assumptions and break an
assertion: what it finds can happen, and what it does not find within `CYCLES` counts as not noticed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pysat.solvers import Glucose4

from cosim.mutants.mutant import Mutant
from cosim.mutants.schemata import schemata
from rtl.formal.harness import TOP, Property
from rtl.netlist import MODULE
from rtl.scratch import scratch_folder
from rtl.synthesis.yosys import run_yosys

__all__ = ["CYCLES", "module_mutants", "noticed"]

# Cycles from reset in which a mutant has to break an assertion: two frames of the small networks' outputs.
CYCLES = 24
# Within so many cycles it is looked for first: most are found at once, and what comes later is then not laid out.
_FIRST = (3, 6, 12)
_SELECTOR, _SELECTOR_BITS = "rsnn_mutant", 16
_PREPARED = (
    "proc -norom; flatten; opt; memory -nomap; opt_clean; memory_map; opt",
    "async2sync; chformal -lower; chformal -cover -remove; dffunmap; opt_clean",
    # No opt behind dfflegalize: it would take enables into the registers again.
    "techmap; opt; dfflegalize -cell $_DFF_P_ 01; techmap; opt_expr; aigmap; opt_expr; opt_merge; opt_clean -purge",
)


@dataclass(frozen=True)
class _System:
    """A circuit of ANDs and inverters with registers; literals are a net's number, from 2, or its negative; 1 is true.

    Parameters
    ----------
    size : int
        Numbers in use are below.
    gates : list of (int, int, int)
        Output, and both inputs of an AND.
    registers : list of (int, int, int or None)
        State, next state, first state or None for any.
    constant : list of int
        Nets that are the same in all cycles.
    first : list of int
        Nets that are 1 in the first cycle alone.
    assumed, broken : list of (int, int)
        Pairs: where the first is 1, the second must be; where it is 1 and the second is not, an assertion is broken.
    selector : list of int
        Bits of the mutant's number, lowest first.
    """

    size: int
    gates: list[tuple[int, int, int]]
    registers: list[tuple[int, int, int | None]]
    constant: list[int]
    first: list[int]
    assumed: list[tuple[int, int]]
    broken: list[tuple[int, int]]
    selector: list[int]


def module_mutants(wanted: Property, module: str) -> tuple[Mutant, ...]:
    """Return the mutants of one of a property's modules, by its name without prefix; their numbers are from 1."""
    return schemata(module, wanted.modules[module].text, _SELECTOR).mutants


def noticed(
    wanted: Property, module: str, numbers: Sequence[int] | None = None, *, cycles: int = CYCLES
) -> dict[int, int]:
    """Return the mutants of a module that a property notices, with the cycles from reset within which it does.

    A mutant with a combinational loop is not noticed: a formula says nothing of it.

    Parameters
    ----------
    wanted : Property
        One that is not bounded.
    module : str
        Of its modules, without prefix.
    numbers : sequence of int, optional
        Of mutants, as `cosim.mutants.schemata.schemata` counts them; by default all.
    cycles : int

    Raises
    ------
    SynthesisError
        Yosys is not installed, or refuses a mutant.
    AssertionError
        The module without a mutant breaks an assertion.
    """
    system = _system(wanted, module, frozenset(numbers) if numbers is not None else None)
    asked = numbers if numbers is not None else range(1, len(module_mutants(wanted, module)) + 1)
    found: dict[int, int] = {}
    inputs_of = {out: (left, right) for out, left, right in system.gates}
    # What the mutant's number alone decides, a solver propagates.
    with Glucose4(bootstrap_with=[[1]]) as chooser:
        for out, left, right in system.gates:
            chooser.append_formula([[-out, left], [-out, right], [out, -left, -right]])

        def folded(number: int) -> _System | None:
            chosen = [bit if number >> place & 1 else -bit for place, bit in enumerate(system.selector)]
            _, known = chooser.propagate(assumptions=[1, *chosen])
            return _folded(system, inputs_of, {abs(net): 1 if net > 0 else -1 for net in known})

        original = folded(0)
        assert original is not None, f"{wanted.name}: {module} has a loop"
        assert _is_inductive(original, wanted.depth), f"{wanted.name} is not proved without a mutant"
        for number in asked:
            changed = folded(number)
            if changed is None and (numbers is None or len(numbers) > 1):
                # Two mutants together may make a loop that neither makes alone.
                found |= noticed(wanted, module, [number], cycles=cycles)
            # Most mutants are nowhere that the property looks, and with some it is proved all the same.
            if changed is None or changed == original or _is_inductive(changed, wanted.depth):
                continue
            if (depth := _breaks(changed, cycles)) is not None:
                found[number] = depth
    return found


def _folded(system: _System, inputs_of: Mapping[int, tuple[int, int]], decided: Mapping[int, int]) -> _System | None:
    """Return what is left of a circuit where some nets are decided, gates shared; None where it has a loop."""
    following = {state: (ahead, first) for state, ahead, first in system.registers}
    new = {1: 1, **decided}
    shared: dict[tuple[int, int], int] = {}
    gates: list[tuple[int, int, int]] = []
    states: list[int] = []
    size = 2

    def known(net: int) -> int:
        return new[net] if net > 0 else -new[-net]

    def reach(root: int) -> bool:
        nonlocal size
        waiting, open_gates = [abs(root)], set()
        while waiting:
            net = waiting[-1]
            if net in new:
                waiting.pop()
                continue
            if net not in inputs_of:
                new[net] = size
                size += 1
                if net in following:
                    states.append(net)
                continue
            left, right = inputs_of[net]
            ready = []
            for given in (left, right):
                if abs(given) in new:
                    if known(given) == -1:
                        new[net] = -1
                        break
                    ready.append(known(given))
            if net in new:
                continue
            if len(ready) < 2:
                unknown = abs(left) if abs(left) not in new else abs(right)
                if net in open_gates and unknown in open_gates:
                    return False
                open_gates.add(net)
                waiting.append(unknown)
                continue
            low, high = sorted(ready)
            if low == -high:
                new[net] = -1
            elif low == high or low == 1:
                new[net] = high
            elif high == 1:
                new[net] = low
            else:
                if (low, high) not in shared:
                    shared[low, high] = size
                    gates.append((size, low, high))
                    size += 1
                new[net] = shared[low, high]
        return True

    for pair in (*system.assumed, *system.broken):
        if not all(map(reach, pair)):
            return None
    at = 0
    while at < len(states):
        if not reach(following[states[at]][0]):
            return None
        at += 1
    return _System(
        size,
        gates,
        [(new[state], known(following[state][0]), following[state][1]) for state in states],
        [new[net] for net in system.constant if abs(new.get(net, 1)) != 1],
        [new[net] for net in system.first if net in new],
        [(known(enabled), known(holds)) for enabled, holds in system.assumed],
        [(known(enabled), known(holds)) for enabled, holds in system.broken],
        [],
    )


def _is_inductive(system: _System, depth: int) -> bool:
    """Return whether after `depth` cycles that keep the assertions, from any state, the next one does.

    That includes the cycles after the first: the bodies' own register says when reset has been.
    """
    with Glucose4() as solver:
        for cycle in range(depth + 1):
            broken = list(_lay_out(solver, system, cycle, from_reset=False))
            if cycle == depth:
                solver.add_clause(broken)
            else:
                for enabled, holds in system.broken:
                    solver.add_clause([-_at(enabled, _stride(system) * cycle), _at(holds, _stride(system) * cycle)])
        return solver.solve() is False


def _breaks(system: _System, cycles: int) -> int | None:
    """Return within how many cycles from the first an assertion can be broken, or None."""
    with Glucose4() as solver:
        laid = 0
        for depth in (*(early for early in _FIRST if early < cycles), cycles):
            broken = [one for cycle in range(laid, depth) for one in _lay_out(solver, system, cycle)]
            # One of them is broken where this is assumed.
            goal = _stride(system) * depth - 1
            solver.add_clause([-goal, *broken])
            laid = depth
            if solver.solve([goal]):
                return depth
            solver.add_clause([-goal])
    return None


def _system(wanted: Property, module: str, only: frozenset[int] | None) -> _System:
    given = schemata(module, wanted.modules[module].text, _SELECTOR, only=only)
    assert len(given.mutants) < 1 << _SELECTOR_BITS, "the selector has fewer bits"
    texts = {f"{name}.v": each.text for name, each in wanted.modules.items()}
    head = f"module {MODULE}{module} (\n"
    text = given.text.replace(head, f"{head}    {_SELECTOR},\n", 1)
    texts[f"{module}.v"] = text.replace("\n);\n", f"\n);\ninput [{_SELECTOR_BITS - 1}:0] {_SELECTOR};\n", 1)
    top = wanted.text.replace(f"module {TOP} (\n", f"module {TOP} (\n    input wire [15:0] {_SELECTOR},\n", 1)
    instance = f"    {MODULE}{module} the_{module} (\n"
    texts[f"{TOP}.sv"] = top.replace(instance, f"{instance}        .{_SELECTOR}({_SELECTOR}),\n", 1)
    with scratch_folder("noticed") as folder:
        for name, each in texts.items():
            (folder / name).write_text(each)
        run_yosys(
            [
                f"read_verilog -formal -sv -mem2reg {' '.join(texts)}",
                f"hierarchy -check -top {TOP}",
                *_PREPARED,
                "write_json system.json",
            ],
            folder,
        )
        return _read(json.loads((folder / "system.json").read_text())["modules"][TOP])


def _read(module: dict[str, Any]) -> _System:
    """Read what Yosys wrote."""
    constants = {"0": -1, "1": 1}
    size = 2
    firsts: dict[int, int] = {}
    for net in module["netnames"].values():
        bits = net["bits"]
        size = max([size, *(bit + 1 for bit in bits if not isinstance(bit, str))])
        # The first bit stands last.
        for bit, value in zip(bits, reversed(net["attributes"].get("init", "")), strict=False):
            if value in "01" and not isinstance(bit, str):
                firsts[bit] = int(value)
    free: list[int] = []

    def literal(bit: int | str) -> int:
        if not isinstance(bit, str):
            return bit
        if bit in constants:
            return constants[bit]
        # What is unknown is anything.
        free.append(size + len(free))
        return free[-1]

    found = _System(size, [], [], [], [], [], [], [])
    for cell in module["cells"].values():
        pins = {pin: [literal(bit) for bit in bits] for pin, bits in cell["connections"].items()}
        kind = cell["type"]
        if kind == "$_AND_":
            found.gates.append((pins["Y"][0], pins["A"][0], pins["B"][0]))
        elif kind == "$_NOT_":
            found.gates.append((pins["Y"][0], -pins["A"][0], 1))
        elif kind in ("$_DFF_P_", "$_FF_"):
            (state,) = pins["Q"]
            found.registers.append((state, pins["D"][0], firsts.get(state)))
        elif kind in ("$assert", "$assume"):
            (found.broken if kind == "$assert" else found.assumed).append((pins["EN"][0], pins["A"][0]))
        elif kind == "$anyconst":
            found.constant.extend(pins["Y"])
        elif kind == "$initstate":
            found.first.extend(pins["Y"])
        else:
            assert kind in ("$anyseq", "$scopeinfo"), f"{kind}: expected ANDs, inverters, registers and statements"
    found.selector.extend(module["ports"][_SELECTOR]["bits"])
    found.constant.extend(found.selector)
    return _System(size + len(free), *(getattr(found, name) for name in list(vars(found))[1:]))


def _lay_out(solver: Any, system: _System, cycle: int, *, from_reset: bool = True) -> Iterator[int]:
    """Add a cycle to the formula; yield literals of which each says that an assertion is broken in it."""
    here, before = _stride(system) * cycle, _stride(system) * (cycle - 1)
    add = solver.add_clause

    def at(number: int, offset: int = here) -> int:
        return _at(number, offset)

    if not cycle:
        add([1])
    for out, left, right in system.gates:
        a, b, y = at(left), at(right), at(out)
        add([-y, a])
        add([-y, b])
        add([y, -a, -b])
    for state, following, first in system.registers:
        if cycle:
            q, d = at(state), at(following, before)
            add([-q, d])
            add([q, -d])
        elif first is not None and from_reset:
            add([at(state) if first else -at(state)])
    for net in system.constant:
        if cycle:
            add([-at(net), net])
            add([at(net), -net])
    for net in system.first:
        add([-at(net) if cycle or not from_reset else at(net)])
    for enabled, holds in system.assumed:
        add([-at(enabled), at(holds)])
    for number, (enabled, holds) in enumerate(system.broken):
        breaks = here + system.size + number
        add([-breaks, at(enabled)])
        add([-breaks, -at(holds)])
        yield breaks


def _at(number: int, offset: int) -> int:
    if abs(number) == 1:
        return number
    return number + offset if number > 0 else number - offset


def _stride(system: _System) -> int:
    """Return the numbers that a cycle takes: its nets, its assertions, and one that stands for any of these."""
    return system.size + len(system.broken) + 1
