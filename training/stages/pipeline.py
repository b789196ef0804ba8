"""The stages of a recipe on one corpus: each trained once, kept in a folder, and gone on with after a kill."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import json
import sys
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from files.locking import alone
from files.reading import read_text
from files.writing import make_folder, whole_file, write_text
from golden.checkpoint import Checkpoint, Host, load_checkpoint, save_checkpoint
from golden.decoder import state_scores
from golden.specification import Specification
from training.errors import RecipeError, SenoneError
from training.networks.acoustic_model import AcousticModel
from training.networks.baselines import RecurrentBaseline, SnnTorchBaseline
from training.networks.integer_lstm import IntegerLstm
from training.networks.model import SpikingNetwork
from training.preparation.dataset import DEV, IGNORED, TRAIN, Dataset, Utterances
from training.preparation.labels import STATES_PER_PHONE
from training.preparation.senones import SenoneTrees, grow_trees
from training.stages.export import export, host_tables, load_network, replicate_head
from training.stages.measure import measure, rates_of
from training.stages.objective import Objective
from training.stages.prune import keep_neurons, magnitude_mask, neuron_importance
from training.stages.score import error_rate
from training.stages.sequence import PhoneGraph
from training.stages.stage import CHECKPOINT, Recipe, Stage, check_seed, shaped, with_seed
from training.stages.stage_folder import (
    chosen,
    digest_of,
    digest_of_arrays,
    digest_of_file,
    read_row,
    told_of,
    write_log,
    write_row,
)  # fmt: skip
from training.stages.train import Epoch, run, train

# To be raised when a default changes, or what training or measuring computes: earlier results are then not used.
_GENERATION = 1
# Training utterances on which the importance of neurons is estimated.
_SAMPLE = 64


class Pipeline:
    """The stages of one recipe, one seed, one dataset.

    Parameters
    ----------
    data : Dataset
    recipe : Recipe
    work : Path
        Each stage leaves a folder there, named after it, the seed, and a digest of everything that it depends on:
        ``state.pt`` (the training, to go on from), ``log.csv``, ``row.json`` and, quantised, ``checkpoint.npz``; of a
        teacher ``told.npy``. Each is held to the digest of what was written whenever it is used, and made anew where
        it differs.
    seed : int
    specification : Specification
        Of the network to export; widths, time steps and outputs are the stages'.
    device : str
        Where torch trains: "cpu" or "cuda".
    trees : SenoneTrees or None
        Tied states of another run to reuse; None grows them from the training set.
    start : Checkpoint or None
        The network of which a stage that starts from "checkpoint" goes on (a transfer from another corpus).
    """

    def __init__(
        self,
        data: Dataset,
        recipe: Recipe,
        work: Path,
        *,
        seed: int,
        specification: Specification | None = None,
        device: str = "cpu",
        trees: SenoneTrees | None = None,
        start: Checkpoint | None = None,
    ) -> None:
        check_seed(seed)
        self.data, self.recipe, self.work, self.seed, self.start = data, recipe, work, seed, start
        self.specification = specification or Specification()
        self.device = torch.device(device)
        self._given_trees = trees
        self._networks: dict[str, AcousticModel] = {}
        self._histories: dict[str, list[Epoch]] = {}
        self._keys: dict[str, str] = {}
        self.states = len(data.phone_names) * STATES_PER_PHONE

    @cached_property
    def trees(self) -> SenoneTrees:
        """The tied states: those that were given, or grown on the training set."""
        if self._given_trees is not None:
            if self._given_trees.phone_names != self.data.phone_names:
                raise SenoneError("tied states: grown for other phones than the corpus has")
            return self._given_trees
        members = self.data.members(TRAIN)
        frames = self.data.frames(members)
        frames = frames[self.data.state[frames] >= 0]
        trees = grow_trees(
            features=self.data.codes[frames].astype(np.float32),
            state=self.data.state[frames],
            left=self.data.left[frames],
            right=self.data.right[frames],
            states=self.states,
            senones=self.recipe.senones,
            phone_names=self.data.phone_names,
            least_frames=self.recipe.least_frames,
        )
        trees.save(self.work / f"senones-{self._data_digest[:10]}.npz")
        return trees

    @cached_property
    def _tables(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Priors and bigram of the training set."""
        members = self.data.members(TRAIN)
        states = self.data.state[self.data.frames(members)]
        sequences = [self.data.sequence(which) for which in members]
        return host_tables(states[states >= 0], sequences, phones=len(self.data.phone_names))

    @cached_property
    def _data_digest(self) -> str:
        digest = hashlib.sha256("\n".join(self.data.names.tolist()).encode())
        digest.update(json.dumps(self.data.front_end, sort_keys=True).encode())
        for array in (self.data.part, self.data.codes, self.data.state, self.data.phones):
            digest.update(array.tobytes())
        settings = dataclasses.replace(self.recipe, stages={}, shipped="")
        digest.update(repr((chosen(settings), chosen(self.specification))).encode())
        if self._given_trees is not None:
            digest.update(self._given_trees.table.tobytes())
        return digest.hexdigest()

    @cached_property
    def _layout_digest(self) -> str:
        """What `_data_digest` leaves out: where utterances begin, what they are copies of, which phones there are."""
        data = self.data
        arrays = digest_of_arrays(data.starts, data.phone_starts, data.original, data.left, data.right)
        return hashlib.sha256(repr((arrays, data.phone_names, data.silences_known)).encode()).hexdigest()

    def stage(self, name: str) -> Stage:
        """Return a stage with its seed."""
        return with_seed(self.recipe.stages[name], self.seed)

    def key(self, name: str) -> str:
        """Return a digest of all that a stage's result depends on."""
        if name not in self._keys:
            self._keys[name] = self._key(self.stage(name))
        return self._keys[name]

    def _key(self, stage: Stage) -> str:
        needed = [self.key(other) for other in (stage.start, stage.teacher) if other and other != CHECKPOINT]
        if stage.start == CHECKPOINT:
            needed.append(digest_of(self._fitting_start(stage)))
        if _GENERATION > 1:
            needed.append(str(_GENERATION))
        named = dataclasses.replace(stage, name="", what="", start="", teacher="", seed=0)
        return hashlib.sha256(repr((self._data_digest, chosen(named), needed)).encode()).hexdigest()

    def folder(self, name: str) -> Path:
        """Return the folder of a stage."""
        return self.work / f"{name}-seed{self.stage(name).seed}-{self.key(name)[:10]}"

    def senone_state(self, stage: Stage) -> np.ndarray:
        """Return the state of each of a stage's outputs [shape=(outputs,), dtype=int16]."""
        return self.trees.senone_state if stage.targets == "senones" else np.arange(self.states, dtype=np.int16)

    def network(self, name: str) -> AcousticModel:
        """Return the network that a stage leaves, trained now if it is not there yet."""
        if name not in self._networks:
            self._networks[name] = self._train(self.stage(name))
        return self._networks[name]

    def row(self, name: str) -> dict[str, Any]:
        """Return what a stage comes to (`training.stages.measure`), from its folder if it is there."""
        folder, stage, about = self.folder(name), self.stage(name), self.key(name) + self._layout_digest
        files = ["log.csv", "checkpoint.npz"] if stage.quantised and stage.network == "spiking" else ["log.csv"]
        kept = read_row(folder, files, about=about)
        if kept is not None:
            return kept
        network = self.network(name).cpu()
        measured, checkpoint = self._measured(stage, network)
        history = self._histories[name]
        write_log(folder / "log.csv", history)
        row = {
            "stage": name,
            "what": stage.what,
            "seed": stage.seed,
            "network": stage.network,
            "widths": [stage.width] * stage.layers,
            "time_steps": stage.time_steps if stage.network in ("spiking", "snntorch") else 1,
            "outputs": network.outputs,
            "epochs": len(history),
            "training_seconds": round(sum(round(epoch.seconds, 1) for epoch in history), 1),
            **measured,
        }
        if checkpoint is not None:
            save_checkpoint(folder / "checkpoint.npz", checkpoint)
        write_row(folder, row, files, about=about)
        _say(f"{name}, seed {stage.seed}: {rates_of(row)}")
        return row

    def _measured(self, stage: Stage, network: AcousticModel) -> tuple[dict[str, Any], Checkpoint | None]:
        """Return what a network comes to, and the checkpoint of a quantised one."""
        measured, host = measure(network, self.data, self.host(stage, network))
        if not stage.quantised or not isinstance(network, SpikingNetwork):
            return measured, None
        return measured, export(network, host=host)

    def log(self, name: str) -> list[dict[str, str]]:
        """Return what was written after each epoch of a stage."""
        self.row(name)
        return list(csv.DictReader(io.StringIO(read_text(self.folder(name) / "log.csv"))))

    def checkpoint(self, name: str) -> Checkpoint:
        """Return the checkpoint of a quantised stage."""
        self.row(name)
        return load_checkpoint(self.folder(name) / "checkpoint.npz")

    def host(self, stage: Stage, network: AcousticModel) -> Host:
        """Return the decoder's tables for a network, its weights not tuned yet.

        They are counted on the training set; a network that is scored as it is keeps its own.
        """
        if stage.start == CHECKPOINT and not stage.plan.epochs:
            return self._fitting_start(stage).phone_host()
        log_prior, bigram_log, initial_log = self._tables
        return Host(
            front_end=self.data.front_end,
            phones=self.data.phone_names,
            states_per_phone=STATES_PER_PHONE,
            senone_state=self.senone_state(stage).astype(np.int16),
            class_offset=network.offset.detach().cpu().numpy().astype(np.float32),
            log_prior=log_prior,
            bigram_log=bigram_log,
            initial_log=initial_log,
            label_delay_frames=self.recipe.label_delay_frames,
            acoustic_scale=stage.plan.weights.acoustic_scale,
            bigram_scale=1.0,
            insertion_log=0.0,
        )

    def _targets(self, stage: Stage) -> np.ndarray:
        data = self.data
        if stage.targets == "states":
            return data.state
        return np.where(data.state >= 0, self.trees.label(data.state, data.left, data.right), IGNORED).astype(np.int16)

    def _train(self, stage: Stage) -> AcousticModel:
        network = self._begin(stage).to(self.device)
        folder = make_folder(self.folder(stage.name))
        data = self.data.utterances(
            self.data.members(TRAIN, copies=True), self._targets(stage), delay=self.recipe.label_delay_frames
        )

        if stage.teacher:
            data = dataclasses.replace(data, told=self._told(self.stage(stage.teacher), data))

        def report(epoch: Epoch) -> None:
            rates = "".join(f" {rate:.3f}" for rate in epoch.spike_rates)
            _say(f"{stage.name}, seed {stage.seed}: epoch {epoch.number}/{stage.plan.epochs}: loss {epoch.loss:.4f}, "
                 f"dev error rate {100 * epoch.dev_rate:.1f} %, spike rates{rates or ' none'}, "
                 f"{epoch.seconds:.1f} s")  # fmt: skip

        learnt = digest_of_arrays(data.codes, data.targets, data.labels, data.starts, data.original, data.told)
        with alone(folder):
            history = train(
                network,
                data,
                stage.plan,
                self._objective(stage),
                state=folder / "state.pt",
                about=self.key(stage.name) + learnt,
                dev_rate=lambda: self._dev_rate(stage, network),
                report=report,
                name=f"{stage.name} seed {stage.seed}",
            )
        write_log(folder / "log.csv", history)
        self._histories[stage.name] = history
        return network

    def _told(self, teacher: Stage, data: Utterances) -> np.ndarray:
        """Return what a teacher thinks of every frame, kept in its folder: it says the same every epoch."""
        folder = self.folder(teacher.name)
        path = folder / "told.npy"
        network = self.network(teacher.name).to(self.device)
        about = self.key(teacher.name) + digest_of_arrays(data.codes, data.starts)
        with alone(folder):
            if told_of(path) != (about, digest_of_file(path)):
                objective = self._objective(teacher)
                with whole_file(path) as file:
                    shape = {"descr": "<f2", "fortran_order": False, "shape": (len(data.codes), self.states)}
                    np.lib.format.write_array_header_1_0(file, shape)
                    for logits in tqdm(run(network, data), f"{teacher.name} tells", len(data), disable=None):
                        whole = torch.from_numpy(logits) + network.offset.detach().cpu()
                        posteriors = torch.log_softmax(objective.states(whole), dim=1)
                        file.write(posteriors.numpy().astype("<f2").tobytes())
                written = {"about": about, "sha256": digest_of_file(path)}
                write_text(path.with_suffix(".json"), json.dumps(written) + "\n")
            return np.load(path, mmap_mode="r", allow_pickle=False)

    def _objective(self, stage: Stage) -> Objective:
        log_prior, bigram_log, initial_log = self._tables
        return Objective(
            stage.plan.weights,
            senone_state=self.senone_state(stage),
            log_prior=log_prior,
            graph=PhoneGraph(bigram_log, initial_log, STATES_PER_PHONE),
            delay=self.recipe.label_delay_frames,
        )

    def _dev_rate(self, stage: Stage, network: AcousticModel) -> float:
        """Score the development set with the decoder's weights as they are before tuning."""
        host = self.host(stage, network)
        data = self.data.utterances(self.data.members(DEV), self.data.state, delay=0)
        scores = (state_scores(host, logits, fc_scale=0) for logits in run(network, data))
        return float(error_rate(host, scores, self.data.references(DEV)).rate)

    def _begin(self, stage: Stage) -> AcousticModel:
        """Return the network as it is when the stage begins."""
        outputs = len(self.senone_state(stage))
        inputs = self.data.codes.shape[1]
        if stage.network == "lstm" and stage.quantised:
            before = self.network(stage.start).cpu()
            assert isinstance(before, RecurrentBaseline)
            return IntegerLstm(before)
        if stage.network in ("lstm", "gru"):
            return RecurrentBaseline(
                stage.network, inputs=inputs, width=stage.width, outputs=outputs, seed=stage.seed
            )
        if stage.network == "snntorch":
            return SnnTorchBaseline(
                inputs=inputs, width=stage.width, outputs=outputs, time_steps=stage.time_steps, seed=stage.seed
            )
        spec = shaped(self.specification, stage, inputs=inputs, outputs=outputs)
        if not stage.start:
            network = SpikingNetwork(spec, seed=stage.seed)
        else:
            network = self._continued(stage, spec)
        with torch.no_grad():
            if stage.fc_pruned:
                network.fc_mask.copy_(magnitude_mask(network.fc * network.fc_mask, share=stage.fc_pruned))
        network.quantised = stage.quantised
        if stage.quantised:
            network.grid_bits = stage.weight_bits
        return network

    def _fitting_start(self, stage: Stage) -> Checkpoint:
        """Return the checkpoint that a stage starts from, if its outputs mean what this pipeline's do."""
        start = self.start
        if start is None:
            raise RecipeError('recipe: a stage starts from "checkpoint", expected a checkpoint to start from')
        if start.host is None:
            raise RecipeError(f"checkpoint to start from: no host section, which {stage.name} needs for its front-end")
        own, host = start.specification, start.phone_host()
        asked = (stage.time_steps, self.recipe.label_delay_frames, self.data.phone_names)
        if (own.time_steps, host.label_delay_frames, host.phones) != asked:
            raise RecipeError(
                f"checkpoint to start from: {own.time_steps} time steps, label delay {host.label_delay_frames}, "
                f"{len(host.phones)} phones, expected {asked[0]}, {asked[1]} and the {len(asked[2])} of the corpus"
            )
        if not np.array_equal(host.senone_state, self.senone_state(stage)):
            raise RecipeError("checkpoint to start from: its outputs are not these tied states; --trees names its own")
        return start

    def _continued(self, stage: Stage, spec: Specification) -> SpikingNetwork:
        if stage.start == CHECKPOINT:
            return load_network(self._fitting_start(stage))
        before = self.network(stage.start).cpu()
        assert isinstance(before, SpikingNetwork)
        if stage.width < before.spec.layers[0]:
            chosen = self.data.members(TRAIN)
            chosen = chosen[:: max(1, len(chosen) // _SAMPLE)][:_SAMPLE]
            batch = self.data.utterances(chosen, self.data.state, delay=0)
            with torch.no_grad():
                spikes = before(torch.from_numpy(batch.codes), torch.from_numpy(batch.starts)).spikes
            before = keep_neurons(before, neuron_importance(before, spikes), widths=spec.layers)
        if before.spec.outputs < spec.outputs:
            before = replicate_head(before, self.trees.senone_state)
        network = SpikingNetwork(spec)
        network.load_state_dict(before.state_dict())
        return network


def _say(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, file=sys.stderr, flush=True)
