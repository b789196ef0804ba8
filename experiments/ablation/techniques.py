"""What each technique is worth: the same utterances on the shipped design, with a technique off, and up from dense."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from cosim.engines.icarus import require_icarus
from cosim.engines.verilator import verilator_version
from experiments.ablation.configurations import cumulative, one_at_a_time
from experiments.ablation.counts import TRACE, golden_counts, measure, require_same_activity
from experiments.ablation.gates import gates_by_block
from experiments.ablation.plot import plot_techniques
from experiments.ablation.rows import Costs, bit_planes_row, markdown, refused_row, row_of
from experiments.chain.listing import Listing, listing
from experiments.chain.simulation_key import network_digest
from experiments.chain.spoken import front_end_of
from experiments.chain.sweep import Workers, sweep
from experiments.command.tables import read_rows, write_csv, write_json, write_text
from features.audio import read_audio
from features.frontend import batch_codes
from files.folder import output_folder
from gates.liberty import Library, find_liberty, read_liberty
from golden.checkpoint import Checkpoint, load_checkpoint
from golden.errors import SpecificationError
from rtl.synthesis.yosys import yosys_version

COMMAND = "rsnn techniques"
ENGINES = ("verilator", "icarus", "myhdl")
RECOGNITION = Path("results/recognition/table.csv")
TABLES = {"techniques": one_at_a_time, "techniques_cumulative": cumulative}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a run of the experiment is given.

    Parameters
    ----------
    utterances : mapping of str to np.ndarray [shape=(frames, inputs), dtype=int8]
        Codes by utterance.
    corpus : str
        Where they are from.
    engines : sequence of str
        Of `ENGINES`; Verilator runs whole utterances.
    frames : int
        From the middle of the first utterance, that every engine runs.
    library : Library or None
        To synthesise with; None leaves gates out.
    every : int
        The engines run every so many of the utterances; golden counts all.
    recognition : Path
        Table of phone error rates.
    """

    utterances: Mapping[str, np.ndarray]
    corpus: str
    engines: Sequence[str]
    frames: int
    library: Library | None
    every: int
    recognition: Path

    @property
    def of_rtl(self) -> dict[str, np.ndarray]:
        """Return the utterances that the RTL runs, the same in every configuration."""
        return dict(list(self.utterances.items())[:: self.every])


def techniques(
    speech: Sequence[Path] = (),
    *,
    data: Path | None,
    checkpoint_path: Path | None,
    utterances: int,
    engines: Sequence[str],
    frames: int,
    liberty: Sequence[Path] | None,
    gates: bool,
    every: int,
    out: Path,
    recognition: Path = RECOGNITION,
    workers: Workers | None = None,
) -> str:
    """Measure every configuration and write ``techniques*.csv``, ``.md``, ``.json`` and ``.png``.

    Every step's result is kept by content: a run that was ended goes on where it was.

    Parameters
    ----------
    speech : sequence of Path
        Sound files; none is a corpus.
    data, checkpoint_path : Path or None
        None is ``$RSNN_DATA``, the embedded network.
    utterances : int
        Every nth of speechocean762's test set, so many.
    engines : sequence of str
        Of `ENGINES`, at least one.
    frames : int
        As `Settings`.
    liberty : sequence of Path or None
        None is osu018.
    gates : bool
        Synthesise the logic; otherwise powers take the gates of ``power/tables/gates.csv``.
    every : int
        As `Settings`.
    out : Path
    recognition : Path
        Table that ``rsnn recognition`` wrote.
    workers : Workers, optional
        Where configurations are measured; the tables are the same wherever that is.

    Returns
    -------
    str
        The tables as text.

    Raises
    ------
    CosimulationError, PredictionError
        An engine differs from golden.
    EngineError, CorpusError, CheckpointError, FileError
        What is not there or cannot be read.
    """
    with output_folder(out, by=COMMAND) as staging:
        # What is missing is said before the long work, not after it.
        tools = _tools(engines, gates=gates)
        library = read_liberty(find_liberty(liberty)) if gates else None
        checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
        heard = listing(speech, data=data, split="test")
        settings = Settings(
            utterances=read_utterances(checkpoint, heard, utterances),
            corpus=heard.said,
            engines=engines,
            frames=frames,
            library=library,
            every=every,
            recognition=recognition,
        )
        return write_tables(checkpoint, settings, tools, staging, workers=workers) + f"\nwritten: {out}/\n"


