"""The recipe from one end to the other, in miniature: a corpus of copies of the demo clip."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from features.audio import read_audio
from golden.checkpoint import load_checkpoint
from golden.decoder import decode_checkpoint, phones_of
from golden.forward import forward
from training import recipe, synthesis
from training.labels import PHONES

pytest.importorskip("pocketsphinx")
CLIP = Path(__file__).parents[2] / "experiments" / "clips" / "demo.flac"
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


def run(corpus, work, out, monkeypatch):
    # Without flite, wherever this runs: the recipe says so and goes on.
    monkeypatch.setattr(synthesis.shutil, "which", lambda program: None)
    arguments = ["--data", corpus, "--work", work, "--out", out, "--seed", 3, "--senones", 121]
    arguments += ["--state-epochs", 25, "--senone-epochs", 4, "--workers", 1]
    return recipe.main([str(word) for word in arguments])


def test_from_corpus_to_checkpoint_and_again_from_the_cache(corpus, tmp_path, monkeypatch, capsys):
    assert run(corpus, tmp_path / "work", tmp_path / "first.npz", monkeypatch) == 0
    printed = capsys.readouterr().err
    assert "without synthetic speech" in printed
    assert printed.count("epoch ") == 29
    checkpoint = load_checkpoint(tmp_path / "first.npz")
    spec = checkpoint.specification
    assert (spec.layers, spec.outputs, spec.time_steps) == ((128, 128), 121, 2)
    assert checkpoint.fc_zeros == round(0.4 * 128 * 121)
    assert checkpoint.host.phones == PHONES
    assert checkpoint.provenance["utterances"] == {"train": 6, "dev": 7, "test": 1}
    report = json.loads((tmp_path / "work" / "report.json").read_text())
    assert report == checkpoint.provenance["figures"]
    # Six copies of one sentence are learnt by heart, and still known in 4 bits.
    assert report["per_test_float_states"]["rate"] < 0.3
    assert report["per_test_integer"]["rate"] < 0.4

    from features.frontend import FrontEndSettings, batch_codes

    codes = batch_codes(read_audio(CLIP), FrontEndSettings.from_json(checkpoint.host.front_end))
    decoded = phones_of(decode_checkpoint(checkpoint, forward(checkpoint, codes).logits))
    assert 0.5 * 30 < len(decoded) < 1.5 * 30

    assert run(corpus, tmp_path / "work", tmp_path / "second.npz", monkeypatch) == 0
    assert "epoch " not in capsys.readouterr().err
    assert (tmp_path / "second.npz").read_bytes() == (tmp_path / "first.npz").read_bytes()


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as stopped:
        recipe.main(["--help"])
    assert stopped.value.code == 0
    assert "example: python -m training.recipe --data" in capsys.readouterr().out


def test_a_missing_corpus_is_one_sentence(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        recipe.main(["--data", str(tmp_path), "--work", str(tmp_path / "work"), "--out", str(tmp_path / "x.npz")])
    assert stopped.value.code == 2
    assert "speechocean762" in capsys.readouterr().err
