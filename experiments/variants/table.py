"""The table of variants: a row a recipe, and a row a fold; all of it ours, for the paper has no such task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from experiments.ablation.counts import TRACE
from experiments.variants.costs import Simulated
from experiments.variants.learnt import Learnt
from power.constants import CLASSES

__all__ = ["COLUMNS", "fold_rows", "markdown", "row_of"]

COLUMNS = (
    *("recipe", "layers", "recurrent", "time_steps", "lanes", "folds"),
    *("utterances", "accuracy", "accuracy_least", "accuracy_most", "accuracy_float"),
    *("weights", "megabytes", "spike_rates"),
    *("frames", "cycles_mean", "cycles_99th", "cycles_most", "overruns", "mmac_per_second", "dense_mmac_per_second"),
    *("rtl_engine", "rtl_utterances", "rtl_frames", "rtl_cycles", "rtl_mismatches"),
    *("verilog_files", "verilog_bytes", "verilog_sha256"),
    *("gates_nand2", "gates_from", "memory_bits"),
    *("dynamic_nj", *(f"{threshold}_nj" for threshold in CLASSES)),
    *(f"{threshold}_uw_{end}" for threshold in CLASSES for end in ("p5", "median", "p95")),
    "kind",
)


def fold_rows(recipe: str, networks: Sequence[Learnt]) -> list[dict[str, Any]]:
    """Return how each network does on the speaker that it never heard."""
    return [
        {
            "recipe": recipe,
            "fold": network.fold,
            "speaker": network.speaker,
            "utterances": network.row["test_utterances"],
            "wrong": network.row["test_wrong"],
            "accuracy": round(1 - network.row["test_class_error"], 4),
            "accuracy_float": "" if network.before is None else round(1 - network.before["test_class_error"], 4),
            "cycles_mean": round(network.row["cycles_mean"], 1),
            "cycles_most": network.row["cycles_most"],
            "overruns": network.row["overruns"],
            "mmac_per_second": round(network.row["mmac_per_second"], 3),
        }
        for network in networks
    ]


def row_of(
    recipe: str,
    networks: Sequence[Learnt],
    simulated: Simulated,
    export: Mapping[str, Any],
    gates: Mapping[str, float] | None,
    power: Mapping[str, Any],
    *,
    library: str,
) -> dict[str, Any]:
    """Return the row of a recipe; its columns are `COLUMNS`.

    Parameters
    ----------
    recipe : str
    networks : sequence of Learnt
        One a fold, of one specification.
    simulated, export, gates, power
        What the functions of `experiments.variants.costs` gave.
    library : str
        Of the gates; "" without synthesis.
    """
    spec, rows = networks[0].checkpoint.specification, [network.row for network in networks]
    said = sum(row["test_utterances"] for row in rows)
    shares = [1 - row["test_class_error"] for row in rows]
    floats = [network.before for network in networks if network.before is not None]
    fired = np.mean([row["spike_rates"] for row in rows], axis=(0, 2))
    found: dict[str, Any] = {
        "recipe": recipe,
        "layers": " ".join(map(str, spec.layers)),
        "recurrent": " ".join("yes" if has else "no" for has in spec.recurrent),
        "time_steps": spec.time_steps,
        "lanes": spec.lanes,
        "folds": len(networks),
        "utterances": said,
        "accuracy": round(1 - sum(row["test_wrong"] for row in rows) / said, 4),
        "accuracy_least": round(min(shares), 4),
        "accuracy_most": round(max(shares), 4),
        "accuracy_float": round(1 - sum(row["test_wrong"] for row in floats) / said, 4) if floats else "",
        "weights": rows[0]["weights"],
        "megabytes": rows[0]["megabytes"],
        "spike_rates": " / ".join(f"{rate:.3f}" for rate in fired),
        "frames": sum(len(codes) for network in networks for codes in network.codes.values()),
        "cycles_mean": round(float(np.mean([row["cycles_mean"] for row in rows])), 1),
        "cycles_99th": round(float(np.mean([row["cycles_99th"] for row in rows])), 1),
        "cycles_most": max(row["cycles_most"] for row in rows),
        "overruns": sum(row["overruns"] for row in rows),
        "mmac_per_second": round(float(np.mean([row["mmac_per_second"] for row in rows])), 3),
        "dense_mmac_per_second": round(rows[0]["dense_mmac_per_second"], 3),
        "rtl_engine": "none: golden's trace" if simulated.engine == TRACE else simulated.engine,
        "rtl_utterances": simulated.utterances,
        "rtl_frames": simulated.activity.frames,
        "rtl_cycles": simulated.activity.cycles,
        # `simulate` raises at the first.
        "rtl_mismatches": "" if simulated.engine == TRACE else 0,
        "gates_nand2": "" if gates is None else round(sum(gates.values())),
        "gates_from": "power/tables/gates.csv, of the shipped shape" if gates is None else f"synthesis, {library}",
        "memory_bits": simulated.activity.memory_bits,
        "kind": "ours",
    }
    found |= {**export, **power}
    if set(found) != set(COLUMNS):
        raise ValueError(f"columns {sorted(set(found) ^ set(COLUMNS))}, expected {', '.join(COLUMNS)}")
    return {name: found[name] for name in COLUMNS}


def markdown(rows: Sequence[Mapping[str, Any]], *, about: str) -> str:
    """Return the table for readers.

    Parameters
    ----------
    rows : sequence of mapping
        As `row_of` makes them.
    about : str
        A sentence on corpus and conditions, which goes first.
    """
    lines = [
        about,
        "",
        "| recipe | layers | accuracy % (least-most of a speaker) | float % | weights, kB | spike rates | "
        "cycles a frame, mean / most | overruns | MMAC/s | RTL = golden at every cycle | Verilog, kB | NAND2 | "
        f"nJ an utterance: dynamic; {', '.join(CLASSES)} | uW: {', '.join(CLASSES)} |",
        "|---" * 14 + "|",
    ]
    for row in rows:
        gates = f"{row['gates_nand2']:,}" if row["gates_nand2"] != "" else "not synthesised"
        fed_back = "" if "yes" in row["recurrent"] else ", feed-forward"
        ran = f"{row['rtl_frames']:,} frames, {row['rtl_cycles']:,} cycles in {row['rtl_engine']}"
        cells = [
            f"`{row['recipe']}`",
            row["layers"].replace(" ", "-") + fed_back,
            f"**{100 * row['accuracy']:.1f}** ({100 * row['accuracy_least']:.1f}-{100 * row['accuracy_most']:.1f})",
            f"{100 * row['accuracy_float']:.1f}" if row["accuracy_float"] != "" else "",
            f"{row['weights']:,}, {1000 * row['megabytes']:.1f}",
            row["spike_rates"],
            f"{row['cycles_mean']:.0f} / {row['cycles_most']:,}",
            f"{row['overruns']} of {row['frames']:,}",
            f"{row['mmac_per_second']:.2f}",
            ran + ("" if row["rtl_mismatches"] == "" else f", {row['rtl_mismatches']} mismatches"),
            f"{row['verilog_bytes'] / 1000:.0f} ({row['verilog_sha256'][:8]})",
            gates,
            f"{row['dynamic_nj']:,}; " + ", ".join(f"{row[f'{one}_nj']:,}" for one in CLASSES),
            ", ".join(f"{row[f'{one}_uw_median']:,}" for one in CLASSES),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
