"""Lay the TIMIT sample out as the LDC lays out the corpus, for tests of what reads the corpus."""

from __future__ import annotations

import shutil
from pathlib import Path

import soundfile

# All speakers of the sample are training speakers of the corpus (``spkrinfo.txt``: TRN). So that there are sentences in
# all three sets, some are given the names of dev and core-test speakers of the same region and sex.
STAND_INS = {
    "dr1-fvmh0": "felc0",
    "dr2-marc0": "mtas1",
    "dr7-madd0": "mgrt0",
    "dr3-madc0": "mbwm0",
    "dr4-falr0": "fedw0",
    "dr7-fblv0": "fmml0",
}


def lay_out_as_ldc(
    sample_root: Path, target: Path, *, upper: bool = True, sphere: bool = False, stand_ins: bool = True
) -> Path:
    """Copy the sample to `target` as ``TRAIN/DR1/MCPM0/SA1.WAV`` and so on; return `target`.

    Parameters
    ----------
    sample_root : Path
        The sample of NLTK, ``dr1-fvmh0/sa1.wav``.
    target : Path
        Made where it is missing.
    upper : bool
        Names in upper case, otherwise in lower case.
    sphere : bool
        Sounds as NIST SPHERE, otherwise as they are (RIFF).
    stand_ins : bool
        Lay three speakers out in the test folder as dev speakers and three as core-test speakers, under names of those
        (`STAND_INS`), which leaves six to train on. Otherwise all are where they are in the corpus, in the training
        folder.
    """
    cased = str.upper if upper else str.lower
    for folder in sorted(sample_root.glob("dr[1-8]-*")):
        region, _, name = folder.name.partition("-")
        use = "train"
        if stand_ins and folder.name in STAND_INS:
            use, name = "test", STAND_INS[folder.name]
        speaker = target / cased(use) / cased(region) / cased(name)
        speaker.mkdir(parents=True)
        for path in sorted(folder.iterdir()):
            copy = speaker / cased(path.name)
            if sphere and path.suffix == ".wav":
                write_sphere(path, copy)
            else:
                shutil.copyfile(path, copy)
    return target


def write_sphere(source: Path, target: Path) -> None:
    """Write a 16-bit mono sound file as NIST SPHERE, with the fields of TIMIT's headers."""
    samples, rate = soundfile.read(source, dtype="int16")
    fields = {
        "database_id -s5": "TIMIT",
        "sample_count -i": len(samples),
        "sample_rate -i": rate,
        "channel_count -i": 1,
        "sample_n_bytes -i": 2,
        "sample_byte_format -s2": "01",
        "sample_sig_bits -i": 16,
    }
    lines = ["NIST_1A", "   1024", *(f"{name} {value}" for name, value in fields.items()), "end_head", ""]
    target.write_bytes("\n".join(lines).encode().ljust(1024) + samples.astype("<i2").tobytes())
