"""SPHERE's header: fields by their whole name, once, and nothing but them decides."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.audio import read_audio
from features.corpora.sound import sound_seconds
from features.errors import TruncatedAudioError, UnreadableAudioError

FIELDS = {
    "sample_count -i": "32160", "sample_rate -i": "16000", "channel_count -i": "1", "sample_n_bytes -i": "2",
    "sample_byte_format -s2": "01", "sample_sig_bits -i": "16", "sample_coding -s3": "pcm",
}  # fmt: skip
CODES = np.random.default_rng(0).integers(-9000, 9000, 32160)


def sphere(path: Path, *, before: str = "", after: str = "", fields: dict[str, str] | None = None,
           size: int = 1024, data: bytes | None = None) -> Path:  # fmt: skip
    lines = "".join(f"{name} {value}\n" for name, value in (FIELDS | (fields or {})).items() if value)
    head = f"NIST_1A\n{size:7d}\n{before}{lines}end_head\n{after}".encode("latin-1").ljust(size)
    path.write_bytes(head + (CODES.astype("<i2").tobytes() if data is None else data))
    return path


@pytest.mark.parametrize(
    "before",
    [
        "original_sample_rate -i 8000\n", "my_channel_count -i 2\n", "old_sample_n_bytes -i 1\n",
        "prior_sample_byte_format -s2 10\n", "recorded_sample_coding -s4 ulaw\n", "first_sample_count -i 100\n",
        "; sample_rate -i 8000\n", ";sample_rate -i 8000\n", "note -s21 sample_rate -i 8000\u00e9\n",
        "sample_rates -i 8000\n", "note -s5 \u0085sample_rate -i 8000\n", "note -s5 a\x0csample_rate -i 8000\n",
        "sample_rate -i 16000\n",
    ],
)  # fmt: skip
@pytest.mark.parametrize("after", ["", "sample_rate -i 8000\nchannel_count -i 2\n"])
def test_a_field_is_found_by_its_whole_name_at_the_beginning_of_a_line(tmp_path: Path, before: str, after: str) -> None:
    path = sphere(tmp_path / "a.sph", before=before, after=after)
    samples = read_audio(path)
    assert len(samples) / 16_000 == sound_seconds(path) == 2.01
    np.testing.assert_array_equal(samples, CODES / 32768)


@pytest.mark.parametrize(
    ("before", "message"),
    [
        ("sample_rate -i 8000\n", "sample_rate is there twice, as '8000' and '16000'"),
        ("channel_count -i 2\n", "channel_count is there twice, as '2' and '1'"),
        ("sample_byte_format -s2 10\n", "sample_byte_format is there twice, as '10' and '01'"),
        ("note -s99 spread over lines\nsample_rate -i 8000\n", "sample_rate is there twice, as '8000' and '16000'"),
    ],
)
def test_a_field_twice_is_refused(tmp_path: Path, before: str, message: str) -> None:
    path = sphere(tmp_path / "a.sph", before=before)
    for read in (read_audio, sound_seconds):
        with pytest.raises(UnreadableAudioError) as refused:
            read(path)
        assert str(refused.value) == f"{path}: malformed SPHERE header: {message}"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"sample_rate -i": ""}, "sample_rate is '', expected a number over 0"),
        ({"sample_rate -i": "0"}, "sample_rate is '0', expected a number over 0"),
        ({"sample_rate -i": "9" * 5000}, f"sample_rate is '{'9' * 60}', expected a number over 0"),
        ({"sample_rate -i": "1\u00b26000"}, "sample_rate is '1\u00b26000', expected a number over 0"),
        ({"sample_n_bytes -i": "5"}, "sample_n_bytes is '5', expected 1 to 4 of pcm"),
        ({"sample_coding -s3": "ulaw"}, "sample_n_bytes is '2', expected 1 of ulaw"),
        ({"sample_byte_format -s2": ""}, "sample_byte_format is '', expected 01 or 10"),
        ({"sample_byte_format -s2": "0123"}, "sample_byte_format is '0123', expected 01 or 10"),
        ({"sample_sig_bits -i": "17"}, "sample_sig_bits is '17', expected 1 to 16"),
    ],
)
def test_fields_that_contradict_each_other(tmp_path: Path, fields: dict[str, str], message: str) -> None:
    path = sphere(tmp_path / "a.sph", fields=fields, size=8192)
    with pytest.raises(UnreadableAudioError) as refused:
        read_audio(path)
    assert str(refused.value) == f"{path}: malformed SPHERE header: {message}"


@pytest.mark.parametrize(
    ("width", "order", "dtype"),
    [(1, "1", "i1"), (2, "01", "<i2"), (2, "10", ">i2"), (3, "012", "<i4"), (3, "210", ">i4"), (3, "10", ">i4"),
     (4, "0123", "<i4"), (4, "3210", ">i4"), (4, "01", "<i4")],
)  # fmt: skip
def test_every_width_and_order(tmp_path: Path, width: int, order: str, dtype: str) -> None:
    codes = np.random.default_rng(1).integers(-(2 ** (8 * width - 1)), 2 ** (8 * width - 1), 2000)
    stored = codes.astype(dtype)
    if width == 3:
        four = stored.view(np.uint8).reshape(-1, 4)
        data = (four[:, :3] if dtype == "<i4" else four[:, 1:]).tobytes()
    else:
        data = stored.tobytes()
    fields = {"sample_count -i": "1000", "channel_count -i": "2", "sample_n_bytes -i": str(width),
              "sample_byte_format -s2": order, "sample_sig_bits -i": str(8 * width)}  # fmt: skip
    path = sphere(tmp_path / "a.sph", fields=fields, data=data + b"behind")
    np.testing.assert_array_equal(read_audio(path), (codes / 2.0 ** (8 * width - 1)).reshape(-1, 2).mean(axis=1))


def test_headers_that_are_no_text_of_fields(tmp_path: Path) -> None:
    path = sphere(tmp_path / "a.sph")
    whole = path.read_bytes()
    for content, kind, message in (
        (whole.replace(b"\n", b"\r\n", 30), UnreadableAudioError, "line ends were converted"),
        (whole.replace(b"end_head", b"end_hoax"), UnreadableAudioError, "no end_head"),
        (whole[:1000], TruncatedAudioError, "ends after 1000 of 1024 bytes of its header"),
        (whole.replace(b"   1024", b"9999999"), UnreadableAudioError, "size of 9999999 bytes, expected 17 to "),
        (whole.replace(b"   1024", b"     16"), UnreadableAudioError, "size of 16 bytes"),
        (b"\xef\xbb\xbf" + whole, UnreadableAudioError, "not a readable WAV, FLAC or NIST SPHERE file"),
        (
            whole.replace(b"-i 1\n", b"-i 2\nchannels_interleaved -s5 FALSE\n"),
            UnreadableAudioError,
            "one after the other",
        ),
        (whole.replace(b"-s3 pcm", b"-s4 gsm1"), UnreadableAudioError, "'gsm1' coding, expected pcm, ulaw or alaw"),
    ):
        path.write_bytes(content)
        with pytest.raises(kind, match=f"^{path}: ") as refused:
            read_audio(path)
        assert message in str(refused.value)


@given(st.data())
def test_header_lines_in_any_order_with_others_between(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    names = st.from_regex(r"[a-z_]{0,8}_(sample_rate|sample_count|channel_count|sample_n_bytes)", fullmatch=True)
    others = data.draw(st.lists(st.tuples(names, st.integers(0, 99_999)), max_size=8))
    lines = [f"{name} {value}" for name, value in FIELDS.items()] + [f"x{name} -i {value}" for name, value in others]
    lines = data.draw(st.permutations(lines))
    path = tmp_path_factory.getbasetemp() / "any.sph"
    head = "\n".join(["NIST_1A", "   2048", *lines, "end_head", ""])
    path.write_bytes(head.encode().ljust(2048) + CODES.astype("<i2").tobytes())
    np.testing.assert_array_equal(read_audio(path), CODES / 32768)
