"""The fields of a recipe: their types and ranges, and how a value is read or refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["MOST_CHARACTERS", "MOST_SEED", "NETWORKS", "PLAN", "SPEECH", "STAGE", "TARGETS", "WEIGHTS", "Field"]

NETWORKS = ("spiking", "lstm", "gru", "snntorch")
TARGETS = ("states", "senones", "classes")
MOST_SEED = 2**31 - 1
# Entries of a list, characters of a text; no field takes a number beyond the last.
MOST_PARTS, MOST_CHARACTERS, LARGEST = 16, 200, 10**9


@dataclass(frozen=True)
class Field:
    """Type and closed range of a field, or the words that it may be."""

    kind: type
    low: float = 0
    high: float = 0
    words: tuple[str, ...] = ()

    def expected(self) -> str:
        """Return what a value may be, in words."""
        if self.words:
            return "one of " + ", ".join(map(repr, self.words))
        named = {
            int: "an integer", float: "a number", bool: "true or false", list: f"up to {MOST_PARTS} numbers",
            str: f"a line of text, up to {MOST_CHARACTERS} characters",
        }  # fmt: skip
        return named[self.kind] + (f" in {self.low:g}..{self.high:g}" if self.kind in (int, float, list) else "")

    def read(self, value: Any) -> Any:
        """Return the value, or None if it is not one."""
        if self.kind is float and type(value) is int and abs(value) <= LARGEST:
            value = float(value)
        if self.kind is list:
            part = Field(float, self.low, self.high)
            few = isinstance(value, list) and len(value) <= MOST_PARTS
            parts = [part.read(each) for each in value] if few else [None]
            return None if None in parts else tuple(parts)
        if self.kind is str and not (isinstance(value, str) and value.isprintable() and len(value) <= MOST_CHARACTERS):
            return None
        if not isinstance(value, self.kind) or isinstance(value, bool) != (self.kind is bool) or (
            self.words and value not in self.words
        ):
            return None
        number: Any = value
        return None if self.kind in (int, float) and not self.low <= number <= self.high else value


SPEECH = {
    "label_delay_frames": Field(int, 0, 50),
    "senones": Field(int, 1, 30_000),
    "least_frames": Field(int, 1, 100_000),
    "synthetic": Field(int, 0, 100_000),
    "speeds": Field(list, 0.5, 2.0),
    "dev_speakers": Field(int, 0, 1000),
    "prior_frames": Field(int, 0, 100_000),
}
STAGE = {
    "what": Field(str),
    "network": Field(str, words=NETWORKS),
    "start": Field(str),
    "width": Field(int, 1, 4096),
    "layers": Field(int, 1, 8),
    "recurrent": Field(bool),
    "lanes": Field(int, 0, 4096),
    "time_steps": Field(int, 1, 2),
    "targets": Field(str, words=TARGETS),
    "fc_pruned": Field(float, 0, 0.999),
    "quantised": Field(bool),
    "weight_bits": Field(int, 2, 8),
    "teacher": Field(str),
    "seed": Field(int, 0, MOST_SEED),
}
PLAN = {
    "epochs": Field(int, 0, 100_000),
    "learning_rate": Field(float, 1e-9, 10),
    "batch": Field(int, 1, 100_000),
    "warm_up": Field(float, 0, 1),
    "clip": Field(float, 1e-6, 1e6),
    "dropout": Field(float, 0, 0.95),
    "spike_penalty": Field(float, 0, 1000),
}
WEIGHTS = {
    "cross_entropy": Field(float, 0, 1000),
    "mutual_information": Field(float, 0, 1000),
    "distillation": Field(float, 0, 1000),
    "acoustic_scale": Field(float, 1e-3, 100),
    "slack": Field(int, 1, 1000),
}
