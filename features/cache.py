"""Features on disk, by the content of the sound file and the configuration; an entry that is not whole is rebuilt.

An entry's name is a digest of all that its features depend on: the sound file's bytes (not its name or date), the
settings, the speed, this room's own source code, the versions and builds of the libraries below it, and what they make
of the processor: the code that numba compiles and numpy chooses for it may round otherwise on another. Its first 32
bytes are a digest of that name and of the rest, so that an entry that was cut short, altered or misplaced is noticed.
"""

from __future__ import annotations

import hashlib
import io
import json
import multiprocessing
import os
import platform
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import cache, partial
from pathlib import Path
from typing import Any, Literal, overload

import librosa
import numba
import numpy as np
import scipy
import soundfile
from numba.core.registry import cpu_target

from features.audio import read_audio
from features.errors import AudioError, CacheError, Damage, UnreadableAudioError, leave_out
from features.frontend import FrontEndSettings, batch_codes, raw_features
from features.speed import change_speed, speed_ratio
from files.arrays import array_from_bytes
from files.errors import FileError, WriteError
from files.reading import open_regular, read_bytes
from files.writing import make_folder, write_bytes

Kind = Literal["codes", "raw"]
# Of the entries' form.
_VERSION = 2
_DIGEST_BYTES = 32
_SUFFIX = ".features"
_DIGEST_BLOCK = 1 << 20


class FeatureCache:
    """Features of sound files, computed once.

    Any number of processes may share a folder: an entry is written whole or not at all (`files.writing`). What a killed
    process leaves behind is never read. To empty the cache, delete the folder.

    Parameters
    ----------
    folder : path-like
        Made where it is missing.

    Attributes
    ----------
    found, built, rebuilt : int
        Entries read, computed for the first time, and computed again because the one on disk was damaged.

    Raises
    ------
    CacheError
        The folder cannot be made.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self.found = self.built = self.rebuilt = 0
        try:
            make_folder(self.folder)
        except WriteError as error:
            raise CacheError(f"{error.filename}: cannot hold the feature cache ({error.strerror})") from error

    def codes(self, path: str | os.PathLike[str], settings: FrontEndSettings, *, speed: float = 1.0) -> np.ndarray:
        """Return ``batch_codes(change_speed(read_audio(path), speed), settings)``, the same bits.

        Parameters
        ----------
        path : path-like
            Sound file.
        settings : FrontEndSettings
        speed : float
            0.5 to 2: speed perturbation (``features.speed``).

        Returns
        -------
        np.ndarray [shape=(frames, 40), dtype=int8]

        Raises
        ------
        AudioError
            A sound file that is missing, damaged or shorter than a window; names the file.
        SettingsError
            Speed out of range.
        CacheError
            The entry can be neither read nor written.
        """
        return self.map([path], settings, speed=speed)[0]

    def raw(self, path: str | os.PathLike[str], settings: FrontEndSettings, *, speed: float = 1.0) -> np.ndarray:
        """Return the features before normalisation, as `features.frontend.raw_features` gives them.

        They depend on the settings' `kind` and `delta_lag` alone, and are found again whatever the others are.

        Returns
        -------
        np.ndarray [shape=(frames, 40), dtype=float64]

        Raises
        ------
        AudioError, SettingsError, CacheError
            As `codes`.
        """
        return self.map([path], settings, kind="raw", speed=speed)[0]

    @overload
    def map(
        self,
        paths: Sequence[str | os.PathLike[str]],
        settings: FrontEndSettings,
        *,
        kind: Kind = ...,
        speed: float = ...,
        workers: int = ...,
        damage: None = ...,
        progress: Callable[[int], object] | None = ...,
    ) -> list[np.ndarray]: ...

    @overload
    def map(
        self,
        paths: Sequence[str | os.PathLike[str]],
        settings: FrontEndSettings,
        *,
        kind: Kind = ...,
        speed: float = ...,
        workers: int = ...,
        damage: list[Damage],
        progress: Callable[[int], object] | None = ...,
    ) -> list[np.ndarray | None]: ...

    def map(
        self,
        paths: Sequence[str | os.PathLike[str]],
        settings: FrontEndSettings,
        *,
        kind: Kind = "codes",
        speed: float = 1.0,
        workers: int = 1,
        damage: list[Damage] | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> list[np.ndarray] | list[np.ndarray | None]:
        """Return the features of many files, in their order.

        Entries that are there are read in this process; the missing ones are computed by `workers` processes, each of
        which writes its own, so that a run that is killed goes on where it was.

        Parameters
        ----------
        paths : sequence of path-like
        settings, speed
            As `codes`.
        kind : {"codes", "raw"}
        workers : int
            With 1, everything happens in this process.
        damage : list of Damage, optional
            Without it, the first sound file that is missing or damaged raises. With it, such files are added to it and
            None stands in their place.
        progress : callable, optional
            Called with 1 after every file, as the ``update`` of a progress bar.

        Returns
        -------
        list of np.ndarray (or None)

        Raises
        ------
        AudioError, SettingsError, CacheError
            As `codes`.
        """
        files = [Path(path) for path in paths]
        results: list[np.ndarray | None] = [None] * len(files)

        def settle(place: int, result: np.ndarray | AudioError) -> None:
            if isinstance(result, AudioError):
                leave_out(damage, files[place], result)
            else:
                results[place] = result
            if progress:
                progress(1)

        missing: dict[int, bool] = {}
        for place, path in enumerate(files):
            try:
                features, was_damaged = _load(_entry(self.folder, _key(path, settings, kind, speed)))
            except AudioError as error:
                settle(place, error)
                continue
            if features is None:
                missing[place] = was_damaged
            else:
                self.found += 1
                settle(place, features)
        build = partial(_build, self.folder, settings, kind, speed)
        # Closed at once when a file raises: the processes would go on through the whole corpus.
        with closing(_each(build, [files[place] for place in missing], workers)) as built:
            for (place, was_damaged), result in zip(missing.items(), built, strict=True):
                if not isinstance(result, AudioError):
                    self.rebuilt += was_damaged
                    self.built += not was_damaged
                settle(place, result)
        return results


def _each(
    build: Callable[[Path], np.ndarray | AudioError], paths: Sequence[Path], workers: int
) -> Generator[np.ndarray | AudioError]:
    if workers == 1 or len(paths) < 2:
        yield from map(build, paths)
        return
    # Spawned, not forked: the caller may have threads (torch's), whose locks a fork would copy.
    pool = ProcessPoolExecutor(min(workers, len(paths)), mp_context=multiprocessing.get_context("spawn"))
    try:
        yield from pool.map(build, paths, chunksize=max(1, min(32, len(paths) // (4 * workers))))
    finally:
        pool.shutdown(cancel_futures=True)


def _build(folder: Path, settings: FrontEndSettings, kind: Kind, speed: float, path: Path) -> np.ndarray | AudioError:
    """Compute the features of a file and write their entry; return what is wrong with the file, if anything is."""
    try:
        key = _key(path, settings, kind, speed)
        while True:
            features = _compute(path, settings, kind, speed)
            before, key = key, _key(path, settings, kind, speed)
            # If the file changed meanwhile, its digest and its features may be of two contents.
            if key == before:
                break
    except AudioError as error:
        return error
    _store(_entry(folder, key), features)
    return features


def _compute(path: Path, settings: FrontEndSettings, kind: Kind, speed: float) -> np.ndarray:
    samples = change_speed(read_audio(path), speed)
    try:
        return batch_codes(samples, settings) if kind == "codes" else raw_features(samples, settings)
    except AudioError as error:
        raise type(error)(f"{path}: {error}") from error


def _key(path: Path, settings: FrontEndSettings, kind: Kind, speed: float) -> str:
    """Return the name of the entry: the hexadecimal digest of all that the features depend on."""
    fields = settings.to_json()
    if kind == "raw":
        fields = {name: fields[name] for name in ("kind", "delta_lag")}
    ratio = speed_ratio(speed)
    configuration = [_VERSION, _computation(), kind, fields, ratio.numerator, ratio.denominator]
    digest = hashlib.sha256(json.dumps(configuration, sort_keys=True).encode() + b"\0")
    try:
        with open_regular(path, what="sound file") as file:
            while block := file.read(_DIGEST_BLOCK):
                digest.update(block)
    except FileError as error:
        raise UnreadableAudioError(str(error)) from error
    except OSError as error:
        raise UnreadableAudioError(f"{path}: cannot be read ({error.strerror})") from error
    return digest.hexdigest()


@cache
def _computation() -> str:
    """Return a digest of all but file and settings that decides the features' bits: our code, libraries, processor."""
    digest = hashlib.sha256()
    # All modules rather than a list of them, which would miss the next one.
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    digest.update(json.dumps(_platform(), sort_keys=True, default=str).encode())
    return digest.hexdigest()


