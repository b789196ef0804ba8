"""Weights and work of the paper's network, step by step: arithmetic of ours that arrives at its stated figures.

*Reconstructed*: printed nowhere, and possibly not the paper's way. 40 inputs of 8 bits, two recurrent layers, 1,920
outputs, two time steps, 100 frames a second, no biases.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["STEPS", "Step"]

INPUTS, INPUT_BITS, OUTPUTS, TIME_STEPS, FRAMES_PER_SECOND = 40, 8, 1920, 2, 100


@dataclass(frozen=True, kw_only=True)
class Step:
    """The network after a step of its compression.

    Parameters
    ----------
    name : str
    width : int
        Neurons of a layer.
    fc_tenths : int
        Tenths of the FC's weights that are left.
    bits : int
        Of a weight.
    merged : bool
        Whether the FC runs once a frame.
    """

    name: str
    width: int
    fc_tenths: int
    bits: int
    merged: bool = False

    @property
    def fc_weights(self) -> int:
        """Weights of the FC that are left."""
        return self.width * OUTPUTS * self.fc_tenths // 10

    @property
    def weights(self) -> int:
        """Weights that are left."""
        return INPUTS * self.width + 3 * self.width**2 + self.fc_weights

    @property
    def megabytes(self) -> float:
        """Of the weights that are left, their places not counted."""
        return self.weights * self.bits / 8e6

    @property
    def mmac_per_second(self) -> float:
        """Work without zero-skipping; the inputs' bit planes serve both time steps."""
        fc = self.fc_weights * (1 if self.merged else TIME_STEPS)
        frame = INPUT_BITS * INPUTS * self.width + TIME_STEPS * 3 * self.width**2 + fc
        return frame * FRAMES_PER_SECOND / 1e6


STEPS = (
    Step(name="baseline", width=256, fc_tenths=10, bits=32),
    Step(name="structured pruning", width=128, fc_tenths=10, bits=32),
    Step(name="FC pruning", width=128, fc_tenths=6, bits=32),
    Step(name="4-bit weights", width=128, fc_tenths=6, bits=4),
    Step(name="merged spike", width=128, fc_tenths=6, bits=4, merged=True),
)
