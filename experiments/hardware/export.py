"""The Verilog to take away: modules, weights, a self-checking testbench with golden's vectors, constraints."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from experiments.chain.spoken import CLIP, recognise
from experiments.command.tables import write_text
from files.folder import output_folder
from golden.checkpoint import Checkpoint, load_checkpoint
from golden.cycles import count_frames
from golden.forward import forward
from golden.memory_image import memory_image
from golden.specification import Specification
from rtl import deliverables
from rtl.design import STREAM_TOP, Design, build_design, build_stream_modules
from rtl.testbench import BENCH, CODES, FIRSTS, RESULTS, WORDS, result_bits, testbench

SEED = 1


def export(
    *,
    checkpoint_path: Path | None,
    speech: Path | None,
    frames: int,
    architecture: str,
    out: Path,
    arg_max: bool = False,
) -> str:
    """Write the accelerator of a checkpoint as Verilog; the same input gives the same bytes.

    Parameters
    ----------
    checkpoint_path : Path or None
        None is the embedded network.
    speech : Path or None
        Sound file that the testbench's vectors come from; None is the shipped clip. A checkpoint without a host
        section has no front-end: its vectors are random codes.
    frames : int
        Of the vectors. The second half begins a new utterance.
    architecture : {"sliced", "lanes"}
        Of the PE sets.
    out : Path
        Folder to write. Files there that no export wrote stay.
    arg_max : bool
        The AXI4-Stream wrapper gives one arg-max a frame instead of its logits.

    Returns
    -------
    str
        What was written.

    Raises
    ------
    AudioError, CheckpointError, ConversionError
    """
    with output_folder(out, by="rsnn export") as staging:
        checkpoint = load_checkpoint() if checkpoint_path is None else load_checkpoint(checkpoint_path)
        codes = _codes(checkpoint, speech, frames)
        design = build_design(checkpoint.specification, architecture)
        texts = design_files(design, frames=len(codes), arg_max=arg_max)
        texts |= weight_files(checkpoint) | vector_files(design, checkpoint, codes)
        for name, text in texts.items():
            write_text(staging / name, text)
    lines = sum(text.count("\n") for name, text in texts.items() if name.endswith(".v"))
    modules = texts["filelist.f"].count("\n")
    return (
        f"{modules} modules, {lines:,} lines of Verilog with the testbench, {len(codes)} frames of vectors\n"
        f"written: {out}/ (README.md says how to run it)\n"
    )


def design_files(design: Design, *, frames: int, arg_max: bool = False) -> dict[str, str]:
    """Return the text of every file that depends on the design alone, by name."""
    streams = build_stream_modules(design.specification, arg_max=arg_max, architecture=design.architecture)
    modules = {f"{name}.v": module.text for name, module in streams.items()}
    return modules | {
        f"{BENCH}.v": testbench(design, frames),
        "filelist.f": "".join(f"{name}\n" for name in modules),
        "rsnn.sdc": deliverables.constraints(design),
        "rsnn.vlt": deliverables.waivers(),
        "synth.ys": deliverables.synthesis_script(streams, STREAM_TOP),
        "README.md": deliverables.readme(design, streams[STREAM_TOP], frames=frames, arg_max=arg_max),
        "specification.json": deliverables.specification_json(design),
    }


def weight_files(checkpoint: Checkpoint) -> dict[str, str]:
    """Return the contents of both banks as ``$readmemh`` reads them, a row a line."""
    digits = -(-checkpoint.specification.row_bits // 4)
    return {
        f"weights{which}.hex": "".join(f"{row:0{digits}x}\n" for row in bank.row_values())
        for which, bank in enumerate(memory_image(checkpoint))
    }


def vector_files(design: Design, checkpoint: Checkpoint, codes: np.ndarray) -> dict[str, str]:
    """Return the testbench's stimuli and what golden expects, as ``$readmemh`` reads them.

    Parameters
    ----------
    design : Design
    checkpoint : Checkpoint
    codes : np.ndarray [shape=(frames, inputs), dtype=integer]
        The second half is an utterance of its own.
    """
    spec = design.specification
    cycle_bits, _, index_width = result_bits(design)
    halves = [half for half in np.array_split(codes, 2) if len(half)]
    firsts, words, results = [], [], []
    for half in halves:
        expected = forward(checkpoint, half)
        cycles = count_frames(checkpoint, half, expected.spikes).cycles.tolist()
        firsts += [1] + [0] * (len(half) - 1)
        for logits, frame_cycles, best in zip(expected.logits, cycles, expected.best, strict=True):
            words += _words(logits, spec)
            overrun = int(frame_cycles > spec.frame_budget)
            counted = min(frame_cycles, (1 << cycle_bits) - 1)
            results.append(counted << (index_width + 1) | overrun << index_width | int(best))
    mask = (1 << spec.input_bits) - 1
    return {
        CODES: "".join(f"{int(code) & mask:x}\n" for code in codes.ravel()),
        FIRSTS: "".join(f"{first:x}\n" for first in firsts),
        WORDS: "".join(f"{word:x}\n" for word in words),
        RESULTS: "".join(f"{result:x}\n" for result in results),
    }


def _words(logits: np.ndarray, spec: Specification) -> list[int]:
    """Return a frame's logits in words; outputs beyond the last are 0."""
    words, mask = [], (1 << spec.logit_bits) - 1
    for at in range(0, spec.outputs, spec.logits_per_cycle):
        part = logits[at : at + spec.logits_per_cycle].tolist()
        words.append(sum((logit & mask) << (place * spec.logit_bits) for place, logit in enumerate(part)))
    return words


def _codes(checkpoint: Checkpoint, speech: Path | None, frames: int) -> np.ndarray:
    if checkpoint.host is not None:
        return recognise(checkpoint, speech if speech is not None else CLIP).codes[:frames]
    low, high = checkpoint.specification.code_range
    shape = (frames, checkpoint.specification.inputs)
    return np.random.default_rng(SEED).integers(low, high, size=shape, endpoint=True)
