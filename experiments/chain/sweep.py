"""A function over many items, in this process, on the cores of this machine, or on a cluster (Dask).

What a worker held when it died is computed anew by another; results come in the items' order and are the same wherever
they were computed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import Any, TypeVar

from tqdm import tqdm

from files.errors import FileError

__all__ = ["Workers", "sweep"]

Item = TypeVar("Item")
Found = TypeVar("Found")

# Seconds in which a scheduler has to answer.
PATIENCE_S = 10
# Workers that may die with an item before it is taken for what kills them.
DEATHS = 3


class Workers:
    """Where items are computed.

    Parameters
    ----------
    processes : int
        On this machine, a core each; 1 is this process itself.
    scheduler : str
        Address of a Dask scheduler (``tcp://host:8786``) whose workers can import this repository; nothing is started
        then, and `processes` does not count. What runs there is trusted with this process, and the other way round.
    """

    def __init__(self, processes: int = 1, scheduler: str = "") -> None:
        self.processes, self.scheduler = processes, scheduler


def sweep(
    function: Callable[[Item], Found], items: Sequence[Item], workers: Workers, *, unit: str = "item"
) -> Iterator[Found]:
    """Yield what a function returns for each item, in their order; a few are held at a time.

    Parameters
    ----------
    function : callable
        Of a module, so that another process can import it; or a `functools.partial` of one.
    items : sequence
    workers : Workers
    unit : str
        What an item is, for the bar.

    Raises
    ------
    FileError
        No scheduler answers at the address, or an item ended `DEATHS` workers.
    """
    with ExitStack() as stack:
        bar = stack.enter_context(tqdm(total=len(items), unit=unit, disable=None, file=sys.stderr))
        if workers.processes == 1 and not workers.scheduler:
            for item in items:
                yield function(item)
                bar.update()
            return
        # Loaded where it is wanted: it takes a second.
        import dask
        from distributed import Client, KilledWorker, LocalCluster

        quiet = {"distributed.scheduler.allowed-failures": DEATHS, "logging.distributed": "critical"}
        stack.enter_context(dask.config.set(quiet))
        address: object = workers.scheduler
        if not workers.scheduler:
            address = stack.enter_context(
                LocalCluster(
                    n_workers=workers.processes,
                    threads_per_worker=1,
                    # A port that is free: two sweeps may run side by side.
                    dashboard_address="127.0.0.1:0",
                    silence_logs=50,
                )
            )
        try:
            client = stack.enter_context(Client(address, timeout=PATIENCE_S))
        except (OSError, ValueError) as error:
            raise FileError(f"{workers.scheduler}: no scheduler of Dask answers within {PATIENCE_S} s") from error
        if not workers.scheduler:
            stack.callback(_settle, client, workers.processes)
        at_once = 4 * max(1, len(client.scheduler_info()["workers"]))
        waiting = [client.submit(function, item, pure=False) for item in items[:at_once]]
        for number in range(len(items)):
            if number + at_once < len(items):
                waiting.append(client.submit(function, items[number + at_once], pure=False))
            try:
                yield waiting.pop(0).result()
            except KilledWorker as error:
                client.cancel(waiting)
                raise FileError(f"{unit} {number}: {DEATHS} workers died with it") from error
            bar.update()


def _settle(client: Any, processes: int) -> None:
    """Wait for workers that died and are started again: a cluster that is closed before falls over them."""
    with suppress(TimeoutError):
        client.wait_for_workers(processes, timeout=PATIENCE_S)
