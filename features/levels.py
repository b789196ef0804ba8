"""Whether a recording's level suits the front-end: how much of it is at the limits of the codes, or of the samples.

Measured with the embedded network's front-end, as the share of a recording's frames that have one of their 40 codes at
-128 or 127 (mean, 99th percentile, most):

- 600 utterances of speechocean762's test set: 0.035, 0.135, 0.207
- 120 sentences of TIMIT's sample: 0.122, 0.232, 0.254
- 250 spoken digits of FSDD, of less than a second, telephone band: 0.065, 0.332, 0.447
- 40 of the sentences at the scale of 16-bit integers, which `features.audio.read_audio` refuses: 0.306, 0.551, 0.571

So above 0.30, more than any sentence has, it is said; beyond 0.60, which no speech came to, it is refused. A gain of
0.1 to 100 changes nothing (the running mean takes it), and samples that are clipped lower the share: clipping is
counted in the samples. No recording of the three has one at full scale; with a gain of 3 and 10, clipped, those 40
have 0.003 and 0.042 of them in the mean.
"""

from __future__ import annotations

import numpy as np

from features.errors import LevelError
from features.normalisation import CODE_HIGH, CODE_LOW

SAID_ABOVE, REFUSED_ABOVE = 0.30, 0.60
CLIPPED_SAID_ABOVE = 0.001
# Full scale of 16 bits; what is resampled or averaged seldom comes to it exactly.
_FULL_SCALE = 32767 / 32768


def rail_shares(codes: np.ndarray) -> tuple[float, float]:
    """Return the share of frames with a code at a limit of the 8 bits, and the share of codes that are.

    Parameters
    ----------
    codes : np.ndarray [shape=(frames, 40), dtype=int8]

    Returns
    -------
    frames, codes : float
        0 to 1; 0 without frames.
    """
    if not codes.size:
        return 0.0, 0.0
    at_rail = (codes == CODE_LOW) | (codes == CODE_HIGH)
    return float(at_rail.any(axis=1).mean()), float(at_rail.mean())


def check_levels(codes: np.ndarray, where: str) -> str | None:
    """Return what to say of a recording's codes, or None if there is nothing.

    Parameters
    ----------
    codes : np.ndarray [shape=(frames, 40), dtype=int8]
    where : str
        Begins the message: the sound file.

    Raises
    ------
    LevelError
        More than 60 % of the frames have a code at a limit.
    """
    frames, share = rail_shares(codes)
    said = f"{where}: {100 * frames:.0f} % of frames have a code at the limit of 8 bits ({100 * share:.1f} % of codes)"
    if frames > REFUSED_ABOVE:
        raise LevelError(
            f"{said}, expected at most {100 * REFUSED_ABOVE:.0f} %: no speech, or at a level or with a front-end "
            "that does not suit it"
        )
    if frames > SAID_ABOVE:
        return f"{said}, speech has at most {100 * SAID_ABOVE:.0f} %: its level or front-end may not suit it"
    return None


def clipping(samples: np.ndarray, where: str) -> str | None:
    """Return what to say of samples at full scale, or None if there are few.

    Parameters
    ----------
    samples : np.ndarray [shape=(samples,), dtype=float64]
    where : str
    """
    # Two comparisons rather than absolute values: of an hour they would take half a gigabyte.
    at_limit = np.count_nonzero(samples >= _FULL_SCALE) + np.count_nonzero(samples <= -_FULL_SCALE)
    share = at_limit / max(1, len(samples))
    if share > CLIPPED_SAID_ABOVE:
        return f"{where}: {100 * share:.1f} % of samples are at full scale: recorded too loud, and clipped"
    return None
