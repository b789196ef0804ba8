"""Dropout from a generator of its own, the same on every device; its shares are 256ths so that a byte decides."""

from __future__ import annotations

import math

import torch


def cut_of(share: float) -> int:
    """Return the 256ths, 0 to 255, nearest to a share to drop.

    Raises
    ------
    ValueError
        A share below 0, or 1 or more.
    """
    if not 0 <= share < 1:
        raise ValueError(f"dropout is {share}, expected a share of at least 0 and below 1")
    return min(round(256 * share), 255)


def random_bytes(
    shape: tuple[int, ...], *, generator: torch.Generator | None, device: torch.device | None = None
) -> torch.Tensor:
    """Return uniform bytes [dtype=uint8] on `device`, drawn on the CPU eight at a time."""
    count = math.prod(shape)
    words = torch.empty(-(-count // 8), dtype=torch.int64)
    words.random_(-(2**63), None, generator=generator)
    return words.view(torch.uint8)[:count].view(shape).to(device or "cpu")


def dropped(signal: torch.Tensor, share: float, generator: torch.Generator | None) -> torch.Tensor:
    """Return `signal` with a share of its values zero and the others scaled so that the mean stays.

    Raises
    ------
    ValueError
        A share below 0, or 1 or more.
    """
    cut = cut_of(share)
    if cut == 0:
        return signal
    noise = random_bytes(tuple(signal.shape), generator=generator, device=signal.device)
    return signal * ((noise >= cut) * (256.0 / (256 - cut)))
