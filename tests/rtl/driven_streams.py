"""Streams around golden's accelerator, cycle by cycle: what senders and receivers do, and what the wrapper has to.

The wrapper is told once more here, by what a frame still lacks, and golden says what the accelerator does between its
two sides. Nothing of the RTL is called.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from cosim.engines.stimuli import CODE_VALID, FIRST, LOGITS_READY, RESET, START
from cosim.mutants.designs import DESIGNS
from cosim.mutants.scenarios import Scenario, scenario
from golden.checkpoint import Checkpoint, random_checkpoint
from golden.schedule import State, build_schedule
from golden.specification import Specification
from golden.trace import CycleModel

SPEC = DESIGNS["small"].specification
# Both sides' pins of the wrapper, as the RTL names them: what is given, what it answers, what passes inside.
GIVEN = ("reset", "s_tvalid", "s_tdata", "s_tlast", "s_tuser", "m_tready")
ANSWERED = ("s_tready", "m_tvalid", "m_tdata", "m_tlast", "frame_error")
TO_ACCELERATOR = ("code_valid", "code", "start", "first", "logits_ready")
FROM_ACCELERATOR = ("code_ready", "logits_valid", "logits", "word", "done", "best_index")


@dataclass
class Streams:
    """Columns of every pin, a value a cycle, and golden's accelerator under them.

    Parameters
    ----------
    checkpoint : Checkpoint
    arg_max : bool
    columns : dict of str to list of int
    doing : list of str
        What the wrapper was about: "take", "fill", "drop" or "start".
    driven : Scenario
        The accelerator's part.
    """

    checkpoint: Checkpoint
    arg_max: bool
    columns: dict[str, list[int]]
    doing: list[str]
    driven: Scenario


@dataclass
class _Wrapper:
    """What the wrapper remembers."""

    taken: int = 0
    doing: str = "take"
    begins: int = 0
    error: int = 0
    result: int = 0
    pending: int = 0


@dataclass
class _Sender:
    """Frames of codes, some too short or too long, each code offered until it is taken."""

    rng: np.random.Generator
    left: int = 0
    offered: tuple[int, int, int] | None = None
    # Of a frame, to choose among.
    lengths: tuple[int, ...] = (SPEC.inputs, SPEC.inputs, 1, SPEC.inputs - 1, SPEC.inputs + 1, SPEC.inputs + 4)

    def offer(self, willing: float) -> tuple[int, int, int] | None:
        """Return code, tlast and tuser on offer in this cycle, if any."""
        if self.offered is None and self.rng.random() < willing:
            if not self.left:
                self.left = int(self.rng.choice(self.lengths))
            low, high = SPEC.code_range
            self.left -= 1
            self.offered = int(self.rng.integers(low, high + 1)), int(not self.left), int(self.rng.random() < 0.3)
        return self.offered


def wide(logits: int, spec: Specification, width: int) -> int:
    """Return a word of logits with each sign-extended to `width` bits."""
    bits, word = spec.logit_bits, 0
    for place in range(spec.logits_per_cycle):
        logit = logits >> place * bits & (1 << bits) - 1
        logit -= (logit >> bits - 1) << bits
        word |= (logit & (1 << width) - 1) << place * width
    return word


@cache
def driven_streams(*, arg_max: bool, cycles: int = 1800, seed: int = 6, free: bool = False) -> Streams:
    """Return cycles in which both sides wait, frames are too short and too long, and resets hit anywhere.

    `free`: nobody waits, all frames are whole, and there is no reset.
    """
    rng = np.random.default_rng(seed)
    checkpoint = random_checkpoint(SPEC, seed=seed)
    schedule = build_schedule(SPEC)
    model, wrapper, sender = CycleModel(checkpoint), _Wrapper(), _Sender(rng)
    names = (*GIVEN, *ANSWERED, *TO_ACCELERATOR, *FROM_ACCELERATOR)
    columns: dict[str, list[int]] = {name: [] for name in names}
    doing, stimuli, codes = [], np.zeros(cycles, np.uint8), np.zeros(cycles, np.int32)
    if free:
        sender.lengths = (SPEC.inputs,)
    willing, ready = 1.0, 1.0
    unhit = {"take", "fill", "drop", "start"}
    unhit |= {f"{name} {value}" for name in ("frame_error", "m_tvalid", "first") for value in range(2)}
    for cycle in range(cycles):
        if cycle % 50 == 0 and not free:
            willing = float(rng.choice([0.1, 0.5, 1.0], p=[0.2, 0.2, 0.6]))
        if cycle % 150 == 0 and not free:
            # For longer than a frame takes nobody receives: then an arg-max waits in the accelerator, too.
            ready = (1.0, 0.0, 0.3, 0.05)[cycle // 150 % 4]
        held = {
            name: int(model._machine.registers[name][0])
            for name in ("state", "loaded", "busy", "word", "done", "best_index")
        }
        offered = sender.offer(willing)
        code, last, user = offered or (0, 0, 0)
        takes = held["state"] == State.IDLE and held["loaded"] < SPEC.inputs
        m_tready = int(rng.random() < ready)
        last_word = held["word"] == schedule.frame_words - 1
        now = {
            "s_tvalid": int(offered is not None), "s_tdata": code, "s_tlast": last, "s_tuser": user,
            "m_tready": m_tready, "code_ready": int(takes), "logits_valid": held["busy"], "word": held["word"],
            "done": held["done"], "best_index": held["best_index"], "frame_error": wrapper.error,
            "s_tready": int(wrapper.doing == "drop" or (wrapper.doing == "take" and takes)),
            "code_valid": int(wrapper.doing == "fill" or (wrapper.doing == "take" and offered is not None)),
            "code": code if wrapper.doing == "take" else 0,
            "start": int(wrapper.doing == "start"), "first": wrapper.begins,
            "logits_ready": int(not (wrapper.pending and last_word and not m_tready)) if arg_max else m_tready,
            "m_tvalid": wrapper.pending if arg_max else held["busy"],
            "m_tlast": int(arg_max or last_word),
        }  # fmt: skip
        # At random, and in each state that a reset is to find; none towards the end, for frames that come out whole.
        found = {f"{name} {now[name]}" for name in ("frame_error", "m_tvalid", "first")} | {wrapper.doing}
        now["reset"] = int(not free and cycle < cycles - 300 and rng.random() < (0.2 if found & unhit else 0.005))
        unhit -= found if now["reset"] else set()
        bits = {CODE_VALID: "code_valid", START: "start", FIRST: "first", LOGITS_READY: "logits_ready", RESET: "reset"}
        stimuli[cycle] = sum(bit * now[name] for bit, name in bits.items())
        codes[cycle] = now["code"]
        given = {name: np.array([bool(now[name])]) for name in ("code_valid", "start", "first")}
        record = model.drive(**given, codes=codes[cycle : cycle + 1], ready=np.array([bool(now["logits_ready"])]))
        port = model.layout["output.logits"]
        now["logits"] = int(port.plane_values(record[0])[0])
        now["m_tdata"] = wrapper.result if arg_max else wide(now["logits"], SPEC, 16)
        for name, value in now.items():
            columns[name].append(value)
        doing.append(wrapper.doing)
        if now["s_tvalid"] and now["s_tready"]:
            sender.offered = None
        if now["reset"]:
            wrapper, model = _Wrapper(), CycleModel(checkpoint)
            continue
        _step(wrapper, now)
    driven = scenario("streams", checkpoint, stimuli, codes)
    return Streams(checkpoint, arg_max, columns, doing, driven)


def _step(wrapper: _Wrapper, now: dict[str, int]) -> None:
    """Go on by an edge without a reset."""
    if wrapper.doing == "take" and now["s_tvalid"] and now["s_tready"]:
        if not wrapper.taken:
            wrapper.begins = now["s_tuser"]
        wrapper.taken += 1
        whole = wrapper.taken == SPEC.inputs
        wrapper.error |= int(whole != bool(now["s_tlast"]))
        if whole:
            wrapper.doing = "start" if now["s_tlast"] else "drop"
        elif now["s_tlast"]:
            wrapper.doing = "fill"
    elif wrapper.doing == "fill" and now["code_ready"]:
        wrapper.taken += 1
        wrapper.doing = "start" if wrapper.taken == SPEC.inputs else "fill"
    elif wrapper.doing == "drop" and now["s_tvalid"] and now["s_tlast"]:
        wrapper.doing = "start"
    elif wrapper.doing == "start":
        wrapper.doing, wrapper.taken = "take", 0
    if now["done"]:
        wrapper.pending, wrapper.result = 1, now["best_index"]
    elif now["m_tready"]:
        wrapper.pending = 0
