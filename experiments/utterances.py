"""Whole utterances through the accelerator, every register compared at every cycle."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cosim.cosimulate import cosimulate
from cosim.scoreboard import PredictionError
from experiments.run import recognise
from experiments.tables import write_csv
from features.corpora.location import require_corpus
from features.corpora.speechocean762 import read_speechocean762
from golden.checkpoint import load_checkpoint

# Of more files than this only the sums are printed.
LISTED = 20


def corpus_files(data: Path | None, split: str) -> list[Path]:
    """Return the sound files of a speechocean762 split.

    Raises
    ------
    CorpusError
    """
    utterances = read_speechocean762(require_corpus("speechocean762", data), split)
    return [utterance.audio_path for utterance in utterances]


def cosimulate_files(
    paths: Sequence[Path],
    *,
    checkpoint_path: Path | None,
    frames: int | None,
    out: Path,
    engine: str = "myhdl",
) -> str:
    """Co-simulate each sound file and write ``utterances.csv``, a row after each file.

    Parameters
    ----------
    paths : sequence of Path
    checkpoint_path : Path or None
        None is the embedded network.
    frames : int or None
        Frames of each file; None is all.
    out : Path
        Folder to write.
    engine : {"myhdl", "icarus", "verilator"}

    Returns
    -------
    str
        The table as text; of more than `LISTED` files the sums alone.

    Raises
    ------
    CosimulationError
        At the first difference; a waveform is in `out`.
    PredictionError
        Every cycle agrees with the trace, but golden's forward or count of cycles does not.
    EngineError
        The engine is not installed, or fails.
    """
    checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
    out.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    lines, seconds = [], 0.0
    many = len(paths) > LISTED
    for path in tqdm(paths, unit="file", disable=None if many else True, file=sys.stderr):
        spoken = recognise(checkpoint, path)
        wanted = len(spoken.codes) if frames is None else min(frames, len(spoken.codes))
        quiet = True if many else None
        with tqdm(total=wanted, unit="frame", desc=path.name, disable=quiet, file=sys.stderr) as bar:
            found = cosimulate(
                checkpoint,
                {path.name: spoken.codes},
                frames=wanted,
                mismatch_folder=out,
                engine=engine,
                progress=lambda done, bar=bar: bar.update(done) and None,  # type: ignore[misc]
            )
        same_count = found.frame_cycles == spoken.counts.cycles[:wanted].tolist()
        same_best = found.best == spoken.result.best[:wanted].tolist()
        if not same_count or not same_best:
            raise PredictionError(
                f"{path.name}: the trace agrees with the RTL, but golden's "
                f"{'arg-max' if same_count else 'count of cycles'} does not"
            )
        rows.append(
            {
                "utterance": path.name,
                "frames": found.frames,
                "frames_of_file": len(spoken.codes),
                "cycles": found.cycles,
                "values_compared": found.values_compared,
                "cycles_mean": round(sum(found.frame_cycles) / found.frames, 1),
                "cycles_most": max(found.frame_cycles),
                "overruns": found.overruns,
                "toggles": sum(int(row["toggles"] or 0) for row in found.activity.rows()),
                "engine": engine,
                "cycles_per_s": round(found.cycles / found.seconds),
            }
        )
        seconds += found.seconds
        write_csv(out / "utterances.csv", rows)
        lines.append(
            f"{path.name}: {found.frames} frames, {found.cycles:,} cycles, {found.values_compared:,} values compared, "
            f"0 mismatches; cycles a frame mean {rows[-1]['cycles_mean']}, most {rows[-1]['cycles_most']}, "
            f"{found.overruns} overruns; {rows[-1]['cycles_per_s']:,} cycles/s"
        )
    if many:
        cycles = sum(row["cycles"] for row in rows)
        lines = [
            f"{len(rows)} utterances on {engine}: {sum(row['frames'] for row in rows):,} frames, {cycles:,} cycles, "
            f"{sum(row['values_compared'] for row in rows):,} values compared, 0 mismatches; "
            f"{sum(row['toggles'] for row in rows):,} toggles; most cycles a frame "
            f"{max(row['cycles_most'] for row in rows)}, {sum(row['overruns'] for row in rows)} overruns; "
            f"{cycles / seconds:,.0f} cycles/s"
        ]
    return "\n".join(lines) + f"\nwritten: {out}/utterances.csv\n"
