"""Mutants of a network's own accelerator, driven with speech: what use alone shows."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from cosim.mutants.campaign import run_design
from cosim.mutants.speech import speech_scenario
from experiments.chain.simulation_key import simulation_key
from experiments.chain.spoken import clip_codes, front_end_of
from experiments.command.tables import write_csv, write_text
from experiments.hardware.mutants import CHANGES, asked_modules
from features.audio import read_audio
from features.frontend import batch_codes
from files.errors import FileError
from files.folder import output_folder
from golden.checkpoint import load_checkpoint
from rtl.build_cache import kept
from rtl.design import build_design
from rtl.sources import sources_digest

__all__ = ["mutate_with_speech"]

# Characters of a difference in the table.
LONGEST = 120


def mutate_with_speech(
    speech: Path | None, *, checkpoint_path: Path | None, frames: int | None, blocks: Sequence[str], out: Path
) -> str:
    """Run every mutant of a network's accelerator on speech; write ``mutants.csv``, ``summary.csv``, ``summary.md``.

    Speech saturates nothing, overruns nothing and resets nothing, so what it does not show is not equal: aimed stimuli
    show most of it (`experiments.hardware.mutants.mutate_all`). Of each mutant the table says whether speech shows it.

    Parameters
    ----------
    speech : Path or None
        Sound file; None is the shipped clip from its middle.
    checkpoint_path : Path or None
        None is the embedded network.
    frames : int or None
        Of the file; None is all.
    blocks : sequence of str
        Modules without what all names begin with; empty for all.
    out : Path
        Folder to write.

    Returns
    -------
    str
        The summary.

    Raises
    ------
    FileError
        A file that cannot be read, without a frame, or a block that there is not.
    EngineError
        Verilator or a compiler is missing.
    """
    with output_folder(out, by="rsnn speech-mutants") as staging:
        checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
        if speech is None:
            name, codes = clip_codes(checkpoint)
        else:
            name, codes = speech.name, batch_codes(read_audio(speech), front_end_of(checkpoint))
        codes = codes[:frames]
        if not len(codes):
            raise FileError(f"{name}: has no frame, expected at least one")
        design = build_design(checkpoint.specification)
        texts = {module: given.text for module, given in design.modules.items()}
        chosen = dict.fromkeys(asked_modules(texts, blocks))
        ours = sources_digest(*CHANGES, *(f"cosim.mutants.{each}" for each in ("campaign", "driven", "speech")))
        key = simulation_key(checkpoint, codes, "verilator", ours, repr(list(chosen)))

        def simulate() -> list[dict[str, Any]]:
            driven = [speech_scenario(checkpoint, codes)]
            with tqdm(desc="mutants", unit="mutant", disable=None, file=sys.stderr) as bar:
                found = run_design(design, driven, chosen, progress=bar.update)
            return [
                {**asdict(verdict.mutant), "seen": verdict.killed, "difference": verdict.difference}
                for each in found.values()
                for verdict in each.values()
            ]

        rows = kept("speech-mutants", key, simulate)
        rows = [row | {"difference": _where(row["difference"])} for row in rows]
        summary = _summary(rows)
        lines = ["| module | mutants | seen in speech | not seen |", "|---|---|---|---|"]
        total = {name: sum(row[name] for row in summary) for name in ("mutants", "seen", "not_seen")}
        lines += [
            f"| {row['module']} | {row['mutants']:,} | {row['seen']:,} | {row['not_seen']:,} |"
            for row in (*summary, {"module": "all", **total})
        ]
        text = "\n".join(lines) + "\n"
        write_csv(staging / "mutants.csv", rows)
        write_csv(staging / "summary.csv", summary)
        write_text(staging / "summary.md", text)
    return f"{name}: {len(codes)} frames\n\n{text}\nwritten: {out}/\n"


def _where(difference: str) -> str:
    """Return cycle and register of a difference, and no values that are as long as a register of all lanes."""
    return difference if len(difference) <= LONGEST else difference.split(": expected ")[0]


def _summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    made, seen = (Counter(row["module"] for row in rows if row["seen"] or every) for every in (True, False))
    return [
        {"module": module, "mutants": count, "seen": seen[module], "not_seen": count - seen[module]}
        for module, count in made.items()
    ]
