"""Traces that every block is run through, and the bench that does it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from cosim.bench import forgotten_afterwards
from golden.checkpoint import Checkpoint, random_checkpoint
from golden.specification import Specification


def load_beside(name: str) -> ModuleType:
    """Import a module that lies beside this file, under its bare name."""
    if name not in sys.modules:
        found = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        assert found is not None
        assert found.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(found)
        found.loader.exec_module(sys.modules[name])
    return sys.modules[name]


bench_of = load_beside("block_bench")

SMALL = {"inputs": 9, "input_bits": 5, "layers": (20, 12), "outputs": 71, "lanes": 16, "logits_per_cycle": 4}
SMALL |= {"membrane_bits": (11, 9), "thresholds": (60, 40)}
SEQUENTIAL = {"parallel_time_steps": False, "merged_spike": False, "zero_skipping": False, "zero_weight_gating": False}
SCENARIOS = (
    *("speech", "random", "all zero codes", "all planes one", "most negative codes", "saturation"),
    *("sequential, every index visited", "one time step", "no recurrence, 8-bit weights", "reset in the middle"),
)
ONE_SET = ("one set", "one set, one time step")
# Of these designs, stimuli of every class (`tests.cosim.every_class`).
EVERY_CLASS = ("small", "one-step", "tiled", "switches", "wide")
EVERY_CLASS_ONE_SET = ("one-set",)


@pytest.fixture(autouse=True)
def clean_simulator():
    """Let MyHDL forget a test's signals, or every test would be slower than the one before."""
    with forgotten_afterwards():
        yield


@pytest.fixture(scope="session")
def bench_module() -> ModuleType:
    return bench_of


@pytest.fixture(scope="session", params=(*SCENARIOS, *ONE_SET, *EVERY_CLASS, *EVERY_CLASS_ONE_SET))
def trace(request, network, speech_codes):
    """Return records and stimuli of one scenario."""
    return build_trace(request.param, network, speech_codes)


@pytest.fixture(params=["random", "sequential, every index visited", "one time step", "reset in the middle"])
def small_trace(request, network, speech_codes):
    """Return records and stimuli of a scenario with 16 lanes."""
    return build_trace(request.param, network, speech_codes)


@pytest.fixture
def bench(trace):
    return bench_of.Bench(trace)


@pytest.fixture(params=("one-step", "one-set", "switches"))
def resting_bench(request):
    """Return a bench for what must not move: of one time step, of two, and of one set."""
    return bench_of.Bench(bench_of.of_every_class(request.param))


@pytest.fixture(params=(*SCENARIOS, *EVERY_CLASS))
def pair_bench(request, network, speech_codes):
    """Return a bench for what only an accelerator with two PE sets has."""
    return bench_of.Bench(build_trace(request.param, network, speech_codes))


@pytest.fixture(params=(*ONE_SET, *EVERY_CLASS_ONE_SET))
def single_bench(request, network, speech_codes):
    """Return a bench for what only an accelerator with one PE set has."""
    return bench_of.Bench(build_trace(request.param, network, speech_codes))


def build_trace(scenario: str, network: Checkpoint, speech_codes: dict[str, np.ndarray]):
    if scenario in (*EVERY_CLASS, *EVERY_CLASS_ONE_SET):
        return bench_of.of_every_class(scenario)
    if scenario == "speech":
        cuts = []
        for codes in list(speech_codes.values())[:2]:
            middle = len(codes) // 2
            cuts.append(codes[middle : middle + 2])
        return bench_of.run_golden(network, cuts, noise_seed=0)
    changes = {
        "sequential, every index visited": SEQUENTIAL,
        "one time step": {"time_steps": 1, "input_bits": 8, "outputs": 16},
        "one set": {"pe_sets": 1, "parallel_time_steps": False},
        "one set, one time step": {"pe_sets": 1, "time_steps": 1, "input_bits": 8},
        "no recurrence, 8-bit weights": {"weight_bits": 8, "recurrent": (False, True), "input_shifts": (2, 3)},
        "saturation": {"membrane_bits": (6, 5), "thresholds": (30, 9), "recurrent_shifts": (1, 0)},
    }
    spec = Specification(**SMALL | changes.get(scenario, {}))
    checkpoint, rng = random_checkpoint(spec, seed=3), np.random.default_rng(4)
    low, high = spec.code_range
    frames = rng.integers(low, high, size=(4, spec.inputs), endpoint=True)
    if scenario == "all zero codes":
        frames[:] = 0
    elif scenario == "all planes one":
        frames[:] = -1
        checkpoint = uniform(spec, -spec.weight_range[1])
    elif scenario == "most negative codes":
        frames[:] = low
        checkpoint = uniform(spec, spec.weight_range[0])
    elif scenario == "saturation":
        frames[0::2], frames[1::2] = high, low
        checkpoint = uniform(spec, spec.weight_range[1])
    if scenario != "reset in the middle":
        return bench_of.run_golden(checkpoint, [frames[:3], frames[3:]], noise_seed=5)
    joined, begun = bench_of.run_golden(checkpoint, [frames[:1]], noise_seed=6), 0
    # In the load, in the L0 input, in a recurrent pass, among the neuron passes, in the FC with words on the port.
    for seed, share in enumerate((0.03, 0.2, 0.45, 0.6, 0.8, 0.97)):
        cut = begun + round(share * (len(joined.records) - begun - 3))
        joined = bench_of.join_at_reset(
            joined, cut, bench_of.run_golden(checkpoint, [frames[1:3]], noise_seed=7 + seed)
        )
        begun = cut + 1
    return joined


def uniform(spec: Specification, weight: int) -> Checkpoint:
    """Return a checkpoint all of whose weights are `weight`."""
    random = random_checkpoint(spec, seed=0, zero_share=0.0)

    def fill(matrix):
        return None if matrix is None else np.full_like(matrix, weight)

    return Checkpoint(
        specification=spec,
        feed_forward=tuple(map(fill, random.feed_forward)),
        recurrent=tuple(map(fill, random.recurrent)),
        fc=fill(random.fc),
    )
