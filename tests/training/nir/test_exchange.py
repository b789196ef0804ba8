"""The command line: out and back byte for byte, and a sentence for what is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nir
import numpy as np
import pytest

from golden.checkpoint import DEFAULT_CHECKPOINT, load_checkpoint
from tests.training.nir_chains import chain, lif
from training.nir.exchange import main


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
        (["import", "none.nir", "out.npz"], "none.nir: no such NIR file"),
        (["import", str(tmp_path / "good.nir"), "out.npz", "--guard-bits", "99"], "guard_bits is 99, expected 0..16"),
        (["import", str(tmp_path / "good.nir"), "out.npz", "--dt", "1"], "node 'lif' (LIF): tau is 0.0002 s"),
    ):
        assert main(arguments) == 2
        assert sentence in capsys.readouterr().err


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    assert "python -m training.nir.exchange export golden/checkpoints/default.npz" in capsys.readouterr().out


@pytest.fixture
def other(tmp_path):
    nir.write(tmp_path / "other.nir", chain())
    return str(tmp_path / "other.nir")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--guard-bits", "9" * 400), ("--guard-bits", "9" * 5000), ("--weight-bits", "9" * 5000),
        ("--input-bits", "1e3"),
        ("--input-scale", "0.5"), ("--membrane-bits", "\u0663"), ("--dt", "nan"), ("--dt", "inf"), ("--dt", "1" * 400),
        ("--leak-tolerance", "soon"), ("--weight-bits", "5"),
    ],
)  # fmt: skip
def test_absurd_numbers_are_refused_at_once(tmp_path, other, capsys, option, value):
    with pytest.raises(SystemExit) as stopped:
        main(["import", other, str(tmp_path / "out.npz"), f"{option}={value}"])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert f"error: argument {option}" in said
    assert len(said) < 2000
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.parametrize("command", ["import", "export"])
def test_what_cannot_be_written_is_refused_before_any_work(tmp_path, other, capsys, monkeypatch, command):
    def work(*_):
        pytest.fail("work before the refusal")

    monkeypatch.setattr("training.nir.importing.read_nir", work)
    monkeypatch.setattr("golden.checkpoint.load_checkpoint", work)
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    for name in ("file/out", "folder", "x" * 300):
        assert main([command, other, str(tmp_path / name)]) == 2
        said = capsys.readouterr().err
        assert said.startswith("error: ")
        assert "cannot be written" in said
        assert said.count("\n") == 1
    assert main([command, other, other]) == 2
    assert f"{other}: is the file to read" in capsys.readouterr().err
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder", "other.nir"]


def test_a_full_disk_names_the_file_asked_for(tmp_path, other, capsys, monkeypatch):
    def full(path, _checkpoint):
        raise OSError(28, "No space left on device", path)

    monkeypatch.setattr("golden.checkpoint.save_checkpoint", full)
    assert main(["import", other, str(tmp_path / "out.npz")]) == 2
    assert capsys.readouterr().err == f"error: {tmp_path / 'out.npz'}: cannot be written (No space left on device)\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["other.nir"]


def test_a_refused_import_leaves_what_was_there(tmp_path, capsys):
    (tmp_path / "bad.nir").write_text("no HDF5")
    (tmp_path / "out.npz").write_text("before")
    assert main(["import", str(tmp_path / "bad.nir"), str(tmp_path / "out.npz")]) == 2
    assert (tmp_path / "out.npz").read_text() == "before"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["bad.nir", "out.npz"]


def test_what_looks_wrong_is_said_first(tmp_path, capsys):
    graph = chain()
    graph.nodes["lif"] = lif(4, v_threshold=np.full(4, 1000.0))
    nir.write(tmp_path / "dead.nir", graph)
    assert main(["import", str(tmp_path / "dead.nir"), str(tmp_path / "dead.npz")]) == 0
    said = capsys.readouterr().out
    assert said.startswith("warning: layer 0 (node 'lif'): 4 of 4 neurons never fired in 300 frames")
    assert load_checkpoint(tmp_path / "dead.npz").provenance["warnings"]


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (MemoryError(), 2, "error: not enough memory\n"),
        (ZeroDivisionError("x"), 3, "error: this is a fault of the program; please report it with the command"),
        (RecursionError(), 3, "error: this is a fault of the program"),
    ],
)
def test_every_ending_has_its_status(tmp_path, other, capsys, monkeypatch, raised, status, said):
    def ends(*_):
        raise raised

    monkeypatch.setattr("training.nir.importing.read_nir", ends)
    assert main(["import", other, str(tmp_path / "out.npz")]) == status
    assert said in capsys.readouterr().err
    assert [entry.name for entry in tmp_path.iterdir()] == ["other.nir"]


def test_without_the_packages_it_says_which(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "training.nir.graph", None)
    monkeypatch.delitem(sys.modules, "training.nir.graph")
    monkeypatch.setitem(sys.modules, "nir", None)
    assert main(["export", "a.npz", "a.nir"]) == 2
    assert capsys.readouterr().err == "error: NIR needs nir: pip install -e '.[train]'\n"


def test_names_that_are_no_text_are_printed_all_the_same(tmp_path, other):
    there, back = os.fsencode(tmp_path) + b"/caf\xe9.nir", os.fsencode(tmp_path) + b"/caf\xe9\n.npz"
    os.rename(other, there)
    command = [sys.executable, "-m", "training.nir.exchange", "import", there, back]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(Path(__file__).parents[3])}
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert b"caf\\udce9\\n.npz: written." in done.stdout
    assert os.path.exists(back)
    done = subprocess.run([*command[:-2], b"/no\xff\n.nir", back], capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (2, b"error: /no\\udcff\\n.nir: no such NIR file\n")
