"""Folders of results, as ``rsnn report`` takes them: tables, pictures, manifests and a README, one of them damaged."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path

from PIL import Image

from experiments.page.blocks import AREAS, PLACES, SYNTHESIS, blocks_of
from experiments.page.embedding import script_json
from experiments.page.gallery import MOST_ACROSS, MOST_ROWS, sections
from experiments.page.headline import CYCLES, EFFICIENCY, RECOGNITION, figures
from power.constants import Bounds
from tests.fuzz.case import Case, Entry
from tests.fuzz.mutation import bytes_mutated, json_mutated, name, special, text_mutated
from tests.fuzz.surface import Finding, Surface
from tests.fuzz.surfaces.tables import cells_changed


class Priced:
    """A power report as far as the page asks for one."""

    total = Bounds(1.0, 2.0, 3.0)

    def by_block(self) -> dict[str, Bounds]:
        return dict.fromkeys(PLACES, self.total)


POWER = {"HVT": Priced()}


def _picture(width: int, height: int) -> bytes:
    content = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(content, "PNG")
    return content.getvalue()


PARTS = [part for place in PLACES.values() for part in place.parts]
TABLES = {
    AREAS.as_posix(): "block,mm2_28nm_low,mm2_28nm_typical,mm2_28nm_high\n"
    + "".join(f"{part},0.1,0.2,0.3\n" for part in PARTS),
    SYNTHESIS.as_posix(): "block,nand2_equivalents\n" + "".join(f"{block},12.5\n" for block in PLACES),
    EFFICIENCY.as_posix(): "class,tops_per_w_typical,gops_per_mm2_typical\nHVT,1.5,200\nHVT,2.5,300\n",
    RECOGNITION.as_posix(): "stage,megabytes,dense_megabytes,test_per,test_per_low,test_per_high,seeds\n"
    "integer-t2,0.1,0.15,0.5,0.4,0.6,3\nlstm,0.9,0.9,0.5,0.5,0.5,3\n",
}
TEXTS = {
    "README.md": "| folder | command | holds |\n|---|---|---|\n"
    "| `power/` | `rsnn power x`, `rsnn run` | [a](b) `c` |\n",
    "power/plot.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
}
OBJECTS = {
    CYCLES.as_posix(): {
        "cycles_mean": 579.5, "cycles_99th_percentile": 671, "cycles_most": 762, "budget": 1000, "overruns": 0,
        "frames": 10, "mmac_per_s": 8.1,
    },
    "power/manifest.json": {"format_version": 1, "files": {"plot.png": {"by": "rsnn power"}}},
}  # fmt: skip
PICTURES = {"power/plot.png": _picture(40, 30), "demo/wide.png": _picture(MOST_ACROSS + 40, 8)}


def generate(rng: random.Random) -> Case:
    """Return a folder of results with one file changed, or one that is no file."""
    files: dict[str, bytes] = {path: text.encode() for path, text in (TABLES | TEXTS).items()}
    files |= {path: json.dumps(value).encode() for path, value in OBJECTS.items()}
    files |= PICTURES
    chosen = rng.choice(sorted(files))
    if chosen in TABLES and rng.random() < 0.7:
        files[chosen] = cells_changed(rng, TABLES[chosen])
    elif chosen in OBJECTS and rng.random() < 0.8:
        files[chosen] = json_mutated(rng, OBJECTS[chosen])
    elif chosen in PICTURES:
        files[chosen] = bytes_mutated(rng, files[chosen], list(PICTURES.values()))
    else:
        files[chosen] = text_mutated(rng, files[chosen].decode())
    entries: dict[str, Entry] = dict(files)
    if rng.random() < 0.1:
        entries[f"power/{name(rng)}.csv"] = entries.pop(chosen)
    if rng.random() < 0.08:
        entries |= special(rng, chosen, files[chosen])
    return Case({f"results/{path}": entry for path, entry in entries.items()}, "results")


def run(case: Case, folder: Path) -> None:
    """Gather all that the page shows; nothing in it may end a script, be longer than it says, or be no number."""
    path = case.path(folder)
    rows, _ = figures(path, POWER, "demo/activity.csv")
    said = " ".join(str(row.ours) for row in rows)
    if any(word in said.split() for word in ("nan", "inf", "-inf")):
        raise Finding(f"a figure that is none: {said}")
    if not all(0 <= block.share <= 1 for block in blocks_of(POWER, path)):
        raise Finding("a block's share: not within 0..1")
    for section in sections(path):
        for table in section.tables:
            if len(table.rows) > MOST_ROWS or "<" in table.json:
                raise Finding(f"a table that does not fit its script: {table.name}")
        for picture in section.pictures:
            if picture.width > MOST_ACROSS or not picture.source.startswith("data:image/"):
                raise Finding(f"a picture: {picture.width} pixels across")
        script_json(section.folder)


SURFACE = Surface("result_folders", generate, run, share=4)
