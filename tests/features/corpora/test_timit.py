"""The TIMIT sample's reader on the sample itself and on damaged files."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.audio import read_audio
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
        ends = [end for _, end, _ in one.phone_times]
        assert ends == sorted(ends)
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
