"""The accelerators that the techniques are measured on: one at a time off, and one after the other on.

Whatever a configuration changes, its codes are those of the same utterances. Its weights are the trained network's
wherever the technique leaves them alone; where it does not, they are made from those (`golden.reshape`), and `basis`
says what a figure then depends on. What the paper says stands beside: *stated* in its abstract, or *reconstructed*, the
only simple arithmetic that reproduces what is stated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from golden.checkpoint import Checkpoint
from golden.reshape import with_fc_filled, with_neurons_twice, with_specification, with_weight_bits

TRAINED = "trained network"
SHIPPED = "shipped design"
# The reconstructed work of the dense network of the paper, MMAC/s.
PAPER_DENSE = 145.8176
_TWICE = "each neuron of the trained network twice (golden.reshape.with_neurons_twice): spikes trained, weights made"
_FILLED = "spikes trained; pruned FC weights filled with +-1: additions and toggles of the FC are of made weights"
_WIDER = "trained weights, low bits drawn: cycles and reads nearly the trained network's, additions and toggles not"
_ONE_STEP = "weights trained for two time steps, run with one: spikes not trained"


@dataclass(frozen=True)
class Configuration:
    """An accelerator and its network.

    Parameters
    ----------
    name : str
    make : callable
        Makes the network of the trained one.
    basis : str
        What the figures depend on besides the shape.
    stage : str
        Row of ``results/recognition/table.csv`` whose phone error rate is this network's, trained; "" where there is
        none, or where the technique changes no result.
    stage_remark : str
        In what the trained network differs from this one.
    cycles_stage : str
        Row whose cycles a frame are those of a trained network of this shape on the shipped hardware; "" for none.
    paper : str
        What the paper says of it, *stated* or *reconstructed*.
    paper_mmac_per_second : float or None
        Its complexity at this point.
    """

    name: str
    make: Callable[[Checkpoint], Checkpoint]
    basis: str = TRAINED
    stage: str = ""
    stage_remark: str = ""
    cycles_stage: str = ""
    paper: str = ""
    paper_mmac_per_second: float | None = None


def _switched(**changes: Any) -> Callable[[Checkpoint], Checkpoint]:
    return lambda given: with_specification(given, given.specification.replace(**changes))


def _dense_fc(given: Checkpoint) -> Checkpoint:
    return _switched(zero_weight_gating=False)(with_fc_filled(given))


def one_at_a_time() -> Iterator[Configuration]:
    """Yield the shipped design, then each technique off, or an alternative on, all else as shipped."""
    yield Configuration(
        SHIPPED,
        _switched(),
        stage="integer-t2",
        cycles_stage="integer-t2",
        paper="stated: 13.86 MMAC/s, -90.49 %; 2 PE sets; 71.2 uW at 100 kHz",
        paper_mmac_per_second=13.86,
    )
    yield Configuration(
        "no structured pruning",
        with_neurons_twice,
        basis=_TWICE,
        cycles_stage="float-256",
        paper="reconstructed: 256 to 128 neurons a layer, 145.82 to 63.08 MMAC/s",
    )
    yield Configuration(
        "no FC pruning, no gating",
        _dense_fc,
        basis=_FILLED,
        cycles_stage="structured",
        paper="reconstructed: 40 % of the FC, 63.08 to 43.42 MMAC/s",
    )
    yield Configuration("no gating of zero weights", _switched(zero_weight_gating=False))
    yield Configuration(
        "8-bit weights",
        lambda given: with_weight_bits(given, 8),
        basis=_WIDER,
        paper="stated: 4 bits; 2.79 MB to 0.1 MB (-96.42 %) by pruning and quantisation together",
    )
    yield Configuration(
        "16-bit weights",
        lambda given: with_weight_bits(given, 16),
        basis=_WIDER,
        cycles_stage="fc-pruned",
        paper="stated: 4 bits; 2.79 MB to 0.1 MB (-96.42 %) by pruning and quantisation together",
    )
    yield Configuration(
        "no zero-skipping",
        _switched(zero_skipping=False),
        paper="reconstructed: 28.67 to 13.86 MMAC/s, 52 % mean sparsity",
    )
    yield Configuration(
        "no merged spike",
        _switched(merged_spike=False),
        paper="reconstructed: 43.42 to 28.67 MMAC/s before zero-skipping",
    )
    yield Configuration(
        "serial time steps",
        _switched(parallel_time_steps=False),
        paper="stated: time steps share each weight read, which saves power of the weight buffer; no figure",
    )
    yield Configuration(
        "one time step",
        _switched(time_steps=1),
        basis=_ONE_STEP,
        stage="integer-t1",
        cycles_stage="integer-t1",
        paper="stated: 1 or 2 time steps; secondary: the shipped network has 2",
    )
    yield Configuration(
        "one PE set",
        _switched(pe_sets=1, parallel_time_steps=False),
        paper="stated: 2 PE sets; reconstructed: 138.6 MACs a cycle do not fit one of 128",
    )
    yield Configuration("sign and magnitude", _switched(plane_coding="sign_magnitude"))


def cumulative() -> Iterator[Configuration]:
    """Yield from the dense network in 16 bits to the shipped design, in the order of the paper's arithmetic.

    The paper's dense network has weights of 32 bits (reconstructed); 16 are the most that the accelerator takes.
    """
    slow: dict[str, Any] = {"zero_skipping": False, "merged_spike": False, "parallel_time_steps": False}

    def bits(width: int) -> Callable[[Checkpoint], Checkpoint]:
        return lambda given: _switched(**slow)(with_weight_bits(given, width))

    def unpruned(given: Checkpoint) -> Checkpoint:
        off = _switched(**slow, zero_weight_gating=False)
        return off(with_weight_bits(with_fc_filled(given), 16))

    float_stage = "trained in 32-bit floating point"
    yield Configuration(
        "dense, 16 bits",
        lambda given: with_neurons_twice(unpruned(given)),
        basis=f"{_TWICE}; {_FILLED}; {_WIDER}",
        stage="float-256",
        stage_remark=float_stage,
        paper="reconstructed: 145.82 MMAC/s; stated: 2.79 MB",
        paper_mmac_per_second=PAPER_DENSE,
    )
    yield Configuration(
        "+ structured pruning",
        unpruned,
        basis=f"{_FILLED}; {_WIDER}",
        stage="structured",
        stage_remark=float_stage,
        paper="reconstructed: 63.08 MMAC/s",
        paper_mmac_per_second=63.0784,
    )
    yield Configuration(
        "+ FC pruning with gating",
        bits(16),
        basis=_WIDER,
        stage="fc-pruned",
        stage_remark=float_stage,
        paper="reconstructed: 43.42 MMAC/s",
        paper_mmac_per_second=43.4176,
    )
    yield Configuration("+ 8-bit weights", bits(8), basis=_WIDER)
    yield Configuration(
        "+ 4-bit weights", bits(4), stage="integer-t2", paper="stated: 0.1 MB, -96.42 % with the pruning"
    )
    yield Configuration(
        "+ merged spike",
        _switched(zero_skipping=False, parallel_time_steps=False),
        paper="reconstructed: 28.67 MMAC/s",
        paper_mmac_per_second=28.672,
    )
    yield Configuration(
        "+ zero-skipping",
        _switched(parallel_time_steps=False),
        paper="stated: 13.86 MMAC/s, -90.49 %",
        paper_mmac_per_second=13.86,
    )
    yield Configuration(
        "+ parallel time steps = shipped",
        _switched(),
        stage="integer-t2",
        paper="stated: 71.2 uW at 100 kHz; 13.86 MMAC/s, -90.49 %",
        paper_mmac_per_second=13.86,
    )
