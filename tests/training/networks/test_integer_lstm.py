"""The integer LSTM: torch's numbers are NumPy's, NumPy's are those of a loop over neurons, and it learns."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.networks.baselines import RecurrentBaseline
from training.networks.integer_lstm import IntegerLstm, best_scale, gate_tables
from training.networks.integer_lstm_layer import LayerOnCpu
from training.networks.integer_lstm_run import run_integers


def network(seed: int, *, width: int = 7, gain: float = 1.0) -> IntegerLstm:
    start = RecurrentBaseline("lstm", inputs=5, width=width, outputs=6, seed=seed)
    with torch.no_grad():
        for parameter in start.parameters():
            parameter.mul_(gain)
    return IntegerLstm(start)


def speech(seed: int, counts: list[int]) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(-128, 128, (count, 5)).astype(np.int8) for count in counts]


@given(st.integers(0, 10**6), st.lists(st.integers(1, 30), min_size=1, max_size=4), st.sampled_from([0.3, 1.0, 6.0]))
def test_torch_computes_the_integers_of_numpy(seed: int, counts: list[int], gain: float) -> None:
    model, codes = network(seed, gain=gain), speech(seed, counts)
    starts = torch.from_numpy(np.cumsum([0, *counts]))
    with torch.no_grad():
        # The offset, the host's, is zero.
        logits = model(torch.from_numpy(np.concatenate(codes)), starts).logits
    weights = model.integers()
    assert np.array_equal(logits.numpy() * 2.0**-weights.fc_scale, np.concatenate(run_integers(weights, codes)))


@pytest.mark.parametrize("gain", [1.0, 8.0])
def test_numpy_computes_what_a_loop_over_neurons_does(gain: float) -> None:
    weights = network(3, gain=gain).integers()
    (codes,) = speech(4, [25])
    sigmoid, tanh = gate_tables()
    signal = codes.astype(int).tolist()
    for layer in weights.layers:
        width = layer.back.shape[1]
        cell, output, outputs = [0] * width, [0] * width, []
        for frame in signal:
            after, state = [], []
            for neuron in range(width):
                at = []
                for gate in range(4):
                    row = gate * width + neuron
                    fed = sum(int(weight) * value for weight, value in zip(layer.fed[row], frame, strict=True))
                    back = sum(int(weight) * value for weight, value in zip(layer.back[row], output, strict=True))
                    total = fed * 2**layer.fed_shift + back * 2**layer.back_shift + int(layer.bias[row])
                    at.append(min(127, max(-128, math.floor(total / 2**layer.gate_shift))))
                into, keep, new, out = at
                kept = math.floor(int(sigmoid[keep + 128]) * cell[neuron] / 256)
                new_cell = kept + math.floor(int(sigmoid[into + 128]) * int(tanh[new + 128]) / 8)
                state.append(min(32767, max(-32768, new_cell)))
                shown = min(127, max(-128, math.floor(state[-1] / 128)))
                after.append(math.floor(int(sigmoid[out + 128]) * int(tanh[shown + 128]) / 256))
            cell, output = state, after
            outputs.append(after)
        signal = outputs
    expected = [[sum(int(w) * v for w, v in zip(row, frame, strict=True)) for row in weights.fc] for frame in signal]
    assert run_integers(weights, [codes])[0].tolist() == expected


def test_tables_are_the_functions_to_half_a_step() -> None:
    sigmoid, tanh = gate_tables()
    for at in range(-128, 128):
        assert abs(sigmoid[at + 128] - 256 / (1 + math.exp(-at / 32))) <= 1
        assert abs(tanh[at + 128] - 128 * math.tanh(at / 32)) <= 1
    assert (sigmoid.min(), sigmoid.max(), tanh.min(), tanh.max()) == (5, 251, -127, 127)


def test_everything_fits_its_bits() -> None:
    model = network(1, gain=50.0)
    model.clip_weights()
    weights = model.integers()
    for layer in weights.layers:
        assert layer.fed.min() >= -8
        assert layer.back.max() <= 7
        assert np.abs(layer.bias).max() < 2**15
        assert min(layer.fed_shift, layer.back_shift, layer.gate_shift) >= 0
    # 4 gates x 7 x (5 + 7), the same x (7 + 7), 6 x 7.
    assert weights.weights == 336 + 392 + 42
    assert weights.bias_bits == 2 * 28 * 16


def test_a_scale_is_the_best_of_all() -> None:
    drawn = torch.randn(40, 30, generator=torch.Generator().manual_seed(1)) * 0.37
    chosen = best_scale(drawn)

    def error(scale: int) -> float:
        return float(((drawn / 2**scale).round().clamp(-8, 7) * 2.0**scale - drawn).square().sum())

    assert min(range(-12, 6), key=error) == chosen


def test_it_learns_through_its_rounding() -> None:
    model, codes = network(2, width=16), speech(5, [40, 40])
    starts, given = torch.tensor([0, 40, 80]), torch.from_numpy(np.concatenate(codes))
    # The sign of the first input of the frame before.
    target = torch.roll((given[:, 0] > 0).to(torch.int64), 1)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(model(given, starts).logits, target)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        model.clip_weights()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_what_is_no_lstm_is_refused() -> None:
    for start in (
        RecurrentBaseline("gru", inputs=5, width=4, outputs=3),
        RecurrentBaseline("lstm", inputs=5, width=4, outputs=3, bidirectional=True),
    ):
        with pytest.raises(ValueError, match="starts from an LSTM in one direction"):
            IntegerLstm(start)


@pytest.mark.parametrize("gain", [0.5, 2.0, 12.0])
def test_the_layer_on_a_cpu_is_the_one_that_torch_differentiates(gain: float) -> None:
    model = network(6, width=9, gain=gain)
    generator = torch.Generator().manual_seed(7)
    found = []
    drawn = torch.randint(-200, 200, (30, 3, 36), generator=generator) / 64
    weights = torch.randint(-8, 8, (9, 36), generator=generator) * gain / 16
    wanted = torch.randn(30, 3, 9, generator=generator)
    tables = model.sigmoid_table / 256, model.tanh_table / 128
    for run in (model.run_layer, lambda drives, back: LayerOnCpu.apply(drives, back, *tables)):
        drives, back = drawn.clone().requires_grad_(), weights.clone().requires_grad_()
        outputs = run(drives, back)
        (outputs * wanted).sum().backward()
        found.append((outputs.detach(), drives.grad, back.grad))
    assert torch.equal(found[0][0], found[1][0])
    for one, other in zip(found[0][1:], found[1][1:], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
    assert found[0][1].abs().max() > 0.01
