"""What an experiment runs on: sound files or a corpus, in words."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from experiments.chain.listing import listing
from experiments.chain.spoken import CLIP
from features.errors import CorpusError


def test_the_shipped_clip_is_called_so() -> None:
    found = listing([CLIP], data=None, split="test", phones=True)
    assert found.said == "the shipped clip"
    assert [one.name for one in found.utterances] == ["demo"]
    assert len(found.utterances[0].phones or ()) == 30


def test_files_of_one_name_stay_apart(tmp_path: Path) -> None:
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths.append(Path(shutil.copy(CLIP, tmp_path / folder / "one.flac")))
    found = listing(paths, data=None, split="test")
    assert found.said == "2 sound files"
    assert [one.name for one in found.utterances] == ["one (1)", "one (2)"]
    assert found.utterances[0].phones is None


def test_a_file_without_phones_is_refused_where_they_are_needed(tmp_path: Path) -> None:
    alone = Path(shutil.copy(CLIP, tmp_path / "alone.flac"))
    with pytest.raises(CorpusError, match=r"alone\.flac: no phone file beside it \(alone\.phn\)"):
        listing([alone], data=None, split="test", phones=True)


def test_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="speechocean762 not found"):
        listing([], data=tmp_path, split="test")
