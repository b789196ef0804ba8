"""Items are computed in order, anywhere, once more where a worker died."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from pathlib import Path

import pytest

from experiments.chain.sweep import Workers, sweep
from files.errors import FileError


def squared(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def die_once(number: int, *, folder: Path) -> int:
    """Kill the worker the first time that item 3 comes."""
    mark = folder / "died"
    if number == 3 and not mark.exists():
        mark.write_text("")
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers import this file by the name that pytest gives it."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parents[3]), *sys.path]))
    for function in (squared, die_once, die):
        # As a script's functions, which travel by value.
        monkeypatch.setattr(function, "__module__", "__main__")


def test_here_it_is_a_loop() -> None:
    found = list(sweep(squared, range(5), Workers()))
    assert found == [(number * number, os.getpid()) for number in range(5)]


@pytest.mark.slow
def test_in_other_processes_the_same_in_the_same_order() -> None:
    found = list(sweep(squared, range(20), Workers(2)))
    assert [value for value, _ in found] == [number * number for number in range(20)]
    assert os.getpid() not in {process for _, process in found}


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    assert list(sweep(partial(die_once, folder=tmp_path), range(12), Workers(2))) == list(range(12))
    assert (tmp_path / "died").exists()


@pytest.mark.slow
def test_an_item_that_kills_every_worker_is_named() -> None:
    with pytest.raises(FileError, match="item 0: 3 workers died with it"):
        list(sweep(die, range(2), Workers(2)))


@pytest.mark.slow
def test_workers_of_a_scheduler_that_runs_already() -> None:
    from distributed import LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        found = list(sweep(squared, range(3), Workers(scheduler=cluster.scheduler_address)))
    assert [value for value, _ in found] == [0, 1, 4]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense://x", "x"])
def test_no_scheduler_there(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from experiments.chain import sweep as module

    monkeypatch.setattr(module, "PATIENCE_S", 1)
    with pytest.raises(FileError, match="no scheduler of Dask answers within 1 s"):
        list(sweep(squared, [1], Workers(scheduler=address)))
