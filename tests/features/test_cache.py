"""The feature cache: the same bits as computed, whatever happened to the folder."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from features import cache as cache_module
from features.audio import read_audio
from features.cache import FeatureCache
from features.errors import (
    AudioError,
    CacheError,
    Damage,
    EmptyAudioError,
    SettingsError,
    TooShortError,
    TruncatedAudioError,
    UnreadableAudioError,
)
from features.frontend import FrontEndSettings, batch_codes, raw_features
from features.speed import change_speed

SETTINGS = FrontEndSettings(scale=(10.0,) * 40)


def noise(path: Path, seed: int, samples: int = 1_600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(seed).uniform(-0.5, 0.5, samples), 16_000)
    return path


def counts(cache: FeatureCache) -> tuple[int, int, int]:
    return cache.found, cache.built, cache.rebuilt


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("kind", ["mfcc20_delta", "mfcc40", "logmel40"])
@pytest.mark.parametrize("speed", [1.0, 0.9, 1.1])
def test_cached_equals_computed(tmp_path: Path, speech_paths: list[Path], kind: str, speed: float) -> None:
    settings = SETTINGS.replace(kind=kind)
    for path in speech_paths[::2]:
        samples = change_speed(read_audio(path), speed)
        for _ in range(2):
            cache = FeatureCache(tmp_path)
            codes = cache.codes(path, settings, speed=speed)
            raw = cache.raw(path, settings, speed=speed)
            assert (codes.dtype, raw.dtype) == (np.int8, np.float64)
            np.testing.assert_array_equal(codes, batch_codes(samples, settings))
            np.testing.assert_array_equal(raw, raw_features(samples, settings))
        assert counts(cache) == (2, 0, 0)


def test_content_counts_and_the_name_does_not(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "cache")
    path = noise(tmp_path / "a.wav", 0)
    first = cache.codes(path, SETTINGS)
    os.utime(path, (0, 0))
    shutil.copyfile(path, tmp_path / "b.wav")
    np.testing.assert_array_equal(cache.codes(tmp_path / "b.wav", SETTINGS), first)
    np.testing.assert_array_equal(cache.codes(path, SETTINGS), first)
    assert counts(cache) == (2, 1, 0)
    # Other content of the same size and date.
    noise(path, 1)
    os.utime(path, (0, 0))
    changed = cache.codes(path, SETTINGS)
    assert counts(cache) == (2, 2, 0)
    np.testing.assert_array_equal(changed, batch_codes(read_audio(path), SETTINGS))
    assert (changed != first).any()


@pytest.mark.parametrize(
    ("changes", "raw_changes"),
    [
        ({"kind": "mfcc40"}, True),
        ({"delta_lag": 2}, True),
        ({"mean": (1.0,) * 40}, False),
        ({"scale": (11.0,) * 40}, False),
        ({"prior_frames": 99}, False),
        ({"steps_per_sigma": 31.0}, False),
    ],
)
def test_settings_count(tmp_path: Path, changes: dict[str, object], raw_changes: bool) -> None:
    path = noise(tmp_path / "a.wav", 0)
    cache = FeatureCache(tmp_path / "cache")
    settings = SETTINGS.replace(**changes)
    for each in (SETTINGS, settings):
        np.testing.assert_array_equal(cache.codes(path, each), batch_codes(read_audio(path), each))
    assert counts(cache) == (0, 2, 0)
    for each in (SETTINGS, settings):
        np.testing.assert_array_equal(cache.raw(path, each), raw_features(read_audio(path), each))
    assert cache.built == 3 + raw_changes


def test_the_code_that_computes_them_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = noise(tmp_path / "a.wav", 0)
    cache = FeatureCache(tmp_path / "cache")
    cache.codes(path, SETTINGS)
    monkeypatch.setattr(cache_module, "_computation", lambda: "of another version")
    cache.codes(path, SETTINGS)
    assert counts(cache) == (0, 2, 0)


@pytest.mark.parametrize("what", ["versions", "libsndfile", "builds", "numba_target", "c_library"])
def test_libraries_and_processor_count(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    here = cache_module._platform()
    digest = cache_module._computation()
    assert cache_module._computation.__wrapped__() == digest
    # Another value changes the name of every entry: code compiled for one processor may round otherwise on another.
    monkeypatch.setattr(cache_module, "_platform", lambda: {**here, what: "another"})
    assert cache_module._computation.__wrapped__() != digest


def test_every_module_of_the_room_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = Path(cache_module.__file__).parent
    copy = shutil.copytree(room, tmp_path / "features", ignore=shutil.ignore_patterns("__pycache__", "corpora"))
    monkeypatch.setattr(cache_module, "__file__", str(copy / "cache.py"))
    before = cache_module._computation.__wrapped__()
    for source in sorted(copy.glob("*.py")):
        kept = source.read_bytes()
        source.write_bytes(kept + b"\n")
        assert cache_module._computation.__wrapped__() != before, source.name
        source.write_bytes(kept)
    assert cache_module._computation.__wrapped__() == before


def test_a_pipe_is_neither_a_sound_nor_an_entry(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    cache = FeatureCache(tmp_path / "cache")
    with pytest.raises(UnreadableAudioError, match=r"a\.wav: is a named pipe, expected a sound file$"):
        cache.codes(tmp_path / "a.wav", SETTINGS)
    path = noise(tmp_path / "b.wav", 0)
    cache.codes(path, SETTINGS)
    (entry,) = entries(tmp_path / "cache")
    entry.unlink()
    os.mkfifo(entry)
    with pytest.raises(CacheError, match=r"\.features: is a named pipe, expected a cache entry$"):
        cache.codes(path, SETTINGS)


def test_an_entry_forged_with_its_digest(tmp_path: Path) -> None:
    """A header of 10^12 numbers, or of objects, under a digest that is right."""
    path = noise(tmp_path / "a.wav", 0)
    cache = FeatureCache(tmp_path / "cache")
    features = cache.codes(path, SETTINGS)
    (entry,) = entries(tmp_path / "cache")
    for dtype, length in (("<f8", 10**12), ("|O", 1)):
        header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({length},), }}".ljust(117).encode() + b"\n"
        payload = b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header
        entry.write_bytes(cache_module._digest(entry, payload) + payload)
        np.testing.assert_array_equal(cache.codes(path, SETTINGS), features)
    assert counts(cache) == (0, 1, 2)


def test_the_key_is_read_block_by_block(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with path.open("wb") as file:
        file.truncate(300_000_000)
    cache_module._computation()
    tracemalloc.start()
    try:
        cache_module._key(path, SETTINGS, "codes", 1.0)
        assert tracemalloc.get_traced_memory()[1] < 4e6
    finally:
        tracemalloc.stop()


@given(data=st.data())
def test_a_damaged_entry_is_rebuilt(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    path = noise(folder / "a.wav", 0, 800)
    cache = FeatureCache(folder / "cache")
    features = cache.codes(path, SETTINGS)
    (entry,) = entries(folder / "cache")
    whole = entry.read_bytes()
    content = bytearray(whole)
    if data.draw(st.booleans(), label="truncated"):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    entry.write_bytes(content)
    np.testing.assert_array_equal(cache.codes(path, SETTINGS), features)
    assert counts(cache) == (0, 1, 1)
    assert entry.read_bytes() == whole
    np.testing.assert_array_equal(cache.codes(path, SETTINGS), features)
    assert counts(cache) == (1, 1, 1)


def test_an_entry_under_another_s_name_is_rebuilt(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "cache")
    paths = [noise(tmp_path / f"{seed}.wav", seed) for seed in range(2)]
    first, second = cache.map(paths, SETTINGS)
    one, other = entries(tmp_path / "cache")
    shutil.copyfile(one, other)
    again = cache.map(paths, SETTINGS)
    np.testing.assert_array_equal(again, [first, second])
    assert counts(cache) == (1, 2, 1)


def test_what_a_killed_writer_leaves_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = noise(tmp_path / "a.wav", 0)
    features = batch_codes(read_audio(path), SETTINGS)
    # What a kill between writing and moving leaves: the temporary file, and nothing that cleans it up.
    with monkeypatch.context() as killed:
        killed.setattr(cache_module.os, "replace", lambda *names: None)
        np.testing.assert_array_equal(FeatureCache(tmp_path / "cache").codes(path, SETTINGS), features)
    (left,) = entries(tmp_path / "cache")
    assert left.suffix == ".part"
    left.write_bytes(left.read_bytes()[:50])
    cache = FeatureCache(tmp_path / "cache")
    np.testing.assert_array_equal(cache.codes(path, SETTINGS), features)
    assert counts(cache) == (0, 1, 0)
    assert len(entries(tmp_path / "cache")) == 2


def test_an_interrupted_write_cleans_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = noise(tmp_path / "a.wav", 0)
    cache = FeatureCache(tmp_path / "cache")

    def interrupt(*names: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        interrupted.setattr(cache_module.os, "replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            cache.codes(path, SETTINGS)
    assert not entries(tmp_path / "cache")
    assert counts(cache) == (0, 0, 0)


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = noise(tmp_path / "a.wav", 0)
    old = batch_codes(read_audio(path), SETTINGS)
    reads = []

    def read_and_change(name: Path) -> np.ndarray:
        samples = read_audio(name)
        if not reads:
            noise(name, 1)
        reads.append(name)
        return samples

    with monkeypatch.context() as changing:
        changing.setattr(cache_module, "read_audio", read_and_change)
        features = FeatureCache(tmp_path / "cache").codes(path, SETTINGS)
    new = batch_codes(read_audio(path), SETTINGS)
    assert len(reads) == 2
    np.testing.assert_array_equal(features, new)
    noise(path, 0)
    np.testing.assert_array_equal(FeatureCache(tmp_path / "cache").codes(path, SETTINGS), old)


def write_often(folder: Path, path: Path) -> None:
    for _ in range(100):
        cache = FeatureCache(folder)
        for entry in folder.rglob("*.features"):
            entry.unlink(missing_ok=True)
        cache.codes(path, SETTINGS)


def test_two_writers_at_once(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.wav", 0)
    features = batch_codes(read_audio(path), SETTINGS)
    folder = tmp_path / "cache"
    writers = [multiprocessing.get_context("spawn").Process(target=write_often, args=(folder, path)) for _ in range(2)]
    for writer in writers:
        writer.start()
    cache = FeatureCache(folder)
    while any(writer.is_alive() for writer in writers):
        np.testing.assert_array_equal(cache.codes(path, SETTINGS), features)
    assert [writer.exitcode for writer in writers] == [0, 0]
    # An entry may be absent at times, never half there.
    assert cache.rebuilt == 0
    assert [entry.suffix for entry in entries(folder)] == [".features"]


@pytest.mark.parametrize("workers", [1, 2])
def test_many_files_in_their_order(tmp_path: Path, workers: int) -> None:
    paths = [noise(tmp_path / f"{seed}.wav", seed, 800 + 160 * seed) for seed in range(9)]
    FeatureCache(tmp_path / "cache").codes(paths[4], SETTINGS)
    ticks: list[int] = []
    for expected in ((1, 8, 0), (9, 0, 0)):
        cache = FeatureCache(tmp_path / "cache")
        features = cache.map([*map(str, paths)], SETTINGS, workers=workers, progress=ticks.append)
        for path, one in zip(paths, features, strict=True):
            np.testing.assert_array_equal(one, batch_codes(read_audio(path), SETTINGS))
        assert counts(cache) == expected
    assert ticks == [1] * 18
    assert FeatureCache(tmp_path / "cache").map([], SETTINGS, workers=workers) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_damaged_files_raise_or_are_left_out_and_listed(tmp_path: Path, workers: int) -> None:
    whole = [noise(tmp_path / f"{seed}.wav", seed) for seed in range(3)]
    short, empty, cut = noise(tmp_path / "short.wav", 9, 399), tmp_path / "empty.wav", tmp_path / "cut.flac"
    empty.touch()
    soundfile.write(cut, np.random.default_rng(0).uniform(-0.5, 0.5, 16_000), 16_000)
    cut.write_bytes(cut.read_bytes()[:9_000])
    paths = [whole[0], short, tmp_path / "absent.wav", whole[1], empty, cut, tmp_path, whole[2]]
    cache = FeatureCache(tmp_path / "cache")
    damage: list[Damage] = []
    features = cache.map(paths, SETTINGS, kind="raw", workers=workers, damage=damage)
    assert [one is not None for one in features] == [path in whole for path in paths]
    assert counts(cache) == (0, 3, 0)
    assert {one.path: one.reason for one in damage}.keys() == set(paths) - set(whole)
    reasons = {one.path: one.reason for one in damage}
    assert reasons[short].startswith("sound of 399 samples (24.9 ms), expected at least 400")
    assert reasons[tmp_path / "absent.wav"] == "no such sound file"
    assert reasons[tmp_path] == "is a folder, expected a sound file"
    assert reasons[empty] == "the file is empty"
    assert reasons[cut].startswith("cut short or damaged, cannot be decoded after ")
    kinds: dict[Path, type[AudioError]] = {
        short: TooShortError,
        tmp_path / "absent.wav": UnreadableAudioError,
        empty: EmptyAudioError,
        cut: TruncatedAudioError,
    }
    for path, kind in kinds.items():
        with pytest.raises(kind, match=f"^{path}: "):
            cache.map([path, *whole], SETTINGS, workers=workers)
    assert len(entries(tmp_path / "cache")) >= 3


def test_folders_that_cannot_hold_it(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.wav", 0)
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(CacheError, match=f"^{folder}: cannot hold the feature cache \\("):
            FeatureCache(folder)
    cache = FeatureCache(tmp_path / "cache")
    cache.codes(path, SETTINGS)
    (entry,) = entries(tmp_path / "cache")
    entry.unlink()
    entry.mkdir()
    with pytest.raises(CacheError, match=f"^{entry}: is a folder, expected a cache entry$"):
        cache.codes(path, SETTINGS, speed=1.0)
    entry.rmdir()
    shutil.rmtree(tmp_path / "cache")
    (tmp_path / "cache").touch()
    with pytest.raises(CacheError, match=r": cannot be read \(Not a directory\)$"):
        cache.codes(path, SETTINGS)


def test_a_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = noise(tmp_path / "a.wav", 0)

    def full(*names: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache_module.os, "replace", full)
    damage: list[Damage] = []
    with pytest.raises(CacheError, match=r"\.features: cannot be written \(No space left on device\)$"):
        FeatureCache(tmp_path / "cache").map([path], SETTINGS, damage=damage)
    assert not damage
    assert not entries(tmp_path / "cache")


def test_a_speed_out_of_range_is_no_damage(tmp_path: Path) -> None:
    path = noise(tmp_path / "a.wav", 0)
    with pytest.raises(SettingsError, match=r"^speed is 3\.0"):
        FeatureCache(tmp_path / "cache").map([path], SETTINGS, speed=3.0, damage=[])
