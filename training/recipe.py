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

try:
    import torch
except ModuleNotFoundError as missing:
    if __name__ != "__main__":
        raise
    raise SystemExit("training needs torch and pocketsphinx: pip install -e '.[train]'") from missing

from features.errors import FeatureError
from golden.checkpoint import Checkpoint, Host, load_checkpoint, save_checkpoint
from golden.cycles import count_frames, join_counts, mmac_per_second
from golden.decoder import PhoneErrors, state_scores
from golden.forward import Forward, forward_batch
from golden.specification import Specification
from training.dataset import DEV, IGNORED, TEST, TRAIN, Dataset
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
    state_epochs: int = 28
    senone_epochs: int = 6
    state_rate: float = 6e-3
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
    network, figures = _on_states(data, recipe, work / f"states-{key}.pt")
    trees = _trees(data, recipe)
    network = _on_senones(network, trees, data, recipe, work / f"senones-{key}.pt")
    checkpoint = export(network, host=_host(data, recipe, trees.senone_state, network))
    checkpoint, measured = _measured(checkpoint, data)
    figures |= measured
    provenance = {
        "recipe": {name: value for name, value in vars(recipe).items() if name != "specification"},
        "utterances": {
            name: len(data.members(part)) for name, part in (("train", TRAIN), ("dev", DEV), ("test", TEST))
        },
        "synthetic_utterances": sum(name.startswith("flite-") for name in data.names.tolist()),
        "train_frames": len(data.frames(members)),
        "figures": figures,
        "caveat": "phone error rates are against the canonical phones of non-native speakers, trained on machine "
        "labels; never to be set beside a TIMIT figure",
    }
    return dataclasses.replace(checkpoint, provenance=provenance), figures


def _on_states(data: Dataset, recipe: Recipe, path: Path) -> tuple[SpikingNetwork, dict[str, Any]]:
    """Train the float network with one output a state, and score it."""
    network = SpikingNetwork(recipe.specification.replace(outputs=_STATES), seed=recipe.seed)
    plan = Plan(
        epochs=recipe.state_epochs,
        learning_rate=recipe.state_rate,
        spike_penalty=recipe.spike_penalty,
        seed=recipe.seed,
    )
    utterances = data.utterances(data.members(TRAIN), data.state, delay=recipe.label_delay_frames)
    train(network, utterances, plan, checkpoint=path, report=_print_epoch)
    host = _host(data, recipe, np.arange(_STATES, dtype=np.int16), network)
    host, dev = tune(host, _float_logits(network, data, DEV), data.references(DEV), fc_scale=0)
    scores = (state_scores(host, logits, fc_scale=0) for logits in _float_logits(network, data, TEST))
    test = error_rate(host, scores, data.references(TEST))
    _print(f"float network on {_STATES} states: {_rates(dev, test)}")
    return network, {"per_dev_float_states": _plain(dev), "per_test_float_states": _plain(test)}


def _on_senones(
    network: SpikingNetwork, trees: SenoneTrees, data: Dataset, recipe: Recipe, path: Path
) -> SpikingNetwork:
    """Replicate the head onto the tied states, prune it, and train on in quantised arithmetic."""
    network = replicate_head(network, trees.senone_state)
    with torch.no_grad():
        network.fc_mask.copy_(magnitude_mask(network.fc, share=recipe.fc_pruned))
    network.quantised = True
    plan = Plan(
        epochs=recipe.senone_epochs,
        learning_rate=recipe.senone_rate,
        spike_penalty=recipe.spike_penalty,
        seed=recipe.seed + 1,
    )
    senone = np.where(data.state >= 0, trees.label(data.state, data.left, data.right), IGNORED).astype(np.int16)
    utterances = data.utterances(data.members(TRAIN), senone, delay=recipe.label_delay_frames)
    train(network, utterances, plan, checkpoint=path, report=_print_epoch)
    return network


def _measured(checkpoint: Checkpoint, data: Dataset) -> tuple[Checkpoint, dict[str, Any]]:
    """Tune the decoder on the development set and measure the integer network on the test set."""
    assert checkpoint.host is not None
    scale = checkpoint.scales["fc"]
    logits = (result.logits for _, result in _integer(checkpoint, data, DEV))
    host, dev = tune(checkpoint.host, logits, data.references(DEV), fc_scale=scale)
    scores, fired, counted = [], [], []
    for codes, result in _integer(checkpoint, data, TEST):
        scores.append(state_scores(host, result.logits, fc_scale=scale))
        fired.append(np.stack([spikes.mean(axis=2) for spikes in result.spikes], axis=1))
        counted.append(count_frames(checkpoint, codes, result.spikes))
    test, counts = error_rate(host, scores, data.references(TEST)), join_counts(counted)
    _print(f"integer network on {len(host.senone_state)} tied states: {_rates(dev, test)}")
    figures = {
        "per_dev_integer": _plain(dev),
        "per_test_integer": _plain(test),
        "test_frames": len(counts.cycles),
        "test_spike_rates": np.concatenate(fired).mean(axis=0).round(4).tolist(),
        "test_cycles_per_frame": {"mean": round(float(counts.cycles.mean()), 1), "most": int(counts.cycles.max())},
        "test_mmac_per_second": round(mmac_per_second(checkpoint.specification, counts.macs), 3),
    }
    return dataclasses.replace(checkpoint, host=host), figures


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


def _plain(errors: PhoneErrors) -> dict[str, Any]:
    return {"rate": round(errors.rate, 4), **errors._asdict()}


def _rates(dev: PhoneErrors, test: PhoneErrors) -> str:
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
    choices = Preparation(seed=given.seed, synthetic=given.synthetic, workers=given.workers)
    try:
        data = prepare(given.data, given.work, choices)
    except FeatureError as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    recipe = Recipe(
        seed=given.seed,
        state_epochs=given.state_epochs,
        senone_epochs=given.senone_epochs,
        specification=Specification(outputs=given.senones),
    )
    checkpoint, figures = fit(data, recipe, given.work)
    command = f"python -m training.recipe --data DIR --work DIR --out FILE --seed {given.seed}"
    for name in ("state_epochs", "senone_epochs", "senones", "synthetic"):
        command += f" --{name.replace('_', '-')} {getattr(given, name)}"
    checkpoint = dataclasses.replace(checkpoint, provenance={"command": command, **checkpoint.provenance})
    save_checkpoint(given.out, checkpoint)
    load_checkpoint(given.out)
    report = given.work / "report.json"
    report.write_text(json.dumps(figures, indent=2) + "\n")
    _print(f"wrote {given.out} ({given.out.stat().st_size / 1000:.0f} kB) and {report}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
