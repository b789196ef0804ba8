"""Cycles over a corpus: the summary against the frames' own traces."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.chain.cycles import count_corpus
from experiments.chain.sweep import Workers
from features.audio import read_audio
from features.frontend import FrontEndSettings, batch_codes
from golden.checkpoint import load_checkpoint
from golden.trace import CycleModel


@pytest.fixture
def corpus(tmp_path: Path, speech_paths: list[Path]) -> Path:
    """Lay two short excerpts of speech out as speechocean762 does."""
    root = tmp_path / "speechocean762"
    for folder in ("test", "resource", "WAVE"):
        (root / folder).mkdir(parents=True)
    for number, path in enumerate(speech_paths[:2]):
        soundfile.write(root / f"WAVE/u{number}.WAV", read_audio(path)[4_000:8_000], 16_000, format="WAV")
    (root / "test/wav.scp").write_text("u0 WAVE/u0.WAV\nu1 WAVE/u1.WAV\n")
    (root / "test/text").write_text("u0 A\nu1 A\n")
    (root / "test/utt2spk").write_text("u0 s\nu1 s\n")
    (root / "test/spk2age").write_text("s 30\n")
    (root / "resource/text-phone").write_text("u0.0 AH0_S\nu1.0 AH0_S\n")
    return tmp_path


def test_summary_equals_the_traces(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert "2 utterances, 46 frames" in count_corpus(data=corpus, split="test", checkpoint_path=None, out=out)
    checkpoint = load_checkpoint()
    assert checkpoint.host is not None
    settings = FrontEndSettings.from_json(checkpoint.host.front_end)
    lengths, spikes, rows = [], [], []
    for name in ("u0", "u1"):
        model = CycleModel(checkpoint)
        codes = batch_codes(read_audio(corpus / f"speechocean762/WAVE/{name}.WAV"), settings)
        for number, frame in enumerate(codes):
            records = model.frame(frame, first=number == 0)
            lengths.append(len(records))
            layers = [[f"spikes.this{layer}_{step}" for step in range(2)] for layer in range(2)]
            spikes.append([[model.layout[path].lanes(records[-1]).mean() for path in steps] for steps in layers])
            read = records[:, model.layout["weight_buffer.read"].offset].astype(int)
            rows.append([(read & 1).sum(), (read >> 1).sum()])
    summary = json.loads((out / "summary.json").read_text())
    assert summary["cycles_most"] == max(lengths)
    assert summary["cycles_mean"] == round(float(np.mean(lengths)), 1)
    np.testing.assert_allclose(summary["spike_rates"], np.mean(spikes, axis=0), atol=5e-5)
    np.testing.assert_allclose(summary["rows_read_mean"], np.mean(rows, axis=0), atol=0.05)
    assert {path.name for path in out.iterdir()} == {
        "utterances.csv", "summary.json", "cycles.png", "cycles.svg", "manifest.json"
    }  # fmt: skip


@pytest.mark.slow
def test_processes_count_as_one_does(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.chain.cycles.UTTERANCES_AT_ONCE", 1)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    for name, workers in (("one", Workers()), ("two", Workers(2))):
        count_corpus(data=corpus, split="test", checkpoint_path=None, out=tmp_path / name, workers=workers)
    for name in ("utterances.csv", "summary.json", "cycles.png", "cycles.svg"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
