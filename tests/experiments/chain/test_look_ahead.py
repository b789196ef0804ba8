"""The curve of look-ahead ends at the whole utterance, and its plot opens."""

import csv

import pytest
import soundfile

from experiments.chain.look_ahead import look_ahead_curve
from features.audio import read_audio


@pytest.fixture
def corpus(tmp_path, shipped_clip):
    """Lay the shipped clip out as speechocean762 does, its phones as one word each."""
    root = tmp_path / "speechocean762"
    for folder in ("test", "resource", "WAVE"):
        (root / folder).mkdir(parents=True)
    soundfile.write(root / "WAVE/u0.WAV", read_audio(shipped_clip), 16_000, format="WAV")
    phones = [line.split()[2] for line in shipped_clip.with_suffix(".phn").read_text().splitlines()]
    phones = [phone for phone in phones if phone not in ("h#", "pau", "sil")]
    (root / "test/wav.scp").write_text("u0 WAVE/u0.WAV\n")
    (root / "test/text").write_text("u0 " + "A " * len(phones) + "\n")
    (root / "test/utt2spk").write_text("u0 s\n")
    (root / "test/spk2age").write_text("s 30\n")
    (root / "resource/text-phone").write_text("".join(f"u0.{n} {p}_S\n" for n, p in enumerate(phones)))
    return tmp_path


def test_a_long_look_ahead_is_the_whole_utterance(corpus, tmp_path):
    out = tmp_path / "out"
    text = look_ahead_curve(data=corpus, checkpoint_path=None, out=out, look_aheads=(2, 30, 5000))
    with (out / "look_ahead.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["look_ahead_frames"] for row in rows] == ["2", "30", "5000", ""]
    assert rows[2]["test_per"] == rows[3]["test_per"]
    assert float(rows[1]["latency_ms"]) - float(rows[0]["latency_ms"]) == 280
    assert float(rows[0]["test_per"]) > float(rows[3]["test_per"])
    assert text.splitlines()[-1].split()[:2] == ["whole", "utterance"]
    assert (out / "look_ahead.png").read_bytes().startswith(b"\x89PNG")
