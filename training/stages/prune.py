"""The paper's two levels of pruning: whole neurons, and single weights of the fully connected layer."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from training.networks.model import SpikingNetwork


def magnitude_mask(weights: torch.Tensor, *, share: float) -> torch.Tensor:
    """Keep the largest weights (paper: 60 % of the fully connected layer's).

    Parameters
    ----------
    weights : torch.Tensor
    share : float
        Share of the weights to prune, in 0..1; exactly ``round(share * weights.numel())`` are, the smallest in
        magnitude, the first among equals.

    Returns
    -------
    torch.Tensor [same shape, dtype=bool]
        False where pruned.

    Raises
    ------
    ValueError
        A share outside 0..1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"prune: share is {share}, expected 0..1")
    order = torch.sort(weights.detach().abs().flatten(), stable=True).indices
    mask = torch.ones(weights.numel(), dtype=torch.bool)
    mask[order[: round(share * weights.numel())]] = False
    return mask.reshape(weights.shape)


@torch.no_grad()
def neuron_importance(network: SpikingNetwork, spikes: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Estimate how much each neuron changes what comes after it.

    Ours: the standard deviation of its spikes (one that always or never fires tells nothing) times the norm of its
    outgoing weights, each matrix in units of its own norm, as membranes and logits are not of one unit.

    Parameters
    ----------
    network : SpikingNetwork
    spikes : sequence of torch.Tensor [shape=(frames, T, width)]
        Of each layer, on some training utterances.

    Returns
    -------
    list of torch.Tensor [shape=(width,)]
    """
    importance = []
    last = len(network.spec.layers) - 1
    for layer, fired in enumerate(spikes):
        outgoing = [network.weight("fc") if layer == last else network.weight("feed_forward", layer + 1)]
        if network.spec.recurrent[layer]:
            outgoing.append(network.weight("recurrent", layer))
        strength = sum((matrix / matrix.norm().clamp_min(1e-12)).square().sum(dim=1) for matrix in outgoing)
        importance.append(fired.flatten(0, 1).std(dim=0) * torch.as_tensor(strength).sqrt())
    return importance


@torch.no_grad()
def keep_neurons(
    network: SpikingNetwork, importance: Sequence[torch.Tensor], *, widths: Sequence[int]
) -> SpikingNetwork:
    """Return a narrower network of the most important neurons, in their order (paper: 256 to 128 a layer).

    Parameters
    ----------
    network : SpikingNetwork
    importance : sequence of torch.Tensor [shape=(width,)]
    widths : sequence of int
        Neurons to keep in each layer.

    Returns
    -------
    SpikingNetwork

    Raises
    ------
    ValueError
        More neurons than there are, or another number of layers.
    """
    present = network.spec.layers
    if len(widths) != len(present) or any(not 1 <= wide <= have for wide, have in zip(widths, present, strict=True)):
        raise ValueError(f"prune: widths {tuple(widths)}, expected {len(present)} of at most {present}")
    kept = [
        torch.sort(torch.argsort(score, descending=True, stable=True)[:width]).values
        for score, width in zip(importance, widths, strict=True)
    ]
    narrow = SpikingNetwork(network.spec.replace(layers=tuple(widths)))
    state = network.state_dict()
    for layer, rows in enumerate(kept):
        name = f"feed_forward.{layer}"
        state[name] = state[name][:, rows] if layer == 0 else state[name][kept[layer - 1]][:, rows]
        state[f"recurrent.{layer}"] = state[f"recurrent.{layer}"][rows][:, rows]
    for name in ("fc", "fc_mask"):
        state[name] = state[name][kept[-1]]
    narrow.load_state_dict(state)
    narrow.quantised, narrow.grid_bits = network.quantised, network.grid_bits
    return narrow
