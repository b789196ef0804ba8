"""A recipe: the stages that a network goes through, each with its own configuration, read from a TOML file."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from files.errors import FileError
from files.reading import brief, read_text
from golden.errors import SpecificationError
from golden.specification import Specification
from training.errors import RecipeError
from training.stages.fields import MOST_CHARACTERS, MOST_SEED, PLAN, SPEECH, STAGE, WEIGHTS, Field
from training.stages.objective import Weights
from training.stages.train import Plan

RECIPES = Path(__file__).parents[1] / "recipes"
DEFAULT_RECIPE = RECIPES / "default.toml"
# What a stage starts from that goes on with the network of a checkpoint file.
CHECKPOINT = "checkpoint"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step of training, which leaves a network and a row of the results.

    Parameters
    ----------
    name : str
    what : str
        A few words for the table.
    network : {"spiking", "lstm", "gru", "snntorch"}
    start : str
        Stage whose network this one goes on from, "checkpoint" for that of a file, "" for random weights. Where its
        layers are wider, the most important neurons are kept; where its outputs are states and this stage's are
        senones, each senone begins as a copy of its state.
    width : int
        Neurons of each layer.
    layers : int
        Spiking layers, 1 to 8; the baselines have two whatever it says.
    recurrent : bool
        Whether the spiking layers feed back to themselves.
    lanes : int
        PEs of a set of the hardware, of no consequence to training; 0 for the specification's own.
    time_steps : int
        T, 1 or 2.
    targets : {"states", "senones", "classes"}
        What an output stands for; "classes" where an utterance is one class, not phones.
    fc_pruned : float
        Share of the fully connected layer's weights that are zero, chosen at the beginning of the stage.
    quantised : bool
        Train, and score, with the hardware's integers; of an LSTM, which then starts from one in floating point, with
        those of `training.networks.integer_lstm`.
    weight_bits : int
        Of these integers, 2 to 8. The hardware holds 4 or 8: fewer are multiples of 2 to the power of the bits that go.
    teacher : str
        Stage whose network's opinion is part of the loss (``distillation``), "" for none.
    seed : int
        Of the stage, whatever that of the run (a teacher that all runs share); 0 for the run's own.
    plan : Plan
        Its seed is the stage's.
    """

    name: str
    what: str
    plan: Plan
    seed: int = 0
    network: str = "spiking"
    start: str = ""
    width: int = 128
    layers: int = 2
    recurrent: bool = True
    lanes: int = 0
    time_steps: int = 2
    targets: str = "states"
    fc_pruned: float = 0.0
    quantised: bool = False
    weight_bits: int = 4
    teacher: str = ""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Every choice between a corpus and a checkpoint, but the seed.

    Parameters
    ----------
    stages : mapping of str to Stage
        In an order in which each comes after those that it needs.
    shipped : str
        The stage whose network is exported.
    label_delay_frames : int
        Frames by which the network may lag: what it sees of the future.
    senones : int
        Tied states.
    least_frames : int
        Fewest training frames of a senone.
    synthetic : int
        Synthetic training sentences.
    speeds : tuple of float
        Of the training copies.
    prior_frames : int
        Of the front-end: weight of the corpus' mean in the running mean, small for short utterances.
    dev_speakers : int
        Training speakers held out where the corpus has no development set. Of a corpus of classes 0 leaves none: its
        development speaker joins the training set.
    """

    stages: Mapping[str, Stage]
    shipped: str
    label_delay_frames: int = 4
    senones: int = 1920
    least_frames: int = 20
    synthetic: int = 0
    speeds: tuple[float, ...] = ()
    dev_speakers: int = 7
    prior_frames: int = 100


# Of a line: between the names of a dotted key.
_MOST_DOTS = 200
# Of a recipe: bytes and stages.
_MOST_BYTES, _MOST_STAGES = 1 << 20, 64
_STAGE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def load_recipe(path: Path = DEFAULT_RECIPE) -> Recipe:
    """Read a recipe: top-level fields, ``[defaults]`` for every stage, and ``[stages.NAME]``.

    Parameters
    ----------
    path : Path

    Raises
    ------
    RecipeError
        Names file, field and what was expected.
    """
    try:
        text = read_text(path, what="recipe", most=_MOST_BYTES)
    except FileError as error:
        raise RecipeError(str(error)) from error
    # A key of n dotted names costs tomllib n x n: 40 kB of them are gigabytes.
    for number, line in enumerate(text.split("\n"), 1):
        dots = line.count(".")
        if dots > _MOST_DOTS:
            raise RecipeError(f"{path}, line {number}: {dots:,} dots, expected at most {_MOST_DOTS} in a line")
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # ValueError: TOMLDecodeError, and a number of more digits than Python converts.
        raise RecipeError(f"{path}: not a recipe: {brief(str(error), most=200)}") from error
    defaults, stages = table.pop("defaults", {}), table.pop("stages", {})
    shipped = table.pop("shipped", None)
    for name, part in (("defaults", defaults), ("stages", stages)):
        if not isinstance(part, dict):
            raise RecipeError(f"{path}: {name} is {brief(part)}, expected a table")
    if len(stages) > _MOST_STAGES:
        raise RecipeError(f"{path}: {len(stages):,} stages, expected at most {_MOST_STAGES}")
    speech = _read(path, "", table, SPEECH)
    read: dict[str, Stage] = {}
    for name, fields in stages.items():
        if name == CHECKPOINT or not _STAGE_NAME.fullmatch(name):
            raise RecipeError(
                f"{path}: stages.{brief(name)}: expected letters, digits, _ . -, at most 64, and not {CHECKPOINT!r}"
            )
        if not isinstance(fields, dict):
            raise RecipeError(f"{path}: stages.{name} is {brief(fields)}, expected a table")
        read[name] = _stage(path, name, defaults | fields)
        for needed in (read[name].start, read[name].teacher):
            if needed and needed != CHECKPOINT and needed not in list(read)[:-1]:
                raise RecipeError(f"{path}: stages.{name} needs {brief(needed)}, expected one of the stages above it")
        _fits(path, read[name], read.get(read[name].start))
        _check_size(path, read[name], speech.get("senones", Recipe.senones))
    if not isinstance(shipped, str) or shipped not in read or not (
        read[shipped].quantised and read[shipped].network == "spiking"
    ):
        raise RecipeError(f"{path}: shipped is {brief(shipped)}, expected a stage with quantised = true, and spikes")
    return Recipe(stages=read, shipped=shipped, **speech)


def _stage(path: Path, name: str, fields: Mapping[str, Any]) -> Stage:
    where = f"stages.{name}."
    values = _read(path, where, fields, STAGE | PLAN | WEIGHTS)
    for needed in ("epochs", "learning_rate"):
        if needed not in values:
            raise RecipeError(f"{path}: {where}{needed} is missing, expected {PLAN[needed].expected()}")
    weights = Weights(**{key: value for key, value in values.items() if key in WEIGHTS})
    plan = Plan(weights=weights, **{key: value for key, value in values.items() if key in PLAN})
    chosen = {key: value for key, value in values.items() if key in STAGE}
    return Stage(name=name, plan=plan, **{"what": name} | chosen)


def _fits(path: Path, stage: Stage, start: Stage | None) -> None:
    """Refuse what cannot be."""
    where = f"{path}: stages.{stage.name}"
    if stage.network == "lstm" and stage.quantised and not stage.fc_pruned and start is not None:
        _fits_lstm(where, stage, start)
        return
    if stage.network != "spiking" and (stage.quantised or stage.fc_pruned or stage.start):
        raise RecipeError(
            f"{where}: a baseline is neither quantised, nor pruned, nor the continuation of a stage, "
            "but for an LSTM in integers, which starts from one in floating point"
        )
    if stage.weight_bits != Stage.weight_bits and not stage.quantised:
        raise RecipeError(f"{where}.weight_bits is {stage.weight_bits}, expected quantised = true as well")
    if bool(stage.teacher) != bool(stage.plan.weights.distillation):
        raise RecipeError(f"{where}: teacher and distillation, expected both or neither")
    if start is None:
        return
    if start.network != "spiking":
        raise RecipeError(f"{where}.start: {start.name} is no spiking network")
    if start.width < stage.width:
        raise RecipeError(f"{where}.width is {stage.width}, expected at most the {start.width} of {start.name}")
    if (start.layers, start.recurrent) != (stage.layers, stage.recurrent):
        raise RecipeError(f"{where}: layers and recurrent, expected those of {start.name}")
    if (start.targets == "classes") != (stage.targets == "classes"):
        raise RecipeError(f"{where}.targets is {stage.targets!r}, {start.name} has {start.targets!r}")
    if start.targets == "senones" and stage.targets == "states":
        raise RecipeError(f"{where}.targets: {start.name} has senones, which do not become states again")
    if start.fc_pruned > stage.fc_pruned:
        raise RecipeError(f"{where}.fc_pruned is {stage.fc_pruned:g}, expected at least the {start.fc_pruned:g} before")


def _fits_lstm(where: str, stage: Stage, start: Stage) -> None:
    """Refuse an LSTM in integers that does not start from its like in floating point."""
    if start.network != "lstm" or start.quantised:
        raise RecipeError(f"{where}.start: {start.name} is no LSTM in floating point")
    if (start.width, start.targets) != (stage.width, stage.targets):
        raise RecipeError(f"{where}: expected width {start.width} and targets {start.targets!r}, as {start.name}")
    if stage.weight_bits != Stage.weight_bits:
        raise RecipeError(f"{where}.weight_bits is {stage.weight_bits}, an LSTM's integers have {Stage.weight_bits}")


def _check_size(path: Path, stage: Stage, senones: int) -> None:
    """Refuse a network that no specification has, before any speech is prepared for it."""
    if stage.network != "spiking":
        return
    try:
        shaped(Specification(), stage, outputs=senones if stage.targets == "senones" else 1)
    except SpecificationError as error:
        raise RecipeError(f"{path}: stages.{stage.name}: {error}") from error


def shaped(spec: Specification, stage: Stage, **others: int) -> Specification:
    """Return a specification with the layers of a stage, those beyond the second like the second.

    Weights of more than its bits make membranes and thresholds as much finer.

    Parameters
    ----------
    spec : Specification
        Of at least two layers.
    stage : Stage
    others : int
        Of the specification: inputs, outputs.

    Raises
    ------
    SpecificationError
        There is none of that size.
    """
    held = spec.weight_bits if stage.weight_bits <= spec.weight_bits else 8
    finer = held - spec.weight_bits

    def each(values: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(values[min(layer, len(values) - 1)] for layer in range(stage.layers))

    return spec.replace(
        layers=(stage.width,) * stage.layers,
        recurrent=(stage.recurrent,) * stage.layers,
        input_shifts=each(spec.input_shifts),
        recurrent_shifts=each(spec.recurrent_shifts),
        leaks=each(spec.leaks),
        thresholds=tuple(theta << finer for theta in each(spec.thresholds)),
        membrane_bits=tuple(bits + finer for bits in each(spec.membrane_bits)),
        weight_bits=held,
        lanes=stage.lanes or spec.lanes,
        time_steps=stage.time_steps,
        **others,
    )


def _read(path: Path, where: str, given: Mapping[str, Any], fields: Mapping[str, Field]) -> dict[str, Any]:
    values = {}
    for key, value in given.items():
        if key not in fields:
            shown = key if key.isidentifier() and len(key) <= MOST_CHARACTERS else brief(key)
            raise RecipeError(f"{path}: {where}{shown} is unknown, expected one of {', '.join(sorted(fields))}")
        values[key] = fields[key].read(value)
        if values[key] is None:
            raise RecipeError(f"{path}: {where}{key} is {brief(value)}, expected {fields[key].expected()}")
    return values


def check_seed(seed: int) -> None:
    """Refuse a seed that is none, before any work.

    Raises
    ------
    RecipeError
        It is no integer in 0..2,147,483,647.
    """
    if type(seed) is not int or not 0 <= seed <= MOST_SEED:
        raise RecipeError(f"seed is {brief(seed)}, expected an integer in 0..{MOST_SEED:,}")


def with_seed(stage: Stage, seed: int) -> Stage:
    """Return the stage with its own seed, or else with that of a run.

    Raises
    ------
    RecipeError
        See `check_seed`.
    """
    check_seed(seed)
    seed = stage.seed or seed
    return dataclasses.replace(stage, seed=seed, plan=dataclasses.replace(stage.plan, seed=seed))
