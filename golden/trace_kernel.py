"""One clock cycle of docs/schedule.md on plain integers, compiled.

A lane is an integer here and an addition is ``+``; the record's bit planes are packed from the lanes
afterwards. The RTL goes the other way about (bit-sliced adders), so that the two have nothing in common but
the table.

`tick` is one cycle: ports settle, the record is written, then every register takes its next value. The stages
are worked from the back of the pipeline to its front, so that each still sees what the one before it held.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from golden.compiled import compiled
from golden.machine import Machine
from golden.record_packing import pack_bits, pack_planes
from golden.schedule import Kind, Source, State

IDLE, RUN, FLUSH = int(State.IDLE), int(State.RUN), int(State.FLUSH)
ACCUMULATE, COMBINE, NEURONS = int(Kind.ACCUMULATE), int(Kind.COMBINE), int(Kind.NEURONS)
CODES, THIS = int(Source.CODES), int(Source.THIS)
# Which lanes of a set are clocked.
NO_LANE, LANES_WITH_WEIGHT, ALL_LANES = 0, 1, 2

ONE, LOW_6 = np.uint64(1), np.int64(63)


@compiled
def pair_ends(m: Machine) -> Any:
    """Whether the word on the port is its pair's last."""
    size = m.sizes[0]
    return m.registers[0].position == size.pair_words - 1 or m.registers[0].word == size.frame_words - 1


@compiled
def bank_of(step: Any, pe_set: Any) -> Any:
    """Whose row a set adds: set 0 has bank 0, but takes the row of bank 1 where a pass reads that alone."""
    return 1 if pe_set == 1 or step.shares_row == 1 else 0


@compiled
def settle_clocked(m: Machine, hold: Any) -> None:
    """Ports ``clocked0`` and ``clocked1``."""
    reg, size, place = m.registers[0], m.sizes[0], m.places[0]
    step = m.passes[reg.add_pass]
    adding = reg.add_valid == 1 and not hold
    for pe_set in range(size.pe_sets):
        mode = NO_LANE
        if adding and step.kind == ACCUMULATE:
            if step.clear == 1 and reg.add_slot == 0:
                mode = ALL_LANES
            elif (reg.add_enable >> pe_set) & 1 == 1:
                mode = LANES_WITH_WEIGHT if size.zero_weight_gating == 1 else ALL_LANES
        elif adding and step.kind == COMBINE and pe_set < size.time_steps:
            mode = ALL_LANES
        bank = bank_of(step, pe_set)
        at = place.clocked0 if pe_set == 0 else place.clocked1
        for word in range(m.row_nonzero.shape[1]):
            lanes_here = min(size.lanes - 64 * word, 64)
            if mode == ALL_LANES:
                m.record[at + word] = ~np.uint64(0) >> np.uint64(64 - lanes_here)
            elif mode == LANES_WITH_WEIGHT:
                m.record[at + word] = m.row_nonzero[bank, word]
            else:
                m.record[at + word] = 0


