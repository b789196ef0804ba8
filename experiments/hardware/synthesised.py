"""The accelerator of a checkpoint in standard cells: one flat netlist, and the block of each of its cells."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from gates.liberty import Library, find_liberty, read_liberty
from gates.netlist import GateNetlist, read_netlist
from golden.checkpoint import Checkpoint
from rtl.design import TOP, Design, build_design
from rtl.netlist import MODULE
from rtl.synthesis.hierarchy import blocks_by_path
from rtl.synthesis.synthesise import Netlist, synthesise_all


@dataclass(frozen=True)
class Synthesised:
    """The accelerator in standard cells.

    Parameters
    ----------
    design : Design
    library : Library
    netlists : dict of str to Netlist
        By module.
    flat : GateNetlist
        The whole.
    blocks : np.ndarray [shape=(instances,), dtype=object]
        Block of each instance of `flat`.
    """

    design: Design
    library: Library
    netlists: Mapping[str, Netlist]
    flat: GateNetlist
    blocks: np.ndarray


def synthesised(checkpoint: Checkpoint, liberty: Sequence[Path] | None, *, clock_gates: bool = True) -> Synthesised:
    """Return the netlist of a checkpoint's accelerator, mapped if the cache has none.

    Raises
    ------
    EngineError, LibertyError
    """
    library = read_liberty(find_liberty(liberty))
    design = build_design(checkpoint.specification)
    with tqdm(unit="block", disable=None, file=sys.stderr) as progress:

        def step(name: str) -> None:
            progress.set_description(name.removeprefix(MODULE))
            progress.update()

        netlists, _ = synthesise_all(design, library, clock_gates=clock_gates, each=step)
    flat = read_netlist(netlists[TOP].module(), library)
    return Synthesised(design, library, netlists, flat, blocks_of(flat, blocks_by_path(design)))


def blocks_of(netlist: GateNetlist, paths: Mapping[str, str]) -> np.ndarray:
    """Return the block of each instance, by the path that its name begins with; others are of the top."""
    found = []
    for name in netlist.names:
        path, block = name, None
        while block is None and "." in path:
            path = path.rpartition(".")[0]
            block = paths.get(path)
        found.append(block or "accelerator")
    return np.array(found, dtype=object)
