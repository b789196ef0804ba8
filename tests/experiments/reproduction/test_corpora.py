"""Folders by content."""

from __future__ import annotations

from pathlib import Path

from experiments.reproduction.corpora import folder_digest


def test_names_and_content_count_and_hidden_files_do_not(tmp_path: Path) -> None:
    digests = []
    for number, files in enumerate(
        ({"a": "1", "b/c": "2"}, {"a": "1", "b/c": "2", ".x": "3"}, {"a": "1", "b/d": "2"}, {"a": "1", "b/c": "4"})
    ):
        root = tmp_path / str(number)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        digests.append(folder_digest(root))
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3
