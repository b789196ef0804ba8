"""A corpus of classes is an entry: a third task from sounds to the RTL, without a line of the training changed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from cosim.cosimulate import cosimulate
from experiments.command import cli
from features.audio import read_audio
from features.corpora.utterance import Utterance
from features.errors import CorpusError, Damage
from features.frontend import FrontEndSettings, batch_codes
from golden.checkpoint import load_checkpoint
from golden.forward import forward
from golden.recognition import decode_checkpoint
from tests.training.stages.tones import RECIPE
from training.preparation import class_corpora
from training.preparation.class_corpora import CLASS_CORPORA, ClassCorpus
from training.preparation.corpora import Source, folds_of, load, speakers_of
from training.stages.recipe import Settings, train_checkpoint
from training.stages.stage import Recipe, load_recipe

WORDS = ("low", "high")


def read_words(data: Path, work: Path, damage: list[Damage] | None) -> list[Utterance]:
    """Read WORD/SPEAKER_INDEX.wav, the layout of Speech Commands."""
    return [
        Utterance(
            utterance_id=f"{path.parent.name}_{path.stem}", speaker=path.stem.split("_")[0], audio_path=path, split="",
            words=path.parent.name, symbols=(), phones=(),
        )
        for path in sorted(data.glob("*/*.wav"))
    ]  # fmt: skip


@pytest.fixture
def words(tmp_path: Path) -> Path:
    root = tmp_path / "words"
    rng = np.random.default_rng(2)
    for word, hertz in zip(WORDS, (300, 2500), strict=True):
        (root / word).mkdir(parents=True)
        for speaker in "pqr":
            for index in range(4):
                tone = 0.2 * np.sin(2 * np.pi * hertz * np.arange(4000) / 16000) + rng.normal(0, 0.01, 4000)
                soundfile.write(root / word / f"{speaker}_{index}.wav", tone, 16000, subtype="PCM_16")
    return root


@pytest.mark.slow
def test_a_third_task_is_an_entry(
    words: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(CLASS_CORPORA, "words", ClassCorpus(classes=WORDS, read=read_words))
    recipe, out = tmp_path / "words.toml", tmp_path / "words.npz"
    stages = RECIPE.format(layers=1, recurrent="true").replace("epochs = 3", "epochs = 9")
    recipe.write_text(f"dev_speakers = 0\n{stages}")
    source = Source(corpus="words", data=words, work=tmp_path / "work", fold=1)
    assert speakers_of(source) == ["p", "q", "r"]
    train_checkpoint(Settings(source=source, recipe=str(recipe), workers=1), seed=1, out=out)
    checkpoint = load_checkpoint(out)
    assert checkpoint.provenance["data"] == "words, fold 1"
    assert checkpoint.host is not None
    front_end = FrontEndSettings.from_json(checkpoint.host.front_end)
    codes = {}
    for word in WORDS:
        codes[word] = batch_codes(read_audio(words / word / "q_0.wav"), front_end)
        # The speaker whom it has not heard.
        assert decode_checkpoint(checkpoint, forward(checkpoint, codes[word]).logits)[0].phone == word
    simulated = cosimulate(checkpoint, {"high": codes["high"][:2]})
    assert simulated.frames == 2
    assert simulated.values_compared
    given = ["run", str(words / "high" / "q_0.wav"), "--checkpoint", str(out), "--frames", "1"]
    assert cli.main([*given, "--out", str(tmp_path / "run")]) == 0
    assert "  class      high\n  reference  high: right" in capsys.readouterr().out


def test_folds_are_of_speakers(words: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CLASS_CORPORA, "words", ClassCorpus(classes=WORDS, read=read_words))
    source = Source(corpus="words", data=words, work=tmp_path)
    assert folds_of(source) == 3
    assert folds_of(dataclasses.replace(source, corpus="timit_sample")) == 6
    assert folds_of(dataclasses.replace(source, corpus="synthetic")) == 1
    recipe: Recipe = load_recipe()
    with pytest.raises(CorpusError, match=r"words: fold is 3, expected 0..2"):
        load(dataclasses.replace(source, fold=3), recipe)


def test_the_digits_of_flite_are_digits_of_three_voices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def speak(word: str, path: Path, *, voice: str, stretch: float) -> None:
        soundfile.write(path, np.zeros(4000), 16000, subtype="PCM_16")

    monkeypatch.setattr("training.preparation.synthesis.speak", speak)
    source = Source(corpus="synthetic_digits", data=tmp_path / "none", work=tmp_path)
    assert speakers_of(source) == ["awb", "rms", "slt"]
    assert len(load(source, load_recipe())) == 60


def test_without_flite_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.preparation.synthesis.shutil.which", lambda name: None)
    with pytest.raises(CorpusError, match="synthetic_digits: flite is not installed"):
        class_corpora.CLASS_CORPORA["synthetic_digits"].read(tmp_path, tmp_path, None)
