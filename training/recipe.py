"""From corpora to the shipped checkpoint, in one command and from one seed.

Stages: align the corpus, synthesise, compute codes (``training.prepare``); train a float network on 120 states; grow
1,920 tied states and replicate the head onto them; prune the FC and quantise to 4 bits together, training on; export,
score. Each stage leaves its result in the work folder and is not run again while its settings stay the same; training
goes on from the last epoch that finished.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numba
import numpy as np
import torch

from golden.checkpoint import Checkpoint, Host, load_checkpoint, save_checkpoint
from golden.cycles import count_frames, join_counts, mmac_per_second
from golden.decoder import PhoneErrors, state_scores
from golden.forward import Forward, forward_batch
from golden.specification import Specification
from training.dataset import DEV, TEST, TRAIN, Dataset
from training.export import export, host_tables, replicate_head
from training.labels import PHONES, STATES_PER_PHONE
from training.model import SpikingNetwork
from training.prepare import Preparation, prepare
from training.prune import magnitude_mask
from training.score import error_rate, tune
from training.senones import SenoneTrees, grow_trees
from training.train import Epoch, Plan, run, train

_STATES = len(PHONES) * STATES_PER_PHONE


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Every choice of the recipe.

    Parameters
    ----------
    seed : int
    state_epochs : int
        Of the float network on states.
    senone_epochs : int
        Of the pruned and quantised network on tied states.
    state_rate, senone_rate : float
        Adam's learning rates.
    spike_penalty : float
        As in `training.train.Plan`.
    fc_pruned : float
        Share of the FC's weights.
    label_delay_frames : int
    least_frames : int
        Fewest training frames of a tied state.
    specification : Specification
        Of the network to export; its outputs are the tied states.
    """

    seed: int = 1
    state_epochs: int = 45
    senone_epochs: int = 6
    state_rate: float = 1e-2
    senone_rate: float = 1.5e-3
    spike_penalty: float = 0.1
    fc_pruned: float = 0.4
    label_delay_frames: int = 2
    least_frames: int = 20
    specification: Specification = field(default_factory=Specification)


