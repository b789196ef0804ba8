"""Streaming decoding against every path written out, however the stream is cut, and against the batch decoder."""

from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.audio import SAMPLE_RATE_HZ, read_audio
from features.cepstra import HOP_SAMPLES, WINDOW_SAMPLES
from features.frontend import FrontEndSettings, batch_codes
from golden.checkpoint import Host, load_checkpoint
from golden.decoder import decode, decode_scores, state_scores
from golden.errors import StimulusError
from golden.forward import forward
from golden.streaming import (
    FRAME_PERIOD_MS,
    LOOK_AHEAD_FRAMES,
    WINDOW_MS,
    StreamingDecoder,
    decode_with_look_ahead,
)

CLIP = Path(__file__).parents[2] / "experiments" / "clips" / "demo.flac"
PHONES = ("sil", "ao", "t", "cl", "aa")


def random_host(seed, *, per_phone, delay):
    rng = np.random.default_rng(seed)
    states = len(PHONES) * per_phone
    return Host(
        front_end={},
        phones=PHONES,
        states_per_phone=per_phone,
        senone_state=np.repeat(np.arange(states), 2).astype(np.int16),
        class_offset=rng.normal(size=2 * states).astype(np.float32),
        log_prior=np.log(rng.dirichlet(np.ones(states))).astype(np.float32),
        bigram_log=np.log(rng.dirichlet(np.ones(len(PHONES)), size=len(PHONES))).astype(np.float32),
        initial_log=np.log(rng.dirichlet(np.ones(len(PHONES)))).astype(np.float32),
        label_delay_frames=delay,
        acoustic_scale=1.1,
        bigram_scale=0.8,
        insertion_log=float(rng.normal()),
    )


def streamed(decoder, logits, cuts):
    """Push the logits cut at `cuts`, and return all segments."""
    found = []
    for chunk in np.split(logits, sorted(min(cut, len(logits)) for cut in cuts)):
        found += decoder.push(chunk)
    return found + decoder.finish()


@st.composite
def streams(draw):
    seed, frames = draw(st.integers(0, 10_000)), draw(st.integers(0, 60))
    host = random_host(seed, per_phone=draw(st.integers(1, 3)), delay=draw(st.integers(0, 3)))
    # Loud and quiet logits: paths that are settled at once, and paths that stay open for long.
    rng = np.random.default_rng(seed)
    loudness = draw(st.sampled_from([0.3, 1.0, 4.0]))
    logits = rng.normal(size=(frames, len(host.senone_state))) * loudness
    if draw(st.booleans()):
        # Many paths that are exactly as good as each other: of those, too, all must choose the same.
        alike = {name: 0 * getattr(host, name) for name in ("class_offset", "log_prior", "bigram_log", "initial_log")}
        host, logits = replace(host, **alike, insertion_log=0.0), np.sign(logits)
    return host, logits.astype(np.float32), draw(st.lists(st.integers(0, 60), max_size=8))


@given(streams(), st.integers(0, 20))
@settings(max_examples=200)
def test_a_stream_is_decoded_like_every_path_written_out(stream, look_ahead):
    host, logits, cuts = stream
    expected = decode_with_look_ahead(host, state_scores(host, logits, fc_scale=0), look_ahead_frames=look_ahead)
    decoder = StreamingDecoder(host, look_ahead_frames=look_ahead, fc_scale=0)
    assert streamed(decoder, logits, cuts) == expected
    # The next utterance knows nothing of this one.
    assert streamed(decoder, logits, range(1, len(logits))) == expected


@given(streams(), st.integers(0, 30))
def test_all_of_the_utterance_ahead_is_the_batch_decoder(stream, more):
    host, logits, cuts = stream
    look_ahead = max(0, len(logits) - host.label_delay_frames) + more
    expected = decode(host, logits, fc_scale=0)
    assert streamed(StreamingDecoder(host, look_ahead_frames=look_ahead, fc_scale=0), logits, cuts) == expected
    scores = state_scores(host, logits, fc_scale=0)
    assert decode_with_look_ahead(host, scores, look_ahead_frames=look_ahead) == expected


@given(streams(), st.integers(0, 20))
def test_segments_cover_the_frames_and_no_silences_touch(stream, look_ahead):
    host, logits, cuts = stream
    found = streamed(StreamingDecoder(host, look_ahead_frames=look_ahead, fc_scale=0), logits, cuts)
    edges = [edge for _, start, end in found for edge in (start, end)]
    assert edges[1:-1:2] == edges[2::2]
    assert (edges[:1], edges[-1:]) == (([0], [len(logits) - host.label_delay_frames]) if found else ([], []))
    # The path is one through the HMMs: a phone has its states, and only the last may be cut short.
    assert all(end - start >= host.states_per_phone for _, start, end in found[:-1])
    assert ("sil", "sil") not in {(one.phone, two.phone) for one, two in pairwise(found)}


