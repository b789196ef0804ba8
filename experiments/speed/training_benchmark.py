"""Speed of training beside snnTorch's recurrent layers, an LSTM and a GRU of one size, on the same batches (ours)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from experiments.chain.spoken import CLIP
from experiments.command.tables import write_csv
from features.audio import read_audio
from features.frontend import FrontEndSettings, batch_codes
from files.folder import output_folder
from golden.checkpoint import load_checkpoint
from golden.specification import Specification

TABLE = "training_speed.csv"
UTTERANCES = 16
REPETITIONS = 3
# What the ratios are to: 2.9 hours, the training set of speechocean762, at 100 frames a second.
EPOCH_FRAMES = 1_044_000
# Mean and deviation of the logarithm of the frames of its utterances.
_LOG_FRAMES = (5.86, 0.38)
_FEWEST, _MOST = 100, 2000


def benchmark(*, batches: int, width: int, outputs: int, threads: int, out: Path) -> str:
    """Time updates of networks with two layers; write ``training_speed.csv``.

    Parameters
    ----------
    batches : int
        Batches of 16 utterances.
    width : int
        Neurons or units of each layer.
    outputs : int
        Classes.
    threads : int
    out : Path
        Folder to write.

    Returns
    -------
    str
        The table as text.

    Raises
    ------
    ModuleNotFoundError
        Torch or snnTorch is not installed.
    """
    with output_folder(out, by="rsnn training-benchmark") as staging:
        return _measure(staging, batches, width, outputs, threads) + f"written: {out / TABLE}\n"


def _measure(out: Path, batches: int, width: int, outputs: int, threads: int) -> str:
    from training.networks.baselines import RecurrentBaseline, SnnTorchBaseline, weight_count
    from training.networks.model import SpikingNetwork
    from training.stages.timing import seconds_by_batch, use_threads

    use_threads(threads)
    speech = clip_batches(count=batches, outputs=outputs)
    inputs = speech[0][0].shape[1]
    spec = Specification(inputs=inputs, layers=(width, width), outputs=outputs)
    quantised = SpikingNetwork(spec)
    quantised.quantised = True
    ours = f"RSNN-{width}, T = 2"
    networks = {
        ours: SpikingNetwork(spec),
        f"{ours}, 4 bits": quantised,
        f"RSNN-{width}, T = 1": SpikingNetwork(spec.replace(time_steps=1)),
        f"snnTorch RLeaky-{width}, T = 2": SnnTorchBaseline(inputs=inputs, width=width, outputs=outputs),
        f"LSTM-{width}": RecurrentBaseline("lstm", inputs=inputs, width=width, outputs=outputs),
        f"GRU-{width}": RecurrentBaseline("gru", inputs=inputs, width=width, outputs=outputs),
    }
    frames = sum(len(codes) for codes, _, _ in speech)
    times = seconds_by_batch(networks, speech, repetitions=REPETITIONS)
    seconds = {name: float(values.sum()) for name, values in times.items()}
    rows = [
        {
            "network": f"{name}, 2 layers",
            "weights": weight_count(networks[name]),
            "threads": threads,
            "frames_per_s": round(frames / taken),
            "s_per_epoch": round(taken * EPOCH_FRAMES / frames, 1),
            "times_as_long": round(taken / seconds[ours], 2),
        }
        for name, taken in seconds.items()
    ]
    write_csv(out / TABLE, rows)
    lines = [f"{'network':<38} {'weights':>9} {'frames/s':>9} {'s/epoch':>8} {'times':>6}"]
    lines += [
        f"{row['network']:<38} {row['weights']:>9,} {row['frames_per_s']:>9,} {row['s_per_epoch']:>8} "
        f"{row['times_as_long']:>6}"
        for row in rows
    ]
    lines.append(f"threads: {threads}; an epoch: {EPOCH_FRAMES:,} frames, from {frames:,} in {batches} batches")
    return "\n".join(lines) + "\n"


def clip_batches(*, count: int, outputs: int, seed: int = 1) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Cut utterances with the lengths of real ones out of the shipped clip, begun anywhere and gone round.

    Returns
    -------
    list of (codes, targets, starts)
        Codes [shape=(frames, inputs), dtype=int8], classes at random [shape=(frames,), dtype=int64], first frame of
        each utterance and the number of frames [shape=(17,), dtype=int64].
    """
    host = load_checkpoint().host
    assert host is not None
    clip = batch_codes(read_audio(CLIP), FrontEndSettings.from_json(host.front_end))
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        lengths = np.clip(np.exp(rng.normal(*_LOG_FRAMES, UTTERANCES)), _FEWEST, _MOST).astype(np.int64)
        rows = [(rng.integers(len(clip)) + np.arange(length)) % len(clip) for length in lengths]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        found.append((clip[np.concatenate(rows)], rng.integers(0, outputs, starts[-1]), starts))
    return found
