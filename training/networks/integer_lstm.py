"""An LSTM in the integers of a chip: weights of 4 bits, activations of 8, and how it is trained (ours).

What spikes are compared with at equal memory. Each number is an integer times a power of two:

====================  =====================  =============================================
quantity              bits                   worth of 1
====================  =====================  =============================================
inputs                8, signed              2^-5, as the spiking network's
weights               4, signed              2^s, one s a matrix, chosen from float weights
biases                16, signed             that of the layer's sums
sums                  32                     the finest of its two matrices' products and the gates
gates before tables   8, signed              2^-5: from -4 to below 4, rounded down
sigmoid, tanh         8, unsigned / signed   2^-8, 2^-7, from tables of 256 entries
cell                  16, signed             2^-12
outputs of a layer    8, signed              2^-7, rounded down
====================  =====================  =============================================

The forward pass computes these integers exactly, as float32 holds whole numbers up to 2^24; the gradient is that of the
same network without rounding and tables, and stops where a number is cut off. `training.networks.integer_lstm_run`
computes them in NumPy's integers, apart from this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from training.networks.acoustic_model import AcousticModel, Activity
from training.networks.baselines import RecurrentBaseline
from training.networks.dropout import dropped
from training.networks.integer_lstm_layer import LayerOnCpu
from training.stages.quantise import INPUT_SCALE, FakeQuantise, to_integers

__all__ = ["IntegerLayer", "IntegerLstm", "IntegerWeights", "gate_tables"]

WEIGHT_BITS = 4
BIAS_BITS = 16
# log2 of what an integer is worth.
GATE_SCALE, SIGMOID_SCALE, TANH_SCALE, CELL_SCALE, OUTPUT_SCALE = -5, -8, -7, -12, -7
Integers = npt.NDArray[np.int64]


def gate_tables() -> tuple[Integers, Integers]:
    """Return sigmoid and tanh of the integers -128..127 at 2^-5, as integers of 8 bits [shape=(256,), dtype=int64]."""
    at = np.arange(-128, 128) * 2.0**GATE_SCALE
    sigmoid = np.clip(np.rint(2.0**-SIGMOID_SCALE / (1 + np.exp(-at))), 0, 255)
    return sigmoid.astype(np.int64), np.clip(np.rint(np.tanh(at) * 2.0**-TANH_SCALE), -127, 127).astype(np.int64)


@dataclass(frozen=True)
class IntegerLayer:
    """One layer's numbers; gates come as torch has them: input, forget, cell, output.

    Parameters
    ----------
    fed, back : np.ndarray [shape=(4 * width, inputs), (4 * width, width), dtype=int64]
        Weights, -8..7.
    bias : np.ndarray [shape=(4 * width,), dtype=int64]
    fed_shift, back_shift : int
        Each product's left shift onto the unit of the sums.
    gate_shift : int
        Right shift of a sum onto the gates' unit.
    """

    fed: Integers
    back: Integers
    bias: Integers
    fed_shift: int
    back_shift: int
    gate_shift: int


@dataclass(frozen=True)
class IntegerWeights:
    """All that a chip would store.

    Parameters
    ----------
    layers : tuple of IntegerLayer
    fc : np.ndarray [shape=(outputs, width), dtype=int64]
    fc_scale : int
        log2 of what 1 of the logits is worth.
    """

    layers: tuple[IntegerLayer, ...]
    fc: Integers
    fc_scale: int

    @property
    def weights(self) -> int:
        """How many; biases do not count, as in the paper."""
        return sum(layer.fed.size + layer.back.size for layer in self.layers) + self.fc.size

    @property
    def bias_bits(self) -> int:
        """Memory of the biases."""
        return sum(layer.bias.size for layer in self.layers) * BIAS_BITS


class IntegerLstm(AcousticModel):
    """See the module.

    Parameters
    ----------
    start : RecurrentBaseline
        An LSTM in one direction, trained in floating point; its weights say the scales.

    Raises
    ------
    ValueError
        It is none.
    """

    scales: Tensor
    sigmoid_table: Tensor
    tanh_table: Tensor

    def __init__(self, start: RecurrentBaseline) -> None:
        super().__init__()
        cells: list[nn.LSTM] = []
        for layer in start.layers:
            assert isinstance(layer, nn.ModuleList)
            if len(layer) != 1 or not isinstance(layer[0], nn.LSTM):
                raise ValueError("an integer LSTM starts from an LSTM in one direction")
            cells.append(layer[0])
        given = [{name: value.detach().clone() for name, value in cell.named_parameters()} for cell in cells]
        self.fed = nn.ParameterList([own["weight_ih_l0"] for own in given])
        self.back = nn.ParameterList([own["weight_hh_l0"] for own in given])
        self.bias = nn.ParameterList([own["bias_ih_l0"] + own["bias_hh_l0"] for own in given])
        self.fc = nn.Parameter(start.fc.weight.detach().clone())
        self.offset = nn.Parameter(start.offset.detach().clone())
        scales = [best_scale(weights) for weights in self._matrices()]
        self.register_buffer("scales", torch.tensor(scales, dtype=torch.int64))
        for number, table in enumerate(gate_tables()):
            self.register_buffer(("sigmoid_table", "tanh_table")[number], torch.from_numpy(table).to(torch.float32))

    def _matrices(self) -> list[Tensor]:
        return [*self.fed, *self.back, self.fc]

    def _scales(self) -> tuple[list[int], list[int], int]:
        scales, layers = self.scales.tolist(), len(self.fed)
        return scales[:layers], scales[layers : 2 * layers], scales[-1]

    def _unit(self, layer: int) -> tuple[int, int, int]:
        """Return log2 of what 1 of the products is worth, fed and fed back, and of the sums."""
        fed, back, _ = self._scales()
        products = fed[layer] + (OUTPUT_SCALE if layer else INPUT_SCALE), back[layer] + OUTPUT_SCALE
        # At least as fine as the gates.
        return *products, min(*products, GATE_SCALE)

    def forward(
        self, codes: Tensor, starts: Tensor, *, dropout: float = 0.0, generator: torch.Generator | None = None
    ) -> Activity:
        """See `AcousticModel.forward`; the dropout is of each layer's output."""
        counts: list[int] = (starts[1:] - starts[:-1]).tolist()
        signal = codes.to(torch.float32) * 2.0**INPUT_SCALE
        fed_scales, back_scales, fc_scale = self._scales()
        for layer, (fed, back, bias) in enumerate(zip(self.fed, self.back, self.bias, strict=True)):
            unit = self._unit(layer)[2]
            fed = FakeQuantise.apply(fed, fed_scales[layer], WEIGHT_BITS)
            back = FakeQuantise.apply(back, back_scales[layer], WEIGHT_BITS)
            drive = signal @ fed.t() + FakeQuantise.apply(bias, unit, BIAS_BITS)
            drives = pad_sequence(list(drive.split(counts)))
            if codes.device.type == "cpu":
                tables = self.sigmoid_table * 2.0**SIGMOID_SCALE, self.tanh_table * 2.0**TANH_SCALE
                outputs = LayerOnCpu.apply(drives, back.t(), *tables)
            else:
                outputs = self.run_layer(drives, back.t())
            whole = torch.cat([outputs[:count, which] for which, count in enumerate(counts)])
            signal = dropped(whole, dropout, generator)
        logits = signal @ FakeQuantise.apply(self.fc, fc_scale, WEIGHT_BITS).t()
        return Activity(logits + self.offset)

    def run_layer(self, drives: Tensor, back: Tensor) -> Tensor:
        """Return a layer's outputs on any device.

        Parameters
        ----------
        drives : torch.Tensor [shape=(frames, utterances, 4 * width)]
            What comes from below, biases included.
        back : torch.Tensor [shape=(width, 4 * width)]
            On the grid.

        Returns
        -------
        torch.Tensor [shape=(frames, utterances, width)]
        """
        width = back.shape[0]
        output = drives.new_zeros(drives.shape[1], width)
        cell, outputs = output, []
        for drive in drives.unbind():
            gates = _floor(drive + output @ back, GATE_SCALE, 8)
            into, keep, new, out = gates.split(width, dim=1)
            into, keep, out = (self._sigmoid(gate) for gate in (into, keep, out))
            kept = _floor(keep * cell, CELL_SCALE, 16)
            added = _floor(into * self._tanh(new), CELL_SCALE, 16)
            cell = _cut(kept + added, CELL_SCALE, 16)
            output = _floor(out * self._tanh(_floor(cell, GATE_SCALE, 8)), OUTPUT_SCALE, 8)
            outputs.append(output)
        return torch.stack(outputs)

    def _sigmoid(self, gate: Tensor) -> Tensor:
        at = (gate.detach() * 2.0**-GATE_SCALE).to(torch.int64) + 128
        return _through(torch.sigmoid(gate), self.sigmoid_table[at] * 2.0**SIGMOID_SCALE)

    def _tanh(self, gate: Tensor) -> Tensor:
        at = (gate.detach() * 2.0**-GATE_SCALE).to(torch.int64) + 128
        return _through(torch.tanh(gate), self.tanh_table[at] * 2.0**TANH_SCALE)

    @torch.no_grad()
    def clip_weights(self) -> None:
        """Bring every weight into the range of its integers."""
        for weights, scale in zip(self._matrices(), self.scales.tolist(), strict=True):
            weights.clamp_(-(2 ** (WEIGHT_BITS - 1)) * 2.0**scale, (2 ** (WEIGHT_BITS - 1) - 1) * 2.0**scale)

    @torch.no_grad()
    def integers(self) -> IntegerWeights:
        """Return the numbers that a chip would hold."""
        fed_scales, back_scales, fc_scale = self._scales()

        def whole(weights: Tensor, scale: int, bits: int = WEIGHT_BITS) -> Integers:
            found: Integers = to_integers(weights, scale=scale, bits=bits).numpy().astype(np.int64)
            return found

        layers = []
        for layer, (fed, back, bias) in enumerate(zip(self.fed, self.back, self.bias, strict=True)):
            fed_unit, back_unit, unit = self._unit(layer)
            layers.append(
                IntegerLayer(
                    fed=whole(fed, fed_scales[layer]),
                    back=whole(back, back_scales[layer]),
                    bias=whole(bias, unit, BIAS_BITS),
                    fed_shift=fed_unit - unit,
                    back_shift=back_unit - unit,
                    gate_shift=GATE_SCALE - unit,
                )
            )
        return IntegerWeights(tuple(layers), whole(self.fc, fc_scale), fc_scale + OUTPUT_SCALE)


