"""What a NIR file does not say and an importer takes for granted, a sentence each."""

from __future__ import annotations

import math

import nir
import numpy as np

from training.nir.graph import Chain, Spiking
from training.nir.settings import ImportSettings


def assumptions(chain: Chain, settings: ImportSettings, dt: float, dt_from: str) -> tuple[str, ...]:
    """Return all that was assumed of a network.

    Parameters
    ----------
    chain : Chain
    settings : ImportSettings
    dt : float
        Seconds of a time step.
    dt_from : str
        Where that is from.
    """
    scale, bits = settings.input_scale, settings.input_bits
    low, high = -(2.0 ** (bits - 1 + scale)), (2 ** (bits - 1) - 1) * 2.0**scale
    return (
        "reset: NIR cannot say how a network was reset in its discrete steps; here a spike sets the membrane to 0 at "
        "once (snnTorch: reset_mechanism='zero', and reset_delay=False for RLeaky). Trained with another reset "
        "(snnTorch's default subtracts the threshold), the network spikes differently",
        f"time step: dt = {dt:g} s, {dt_from}. With another, every leak and gain is another (--dt)",
        "units: NIR has none; time constants are taken for seconds, as dt is, and weights, thresholds and inputs for "
        "one unit of the membrane's",
        f"inputs: rounded to {bits}-bit codes, steps of 2^{scale}, {low:g}..{high:g}; that a code is worth 2^{scale} "
        f"is the setting input_scale, nothing in the graph says so",
        "frames: one time step a frame, each code held for one; the accelerator's frame of 10 ms stands for the "
        "graph's dt",
        "order: in a time step leak, input and the spikes that the layer sent back in the step before, threshold, "
        "reset; a spike passes through all layers in its own step",
        "start: membranes and recurrent spikes are 0 at the first frame",
        "logits: those of one time step; nothing is added up over time",
        *(line for layer in chain.layers for line in _of_layer(layer)),
    )


def _of_layer(layer: Spiking) -> tuple[str, ...]:
    decayed = math.exp(-1 / layer.steps)
    low, high = layer.gain
    gain = f"{low:.6g}" if low == high else f"{low:.6g}..{high:.6g}"
    return (
        f"node {layer.name!r}: discretisation: forward Euler, beta = 1 - dt / tau = {layer.beta:.6g}, as snnTorch and "
        f"Norse have it; a framework that decays by exp(-dt / tau), as Sinabs does, ran it with {decayed:.6g}, "
        f"{decayed - layer.beta:.3g} more",
        f"node {layer.name!r}: r: r dt / tau = {gain} is folded into the weights; v_leak and v_reset are 0",
    )


def contradictions(graph: nir.NIRGraph, outputs: int) -> tuple[str, ...]:
    """Return where the graph's own account of its output is not what its matrices give; those are taken.

    Parameters
    ----------
    graph : nir.NIRGraph
    outputs : int
        Of the last layer.
    """
    lines = []
    for name, node in graph.nodes.items():
        if isinstance(node, nir.Output):
            said = np.asarray(node.output_type.get("output")).ravel()
            if said.tolist() != [outputs]:
                lines.append(
                    f"node {name!r} (Output): shape {said[:8].tolist()}, but {outputs} values arrive: those are taken"
                )
    return tuple(lines)
