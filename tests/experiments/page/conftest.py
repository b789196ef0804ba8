"""The shipped clip as the page shows it, and pages of it in a browser; made once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from experiments.chain.spoken import recognise
from experiments.page.page import power_of, write_page
from experiments.page.utterance import Utterance, utterance_of

RESULTS = Path(__file__).parents[3] / "results"


@pytest.fixture(scope="session")
def power():
    return power_of(RESULTS / "demo")


@pytest.fixture(scope="session")
def utterance(network, shipped_clip, power) -> Utterance:
    said = (RESULTS / "demo" / "report.txt").read_text()
    return utterance_of(network, recognise(network, shipped_clip), power=power, report=said)


@pytest.fixture(scope="session")
def whole_page(utterance, tmp_path_factory) -> Path:
    return write_page(tmp_path_factory.mktemp("page") / "report.html", utterance=utterance, results=RESULTS)


@pytest.fixture
def opened(browser) -> Iterator[Callable[..., Any]]:
    """Return what opens a page from the disk, and in the end says what it logged and asked for that it should not."""
    faults: list[str] = []

    def opened_page(path: Path, *, width: int = 1280) -> Any:
        tab = browser.new_page(viewport={"width": width, "height": 900})
        tab.set_default_timeout(20_000)
        tab.on("console", lambda said: said.type in ("error", "warning") and faults.append(said.text))
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on("dialog", lambda dialog: (faults.append(dialog.message), dialog.dismiss()))
        tab.on("request", lambda asked: asked.url.startswith(("data:", path.as_uri())) or faults.append(asked.url))
        tab.goto(path.as_uri())
        tab.wait_for_selector("body[data-ready]")
        return tab

    yield opened_page
    assert not faults
