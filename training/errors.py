"""Errors of training; each message names the file and what was expected."""

from __future__ import annotations


class TrainingError(ValueError):
    """Base of every error that bad input to training raises."""


class RecipeError(TrainingError):
    """A recipe that is missing or wrong."""


class SenoneError(TrainingError):
    """A file of tied states that is missing or damaged, or a number of them that cannot be had."""


class StateError(TrainingError):
    """A training state of another network, or a training that no longer computes numbers."""


class AlignmentError(TrainingError):
    """Phones that cannot be aligned, or an aligner that does not work."""


class SynthesisError(TrainingError):
    """A synthesiser that does not do what it should."""


class MissingExtraError(TrainingError):
    """The packages that training needs are not installed."""
