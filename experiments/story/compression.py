"""Phone error rate against pruning, weight bits and time steps of the shipped network, beside what was trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from matplotlib.lines import Line2D

from experiments.chain.listing import Listing, listing
from experiments.command.figures import FONT, PAGE, figure_of, save
from experiments.command.tables import write_csv
from experiments.story.cells import number, rows_by
from experiments.story.changed import with_fc_pruned, with_fewer_bits
from experiments.story.heard import heard_in_batches
from experiments.story.trained_curves import curve_rows
from files.folder import output_folder
from golden.checkpoint import Checkpoint, load_checkpoint
from golden.decoder import decode, fold, phones_of
from golden.forward import forward_batch
from golden.scoring import PhoneErrors, phone_errors

__all__ = ["compress"]

RATES = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8)
BITS = (2, 3, 4, 6, 8)
_NOT_TRAINED, _TRAINED = "shipped network, not retrained", "trained so, mean of the seeds"
_CURVE = "trained so, a stage of the curves"
# Rows of recognition/table.csv that were trained at a value of a quantity.
_STAGES = (
    ("FC pruned", 0.0, "structured", "32-bit floating point"),
    ("FC pruned", 0.4, "fc-pruned", "32-bit floating point"),
    ("weight bits", 4, "integer-t2", "4 bits"),
    ("time steps", 2, "integer-t2", "4 bits"),
    ("time steps", 1, "integer-t1", "4 bits"),
)
# Where the curves of `experiments.story.trained_curves` stand here, and what a value of theirs is worth.
_ON_CURVES = {
    "FC pruned (%)": ("FC pruned", 0.01),
    "bits of a weight": ("weight bits", 1),
    "time steps a frame": ("time steps", 1),
}


@dataclasses.dataclass(frozen=True)
class _Change:
    quantity: str
    value: float
    checkpoint: Checkpoint
    # Added to log2 of the logits' unit.
    doubled: int = 0
    note: str = ""


def compress(
    speech: Sequence[Path] = (), *, data: Path | None, checkpoint_path: Path | None, results: Path, out: Path
) -> str:
    """Write ``compression.csv`` and its plot.

    Parameters
    ----------
    speech : sequence of Path
        Sound files with phone files beside them; none is the speechocean762 test set.
    data : Path or None
        Folder that holds the corpora; None looks at RSNN_DATA.
    checkpoint_path : Path or None
        None is the embedded network.
    results : Path
        Folder of all results: ``recognition/table.csv`` in it is read, and ``recognition/curves/table.csv`` where it is
        there.
    out : Path

    Returns
    -------
    str
        The table as text.

    Raises
    ------
    CorpusError, AudioError, CheckpointError, FileError
    """
    table = results / "recognition" / "table.csv"
    trained = [*_trained(table), *_on_curves(results)]
    checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
    heard = listing(speech, data=data, split="test", phones=True)
    with output_folder(out, by="rsnn compression") as staging:
        rows = [*_measured(checkpoint, heard), *trained]
        write_csv(staging / "compression.csv", rows)
        _plot(staging / "compression.png", rows)
    lines = [
        f"{row['quantity']:<12}{row['value']:>5}  {100 * float(row['test_per']):5.1f} %  {row['network']}"
        for row in rows
    ]
    return "\n".join([f"on {heard.said}; nothing is retrained but where it says so", *lines, ""])


def _changes(checkpoint: Checkpoint) -> Iterator[_Change]:
    held = float((checkpoint.fc == 0).mean())
    for share in RATES:
        if share > held:
            yield _Change("FC pruned", share, with_fc_pruned(checkpoint, share))
        else:
            yield _Change(
                "FC pruned", share, checkpoint, note=f"the shipped integers: {100 * held:.1f} % of them are 0 already"
            )
    own = checkpoint.specification.weight_bits
    for bits in BITS:
        if bits < own:
            yield _Change("weight bits", bits, with_fewer_bits(checkpoint, bits))
        else:
            note = "" if bits == own else f"holds the {own}-bit integers exactly: the same network"
            yield _Change("weight bits", bits, checkpoint, note=note)
    yield _Change("time steps", checkpoint.specification.time_steps, checkpoint)
    if checkpoint.specification.time_steps == 2:
        one = dataclasses.replace(checkpoint, specification=checkpoint.specification.replace(time_steps=1))
        yield _Change("time steps", 1, one, 1, "logits taken twice: one time step gives half as many spikes")
        yield _Change("time steps", 1, one, 0, "logits as they are")


def _measured(checkpoint: Checkpoint, heard: Listing) -> Iterator[dict[str, Any]]:
    host = checkpoint.phone_host()
    changes = list(_changes(checkpoint))
    # Each network once, however many rows it has.
    different = {(id(change.checkpoint), change.doubled): change for change in changes}
    totals = dict.fromkeys(different, PhoneErrors(0, 0, 0, 0))
    for batch, codes in heard_in_batches(checkpoint, heard.utterances):
        references = [fold(one.phones or ()) for one in batch]
        for key, change in different.items():
            scale = change.checkpoint.scales["fc"] + change.doubled
            for reference, result in zip(references, forward_batch(change.checkpoint, codes), strict=True):
                found = phones_of(decode(host, result.logits, fc_scale=scale))
                totals[key] = totals[key].plus(phone_errors(reference, found))
    for change in changes:
        errors = totals[id(change.checkpoint), change.doubled]
        yield {
            "quantity": change.quantity,
            "value": change.value,
            "kind": "ours",
            "network": _NOT_TRAINED,
            "fc_zeros": round(float((change.checkpoint.fc == 0).mean()), 4),
            "test_per": round(errors.rate, 5),
            "test_per_low": None,
            "test_per_high": None,
            **errors._asdict(),
            "speech": heard.said,
            "note": change.note,
        }


def _trained(table: Path) -> Iterator[dict[str, Any]]:
    columns = ("test_per", "test_per_low", "test_per_high", "seeds")
    found = rows_by(table, "stage", needed=columns, names=[stage for _, _, stage, _ in _STAGES])
    for quantity, value, stage, form in _STAGES:
        row = found[stage]
        yield {
            "quantity": quantity,
            "value": value,
            "kind": "ours",
            "network": _TRAINED,
            "fc_zeros": None,
            **{name: round(number(row, name, table), 5) for name in columns[:3]},
            **dict.fromkeys(PhoneErrors._fields),
            "speech": "speechocean762, test",
            "note": f"recognition/table.csv, {stage}, {row['seeds']} seeds, {form}",
        }


def _on_curves(results: Path) -> Iterator[dict[str, Any]]:
    """Yield what the recipe of the curves trained, nothing where it was not run."""
    for row in curve_rows(results):
        if row["curve"] in _ON_CURVES and row["value"] is not None:
            quantity, unit = _ON_CURVES[row["curve"]]
            yield {
                "quantity": quantity,
                "value": round(unit * row["value"], 4),
                "kind": "ours",
                "network": _CURVE,
                "fc_zeros": None,
                **{name: row[name] for name in ("test_per", "test_per_low", "test_per_high")},
                **dict.fromkeys(PhoneErrors._fields),
                "speech": "speechocean762, test",
                "note": f"recognition/curves/table.csv, {row['stage']}, seeds: {row['seeds']}",
            }


def _plot(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    figure, panels = figure_of(PAGE, 2.6, ncols=3, sharey=True)
    curves = any(row["network"] == _CURVE for row in rows)
    titles = {
        "FC pruned": "share of the FC to prune (%); below 41.3: already 0",
        "weight bits": "bits of a weight",
        "time steps": "time steps a frame",
    }
    for axes, (quantity, label) in zip(panels, titles.items(), strict=True):
        unit = 100 if quantity == "FC pruned" else 1
        own = [row for row in rows if row["quantity"] == quantity]
        changed = sorted(
            (unit * row["value"], 100 * row["test_per"], row["note"]) for row in own if row["network"] == _NOT_TRAINED
        )
        drawn = [(x, y) for x, y, note in changed if note != "logits as they are"]
        axes.plot(*zip(*drawn, strict=True), color="#0072b2", linewidth=0.8, linestyle="--", zorder=1)
        for x, y, note in changed:
            same = "shipped integers" in note or "exactly" in note
            marker = "v" if note == "logits as they are" else "o"
            axes.plot(
                x, y, marker=marker, markersize=4, color="#0072b2", markerfacecolor="white" if same else "#0072b2"
            )
        points = sorted((unit * row["value"], 100 * row["test_per"]) for row in own if row["network"] == _CURVE)
        if points:
            axes.plot(*zip(*points, strict=True), color="#d55e00", linewidth=0.8, marker="s", markersize=3, zorder=1)
        for row in own:
            if row["network"] == _TRAINED:
                x, low, high = unit * row["value"], 100 * row["test_per_low"], 100 * row["test_per_high"]
                axes.plot([x, x], [low, high], color="black", linewidth=1, marker="_", markersize=5)
                axes.plot(x, 100 * row["test_per"], marker="D", markerfacecolor="none", color="black", markersize=7)
        axes.set_xlabel(label)
        axes.margins(x=0.1)
    panels[1].set_xticks(BITS)
    panels[2].set_xticks([1, 2])
    panels[0].set_ylabel("phone error rate, test (%)")
    panels[0].set_ylim(bottom=0)
    ours = {"color": "#0072b2", "markersize": 4}
    handles = [
        Line2D([], [], linestyle="--", marker="o", label="shipped network, nothing retrained", **ours),  # type: ignore[arg-type]
        Line2D([], [], linestyle="none", marker="o", markerfacecolor="white", label="the same integers again", **ours),  # type: ignore[arg-type]
        Line2D([], [], linestyle="none", marker="v", label="T = 1, logits not doubled", **ours),  # type: ignore[arg-type]
        Line2D(
            [],
            [],
            color="black",
            linestyle="none",
            marker="D",
            markerfacecolor="none",
            markersize=7,
            label="trained so: mean and range of 3 seeds",
        ),
        Line2D([], [], color="#d55e00", linewidth=0.8, marker="s", markersize=3, label="each point trained, one recipe")
        if curves
        else Line2D([], [], linestyle="none", label="each point trained: not trained yet"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, fontsize=FONT, frameon=False)
    save(path, figure)
