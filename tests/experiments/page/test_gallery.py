"""Tables come whole, pictures smaller, and neither from where the results end."""

from __future__ import annotations

import base64
import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.page import gallery
from experiments.page.gallery import MOST_ACROSS, sections
from files.errors import FileError

RESULTS = Path(__file__).parents[3] / "results"


def image_of(source: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2])))


def save(path: Path, width: int, height: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    ramp = np.linspace(0, 255, width).astype(np.uint8)
    Image.fromarray(np.broadcast_to(ramp, (height, width)).copy()).convert("RGB").save(path)


def test_a_table_holds_the_file_s_cells():
    made = {(section.folder, table.name): table for section in sections(RESULTS) for table in section.tables}
    table = made["demo", "frames.csv"]
    with (RESULTS / "demo/frames.csv").open() as file:
        columns, *rows = csv.reader(file)
    assert (table.columns, table.rows, table.rows_in_all) == (columns, rows, len(rows))
    assert table.commands == ("rsnn run --out results/demo",)
    assert {f"{folder}/{name}" for folder, name in made} == {
        path.relative_to(RESULTS).as_posix() for path in RESULTS.rglob("*.csv")
    }


def test_of_a_long_table_the_first_rows_are_held(tmp_path, monkeypatch):
    monkeypatch.setattr(gallery, "MOST_ROWS", 2)
    (tmp_path / "long.csv").write_text("a\n1\n2\n3\n")
    ((table,),) = (section.tables for section in sections(tmp_path))
    assert (table.rows, table.rows_in_all) == ([["1"], ["2"]], 3)


def test_a_wide_picture_is_made_narrower_and_stays_the_picture(tmp_path):
    save(tmp_path / "a/wide.png", 2 * MOST_ACROSS, 200)
    save(tmp_path / "a/small.png", 30, 20)
    ((small, wide),) = (section.pictures for section in sections(tmp_path))
    assert (wide.width, wide.height) == image_of(wide.source).size == (MOST_ACROSS, 100)
    assert (small.width, small.height) == image_of(small.source).size == (30, 20)
    assert wide.alt
    # Fewer colours, none of them far off.
    grey = np.asarray(image_of(wide.source).convert("L"), float)[50]
    assert np.abs(grey - np.linspace(0, 255, MOST_ACROSS)).max() < 6


def test_a_small_svg_stands_for_its_png(tmp_path, monkeypatch):
    save(tmp_path / "plot.png", 30, 20)
    (tmp_path / "plot.svg").write_text("<svg/>")
    ((picture,),) = (section.pictures for section in sections(tmp_path))
    assert picture.source.startswith("data:image/svg+xml;base64,")
    monkeypatch.setattr(gallery, "MOST_SVG_BYTES", 3)
    ((picture,),) = (section.pictures for section in sections(tmp_path))
    assert picture.source.startswith("data:image/png;base64,")


def test_hidden_files_and_links_are_passed_over(tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text("secret\n1\n")
    inside = tmp_path / "results"
    (inside / ".staging").mkdir(parents=True)
    (inside / ".staging/half.csv").write_text("a\n1\n")
    (inside / "link.csv").symlink_to(outside)
    assert sections(inside) == []


def test_what_is_no_picture_is_refused_by_name(tmp_path, monkeypatch):
    (tmp_path / "bad.png").write_bytes(b"GIF89a")
    with pytest.raises(FileError, match=r"bad\.png: no picture \(PNG\)"):
        sections(tmp_path)
    save(tmp_path / "bad.png", 30, 20)
    monkeypatch.setattr(gallery, "MOST_PIXELS", 599)
    with pytest.raises(FileError, match=r"bad\.png: 30 x 20 pixels, expected at most 599"):
        sections(tmp_path)
    with pytest.raises(FileError, match="no such folder"):
        sections(tmp_path / "nowhere")
