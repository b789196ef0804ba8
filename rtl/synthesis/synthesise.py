"""Netlists of the blocks: each leaf mapped to standard cells alone, what joins them counted over the hierarchy."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from files.reading import parse_json, read_bytes
from gates.depth import logic_depth
from gates.liberty import Library
from rtl.build_cache import built, digest, kept, put
from rtl.design import TOP, Design
from rtl.netlist import MODULE
from rtl.program import environment_key
from rtl.sources import sources_digest
from rtl.synthesis.clock_gating import RESET_AS_DATA, RESET_MAP, clock_gating_commands, gated_flip_flops
from rtl.synthesis.hierarchy import MEMORY, instances_in_all, instances_of, leaf_names, leaves_in, memories_in
from rtl.synthesis.yosys import SynthesisError, run_yosys, yosys_version

LIBERTY, CONSTRAINTS = "cells.lib", "abc.constr"
VERILOG_FILE, MODULE_FILE = "netlist.v", "netlist.json"
# What each output of a block is assumed to drive; about eight small gates at 180 nm. ABC converts the library's loads
# to femtofarads, and takes this number for some.
LOAD_FF = 100


@dataclass(frozen=True)
class Netlist:
    """A module in standard cells.

    Parameters
    ----------
    name : str
    cells : dict of str to int
        Instances of each cell.
    depth : int
        Most cells on a way from a port or flip-flop to another, buffers included; a memory is an end, too.
    folder : Path
        Where its Verilog lies.
    gated_flip_flops : int
        Flip-flops that get their clock from a clock gate.
    """

    name: str
    cells: Mapping[str, int]
    depth: int
    folder: Path
    gated_flip_flops: int = 0

    @cached_property
    def text(self) -> str:
        """Its Verilog: cells and wires alone, ports named and as wide as in the RTL."""
        return (self.folder / VERILOG_FILE).read_text()

    def module(self) -> dict[str, Any]:
        """Return the same as Yosys' JSON has it: ``ports``, ``cells`` and ``netnames``, a number each net."""
        return _read_module(self.folder)


# ---- runs of Yosys -----------------------------------------------------------------------------------------


def read_rtl(name: str) -> str:
    """Return the command that reads a leaf's RTL: lists of planes are registers, not memories."""
    return f"read_verilog -mem2reg -DSYNTHESIS {name}.v"


def synthesise_leaf(design: Design, name: str, library: Library, *, clock_gates: bool = True) -> Netlist:
    """Map a leaf to standard cells, kept by content.

    Parameters
    ----------
    design : Design
    name : str
        A module without instances.
    library : Library
    clock_gates : bool
        Registers with an enable get their clock through a gate, where the library has one.

    Raises
    ------
    SynthesisError
        Yosys is not installed or refuses, or maps to a cell that has no model.
    """
    commands = [read_rtl(name), f"synth -flatten -nordff -top {name}", *_map_to_cells(design, library, clock_gates)]
    return _netlist(name, commands, {f"{name}.v": design.modules[name].text}, library)


def synthesise_flat(
    design: Design, library: Library, *, clock_gates: bool = True, timeout_s: float | None = None
) -> Netlist:
    """Map the whole accelerator at once, across the borders of blocks; memories stay black boxes.

    Raises
    ------
    SynthesisError
        As `synthesise_leaf`.
    TimeoutError
        It took longer than `timeout_s`.
    """
    leaves = leaf_names(design)
    files = {f"{name}.v": design.modules[name].text for name in leaves} | _structure(design)
    commands = [*map(read_rtl, leaves), "read_verilog structure.v", f"synth -flatten -nordff -top {TOP}"]
    commands += _map_to_cells(design, library, clock_gates)
    return _netlist(TOP, commands, files, library, kind="flat", timeout_s=timeout_s)


def assemble(design: Design, name: str, netlists: Mapping[str, Netlist], library: Library) -> Netlist:
    """Join the netlists of the leaves of a structural module into one flat netlist, gates as they are.

    Raises
    ------
    SynthesisError
        As `synthesise_leaf`.
    """
    leaves = leaves_in(design, name)
    files = {f"{leaf}.v": netlists[leaf].text for leaf in leaves} | _structure(design)
    commands = [f"read_liberty -lib {LIBERTY}", *(f"read_verilog {leaf}.v" for leaf in leaves)]
    commands += ["read_verilog structure.v", f"hierarchy -check -top {name}", "flatten"]
    commands += ["delete t:$scopeinfo", "splitnets", "opt_clean"]
    return _netlist(name, [*commands, *_WRITE], files, library, kind="assembly")


