"""Networks of another shape made from a given one, to measure an accelerator where no trained network is at hand.

None of them is trained, so none of them has a phone error rate; which figures depend on what is said where each is
made. Ours. All are deterministic, and but for `with_fewer_neurons` have neither a host section nor scales.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from golden.checkpoint import Checkpoint
from golden.errors import SpecificationError
from golden.specification import Specification

SEED = 1


def with_specification(checkpoint: Checkpoint, specification: Specification) -> Checkpoint:
    """Return the same weights under another specification, without what belongs to a host.

    Raises
    ------
    CheckpointError
        The weights do not fit it.
    """
    return dataclasses.replace(checkpoint, specification=specification, host=None, scales={}, provenance={})


def with_fewer_neurons(checkpoint: Checkpoint, width: int) -> Checkpoint:
    """Return the network of the first neurons of each layer on as many lanes, with its host section.

    Its hardware is built, proved and simulated in seconds; what it hears is not to be taken for speech.

    Parameters
    ----------
    checkpoint : Checkpoint
    width : int
        Neurons and lanes, at most those of the least layer.

    Raises
    ------
    SpecificationError
        There is no network of this width.
    """
    spec = checkpoint.specification
    if not 1 <= width <= min(spec.layers):
        raise SpecificationError(f"width is {width}, expected 1..{min(spec.layers)}")
    fewer = dataclasses.replace(
        spec, layers=(width,) * len(spec.layers), lanes=width, logits_per_cycle=min(width, spec.logits_per_cycle)
    )
    feed_forward = [
        array[: width if layer else None, :width].copy() for layer, array in enumerate(checkpoint.feed_forward)
    ]
    recurrent = [None if array is None else array[:width, :width].copy() for array in checkpoint.recurrent]
    fc = checkpoint.fc[:width].copy()
    return dataclasses.replace(
        checkpoint,
        specification=fewer,
        feed_forward=tuple(feed_forward),
        recurrent=tuple(recurrent),
        fc=fc,
        fc_zeros=int((fc == 0).sum()),
        provenance={},
    )


def with_fc_filled(checkpoint: Checkpoint) -> Checkpoint:
    """Return the network with 1 or -1, drawn, in place of each zero of the FC: as if it had not been pruned.

    Pruning takes the smallest weights, so the smallest are put back. Spikes stay what they are: the FC feeds none.
    """
    fc = checkpoint.fc.copy()
    zeros = fc == 0
    fc[zeros] = np.random.default_rng(SEED).choice(np.array([-1, 1], dtype=fc.dtype), int(zeros.sum()))
    return dataclasses.replace(with_specification(checkpoint, checkpoint.specification), fc=fc, fc_zeros=0)


def with_weight_bits(checkpoint: Checkpoint, bits: int) -> Checkpoint:
    """Return the network in wider weights whose rounding to its own width gives it back.

    The bits below are drawn evenly, the same number up and down so that no sum drifts, but zeros of the FC stay zero.
    Membranes and thresholds are as much finer. Weights differ by less than half a unit of the given ones; so do spikes.

    Parameters
    ----------
    checkpoint : Checkpoint
    bits : int
        Of the new weights, at least the given.

    Raises
    ------
    SpecificationError
        Fewer bits than there are, or a membrane would be too wide.
    """
    spec = checkpoint.specification
    shift = bits - spec.weight_bits
    if shift < 0:
        raise SpecificationError(f"weight_bits is {bits}, expected at least the network's {spec.weight_bits}")
    if shift == 0:
        return with_specification(checkpoint, spec)
    wider = spec.replace(
        weight_bits=bits,
        thresholds=tuple(theta << shift for theta in spec.thresholds),
        membrane_bits=tuple(width + shift for width in spec.membrane_bits),
    )
    rng, half = np.random.default_rng(SEED), 1 << (shift - 1)
    low, high = wider.weight_range

    def widen(matrix: np.ndarray) -> np.ndarray:
        below = rng.integers(1 - half, half, size=matrix.shape)
        fine = np.clip((matrix.astype(np.int64) << shift) + below, low, high)
        return fine.astype(np.int8 if bits <= 8 else np.int16)

    fc = np.where(checkpoint.fc == 0, 0, widen(checkpoint.fc)).astype(np.int8 if bits <= 8 else np.int16)
    return Checkpoint(
        specification=wider,
        feed_forward=tuple(widen(matrix) for matrix in checkpoint.feed_forward),
        recurrent=tuple(None if matrix is None else widen(matrix) for matrix in checkpoint.recurrent),
        fc=fc,
        fc_zeros=int(np.count_nonzero(fc == 0)),
    )


def with_neurons_twice(checkpoint: Checkpoint) -> Checkpoint:
    """Return the network with each neuron twice, and the same logits.

    A weight that comes from a neuron is split in two that add up to it, one from each of the two; zeros stay two
    zeros, and no other part is zero. So the two fire alike, as the one did, and every matrix keeps its share of zeros.

    Raises
    ------
    SpecificationError
        The membranes of the wider network would not hold what they must.
    """
    spec = checkpoint.specification
    wider = spec.replace(layers=tuple(2 * width for width in spec.layers))
    feed_forward = [np.concatenate([checkpoint.feed_forward[0]] * 2, axis=1)]
    feed_forward += [_split(np.concatenate([matrix] * 2, axis=1)) for matrix in checkpoint.feed_forward[1:]]
    recurrent = (
        None if matrix is None else _split(np.concatenate([matrix] * 2, axis=1)) for matrix in checkpoint.recurrent
    )
    fc = _split(checkpoint.fc)
    return Checkpoint(
        specification=wider,
        feed_forward=tuple(feed_forward),
        recurrent=tuple(recurrent),
        fc=fc,
        fc_zeros=int(np.count_nonzero(fc == 0)),
    )


def _split(matrix: np.ndarray) -> np.ndarray:
    """Return twice the rows [2 n, m] whose halves add up to `matrix` [n, m]."""
    whole = matrix.astype(np.int64)
    first = whole >> 1
    # The halves of 1 are 0 and 1, those of -1 are -1 and 0: take -1 and 2, -2 and 1.
    first -= np.abs(whole) == 1
    second = whole - first
    # The greater half does not always come from the same of the two.
    odd = np.indices(matrix.shape).sum(axis=0) % 2 == 1
    first, second = np.where(odd, second, first), np.where(odd, first, second)
    return np.concatenate([first, second]).astype(matrix.dtype)
