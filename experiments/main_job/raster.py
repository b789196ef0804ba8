"""The spike raster: spectrogram and phones above, every spike of every layer below."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from experiments.command.figures import FONT, PAGE, figure_of, save
from features.audio import SAMPLE_RATE_HZ
from features.cepstra import HOP_SAMPLES, log_mel_and_cepstra
from golden.decoder import PhoneSegment

# One colour a time step, distinguishable without colour vision (Okabe and Ito).
STEP_COLOURS = ("#0072B2", "#D55E00")
# What is drawn of a longer utterance: beyond it nothing could be told apart, and an hour has millions of spikes.
SECONDS = 60


def plot_raster(
    path: Path,
    samples: np.ndarray,
    spikes: Sequence[np.ndarray],
    segments: Sequence[PhoneSegment],
    *,
    title: str,
) -> Path:
    """Write the picture of the first `SECONDS` of an utterance as PNG and SVG, the spikes as dots of a picture in both.

    Parameters
    ----------
    path : Path
    samples : np.ndarray [shape=(samples,), dtype=float64]
        16 kHz.
    spikes : sequence of np.ndarray [shape=(frames, T, width), dtype=bool]
        One a layer.
    segments : sequence of PhoneSegment
        Recognised phones.
    title : str

    Returns
    -------
    Path
    """
    seconds = HOP_SAMPLES / SAMPLE_RATE_HZ
    most = round(SECONDS / seconds)
    if len(spikes[0]) > most:
        title += f" (the first {SECONDS} s)"
    samples, spikes = samples[: SECONDS * SAMPLE_RATE_HZ], [layer[:most] for layer in spikes]
    segments = [segment for segment in segments if segment.start_frame < most]
    frames = len(spikes[0])
    heights = [1.3, *([1.5] * len(spikes))]
    figure, panels = figure_of(
        PAGE, 1.9 + 1.6 * len(spikes), nrows=len(spikes) + 1, sharex=True, height_ratios=heights, squeeze=False
    )
    axes = panels[:, 0]
    log_mel, _ = log_mel_and_cepstra(samples, 0)
    floor = log_mel.max() - 70
    axes[0].imshow(
        np.maximum(log_mel, floor).T,
        origin="lower",
        aspect="auto",
        cmap="magma",
        extent=(0, len(log_mel) * seconds, 0, log_mel.shape[1]),
        interpolation="nearest",
    )
    axes[0].set_ylabel("mel band")
    # A file's name: no mathematics between dollars, and no letters that the font may lack.
    plain = title.encode("ascii", "backslashreplace").decode("ascii")
    axes[0].set_title(plain, loc="left", fontsize=FONT + 1, pad=16, parse_math=False)
    for segment in segments:
        start, end = segment.start_frame * seconds, min(segment.end_frame, most) * seconds
        axes[0].axvline(start, color="white", linewidth=0.5, alpha=0.7)
        axes[0].text(
            (start + end) / 2,
            1.02,
            segment.phone,
            transform=axes[0].get_xaxis_transform(),
            ha="center",
            va="bottom",
            fontsize=FONT - 1,
            color="0.5" if segment.phone == "sil" else "black",
            clip_on=False,
        )
    for layer, (axis, fired) in enumerate(zip(axes[1:], spikes, strict=True)):
        for step in range(fired.shape[1]):
            when, which = np.nonzero(fired[:, step])
            axis.scatter(
                (when + step / fired.shape[1]) * seconds,
                which,
                s=0.5,
                marker="s",
                linewidths=0,
                rasterized=True,
                color=STEP_COLOURS[step],
                label=f"time step {step}: {fired[:, step].mean():.2f} spikes a neuron and frame",
            )
        axis.set_ylabel(f"layer {layer} neuron")
        axis.set_ylim(-1, fired.shape[2])
        # Above the panel: spikes are everywhere in it.
        axis.legend(
            loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize=FONT - 1, markerscale=6, frameon=False,
            borderaxespad=0,
        )  # fmt: skip
    axes[-1].set_xlim(0, frames * seconds)
    axes[-1].set_xlabel("time (s)")
    return save(path, figure)
