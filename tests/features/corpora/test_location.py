"""Where corpora are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.corpora.location import find_corpus, require_corpus
from features.errors import CorpusError


def test_an_explicit_folder_goes_before_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a" / "timit").mkdir(parents=True)
    (tmp_path / "b" / "timit").mkdir(parents=True)
    monkeypatch.setenv("RSNN_DATA", str(tmp_path / "b"))
    assert find_corpus("timit") == tmp_path / "b" / "timit"
    assert find_corpus("timit", tmp_path / "a") == tmp_path / "a" / "timit"


def test_absence_says_where_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"corpus speechocean762 not found.*OpenSLR 101"):
        require_corpus("speechocean762", tmp_path)