# No expressions in the netlist: timing analysers read only cells and wires.
_WRITE = (
    "check -assert",
    f"write_verilog -noattr -noexpr -nohex -nodec {VERILOG_FILE}",
    f"write_json {MODULE_FILE}",
)


def _map_to_cells(design: Design, library: Library, clock_gates: bool) -> list[str]:
    # ABC reads it as a 32-bit integer.
    period_ps = min(round(1e12 / design.specification.clock_hz), (1 << 31) - 1)
    return [
        *(clock_gating_commands(library) if clock_gates else ()),
        f"dfflibmap -liberty {LIBERTY}",
        f"abc -liberty {LIBERTY} -constr {CONSTRAINTS} -D {period_ps}",
        "opt_clean -purge",
        "splitnets",
        "opt_clean -purge",
        f"read_liberty -lib {LIBERTY}",
        *_WRITE,
    ]


def _netlist(
    name: str,
    commands: list[str],
    files: Mapping[str, str],
    library: Library,
    *,
    kind: str = "netlist",
    timeout_s: float | None = None,
) -> Netlist:
    constraints = f"set_driving_cell {library.buffer}\nset_load {LOAD_FF}\n"
    parts = [part for pair in sorted(files.items()) for part in pair]
    key = digest(
        *(yosys_version(), environment_key(), name, library.text, constraints, RESET_AS_DATA),
        *("\n".join(commands), sources_digest("rtl.synthesis.synthesise"), *parts),
    )

    def build(folder: Path) -> None:
        put(folder, {**files, LIBERTY: library.text, CONSTRAINTS: constraints, RESET_MAP: RESET_AS_DATA})
        run_yosys(commands, folder, timeout_s=timeout_s)
        module = json.loads((folder / MODULE_FILE).read_text())["modules"][name]
        for path in folder.iterdir():
            if path.name != VERILOG_FILE:
                path.unlink()
        put(folder, {MODULE_FILE: json.dumps(_bare(module), separators=(",", ":"))})

    folder = built(kind, key, build)

    def count() -> dict[str, Any]:
        module = _read_module(folder)
        cells = Counter(str(cell["type"]) for cell in module["cells"].values())
        unknown = [cell for cell in cells if not _is_known(cell, library)]
        if unknown:
            raise SynthesisError(
                f"{name}: mapped to {', '.join(sorted(unknown))}, which the library has no model of, or not for use"
            )
        return {"cells": cells, "depth": logic_depth(module, library), "gated": gated_flip_flops(module, library)}

    # By our sources, too: a change in them counts anew, and does not map anew.
    counted = kept("counted", digest(key, sources_digest("gates", "rtl.synthesis")), count)
    cells = {cell: number for cell, number in counted["cells"].items() if not cell.startswith(MEMORY)}
    netlist = Netlist(name, cells, counted["depth"], folder, counted["gated"])
    # Read now that it was held against its list, not when it is wanted, an hour later.
    assert netlist.text
    return netlist


