"""Where results go, and what is said of them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from experiments.reproduction import reproduce as module
from experiments.reproduction.job import Job


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Note the jobs, and run none."""
    jobs: list[Job] = []

    def run(given: list[Job], **_: Any) -> list[str]:
        jobs.extend(given)
        return []

    monkeypatch.setattr(module, "run_jobs", run)
    return jobs


def made(tmp_path: Path, *names: str, out: Path | None = None, quick: bool = False) -> str:
    text, failed = module.reproduce(
        names, quick=quick, data=tmp_path / "none", cells=None, side_by_side=1, again=False, out=out,
        work=tmp_path / "work", said=io.StringIO(),
    )  # fmt: skip
    assert not failed
    return text


def test_results_of_a_clip_do_not_take_the_place_of_a_corpus_s(tmp_path: Path, ran: list[Job]) -> None:
    text = made(tmp_path, "cycles", "inference")
    assert {job.results for job in ran} == {Path("build/reproduced")}
    assert "2 of 2 results are in build/reproduced/" in text
    assert "cycles: without speechocean762" in text


def test_what_needs_no_corpus_goes_to_results(tmp_path: Path, ran: list[Job]) -> None:
    made(tmp_path, "inference")
    assert {job.results for job in ran} == {Path("results")}


def test_a_folder_that_is_named_is_taken(tmp_path: Path, ran: list[Job]) -> None:
    made(tmp_path, "cycles", out=tmp_path / "mine")
    made(tmp_path, "cycles", quick=True)
    assert [job.results for job in ran] == [tmp_path / "mine", Path("build/quick")]


def test_the_list_has_commands_files_and_needs() -> None:
    text = module.list_results(["cycles"])
    assert "rsnn cycles --data {data}" in text
    assert "results/cycles/: utterances.csv" in text
    assert "needs speechocean762" in text
    assert text.count("\n    rsnn ") == 1
