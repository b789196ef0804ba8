"""Fronts of operating points: by class, by voltage, with rates only where there are some, the paper's beside."""

from __future__ import annotations

from typing import Any

from experiments.exploration.fronts import FRONTS, NOMINAL, front_rows

NAMES = ("total_typical_uw", "area_typical_mm2", "latency_ms", "test_per")


def row(design: str, power: float, area: float, time: float, rate: float | None = None, **more: Any) -> dict[str, Any]:
    values = dict(zip(NAMES, (str(power), area, str(time), rate), strict=True))
    about = {"design": design, "class": "HVT", "vdd_v": "0.9", "clock": "100 kHz", "clock_hz": "100000"}
    return about | {"meets_timing": "yes"} | values | more


ROWS = [
    row("small", 10, 0.1, 8, 0.6),
    row("fast", 20, 0.3, 2, 0.55),
    row("beaten", 21, 0.3, 2, 0.55),
    row("slow cells", 1, 0.01, 1, meets_timing="no"),
    row("other class", 5, 0.05, 1, **{"class": "LVT"}),
    row("beaten", 9, 0.1, 8, 0.6, vdd_v="0.5"),
    row("untrained", 9.5, 0.09, 7),
]


def designs(rows: list[dict[str, Any]], front: str, voltages: str, threshold: str = "HVT") -> list[str]:
    return [
        one["design"]
        for one in rows
        if (one["front"], one["voltages"], one["class"], one["on_front"]) == (front, voltages, threshold, "yes")
    ]


def test_each_front_is_of_one_class_and_its_voltages() -> None:
    found = front_rows(ROWS, "shipped")
    first, second = FRONTS
    assert designs(found, first, NOMINAL) == ["fast", "untrained"]
    assert designs(found, first, NOMINAL, "LVT") == ["other class"]
    # With rates, networks that have none are not compared; and the lower voltage beats where it is allowed.
    assert designs(found, second, NOMINAL) == ["small", "fast"]
    assert designs(found, second, "any") == ["fast", "beaten"]


def test_the_shipped_design_stands_there_even_where_it_is_beaten() -> None:
    found = front_rows(ROWS, "beaten")
    own = [one for one in found if one["shipped"] == "yes" and one["voltages"] == NOMINAL]
    assert [one["on_front"] for one in own] == ["no", "no"]
    assert all(one["vdd_v"] == "0.9" for one in own)


def test_the_paper_s_is_beside_with_what_it_states_and_nothing_else() -> None:
    paper = front_rows(ROWS, "small")[-1]
    assert (paper["kind"], paper["on_front"], paper["total_typical_uw"]) == ("stated", "", "71.2")
    assert (paper["clock_hz"], paper["class"]) == ("100000", "not stated")
    assert paper["area_typical_mm2"] is paper["test_per"] is paper["vdd_v"] is None
    assert all(tuple(one) == tuple(paper) for one in front_rows(ROWS, "small"))
    assert front_rows([], "small") == []
