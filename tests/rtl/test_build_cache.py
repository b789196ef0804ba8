"""The cache of built simulators: found again, never half-made, and a folder that cannot be written is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rtl.build_cache import EngineError, built, cache_folder, digest


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_build_is_made_once(home):
    calls = []

    def build(folder: Path) -> None:
        calls.append(folder)
        (folder / "engine").write_text("made")

    first = built("simulator", "abc", build)
    assert built("simulator", "abc", build) == first == home / "simulator-abc"
    assert (first / "engine").read_text() == "made"
    assert len(calls) == 1
    built("simulator", "abd", build)
    assert sorted(path.name for path in home.iterdir()) == ["simulator-abc", "simulator-abd"]


def test_a_build_that_fails_leaves_nothing(home):
    def build(folder: Path) -> None:
        (folder / "half").write_text("half")
        raise EngineError("the compiler said no")

    with pytest.raises(EngineError, match="said no"):
        built("simulator", "abc", build)
    assert list(home.iterdir()) == []


def test_another_process_that_was_first_is_believed(home):
    def build(folder: Path) -> None:
        (folder / "engine").write_text("second")
        (home / "simulator-abc").mkdir()
        (home / "simulator-abc" / "engine").write_text("first")

    assert (built("simulator", "abc", build) / "engine").read_text() == "first"
    assert [path.name for path in home.iterdir()] == ["simulator-abc"]


def test_a_cache_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RSNN_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(EngineError, match=r"file/cache: cannot hold built simulators .*set RSNN_CACHE"):
        built("simulator", "abc", lambda folder: None)


def test_the_default_is_the_users_cache(monkeypatch):
    monkeypatch.delenv("RSNN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", os.sep + "somewhere")
    assert cache_folder() == Path("/somewhere/rsnn")


def test_a_digest_tells_where_one_text_ends_and_the_next_begins():
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("ab", "c") == digest("ab", "c")
