"""Units of time for what states a clock's edges in whole numbers: VCD, SAIF, Verilog."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

# By preference; the coarse ones are for clocks so slow, or runs so long, that times do not fit into 63 bits.
_UNITS = {"ns": -9, "ps": -12, "fs": -15, "us": -6, "ms": -3, "s": 0}
_MOST_TICKS = (1 << 63) - 1


class TimescaleError(ValueError):
    """A clock so slow that no unit holds the times of a run of it."""


@dataclass(frozen=True)
class Timescale:
    """A unit, and a clock's period in it.

    Parameters
    ----------
    clock_hz : float
    unit : {"fs", "ps", "ns", "us", "ms", "s"}
    period : Fraction
        Units of a period.
    """

    clock_hz: float
    unit: str
    period: Fraction

    @property
    def exact(self) -> bool:
        """Whether half a period is a whole number of units."""
        return (self.period / 2).denominator == 1

    def at(self, halves: int) -> int:
        """Return when so many half periods have gone by, to the nearest unit: no error adds up."""
        return round(halves * self.period / 2)

    @property
    def stated(self) -> str:
        """A sentence for the file that has it."""
        rounded = "" if self.exact else f", to the nearest 1 {self.unit}"
        return f"clock {decimal(self.clock_hz)} Hz, times in units of 1 {self.unit}{rounded}"


def decimal(number: float) -> str:
    """Return a number in the fewest digits that are it and no other."""
    return str(int(number)) if abs(number) < 1e15 and number == int(number) else repr(number)


def period_s(clock_hz: float) -> Fraction:
    """Return the period of a clock, taken for the decimal number that it is written as."""
    return 1 / Fraction(repr(clock_hz))


def timescale(clock_hz: float, periods: int, *, least_half: int = 1) -> Timescale:
    """Return the unit in which a clock's edges are whole numbers: ns, else ps, else fs, which then is rounded to.

    Parameters
    ----------
    clock_hz : float
    periods : int
        The last time that is stated; it is to fit into 63 bits.
    least_half : int
        Units that half a period has at least.

    Raises
    ------
    TimescaleError
        It does not fit even in seconds.
    """
    found = [Timescale(clock_hz, unit, period_s(clock_hz) / Fraction(10) ** power) for unit, power in _UNITS.items()]
    fitting = [
        entry for entry in found if entry.period / 2 >= least_half and (periods + 1) * entry.period <= _MOST_TICKS
    ]
    if not fitting:
        raise TimescaleError(f"{periods:,} periods of a clock of {decimal(clock_hz)} Hz: no unit holds them in 63 bits")
    # Where no unit is exact, the finest.
    return next((entry for entry in fitting if entry.exact), max(fitting, key=lambda entry: entry.period))
