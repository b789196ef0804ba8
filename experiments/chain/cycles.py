"""Cycles a frame over a corpus, counted by the golden model, and the picture of their distribution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from experiments.chain.listing import Listing, ToHear, listing
from experiments.chain.spoken import front_end_of
from experiments.chain.sweep import Workers, sweep
from experiments.command.figures import COLUMN, FONT, figure_of, save
from experiments.command.tables import write_csv, write_json
from features.audio import read_audio
from features.frontend import batch_codes
from files.folder import output_folder
from golden.checkpoint import load_checkpoint
from golden.cycles import FrameCounts, count_frames, join_counts, mmac_per_second
from golden.forward import forward_batch

UTTERANCES_AT_ONCE = 50


def count_corpus(
    speech: Sequence[Path] = (),
    *,
    data: Path | None,
    split: str,
    checkpoint_path: Path | None,
    out: Path,
    workers: Workers | None = None,
) -> str:
    """Count the cycles of every frame of sound files or of a corpus; write the table, the summary and the histogram.

    Parameters
    ----------
    speech : sequence of Path
        Sound files; none is a set of speechocean762.
    data : Path or None
        Folder that holds the corpora; None looks at RSNN_DATA.
    split : {"train", "test"}
    checkpoint_path : Path or None
        None is the embedded network.
    out : Path
        Folder to write.
    workers : Workers, optional
        Where utterances are counted; by default here.

    Returns
    -------
    str
        The summary as text.

    Raises
    ------
    CorpusError, AudioError, CheckpointError
    """
    with output_folder(out, by="rsnn cycles") as staging:
        heard = listing(speech, data=data, split=split)
        return _count(staging, heard, checkpoint_path, workers or Workers()) + f"written: {out}/\n"


@dataclass(frozen=True)
class Counted:
    """Some utterances.

    Parameters
    ----------
    rows : list of dict
        Of the table.
    counts : list of FrameCounts
    ones : list of np.ndarray [shape=(layers, T), dtype=float64]
        Spikes a neuron, by layer and time step.
    """

    rows: list[dict[str, object]]
    counts: list[FrameCounts]
    ones: list[list[np.ndarray]]


def count_batch(batch: Sequence[ToHear], checkpoint_path: Path | None) -> Counted:
    """Count some utterances, which are held at once."""
    checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
    settings = front_end_of(checkpoint)
    found = Counted([], [], [])
    codes = [batch_codes(read_audio(one.path), settings) for one in batch]
    for one, frames, result in zip(batch, codes, forward_batch(checkpoint, codes), strict=True):
        counts = count_frames(checkpoint, frames, result.spikes)
        found.counts.append(counts)
        found.ones.append([fired.mean(axis=(0, 2)) * len(frames) for fired in result.spikes])
        found.rows.append(
            {
                "utterance": one.name,
                "frames": len(frames),
                "cycles_mean": round(float(counts.cycles.mean()), 1),
                "cycles_most": int(counts.cycles.max()),
                "macs_mean": round(float(counts.macs.mean())),
            }
        )
    return found


def _count(out: Path, heard: Listing, checkpoint_path: Path | None, workers: Workers) -> str:
    checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
    front_end_of(checkpoint)
    utterances = heard.utterances
    batches = [utterances[at : at + UTTERANCES_AT_ONCE] for at in range(0, len(utterances), UTTERANCES_AT_ONCE)]
    rows, parts, ones = [], [], []
    for found in sweep(partial(count_batch, checkpoint_path=checkpoint_path), batches, workers, unit="batch"):
        rows += found.rows
        parts += found.counts
        ones += found.ones
    joined = join_counts(parts)
    cycles, spec = joined.cycles, checkpoint.specification
    rates = np.sum(ones, axis=0) / len(cycles)
    summary = {
        "command": "rsnn cycles",
        "speech": heard.said,
        "utterances": len(rows),
        "frames": len(cycles),
        "cycles_mean": round(float(cycles.mean()), 1),
        "cycles_99th_percentile": int(np.percentile(cycles, 99, method="higher")),
        "cycles_most": int(cycles.max()),
        "budget": spec.frame_budget,
        "overruns": int((cycles > spec.frame_budget).sum()),
        "phases": {
            name: {"mean": round(float(of.mean()), 1), "most": int(of.max())}
            for name, of in zip(joined.phases, joined.phase_cycles.T, strict=True)
        },
        "spike_rates": np.round(rates, 4).tolist(),
        "mmac_per_s": round(mmac_per_second(spec, joined.macs), 2),
        "rows_read_mean": np.round(joined.rows.mean(axis=0), 1).tolist(),
        "additions_mean": round(float(joined.additions.sum(axis=1).mean()), 1),
    }
    write_csv(out / "utterances.csv", rows)
    write_json(out / "summary.json", summary)
    _plot(out / "cycles.png", cycles, spec.frame_budget)
    phases = ", ".join(f"{name} {of['mean']} ({of['most']})" for name, of in summary["phases"].items())
    return (
        f"{summary['utterances']} utterances, {summary['frames']:,} frames of {heard.said}\n"
        f"cycles a frame: mean {summary['cycles_mean']}, 99th percentile {summary['cycles_99th_percentile']}, most "
        f"{summary['cycles_most']}, budget {summary['budget']:,}, {summary['overruns']} overruns\n"
        f"by phase, mean (most): {phases}\n"
        f"spike rates {summary['spike_rates']}, {summary['mmac_per_s']} MMAC/s\n"
    )


def _plot(path: Path, cycles: np.ndarray, budget: int) -> None:
    figure, axis = figure_of(COLUMN, 2.2)
    axis.hist(cycles, bins=list(range(0, max(budget, int(cycles.max())) + 20, 10)), color="#0072B2")
    axis.axvline(budget, color="#D55E00", linestyle="--", linewidth=1, label=f"budget: {budget:,} cycles a frame")
    axis.axvline(float(cycles.mean()), color="black", linewidth=1, label=f"mean {cycles.mean():.0f}")
    axis.set_xlabel("clock cycles a frame, loading and logits included")
    axis.set_ylabel("frames")
    figure.legend(loc="outside upper center", ncols=2, fontsize=FONT, frameon=False)
    save(path, figure)
