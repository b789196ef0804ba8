"""The page itself: what was gathered, put into one HTML file that is written whole or not at all.

Jinja escapes whatever comes from a file; Bokeh draws the utterance. Both are long kept by many, and Bokeh, of the
libraries that draw in a browser, links the time of several plots, takes arrays as bytes, and comes as one script of
1.3 MB without a network (Plotly's is 4.5 MB). A policy in the page lets no script run but ours, by their digests, and
nothing be fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from bokeh.resources import Resources
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from experiments.page.blocks import BOX, HEIGHT, WIDTH, Block, arrows, blocks_of, drawing_height
from experiments.page.embedding import data_uri, packed, script_digest, script_json
from experiments.page.gallery import sections
from experiments.page.headline import figures, power_figure
from experiments.page.utterance import SPECTRUM_DB, Utterance
from experiments.page.views import STEP_COLOURS, views
from files.errors import FileError
from files.writing import write_text
from power.differences import largest
from power.energy import estimate_classes
from power.priced_activity import read_activity, read_run
from power.report import LEAKAGE, PowerReport, bounds_text

COMMAND = "rsnn report"
TITLE = "A recurrent-spiking-neural-network speech recogniser, from sound to verified hardware"
# Of the results, what the power is estimated from.
DEMO = "demo"


def write_page(out: Path, *, utterance: Utterance | None, results: Path | None, made_by: str = COMMAND) -> Path:
    """Write the page.

    Parameters
    ----------
    out : Path
        ``.html`` to write; the same input gives the same bytes.
    utterance : Utterance or None
        To explore; None leaves that part out.
    results : Path or None
        Folder in the form of ``results/``, with a run in ``demo/``; None leaves its part out, and power is that of the
        utterance's run.
    made_by : str
        The command, as the page names it.

    Returns
    -------
    Path

    Raises
    ------
    ValueError
        Neither an utterance nor results.
    FileError, ActivityError
        A file of the results cannot be read, by name.
    WriteError
        `out` cannot be written.
    """
    return write_text(out, page(utterance=utterance, results=results, made_by=made_by))


def page(*, utterance: Utterance | None, results: Path | None, made_by: str = COMMAND) -> str:
    """Return the page as text; see `write_page`."""
    environment = Environment(
        loader=PackageLoader("experiments.page", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"bounds": bounds_text, "figures": _figures}
    if results is not None:
        power, source = power_of(results / DEMO), f"{DEMO}/activity.csv"
        rows, absent = figures(results, power, source)
    elif utterance is not None:
        power, source = utterance.power, "the run of this utterance"
        rows, absent = [power_figure(power, source)], []
    else:
        raise ValueError("neither an utterance nor results: there is nothing to write")
    blocks = blocks_of(power, results)
    own = _source(environment, "page.js")
    scripts = [own] if utterance is None else [_bokeh(), own]
    content = {
        "title": TITLE if results is not None else "One utterance through a recurrent spiking speech recogniser",
        "made_by": made_by,
        "policy": _policy(scripts),
        "css": _source(environment, "page.css"),
        "script": own,
        "classes": list(power),
        "headline": rows,
        "absent": absent,
        "reasons": largest(power),
        "leakage": {name: report.of(LEAKAGE) for name, report in power.items()},
        "blocks": blocks,
        "has_area": any(block.area_mm2 for block in blocks),
        "power_of": f"frames in {source}" if results is not None else "frames that the accelerator ran",
        "diagram": _diagram(environment, blocks),
        "sections": [] if results is None else sections(results),
        "utterance": utterance,
    }
    if utterance is not None:
        content |= {
            "bokeh": scripts[0],
            "sound": data_uri(utterance.wav, "audio/wav"),
            "spectrum_db": SPECTRUM_DB,
            "colours": STEP_COLOURS[: utterance.time_steps],
            "over_budget": int((utterance.cycles > utterance.budget).sum()),
            "views_json": script_json(views(utterance)),
            "utterance_json": script_json(_for_the_script(utterance)),
        }
    return environment.get_template("page.html").render(content)


def power_of(folder: Path) -> Mapping[str, PowerReport]:
    """Return the power of a run by class of cells, estimated from its activity.

    Raises
    ------
    FileError, ActivityError
        The folder holds none, or it cannot be read; by name.
    """
    activity, run = folder / "activity.csv", folder / "run.json"
    if not activity.is_file():
        raise FileError(f"{activity}: no such file, expected what 'rsnn run --out {folder}' writes")
    return estimate_classes(read_activity(activity), read_run(run))


def _for_the_script(utterance: Utterance) -> dict[str, Any]:
    layers = utterance.spikes
    rasters = [f"spikes{layer}" for layer in range(len(layers))]
    return {
        "plots": ["sound", "spectrum", "phones", *rasters, "membrane", "cycles", "power"],
        "frame_s": utterance.frame_s,
        "budget": utterance.budget,
        "cycles": utterance.cycles.tolist(),
        "power_uw": [round(float(value), 4) for value in utterance.power_uw[:, 1]],
        "thresholds": list(utterance.thresholds),
        "phones": [[phone.name, phone.start_s, phone.end_s] for phone in utterance.phones],
        "reference": [[phone.name, phone.start_s, phone.end_s] for phone in utterance.reference],
        "fired": [layer.sum(axis=0).tolist() for layer in layers],
        "busiest": int(layers[0].sum(axis=(1, 2)).argmax()),
        "membranes": [packed(layer) for layer in utterance.membranes],
        "spikes": [packed(np.packbits(layer)) for layer in layers],
    }


def _figures(value: float) -> str:
    """Return three significant figures, without an exponent."""
    return np.format_float_positional(value, precision=3, unique=False, fractional=False, trim="-")


def _policy(scripts: list[Markup]) -> str:
    """Return the content security policy: nothing is fetched, and no script runs but these."""
    digests = " ".join(map(script_digest, scripts))
    return (
        f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; img-src data: blob:; media-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _source(environment: Environment, name: str) -> Markup:
    """Return a file of this package as it is: it is ours, and no template."""
    assert environment.loader is not None
    return Markup(environment.loader.get_source(environment, name)[0])


def _bokeh() -> Markup:
    text = "\n".join(Resources(mode="inline", components=["bokeh"], log_level="error").js_raw)
    # In a string of a script "<\/" is "</", which would end the element.
    return Markup(text.replace("</script", "<\\/script"))


def _diagram(environment: Environment, blocks: list[Block]) -> Markup:
    drawing = {"width": WIDTH, "height": drawing_height(), "box": BOX, "box_height": HEIGHT}
    # What is not ours in it is escaped as it is put in.
    text = environment.get_template("diagram.svg").render(blocks=blocks, arrows=arrows(), **drawing)
    return Markup(text)
