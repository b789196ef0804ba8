"""Checkpoints: round trip, and a refusal by name for everything that can be wrong in a file."""

from __future__ import annotations

import dataclasses
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from files import arrays
from golden.checkpoint import Checkpoint, Host, load_checkpoint, random_checkpoint, save_checkpoint
from golden.errors import CheckpointError
from golden.forward import forward
from golden.specification import Specification

SPEC = Specification(inputs=6, layers=(5, 4), outputs=8, recurrent=(True, False))


odd_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
    | st.sampled_from([10**29, 10**400, 1e308, -1, 1.0, "\n", "\ud800"]),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=3), parts, max_size=3),
    max_leaves=5,
)  # fmt: skip


def host(outputs: int = 8) -> Host:
    return Host(
        front_end={"kind": "logmel40"},
        phones=("sil", "aa"),
        states_per_phone=3,
        senone_state=(np.arange(outputs) % 6).astype(np.int16),
        class_offset=np.zeros(outputs, np.float32),
        log_prior=np.zeros(6, np.float32),
        bigram_log=np.zeros((2, 2), np.float32),
        initial_log=np.zeros(2, np.float32),
        label_delay_frames=2,
        acoustic_scale=0.5,
        bigram_scale=1.0,
        insertion_log=-1.0,
    )


@pytest.fixture
def checkpoint() -> Checkpoint:
    return dataclasses.replace(random_checkpoint(SPEC, seed=1), host=host(), scales={"fc": -4}, provenance={"seed": 1})


