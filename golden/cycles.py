"""Names of a frame's phases."""

from __future__ import annotations

from golden.schedule import build_schedule
from golden.specification import Specification

LOAD_PHASE, FLUSH_PHASE, IDLE_PHASE = "load and start", "last logits", "idle"


def phase_names(spec: Specification) -> tuple[str, ...]:
    """Return the phases of a frame in their order, and ``"idle"``, the cycles between frames."""
    named = dict.fromkeys(step.phase for step in build_schedule(spec).passes)
    return (LOAD_PHASE, *named, FLUSH_PHASE, IDLE_PHASE)
