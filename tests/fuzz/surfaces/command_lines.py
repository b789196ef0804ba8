"""Command lines of ``rsnn``: what can be refused is, at once; no work is done where it would be long."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from experiments.command import cli
from tests.fuzz.case import Case, Entry
from tests.fuzz.mutation import NAMES, NUMBERS, bytes_mutated, name, number, special
from tests.fuzz.surface import Finding, Surface
from tests.fuzz.surfaces import checkpoints, corpora, liberty, phones, recipes, run_folders, sound
from tests.fuzz.verdict import spellings

# Where the long work of a command begins; a command line that comes so far was not refused.
WORK = (
    "experiments.chain.spoken.ForwardStream",
    "experiments.main_job.run.cosimulate",
    "experiments.chain.utterances.cosimulate",
    "experiments.hardware.engines.cosimulate",
    "experiments.hardware.engines.cosimulate_verilog",
    "experiments.hardware.export.write_deliverables",
    "experiments.hardware.export.build_design",
    "experiments.hardware.synth.build_design",
    "experiments.hardware.prove.build_properties",
    "experiments.hardware.faults.inject",
    "experiments.chain.cycles.forward_batch",
    "experiments.chain.look_ahead.forward_batch",
    "experiments.speed.benchmark.recognise",
    "experiments.speed.benchmark.benchmark",
    "training.stages.recipe.dataset",
    "experiments.learning.recognition.dataset",
)
# Tools asked for their version, which takes seconds.
ASKED = (
    "experiments.hardware.prove.yosys_version",
    "experiments.hardware.prove.solver_version",
    "experiments.hardware.synth.yosys_version",
    "experiments.hardware.synth.sta_version",
    "experiments.hardware.synth.nextpnr_version",
    "experiments.hardware.synth.require_icarus",
)
# What stands in a case's folder and may be named.
_GOOD: dict[str, Entry] = {
    "speech.wav": sound.SEEDS[0],
    "speech.phn": phones.PHONES.encode(),
    "network.npz": checkpoints.SEEDS[0],
    "silent.npz": checkpoints.SEEDS[1],
    "recipe.toml": next(text for text in recipes.SEEDS).encode(),
    "cells.lib": liberty.SMALL.encode(),
    **{f"run/{path}": content for path, content in run_folders.SEEDS[0].items()},
    **{f"data/speechocean762/{path}": entry for path, entry in corpora.ocean().items()},
}
_FILE = {"--checkpoint": "network.npz", "--reference": "speech.phn", "--liberty": "cells.lib", "--trees": "senones.npz",
         "--start": "network.npz", "--constants": "constants.csv", "--recipe": "recipe.toml"}  # fmt: skip
# Options by command; what they take.
_OPTIONS = {
    "run": ("--checkpoint", "--reference", "--engine", "--frames", "--out"),
    "cosim": ("--data", "--split", "--engine", "--checkpoint", "--frames", "--out"),
    "engines": ("--checkpoint", "--frames", "--out"),
    "export": ("--checkpoint", "--frames", "--architecture", "--arg-max", "--out"),
    "synth": ("--checkpoint", "--liberty", "--frames", "--out"),
    "prove": ("--checkpoint", "--timeout", "--out"),
    "cycles": ("--checkpoint", "--data", "--split", "--out"),
    "look-ahead": ("--checkpoint", "--data", "--out"),
    "power": ("--constants",),
    "faults": ("--out",),
    "benchmark": ("--checkpoint", "--out"),
    "train": ("--corpus", "--data", "--work", "--recipe", "--phones", "--trees", "--skip-damaged", "--workers",
    "--seed", "--fold", "--out"),
    "recognition": ("--corpus", "--data", "--work", "--recipe", "--phones", "--workers", "--seeds", "--stages",
    "--start", "--out"),
}  # fmt: skip
_FLAGS = {"--arg-max", "--skip-damaged"}
_SPEECH = {"run", "cosim", "engines", "export"}
# Nowhere that can be written, whoever asks; and names that some can.
_OUTS = ("out", "speech.wav", "speech.wav/x", "/proc/x", "/dev/null", "/dev/null/x", "n" * 300, "a\x00b",
    "caf\udce9", "new/deep/out",
         "[{*}exec touch X]", "$(touch X)", "a\nb", "run", "", "/proc/self/fd/999/x")  # fmt: skip


class Begun(BaseException):
    """The long work of a command would begin."""


def generate(rng: random.Random) -> Case:
    """Return a command line with one or two things wrong, and the files that it names."""
    entries = dict(_GOOD)
    command = rng.choice(sorted(_OPTIONS))
    words: list[str] = [command]
    wrong = rng.randint(1, 2)
    if command in _SPEECH and rng.random() < 0.8:
        words.append("speech.wav")
    if command == "power":
        words.append("run")
    given = [option for option in _OPTIONS[command] if rng.random() < 0.5 or option in ("--out", "--work")]
    for option in given:
        words += [option] if option in _FLAGS else [option, _value(rng, option)]
    for _ in range(wrong):
        change = rng.randrange(7)
        at = rng.randrange(1, len(words)) if len(words) > 1 else 0
        if change == 0 and at and words[at - 1] not in ("--out", "--work"):
            words[at] = rng.choice([_tame(name(rng)), number(rng)])
        elif change == 1:
            words.insert(at, rng.choice(["--" + _tame(name(rng)), "-x", "--frames", "--", _tame(name(rng)), "@file"]))
        elif change == 2:
            del words[at]
        elif change <= 4:
            path = rng.choice([word for word in words if word in entries] or ["speech.wav"])
            content = entries.get(path, b"")
            damaged = (
                checkpoints.damaged(rng)
                if path == "network.npz"
                else bytes_mutated(rng, content if isinstance(content, bytes) else b"")
            )
            entries[path] = damaged
        elif change == 5:
            path = rng.choice([word for word in words if word in entries] or ["speech.wav"])
            content = entries.pop(path, b"")
            entries |= special(rng, path, content if isinstance(content, bytes) else b"")
        elif "--out" in words[:-1]:
            words[words.index("--out") + 1] = rng.choice(_OUTS)
    return Case(entries, "", {"argv": words, "names": [*words, *entries]})


def _tame(text: str) -> str:
    """Return a name that, taken for a folder to write, lies within the working folder."""
    return "x" if ".." in text or text.startswith(("/", "~")) or text in ("-h", "--help") else text


def _value(rng: random.Random, option: str) -> str:
    if option in _FILE:
        return _FILE[option] if rng.random() < 0.8 else rng.choice(["speech.wav", "run", "missing", "."])
    if option in ("--out", "--work"):
        return {"--out": "out", "--work": "work"}[option]
    if option == "--data":
        return rng.choice(["data", "data", "run", "missing", "speech.wav"])
    choices = {
        "--engine": ["myhdl", "icarus", "verilator", "lock-step"], "--split": ["train", "test"],
        "--architecture": ["sliced", "lanes"], "--corpus": ["speechocean762", "timit", "timit_sample"],
        "--phones": ["cmu", "timit"],
        "--stages": ["lstm", "float-128", rng.choice(NAMES)],
    }  # fmt: skip
    return rng.choice(choices.get(option, ["1", "2", "all", "1", rng.choice(NUMBERS)]))


def _version(*_: Any, **__: Any) -> str:
    return "a version"


@contextlib.contextmanager
def _no_long_work() -> Iterator[None]:
    def begin(*_: Any, **__: Any) -> None:
        raise Begun

    with contextlib.ExitStack() as stack:
        for place in (*WORK, *ASKED):
            module, _, attribute = place.rpartition(".")
            found = sys.modules.get(module)
            if found is not None and hasattr(found, attribute):
                stack.enter_context(mock.patch.object(found, attribute, begin if place in WORK else _version))
        yield


def run(case: Case, folder: Path) -> None:
    """Run ``rsnn`` as far as the long work, in the case's folder."""
    os.chdir(folder)
    # As the streams of a terminal in UTF-8 are.
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict")
    said = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    with _no_long_work(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(said):
        try:
            status = cli.main(list(case.words["argv"]))
        except Begun:
            status = 0
        except SystemExit as stop:
            status = stop.code if isinstance(stop.code, int) else 99
    said.flush()
    text = said.buffer.getvalue().decode("utf-8", "backslashreplace")  # type: ignore[attr-defined]
    if status == 0:
        return
    if status != 2:
        raise Finding(f"exit status {status}: {text}")
    if "Traceback" in text:
        raise Finding(f"a traceback: {text}")
    if not text.startswith(("usage:", "rsnn:")) and "rsnn: " not in text:
        raise Finding(f"says nothing of its own: {text}")
    if "usage:" not in text and not any(part in text for part in spellings(case, folder)):
        raise Finding(f"names neither file nor argument: {text}")
    raise SystemExit(2)


# What the commands import, once, before processes are made that would each import it.
for _place in WORK:
    with contextlib.suppress(ImportError):
        importlib.import_module(_place.rpartition(".")[0])

SURFACE = Surface("command_lines", generate, run, sound.warm, share=6)
