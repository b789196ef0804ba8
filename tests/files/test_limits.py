"""The limit on what a file may unpack to, and how a user raises it."""

from __future__ import annotations

import pytest

from files.errors import FileError, TooLargeError
from files.limits import check_size, most_bytes


def test_the_variable_raises_and_lowers_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RSNN_MAX_MB", raising=False)
    assert most_bytes() == 2048 << 20
    for text, expected in (("1", 1 << 20), (" 4096 ", 4096 << 20), ("", 2048 << 20)):
        monkeypatch.setenv("RSNN_MAX_MB", text)
        assert most_bytes() == expected


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", "99999999", "9" * 400, "\u0663"])
def test_a_variable_that_is_no_limit_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("RSNN_MAX_MB", text)
    with pytest.raises(FileError, match=r"^\$RSNN_MAX_MB: is '.*', expected a whole number of MiB in 1..16777216"):
        most_bytes()


def test_a_size_beyond_it_is_refused_with_the_way_to_allow_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RSNN_MAX_MB", "1")
    check_size("a.npz", "an array", 1 << 20)
    with pytest.raises(TooLargeError, match=r"^a.npz: an array of 1,048,577 bytes, .*set RSNN_MAX_MB, in MiB"):
        check_size("a.npz", "an array", (1 << 20) + 1)
    with pytest.raises(TooLargeError, match=r"^a.npz: an array of 11 bytes, expected at most 10$"):
        check_size("a.npz", "an array", 11, most=10)
