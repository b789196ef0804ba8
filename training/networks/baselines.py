"""What the spiking network is compared with: an LSTM, a GRU, and the recurrent layers of snnTorch.

Same codes, labels, loss, decoder and number of epochs; only the network differs. Two layers, float, and all causal but
the bidirectional one, which is a teacher and no baseline.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from training.networks.acoustic_model import AcousticModel, Activity
from training.networks.dropout import dropped
from training.stages.quantise import INPUT_SCALE

_CELLS: dict[str, Callable[[int, int], nn.Module]] = {"lstm": nn.LSTM, "gru": nn.GRU}
# Utterances that a layer steps through together on a CPU, shortest with shortest. Torch's LSTM there is oneDNN's: as
# fast for few utterances as for many, so that little padding pays. Its GRU pays for every call. (A packed sequence is
# the slow way: its gradient takes 20 times as long.)
_TOGETHER = {"lstm": 4, "gru": None}


def weight_count(network: nn.Module) -> int:
    """Return the number of entries of a network's matrices; biases and class offset, as in the paper, do not count."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.ndim > 1)


class RecurrentBaseline(AcousticModel):
    """An LSTM or a GRU and a fully connected layer.

    Parameters
    ----------
    kind : {"lstm", "gru"}
    inputs, width, outputs, layers, seed : int
    bidirectional : bool
        Half of what a layer puts out comes from the future; the width is that of each half.

    Raises
    ------
    ValueError
        A `kind` that is neither.
    """

    def __init__(
        self,
        kind: str,
        *,
        inputs: int,
        width: int,
        outputs: int,
        layers: int = 2,
        bidirectional: bool = False,
        seed: int = 1,
    ) -> None:
        super().__init__()
        if kind not in _CELLS:
            raise ValueError(f"kind is {kind!r}, expected one of {', '.join(_CELLS)}")
        self.together = _TOGETHER[kind]
        sides = 2 if bidirectional else 1
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            # One entry a layer; in each, the way forwards and, if there is one, the way backwards.
            self.layers = nn.ModuleList(
                nn.ModuleList(_CELLS[kind](width * sides if layer else inputs, width) for _ in range(sides))
                for layer in range(layers)
            )
            self.fc = nn.Linear(width * sides, outputs, bias=False)
        self.offset = nn.Parameter(torch.zeros(outputs))

    def forward(
        self, codes: Tensor, starts: Tensor, *, dropout: float = 0.0, generator: torch.Generator | None = None
    ) -> Activity:
        """See `AcousticModel.forward`; the dropout is of each layer's output."""
        counts: list[int] = (starts[1:] - starts[:-1]).tolist()
        signal = codes.to(torch.float32) * 2.0**INPUT_SCALE
        together = self.together if codes.device.type == "cpu" else None
        for layer in self.layers:
            assert isinstance(layer, nn.ModuleList)
            sides = []
            for side, cell in enumerate(layer):
                utterances = [frames.flip(0) if side else frames for frames in signal.split(counts)]
                ran = _run(cell, utterances, together=together)
                sides.append(torch.cat([frames.flip(0) if side else frames for frames in ran]))
            signal = dropped(torch.cat(sides, dim=1) if len(sides) > 1 else sides[0], dropout, generator)
        return Activity(self.fc(signal) + self.offset)


def _run(cell: Any, utterances: Sequence[Tensor], *, together: int | None) -> list[Tensor]:
    """Run a layer over each utterance; the padding comes last and so changes nothing that is kept."""
    order = sorted(range(len(utterances)), key=lambda which: len(utterances[which]))
    order = [which for which in order if len(utterances[which])]
    ran = [frames.new_zeros(0, cell.hidden_size) for frames in utterances]
    size = together or max(1, len(order))
    for first in range(0, len(order), size):
        chosen = order[first : first + size]
        padded, _ = cell(pad_sequence([utterances[which] for which in chosen]))
        for place, which in enumerate(chosen):
            ran[which] = padded[: len(utterances[which]), place]
    return ran


