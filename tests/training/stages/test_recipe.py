"""The recipe from one end to the other, in miniature: a corpus of copies of the demo clip."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from experiments.command import cli
from features.audio import read_audio
from features.frontend import FrontEndSettings, batch_codes
from files.errors import WriteError
from golden.checkpoint import load_checkpoint, save_checkpoint
from golden.decoder import phones_of
from golden.errors import CheckpointError
from golden.forward import forward
from golden.recognition import decode_checkpoint
from training.errors import RecipeError, SenoneError
from training.preparation import synthesis
from training.preparation.corpora import Source
from training.preparation.labels import PHONES
from training.stages.recipe import Settings, dataset, train_checkpoint

pytest.importorskip("pocketsphinx")
CLIP = Path(__file__).parents[3] / "experiments" / "clips" / "demo.flac"
WORDS = ("S_B EH1_I V_I AH0_I N_E|G_B R_I IY1_I N_E|B_B OW1_I T_I S_E|S_B EY1_I L_I D_E|P_B AE1_I S_I T_E|"
         "DH_B IY0_E|OW1_B L_I D_E|B_B R_I IH1_I JH_E").split("|")  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """speechocean762's layout: 8 training speakers, of whom one stays when 7 are held out, and one to test."""
    data = tmp_path_factory.mktemp("data")
    root = data / "speechocean762"
    samples = read_audio(CLIP)
    rng = np.random.default_rng(1)
    phones = []
    for split, speakers in (("train", range(8)), ("test", [8])):
        lists = {name: [] for name in ("wav.scp", "text", "utt2spk", "spk2age", "spk2gender")}
        for speaker in speakers:
            lists["spk2age"].append(f"{speaker:04d} 30")
            lists["spk2gender"].append(f"{speaker:04d} f")
            for number in range(6 if speaker == 3 else 1):
                name = f"{speaker:04d}{number:05d}"
                path = f"WAVE/SPEAKER{speaker:04d}/{name}.WAV"
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                noisy = samples * (0.5 + 0.05 * number) + rng.normal(size=len(samples)) * 1e-3
                soundfile.write(root / path, noisy, 16_000, subtype="PCM_16")
                lists["wav.scp"].append(f"{name} {path}")
                lists["text"].append(f"{name} SEVEN GREEN BOATS SAILED PAST THE OLD BRIDGE")
                lists["utt2spk"].append(f"{name} {speaker:04d}")
                phones += [f"{name}.{word} {spoken}" for word, spoken in enumerate(WORDS)]
        (root / split).mkdir()
        for name, lines in lists.items():
            (root / split / name).write_text("\n".join(lines) + "\n")
    (root / "resource").mkdir()
    (root / "resource" / "text-phone").write_text("\n".join(phones) + "\n")
    return data


RECIPE = """
shipped = "integer"
senones = 121
[defaults]
batch = 16
learning_rate = 6e-3
[stages.float]
epochs = 25
[stages.integer]
start = "float"
targets = "senones"
fc_pruned = 0.4
quantised = true
epochs = 4
learning_rate = 1.5e-3
"""


def run(corpus, work, out, monkeypatch):
    # Without flite, wherever this runs: the recipe says so and goes on.
    monkeypatch.setattr(synthesis.shutil, "which", lambda program: None)
    recipe = work.parent / "mine.toml"
    recipe.write_text("synthetic = 5\n" + RECIPE)
    arguments = ["train", "--data", corpus, "--work", work, "--out", out, "--seed", 3, "--recipe", recipe]
    return cli.main([str(word) for word in [*arguments, "--workers", 1]])


