"""Names of phones, and what a field without fields of its own may hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from golden.errors import CheckpointError
from golden.host import Host, check_json, is_phone_name
from golden.specification import Specification

# TIMIT's 61, CMU's with stress, Kaldi's with word position, noises.
IN_USE = "h# ax-h axr hv q pcl epi pau sil SIL AH0 AH0_S W_B spn nsn sp <eps>".split()[:-1]


def host(**changes: Any) -> Host:
    fields: dict[str, Any] = {
        "front_end": {}, "phones": ("sil", "aa"), "states_per_phone": 1, "senone_state": np.array([0, 1], np.int16),
        "class_offset": np.zeros(2, np.float32), "log_prior": np.zeros(2, np.float32),
        "bigram_log": np.zeros((2, 2), np.float32), "initial_log": np.zeros(2, np.float32), "label_delay_frames": 0,
        "acoustic_scale": 1.0, "bigram_scale": 1.0, "insertion_log": 0.0,
    }  # fmt: skip
    return Host(**fields | changes)


@pytest.mark.parametrize("name", IN_USE)
def test_names_of_every_phone_set_in_use_pass(name: str) -> None:
    assert is_phone_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "a b", "a,b", "a\nb", "a\n", "$a", "a$", "=1+1", "@a", "-a", "#", "[exec x]", "\x1b[2J", "é", "a" * 33, 1],
)
def test_other_names_do_not(name: object) -> None:
    assert not is_phone_name(name)


def test_a_host_is_held_to_its_network() -> None:
    spec = Specification(outputs=2)
    host().check(spec)
    for changes, message in (
        ({"phones": ("sil", "a,b")}, "host.phones: 'a,b', expected names"),
        ({"phones": tuple(f"p{number}" for number in range(1025))}, "host.phones: 1,025 names, expected 1..1,024"),
        ({"states_per_phone": 10**5000}, "host.states_per_phone is an integer of 16,610 bits, expected 1..16"),
        ({"log_prior": np.full(2, -1025, np.float32)}, "host.log_prior has -1025..-1025, expected -1024..1024"),
        ({"insertion_log": float("inf")}, "host.insertion_log is inf, expected a number"),
        ({"front_end": {"a": [object()]}}, "host.front_end: <object"),
    ):
        with pytest.raises(CheckpointError) as refused:
            host(**changes).check(spec)
        assert str(refused.value).startswith(f"checkpoint: {message}")


def test_json_types_in_bounds_pass_and_nothing_else() -> None:
    check_json("a", {"a": [1, 2.5, None, True, "é", (1,), {}], "b": -(10**28)})
    cycle: list[Any] = []
    cycle.append(cycle)
    for wrong in (cycle, {1: 2}, {"a": float("inf")}, 10**30, b"a", np.int64(1), "\ud800", ["a"] * 40_000):
        with pytest.raises(CheckpointError, match=r"^checkpoint: a: "):
            check_json("a", wrong)
