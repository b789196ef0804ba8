"""What the stimuli bring about: everything that real speech does not."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from cosim.engines.stimuli import CODE_VALID, LOGITS_READY, RESET, START
from cosim.mutants.designs import DESIGNS
from cosim.mutants.scenarios import Scenario, scenario, scenarios
from golden.checkpoint import random_checkpoint
from golden.handshake import CODE_READY, WEIGHT_READY
from golden.layout import build_layout
from golden.memory_image import memory_image
from golden.schedule import Kind, build_schedule
from tests.cosim.every_class import EveryClass, every_class

SPEC = DESIGNS["small"].specification
LAYOUT = build_layout(SPEC)


@pytest.fixture(scope="module")
def made() -> dict[str, Scenario]:
    return {each.name: each for each in scenarios(SPEC)}


def field(of: Scenario, name: str) -> np.ndarray:
    """Return a field of one word or less, of each cycle."""
    return of.expected[:, LAYOUT[name].offset]


def lanes(of: Scenario, name: str) -> np.ndarray:
    return np.array([LAYOUT[name].lanes(record) for record in of.expected])


def test_the_same_seed_gives_the_same_and_another_another(made: dict[str, Scenario]) -> None:
    again, other = scenarios(SPEC), scenarios(SPEC, seed=2)
    for one, two, three in zip(made.values(), again, other, strict=True):
        assert np.array_equal(one.expected, two.expected)
        assert not np.array_equal(one.expected, three.expected)


def test_least_and_greatest_of_everything(made: dict[str, Scenario]) -> None:
    """Membranes saturate at both ends, logits reach their least and greatest, every neuron spikes."""
    low, high = -(2 ** (SPEC.membrane_bits[0] - 1)), 2 ** (SPEC.membrane_bits[0] - 1) - 1
    membranes = np.concatenate([lanes(each, "neuron_unit.membrane0_0") for each in made.values()])
    assert (membranes.min(), membranes.max()) == (low, high)
    logits = np.concatenate([lanes(each, "output.logits") for each in made.values()])
    least, most = SPEC.weight_range
    assert (logits.min(), logits.max()) == (2 * SPEC.layers[-1] * least, 2 * SPEC.layers[-1] * most)
    spikes = np.concatenate([field(each, "spikes.this1_1") for each in made.values()])
    assert {0, 2 ** SPEC.layers[1] - 1} <= set(spikes.tolist())


def test_first_and_last_output_win(made: dict[str, Scenario]) -> None:
    for name, index in (("first output wins", 0), ("last output wins", SPEC.outputs - 1)):
        each = made[name]
        winners = field(each, "output.best_index")[field(each, "controller.done") == 1]
        assert index in winners.tolist()
    # Where all logits are below 0, the lanes beyond the last output hold 0 and must not win.
    against = made["least logits"]
    assert (field(against, "output.best_index") < SPEC.outputs).all()
    assert lanes(against, "output.logits").min() < 0


@pytest.mark.parametrize("name", ["small", "one-step", "tiled"])
def test_sums_are_of_every_size(name: str) -> None:
    """Of the last layer, of which the extremes have none between the threshold and the greatest."""
    spec = DESIGNS[name].specification
    layer = len(spec.layers) - 1
    layout, passes = build_layout(spec), build_schedule(spec).passes
    neurons = [at for at, one in enumerate(passes) if one.kind is Kind.NEURONS and one.layer == layer]
    (graded,) = (each for each in scenarios(spec) if each.name == "sums of every size")
    added, valid = (graded.expected[:, layout[f"controller.add_{each}"].offset] for each in ("pass", "valid"))
    records = graded.expected[np.isin(added, neurons) & (valid == 1)]
    sums = np.array([layout["pe_array.acc0"].lanes(each) for each in records])
    low, high = spec.accumulator_range(layer)
    assert (sums < low / 2).any()
    assert (sums > high / 2).any()
    sizes = {size for each in sums[sums > 0].tolist() if (size := each.bit_length())}
    assert set(range(high.bit_length() - 3, high.bit_length() + 1)) <= sizes


def test_frames_are_late_and_their_counter_ends(made: dict[str, Scenario]) -> None:
    late = made["overrun"]
    assert field(late, "controller.overrun").any()
    assert field(late, "controller.frame_cycles").max() == 2 ** LAYOUT["controller.frame_cycles"].width - 1
    assert not field(made["frames"], "controller.overrun").all()


def test_ports_do_what_a_driver_does_not(made: dict[str, Scenario]) -> None:
    loose = made["gaps and what is ignored"]
    idle, loaded = loose.handshake & WEIGHT_READY != 0, field(loose, "controller.loaded")
    valid, start = loose.stimuli & CODE_VALID != 0, loose.stimuli & START != 0
    assert (valid & ~idle).any(), "a code while busy"
    assert (valid & idle & (loaded == SPEC.inputs)).any(), "a code too many"
    assert (start & ~idle).any(), "start while busy"
    assert (start & idle & (loaded < SPEC.inputs)).any(), "start too early"
    assert (~valid & idle & (loaded > 0) & (loaded < SPEC.inputs)).any(), "a gap between codes"
    assert np.array_equal(loose.handshake & CODE_READY != 0, idle & (loaded < SPEC.inputs))


def test_resets_hit_every_state(made: dict[str, Scenario]) -> None:
    looked_at = {"resets anywhere": ("controller.state", "output.busy"), "reset with done": ("controller.done",)}
    for each, names in looked_at.items():
        hit = made[each]
        when = hit.stimuli & RESET != 0
        for name in names:
            assert set(field(hit, name)[when].tolist()) >= set(field(hit, name).tolist()) - {0}, name
    hit = made["resets anywhere"]
    when = hit.stimuli & RESET != 0
    after = np.flatnonzero(when[:-1]) + 1
    assert not field(hit, "controller.state")[after].any()
    assert not lanes(hit, "pe_array.acc0")[after].any()


def test_the_weight_port_never_changes_a_weight(made: dict[str, Scenario]) -> None:
    port = made["weight port"]
    free = port.handshake & WEIGHT_READY != 0
    rows = [bank.row_values() for bank in memory_image(port.checkpoint)]
    taken = [each for each in port.weights if each.valid and free[each.cycle]]
    inside = [each for each in taken if each.address < len(rows[each.bank])]
    assert all(each.row == rows[each.bank][each.address] for each in inside)
    assert {each.bank for each in inside} == {0, 1}
    assert len(inside) < len(taken), "beyond the depth"
    assert any(each.valid and not free[each.cycle] for each in port.weights), "while busy"
    assert any(not each.valid and free[each.cycle] for each in port.weights), "garbage on a quiet bus"


def test_a_reset_leaves_what_the_memories_latched() -> None:
    """Two resets on end: the row that was read before the first stays, since nothing is read between them."""
    checkpoint = random_checkpoint(SPEC, seed=1)
    cycles = 80
    stimuli = np.full(cycles, CODE_VALID | START, dtype=np.uint8)
    stimuli[[40, 42, 45]] |= RESET
    records = scenario("", checkpoint, stimuli, np.full(cycles, 7, dtype=np.int32)).expected
    row = LAYOUT["weight_buffer.row1"]
    rows = records[:, row.offset : row.offset + row.words]
    assert rows[41].any()
    assert all(np.array_equal(rows[cycle], rows[41]) for cycle in range(41, 50))


# ---- shortened, one after the other ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def every() -> EveryClass:
    return every_class("small")


def test_the_short_ones_are_all_there(every: EveryClass, made: dict[str, Scenario]) -> None:
    assert list(every.begins) == list(made)
    columns = (every.stimuli, every.codes, every.expected, every.handshake, every.weights)
    assert len({len(column) for column in columns}) == 1
    # Each ends with a reset, and the next begins with what is 0 then.
    begins = list(every.begins.values())[1:]
    assert (every.stimuli[np.array(begins) - 1] & RESET).all()
    assert not every.field("controller.state")[begins].any()
    assert every.doing(begins[0] - 1) == "frames"
    assert every.doing(begins[0]) == "least and greatest"
    assert every.doing(len(every.stimuli) - 1) == "sums of every size"


def test_the_short_ones_have_extremes_and_winners(every: EveryClass) -> None:
    low, high = -(2 ** (SPEC.membrane_bits[0] - 1)), 2 ** (SPEC.membrane_bits[0] - 1) - 1
    membranes = every.lanes("neuron_unit.membrane0_0")
    assert (membranes.min(), membranes.max()) == (low, high)
    least, most = SPEC.weight_range
    logits = every.lanes("output.logits")
    assert (logits.min(), logits.max()) == (2 * SPEC.layers[-1] * least, 2 * SPEC.layers[-1] * most)
    for name, index in (("first output wins", 0), ("last output wins", SPEC.outputs - 1)):
        done = every.field("controller.done", name) == 1
        assert index in every.field("output.best_index", name)[done].tolist()
    assert every.field("controller.overrun", "overrun").any()
    assert every.field("controller.frame_cycles").max() == 2 ** LAYOUT["controller.frame_cycles"].width - 1


def test_the_short_ones_have_gaps_waits_and_resets(every: EveryClass) -> None:
    loose = every.part("gaps and what is ignored")
    idle, loaded = every.handshake[loose] & WEIGHT_READY != 0, every.field("controller.loaded")[loose]
    valid, start = (every.stimuli[loose] & bit != 0 for bit in (CODE_VALID, START))
    assert (valid & ~idle).any(), "a code while busy"
    assert (valid & idle & (loaded == SPEC.inputs)).any(), "a code too many"
    assert (start & idle & (loaded < SPEC.inputs)).any(), "start too early"
    assert (~valid & idle & (loaded > 0) & (loaded < SPEC.inputs)).any(), "a gap between codes"
    # A transfer waits for a receiver, which holds the pipeline.
    taken, transfer, busy = every.stimuli & LOGITS_READY != 0, *map(every.field, ("controller.transfer", "output.busy"))
    assert ((transfer == 1) & (busy == 1) & ~taken).sum() > 20
    when = every.stimuli & RESET != 0
    for name in ("controller.state", "output.busy", "controller.done", "controller.transfer", "controller.add_valid"):
        assert set(every.field(name)[when].tolist()) >= set(every.field(name).tolist()), name
    # Not in the first frame only: with spikes of a frame before.
    assert (every.field("spikes.last1_1")[when & (every.field("controller.state") == 1)] != 0).any()


def test_the_short_ones_have_a_busy_weight_port(every: EveryClass) -> None:
    part = every.part("weight port")
    free = every.handshake & WEIGHT_READY != 0
    depths = build_schedule(SPEC).bank_depths
    seen = [(port.valid, bool(free[port.cycle]), port.bank, port.address < depths[port.bank])
            for port in every.weights[part]]  # fmt: skip
    assert {given[:3] for given in seen} == set(product((False, True), (False, True), (0, 1)))
    assert any(valid and idle and not inside for valid, idle, _, inside in seen), "beyond the depth"
    # Between scenarios every row of both banks is written, with what is not there yet.
    written = {(port.bank, port.address) for port in every.weights if port.valid and free[port.cycle]}
    assert written >= {(bank, address) for bank, depth in enumerate(depths) for address in range(depth)}