def test_from_corpus_to_checkpoint_and_again_from_what_is_there(corpus, tmp_path, monkeypatch, capsys):
    assert run(corpus, tmp_path / "work", tmp_path / "first.npz", monkeypatch) == 0
    printed = capsys.readouterr()
    assert "without synthetic speech" in printed.err
    assert printed.err.count("epoch ") == 29
    assert "rsnn run speech.wav --checkpoint" in printed.out
    checkpoint = load_checkpoint(tmp_path / "first.npz")
    spec = checkpoint.specification
    assert (spec.layers, spec.outputs, spec.time_steps) == ((128, 128), 121, 2)
    assert checkpoint.fc_zeros == round(0.4 * 128 * 121)
    assert checkpoint.host.phones == PHONES
    assert checkpoint.provenance["utterances"] == {"train": 6, "dev": 7, "test": 1}
    assert checkpoint.provenance["stages"] == ["float", "integer"]
    # Six copies of one sentence are learnt by heart, and still known in 4 bits.
    assert checkpoint.provenance["figures"]["test_per"] < 0.4

    codes = batch_codes(read_audio(CLIP), FrontEndSettings.from_json(checkpoint.host.front_end))
    decoded = phones_of(decode_checkpoint(checkpoint, forward(checkpoint, codes).logits))
    assert 0.5 * 30 < len(decoded) < 1.5 * 30

    assert run(corpus, tmp_path / "work", tmp_path / "second.npz", monkeypatch) == 0
    assert "epoch " not in capsys.readouterr().err
    assert (tmp_path / "second.npz").read_bytes() == (tmp_path / "first.npz").read_bytes()


def test_a_place_that_cannot_be_written_is_refused_before_the_work(corpus, tmp_path, capsys):
    for out in (tmp_path, "/dev/null"):
        arguments = ["train", "--data", corpus, "--work", tmp_path / "work", "--out", out]
        assert cli.main([str(word) for word in arguments]) == 2
        assert f"{out}: cannot be written, expected the name of an .npz file" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


def settings(corpus, tmp_path, **given):
    source = Source(corpus="speechocean762", data=corpus, work=tmp_path / "work")
    return Settings(source=source, **given)


def test_what_can_be_refused_at_once_is_refused_before_the_work(corpus, tmp_path):
    (tmp_path / "cut.npz").write_bytes(b"PK")
    (tmp_path / "file").touch()
    out = tmp_path / "net.npz"
    for given, seed, name, error, message in (
        ({}, 10**30, out, RecipeError, "seed is 1000000000000000000000000000000|seed is an integer of"),
        ({}, -1, out, RecipeError, "seed is -1, expected an integer in"),
        ({"trees": tmp_path / "cut.npz"}, 1, out, SenoneError, "cut.npz: no file of tied states"),
        ({"recipe": "a" * 5000}, 1, out, RecipeError, "recipe 'aaa"),
        ({"recipe": "a\0b"}, 1, out, RecipeError, "recipe 'a"),
        ({}, 1, tmp_path / "file" / "net.npz", WriteError, "file: cannot be written"),
    ):
        with pytest.raises(error, match=message):
            train_checkpoint(settings(corpus, tmp_path, **given), seed=seed, out=name)
    for workers in (0, 10**30, True):
        with pytest.raises(RecipeError, match=r"^workers is .*, expected an integer in 1..1,024"):
            settings(corpus, tmp_path, workers=workers)
    few = tmp_path / "few.toml"
    few.write_text(RECIPE.replace("senones = 121", "senones = 119"))
    with pytest.raises(SenoneError, match=r"few.toml: senones is 119, expected at least 120 states"):
        train_checkpoint(settings(corpus, tmp_path, recipe=str(few)), seed=1, out=out)
    assert not (tmp_path / "work").exists()


def test_front_end_settings_that_are_none_name_the_checkpoint(corpus, tmp_path):
    start = load_checkpoint()
    wrong = dataclasses.replace(start, host=dataclasses.replace(start.host, front_end={"kind": "x"}))
    save_checkpoint(tmp_path / "wrong.npz", wrong)
    begun = settings(corpus, tmp_path)
    with pytest.raises(CheckpointError, match=r"wrong.npz: host.front_end: "):
        dataset(begun, begun.load_recipe(), start=load_checkpoint(tmp_path / "wrong.npz"))


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.main(["train", "--help"])
    assert stopped.value.code == 0
    assert "example: rsnn train --data" in capsys.readouterr().out
