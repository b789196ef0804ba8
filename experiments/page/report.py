"""The report of all results: the page with the shipped clip to explore."""

from __future__ import annotations

from pathlib import Path

from experiments.chain.spoken import CLIP, recognise
from experiments.page.page import DEMO, power_of, write_page
from experiments.page.utterance import utterance_of
from files.reading import read_text
from golden.checkpoint import load_checkpoint


def report(*, results: Path, out: Path) -> str:
    """Write the page of all results.

    Parameters
    ----------
    results : Path
        In the form of ``results/``: a run of the clip in ``demo/``; what else is there is shown.
    out : Path
        ``.html`` to write.

    Returns
    -------
    str
        Where the page is, and its size.

    Raises
    ------
    FileError, ActivityError
        A file of the results is missing or cannot be read, by name.
    WriteError
        `out` cannot be written.
    """
    power = power_of(results / DEMO)
    said = results / DEMO / "report.txt"
    checkpoint = load_checkpoint()
    utterance = utterance_of(
        checkpoint,
        recognise(checkpoint, CLIP),
        power=power,
        report=read_text(said, what="report") if said.is_file() else "",
    )
    write_page(out, utterance=utterance, results=results)
    return f"{out}: {out.stat().st_size / 1e6:.1f} MB, to be opened in a browser"
