"""Cycles of the cycle-accurate model under any stimulus, not only a frame's."""

from __future__ import annotations

from typing import Any

from golden.compiled import compiled
from golden.machine import Machine
from golden.trace_kernel import tick


@compiled
def drive(
    m: Machine, code_valid: Any, codes: Any, start: Any, first: Any, ready: Any, records: Any, labels: Any
) -> None:
    """Step once for each row of `records`, each input as its array has it for that cycle."""
    for cycle in range(len(records)):
        tick(
            m, ready[cycle], code_valid[cycle], codes[cycle], start[cycle], first[cycle], (records, labels), cycle
        )
