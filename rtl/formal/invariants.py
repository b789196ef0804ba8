"""What is true of the accelerator's registers in every cycle: of its passes, its pipeline and its vectors.

Expressions in Verilog over the nets of the accelerator, for proofs that look at one cycle alone
(`cosim.mutants.context` proves them together, by induction from a reset).
"""

from __future__ import annotations

from collections.abc import Callable

from golden.schedule import Kind, Pass, Schedule, Source, State
from rtl.registers import membrane_base, spike_base

__all__ = ["invariants"]


def invariants(schedule: Schedule) -> dict[str, str]:
    """Return expressions that are true in every cycle, by name.

    Parameters
    ----------
    schedule : Schedule
    """
    spec, last = schedule.specification, len(schedule.passes) - 1
    idle, run, flush = (f"(state == {int(state)})" for state in (State.IDLE, State.RUN, State.FLUSH))
    accumulates = _of_pass(schedule, lambda one: one.kind is Kind.ACCUMULATE)
    neurons = _of_pass(schedule, lambda one: one.kind is Kind.NEURONS)
    # A merged spike of 2, or with sign and magnitude the sign of an input.
    signed = spec.plane_coding == "sign_magnitude"
    doubles = _of_pass(schedule, lambda one: one.phase == "FC" or (signed and one.source is Source.CODES))
    moving = "(read_valid || add_valid || transfer)"
    found = {
        "a state": f"{idle} || {run} || {flush}",
        "loaded only in idle": f"{idle} || loaded == 0",
        "loaded": f"loaded <= {spec.inputs}",
        "slot 0 in rest": f"{run} || issue_slot == 0",
        "flush after the last pass": f"!{flush} || issue_pass == {last}",
        "idle after the last pass or a reset": f"!{idle} || issue_pass == {last} || issue_pass == 0",
        "idle is empty": f"!{idle} || !{moving}",
        "begins empty": f"!({run} && issue_pass == 0 && issue_slot == 0) || !{moving}",
        "read follows issue": f"!read_valid || !{run} || issue_pass == {_following('read')}",
        "read follows the last issue": f"!read_valid || !{flush} || (read_pass == {last} && read_last)",
        "add follows read": f"!add_valid || !read_valid || read_pass == {_following('add')}",
        "issue is no first slot": f"!read_valid || !{run} || read_last || issue_slot != 0",
        "read is no first slot": "!add_valid || !read_valid || add_last || read_slot != 0",
        "no gap": f"!add_valid || read_valid || {flush}",
        "add after the last pass": f"!add_valid || read_valid || (add_pass == {last} && add_last)",
        "add rests behind the last pass": f"add_valid || add_pass == {last} || add_pass == 0",
        "no vector in slot 0": "issue_slot != 0 || pending == 0",
        "no vector but where it is visited": f"{accumulates('issue_pass')} || pending == 0",
    }
    for stage in ("issue", "read", "add"):
        found[f"{stage}: a pass"] = f"{stage}_pass <= {last}"
        found[f"{stage}: a slot of neurons"] = f"!{neurons(f'{stage}_pass')} || {stage}_slot < {schedule.neuron_slots}"
    for stage in ("read", "add"):
        visits = f"{stage}_enable != 0 || {stage}_double" + (" || read_visit" if stage == "read" else "")
        found[f"{stage}: visits in passes that accumulate"] = f"{accumulates(f'{stage}_pass')} || !({visits})"
        found[f"{stage}: double in the FC or of a sign"] = f"{doubles(f'{stage}_pass')} || !{stage}_double"
        for step, lacking in enumerate(_passes_without(schedule)):
            if lacking:
                those = _of_pass(schedule, lacking.__contains__)(f"{stage}_pass")
                found[f"{stage}: set {step} rests in passes of another time step"] = (
                    f"!{those} || !{stage}_enable[{step}]"
                )
    found["index inside the pass"] = "!read_visit || (" + _chosen(
        schedule, "read_pass", lambda one: f"index < {one.entries}" if one.kind is Kind.ACCUMULATE else "0"
    ) + ")"
    found["vector inside the pass"] = _chosen(
        schedule, "issue_pass", lambda one: f"(pending >> {one.entries}) == 0"
    )
    return found | _visits(schedule) | _stream(schedule) | _spikes(schedule)


def _passes_without(schedule: Schedule) -> tuple[list[Pass], list[Pass]]:
    """Return the passes over spikes that leave out the first time step, and the second, where each has its PE set."""
    spec = schedule.specification
    looks = [
        one
        for one in schedule.passes
        if one.kind is Kind.ACCUMULATE and one.source is not Source.CODES and one.phase != "FC" and spec.pe_sets == 2
    ]
    first, second = ([one for one in looks if not one.steps & 1 << step] for step in (0, 1))
    return first, second


