"""The views share their time, and hold what the utterance holds."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import json
from typing import Any

import numpy as np

from experiments.page.utterance import Phone, Utterance
from experiments.page.views import views


def read(utterance: Utterance) -> Any:
    """Return the views as a browser gets them."""
    return json.loads(json.dumps(views(utterance)))


def found(item: Any, **wanted: str) -> list[dict]:
    """Return every model of a document in which these fields are so."""
    if isinstance(item, dict):
        own = [item] if all({**item, **item.get("attributes", {})}.get(k) == v for k, v in wanted.items()) else []
        return own + [model for value in item.values() for model in found(value, **wanted)]
    return [model for value in item for model in found(value, **wanted)] if isinstance(item, list) else []


def array_of(value: dict) -> np.ndarray:
    data = base64.b64decode(value["array"]["data"])
    data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    return np.frombuffer(data, value["dtype"]).reshape(value["shape"])


def test_every_plot_has_the_same_seconds(utterance):
    made = read(utterance)
    kinds = [model["attributes"] for model in found(made, type="object") if model.get("name") == "Figure"]
    plots = {own["name"]: own for own in kinds}
    assert list(plots) == ["sound", "spectrum", "phones", "spikes0", "spikes1", "membrane", "cycles", "power"]
    (shared,) = {own["x_range"]["id"] for own in plots.values()}
    (seconds,) = [model for model in found(made, id=shared) if "attributes" in model]
    assert seconds["attributes"]["end"] == utterance.seconds


def test_a_spike_is_a_cell_of_its_time_step_s_colour(utterance):
    made = read(utterance)
    images = [array_of(entry) for entry in found(made, type="ndarray") if entry["shape"] == [128, 694]]
    assert len(images) == 2
    for image, fired in zip(images, utterance.spikes, strict=True):
        assert np.array_equal(image[:, 0::2], fired[:, :, 0] * 1)
        assert np.array_equal(image[:, 1::2], fired[:, :, 1] * 2)


def test_it_is_the_same_each_time(utterance):
    assert json.dumps(views(utterance)) == json.dumps(views(utterance))


def test_one_time_step_three_layers_and_no_phones_can_be_drawn(utterance):
    def one(layer: np.ndarray) -> np.ndarray:
        return layer[:8, :, :1]

    small = dataclasses.replace(
        utterance,
        spikes=tuple(map(one, utterance.spikes)) + (one(utterance.spikes[0]),),
        membranes=tuple(map(one, utterance.membranes)) + (one(utterance.membranes[0]),),
        phones=[],
        reference=[],
    )
    made = read(small)
    assert found(made, name="spikes2")
    assert found(made, name="membrane0")
    assert not found(made, name="membrane1")


def test_no_text_of_a_user_s_stands_where_bokeh_looks_for_mathematics(utterance):
    made = read(dataclasses.replace(utterance, name="$$a$$", phones=[Phone(name="$$b$$", start_s=0, end_s=1)]))
    assert "$$a$$" not in json.dumps(made)
    glyphs = [model for model in found(made, type="object") if model.get("name") in ("MathTextGlyph", "TeXGlyph")]
    assert not glyphs
    assert json.dumps(made).count("$$b$$") == 1
