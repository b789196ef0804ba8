"""Training learns, and goes on after a stop to the same weights to the bit."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from golden.specification import Specification
from training.errors import StateError
from training.networks.model import SpikingNetwork
from training.preparation.dataset import IGNORED, Utterances, delayed
from training.stages.objective import Objective, Weights
from training.stages.sequence import PhoneGraph
from training.stages.train import Plan, batches, rate_at, run, run_spikes
from training.stages.train import train as train_with

SPEC = Specification(inputs=6, layers=(16, 16), outputs=4)
PLAN = Plan(epochs=4, learning_rate=1e-2, batch=4, seed=3)


def train(network, data, plan, **options):
    """Train on states of phones of one state each."""
    states = network.spec.outputs
    flat = np.full((states, states), -np.log(states), np.float32)
    objective = Objective(
        plan.weights, senone_state=np.arange(states, dtype=np.int16), log_prior=flat[0],
        graph=PhoneGraph(flat, flat[0], 1), delay=1,
    )  # fmt: skip
    return train_with(network, data, plan, objective, **options)


@pytest.fixture(scope="module")
def data():
    """Four classes that hold for a few frames each, seen through noise."""
    rng = np.random.default_rng(1)
    means = rng.normal(size=(4, 6)) * 60
    lengths = rng.integers(20, 60, size=18)
    labels = [np.repeat(rng.integers(0, 4, size=12), 5)[:length].astype(np.int16) for length in lengths]
    codes = [np.clip(means[label] + rng.normal(size=(len(label), 6)) * 15, -128, 127) for label in labels]
    return Utterances(
        np.concatenate(codes).astype(np.int8),
        np.concatenate([delayed(label, delay=1) for label in labels]),
        np.concatenate(labels),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        np.arange(len(lengths)),
    )


def correct(network, data):
    found = np.concatenate([logits + network.offset.detach().numpy() for logits in run(network, data)]).argmax(1)
    known = data.targets != IGNORED
    return (found == data.targets)[known].mean()


def test_it_learns_in_float_and_quantised_mode(data):
    network = SpikingNetwork(SPEC, seed=1)
    history = train(network, data, Plan(epochs=12, learning_rate=2e-2, batch=4))
    assert history[-1].loss < 0.5 * history[0].loss
    assert correct(network, data) > 0.85
    assert float(network.recurrent[0].detach().abs().max()) <= 0.25
    assert all(0 < rate < 1 for rate in history[-1].spike_rates)
    network.quantised = True
    train(network, data, Plan(epochs=3, learning_rate=2e-3, batch=4))
    assert correct(network, data) > 0.85


def test_it_learns_from_the_sequence_and_from_a_teacher_alone(data):
    """Neither needs the frames' targets."""
    alone = Weights(cross_entropy=0.0, mutual_information=1.0, acoustic_scale=1.0)
    network = SpikingNetwork(SPEC, seed=1)
    untrained = correct(network, data)
    train(network, data, Plan(epochs=8, learning_rate=2e-2, batch=4, weights=alone))
    assert correct(network, data) > untrained + 0.3
    teacher = network
    told = SpikingNetwork(SPEC, seed=2)
    alone = Weights(cross_entropy=0.0, distillation=1.0)

    logits = [found + teacher.offset.detach().numpy() for found in run(teacher, data)]
    opinion = torch.log_softmax(torch.from_numpy(np.concatenate(logits)), dim=1).numpy().astype(np.float16)
    taught = dataclasses.replace(data, told=opinion)
    train(told, taught, Plan(epochs=8, learning_rate=2e-2, batch=4, weights=alone))
    assert correct(told, data) > untrained + 0.3


def test_the_log_has_the_dev_rate_and_spikes_come_with_the_logits(data):
    rates = iter([0.5, 0.25])
    network = SpikingNetwork(SPEC)
    history = train(network, data, Plan(epochs=2, learning_rate=1e-3), dev_rate=lambda: next(rates))
    assert [epoch.dev_rate for epoch in history] == [0.5, 0.25]
    for (logits, spikes), plain, frames in zip(
        run_spikes(network, data), run(network, data), np.diff(data.starts), strict=True
    ):
        assert np.array_equal(logits, plain)
        assert [layer.shape for layer in spikes] == [(frames, 2, 16)] * 2
        assert spikes[0].dtype == bool


def test_a_spike_penalty_makes_fewer_spikes(data):
    rates = []
    for penalty in (0.0, 3.0):
        network = SpikingNetwork(SPEC, seed=1)
        plan = Plan(epochs=4, learning_rate=1e-2, batch=4, spike_penalty=penalty)
        rates.append(train(network, data, plan)[-1].spike_rates)
    assert all(after < 0.7 * before for before, after in zip(*rates, strict=True))


