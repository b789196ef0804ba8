"""Folders of a run, as ``rsnn power`` reads them: whole ones, mixtures of two runs, half-committed and damaged ones."""

from __future__ import annotations

import hashlib
import json
import random
import re
import tempfile
from pathlib import Path

from experiments.energy.power_table import power_of_folder
from files.folder import MANIFEST, output_folder
from tests.fuzz.case import Case, Entry, Folder, Link
from tests.fuzz.mutation import bytes_mutated, json_changed, json_mutated, json_text, name, special, text_mutated
from tests.fuzz.surface import Finding, Surface
from tests.fuzz.surfaces.tables import ACTIVITY, CONSTANTS, RUN, cells_changed

# The command that the manifest names.
BY = "rsnn run"
COMMITTING = ".committing"


def _committed(activity: str, run: dict[str, float]) -> dict[str, bytes]:
    """Return the files of a run's folder, with its manifest."""
    with tempfile.TemporaryDirectory() as folder:
        with output_folder(folder, by=BY) as staging:
            (staging / "activity.csv").write_text(activity)
            (staging / "run.json").write_text(json.dumps(run))
            (staging / "configuration.json").write_text(json.dumps({"clock": run["clock_hz"]}))
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


SEEDS = (_committed(ACTIVITY, RUN), _committed(ACTIVITY.replace("160", "161"), RUN | {"cycles": 26_292}))


def vouched(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return a folder's files with a manifest that is true of them."""
    entries = {
        name: {"by": BY, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files.items()
        if name != MANIFEST
    }
    text = json.dumps({"format_version": 1, "files": entries}, indent=1, sort_keys=True)
    return files | {MANIFEST: text.encode()}


def generate(rng: random.Random) -> Case:
    """Return a run's folder, disturbed in one way."""
    files: dict[str, bytes] = dict(rng.choice(SEEDS))
    entries: dict[str, Entry] = {}
    words: dict[str, object] = {"names": [*files, COMMITTING]}
    chosen = rng.choice(["activity.csv", "run.json", MANIFEST])
    change = rng.randrange(9)
    if change == 0:
        # A file of another run, of what a killed process leaves or somebody copies.
        files[chosen] = rng.choice(SEEDS)[chosen]
    elif change == 1:
        files[chosen] = bytes_mutated(rng, files[chosen], most=2)
    elif change == 2:
        del files[chosen]
    elif change == 3:
        files[MANIFEST] = json_mutated(rng, json.loads(files[MANIFEST]))
    elif change == 4:
        # A manifest of hostile names, with their contents elsewhere.
        given = json.loads(files[MANIFEST])
        given["files"][name(rng)] = json_changed(rng, given["files"]["run.json"])
        files[MANIFEST] = json_text(given).encode("utf-8", "surrogateescape")
    elif change == 5:
        # Half committed.
        other = rng.choice(SEEDS)
        for inner in rng.sample(sorted(other), rng.randint(0, len(other))):
            entries[f"{COMMITTING}/{inner}"] = other[inner] if rng.random() < 0.9 else bytes_mutated(rng, other[inner])
    elif change == 6:
        files["activity.csv"] = cells_changed(rng, ACTIVITY)
        files = vouched(files)
    elif change == 7:
        files["run.json"] = json_mutated(rng, RUN)
        files = vouched(files)
    else:
        files["constants.csv"] = cells_changed(rng, CONSTANTS) if rng.random() < 0.5 else text_mutated(rng, CONSTANTS)
        words["constants"] = "constants.csv"
    entries |= {f"{inner}": content for inner, content in files.items()}
    if rng.random() < 0.08:
        entries.pop(chosen, None)
        entries |= special(rng, chosen, files.get(chosen, b""))
    if rng.random() < 0.03:
        entries[COMMITTING] = rng.choice([Link("/"), Link(".."), Folder(), b""])
    return Case({f"run/{path}": entry for path, entry in entries.items()}, "run", words)


def run(case: Case, folder: Path) -> None:
    """Price it; what is priced must be one run's whole, and finite."""
    path = case.path(folder)
    constants = path / case.words["constants"] if "constants" in case.words else None
    before = _disagrees(path)
    text = power_of_folder(path, constants=constants)
    if re.search(r"\b(inf|nan)\b", text):
        raise Finding(f"power is not finite: {text}")
    if before and _disagrees(path):
        raise Finding(f"priced what the manifest does not vouch for: {before}")


def _disagrees(path: Path) -> str:
    """Return the file that differs from what a folder's manifest says; "" if none does or there is no manifest."""
    if not (path / MANIFEST).is_file():
        return ""
    try:
        files = json.loads((path / MANIFEST).read_bytes())["files"]
        for inner in ("activity.csv", "run.json"):
            if not (path / inner).is_file():
                return ""
            content = (path / inner).read_bytes()
            if hashlib.sha256(content).hexdigest() != files[inner]["sha256"]:
                return inner
    except (OSError, ValueError, KeyError, TypeError, RecursionError, MemoryError):
        return ""
    return ""


SURFACE = Surface("run_folders", generate, run, share=8)
