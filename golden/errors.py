"""Errors that the golden model raises; each message names the field, what it was, and what it may be."""


class GoldenError(ValueError):
    """Base of every error raised by ``golden``."""


class SpecificationError(GoldenError):
    """A specification field, or a combination of fields, that no accelerator can be built from."""


class CheckpointError(GoldenError):
    """A checkpoint file or object whose contents contradict its specification."""


class StimulusError(GoldenError):
    """Input codes of the wrong shape, type or range for the specification."""
