"""What the page shows of an utterance is what golden, the tables of the results and the sound file say."""

from __future__ import annotations

import csv
import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.chain.references import fold_reference
from experiments.chain.spoken import recognise
from experiments.page import utterance as room
from experiments.page.utterance import OUTLINE_SAMPLES, SPECTRUM_DB, utterance_of
from features.cepstra import log_mel_and_cepstra
from features.errors import CorpusError
from golden.forward import forward

RESULTS = Path(__file__).parents[3] / "results"


def table(name: str) -> list[dict[str, str]]:
    with (RESULTS / name).open() as file:
        return list(csv.DictReader(file))


def test_the_sound_is_the_file_s(utterance, shipped_clip):
    samples, rate = soundfile.read(shipped_clip)
    heard, heard_rate = soundfile.read(io.BytesIO(utterance.wav))
    assert heard_rate == rate == 16_000
    assert np.abs(heard - samples[: len(heard)]).max() < 1.1 / 32768
    for piece, (low, high) in enumerate(utterance.outline):
        own = samples[: len(heard)][piece * OUTLINE_SAMPLES : (piece + 1) * OUTLINE_SAMPLES]
        assert (low, high) == (np.float32(own.min()), np.float32(own.max()))


def test_the_spectrum_is_the_front_end_s_in_256_levels(utterance, shipped_clip):
    log_mel, _ = log_mel_and_cepstra(soundfile.read(shipped_clip)[0], 0)
    below = np.clip(log_mel.max() - log_mel, 0, SPECTRUM_DB).T[:, : utterance.frames]
    assert np.abs((1 - utterance.spectrum / 255) * SPECTRUM_DB - below).max() <= SPECTRUM_DB / 510 + 1e-9


def test_spikes_and_membranes_are_golden_s(utterance, network, shipped_clip):
    golden = forward(network, recognise(network, shipped_clip).codes)
    for layer in range(2):
        assert np.array_equal(utterance.spikes[layer].transpose(1, 2, 0), golden.spikes[layer])
        assert np.array_equal(utterance.membranes[layer].transpose(1, 2, 0), golden.membranes[layer])


def test_cycles_power_and_phones_are_those_of_the_results(utterance, shipped_clip):
    rows = table("power/frames_power.csv")
    ends = [[float(row[f"dynamic_uw_{end}"]) for end in ("low", "typical", "high")] for row in rows]
    assert np.allclose(utterance.power_uw, ends, rtol=1e-5)
    assert utterance.cycles.tolist() == [int(row["cycles"]) for row in table("demo/frames.csv")]
    heard = [(row["phone"], float(row["start_s"]), float(row["end_s"])) for row in table("demo/phones.csv")]
    assert [(phone.name, round(phone.start_s, 3), round(phone.end_s, 3)) for phone in utterance.phones] == heard
    spoken = [phone.name for phone in utterance.reference if phone.name != "sil"]
    assert spoken == fold_reference(shipped_clip.with_suffix(".phn"))


def test_of_a_long_utterance_the_beginning_is_shown(network, shipped_clip, power, utterance, monkeypatch):
    monkeypatch.setattr(room, "SHOWN_SECONDS", 0.5)
    made = utterance_of(network, recognise(network, shipped_clip), power=power, report="")
    assert (made.frames, made.frames_in_all, made.seconds) == (50, 347, 0.5)
    for name in ("cycles", "power_uw"):
        assert np.array_equal(getattr(made, name), getattr(utterance, name)[:50])
    for name in ("spikes", "membranes"):
        for layer, whole in zip(getattr(made, name), getattr(utterance, name), strict=True):
            assert np.array_equal(layer, whole[:, :50])
    assert made.spectrum.shape == (40, 50)
    assert max(phone.end_s for phone in (*made.phones, *made.reference)) == 0.5


def test_membranes_beyond_16_bits_are_kept(network, shipped_clip, power, monkeypatch):
    monkeypatch.setattr(room, "SHOWN_SECONDS", 0.1)
    wide = dataclasses.replace(network, specification=network.specification.replace(membrane_bits=(17, 12)))
    made = utterance_of(wide, recognise(wide, shipped_clip), power=power, report="")
    assert {layer.dtype for layer in made.membranes} == {np.dtype(np.int32)}


def test_phones_that_are_none_are_refused(network, shipped_clip, power, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "SHOWN_SECONDS", 0.1)
    (tmp_path / "mine.phn").write_text("0 16000 <script>\n")
    spoken = recognise(network, shipped_clip)
    with pytest.raises(CorpusError, match="expected a TIMIT or ARPAbet symbol"):
        utterance_of(network, spoken, power=power, report="", reference=tmp_path / "mine.phn")
