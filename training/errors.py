"""Errors of training; each message names the file and what was expected."""

from __future__ import annotations


class TrainingError(ValueError):
    """Base of every error that bad input to training raises."""


class RecipeError(TrainingError):
    """A recipe that is missing or wrong."""


class SenoneError(TrainingError):
    """A file of tied states that is missing or damaged, or a number of them that cannot be had."""


class StateError(TrainingError):
    """A training state that is damaged or of another network."""


class MissingExtraError(TrainingError):
    """The packages that training needs are not installed."""
