"""Zeros that zero-skipping passes over: of each input bit plane, of each layer's spikes and of the FC's weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.chain.listing import Listing, listing
from experiments.command.figures import FONT, PAGE, bar_style, figure_of, save
from experiments.command.tables import write_csv
from experiments.story.heard import heard_in_batches
from files.folder import output_folder
from golden.checkpoint import Checkpoint, load_checkpoint
from golden.forward import forward_batch

__all__ = ["PAPER_MEAN_SPARSITY", "measure_sparsity"]

# Reconstructed: 13.86 of 28.672 MMAC/s are left.
PAPER_MEAN_SPARSITY = 1 - 13.86 / 28.672


def measure_sparsity(
    speech: Sequence[Path] = (), *, data: Path | None, split: str, checkpoint_path: Path | None, out: Path
) -> str:
    """Write ``sparsity.csv`` and its plot.

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

    Returns
    -------
    str
        The table as text.

    Raises
    ------
    CorpusError, AudioError, CheckpointError
    """
    checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
    heard = listing(speech, data=data, split=split)
    with output_folder(out, by="rsnn sparsity") as staging:
        rows = _rows(checkpoint, heard)
        write_csv(staging / "sparsity.csv", rows)
        _plot(staging / "sparsity.png", rows)
    return "\n".join(
        [f"zeros on {heard.said}", *(f"{row['where']:<32}{100 * row['zeros']:5.1f} %" for row in rows), ""]
    )


def _rows(checkpoint: Checkpoint, heard: Listing) -> list[dict[str, Any]]:
    spec = checkpoint.specification
    ones: dict[str, float] = {}
    frames = 0

    def add(where: str, count: float) -> None:
        ones[where] = ones.get(where, 0.0) + count

    for _, batch in heard_in_batches(checkpoint, heard.utterances):
        for codes, result in zip(batch, forward_batch(checkpoint, batch), strict=True):
            frames += len(codes)
            held = np.abs(codes.astype(np.int64)) if spec.plane_coding == "sign_magnitude" else codes
            for plane in range(spec.input_bits):
                add(f"input bit plane {plane}", (held >> plane & 1).sum() / spec.inputs)
            for layer, spikes in enumerate(result.spikes):
                for step in range(spec.time_steps):
                    add(f"layer {layer} spikes, step {step}", spikes[:, step].sum() / spec.layers[layer])
                add(f"layer {layer} spikes, any step", spikes.any(axis=1).sum() / spec.layers[layer])
    rows: list[dict[str, Any]] = [
        {"where": where, "kind": "ours", "zeros": round(1 - count / frames, 4), "speech": heard.said, "note": ""}
        for where, count in sorted(ones.items())
    ]
    notes = "not skipped: rows are read all the same, additions are gated"
    zeros = round(float((checkpoint.fc == 0).mean()), 4)
    rows.append({"where": "weights of the FC", "kind": "ours", "zeros": zeros, "speech": "", "note": notes})
    notes = "13.86 of 28.672 MMAC/s are left; printed nowhere"
    mean = round(PAPER_MEAN_SPARSITY, 4)
    rows.append({"where": "mean of the paper", "kind": "reconstructed", "zeros": mean, "speech": "", "note": notes})
    return rows


def _plot(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    own = [row for row in rows if row["kind"] == "ours"]
    figure, axes = figure_of(PAGE, 0.9 + 0.17 * len(own))
    for place, row in enumerate(own):
        axes.barh(place, 100 * row["zeros"], height=0.7, **bar_style("ours"))
        # At the edge, where the paper's line does not cross it.
        axes.text(99, place, f"{100 * row['zeros']:.1f}", va="center", ha="right", fontsize=FONT)
    line = axes.axvline(100 * PAPER_MEAN_SPARSITY, color="black", linestyle="--", linewidth=1)
    axes.set_yticks(range(len(own)), [row["where"] for row in own])
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("zeros (%): bits, spikes, weights; bars ours")
    label = f"mean of the paper, reconstructed: {100 * PAPER_MEAN_SPARSITY:.1f} %"
    figure.legend([line], [label], loc="outside upper center", fontsize=FONT, frameon=False)
    save(path, figure)
