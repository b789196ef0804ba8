"""Speed of every stage beside a peer, in one run on one core and the same speech (ours)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import librosa
import numpy as np

from cosim.cosimulate import cosimulate
from experiments.chain.spoken import CLIP, front_end_of, recognise
from experiments.command.tables import write_csv
from experiments.speed.gate_benchmark import gate_speeds
from features.audio import SAMPLE_RATE_HZ
from features.cepstra import FFT_SIZE, HOP_SAMPLES, MEL_BANDS, WINDOW_SAMPLES
from features.frontend import batch_codes
from files.folder import output_folder
from golden.checkpoint import Checkpoint, load_checkpoint
from golden.forward import forward, forward_batch
from golden.trace import CycleModel

REPETITIONS = 5
BATCH = 64
COSIMULATED_FRAMES = 12
GATE_THREADS = 2


def benchmark(
    *, checkpoint_path: Path | None, out: Path, gates: bool = False, liberty: Sequence[Path] | None = None
) -> str:
    """Time each stage and its peer on the shipped clip; write ``benchmark.csv``.

    Parameters
    ----------
    checkpoint_path : Path or None
        None is the embedded network.
    out : Path
        Folder to write.
    gates : bool
        A row for the mapped netlist, too.
    liberty : sequence of Path or None
        Its cells; None is osu018.

    Returns
    -------
    str
        The table as text.
    """
    with output_folder(out, by="rsnn benchmark") as staging:
        return _measure(staging, checkpoint_path, gates, liberty) + f"written: {out}/benchmark.csv\n"


def _measure(out: Path, checkpoint_path: Path | None, gates: bool, liberty: Sequence[Path] | None) -> str:
    checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
    spoken = recognise(checkpoint, CLIP)
    settings = front_end_of(checkpoint)
    samples, codes = spoken.samples, spoken.codes
    frames = len(codes)
    naive = _best(lambda: _integer_loop(checkpoint, codes[:50])) * frames / 50
    single = _best(lambda: forward(checkpoint, codes))
    model, buffer = CycleModel(checkpoint), CycleModel(checkpoint).buffer()
    cycles = int(spoken.counts.cycles.sum())

    def trace() -> None:
        for number, frame in enumerate(codes):
            model.frame(frame, first=number == 0, out=buffer)

    cosimulate(checkpoint, {"clip": codes}, frames=1)
    simulated = cosimulate(checkpoint, {"clip": codes}, frames=COSIMULATED_FRAMES)
    myhdl = simulated.cycles / simulated.seconds
    rows = [
        _row(
            "front-end",
            "times real time",
            len(samples) / SAMPLE_RATE_HZ / _best(lambda: batch_codes(samples, settings)),
            "librosa.feature.mfcc",
            len(samples) / SAMPLE_RATE_HZ / _best(lambda: _librosa(samples)),
        ),
        _row("golden forward, one utterance", "frames/s", frames / single, "NumPy integers", frames / naive),
        _row(
            f"golden forward, batch of {BATCH}",
            "frames/s",
            BATCH * frames / _best(lambda: forward_batch(checkpoint, [codes] * BATCH), repetitions=2),
            "NumPy integers",
            frames / naive,
        ),
        _row("golden trace, packed", "cycles/s", cycles / _best(trace), "MyHDL co-simulation", myhdl),
    ]
    if gates:
        own, icarus = gate_speeds(checkpoint, codes, liberty, threads=GATE_THREADS)
        peer = "Icarus, every net in a VCD"
        rows.append(_row(f"every net of the gates, {GATE_THREADS} threads", "cycles/s", own, peer, icarus))
    write_csv(out / "benchmark.csv", rows)
    lines = [
        f"{row['stage']:<32} {row['speed']:>12,} {row['unit']:<16} {row['ratio']:>8} x {row['peer']} "
        f"({row['peer_speed']:,})"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _row(stage: str, unit: str, speed: float, peer: str, peer_speed: float) -> dict[str, str | float]:
    return {
        "stage": stage,
        "unit": unit,
        "speed": round(speed),
        "peer": peer,
        "peer_speed": round(peer_speed),
        "ratio": round(speed / peer_speed, 2),
    }


def _best(work: Callable[[], object], repetitions: int = REPETITIONS) -> float:
    """Return the shortest of several runs in seconds, after one that does not count."""
    work()
    times = []
    for _ in range(repetitions):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


def _librosa(samples: np.ndarray) -> np.ndarray:
    return librosa.feature.mfcc(
        y=samples,
        sr=SAMPLE_RATE_HZ,
        n_mfcc=20,
        n_fft=FFT_SIZE,
        win_length=WINDOW_SAMPLES,
        hop_length=HOP_SAMPLES,
        n_mels=MEL_BANDS,
        center=False,
    )


def _integer_loop(checkpoint: Checkpoint, codes: np.ndarray) -> np.ndarray:
    """Run the network frame by frame with NumPy's integer products, the plain way to be bit-exact."""
    spec = checkpoint.specification
    membranes = [np.zeros(width, dtype=np.int64) for width in spec.layers]
    spikes = [np.zeros((spec.time_steps, width), dtype=np.int64) for width in spec.layers]
    logits = []
    for frame in codes.astype(np.int64):
        below = [frame] * spec.time_steps
        for layer in range(len(spec.layers)):
            before = spikes[layer].copy()
            u, s = membranes[layer], before[-1]
            low, high = -(1 << (spec.membrane_bits[layer] - 1)), (1 << (spec.membrane_bits[layer] - 1)) - 1
            for step in range(spec.time_steps):
                current = (below[step] @ checkpoint.feed_forward[layer].astype(np.int64)) << spec.input_shifts[layer]
                matrix = checkpoint.recurrent[layer]
                if matrix is not None:
                    current = current + ((before[step] @ matrix.astype(np.int64)) << spec.recurrent_shifts[layer])
                u = np.clip(np.where(s, 0, u - (u >> spec.leaks[layer])) + current, low, high)
                s = (u >= spec.thresholds[layer]).astype(np.int64)
                spikes[layer][step] = s
            membranes[layer] = u
            below = list(spikes[layer])
        logits.append(spikes[-1].sum(axis=0) @ checkpoint.fc.astype(np.int64))
    return np.array(logits)