def _visits(schedule: Schedule) -> dict[str, str]:
    """Return that with one PE set and zero-skipping a visit is the set's: what is left of a vector is still in it."""
    spec = schedule.specification
    if spec.pe_sets != 1 or not spec.zero_skipping:
        return {}
    neurons = _of_pass(schedule, lambda one: one.kind is Kind.NEURONS)
    run = f"state == {int(State.RUN)}"
    found = {
        "what is left is of the vectors": "issue_slot == 0 || (pending & ~(plane0 | spike0 | plane1 | spike1)) == 0",
        "the set works where there is a visit": "read_visit == read_enable[0]",
    }
    # Spikes change in the first slot of neurons: in a later pass, whose vectors they are, they no longer do.
    for stage, before, both in (("read", "issue", f"read_valid && {run}"), ("add", "read", "add_valid && read_valid")):
        within = neurons(f"{stage}_pass")
        last = f"{stage}_slot == {schedule.neuron_slots - 1}"
        found[f"{stage}: the last slot of neurons"] = f"!{within} || {stage}_last == ({last})"
        found[f"{before} is the next slot of neurons"] = (
            f"!({both}) || !{within} || {stage}_last || {before}_slot == {stage}_slot + 1"
        )
    return found


def _following(stage: str) -> str:
    """Return the pass that follows a stage's operation, as wide as an integer: the last pass has none after it."""
    return f"({stage}_pass + {stage}_last + 0)"


def _oldest(of: Callable[[str], str], beyond: str) -> str:
    """Return what `of` says of the oldest operation's stage, and `beyond` where there is none any more."""
    issued = f"(state == {int(State.RUN)} ? ({of('issue')}) : {beyond})"
    return f"(add_valid ? ({of('add')}) : read_valid ? ({of('read')}) : {issued})"


def _stream(schedule: Schedule) -> dict[str, str]:
    """Return what the output's counters are, from the pairs of groups that passes before the oldest one handed over."""
    before = [sum(one.transfer for one in schedule.passes[:number]) for number in range(len(schedule.passes))]
    pairs, words = sum(one.transfer for one in schedule.passes), schedule.pair_words

    def handed_over(stage: str) -> str:
        text = f"{pairs}"
        for number, count in enumerate(before):
            text = f"({stage}_pass == {number} ? {count} : {text})"
        return text

    idle = f"state == {int(State.IDLE)}"
    taken = f"({_oldest(handed_over, str(pairs))} - transfer)"
    shown = f"{taken} != 0 && position < {words} && {taken} * {words} == word + {words} - position"
    return {
        "a word of the frame": f"word < {schedule.frame_words}",
        "idle shows nothing": f"!({idle}) || !(logits_valid || position != 0)",
        "a word is of its pair": f"({idle}) || !logits_valid || ({shown})",
        "between pairs": f"({idle}) || logits_valid || (position == 0 && word == {taken} * {words})",
    }


def _spikes(schedule: Schedule) -> dict[str, str]:
    """Return that spikes are the last frame's until their pass, or their membranes are 0: the first of an utterance."""
    spec, lanes = schedule.specification, schedule.specification.lanes
    found = {}
    for number, one in enumerate(schedule.passes):
        if one.kind is not Kind.NEURONS or one.time_step:
            continue
        spike = spike_base(spec, one.layer, spec.time_steps - 1) + one.tile
        voltage = membrane_base(spec, one.layer, one.tile)
        bits = f"[{lanes * (spike + 1) - 1}:{lanes * spike}]"
        membrane = f"membrane[{lanes * (voltage + spec.membrane_bits[one.layer]) - 1}:{lanes * voltage}]"

        def waits(stage: str, number: int = number) -> str:
            return f"{stage}_pass < {number} || ({stage}_pass == {number} && {stage}_slot == 0)"

        waiting = f"(state != {int(State.IDLE)} && {_oldest(waits, '0')})"
        same = f"spikes_now{bits} == spikes_last{bits}"
        found[f"spikes of the last frame: layer {one.layer}, tile {one.tile}"] = (
            f"!{waiting} || {same} || {membrane} == 0"
        )
    return found


def _of_pass(schedule: Schedule, holds: Callable[[Pass], bool]) -> Callable[[str], str]:
    """Return a function that writes whether a register's pass is one of those that hold."""

    def written(register: str) -> str:
        those = [f"{register} == {number}" for number, one in enumerate(schedule.passes) if holds(one)]
        return f"({' || '.join(those) or '0'})"

    return written


def _chosen(schedule: Schedule, register: str, says: Callable[[Pass], str]) -> str:
    """Return what is said of the pass that a register holds."""
    text = "0"
    for number, one in enumerate(schedule.passes):
        text = f"({register} == {number} ? ({says(one)}) : {text})"
    return text