def test_round_trip(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "folder" / "net.npz"
    save_checkpoint(path, checkpoint)
    loaded = load_checkpoint(path)
    assert loaded.specification == SPEC
    assert loaded.recurrent[1] is None
    assert (loaded.scales, loaded.provenance) == ({"fc": -4}, {"seed": 1})
    codes = np.random.default_rng(0).integers(-128, 128, (20, 6))
    np.testing.assert_array_equal(forward(loaded, codes).logits, forward(checkpoint, codes).logits)
    assert loaded.host is not None
    assert loaded.host.phones == ("sil", "aa")
    np.testing.assert_array_equal(loaded.host.senone_state, host().senone_state)
    assert [entry.name for entry in path.parent.iterdir()] == ["net.npz"]


def test_the_same_checkpoint_gives_the_same_bytes(checkpoint: Checkpoint, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "a.npz", checkpoint)
    save_checkpoint(tmp_path / "b.npz", checkpoint)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def rewrite(path: Path, change: Callable[[dict[str, np.ndarray]], None]) -> None:
    with np.load(path, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    change(arrays)
    np.savez(path, **arrays)


def header(**fields: Any) -> Callable[[dict[str, np.ndarray]], None]:
    def change(stored: dict[str, np.ndarray]) -> None:
        given = json.loads(stored["header"].tobytes()) | fields
        stored["header"] = np.frombuffer(json.dumps(given).encode(), np.uint8)

    return change


def array(name: str, value: Any) -> Callable[[dict[str, np.ndarray]], None]:
    def change(stored: dict[str, np.ndarray]) -> None:
        stored[name] = value(stored[name]) if callable(value) else value

    return change


def deep(levels: int) -> Any:
    content: Any = {}
    for _ in range(levels - 1):
        content = {"a": content}
    return content


def host_field(name: str, value: Any) -> Callable[[dict[str, np.ndarray]], None]:
    def change(stored: dict[str, np.ndarray]) -> None:
        given = json.loads(stored["header"].tobytes())
        header(host=given["host"] | {name: value})(stored)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (array("fc", lambda fc: fc.astype(np.float32)), "fc has dtype float32, expected int8 or int16"),
        (array("fc", lambda fc: fc[:, 1:]), "fc has shape (4, 7), expected (4, 8)"),
        (array("fc", lambda fc: np.full_like(fc, 8)), "fc has weights 8..8, expected -8..7 (4 bits)"),
        (array("feed_forward1", lambda w: w.T.copy()), "feed_forward[1] has shape (4, 5), expected (5, 4)"),
        (array("recurrent0", lambda w: w - np.int8(20)), "recurrent[0] has weights"),
        (array("host_log_prior", np.zeros(5, np.float32)), "host.log_prior has shape (5,), expected (6,)"),
        (array("host_log_prior", np.full(6, np.nan, np.float32)), "host.log_prior has non-finite entries"),
        (array("host_senone_state", np.full(8, 6, np.int16)), "host.senone_state has 6..6, expected 0..5"),
        (array("host_class_offset", np.zeros(8)), "host.class_offset: expected dtype float32"),
        (array("extra", np.zeros(1)), "unknown arrays ['extra'], missing []"),
        (lambda arrays: arrays.pop("recurrent0"), "unknown arrays [], missing ['recurrent0']"),
        (lambda arrays: arrays.pop("header"), "header: expected a row of bytes"),
        (array("header", np.frombuffer(b"{", np.uint8)), "header: not JSON"),
        (header(format_version=2), "format_version is 2, expected 1"),
        (header(format_version=True), "format_version is True, expected 1"),
        (header(format_version=1.0), "format_version is 1.0, expected 1"),
        (header(fc_zeros=True), "fc_zeros is True, expected an integer"),
        (header(provenance=deep(17)), "provenance: nested deeper than 16 levels"),
        (header(provenance=deep(100)), "header: not JSON as expected: nested deeper than 64 levels"),
        (header(provenance={"a": ["x" * 9] * 30_000}), "provenance: more than 65,536 characters"),
        (header(provenance={"a": "x" * (5 << 20)}), "array 'header' of"),
        (header(scales={"fc": -4, "a b": 1}), "scales: 'a b', expected names: a letter or _"),
        (array("header", np.frombuffer(b'{"a": 1, "a": 2}', np.uint8)), "'a' twice in one object"),
        (array("header", np.frombuffer(b'["\\ud800"]', np.uint8)), "header: not JSON as expected: "),
        (array("header", np.frombuffer(b"9" * 5000, np.uint8)), "a number of 5000 digits"),
        (array("fc", np.zeros(100_000, np.int8)), "array 'fc' of 100,128 bytes, expected at most 10,064"),
        (header(fc_zeros=33), "fc_zeros claims 33 pruned weights"),
        (header(fc_zeros=-1), "fc_zeros is -1, expected 0..32"),
        (header(fc_zeros="many"), "fc_zeros is 'many', expected an integer"),
        (header(scales={"fc": 0.5}), "scales['fc'] is 0.5, expected an integer in -64..64"),
        (header(scales=[]), "scales: expected a JSON object"),
        (header(scales={}), "scales: 'fc' is missing"),
        (host_field("phones", [["sil"], ["a"]]), "host.phones: ['sil'], expected names: a letter, digit or _"),
        (host_field("phones", ["sil", "sil"]), "host.phones: expected distinct names"),
        (host_field("phones", ["sil", "a\nb"]), "host.phones: 'a\\nb', expected names: a letter"),
        (host_field("phones", []), "host.phones: 0 names, expected 1..1,024"),
        (host_field("phones", ["sil"] * 2000), "host.phones: 2,000 names, expected 1..1,024"),
        (host_field("phones", "sil"), "host.phones: expected a list of names"),
        (host_field("acoustic_scale", 10**12), "acoustic_scale is 1000000000000, expected a number in -1e9..1e9"),
        (host_field("acoustic_scale", 10**400), "header: not JSON as expected: a number of 401 digits"),
        (host_field("acoustic_scale", True), "host.acoustic_scale is True, expected a number in -1e9..1e9"),
        (host_field("insertion_log", float("nan")), "header: not JSON as expected: NaN, which JSON does not have"),
        (host_field("front_end", deep(17)), "host.front_end: nested deeper than 16 levels"),
        (host_field("label_delay_frames", True), "host.label_delay_frames is True, expected 0..100"),
        (array("host_initial_log", np.full(2, -2000, np.float32)), "host.initial_log has -2000..-2000, expected -1024"),
        (header(specification={"inputs": 6}), "specification: unknown fields [], missing fields"),
        (header(host={}), "host: expected the fields"),
        (header(colour="red"), "header: expected the fields"),
    ],
)
def test_refuses_by_file_and_field(
    checkpoint: Checkpoint, tmp_path: Path, change: Callable[[dict[str, np.ndarray]], None], message: str
) -> None:
    path = tmp_path / "net.npz"
    save_checkpoint(path, checkpoint)
    rewrite(path, lambda arrays: _apply(change, arrays))
    with pytest.raises(CheckpointError) as refused:
        load_checkpoint(path)
    assert str(refused.value).startswith(f"{path}: ")
    assert str(refused.value).count(str(path)) == 1
    assert message in str(refused.value)


def _apply(change: Callable[[dict[str, np.ndarray]], None], arrays: dict[str, np.ndarray]) -> None:
    arrays.setdefault("extra", np.zeros(0))
    change(arrays)
    if not arrays["extra"].size:
        arrays.pop("extra")