def fit(data: Dataset, recipe: Recipe, work: Path) -> tuple[Checkpoint, dict[str, Any]]:
    """Train, compress and export.

    Parameters
    ----------
    data : Dataset
    recipe : Recipe
    work : Path
        Folder of the training's checkpoints, named after what they depend on.

    Returns
    -------
    checkpoint : Checkpoint
    figures : dict
        Phone error rates, spike rates by layer and time step, cycles a frame: the checkpoint's provenance has them too.
    """
    work.mkdir(parents=True, exist_ok=True)
    key = _digest(data, recipe)
    members = data.members(TRAIN)
    figures: dict[str, Any] = {}

    network = SpikingNetwork(recipe.specification.replace(outputs=_STATES), seed=recipe.seed)
    penalty = recipe.spike_penalty
    plan = Plan(epochs=recipe.state_epochs, learning_rate=recipe.state_rate, spike_penalty=penalty, seed=recipe.seed)
    on_states = data.utterances(members, data.state, delay=recipe.label_delay_frames)
    train(network, on_states, plan, checkpoint=work / f"states-{key}.pt", report=_print_epoch)
    host = _host(data, recipe, np.arange(_STATES, dtype=np.int16), network)
    host, figures["per_dev_float_states"] = _tuned(host, network, data)
    tested = [state_scores(host, logits, fc_scale=0) for logits in _float_logits(network, data, TEST)]
    figures["per_test_float_states"] = _scored(host, tested, data, TEST)
    _print(f"float network on {_STATES} states: {_rates(figures, 'float_states')}")

    trees = _trees(data, recipe)
    network = replicate_head(network, trees.senone_state)
    with torch.no_grad():
        network.fc_mask.copy_(magnitude_mask(network.fc, share=recipe.fc_pruned))
    network.quantised = True
    plan = Plan(
        epochs=recipe.senone_epochs, learning_rate=recipe.senone_rate, spike_penalty=penalty, seed=recipe.seed + 1
    )
    known = data.state >= 0
    senone = np.where(known, trees.label(data.state, data.left, data.right), -1).astype(np.int16)
    on_senones = data.utterances(members, senone, delay=recipe.label_delay_frames)
    train(network, on_senones, plan, checkpoint=work / f"senones-{key}.pt", report=_print_epoch)

    checkpoint = export(network, host=_host(data, recipe, trees.senone_state, network))
    assert checkpoint.host is not None
    scale = checkpoint.scales["fc"]
    logits = (result.logits for _, result in _integer(checkpoint, data, DEV))
    references = [data.reference(which) for which in data.members(DEV)]
    host, figures["per_dev_integer"] = tune(checkpoint.host, logits, references, fc_scale=scale)
    checkpoint = dataclasses.replace(checkpoint, host=host)
    tested, fired, counted = [], [], []
    for codes, result in _integer(checkpoint, data, TEST):
        tested.append(state_scores(host, result.logits, fc_scale=scale))
        fired.append(np.stack([spikes.mean(axis=2) for spikes in result.spikes], axis=1))
        counted.append(count_frames(checkpoint, codes, result.spikes))
    figures["per_test_integer"] = _scored(host, tested, data, TEST)
    figures["test_spike_rates"] = np.concatenate(fired).mean(axis=0).round(4).tolist()
    counts = join_counts(counted)
    cycles = {"mean": round(float(counts.cycles.mean()), 1), "most": int(counts.cycles.max())}
    figures["test_frames"], figures["test_cycles_per_frame"] = len(counts.cycles), cycles
    figures["test_mmac_per_second"] = round(mmac_per_second(checkpoint.specification, counts.macs), 3)
    _print(f"integer network on {len(trees)} tied states: {_rates(figures, 'integer')}")
    figures = {name: _plain(value) for name, value in figures.items()}
    provenance = {
        "command": f"python -m training.recipe --seed {recipe.seed}",
        "recipe": {name: value for name, value in vars(recipe).items() if name != "specification"},
        "utterances": {"train": len(members), "dev": len(references), "test": len(data.members(TEST))},
        "train_frames": len(on_states.codes),
        "figures": figures,
        "caveat": "phone error rates are against the canonical phones of non-native speakers, trained on machine "
        "labels; never to be set beside a TIMIT figure",
    }
    return dataclasses.replace(checkpoint, provenance=provenance), figures


def _digest(data: Dataset, recipe: Recipe) -> str:
    """Name what a trained network depends on."""
    words = [repr(dataclasses.astuple(recipe)), json.dumps(data.front_end, sort_keys=True), *data.names.tolist()]
    digest = hashlib.sha256("\n".join(words).encode())
    digest.update(data.codes.tobytes())
    digest.update(data.state.tobytes())
    return digest.hexdigest()[:12]


def _trees(data: Dataset, recipe: Recipe) -> SenoneTrees:
    frames = data.frames(data.members(TRAIN))
    return grow_trees(
        features=data.codes[frames].astype(np.float32),
        state=data.state[frames],
        left=data.left[frames],
        right=data.right[frames],
        states=_STATES,
        senones=recipe.specification.outputs,
        least_frames=recipe.least_frames,
    )


def _host(data: Dataset, recipe: Recipe, senone_state: np.ndarray, network: SpikingNetwork) -> Host:
    members = data.members(TRAIN)
    states = data.state[data.frames(members)]
    log_prior, bigram_log, initial_log = host_tables(states, [data.sequence(which) for which in members])
    return Host(
        front_end=data.front_end,
        phones=PHONES,
        states_per_phone=STATES_PER_PHONE,
        senone_state=senone_state.astype(np.int16),
        class_offset=network.offset.detach().numpy().astype(np.float32),
        log_prior=log_prior,
        bigram_log=bigram_log,
        initial_log=initial_log,
        label_delay_frames=recipe.label_delay_frames,
        acoustic_scale=0.5,
        bigram_scale=1.0,
        insertion_log=0.0,
    )


