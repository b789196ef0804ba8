"""Whole utterances through the accelerator, every register compared at every cycle."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cosim.cosimulate import cosimulate
from cosim.scoreboard import CosimulationError, PredictionError
from experiments.chain.simulation_key import simulation_key
from experiments.chain.spoken import Spoken, recognise
from experiments.command.outcome import waveform_of_mismatch
from experiments.command.tables import write_csv
from features.corpora.location import require_corpus
from features.corpora.sound import sound_seconds
from features.corpora.speechocean762 import read_speechocean762
from files.folder import output_folder
from golden.checkpoint import Checkpoint, load_checkpoint
from rtl.build_cache import is_kept, kept
from rtl.sources import sources_digest

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
    """Co-simulate each sound file and write ``utterances.csv`` and ``speeds.csv``, a row a file.

    What each file gave is kept by content, so that a run that was ended goes on where it was. ``utterances.csv`` has
    the same bytes then; speeds are those of when a file was run.

    Parameters
    ----------
    paths : sequence of Path
    checkpoint_path : Path or None
        None is the embedded network.
    frames : int or None
        Frames of each file; None is all.
    out : Path
        Folder to write.
    engine : {"myhdl", "lock-step", "icarus", "verilator"}

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
    kept_on = (CosimulationError, PredictionError)
    with waveform_of_mismatch(out), output_folder(out, by="rsnn cosim", keep_on=kept_on) as staging:
        checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
        for path in paths:
            # By its header: a file that is missing is said now, not after those before it.
            sound_seconds(path)
        rows, seconds, again = [], [], 0
        many = len(paths) > LISTED
        for path in tqdm(paths, unit="file", disable=None if many else True, file=sys.stderr):
            spoken = recognise(checkpoint, path)
            wanted = len(spoken.codes) if frames is None else min(frames, len(spoken.codes))
            key = simulation_key(checkpoint, spoken.codes[:wanted], engine, sources_digest(__name__))
            again += is_kept("cosim", key)
            run = partial(_cosimulated, checkpoint, spoken, wanted, engine=engine, folder=staging, quiet=many)
            found = kept("cosim", key, run)
            counted = dict(found["counted"])
            first = {"utterance": spoken.name, "frames": counted.pop("frames"), "frames_of_file": len(spoken.codes)}
            rows.append(first | counted | {"engine": engine})
            seconds.append(found["seconds"])
        if again:
            print(f"rsnn: {again} of {len(paths)} files were run before and are kept", file=sys.stderr)
        write_csv(staging / "utterances.csv", rows)
        write_csv(staging / "speeds.csv", [_speed(row, taken) for row, taken in zip(rows, seconds, strict=True)])
    lines = [_sentence(row, taken) for row, taken in zip(rows, seconds, strict=True)]
    if many:
        cycles = sum(row["cycles"] for row in rows)
        lines = [
            f"{len(rows)} utterances on {engine}: {sum(row['frames'] for row in rows):,} frames, {cycles:,} cycles, "
            f"{sum(row['values_compared'] for row in rows):,} values compared, 0 mismatches; "
            f"{sum(row['toggles'] for row in rows):,} toggles; most cycles a frame "
            f"{max(row['cycles_most'] for row in rows)}, {sum(row['overruns'] for row in rows)} overruns; "
            f"{cycles / sum(seconds):,.0f} cycles/s"
        ]
    return "\n".join(lines) + f"\nwritten: {out}/utterances.csv\n"


def _cosimulated(
    checkpoint: Checkpoint, spoken: Spoken, wanted: int, *, engine: str, folder: Path, quiet: bool
) -> dict[str, Any]:
    """Return what is kept of a file, as JSON types: what was counted, in the order of the columns, and the seconds."""
    name = spoken.name
    with tqdm(total=wanted, unit="frame", desc=name, disable=True if quiet else None, file=sys.stderr) as bar:

        def progress(done: int) -> None:
            bar.update(done)

        found = cosimulate(
            checkpoint,
            {name: spoken.codes},
            frames=wanted,
            mismatch_folder=folder,
            engine=engine,
            progress=progress,
        )
    same_count = found.frame_cycles == spoken.counts.cycles[:wanted].tolist()
    same_best = found.best == spoken.result.best[:wanted].tolist()
    if not same_count or not same_best:
        raise PredictionError(
            f"{name}: the trace agrees with the RTL, but golden's "
            f"{'arg-max' if same_count else 'count of cycles'} does not"
        )
    counted = [
        ("frames", found.frames),
        ("cycles", found.cycles),
        ("values_compared", found.values_compared),
        ("cycles_mean", round(sum(found.frame_cycles) / found.frames, 1)),
        ("cycles_most", max(found.frame_cycles)),
        ("overruns", found.overruns),
        ("toggles", sum(int(row["toggles"] or 0) for row in found.activity.rows())),
    ]
    return {"counted": counted, "seconds": found.seconds}


def _speed(row: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    return {
        "utterance": row["utterance"],
        "engine": row["engine"],
        "seconds": round(seconds, 3),
        "cycles_per_s": round(row["cycles"] / seconds),
    }


def _sentence(row: Mapping[str, Any], seconds: float) -> str:
    return (
        f"{row['utterance']}: {row['frames']} frames, {row['cycles']:,} cycles, {row['values_compared']:,} values "
        f"compared, 0 mismatches; cycles a frame mean {row['cycles_mean']}, most {row['cycles_most']}, "
        f"{row['overruns']} overruns; {row['cycles'] / seconds:,.0f} cycles/s"
    )
