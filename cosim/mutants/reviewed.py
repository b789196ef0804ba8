"""The mutants that no solver decides, each with the reason why it is equal: a table that people write."""

from __future__ import annotations

from pathlib import Path

__all__ = ["REVIEWED_LIST"]

# Columns: design, what names a mutant (`cosim.mutants.mutant.Mutant`), reason.
REVIEWED_LIST = Path(__file__).with_name("reviewed.csv")
