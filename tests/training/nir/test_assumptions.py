"""Everything that an importer takes for granted stands in its account."""

from __future__ import annotations

import math

import nir
import numpy as np
import pytest

from tests.training.nir_chains import chain, lif
from training.nir.importing import from_nir, read_nir
from training.nir.settings import ImportSettings


def said(graph, **settings):
    return "\n".join(from_nir(graph, ImportSettings(**settings)).lost)


@pytest.mark.parametrize(
    "line",
    [
        "reset: NIR cannot say how", "time step: dt = 0.0001 s, ", "units: NIR has none; time constants are",
        "inputs: rounded to 8-bit codes, steps of 2^-5, -4..3.96875; that a code is worth 2^-5 is the setting input_sc",
        "frames: one time step a frame", "order: in a time step leak, input and the spikes",
        "start: membranes and recurrent spikes are 0", "logits: those of one time step",
        "node 'lif': discretisation: forward Euler, beta = 1 - dt / tau = 0.5",
        "node 'lif': r: r dt / tau = 1 is folded into the weights; v_leak and v_reset are 0",
    ],
)  # fmt: skip
def test_every_assumption_is_said(line):
    assert any(found.startswith(line) for found in from_nir(chain()).lost)


def test_it_says_where_the_time_step_is_from():
    graph = chain()
    assert "dt = 0.0001 s, assumed, snnTorch's constant: the graph's metadata have no 'dt'" in said(graph)
    assert "dt = 0.0002 s, as the setting dt says" in said(graph, dt=2e-4, leak_tolerance=0.6)
    graph.metadata["dt"] = np.float32(5e-5)
    assert "dt = 5e-05 s, from the graph's metadata" in said(graph)


def test_a_framework_that_decays_exponentially_differs_by_so_much():
    graph = chain()
    graph.nodes["lif"] = lif(4, tau=np.full(4, 4e-4), r=np.full(4, 4.0))
    other = math.exp(-1 / 4)
    found = said(graph)
    assert "beta = 1 - dt / tau = 0.75, as snnTorch and Norse have it" in found
    assert f"exp(-dt / tau), as Sinabs does, ran it with {other:.6g}, {other - 0.75:.3g} more" in found


def test_gains_that_differ_are_said():
    graph = chain()
    graph.nodes["lif"] = lif(4, r=np.array([2.0, 4.0, 1.0, 2.0]))
    assert "node 'lif': r: r dt / tau = 0.5..2 is folded into the weights" in said(graph)


def test_the_account_goes_with_the_checkpoint(tmp_path):
    nir.write(tmp_path / "some.nir", chain())
    imported = read_nir(tmp_path / "some.nir")
    assert imported.checkpoint.provenance["lost"] == list(imported.lost)
    assert imported.checkpoint.provenance["warnings"] == list(imported.warnings)


def test_an_output_of_another_width_is_said():
    graph = chain()
    assert "(Output)" not in said(graph)
    graph.nodes["output"] = nir.Output(np.array([3]))
    assert "node 'output' (Output): shape [3], but 2 values arrive: those are taken" in said(graph)
