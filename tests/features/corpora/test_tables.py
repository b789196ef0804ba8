"""Lines of text files from any system, and files that are none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from features.corpora.tables import read_lines
from features.errors import CorpusError


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"a\nb\n", ["a", "b"]), (b"a\nb", ["a", "b"]), (b"a\r\nb\r\n", ["a", "b"]), (b"a\rb\r", ["a", "b"]),
        (b"\xef\xbb\xbfa b\n", ["a b"]), (b"", []), (b"\n", [""]), (b"a\n\nb\n", ["a", "", "b"]),
        ("a\u2028b\x0cc\x85d\x1ce\n".encode(), ["a\u2028b\x0cc\x85d\x1ce"]),
    ],
)  # fmt: skip
def test_lines_end_at_line_ends_alone(tmp_path: Path, content: bytes, lines: list[str]) -> None:
    (tmp_path / "text").write_bytes(content)
    assert read_lines(tmp_path / "text") == lines


def test_what_is_no_text_file(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(b"caf\xe9\n")
    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path / "latin", "no UTF-8 text (byte 3)"),
        (tmp_path / "pipe", "is a named pipe, expected a text file"),
        (Path("/dev/zero"), "is a device, expected a text file"),
        (tmp_path, "is a folder, expected a text file"),
        (tmp_path / "absent", "no such text file; ask the publisher"),
    ):
        with pytest.raises(CorpusError) as refused:
            read_lines(path, "ask the publisher")
        assert str(refused.value) == f"{path}: {message}"