def test_pruned_weights_stay_zero_and_unmoved(data):
    network = SpikingNetwork(SPEC, seed=1)
    network.fc_mask[3] = False
    before = network.fc[3].detach().clone()
    train(network, data, PLAN)
    assert torch.equal(network.fc[3], before)
    assert not network.weight("fc")[3].any()


def test_going_on_after_a_stop_gives_the_same_weights(data, tmp_path):
    """Stopped twice: between two epochs, and in the middle of one."""
    whole = SpikingNetwork(SPEC, seed=2)
    train(whole, data, PLAN)

    class StopError(Exception):
        pass

    def stop_after(number):
        def report(epoch):
            if epoch.number == number:
                raise StopError

        return report

    path = tmp_path / "run.pt"
    first = SpikingNetwork(SPEC, seed=2)
    with pytest.raises(StopError):
        train(first, data, PLAN, state=path, report=stop_after(1))

    second = SpikingNetwork(SPEC, seed=99)
    calls = []

    def killed(module, given):
        calls.append(given)
        if len(calls) == 8:
            raise StopError

    second.register_forward_pre_hook(killed)
    with pytest.raises(StopError):
        train(second, data, PLAN, state=path)

    third = SpikingNetwork(SPEC, seed=98)
    history = train(third, data, PLAN, state=path)
    assert [epoch.number for epoch in history] == [1, 2, 3, 4]
    for name, value in whole.state_dict().items():
        assert torch.equal(value, third.state_dict()[name]), name
    finished = SpikingNetwork(SPEC, seed=97)
    assert repr(train(finished, data, PLAN, state=path)) == repr(history)
    assert torch.equal(finished.fc, whole.fc)


def test_refuses_a_state_of_another_network(data, tmp_path):
    path = tmp_path / "run.pt"
    train(SpikingNetwork(SPEC), data, Plan(epochs=1, learning_rate=1e-3), state=path)
    with pytest.raises(StateError, match=r"run\.pt: not the state of this training: (?s:.*)delete it"):
        train(SpikingNetwork(SPEC.replace(outputs=5)), data, PLAN, state=path)
    assert [one.name for one in tmp_path.iterdir()] == ["run.pt"]


def test_a_state_that_is_damaged_or_about_something_else_is_not_gone_on_from(data, tmp_path, capsys, monkeypatch):
    path, plan = tmp_path / "run.pt", Plan(epochs=2, learning_rate=1e-3, batch=9)
    undisturbed = SpikingNetwork(SPEC, seed=2)
    train(undisturbed, data, plan, state=path, about="this")
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    read = []
    monkeypatch.setattr(torch, "load", lambda *given, **named: read.append(given))
    for content, about in (
        (b"", "this"), (whole[:1000], "this"), (b"no state at all", "this"), (bytes(flipped), "this"),
        (whole + b"more", "this"), (whole.partition(b"\n")[2], "this"), (whole, "that"),
    ):  # fmt: skip
        path.write_bytes(content)
        network = SpikingNetwork(SPEC, seed=2)
        history = train(network, data, plan, state=path, about=about)
        assert [epoch.number for epoch in history] == [1, 2]
        assert "run.pt: damaged, or of another training: begun anew" in capsys.readouterr().err
        assert torch.equal(network.fc, undisturbed.fc)
        assert torch.equal(network.recurrent[0], undisturbed.recurrent[0])
    # Torch's reader, which is native code, has seen none of it.
    assert not read


def test_one_of_the_copies_comes_each_epoch(data):
    original = np.array([0, 0, 0, 3, 4, 4] + list(range(6, 18)))
    copied = Utterances(data.codes, data.targets, data.labels, data.starts, original)
    epochs = [np.sort(np.concatenate(list(batches(copied, PLAN, epoch)))) for epoch in range(40)]
    assert all(np.array_equal(original[epoch], [0, 3, 4, *range(6, 18)]) for epoch in epochs)
    assert {int(epoch[0]) for epoch in epochs} == {0, 1, 2}
    assert {int(epoch[2]) for epoch in epochs} == {4, 5}


def test_every_utterance_comes_once_an_epoch_in_another_order(data):
    epochs = [np.concatenate(list(batches(data, PLAN, epoch))) for epoch in (0, 0, 1)]
    assert np.array_equal(epochs[0], epochs[1])
    assert not np.array_equal(epochs[0], epochs[2])
    assert np.array_equal(np.sort(epochs[2]), np.arange(len(data)))


def test_the_rate_warms_up_and_falls_as_a_cosine():
    plan = Plan(epochs=1, learning_rate=2.0, warm_up=0.1)
    rates = [rate_at(plan, update, 100) for update in range(100)]
    assert rates[:10] == pytest.approx([0.2 * number for number in range(1, 11)])
    assert rates[10] == 2.0
    assert rates[55] == pytest.approx(1.0)
    assert rates[99] == pytest.approx(1 + math.cos(math.pi * 89 / 90), abs=1e-12)
