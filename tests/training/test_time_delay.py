"""The teacher: utterances do not touch, it sees so far and no further, and it is the same for the same seed."""

import torch

from training.time_delay import TimeDelayNetwork

REACH = 2 + 1 + 1 + 2 + 3 + 3 + 3


def made(seed=1):
    return TimeDelayNetwork(inputs=5, width=16, outputs=7, seed=seed).eval()


def codes(frames, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(-128, 128, (frames, 5), dtype=torch.int8, generator=generator)


def run(network, given, starts):
    with torch.no_grad():
        return network(given, torch.tensor(starts)).logits


def test_utterances_do_not_touch():
    network, given = made(), codes(70)
    together = run(network, given, [0, 30, 33, 70])
    for begin, end in ((0, 30), (30, 33), (33, 70)):
        alone = run(network, given[begin:end], [0, end - begin])
        torch.testing.assert_close(together[begin:end], alone, rtol=1e-2, atol=1e-2)


def test_it_sees_both_ways_as_far_as_its_layers_reach():
    network, given = made(), codes(80)
    before = run(network, given, [0, 80])
    given[40] = 127
    changed = (run(network, given, [0, 80]) != before).any(dim=1).nonzero().flatten().tolist()
    assert 40 - REACH <= min(changed) < 40 < max(changed) <= 40 + REACH


def test_the_seed_decides_the_weights_and_the_dropout():
    assert torch.equal(made(3).fc.weight, made(3).fc.weight)
    assert not torch.equal(made(3).fc.weight, made(4).fc.weight)
    network, given, starts = made(), codes(20), torch.tensor([0, 20])
    dropped = [
        network(given, starts, dropout=0.3, generator=torch.Generator().manual_seed(seed)).logits for seed in (1, 1, 2)
    ]
    assert torch.equal(dropped[0], dropped[1])
    assert not torch.equal(dropped[0], dropped[2])


def test_gradients_reach_every_weight():
    network = made()
    network(codes(20), torch.tensor([0, 20])).logits.square().mean().backward()
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in network.parameters())
