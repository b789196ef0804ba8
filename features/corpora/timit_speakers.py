"""The standard speakers of TIMIT's development set and core test set, each with its dialect region.

Sources: the core test set is the one of TIMIT's own documentation (``doc/testset.doc``: 2 men and 1 woman a region);
the 50 development speakers are those of Kaldi's recipe (``egs/timit/s5/conf/dev_spk.list``; its ``test_spk.list`` is
the core test set). The names are folders of the corpus in lower case; their first letter is the speaker's sex. All of
them are in the corpus' test folder, and so are the 94 others that these sets leave unused; the 462 of its training
folder are the training set.
"""

from __future__ import annotations

_CORE_TEST = """
1 mdab0 mwbt0 felc0
2 mtas1 mwew0 fpas0
3 mjmp0 mlnt0 fpkt0
4 mlll0 mtls0 fjlm0
5 mbpm0 mklt0 fnlp0
6 mcmj0 mjdh0 fmgd0
7 mgrt0 mnjm0 fdhc0
8 mjln0 mpam0 fmld0
"""

_DEV = """
1 faks0 fdac1 fjem0 mjsw0 mreb0
2 mgwt0 mjar0 mmdb1 mmdm2 mpdf0
3 fcmh0 fkms0 mbdg0 mbwm0 mcsh0 mgjf0 mglb0 mmjr0 mmwh0 mrtk0 mtaa0 mtdt0 mthc0 mwjg0
4 fadg0 fdms0 fedw0 fgjd0 fjmg0 fnmr0 frew0 fsem0 mbns0 mdls0 mroa0 mteb0
5 fcal1 fmah0 mrws1
6 fdrw0 mjfc0 mrjr0
7 fmml0 mdlf0 mdvc0 mers0 mrcs0 mrjm4
8 fjsj0 majc0
"""


def _regions(table: str) -> dict[str, int]:
    rows = [line.split() for line in table.split("\n") if line]
    return {speaker: int(region) for region, *speakers in rows for speaker in speakers}


CORE_TEST_SPEAKERS = _regions(_CORE_TEST)
DEV_SPEAKERS = _regions(_DEV)

# Sentences of the whole corpus, SA1 and SA2 left out: 8 a speaker.
STANDARD_SENTENCES = {"train": 3_696, "dev": 400, "test": 192}


def standard_split(speaker: str) -> str:
    """Return the split of a speaker of the corpus' test folder: "dev", "test" (the core test set) or "" (unused).

    Examples
    --------
    >>> standard_split("mdab0"), standard_split("faks0"), standard_split("mabw0")
    ('test', 'dev', '')
    """
    if speaker in CORE_TEST_SPEAKERS:
        return "test"
    return "dev" if speaker in DEV_SPEAKERS else ""
