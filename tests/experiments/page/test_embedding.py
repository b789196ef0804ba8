"""What is embedded comes out again as it went in, and ends no element of the page on the way."""

from __future__ import annotations

import base64
import hashlib
import json
from html.parser import HTMLParser

import numpy as np
import pytest
from bokeh.embed import json_item
from bokeh.plotting import figure
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from experiments.page.embedding import data_uri, fixed_names, packed, script_digest, script_json

TEXTS = st.one_of(st.text(), st.sampled_from(["</script>", "<!--<script>", "]]>", "\u2028", "&lt;"]))


class Script(HTMLParser):
    """The text of the one script element, and how many elements there are."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.elements = "", 0
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements += 1

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.recursive(TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=8))
def test_json_in_a_script_element_is_read_back_whole(content):
    read = Script(f'<script type="application/json">{script_json(content)}</script>')
    assert read.elements == 1
    assert json.loads(read.text) == content


def test_json_that_no_browser_reads_is_refused():
    with pytest.raises(ValueError, match="JSON"):
        script_json([float("nan")])


@given(arrays.arrays(st.sampled_from([np.uint8, np.int16, np.int32, np.dtype(">i2")]), arrays.array_shapes()))
def test_arrays_are_little_endian_bytes(array):
    made = packed(array)
    read = np.frombuffer(base64.b64decode(made["base64"]), np.dtype(made["kind"]).newbyteorder("<"))
    assert np.array_equal(read.reshape(made["shape"]), array)


def test_a_data_uri_holds_the_bytes():
    kind, _, content = data_uri(b"\0\xff<>", "audio/wav").partition(",")
    assert kind == "data:audio/wav;base64"
    assert base64.b64decode(content) == b"\0\xff<>"


def test_the_same_plot_has_the_same_names_whatever_was_drawn_before():
    def drawn() -> dict:
        plot = figure(name="p17")
        plot.line([1, 2], [3, 4])
        return json_item(plot)

    first, second = drawn(), drawn()
    assert json.dumps(first) != json.dumps(second)
    assert fixed_names(first) == fixed_names(second)
    # A user's text that looks like a name of Bokeh's stays.
    assert '"p17"' in json.dumps(fixed_names(first))


def test_names_still_point_to_what_they_did():
    made = fixed_names({"root_id": "p9", "doc": [{"id": "p9", "x": {"id": "p3"}}, {"id": "p3"}]})
    assert made == {"root_id": "m1", "doc": [{"id": "m1", "x": {"id": "m2"}}, {"id": "m2"}]}


def test_a_digest_is_that_of_the_content_security_policy():
    # The example of the specification (W3C, Content Security Policy Level 3): alert('Hello, world.');
    assert script_digest("alert('Hello, world.');") == "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    assert hashlib.sha256(b"x").digest() == base64.b64decode(script_digest("x")[8:-1])