@given(streams(), st.integers(0, 20))
def test_a_phone_comes_when_the_look_ahead_after_its_end_is_in(stream, look_ahead):
    host, logits, _ = stream
    decoder = StreamingDecoder(host, look_ahead_frames=look_ahead, fc_scale=0)
    for frame in range(len(logits)):
        found = decoder.push(logits[frame : frame + 1])
        assert decoder.fixed_frames == max(0, frame + 1 - host.label_delay_frames - look_ahead)
        # The frame after a phone's end is the one fixed last.
        assert [segment.end_frame for segment in found] in ([], [decoder.fixed_frames - 1])


@cache
def shipped_logits():
    """Return the shipped network's host, logits of the shipped clip, and the logits' unit."""
    checkpoint = load_checkpoint()
    front_end = FrontEndSettings.from_json(checkpoint.host.front_end)
    return checkpoint, forward(checkpoint, batch_codes(read_audio(CLIP), front_end)).logits


@given(st.lists(st.integers(0, 400), max_size=30), st.sampled_from([0, 3, 10, 30, 1000]))
@settings(max_examples=20)
def test_real_speech_however_it_is_cut(cuts, look_ahead):
    checkpoint, logits = shipped_logits()
    unit = checkpoint.scales["fc"]
    scores = state_scores(checkpoint.host, logits, fc_scale=unit)
    found = streamed(StreamingDecoder(checkpoint.host, look_ahead_frames=look_ahead, fc_scale=unit), logits, cuts)
    assert found == decode_with_look_ahead(checkpoint.host, scores, look_ahead_frames=look_ahead)
    assert (found == decode_scores(checkpoint.host, scores)) == (look_ahead > 10)


def test_long_streams_neither_overflow_nor_need_more_memory():
    checkpoint, logits = shipped_logits()
    # Scores so large that their sum leaves 32 bits many times over.
    host = replace(checkpoint.host, acoustic_scale=25.0)
    decoder = StreamingDecoder(host, look_ahead_frames=20, fc_scale=checkpoint.scales["fc"])
    once = decoder.push(logits) + decoder.finish()
    held = decoder._back.nbytes + decoder._best.nbytes
    repeats = 100
    many = []
    for _ in range(repeats):
        many += decoder.push(logits)
    many += decoder.finish()
    assert decoder._back.nbytes + decoder._best.nbytes == held
    # Away from the seams every repetition is decoded alike.
    middle = [
        [segment.phone for segment in many if 100 <= segment.start_frame - start < len(logits) - 100]
        for start in range(0, repeats * len(logits), len(logits))
    ]
    assert all(phones == middle[1] for phones in middle[2:-1])
    assert middle[1] == [segment.phone for segment in once if 100 <= segment.start_frame < len(logits) - 100]


def test_the_latency_is_that_of_the_front_end_the_labels_and_the_look_ahead():
    assert (FRAME_PERIOD_MS, WINDOW_MS) == (1000 * HOP_SAMPLES / SAMPLE_RATE_HZ, 1000 * WINDOW_SAMPLES / SAMPLE_RATE_HZ)
    host = random_host(1, per_phone=3, delay=2)
    assert StreamingDecoder(host, look_ahead_frames=7, fc_scale=0).latency_ms == 10 * (7 + 2) + 25
    default = StreamingDecoder(replace(host, label_delay_frames=0), fc_scale=0)
    assert default.latency_ms == 10 * LOOK_AHEAD_FRAMES + 25


@pytest.mark.parametrize("look_ahead", [-1, 10_001, 2.0, True, None])
def test_a_look_ahead_out_of_range_is_refused(look_ahead):
    host = random_host(1, per_phone=1, delay=0)
    with pytest.raises(StimulusError, match=r"look_ahead_frames is .*, expected an integer in 0..10000"):
        StreamingDecoder(host, look_ahead_frames=look_ahead, fc_scale=0)
    with pytest.raises(StimulusError, match=r"look_ahead_frames is .*, expected an integer in 0..10000"):
        decode_with_look_ahead(host, np.zeros((3, 5), np.float32), look_ahead_frames=look_ahead)


def test_logits_of_another_shape_are_refused_and_change_nothing():
    host = random_host(2, per_phone=1, delay=0)
    logits = np.random.default_rng(2).normal(size=(9, 10)).astype(np.float32)
    decoder = StreamingDecoder(host, look_ahead_frames=3, fc_scale=0)
    found = decoder.push(logits[:4])
    with pytest.raises(StimulusError, match=r"logits: shape \(3, 9\), expected \(frames, 10\)"):
        decoder.push(np.zeros((3, 9)))
    scores = state_scores(host, logits, fc_scale=0)
    expected = decode_with_look_ahead(host, scores, look_ahead_frames=3)
    assert found + decoder.push(logits[4:]) + decoder.finish() == expected
    assert decoder.finish() == []
