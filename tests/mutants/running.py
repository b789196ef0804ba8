"""The tests of a module against each of its mutants: one process collects them, and forks for every mutant."""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
from collections.abc import Callable, Iterable

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.in_place import caches, put_in_place
from tests.mutants.making import Mutant

# Of what the tests take without a mutant, seconds more, and memory of a mutant that never ends.
SLOWER, MORE_S, MORE_BYTES = 4, 15, 4 << 30


class Tests:
    """A plugin of pytest that runs the collected tests once, then once a mutant.

    Parameters
    ----------
    mutants : iterable of Mutant
    take : callable
        Called with each mutant and the test that killed it, "time" or "crash" for one that ended the process, or "".
    first : callable
        Returns the test to begin with, one that killed a mutant before, or "".
    """

    def __init__(
        self, mutants: Iterable[Mutant], take: Callable[[Mutant, str], None], first: Callable[[Mutant], str]
    ) -> None:
        self._mutants, self._take, self._first = mutants, take, first

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self) -> None:
        """Draw the same examples for every mutant and stop at one that fails: after the tests' own profile."""
        from hypothesis import Phase, settings  # pytest has to see its plugin imported

        phases = (Phase.explicit, Phase.generate)
        settings.register_profile(
            "mutants", settings.get_profile("rsnn"), derandomize=True, database=None, phases=phases
        )
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests, cheapest first for the mutants; a test that fails without a mutant ends all."""
        took: dict[str, float] = {}
        items = session.items
        for which, item in enumerate(items):
            # What is set up for the session stays up.
            reports = _run(item, items[(which + 1) % len(items)])
            took[item.nodeid] = sum(report.duration for report in reports if report.when == "call")
            if any(report.failed for report in reports):
                raise pytest.UsageError(f"{item.nodeid} fails without a mutant")
        limit_s = SLOWER * sum(took.values()) + MORE_S
        cheapest = sorted(items, key=lambda item: took[item.nodeid])
        for cache in caches():
            cache.cache_clear()
        for mutant in self._mutants:
            first = self._first(mutant)
            ordered = sorted(cheapest, key=lambda item: item.nodeid != first)
            self._take(mutant, _in_child(mutant, ordered, limit_s))
        return True


def _run(item: pytest.Item, following: pytest.Item) -> list[pytest.TestReport]:
    return runtestprotocol(item, log=False, nextitem=following)


def _in_child(mutant: Mutant, items: list[pytest.Item], limit_s: float) -> str:
    """Return what killed the mutant, "" if nothing did."""
    sys.stdout.flush()
    end_read, end_write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(end_read)
        try:
            killer = _killer(mutant, items)
        except BaseException as error:
            killer = f"import: {type(error).__name__}"
        os.write(end_write, (killer or " ").encode())
        os._exit(0)
    os.close(end_write)
    try:
        ready, _, _ = select.select([end_read], [], [], limit_s)
        told = os.read(end_read, 1 << 16).decode().strip() if ready else "time"
        if not ready:
            os.kill(child, signal.SIGKILL)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.close(end_read)
        _, status = os.waitpid(child, 0)
    return told if status == 0 or told else "crash"


def _killer(mutant: Mutant, items: list[pytest.Item]) -> str:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MORE_BYTES, used + MORE_BYTES))
    put_in_place(mutant)
    for which, item in enumerate(items):
        if any(report.failed for report in _run(item, items[(which + 1) % len(items)])):
            return item.nodeid
    return ""