def _bare(module: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Yosys' JSON says of a module without what it says of sources and parameters."""
    return {
        "ports": module["ports"],
        "cells": {
            name: {"type": cell["type"], "connections": cell["connections"]} for name, cell in module["cells"].items()
        },
        "netnames": {name: {"bits": net["bits"]} for name, net in module["netnames"].items()},
    }


def _read_module(folder: Path) -> dict[str, Any]:
    return parse_json(read_bytes(folder / MODULE_FILE), str(folder / MODULE_FILE))


def _is_known(cell: str, library: Library) -> bool:
    return cell.startswith(f"{MEMORY}_") or (cell in library.cells and library.cells[cell].allowed)


def _structure(design: Design) -> dict[str, str]:
    """Return one file with the modules of instances, and a black box for each size of memory."""
    texts = [_without_parameters(design.modules[name].text) for name in design.modules if instances_of(design, name)]
    return {"structure.v": "\n".join([*texts, *black_boxes(design)])}


def _without_parameters(text: str) -> str:
    """Return a module of instances without the names of memory files, each memory named by its size."""

    def sized(found: re.Match[str]) -> str:
        sizes = dict(re.findall(r"\.(\w+)\((\d+)\)", found[1]))
        return f"    {MEMORY}_{sizes['DEPTH']}x{sizes['WIDTH']} "

    text = re.sub(rf"^    {MEMORY} #\((.*)\) (?=\w+ \($)", sized, text, flags=re.MULTILINE)
    text = re.sub(rf"^(module {MODULE}\w+ )#\(\n.*?\n\) \(", r"\1(", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(rf"^(    {MODULE}\w+) #\(.*\) (?=\w+ \($)", r"\1 ", text, flags=re.MULTILINE)


def black_boxes(design: Design) -> list[str]:
    """Return a Verilog module without contents for each size of memory."""
    boxes = {memory.module: memory for memory in memories_in(design, TOP)}
    return [
        f"(* blackbox *) module {name} (input clk, input write, input [{box.address_bits - 1}:0] write_address,"
        f" input [{box.width - 1}:0] write_row, input read, input [{box.address_bits - 1}:0] address,"
        f" output [{box.width - 1}:0] row);\nendmodule\n"
        for name, box in boxes.items()
    ]


# ---- the table ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """What a module takes.

    Parameters
    ----------
    block : str
    instances : int
        Of it in the accelerator.
    kind : {"leaf", "structure", "total", "flattened"}
    cells, flip_flops : int
    clock_gates, gated_flip_flops : int
        Clock gates, and the flip-flops behind them.
    nand2_equivalents, area_um2 : float
    depth : int or None
        As in `Netlist`.
    memory_bits : int
    """

    block: str
    instances: int
    kind: str
    cells: int
    flip_flops: int
    clock_gates: int
    gated_flip_flops: int
    nand2_equivalents: float
    area_um2: float
    depth: int | None
    memory_bits: int


def row_of(
    design: Design, name: str, cells: Mapping[str, int], library: Library, *, kind: str, depth: int | None, gated: int
) -> Row:
    """Return the row of a module that takes `cells`; `gated` of its flip-flops are behind clock gates."""
    area = sum(library.cells[cell].area * count for cell, count in cells.items())
    return Row(
        block=name.removeprefix(MODULE),
        instances=instances_in_all(design)[name],
        kind=kind,
        cells=sum(cells.values()),
        flip_flops=sum(count for cell, count in cells.items() if library.cells[cell].flip_flop),
        clock_gates=sum(count for cell, count in cells.items() if library.cells[cell].clock_gate),
        gated_flip_flops=gated,
        nand2_equivalents=area / library.nand2_area,
        area_um2=area,
        depth=depth,
        memory_bits=sum(memory.bits for memory in memories_in(design, name)),
    )


def synthesise_all(
    design: Design,
    library: Library,
    *,
    clock_gates: bool = True,
    each: Callable[[str], object] = lambda name: None,
) -> tuple[dict[str, Netlist], list[Row]]:
    """Synthesise every leaf and count every module.

    Parameters
    ----------
    design : Design
    library : Library
    clock_gates : bool
        As `synthesise_leaf`.
    each : callable, optional
        Called with the name of each module before its turn.

    Returns
    -------
    netlists : dict of str to Netlist
        Of the leaves, and of the modules of instances the same gates joined.
    rows : list of Row
        In the design's order, the total last.
    """
    netlists: dict[str, Netlist] = {}
    rows = []
    for name in design.modules:
        if name == MEMORY:
            continue
        each(name)
        leaf = not instances_of(design, name)
        if leaf:
            found = synthesise_leaf(design, name, library, clock_gates=clock_gates)
        else:
            found = assemble(design, name, netlists, library)
        netlists[name] = found
        cells, gated = found.cells, found.gated_flip_flops
        if not leaf:
            # Counted over the hierarchy: joining drops gates whose outputs nothing reads.
            cells, gated = Counter(), 0
            for child, times in leaves_in(design, name).items():
                gated += times * netlists[child].gated_flip_flops
                cells.update({cell: times * count for cell, count in netlists[child].cells.items()})
        kind = "leaf" if leaf else "total" if name == TOP else "structure"
        rows.append(row_of(design, name, cells, library, kind=kind, depth=found.depth, gated=gated))
    return netlists, rows