class SnnTorchBaseline(AcousticModel):
    """The recurrent leaky integrate-and-fire layers of snnTorch (``snntorch.RLeaky``), with our neuron's constants.

    All-to-all recurrence without a bias, membranes halved each time step, threshold 1, neither learnt. A spike sets its
    membrane to zero at once (``reset_delay=False``; snnTorch's default would also swallow the next step's input), and
    the gradient passes through the reset. Surrogate: the arctangent at alpha = 1, which is ours.

    With one time step a frame all of that is `training.networks.model.SpikingNetwork` in float mode, but for ``u > 1``
    where ours has ``u >= 1``, and for our membranes' saturation. With two, a spike here feeds back into the next time
    step; in ours into the same time step of the next frame. All utterances are stepped together, padded.

    Parameters
    ----------
    inputs, width, outputs, time_steps, layers, seed : int
        The same seed gives the initial weights of `SpikingNetwork`.

    Raises
    ------
    ModuleNotFoundError
        snnTorch is not installed.
    """

    def __init__(
        self, *, inputs: int, width: int, outputs: int, time_steps: int = 2, layers: int = 2, seed: int = 1
    ) -> None:
        super().__init__()
        try:
            import snntorch
        except ModuleNotFoundError as missing:
            raise ModuleNotFoundError("this baseline needs snntorch: pip install -e '.[train]'") from missing
        self.time_steps = time_steps
        generator = torch.Generator().manual_seed(seed)
        self.feed_forward = nn.ModuleList()
        self.cells = nn.ModuleList()
        with torch.random.fork_rng(devices=[]):  # leaves torch's own generator as it was
            for layer in range(layers):
                self.feed_forward.append(nn.Linear(width if layer else inputs, width, bias=False))
                cell: Any = snntorch.RLeaky(
                    beta=0.5,
                    all_to_all=True,
                    linear_features=width,
                    reset_mechanism="zero",
                    reset_delay=False,
                    spike_grad=snntorch.surrogate.atan(alpha=1.0),
                )
                # snnTorch keeps every neuron model that there ever was.
                snntorch.SpikingNeuron.instances.remove(cell)
                cell.recurrent.bias = None
                self.cells.append(cell)
            self.fc = nn.Linear(width, outputs, bias=False)
            self.offset = nn.Parameter(torch.zeros(outputs))
        # In the order and with the gains of SpikingNetwork: torch's own defaults leave the second layer silent.
        gains: list[tuple[Any, float]] = [(fed, 1.5 if layer else 1.0) for layer, fed in enumerate(self.feed_forward)]
        gains += [(cell.recurrent, 0.4) for cell in self.cells] + [(self.fc, 1.0)]
        for linear, gain in gains:
            drawn = torch.randn(linear.in_features, linear.out_features, generator=generator)
            linear.weight.data = drawn.t().contiguous() * (gain / linear.in_features**0.5)

    def forward(
        self, codes: Tensor, starts: Tensor, *, dropout: float = 0.0, generator: torch.Generator | None = None
    ) -> Activity:
        """See `AcousticModel.forward`; the dropout is of each layer's outgoing feed-forward spikes."""
        counts: list[int] = (starts[1:] - starts[:-1]).tolist()
        frames = codes.to(torch.float32) * 2.0**INPUT_SCALE
        signal = pad_sequence(list(frames.split(counts))).unsqueeze(1)  # [frames, T or 1, utterances, values]
        all_spikes = []
        linear: Any
        cell: Any
        for linear, cell in zip(self.feed_forward, self.cells, strict=True):
            # All steps taken apart at once: an index in the loop would cost a gradient of the whole each time.
            drives = linear(signal).repeat_interleave(self.time_steps // signal.shape[1], dim=1).flatten(0, 1).unbind()
            spike, membrane = torch.zeros_like(drives[0]), torch.zeros_like(drives[0])
            fired = []
            for drive in drives:
                spike, membrane = cell(drive, spike, membrane)
                fired.append(spike)
            cell.reset_mem()  # lets go of the graph
            spikes = torch.stack(fired).unflatten(0, (-1, self.time_steps))
            all_spikes.append(torch.cat([spikes[:count, :, which] for which, count in enumerate(counts)]))
            signal = dropped(spikes, dropout, generator)
        merged = signal.sum(dim=1)
        logits = self.fc(torch.cat([merged[:count, which] for which, count in enumerate(counts)])) + self.offset
        return Activity(logits, tuple(all_spikes))
