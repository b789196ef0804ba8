"""The page whole: the same bytes each time, nothing of a user's that runs, and what a browser makes of it."""

from __future__ import annotations

import dataclasses
import itertools
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from experiments.page.page import page, write_page
from experiments.page.utterance import Phone
from files.errors import FileError, WriteError

RESULTS = Path(__file__).parents[3] / "results"
HOSTILE = "</script><img src=x onerror=alert(1)><script>alert(2)</script>{{ 7 * 7 }}$$x$$"
MOST_BYTES = 6_000_000


class Elements(HTMLParser):
    """Elements of a page with their attributes, in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))


@pytest.fixture(scope="session")
def hostile(utterance):
    """Return the clip by a name, phones and a report that would be script in a page that did not escape them."""
    phones = [Phone(name=HOSTILE, start_s=0.0, end_s=1.0)]
    return dataclasses.replace(utterance, name=HOSTILE, phones=phones, reference=phones, report=HOSTILE)


def test_the_same_input_gives_the_same_bytes(utterance, whole_page, tmp_path):
    again = write_page(tmp_path / "again.html", utterance=utterance, results=RESULTS)
    assert again.read_bytes() == whole_page.read_bytes()


def test_it_is_small_and_asks_for_nothing(whole_page):
    assert whole_page.stat().st_size < MOST_BYTES
    elements = Elements(whole_page.read_text()).found
    addresses = [value for _, each in elements for name, value in each.items() if name in ("src", "href", "action")]
    assert addresses
    assert all(re.match(r"data:|#", value or "") for value in addresses)
    assert all(each.get("alt") for tag, each in elements if tag == "img")


def test_what_a_user_hands_in_is_text_and_nothing_else(utterance, hostile):
    plain = [tag for tag, _ in Elements(page(utterance=utterance, results=None)).found]
    text = page(utterance=hostile, results=None)
    tags = [tag for tag, _ in Elements(text).found]
    # Fewer phones, and nothing more of any kind.
    assert tags.count("script") == plain.count("script")
    assert tags.count("img") == plain.count("img") == 0
    assert "alert(2)&lt;/script&gt;{{ 7 * 7 }}" in text


def test_without_results_the_page_is_of_the_run_alone(utterance):
    text = page(utterance=utterance, results=None, made_by="rsnn run")
    assert "All results" not in text
    assert "frames that the accelerator ran" in text
    total = utterance.power["HVT"].total
    assert f"{total.typical:.2f} ({total.low:.2f}-{total.high:.2f})" in text


def test_there_is_a_page_of_something(tmp_path):
    with pytest.raises(ValueError, match="neither an utterance nor results"):
        page(utterance=None, results=None)
    with pytest.raises(FileError, match=r"demo/activity\.csv: no such file"):
        page(utterance=None, results=tmp_path)


def test_what_cannot_be_written_leaves_nothing(utterance, tmp_path):
    (tmp_path / "page.html").mkdir()
    with pytest.raises(WriteError, match="is a folder"):
        write_page(tmp_path / "page.html", utterance=utterance, results=None)
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]


# ---- in a browser ----------------------------------------------------------------------------------------------------


def middle_of(tab, name: str, *, across: float = 0.5, up: float = 0.5) -> tuple[float, float]:
    """Return a point of a plot in the window, after scrolling there; `across` and `up` are shares of its frame."""
    return tuple(
        tab.evaluate(
            """async ([name, across, up]) => {
                const view = Bokeh.index.find_one(Bokeh.documents[0].get_model_by_name(name));
                view.el.scrollIntoView({ block: "center" });
                await new Promise((done) => setTimeout(done, 100));
                const { left, top } = view.el.getBoundingClientRect();
                const { bbox } = view.frame;
                return [left + bbox.left + across * bbox.width, top + bbox.top + (1 - up) * bbox.height];
            }""",
            [name, across, up],
        )
    )


def shown_s(tab, name: str) -> list[float]:
    script = "name => { const r = Bokeh.documents[0].get_model_by_name(name).x_range; return [r.start, r.end]; }"
    return tab.evaluate(script, name)


@pytest.mark.slow
def test_a_click_on_a_neuron_shows_its_membrane(opened, whole_page, utterance):
    tab = opened(whole_page)
    before = tab.inner_text("#chosen")
    tab.mouse.click(*middle_of(tab, "spikes1", across=0.3, up=20.5 / 128))
    said = tab.inner_text("#chosen")
    assert said != before
    assert said.startswith("Membrane of layer 1, neuron 20:")
    assert f"{int(utterance.spikes[1][20].sum())} spikes" in said
    for step in range(utterance.time_steps):
        drawn = tab.evaluate(f"Array.from(Bokeh.documents[0].get_model_by_name('membrane{step}').data.y)")
        assert np.array_equal(drawn, utterance.membranes[1][20, :, step])
    # The click sets the time as well.
    assert tab.evaluate("document.getElementById('sound').currentTime") == pytest.approx(
        0.7 * shown_s(tab, "sound")[0] + 0.3 * shown_s(tab, "sound")[1], abs=0.02
    )


@pytest.mark.slow
def test_the_keyboard_chooses_a_neuron_and_a_time(opened, whole_page, utterance):
    tab = opened(whole_page)
    tab.select_option("#layer", "1")
    tab.fill("#neuron", "7")
    tab.press("#neuron", "Tab")
    assert tab.inner_text("#chosen").startswith("Membrane of layer 1, neuron 7:")
    tab.focus("#frame")
    for _ in range(3):
        tab.keyboard.press("ArrowRight")
    said = tab.inner_text("#readout")
    assert "frame 3:" in said
    assert f"{utterance.cycles[3]} of 1,000 cycles; {utterance.power_uw[3, 1]:.2f} uW" in said


@pytest.mark.slow
def test_the_cursor_goes_with_the_sound(opened, whole_page):
    tab = opened(whole_page)
    tab.click("text=Zoom in")
    assert tab.evaluate("document.getElementById('sound').duration") == pytest.approx(3.475, abs=0.02)
    # What is shown follows: the middle alone was.
    tab.evaluate(
        """async () => {
            const sound = document.getElementById("sound");
            const late = new Promise((done) => {
                sound.addEventListener("timeupdate", () => sound.currentTime > 2.6 && done());
            });
            await sound.play();
            await late;
            sound.pause();
        }"""
    )
    tab.wait_for_timeout(200)
    at = tab.evaluate("document.getElementById('sound').currentTime")
    assert float(tab.inner_text("#readout").split(" s,")[0]) == pytest.approx(at, abs=0.1)
    start, end = shown_s(tab, "power")
    assert start <= at <= end
    assert tab.evaluate("Bokeh.documents[0].get_model_by_name('cursor-cycles').location") == pytest.approx(at, abs=0.1)


@pytest.mark.slow
def test_zooming_in_one_view_moves_all(opened, whole_page):
    tab = opened(whole_page)
    names = ["sound", "spectrum", "phones", "spikes0", "spikes1", "membrane", "cycles", "power"]
    before = shown_s(tab, "power")
    at = middle_of(tab, "power")
    picture = tab.screenshot(clip={"x": 200, "y": at[1] - 40, "width": 800, "height": 80})
    tab.mouse.move(*middle_of(tab, "spectrum"))
    tab.keyboard.down("Control")
    tab.mouse.wheel(0, -400)
    tab.keyboard.up("Control")
    tab.wait_for_timeout(500)
    after = shown_s(tab, "spectrum")
    assert after[1] - after[0] < 0.9 * (before[1] - before[0])
    assert all(shown_s(tab, name) == after for name in names)
    at = middle_of(tab, "power")
    assert tab.screenshot(clip={"x": 200, "y": at[1] - 40, "width": 800, "height": 80}) != picture
    tab.click("text=Whole")
    assert shown_s(tab, "power") == pytest.approx([0, 3.47])


@pytest.mark.slow
def test_tables_sort_by_the_column_that_is_asked_for(opened, whole_page):
    tab = opened(whole_page)
    table = tab.locator("details", has_text="frames.csv, 347 rows")
    table.locator("summary").click()
    table.locator("th").first.wait_for()
    head = table.locator("th", has_text=re.compile("^cycles$"))
    where = table.locator("th").all_inner_texts().index("cycles") + 1

    def column() -> list[int]:
        return [int(cell) for cell in table.locator(f"tbody td:nth-child({where})").all_inner_texts()]

    assert head.get_attribute("aria-sort") == "none"
    unsorted = column()
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    table.get_by_text("Show all 347 rows").click()
    assert len(column()) == 347
    assert column() == sorted(column()) != unsorted
    head.locator("button").press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert column() == sorted(column(), reverse=True)


@pytest.mark.slow
def test_on_a_telephone_nothing_is_wider_than_the_screen(opened, whole_page):
    tab = opened(whole_page, width=375)
    for summary in tab.locator("summary").all():
        summary.click()
    assert tab.evaluate("document.documentElement.scrollWidth") == 375


@pytest.mark.slow
@pytest.mark.parametrize("width", [375, 1280])
def test_no_rule_of_accessibility_is_broken(opened, whole_page, width):
    from axe_playwright_python.sync_playwright import Axe

    tab = opened(whole_page, width=width)
    for name in ("frames.csv", "table.csv"):
        tab.locator("summary", has_text=name).first.click()
    broken = Axe().run(tab)
    assert broken.violations_count == 0, broken.generate_report()
    assert len(broken.response["passes"]) > 20


@pytest.mark.slow
def test_headings_are_in_order(opened, whole_page):
    tab = opened(whole_page)
    names = tab.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(heading => heading.tagName)")
    levels = [int(name[1]) for name in names]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.slow
def test_a_hostile_name_runs_nothing(opened, hostile, tmp_path):
    # Dialogs, errors and requests are faults of `opened`.
    tab = opened(write_page(tmp_path / "hostile.html", utterance=hostile, results=None))
    assert HOSTILE in tab.inner_text("h2#utterance-part")
    assert HOSTILE in tab.inner_text("#readout")


@pytest.mark.slow
def test_a_script_that_gets_in_all_the_same_is_not_run(browser, whole_page, tmp_path):
    """The policy is the second line: were something not escaped, it would not be run for want of a digest."""
    path = tmp_path / "injected.html"
    path.write_text(whole_page.read_text().replace("</main>", "<script>document.title = 'run'</script></main>", 1))
    tab = browser.new_page()
    tab.goto(path.as_uri())
    tab.wait_for_selector("body[data-ready]")
    assert tab.title() != "run"
