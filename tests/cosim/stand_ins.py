"""Stand-ins for the gates' evaluator and for a pool of threads: they keep what they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from cosim.gate_activity import RecordedNetlist, RecordStream
from gates.evaluation import Difference


class Watched:
    """An evaluator that keeps the records of each block, and says of a block what it is told to."""

    def __init__(self, unequal: dict[int, tuple[int, int]], differences: dict[int, Difference]) -> None:
        self.blocks: list[np.ndarray] = []
        self.firsts: list[bool] = []
        self._unequal, self._differences = unequal, differences

    def load(self, planes: np.ndarray, loads: np.ndarray) -> None:
        assert loads.tolist() == [[7, 8, 9]]
        assert planes.shape == (3 * 64, 8)
        self._bits = np.unpackbits(planes.view(np.uint8), axis=1, bitorder="little")

    def settle(self, cycles: int, *, first: bool) -> None:
        packed = np.packbits(self._bits[:, :cycles].T, axis=1, bitorder="little")
        self.blocks.append(np.ascontiguousarray(packed).view(np.uint64))
        self.firsts.append(first)

    def unequal(self, planes: np.ndarray, checks: np.ndarray, cycles: int) -> tuple[int, int] | None:
        assert checks.tolist() == [[1, 2, 3]]
        assert cycles == len(self.blocks[-1])
        return self._unequal.get(len(self.blocks))

    def difference(self, cycles: int) -> Difference | None:
        assert cycles == len(self.blocks[-1])
        return self._differences.get(len(self.blocks))


def stream_of(evaluator: Watched, each_block: Callable[..., object] | None = None) -> RecordStream:
    recorded = SimpleNamespace(
        layout=SimpleNamespace(words=2), loads=np.array([[7, 8, 9]]), checks=np.array([[1, 2, 3]]),
        checked=["a port", "another"], names={4: "state", 6: "loaded"},
        operations=SimpleNamespace(flip_flops=[SimpleNamespace(state=6), SimpleNamespace(state=4)]),
    )  # fmt: skip
    return RecordStream(cast(RecordedNetlist, recorded), cast(Any, evaluator), each_block)


class Pool:
    """A pool of threads that runs what is asked for when it is asked for; the latest one made is `last`."""

    last: Pool

    def __init__(self, max_workers: int) -> None:
        self.workers, self.asked, self.most = max_workers, list[Future[Any]](), 0
        Pool.last = self

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def submit(self, function: Callable[..., Any], *given_now: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def result(timeout: float | None = None) -> Any:
            self.asked_for += 1
            return function(*given_now)

        future.result = result  # type: ignore[method-assign]
        self.asked.append(future)
        self.most = max(self.most, len(self.asked) - self.asked_for)
        return future

    asked_for = 0