@torch.no_grad()
def best_scale(weights: Tensor) -> int:
    """Return log2 of the step with which 4 bits hold a matrix with the least squared error."""
    highest = float(weights.abs().max())
    first = int(np.ceil(np.log2(max(highest, 2.0**-20) / 2 ** (WEIGHT_BITS - 1))))
    errors = {
        scale: float((to_integers(weights, scale=scale, bits=WEIGHT_BITS) * 2.0**scale - weights).square().sum())
        for scale in range(first - 4, first + 1)
    }
    return min(errors, key=errors.__getitem__)


class _Through(torch.autograd.Function):
    """``_Through.apply(smooth, exact)``: the exact value, the smooth one's gradient."""

    @staticmethod
    def forward(ctx: Any, smooth: Tensor, exact: Tensor) -> Tensor:
        return exact

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient, None


class _Floor(torch.autograd.Function):
    """Rounded down to multiples of a step and cut off; the gradient passes where nothing was cut off."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, scale: int, bits: int) -> Tensor:
        most = 1 << (bits - 1)
        steps = torch.floor(values * 2.0**-scale)
        ctx.save_for_backward((steps >= -most) & (steps < most))
        return steps.clamp(-most, most - 1) * 2.0**scale

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (inside,) = ctx.saved_tensors
        return gradient * inside, None, None


def _through(smooth: Tensor, exact: Tensor) -> Tensor:
    found: Tensor = _Through.apply(smooth, exact)
    return found


def _floor(values: Tensor, scale: int, bits: int) -> Tensor:
    found: Tensor = _Floor.apply(values, scale, bits)
    return found


def _cut(values: Tensor, scale: int, bits: int) -> Tensor:
    """Return what is on the grid already, cut off; the gradient stops there."""
    most = 1 << (bits - 1)
    return values.clamp(-most * 2.0**scale, (most - 1) * 2.0**scale)