@compiled
def settle_logits(m: Machine) -> None:
    """Port ``logits``: a word of the shadow bank, or 0."""
    reg, size, place = m.registers[0], m.sizes[0], m.places[0]
    for word in range((size.logits * size.logit_bits + 63) // 64):
        m.record[place.logits + word] = 0
    if reg.busy == 0:
        return
    pe_set = reg.position // size.set_words
    first = size.logits * (reg.position - pe_set * size.set_words)
    low = (ONE << np.uint64(size.logit_bits)) - ONE
    for lane in range(size.logits):
        logit = np.uint64(m.shadow[pe_set, first + lane]) & low
        bit = lane * size.logit_bits
        at = place.logits + bit // 64
        m.record[at] |= logit << np.uint64(bit & LOW_6)
        if (bit & LOW_6) + size.logit_bits > 64:
            m.record[at + 1] |= logit >> np.uint64(64 - (bit & LOW_6))


@compiled
def settle(m: Machine, hold: Any) -> None:
    """Bring the record up to this cycle: single numbers and ports (lanes are packed as they change)."""
    reg, place = m.registers[0], m.places[0]
    for which in range(len(m.masks)):
        m.record[m.words[which]] = np.uint64(m.numbers[which]) & m.masks[which]
    step = m.passes[reg.read_pass]
    m.record[place.address] = np.uint64((step.base + reg.index) & m.sizes[0].address_mask)
    reads = reg.read_valid == 1 and reg.read_visit == 1 and not hold
    m.record[place.read] = np.uint64(step.banks if reads else 0)
    settle_clocked(m, hold)
    settle_logits(m)


@compiled
def output_word(m: Machine) -> None:
    """Accept the word on the port: arg-max, ``position``, ``word``, ``busy``; ``done`` after the last."""
    reg, size = m.registers[0], m.sizes[0]
    pe_set = reg.position // size.set_words
    first = size.logits * (reg.position - pe_set * size.set_words)
    for lane in range(size.logits):
        number = size.logits * reg.word + lane
        logit = m.shadow[pe_set, first + lane]
        if number < size.outputs and ((reg.word == 0 and lane == 0) or logit > reg.best):
            reg.best, reg.best_index = logit, number
    if reg.word == size.frame_words - 1:
        reg.state, reg.done = IDLE, 1
    if pair_ends(m):
        reg.position, reg.busy = 0, 0
    else:
        reg.position += 1
    if reg.word < size.frame_words - 1:
        reg.word += 1


@compiled
def transfer(m: Machine) -> None:
    """TRANSFER: the shadow bank takes the accumulators."""
    size, place = m.sizes[0], m.places[0]
    for pe_set in range(size.pe_sets):
        for lane in range(size.lanes):
            m.shadow[pe_set, lane] = m.acc[pe_set, lane]
        at = place.shadow0 if pe_set == 0 else place.shadow1
        pack_planes(m.shadow[pe_set], size.logit_bits, m.record, at)
    m.registers[0].busy, m.registers[0].position = 1, 0


@compiled
def add(m: Machine) -> None:
    """ADD: accumulate, combine, or update neurons."""
    reg, size, place = m.registers[0], m.sizes[0], m.places[0]
    step = m.passes[reg.add_pass]
    if step.kind == NEURONS:
        if reg.add_slot < size.neuron_steps:
            neurons(m, step.layer, step.tile, step.time_step + reg.add_slot, reg.add_slot)
        return
    if step.kind == COMBINE:
        for lane in range(size.lanes):
            product = (m.acc[1, lane] << size.low_planes) + m.acc[0, lane]
            for pe_set in range(size.time_steps):
                m.acc[pe_set, lane] = product
    for pe_set in range(size.pe_sets):
        clear = step.kind == ACCUMULATE and step.clear == 1 and reg.add_slot == 0
        enabled = step.kind == ACCUMULATE and (reg.add_enable >> pe_set) & 1 == 1
        if clear:
            for lane in range(size.lanes):
                m.acc[pe_set, lane] = 0
        if enabled:
            bank = bank_of(step, pe_set)
            align = step.align + (reg.add_double if step.fc == 1 else 0)
            negative = step.source == CODES and size.signed_magnitudes == 1 and reg.add_double == 1
            if negative or (pe_set == size.pe_sets - 1 and step.subtract == 1):
                for lane in range(size.lanes):
                    m.acc[pe_set, lane] -= np.int64(m.rows[bank, lane]) << align
            else:
                for lane in range(size.lanes):
                    m.acc[pe_set, lane] += np.int64(m.rows[bank, lane]) << align
        if clear or enabled or (step.kind == COMBINE and pe_set < size.time_steps):
            at = place.acc0 if pe_set == 0 else place.acc1
            pack_planes(m.acc[pe_set], size.accumulator_bits, m.record, at)


@compiled
def neurons(m: Machine, layer: Any, tile: Any, time_step: Any, pe_set: Any) -> None:
    """Update one time step of one tile from the sums of a PE set: leak or reset, add, saturate, compare."""
    size, it = m.sizes[0], m.layers[layer]
    u = m.membranes[it.first_tile + tile]
    greatest = (np.int64(1) << (it.membrane_bits - 1)) - 1
    for lane in range(size.lanes):
        neuron = tile * size.lanes + lane
        if neuron >= it.width:
            break  # weights of 0: nothing there ever changes
        if time_step == 1:
            before = m.spikes[layer, 0, 0, neuron]
        else:
            before = m.spikes[layer, 1, size.time_steps - 1, neuron]
        decayed = 0 if before == 1 else u[lane] - (u[lane] >> it.leak)
        u[lane] = min(max(decayed + (m.acc[pe_set, lane] << it.shift), -greatest - 1), greatest)
        m.spikes[layer, 0, time_step, neuron] = 1 if u[lane] >= it.threshold else 0
    pack_planes(u, it.membrane_bits, m.record, it.membrane_word + tile * it.membrane_words)
    pack_bits(m.spikes[layer, 0, time_step], it.width, m.record, m.spike_words[layer, 0, time_step])


@compiled
def read(m: Machine) -> None:
    """READ: the rows of the banks that the pass uses."""
    reg, place = m.registers[0], m.places[0]
    step = m.passes[reg.read_pass]
    if reg.read_visit == 0:
        return
    row = step.base + reg.index
    for bank in range(2):
        if (step.banks >> bank) & 1 == 1:
            weights, nonzero = (m.weights0, m.nonzero0) if bank == 0 else (m.weights1, m.nonzero1)
            planes = m.planes0 if bank == 0 else m.planes1
            at = place.row0 if bank == 0 else place.row1
            for lane in range(weights.shape[1]):
                m.rows[bank, lane] = weights[row, lane]
            for word in range(nonzero.shape[1]):
                m.row_nonzero[bank, word] = nonzero[row, word]
            for word in range(planes.shape[1]):
                m.record[at + word] = planes[row, word]


@compiled
def look(m: Machine) -> None:
    """Slot 0 of an accumulate pass: its vectors, the indices that it will visit, and all of them pending."""
    reg, size, place = m.registers[0], m.sizes[0], m.places[0]
    step = m.passes[reg.issue_pass]
    count = 0
    for word in range((m.vectors.shape[1] + 63) // 64):
        m.record[place.pending + word] = 0
    for entry in range(step.entries):
        for which in range(2):
            bit = 0
            if (step.steps >> which) & 1 == 0:
                bit = 0  # masked, or there is no such time step
            elif step.source == CODES:
                plane = step.plane + which * size.low_planes
                held = abs(m.codes[entry]) if size.signed_magnitudes == 1 else m.codes[entry]
                bit = (held >> plane) & 1 if plane < size.input_bits else 0
            else:
                bit = m.spikes[step.source_layer, 0 if step.source == THIS else 1, which, entry]
            m.vectors[which, entry] = bit
        if size.zero_skipping == 0 or m.vectors[0, entry] == 1 or m.vectors[1, entry] == 1:
            m.visits[count] = entry
            m.record[place.pending + entry // 64] |= ONE << np.uint64(entry & LOW_6)
            count += 1
    reg.to_visit, reg.visited = count, 0


@compiled
def issue(m: Machine) -> None:
    """ISSUE: one slot of the pass; the READ stage takes the operation."""
    reg, size, place = m.registers[0], m.sizes[0], m.places[0]
    step = m.passes[reg.issue_pass]
    found, last = np.int64(-1), True
    enable = double = np.int64(0)
    if step.kind == ACCUMULATE:
        if reg.issue_slot == 0:
            look(m)
        if reg.visited < reg.to_visit:
            found = m.visits[reg.visited]
            reg.visited += 1
            m.record[place.pending + found // 64] ^= ONE << np.uint64(found & LOW_6)
            v0, v1 = np.int64(m.vectors[0, found]), np.int64(m.vectors[1, found])
            # A second PE set has vector 1 for its own, but in the FC.
            apart = size.pe_sets == 2 and step.fc == 0
            enable = (v0 | (v1 << 1) if apart else 3 * (v0 | v1)) & step.sets
            double = v0 & v1 & step.fc
            if step.source == CODES and size.signed_magnitudes == 1 and m.codes[found] < 0:
                double = np.int64(1)
            reg.index = found
        last = reg.visited == reg.to_visit
    elif step.kind == NEURONS:
        last = reg.issue_slot == size.neuron_slots - 1
    reg.read_valid = 1
    reg.read_pass, reg.read_slot = reg.issue_pass, reg.issue_slot
    reg.read_visit, reg.read_index = (1 if found >= 0 else 0), found
    reg.read_enable, reg.read_double, reg.read_last = enable, double, (1 if last else 0)
    if not last:
        reg.issue_slot = reg.issue_slot + 1 if step.kind == NEURONS else 1
        return
    reg.issue_slot = 0
    if reg.issue_pass == len(m.passes) - 1:
        reg.state = FLUSH
    else:
        reg.issue_pass += 1


@compiled
def load(m: Machine, code: Any) -> None:
    """Write an accepted code at position ``loaded``."""
    size, place, position = m.sizes[0], m.places[0], m.registers[0].loaded
    m.codes[position] = code
    plane_words = (size.inputs + 63) // 64
    bit = ONE << np.uint64(position & LOW_6)
    held, planes = code, size.input_bits
    if size.signed_magnitudes == 1:
        held, planes = abs(code) + (np.int64(code < 0) << size.input_bits), planes + 1
    for plane in range(planes):
        at = place.codes + plane * plane_words + position // 64
        m.record[at] &= ~bit
        if (held >> plane) & 1 == 1:
            m.record[at] |= bit
    m.registers[0].loaded += 1


@compiled
def begin(m: Machine, first: Any) -> None:
    """Accept ``start``."""
    reg, size = m.registers[0], m.sizes[0]
    reg.state, reg.issue_pass, reg.issue_slot, reg.loaded, reg.overrun = RUN, 0, 0, 0, 0
    reg.frame_cycles, reg.word = size.inputs + 1, 0
    m.spikes[:, 1] = m.spikes[:, 0]
    if first:
        m.spikes[:, 1], m.membranes[:, :] = 0, 0
    for layer in range(len(m.layers)):
        it = m.layers[layer]
        for step in range(size.time_steps):
            pack_bits(m.spikes[layer, 1, step], it.width, m.record, m.spike_words[layer, 1, step])
        if first:
            m.record[it.membrane_word : it.membrane_word + it.tiles * it.membrane_words] = 0


@compiled
def edge(m: Machine, hold: Any, ready: Any, code_valid: Any, code: Any, start: Any, first: Any) -> None:
    """Every register takes its next value."""
    reg, size = m.registers[0], m.sizes[0]
    state = reg.state
    reg.done, reg.done_pass, reg.done_index = 0, -1, -1
    if state != IDLE:
        reg.frame_cycles = min(reg.frame_cycles + 1, size.most_cycles)
        if reg.frame_cycles > size.budget:
            reg.overrun = 1
    if reg.busy == 1 and ready:
        output_word(m)
    if not hold:
        if reg.transfer == 1:
            transfer(m)
        reg.transfer = reg.add_valid & reg.add_last & m.passes[reg.add_pass].transfer
        if reg.add_valid == 1:
            add(m)
            reg.done_pass, reg.done_index = reg.add_pass, reg.add_index
        reg.add_valid = reg.read_valid
        if reg.read_valid == 1:
            read(m)
            reg.add_pass, reg.add_slot, reg.add_index = reg.read_pass, reg.read_slot, reg.read_index
            reg.add_enable, reg.add_double, reg.add_last = reg.read_enable, reg.read_double, reg.read_last
        reg.read_valid = 0
        if state == RUN:
            issue(m)
    if state == IDLE and code_valid and reg.loaded < size.inputs:
        load(m, code)
    elif state == IDLE and start and reg.loaded == size.inputs:
        begin(m, first)


@compiled
def tick(m: Machine, ready: Any, code_valid: Any, code: Any, start: Any, first: Any, out: Any, cycle: Any) -> None:
    """One cycle: write its record and its label, then step.

    A label: phase; pass and index at ISSUE; pass and index whose ADD the edge before ended (-1: none).
    """
    reg, size = m.registers[0], m.sizes[0]
    records, labels = out
    hold = reg.transfer == 1 and reg.busy == 1 and not (ready and pair_ends(m))
    settle(m, hold)
    for word in range(len(m.record)):
        records[cycle, word] = m.record[word]
    labels[cycle, 3], labels[cycle, 4] = reg.done_pass, reg.done_index
    state, at_issue = reg.state, reg.issue_pass
    edge(m, hold, ready, code_valid, code, start, first)
    labels[cycle, 1], labels[cycle, 2] = -1, -1
    if state == IDLE:
        labels[cycle, 0] = size.load_phase if code_valid or start else size.idle_phase
        labels[cycle, 2] = reg.loaded - 1 if code_valid else -1
    elif hold:
        labels[cycle, 0] = size.fc_phase  # the wait is the FC's, whatever stands at ISSUE
    elif state == FLUSH:
        labels[cycle, 0] = size.flush_phase
    else:
        labels[cycle, 0] = m.passes[at_issue].phase
        labels[cycle, 1], labels[cycle, 2] = at_issue, reg.read_index


@compiled
def run(m: Machine, codes: Any, start: Any, first: Any, ready: Any, records: Any, labels: Any) -> Any:
    """Present `codes`, then `start` if it is set, and step until the frame ends or `records` is full.

    `ready`: ``logits_ready`` by cycle, then 1. Returns the cycles. One loop: the compiler copies `tick` into each call.
    """
    cycle, state = 0, RUN
    while cycle < len(records) and (not start or cycle <= len(codes) or state != IDLE):
        code_valid = cycle < len(codes)
        code = codes[cycle] if code_valid else 0
        taken = cycle >= len(ready) or ready[cycle] != 0
        tick(m, taken, code_valid, code, start and cycle == len(codes), first, (records, labels), cycle)
        state = m.registers[0].state
        cycle += 1
    return cycle
