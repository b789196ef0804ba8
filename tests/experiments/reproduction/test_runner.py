"""Jobs run in order, side by side, go on after a kill, and say what failed."""

from __future__ import annotations

import dataclasses
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from experiments.command.experiment import Result
from experiments.reproduction.job import Job
from experiments.reproduction.runner import run_jobs

ROOT = Path(__file__).parents[3]


def faults_like(name: str, results: Path, *words: str, inputs: tuple[str, ...] = ()) -> Job:
    """Return a job that copies a table: `rsnn inference` is the quickest command that there is."""
    result = Result(
        name=name,
        makes="",
        command=words,
        folder=name,
        outputs=("inference.csv",),
        inputs=inputs,
        minutes=0.1,
    )
    return Job(result=result, module="experiments.inference", template=words, words=words, results=results)


def inference(name: str, results: Path, *more: str, inputs: tuple[str, ...] = ()) -> Job:
    synthesis = str(ROOT / "results/verilog/synthesis.csv")
    return faults_like(
        name, results, "inference", "--synthesis", synthesis, "--out", str(results / name), *more, inputs=inputs
    )


@pytest.mark.slow
def test_made_once_in_order_and_again_when_stale(tmp_path: Path) -> None:
    first = inference("first", tmp_path)
    second = inference("second", tmp_path, inputs=("first/inference.csv",))
    said = io.StringIO()
    # Given in the wrong order.
    assert run_jobs([second, first], work=tmp_path / "w", side_by_side=2, again=False, said=said) == []
    lines = said.getvalue().splitlines()
    assert [line.split()[1] for line in lines if "made in" in line] == ["first:", "second:"]
    assert (tmp_path / "second/inference.csv").read_bytes() == (tmp_path / "first/inference.csv").read_bytes()

    said = io.StringIO()
    assert run_jobs([second, first], work=tmp_path / "w", side_by_side=1, again=False, said=said) == []
    assert said.getvalue().count("as it was made") == 2

    # The first is made anew and gives the same bytes: the second stays.
    (tmp_path / "first/inference.csv").unlink()
    said = io.StringIO()
    assert run_jobs([second, first], work=tmp_path / "w", side_by_side=1, again=False, said=said) == []
    assert "first: made in" in said.getvalue()
    assert "second: as it was made" in said.getvalue()


@pytest.mark.slow
def test_a_failure_is_told_and_stops_only_what_reads_it(tmp_path: Path) -> None:
    bad = faults_like("bad", tmp_path, "inference", "--synthesis", str(tmp_path / "none.csv"), "--out", str(tmp_path))
    after = inference("after", tmp_path, inputs=("bad/inference.csv",))
    other = inference("other", tmp_path)
    said = io.StringIO()
    failed = run_jobs([bad, after, other], work=tmp_path / "w", side_by_side=1, again=False, said=said)
    assert failed == ["bad", "after"]
    assert "bad: FAILED: status 2, rsnn inference" in said.getvalue()
    assert "none.csv: no such" in said.getvalue()
    assert "after: FAILED: bad failed" in said.getvalue()
    assert "other: made in" in said.getvalue()


@pytest.mark.parametrize(("side_by_side", "policy"), [(1, None), (2, "PASSIVE")])
def test_side_by_side_threads_that_wait_sleep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side_by_side: int, policy: str | None
) -> None:
    seen = []

    def run(command: list[str], *, env: dict[str, str], **_: object) -> subprocess.CompletedProcess[bytes]:
        seen.append(env.get("OMP_WAIT_POLICY"))
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    monkeypatch.setattr("experiments.reproduction.runner.subprocess.run", run)
    jobs = [inference("first", tmp_path)]
    run_jobs(jobs, work=tmp_path / "w", side_by_side=side_by_side, again=False, said=io.StringIO())
    assert seen == [policy]


@pytest.mark.slow
def test_killed_it_goes_on_with_what_is_left(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "experiments.command.cli", "reproduce", "inference", "demo"]
    options = ["--quick", "--out", str(tmp_path / "out"), "--work", str(tmp_path / "work")]
    (tmp_path / "out/verilog").mkdir(parents=True)
    (tmp_path / "out/verilog/synthesis.csv").write_bytes((ROOT / "results/verilog/synthesis.csv").read_bytes())
    with subprocess.Popen(
        [*program, *options], cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        assert run.stderr is not None
        seen = ""
        while "[1/2]" not in seen:
            line = run.stderr.readline()
            assert line
            seen += line
        time.sleep(1)
        os.killpg(run.pid, signal.SIGKILL)
    assert run.returncode == -signal.SIGKILL
    again = subprocess.run([*program, *options], cwd=ROOT, capture_output=True, text=True)
    assert again.returncode == 0, again.stderr
    assert "inference: as it was made" in again.stderr
    assert "demo: made in" in again.stderr
    assert "quick: little speech" in (tmp_path / "out/demo/report.txt").read_text()
    assert '"note": "quick' in (tmp_path / "out/demo/manifest.json").read_text()


def test_a_note_is_in_every_picture_and_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.figure import Figure

    from experiments.command.figures import save
    from experiments.command.tables import write_text
    from files.folder import NOTE, output_folder

    texts: list[str] = []
    for note in ("", "on the shipped clip"):
        monkeypatch.setenv(NOTE, note)
        figure = Figure(figsize=(3, 2))
        figure.subplots().plot([1, 2])
        with output_folder(tmp_path / "out", by="rsnn test") as staging:
            save(staging / "a.png", figure)
            write_text(staging / "a.md", "# text\n")
            write_text(staging / "a.csv", "a\n1\n")
        texts.append((tmp_path / "out/manifest.json").read_text())
        assert [text.get_text() for text in figure.texts] == ([note] if note else [])
        assert (tmp_path / "out/a.md").read_text().endswith(f"{note}\n" if note else "# text\n")
        assert (tmp_path / "out/a.csv").read_text() == "a\n1\n"
    assert "note" not in texts[0]
    assert texts[1].count('"note": "on the shipped clip"') == 4


def test_a_job_that_is_asked_for_is_made_again(tmp_path: Path) -> None:
    job = inference("first", tmp_path)
    broken = dataclasses.replace(job, words=("inference", "--frame-cycles", "none"))
    said = io.StringIO()
    assert run_jobs([broken], work=tmp_path / "w", side_by_side=1, again=True, said=said) == ["first"]
    assert "asked for" in said.getvalue()
    assert "expected a whole number" in said.getvalue()
