"""The network in torch, with the arithmetic of ``golden.forward``: to train, and to check golden against."""

from __future__ import annotations

import torch
from torch import nn

from golden.specification import Specification
from training.networks.acoustic_model import AcousticModel, Activity
from training.networks.dropout import cut_of, random_bytes
from training.networks.spiking import NeuronConstants, Outgoing, run_layer
from training.networks.spiking_torch import run_layer as run_padded_layer
from training.stages.quantise import FakeQuantise, Scales


class SpikingNetwork(AcousticModel):
    """Recurrent spiking layers and a fully connected layer over their merged spikes.

    Parameters
    ----------
    spec : Specification
    seed : int
        Of the initial weights.

    Attributes
    ----------
    quantised : bool
        Weights on the integer grid and leaks rounded down, so that every number is golden's integer times its scale.
        Otherwise float weights and leaks.
    grid_bits : int
        Bits of a weight on that grid, at most the specification's: fewer are multiples of a step over the same range.
    offset : nn.Parameter [shape=(outputs,)]
        Added to the logits; the host's, not the hardware's.
    fc_mask : torch.Tensor [shape=(last width, outputs), dtype=bool]
        False where an FC weight is pruned.
    """

    fc_mask: torch.Tensor

    def __init__(self, spec: Specification, *, seed: int = 1) -> None:
        super().__init__()
        self.spec = spec
        self.scales = Scales.of(spec)
        self.quantised = False
        self.grid_bits = spec.weight_bits
        generator = torch.Generator().manual_seed(seed)

        def matrix(fan_in: int, width: int, gain: float) -> nn.Parameter:
            return nn.Parameter(torch.randn(fan_in, width, generator=generator) * (gain / fan_in**0.5))

        layers = list(enumerate(spec.layers))
        self.feed_forward = nn.ParameterList(
            [matrix(spec.fan_in(layer), width, 1.0 if layer == 0 else 1.5) for layer, width in layers]
        )
        self.recurrent = nn.ParameterList([matrix(width, width, 0.4) for _, width in layers])
        for layer, matrix_l in enumerate(self.recurrent):
            if not spec.recurrent[layer]:
                matrix_l.requires_grad_(False).zero_()
        self.fc = matrix(spec.layers[-1], spec.outputs, 1.0)
        self.offset = nn.Parameter(torch.zeros(spec.outputs))
        self.register_buffer("fc_mask", torch.ones(spec.layers[-1], spec.outputs, dtype=torch.bool))

    @property
    def coarser(self) -> int:
        """log2 of a step of the grid, in units of the specification's integers."""
        return self.spec.weight_bits - self.grid_bits

    def weight(self, name: str, layer: int = 0) -> torch.Tensor:
        """Return a matrix as the forward uses it: masked, and on the grid in quantised mode.

        Parameters
        ----------
        name : {"feed_forward", "recurrent", "fc"}
        layer : int
        """
        if name == "fc":
            weights, scale = self.fc, self.scales.fc
        else:
            weights, scale = getattr(self, name)[layer], getattr(self.scales, name)[layer]
        if self.quantised:
            weights = FakeQuantise.apply(weights, scale + self.coarser, self.grid_bits)
        return weights * self.fc_mask if name == "fc" else weights

    @torch.no_grad()
    def clip_weights(self) -> None:
        """Bring every weight into the range of its integers, where quantisation will not move it far."""
        reach = 1 << (self.spec.weight_bits - 1)
        for weights, scale in (
            *zip(self.feed_forward, self.scales.feed_forward, strict=True),
            *zip(self.recurrent, self.scales.recurrent, strict=True),
            (self.fc, self.scales.fc),
        ):
            weights.clamp_(-reach * 2.0**scale, (reach - 1) * 2.0**scale)

    def constants(self, layer: int) -> NeuronConstants:
        """Return the layer's neuron constants in real units."""
        unit = 2.0 ** self.scales.unit[layer]
        reach = 1 << (self.spec.membrane_bits[layer] - 1)
        return NeuronConstants(
            threshold=self.spec.thresholds[layer] * unit,
            low=-reach * unit,
            high=(reach - 1) * unit,
            leak_shift=self.spec.leaks[layer],
            unit=unit if self.quantised else 0.0,
        )

    def forward(
        self,
        codes: torch.Tensor,
        starts: torch.Tensor,
        *,
        dropout: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Activity:
        """Run a batch of utterances, each from rest.

        Parameters
        ----------
        codes : torch.Tensor [shape=(frames, inputs), dtype=int8 or another integer]
            All utterances, one after the other.
        starts : torch.Tensor [shape=(utterances + 1,), dtype=int64]
            First frame of each, and the number of frames.
        dropout : float
            Share of each layer's outgoing feed-forward spikes dropped (the recurrent ones stay), at least 0 and below
            1, rounded to 256ths.
        generator : torch.Generator or None

        Returns
        -------
        Activity

        Raises
        ------
        ValueError
            A dropout out of its range.
        """
        steps, last = self.spec.time_steps, len(self.spec.layers) - 1
        cut = cut_of(dropout)
        # Numba's loops never compute a padded frame but run on a CPU alone.
        run = run_layer if codes.device.type == "cpu" else run_padded_layer
        signal = (codes.to(torch.float32) * 2.0**self.scales.input).unsqueeze(1)
        all_spikes, all_membranes = [], []
        for layer, width in enumerate(self.spec.layers):
            noise = None
            if cut:
                noise = random_bytes((len(codes), steps, width), generator=generator, device=codes.device)
            signal, spikes, membranes = run(
                signal @ self.weight("feed_forward", layer),
                self.weight("recurrent", layer),
                starts,
                steps=steps,
                constants=self.constants(layer),
                outgoing=Outgoing(noise=noise, cut=cut, merged=layer == last),
            )
            all_spikes.append(spikes)
            all_membranes.append(membranes)
        logits = signal.squeeze(1) @ self.weight("fc") + self.offset
        return Activity(logits, tuple(all_spikes), tuple(all_membranes))