def read_utterances(checkpoint: Checkpoint, heard: Listing, count: int) -> dict[str, np.ndarray]:
    """Return the codes of every nth utterance, `count` of them or all that there are."""
    front_end = front_end_of(checkpoint)
    chosen = heard.utterances[:: max(1, len(heard.utterances) // count)][:count]
    return {one.name: batch_codes(read_audio(one.path), front_end) for one in chosen}


def write_tables(
    checkpoint: Checkpoint,
    settings: Settings,
    tools: Mapping[str, str],
    staging: Path,
    *,
    workers: Workers | None = None,
) -> str:
    """Measure the configurations of both tables into a folder; return the Markdown."""
    rates = {row["stage"]: row for row in read_rows(settings.recognition, needed=("stage", "test_per", "cycles_mean"))}
    items = [(name, number) for name, configurations in TABLES.items() for number in range(len(list(configurations())))]
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    networks: dict[str, dict[str, str]] = {name: {} for name in TABLES}
    measured = sweep(partial(_row, checkpoint, settings, rates), items, workers or Workers(), unit="configuration")
    for (name, _), (row, network) in zip(items, measured, strict=True):
        tables[name].append(row)
        if network:
            networks[name][row["configuration"]] = network
    shipped = golden_counts(checkpoint, settings.utterances)
    tables["techniques"].append(bit_planes_row(checkpoint, settings.utterances, shipped))
    text = markdown(tables)
    about = {
        "utterances": list(settings.utterances),
        "corpus": settings.corpus,
        "frames": sum(map(len, settings.utterances.values())),
        "engines": list(settings.engines),
        "frames_on_every_engine": settings.frames,
        "rtl_utterances": list(settings.of_rtl),
        "library": None if settings.library is None else settings.library.name,
        "recognition": "/".join(settings.recognition.parts[-2:]),
        "checkpoint": Path(checkpoint.source).name,
        "checkpoint_digest": network_digest(checkpoint),
        "networks": networks,
        "versions": dict(tools),
    }
    for name, rows in tables.items():
        write_csv(staging / f"{name}.csv", rows)
    write_json(staging / "techniques.json", about)
    write_text(staging / "techniques.md", text)
    plot_techniques(staging / "techniques.png", tables)
    return text


def _row(
    checkpoint: Checkpoint, settings: Settings, rates: Mapping[str, Mapping[str, Any]], item: tuple[str, int]
) -> tuple[dict[str, Any], str]:
    """Return the row of one configuration, named by its table and place, and its network's digest.

    That is "" where golden refuses the network.
    """
    table, number = item
    configuration = list(TABLES[table]())[number]
    try:
        network = configuration.make(checkpoint)
        costs = _costs(network, settings)
    except SpecificationError as refusal:
        return refused_row(configuration, str(refusal)), ""
    return row_of(configuration, costs, rates), network_digest(network)


def _costs(network: Checkpoint, settings: Settings) -> Costs:
    """Measure one configuration on every engine."""
    spec = network.specification
    counts = golden_counts(network, settings.utterances)
    first = next(iter(settings.utterances.values()))
    middle = first[len(first) // 2 :][: settings.frames]
    require_same_activity(network, middle, settings.engines)
    engine = "verilator" if "verilator" in settings.engines else TRACE
    ran = settings.of_rtl
    found = measure(network, ran, counts, engine=engine)
    gates = None if settings.library is None else gates_by_block(spec, settings.library)
    others = [name for name in settings.engines if name != engine]
    equal = f"{engine}: {len(ran)} utterances, {found.frames} frames" if engine != TRACE else ""
    short = f"{', '.join(others)}: {len(middle)} frames" if others else ""
    return Costs(
        specification=spec,
        counts=counts,
        activity=found,
        gates=gates,
        library="" if settings.library is None else settings.library.name,
        engine=engine,
        utterances=len(ran),
        equal="; ".join(part for part in (equal, short) if part),
    )


def _tools(engines: Sequence[str], *, gates: bool) -> dict[str, str]:
    """Return the versions of what computes; raise where something is missing."""
    found = {"python": platform.python_version()}
    found |= {package: version(package) for package in ("numpy", "numba", "myhdl")}
    if "verilator" in engines:
        found["verilator"] = verilator_version()
    if "icarus" in engines:
        require_icarus()
    if gates:
        found["yosys"] = yosys_version()
    return found
