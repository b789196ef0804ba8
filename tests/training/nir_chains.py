"""A small NIR graph that the accelerator can run, to be spoilt."""

from __future__ import annotations

import nir
import numpy as np


def lif(width, **changes):
    fields = {"tau": 2e-4, "r": 2.0, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0}
    return nir.LIF(**{name: np.full(width, value) for name, value in fields.items()} | changes)


def chain():
    rng = np.random.default_rng(0)
    nodes = {
        "input": nir.Input(np.array([3])),
        "feed": nir.Linear(rng.standard_normal((4, 3))),
        "lif": lif(4),
        "back": nir.Linear(rng.standard_normal((4, 4))),
        "readout": nir.Affine(rng.standard_normal((2, 4)), np.zeros(2)),
        "output": nir.Output(np.array([2])),
    }
    edges = [("input", "feed"), ("feed", "lif"), ("lif", "back"), ("back", "lif"), ("lif", "readout")]
    return nir.NIRGraph(nodes, [*edges, ("readout", "output")], type_check=False)