def _platform() -> dict[str, Any]:
    """Return libraries by version and build, and what numba compiles for and numpy chooses its loops by."""
    return {
        "versions": {library.__name__: library.__version__ for library in (librosa, numba, np, scipy)},
        "libsndfile": soundfile.__libsndfile_version__,
        # Numpy's names the processor's features that it found.
        "builds": [np.show_config(mode="dicts"), scipy.show_config(mode="dicts")],
        # Target triple, processor and its features, as numba's own cache is keyed.
        "numba_target": cpu_target.target_context.codegen().magic_tuple(),
        # log10 and others are the C library's.
        "c_library": [*platform.libc_ver(), platform.machine()],
    }


def _entry(folder: Path, key: str) -> Path:
    # Folders of some dozens of entries rather than one of many thousands.
    return folder / key[:2] / f"{key}{_SUFFIX}"


def _load(entry: Path) -> tuple[np.ndarray | None, bool]:
    """Return an entry's features, or None and whether there is one that is damaged."""
    try:
        content = read_bytes(entry, what="cache entry")
    except FileError as error:
        # Not asked first: another process may write or remove it meanwhile.
        if isinstance(error.__context__, FileNotFoundError):
            return None, False
        raise CacheError(str(error)) from error
    digest, payload = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if digest != _digest(entry, payload):
        return None, True
    try:
        return array_from_bytes(payload, str(entry)), False
    except FileError:
        # A digest that anyone can compute is no proof that we wrote it.
        return None, True


def _store(entry: Path, features: np.ndarray) -> None:
    """Write an entry whole or not at all."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, features, allow_pickle=False)
    payload = buffer.getvalue()
    try:
        write_bytes(entry, _digest(entry, payload) + payload)
    except WriteError as error:
        raise CacheError(str(error)) from error


def _digest(entry: Path, payload: bytes) -> bytes:
    return hashlib.sha256(entry.name.encode() + payload).digest()
