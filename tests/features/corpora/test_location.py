"""Where corpora are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.corpora.location import find_corpus, require_corpus
from features.errors import CorpusError


def test_an_explicit_folder_goes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "timit_sample").mkdir(parents=True)
    (tmp_path / "b" / "timit_sample").mkdir(parents=True)
    monkeypatch.setenv("RSNN_DATA", str(tmp_path / "b"))
    assert find_corpus("timit_sample") == tmp_path / "b" / "timit_sample"
    assert find_corpus("timit_sample", tmp_path / "a") == tmp_path / "a" / "timit_sample"


def test_absence_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"corpus speechocean762 not found.*OpenSLR 101"):
        require_corpus("speechocean762", tmp_path)


def test_absence_word_for_word(tmp_path: Path) -> None:
    (tmp_path / "timit_sample").touch()  # A file is no corpus.
    with pytest.raises(CorpusError) as refused:
        require_corpus("timit_sample", tmp_path)
    assert str(refused.value) == (
        "corpus timit_sample not found: expected a folder timit_sample under --data or $RSNN_DATA; "
        "it can be had from nltk.download('timit')"
    )


def test_without_an_environment_it_lies_beside_the_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "timit_sample").mkdir()
    monkeypatch.chdir(tmp_path)
    beside = Path(__file__).resolve().parents[4] / "shared" / "data" / "timit_sample"
    wanted = beside if beside.is_dir() else None
    monkeypatch.delenv("RSNN_DATA", raising=False)
    assert find_corpus("timit_sample") == wanted
    # An empty variable is none at all, and never the current folder.
    monkeypatch.setenv("RSNN_DATA", "")
    assert find_corpus("timit_sample") == wanted
