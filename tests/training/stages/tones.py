"""A corpus of classes that a small network tells apart in seconds, and a recipe for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RECIPE = """shipped = "integer"
[defaults]
targets = "classes"
width = 16
lanes = 16
layers = {layers}
recurrent = {recurrent}
batch = 8
acoustic_scale = 0.1
[stages.float]
epochs = 3
learning_rate = 1e-2
[stages.integer]
start = "float"
quantised = true
epochs = 1
learning_rate = 2e-3
"""


def write_tones(root: Path) -> Path:
    """Write and return a corpus laid out as FSDD: digit d is a tone of 200 (d + 1) Hz, said by four speakers."""
    (root / "recordings").mkdir(parents=True)
    rng = np.random.default_rng(1)
    time_s = np.arange(2400) / 8000
    for digit in range(10):
        for speaker in "abcd":
            tone = 0.3 * np.sin(2 * np.pi * 200 * (digit + 1) * time_s) + rng.normal(0, 0.01, len(time_s))
            soundfile.write(root / "recordings" / f"{digit}_{speaker}_0.wav", tone, 8000, subtype="PCM_16")
    return root
