"""Phone error rate of streaming decoding against its look-ahead, and so against its latency."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from experiments.chain.listing import Listing, listing
from experiments.chain.spoken import front_end_of
from experiments.command.figures import COLUMN, FONT, figure_of, save
from experiments.command.tables import write_csv
from features.audio import read_audio
from features.frontend import batch_codes
from files.folder import output_folder
from golden.checkpoint import load_checkpoint
from golden.decoder import decode, fold, phones_of
from golden.forward import forward_batch
from golden.scoring import PhoneErrors, phone_errors
from golden.streaming import StreamingDecoder

LOOK_AHEADS = (2, 5, 10, 15, 20, 30, 40, 50, 70, 100)
# Frames that arrive at a time; the phones do not depend on it.
_CHUNK = 20


def look_ahead_curve(
    speech: Sequence[Path] = (),
    *,
    data: Path | None,
    checkpoint_path: Path | None,
    out: Path,
    look_aheads: Sequence[int] = LOOK_AHEADS,
) -> str:
    """Decode sound files, or the speechocean762 test set, with several look-aheads; write the table and its plot.

    Parameters
    ----------
    speech : sequence of Path
        Sound files with phone files beside them; none is the corpus.
    data : Path or None
        Folder that holds the corpora; None looks at RSNN_DATA.
    checkpoint_path : Path or None
        None is the embedded network.
    out : Path
        Folder to write: ``look_ahead.csv`` and ``look_ahead.png``.
    look_aheads : sequence of int
        In frames.

    Returns
    -------
    str
        The table as text; its last line is the whole utterance at once.

    Raises
    ------
    CorpusError, AudioError, CheckpointError
    """
    with output_folder(out, by="rsnn look-ahead") as staging:
        return _curve(staging, listing(speech, data=data, split="test", phones=True), checkpoint_path, look_aheads)


def _curve(out: Path, heard: Listing, checkpoint_path: Path | None, look_aheads: Sequence[int]) -> str:
    checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
    settings, scale, host = front_end_of(checkpoint), checkpoint.scales["fc"], checkpoint.phone_host()
    decoders = [StreamingDecoder(host, look_ahead_frames=frames, fc_scale=scale) for frames in look_aheads]
    totals = [PhoneErrors(0, 0, 0, 0) for _ in range(len(decoders) + 1)]
    for one in tqdm(heard.utterances, "decode", disable=None, file=sys.stderr):
        (result,) = forward_batch(checkpoint, [batch_codes(read_audio(one.path), settings)])
        reference = fold(one.phones or ())
        found = []
        for decoder in decoders:
            segments = []
            for first in range(0, len(result.logits), _CHUNK):
                segments += decoder.push(result.logits[first : first + _CHUNK])
            found.append(segments + decoder.finish())
        found.append(decode(host, result.logits, fc_scale=scale))
        totals = [
            total.plus(phone_errors(reference, phones_of(segments)))
            for total, segments in zip(totals, found, strict=True)
        ]
    rows = [
        {
            "look_ahead_frames": frames if decoder else "",
            "latency_ms": decoder.latency_ms if decoder else "",
            "test_per": round(errors.rate, 5),
            **errors._asdict(),
        }
        for frames, decoder, errors in zip([*look_aheads, 0], [*decoders, None], totals, strict=True)
    ]
    write_csv(out / "look_ahead.csv", rows)
    _plot(out / "look_ahead.png", rows)
    lines = ["look-ahead (frames)  latency (ms)  phone error rate (%)"]
    for row in rows:
        ahead, latency = row["look_ahead_frames"], row["latency_ms"]
        rate = 100 * float(str(row["test_per"]))
        lines.append(f"{'whole utterance' if ahead == '' else ahead:>19}  {latency:>12}  {rate:>20.1f}")
    return "\n".join(lines) + "\n"


def _plot(path: Path, rows: Sequence[dict[str, object]]) -> None:
    figure, axes = figure_of(COLUMN, 2.2)
    rates = [100 * float(str(row["test_per"])) for row in rows]
    axes.plot([float(str(row["latency_ms"])) for row in rows[:-1]], rates[:-1], marker="o", markersize=3,
              linewidth=1, color="#0072b2")  # fmt: skip
    axes.axhline(rates[-1], color="black", linestyle="--", linewidth=1)
    axes.annotate("whole utterance", (1, rates[-1]), (0, 4), xycoords=("axes fraction", "data"),
                  textcoords="offset points", ha="right", fontsize=FONT)  # fmt: skip
    axes.set_xlabel("latency (ms): look-ahead, label delay and window")
    axes.set_ylabel("phone error rate (%)")
    save(path, figure)
