"""Corpora to utterances: TIMIT as the LDC lays it out, the sample by folds, speechocean762 with its aligner."""

import shutil

import pytest

from features.errors import AudioError, CorpusError
from tests.features.corpora.ldc_layout import lay_out_as_ldc
from training.preparation.corpora import FOLDS, Source, load, phone_set
from training.preparation.dataset import DEV, TEST, TRAIN
from training.stages.stage import load_recipe

RECIPE = load_recipe()


def parts(spoken):
    return {part: sorted(one.name for one in spoken if one.part == part) for part in (TRAIN, DEV, TEST)}


@pytest.mark.parametrize("upper", [True, False])
def test_timit_has_the_standard_sets(timit_sample, tmp_path, upper):
    root = lay_out_as_ldc(timit_sample, tmp_path / "timit", upper=upper)
    source = Source(corpus="timit", data=tmp_path, work=tmp_path / "work")
    found = parts(load(source, RECIPE))
    assert {part: len(names) for part, names in found.items()} == {TRAIN: 48, DEV: 24, TEST: 24}
    assert phone_set(source) == "timit"
    again = load(Source(corpus="timit", data=root, work=tmp_path / "work"), RECIPE)
    assert parts(again) == found


def test_the_sample_is_tested_once_over_its_folds(timit_sample, tmp_path):
    tested = []
    for fold in range(FOLDS):
        source = Source(corpus="timit_sample", data=timit_sample.parent, work=tmp_path, fold=fold)
        found = parts(load(source, RECIPE))
        speakers = [{name.rsplit("-", 1)[0] for name in names} for names in found.values()]
        assert sum(map(len, speakers)) == len(set.union(*speakers)) == 12
        tested += found[TEST]
    assert len(tested) == len(set(tested)) == 96
    with pytest.raises(CorpusError, match=r"fold is 6, expected 0..5"):
        load(Source(corpus="timit_sample", data=timit_sample.parent, work=tmp_path, fold=6), RECIPE)


def test_a_damaged_sentence_is_named_or_left_out_and_counted(timit_sample, tmp_path, capsys):
    root = lay_out_as_ldc(timit_sample, tmp_path / "timit")
    lost = sorted(root.rglob("SX*.WAV"))[0]
    lost.write_bytes(b"")
    source = Source(corpus="timit", data=tmp_path, work=tmp_path / "work")
    with pytest.raises(AudioError, match=lost.name):
        load(source, RECIPE)
    skipping = Source(corpus="timit", data=tmp_path, work=tmp_path / "work", skip_damaged=True)
    assert len(load(skipping, RECIPE)) == 95
    printed = capsys.readouterr().err
    assert "1 missing or damaged files are left out" in printed
    assert str(lost) in printed


def test_a_corpus_without_a_test_set_is_refused(timit_sample, tmp_path):
    root = lay_out_as_ldc(timit_sample, tmp_path / "timit")
    shutil.rmtree(root / "TEST")
    with pytest.raises(CorpusError, match=r"no utterance of the dev set"):
        load(Source(corpus="timit", data=tmp_path, work=tmp_path / "work"), RECIPE)


def test_an_absent_corpus_says_where_it_can_be_had(tmp_path):
    with pytest.raises(CorpusError, match=r"LDC93S1"):
        load(Source(corpus="timit", data=tmp_path, work=tmp_path), RECIPE)


def test_the_phones_of_speechocean762_are_cmus(tmp_path):
    source = Source(corpus="speechocean762", data=tmp_path, work=tmp_path)
    assert phone_set(source) == "cmu"
    with pytest.raises(CorpusError, match=r"its phones are CMU's"):
        phone_set(Source(corpus="speechocean762", data=tmp_path, work=tmp_path, phone_set="timit"))
    assert phone_set(Source(corpus="timit", data=tmp_path, work=tmp_path, phone_set="cmu")) == "cmu"
