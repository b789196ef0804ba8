"""Where corpora are looked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.corpora.location import SOURCES, find_corpus, require_corpus
from features.corpora.timit import _speakers
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
        f"corpus timit_sample not found: expected in {tmp_path} (--data or $RSNN_DATA) a folder timit_sample, "
        "or dr1-fvmh0, in any case, or these in archive/ or data/; it can be had from nltk.download('timit')"
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


@pytest.mark.parametrize("name", ["timit", "TIMIT", "Timit", "LDC93S1"])
def test_timit_s_folder_in_any_case(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / "timit_sample").mkdir()
    assert find_corpus("timit", tmp_path) == tmp_path / name


@pytest.mark.parametrize(("name", "spelled"), [("speechocean762", "SpeechOcean762"), ("timit_sample", "TIMIT_Sample")])
def test_every_corpus_s_folder_in_any_case(tmp_path: Path, name: str, spelled: str) -> None:
    (tmp_path / spelled).mkdir()
    assert find_corpus(name, tmp_path) == tmp_path / spelled
    (tmp_path / name).mkdir()
    assert find_corpus(name, tmp_path) == tmp_path / name


@pytest.mark.parametrize(
    ("named", "found", "inside"),
    [
        ("", "archive/data", "archive/data/TRAIN/DR1"),
        ("archive", "archive/data", "archive/data/TRAIN/DR1"),
        ("archive/data", "archive/data", "archive/data/TRAIN/DR1"),
        ("", "archive", "archive/TRAIN/DR1"),
        ("", "Data", "Data/Test/Dr4"),
        ("archive", "archive", "archive/test/dr4"),
        ("", "timit", "timit/archive/data/TRAIN/DR1"),
    ],
)
def test_copies_of_timit_from_elsewhere(tmp_path: Path, named: str, found: str, inside: str) -> None:
    (tmp_path / inside / "MCPM0").mkdir(parents=True)
    (tmp_path / "notes").mkdir()
    assert find_corpus("timit", tmp_path / named) == tmp_path / found
    (read,) = _speakers(tmp_path / found)
    assert read.name == f"{Path(inside).name.lower()}-mcpm0"


def test_names_that_no_folder_can_have(tmp_path: Path) -> None:
    for data in ("nul\0", "a" * 5000, tmp_path / ("b" * 300), "/dev/null"):
        assert find_corpus("timit", data) is None
        with pytest.raises(CorpusError, match="which is no folder"):
            require_corpus("timit", data)
    assert find_corpus("unknown", tmp_path) is None


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("timit", "TRAIN/DR1"),
        ("timit", "test/dr8"),
        ("timit_sample", "dr1-fvmh0"),
        ("speechocean762", "resource/text-phone"),
    ],
)
def test_the_corpus_itself_may_be_named(tmp_path: Path, name: str, inside: str) -> None:
    assert find_corpus(name, tmp_path) is None
    (tmp_path / inside).mkdir(parents=True)
    assert find_corpus(name, tmp_path) == tmp_path
    assert [other for other in SOURCES if find_corpus(other, tmp_path)] == [name]


def test_where_timit_can_be_had(tmp_path: Path) -> None:
    (tmp_path / "timit").touch()
    for data in (tmp_path, tmp_path / "absent", tmp_path / "timit"):
        with pytest.raises(CorpusError, match=r"corpus timit not found: .*LDC93S1"):
            require_corpus("timit", data)
