"""The command line: out and back byte for byte, and a sentence for what is wrong."""

from __future__ import annotations

import zipfile

import nir
import pytest

from golden.checkpoint import DEFAULT_CHECKPOINT, load_checkpoint
from tests.training.nir_chains import chain
from training.nir_exchange import main


def test_the_shipped_network_comes_back_byte_for_byte(tmp_path, capsys):
    there, back = tmp_path / "network.nir", tmp_path / "back.npz"
    assert main(["export", str(DEFAULT_CHECKPOINT), str(there)]) == 0
    said = capsys.readouterr().out
    assert "- leak: the accelerator rounds" in said
    assert "- time steps: T = 2" in said
    assert main(["import", str(there), str(back)]) == 0
    assert "Nothing is lost" in capsys.readouterr().out
    assert members(back) == members(DEFAULT_CHECKPOINT)


def members(path):
    """Return the files in an archive: what stands around them differs with Python's version."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_any_other_network_is_rounded_as_asked(tmp_path, capsys):
    nir.write(tmp_path / "other.nir", chain())
    arguments = ["import", str(tmp_path / "other.nir"), str(tmp_path / "other.npz")]
    options = "--weight-bits 8 --input-bits 4 --input-scale 0 --guard-bits 2 --membrane-bits 20 --leak-tolerance 0.01"
    assert main([*arguments, *options.split(), "--dt", "1e-4"]) == 0
    said = capsys.readouterr().out
    assert "- inputs: rounded to 4-bit codes, steps of 2^0, -8..7" in said
    checkpoint = load_checkpoint(tmp_path / "other.npz")
    assert checkpoint.specification.weight_bits == 8
    assert checkpoint.scales["input"] == 0
    assert checkpoint.host is None
    assert [line for line in said.splitlines() if line.startswith("- ")] == [
        f"- {line}" for line in checkpoint.provenance["lost"]
    ]


def test_bad_input_ends_with_a_sentence(tmp_path, capsys):
    nir.write(tmp_path / "good.nir", chain())
    for arguments, sentence in (
        (["export", "none.npz", "out.nir"], "none.npz: no such checkpoint"),
        (["import", "none.nir", "out.npz"], "none.nir: no such file"),
        (["import", str(tmp_path / "good.nir"), "out.npz", "--guard-bits", "99"], "guard_bits is 99, expected 0..16"),
        (["import", str(tmp_path / "good.nir"), "out.npz", "--dt", "1"], "node 'lif' (LIF): tau is 0.0002 s"),
    ):
        assert main(arguments) == 2
        assert sentence in capsys.readouterr().err


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "python -m training.nir_exchange export golden/checkpoints/default.npz" in capsys.readouterr().out
