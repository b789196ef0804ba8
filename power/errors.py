"""Errors that the power model raises; each names the file, the row and column, and what was expected."""


class PowerError(ValueError):
    """Base of every error raised by ``power``."""


class ActivityError(PowerError):
    """An activity table that is missing, malformed or contradicts itself."""


class ConstantsError(PowerError):
    """A table of constants that is missing, malformed or out of range."""
