"""Power-of-two scales, and weights on the integer grid with a straight-through gradient.

A scale is the log2 of what one integer step is worth. The specification fixes all of them but two: a layer's unit makes
its threshold 1 (or the nearest power of two below it), and the shifts a_l and b_l put its two matrices on that unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from golden.specification import Specification

# 32 codes per sigma (features.frontend).
INPUT_SCALE = -5


@dataclass(frozen=True)
class Scales:
    """log2 of the unit of every quantity of a network.

    Parameters
    ----------
    input, fc : int
    unit : tuple of int
        Membranes and thresholds of each layer.
    feed_forward, recurrent : tuple of int
        Weights of each layer.
    """

    input: int
    fc: int
    unit: tuple[int, ...]
    feed_forward: tuple[int, ...]
    recurrent: tuple[int, ...]

    @classmethod
    def of(cls, spec: Specification) -> Scales:
        """Derive the scales of `spec`.

        Examples
        --------
        >>> Scales.of(Specification())
        Scales(input=-5, fc=-4, unit=(-9, -6), feed_forward=(-4, -4), recurrent=(-5, -4))
        """
        unit = tuple(1 - theta.bit_length() for theta in spec.thresholds)
        fed = tuple(
            unit[layer] + shift - (INPUT_SCALE if layer == 0 else 0) for layer, shift in enumerate(spec.input_shifts)
        )
        recurrent = tuple(unit[layer] + shift for layer, shift in enumerate(spec.recurrent_shifts))
        # FC weights are below 1/2: of 4 bits, sixteenths.
        return cls(INPUT_SCALE, -spec.weight_bits, unit, fed, recurrent)

    def named(self) -> dict[str, int]:
        """Return the checkpoint's names of the scales."""
        named = {"input": self.input, "fc": self.fc}
        for layer, (fed, recurrent) in enumerate(zip(self.feed_forward, self.recurrent, strict=True)):
            named |= {f"feed_forward{layer}": fed, f"recurrent{layer}": recurrent, f"unit{layer}": self.unit[layer]}
        return named


def to_integers(weights: torch.Tensor, *, scale: int, bits: int) -> torch.Tensor:
    """Return the nearest integers of `bits` bits, in units of 2^`scale` [same shape, dtype=float32]."""
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return torch.clamp(torch.round(weights.detach() * 2.0**-scale), low, high)


class FakeQuantise(torch.autograd.Function):
    """``FakeQuantise.apply(weights, scale, bits)``: real values on the grid.

    The gradient passes straight through, except where a weight beyond the range would move further out.
    """

    @staticmethod
    def forward(ctx: Any, weights: torch.Tensor, scale: int, bits: int) -> torch.Tensor:
        """Round and clip."""
        step = 2.0**scale
        ctx.save_for_backward(weights)
        ctx.limits = (-(1 << (bits - 1)) - 0.5) * step, ((1 << (bits - 1)) - 0.5) * step
        return to_integers(weights, scale=scale, bits=bits) * step

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Stop what would push a clipped weight further out (a step goes against the gradient)."""
        (weights,), (low, high) = ctx.saved_tensors, ctx.limits
        stuck = ((weights > high) & (grads[0] < 0)) | ((weights < low) & (grads[0] > 0))
        return grads[0].masked_fill(stuck, 0.0), None, None
