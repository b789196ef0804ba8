"""The TIMIT sample's reader on the sample itself and on damaged files."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.audio import read_audio
from features.corpora.phones import PHONES_39
from features.corpora.timit import read_phone_file, read_timit_sample
from features.errors import CorpusError


def test_the_sample(timit_sample: Path) -> None:
    sentences = read_timit_sample(timit_sample)
    assert len(sentences) == 120
    assert len({one.speaker for one in sentences}) == 12
    first = sentences[0]
    assert first.phone_times is not None
    assert first.words
    assert first.phones[0] == first.phones[-1] == "sil"
    seconds = len(read_audio(first.audio_path)) / 16_000
    for one in sentences:
        assert one.phone_times is not None
        borders = [border for start, end, _ in one.phone_times for border in (start, end)]
        assert borders == sorted(borders)
        assert one.symbols == tuple(symbol for _, _, symbol in one.phone_times)
        assert set(one.phones) <= set(PHONES_39)
        assert one.words[0].isupper()
    assert {phone for one in sentences for phone in one.phones} == set(PHONES_39)
    assert len({symbol for one in sentences for symbol in one.symbols}) == 60  # Of 61; the sample lacks one.
    assert abs(first.phone_times[-1][1] - seconds) < 0.2


@pytest.mark.parametrize("line", ["1 2", "a 2 s", "5 3 s", "1 2 s t"])
def test_a_malformed_line_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "x.phn"
    path.write_text(f"0 1 h#\n{line}\n")
    with pytest.raises(CorpusError) as refused:
        read_phone_file(path)
    assert str(refused.value) == f"{path}, line 2: expected START END PHONE, got {line!r}"


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no folder dr1"):
        read_timit_sample(tmp_path)
    (tmp_path / "dr1-x").mkdir()
    (tmp_path / "dr1-x/a.wav").touch()
    with pytest.raises(CorpusError, match=r"a\.phn: cannot be read"):
        read_timit_sample(tmp_path)
    (tmp_path / "dr1-x/a.phn").write_text("0 10 h#\n")
    with pytest.raises(CorpusError, match=r"a\.txt: cannot be read"):
        read_timit_sample(tmp_path)
    (tmp_path / "dr1-x/a.txt").write_text("0 10\n")
    with pytest.raises(CorpusError, match=r"a\.txt: expected START END SENTENCE"):
        read_timit_sample(tmp_path)
    (tmp_path / "dr1-x/a.txt").write_text("0 10 A sentence.\n")
    (one,) = read_timit_sample(tmp_path)
    assert (one.words, one.phones, one.phone_times) == ("A sentence.", ("sil",), ((0.0, 10 / 16_000, "h#"),))
    (tmp_path / "dr1-x/a.phn").write_text("0 10 h#\n10 20 xx\n")
    with pytest.raises(CorpusError, match=r"a\.phn: phone 'xx': expected a TIMIT or ARPAbet symbol"):
        read_timit_sample(tmp_path)
    (tmp_path / "dr2-y").mkdir()
    (tmp_path / "dr1-x/a.phn").write_text("0 10 h#\n")
    with pytest.raises(CorpusError, match=r"dr2-y: no \.wav file"):
        read_timit_sample(tmp_path)


def test_overlapping_phones_and_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "x.phn"
    path.write_text("0 10 h#\n9 20 aa\n")
    with pytest.raises(CorpusError) as refused:
        read_phone_file(path)
    assert str(refused.value) == f"{path}, line 2: starts at 9, before the phone above ends at 10"
    path.write_text("")
    with pytest.raises(CorpusError) as refused:
        read_phone_file(path)
    assert str(refused.value) == f"{path}: no phones"


def test_the_shipped_clip_is_covered(shipped_clip: Path) -> None:
    times = read_phone_file(shipped_clip.with_suffix(".phn"))
    assert abs(times[-1][1] - len(read_audio(shipped_clip)) / 16_000) < 0.05