def test_refuses_pickles(tmp_path: Path) -> None:
    path = tmp_path / "net.npz"
    np.savez(path, header=np.array([{"a": 1}], dtype=object), fc=np.zeros(1))
    with pytest.raises(CheckpointError, match=r"net\.npz: array 'header': holds pickled objects, which are refused$"):
        load_checkpoint(path)


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 cut"])
def test_refuses_files_that_are_no_archive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "net.npz"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"net\.npz"):
        load_checkpoint(path)
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        load_checkpoint(tmp_path / "absent.npz")


def test_an_array_of_another_network_is_refused_unread(checkpoint: Checkpoint, tmp_path: Path, monkeypatch) -> None:
    path, read = tmp_path / "net.npz", []
    save_checkpoint(path, checkpoint)
    rewrite(path, lambda arrays: arrays.update(huge=np.zeros(1 << 20)))
    whole = arrays._read_array
    monkeypatch.setattr(arrays, "_read_array", lambda *given: read.append(given[2]) or whole(*given))
    with pytest.raises(CheckpointError, match=r"unknown arrays \['huge'\]"):
        load_checkpoint(path)
    assert read == [f"{path}: array 'header'"]


def test_more_than_any_checkpoint_holds_is_refused_at_once(tmp_path: Path) -> None:
    # 300 MB of zeros in 300 kB.
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("fc.npy", "w") as member:
        for _ in range(300):
            member.write(bytes(1 << 20))
    with pytest.raises(CheckpointError, match=r"1 arrays of 314,572,800 bytes, expected at most 150,994,944"):
        load_checkpoint(path)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    for path, kind in ((tmp_path, "folder"), (tmp_path / "pipe.npz", "named pipe"), (Path("/dev/zero"), "device")):
        with pytest.raises(CheckpointError, match=f"{path}: is a {kind}, expected a checkpoint"):
            load_checkpoint(path)


def test_a_checkpoint_knows_its_file(checkpoint: Checkpoint, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "net.npz", checkpoint)
    assert load_checkpoint(tmp_path / "net.npz").source == str(tmp_path / "net.npz")
    assert checkpoint.source == ""


@pytest.mark.parametrize("wrong", [{"a": {1, 2}}, {"a": float("nan")}, {"a": "\udce9"}, {1: "a"}, {"a": 10**40}])
def test_what_could_not_be_read_back_is_not_made(checkpoint: Checkpoint, wrong: dict[Any, Any]) -> None:
    with pytest.raises(CheckpointError, match=r"^checkpoint: provenance: "):
        dataclasses.replace(checkpoint, provenance=wrong)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_an_edited_header_is_refused_or_right(checkpoint: Checkpoint, tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "net.npz"
    save_checkpoint(path, checkpoint)

    def edit(stored: dict[str, np.ndarray]) -> None:
        given = json.loads(stored["header"].tobytes())
        place = data.draw(st.sampled_from([given, given["host"], given["specification"], given["scales"]]))
        place[data.draw(st.sampled_from([*sorted(place), "new"]))] = data.draw(odd_values)
        stored["header"] = np.frombuffer(json.dumps(given).encode(), np.uint8)

    rewrite(path, edit)
    said = ""
    try:
        loaded = load_checkpoint(path)
    except CheckpointError as error:
        said = str(error)
    if said:
        assert said.startswith(f"{path}: ")
    else:
        save_checkpoint(path, loaded)
        assert load_checkpoint(path).specification == loaded.specification


def test_a_damaged_file_is_refused_or_whole(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path, rng = tmp_path / "net.npz", np.random.default_rng(0)
    save_checkpoint(path, checkpoint)
    content, refused = path.read_bytes(), []
    for _ in range(300):
        damaged = bytearray(content)
        damaged[rng.integers(len(content))] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            load_checkpoint(path)
        except CheckpointError as error:
            refused.append(str(error))
    assert len(refused) > 200
    assert all(str(path) in message for message in refused)


def test_a_failed_write_leaves_the_old_file(checkpoint: Checkpoint, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "net.npz"
    save_checkpoint(path, checkpoint)
    before = path.read_bytes()

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", fail)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(path, checkpoint)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["net.npz"]


def test_random_checkpoint_covers_the_whole_range_and_is_seeded() -> None:
    one, two = random_checkpoint(Specification(), seed=4), random_checkpoint(Specification(), seed=4)
    np.testing.assert_array_equal(one.fc, two.fc)
    assert (one.fc.min(), one.fc.max()) == (-8, 7)
    assert one.fc_zeros == np.count_nonzero(one.fc == 0)
