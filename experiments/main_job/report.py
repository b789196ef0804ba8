"""The figures of a run as text."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cosim.result import Cosimulation
from experiments.chain.spoken import Spoken
from golden.checkpoint import Checkpoint
from golden.cycles import mmac_per_second
from golden.decoder import phones_of
from golden.forward import forward
from golden.neurobench import neurobench_metrics
from golden.size import weight_size
from power.differences import largest
from power.report import PAPER_POWER_UW, PowerReport, table

# Of an hour of speech NeuroBench's metrics are those of its first minute: membranes are kept for them.
METRIC_FRAMES = 6000


def recognised(spoken: Spoken) -> list[str]:
    """Return the lines that say what was recognised, phones or a class, and how it compares with the reference."""
    errors = spoken.errors
    lines: list[str] = []
    if spoken.is_class:
        lines += [f"  class      {segment.phone}" for segment in spoken.segments]
        if errors is not None and spoken.reference is not None:
            verdict = "wrong" if errors.substitutions else "right"
            lines.append(f"  reference  {spoken.reference[0]}: {verdict}, accuracy {100 - 100 * errors.rate:.0f} %")
    else:
        lines.append(f"  phones     {' '.join(phones_of(spoken.segments))}")
    if not spoken.is_class and errors is not None and spoken.reference is not None:
        lines.append(f"  reference  {' '.join(spoken.reference)}")
        lines.append(
            f"  PER {100 * errors.rate:.1f} % ({errors.substitutions} substitutions, {errors.deletions} deletions, "
            f"{errors.insertions} insertions in {errors.reference} phones; 39 phones, silence not scored)"
        )
    return lines


def report(checkpoint: Checkpoint, spoken: Spoken, simulated: Cosimulation, power: Mapping[str, PowerReport]) -> str:
    """Return the figures of a run as text."""
    spec = checkpoint.specification
    cycles, size = spoken.counts.cycles, weight_size(checkpoint)
    seconds = len(spoken.codes) * spec.frame_period_s
    lines = [f"{spoken.name}: {seconds:.2f} s, {len(spoken.codes)} frames"]
    lines += recognised(spoken)
    lines += [f"  {warning}" for warning in spoken.warnings]
    lines += [
        "",
        f"RTL against golden, every cycle: {simulated.frames} of {len(spoken.codes)} frames in {simulated.engine}, "
        f"{simulated.cycles:,} cycles",
        f"  {simulated.signals} registers and ports ({simulated.bits:,} bits) a cycle, "
        f"{simulated.values_compared:,} values compared, 0 mismatches",
        f"  {sum(int(row['toggles'] or 0) for row in simulated.activity.rows()):,} toggles counted, as many in every "
        "register and port as the cycle-accurate model predicts",
        "",
        f"Cycles a frame (golden, all {len(spoken.codes)} frames, loading and logits delivery included): mean "
        f"{cycles.mean():.0f}, most {cycles.max()}, budget {spec.frame_budget:,} "
        f"({int((cycles > spec.frame_budget).sum())} overruns)",
        "  "
        + ", ".join(
            f"{name} {count:.0f}"
            for name, count in zip(spoken.counts.phases, spoken.counts.phase_cycles.mean(axis=0), strict=True)
        ),
    ]
    rates = [
        f"layer {layer} " + " / ".join(f"{rate:.3f}" for rate in fired.mean(axis=(0, 2)))
        for layer, fired in enumerate(spoken.result.spikes)
    ]
    lines += [
        f"Spike rates by time step: {', '.join(rates)}",
        f"Work after zero-skipping: {mmac_per_second(spec, spoken.counts.macs):.2f} MMAC/s (paper, stated: 13.86)",
        f"Weights: {size.weights:,}, {size.nonzero_weights:,} not zero: {size.nonzero_bytes / 1e6:.3f} MB "
        f"(paper, stated: 0.1), {size.bitmap_bytes / 1e6:.3f} MB with a bitmap of the FC's zeros, "
        f"{size.dense_bytes / 1e6:.3f} MB dense",
        *_metrics(checkpoint, spoken.codes[: min(simulated.frames, METRIC_FRAMES)]),
        "",
        f"Power at {spec.clock_hz / 1e3:.0f} kHz, modelled from the activity of the {simulated.frames} frames, 28 nm, "
        "0.9 V, 25 C, uW by class of cells, median (5th-95th percentile):",
        *table(power),
        f"  paper, stated: {PAPER_POWER_UW} uW, class of cells not stated",
        "Largest reasons why it differs from the paper's figure, by what each moves ours:",
        *(f"  {at}. {reason.text} ({reason.worth_uw:.1f} uW)" for at, reason in enumerate(largest(power), start=1)),
    ]
    return "\n".join(lines) + "\n"


def _metrics(checkpoint: Checkpoint, codes: np.ndarray) -> list[str]:
    found = neurobench_metrics(checkpoint, codes, forward(checkpoint, codes))
    return [
        f"NeuroBench, {len(codes)} frames: footprint {found.footprint_bytes:,.0f} bytes, connection sparsity "
        f"{found.connection_sparsity:.3f}, activation sparsity {found.activation_sparsity:.3f}",
        f"  a frame: effective MACs {found.effective_macs:,.0f}, effective ACs {found.effective_acs:,.0f}, dense "
        f"{found.dense:,.0f}, membrane updates {found.membrane_updates:,.1f}",
    ]
