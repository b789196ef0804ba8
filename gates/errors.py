"""Errors about cells and netlists; each names the file, the line or cell, and what was expected."""


class GatesError(ValueError):
    """Base of every error raised by ``gates``."""


class LibertyError(GatesError):
    """A Liberty file is missing, cannot be read, or lacks what is needed of it."""


class NetlistError(GatesError):
    """A netlist that is malformed, has a loop of gates, or a cell that the library lacks."""