def _float_logits(network: SpikingNetwork, data: Dataset, part: int) -> Iterator[np.ndarray]:
    return run(network, data.utterances(data.members(part), data.state, delay=0))


def _integer(checkpoint: Checkpoint, data: Dataset, part: int) -> Iterator[tuple[np.ndarray, Forward]]:
    """Yield codes and golden's result of each utterance of a set."""
    members = data.members(part)
    for first in range(0, len(members), 32):
        codes = [data.codes[data.starts[which] : data.starts[which + 1]] for which in members[first : first + 32]]
        yield from zip(codes, forward_batch(checkpoint, codes), strict=True)


def _tuned(host: Host, network: SpikingNetwork, data: Dataset) -> tuple[Host, PhoneErrors]:
    references = [data.reference(which) for which in data.members(DEV)]
    return tune(host, _float_logits(network, data, DEV), references, fc_scale=0)


def _scored(host: Host, scores: list[np.ndarray], data: Dataset, part: int) -> PhoneErrors:
    return error_rate(host, scores, [data.reference(which) for which in data.members(part)])


def _plain(value: Any) -> Any:
    if isinstance(value, PhoneErrors):
        return {"rate": round(value.rate, 4), **value._asdict()}
    return value


def _rates(figures: dict[str, Any], kind: str) -> str:
    dev, test = figures[f"per_dev_{kind}"], figures[f"per_test_{kind}"]
    return f"phone error rate {100 * dev.rate:.1f} % (dev), {100 * test.rate:.1f} % (test)"


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _print_epoch(epoch: Epoch) -> None:
    rates = ", ".join(f"{rate:.3f}" for rate in epoch.spike_rates)
    _print(f"epoch {epoch.number}: loss {epoch.loss:.4f}, spike rates {rates}, {epoch.seconds:.1f} s")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the recipe from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.recipe",
        description="Train, prune, quantise and export the network that the project ships.",
        epilog="example: python -m training.recipe --data ~/corpora --work work --out default.npz --seed 1",
    )
    defaults, speech = Recipe(), Preparation()
    parser.add_argument("--data", type=Path, required=True, help="folder that holds speechocean762/")
    parser.add_argument("--work", type=Path, required=True, help="folder for what each stage leaves")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write (.npz)")
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--workers", type=int, default=2, help="processes and threads (default: %(default)s)")
    parser.add_argument("--state-epochs", type=int, default=defaults.state_epochs, help="(default: %(default)s)")
    parser.add_argument("--senone-epochs", type=int, default=defaults.senone_epochs, help="(default: %(default)s)")
    parser.add_argument("--senones", type=int, default=defaults.specification.outputs, help="(default: %(default)s)")
    parser.add_argument("--synthetic", type=int, default=speech.synthetic, help="sentences (default: %(default)s)")
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.workers)
    numba.set_num_threads(min(given.workers, numba.config.NUMBA_NUM_THREADS))
    data = prepare(
        given.data, given.work, Preparation(seed=given.seed, synthetic=given.synthetic, workers=given.workers)
    )
    recipe = Recipe(
        seed=given.seed,
        state_epochs=given.state_epochs,
        senone_epochs=given.senone_epochs,
        specification=Specification(outputs=given.senones),
    )
    checkpoint, figures = fit(data, recipe, given.work)
    save_checkpoint(given.out, checkpoint)
    load_checkpoint(given.out)
    report = given.work / "report.json"
    report.write_text(json.dumps(figures, indent=2) + "\n")
    _print(f"wrote {given.out} ({given.out.stat().st_size / 1000:.0f} kB) and {report}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
