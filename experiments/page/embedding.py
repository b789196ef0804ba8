"""What a page holds inside itself: JSON that ends no script early, data URIs, Bokeh's documents with fixed names."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import numpy as np
from markupsafe import Markup

# As Bokeh numbers its models, through the life of a process.
_MODEL = re.compile(r"p\d+")


def script_json(content: Any) -> Markup:
    r"""Return JSON to stand in a ``script`` element: without ``<``, nothing in it can end the element or begin another.

    Examples
    --------
    >>> print(script_json({"name": "</script>"}))
    {"name":"\u003c/script>"}
    """
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    # The escapes are JSON's own, and what is safe here must not be escaped again as HTML.
    return Markup(text.replace("<", "\\u003c"))


def data_uri(content: bytes, kind: str) -> str:
    """Return bytes as an address that needs no network; `kind` is a media type of our own choice."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def packed(array: np.ndarray) -> dict[str, Any]:
    """Return an array of integers, little-endian, as text that the page's script makes a typed array of."""
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return {
        "kind": array.dtype.name,
        "shape": list(array.shape),
        "base64": base64.b64encode(little.tobytes()).decode("ascii"),
    }


def fixed_names(document: Any) -> Any:
    """Return Bokeh's JSON with its models numbered from 1 in the order in which they stand there.

    Bokeh counts models through a process, so that a second page would differ from the first.
    """
    names: dict[str, str] = {}

    def renamed(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: renamed(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [renamed(item, key) for item in value]
        if key in ("id", "root_id") and isinstance(value, str) and _MODEL.fullmatch(value):
            return names.setdefault(value, f"m{len(names) + 1}")
        return value

    return renamed(document)


def script_digest(text: str) -> str:
    """Return what a content security policy calls a script that it lets run."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"
