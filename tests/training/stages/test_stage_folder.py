"""What a stage's folder keeps is used as it was written, or not at all."""

import dataclasses

import numpy as np
import pytest

from training.stages.stage_folder import chosen, digest_of_arrays, digest_of_file, read_row, write_row

FILES = ("log.csv", "checkpoint.npz")
ROW = {"test_per": 0.5, "spike_rates": [[0.25, 1e-3]], "what": "a"}


@pytest.fixture
def folder(tmp_path):
    for name in FILES:
        (tmp_path / name).write_text(name)
    write_row(tmp_path, ROW, FILES, about="this")
    return tmp_path


def test_a_row_comes_back(folder):
    assert read_row(folder, FILES, about="this") == ROW
    assert read_row(folder, FILES, about="that") is None
    assert read_row(folder, FILES[:1], about="this") is None


@pytest.mark.parametrize("name", [*FILES, "row.json"])
def test_a_file_that_is_altered_cut_or_gone_is_noticed(folder, name):
    whole = (folder / name).read_bytes()
    for content in (whole[:-2], whole + b"x", b"", b"[" * 5000, bytes([whole[0] ^ 1]) + whole[1:]):
        (folder / name).write_bytes(content)
        assert read_row(folder, FILES, about="this") is None
    (folder / name).unlink()
    assert read_row(folder, FILES, about="this") is None
    (folder / name).mkdir()
    assert read_row(folder, FILES, about="this") is None


def test_every_byte_of_a_row_counts(folder):
    path = folder / "row.json"
    whole = path.read_bytes()
    for at in range(len(whole)):
        for flip in (1, 2):
            changed = bytearray(whole)
            changed[at] ^= flip
            path.write_bytes(changed)
            # Nothing, or, where the change was of white space, what was written.
            assert read_row(folder, FILES, about="this") in (None, ROW)


def test_digests_tell_contents_types_and_shapes_apart(tmp_path):
    arrays = (
        np.zeros(4, np.int8), np.zeros((2, 2), np.int8), np.zeros(1, np.int32), np.zeros(0), np.ones(4, np.int8), None,
        np.zeros((2, 2), np.int8).T[:1],
    )  # fmt: skip
    assert len({digest_of_arrays(array) for array in arrays}) == len(arrays)
    turned = np.arange(6).reshape(2, 3).T
    assert digest_of_arrays(turned) == digest_of_arrays(turned.copy())
    assert digest_of_file(tmp_path / "absent") == digest_of_file(tmp_path) == ""


def test_only_what_is_chosen_is_named():
    @dataclasses.dataclass
    class Inner:
        depth: int = 1

    @dataclasses.dataclass
    class Outer:
        inner: Inner = dataclasses.field(default_factory=Inner)
        width: int = 2

    assert chosen(Outer()) == {}
    assert chosen(Outer(Inner(3), 4)) == {"inner": {"depth": 3}, "width": 4}
