"""Neuron unit: leak, add, saturate, compare and reset, for all lanes at once; the membrane and spike registers.

With one PE set there is no `acc1`: the pass says which time step the sums of `acc0` are of.
"""

from __future__ import annotations

from myhdl import Signal, always, always_comb, block, intbv

from golden.schedule import Kind, Schedule
from golden.specification import index_bits
from rtl.registers import membrane_base, spike_base


@block
def neuron_unit(
    clk,
    reset,
    hold,
    starting,
    first,
    add_valid,
    add_pass,
    add_slot,
    acc0,
    acc1,
    spikes_last,
    membrane,
    spikes_now,
    schedule: Schedule,
):
    """Update one tile of one layer for one time step a cycle (paper: leaky integrate-and-fire; integer form ours).

    ``v = 0 if s_prev else u - (u >> k)``; ``u = saturate(v + (acc << m))``; ``s = u >= theta``. One unit serves every
    layer; its operands rest at 0 in all other cycles.

    =========== ======================================= ====== =======================================================
    port        width                                   signed meaning
    =========== ======================================= ====== =======================================================
    clk         1                                       no     clock, rising edge
    reset       1                                       no     synchronous, active high
    hold        1                                       no     the pipeline is held: do nothing
    starting    1                                       no     a frame starts
    first       1                                       no     it is the first of an utterance: membranes become 0
    add_valid   1                                       no     ADD holds an operation
    add_pass    bits to count the passes                no     its pass: layer and tile
    add_slot    bits to count the slots                 no     its slot: the time step if below T
    acc0, acc1  acc_bits planes of lanes bits           no     accumulators: time step t's input current is set t's
    spikes_last a lanes-bit word a layer, step, tile    no     spikes of the last frame
    membrane    membrane_bits planes a layer, tile      no     out: membranes, two's complement, bit-sliced
    spikes_now  a lanes-bit word a layer, step, tile    no     out: spikes of this frame
    =========== ======================================= ====== =======================================================

    Latency: one cycle. Reset: membranes and spikes 0. Extremes: the sum is formed without overflow and saturates once,
    to the layer's membrane width, before the compare. One PE set: no `acc1`, the pass says whose sums `acc0` holds.
    """
    spec = schedule.specification
    lanes, steps, acc_bits = spec.lanes, spec.time_steps, spec.accumulator_bits
    neurons = [item if item.kind == Kind.NEURONS else None for item in schedule.passes]
    is_neurons = tuple(int(item is not None) for item in neurons)
    layer_of = [item.layer if item is not None else 0 for item in neurons]
    tile_of = [item.tile if item is not None else 0 for item in neurons]
    where = list(zip(layer_of, tile_of, strict=True))
    # One entry a layer and tile: which planes the unit works on. Tables by entry and bit, so that each bit of an
    # operand is chosen among entries and not among all planes.
    entry_list = sorted({(item.layer, item.tile) for item in neurons if item is not None})
    entries = len(entry_list)
    entry_of = tuple(entry_list.index(place) for place in where)
    bits_of = tuple(spec.membrane_bits[layer] for layer in layer_of)
    theta_of = tuple(spec.thresholds[layer] for layer in layer_of)
    this0_of = tuple(spike_base(spec, layer, 0) + tile for layer, tile in where)
    this1_of = tuple(spike_base(spec, layer, steps - 1) + tile for layer, tile in where)
    most_bits = max(spec.membrane_bits)
    # By the range of each layer's sum: the widest current and the greatest shift may be of different layers.
    sum_bits = spec.potential_bits
    membranes, spikes = len(membrane), len(spikes_now)

    def plane(layer: int, tile: int, bit: int) -> int:
        """Return the plane that holds `bit` of a membrane; bits above its own repeat the sign."""
        return membrane_base(spec, layer, tile) + min(bit, spec.membrane_bits[layer] - 1)

    every = [(layer, tile, b) for layer, tile in entry_list for b in range(sum_bits)]
    potential_at = tuple(plane(layer, tile, b) for layer, tile, b in every)
    leaked_at = tuple(plane(layer, tile, b + spec.leaks[layer]) for layer, tile, b in every)
    # acc << m; below it stands no plane, marked by acc_bits.
    current_at = tuple(
        min(b - spec.layer_shift(layer), acc_bits - 1) if b >= spec.layer_shift(layer) else acc_bits
        for layer, _, b in every
    )
    stored_at = tuple(
        plane(layer, tile, b) if b < spec.membrane_bits[layer] else membranes
        for layer, tile in entry_list
        for b in range(most_bits)
    )

    step_of = tuple(item.time_step for item in schedule.passes)
    if acc1 is None:
        acc1 = acc0

    firing = Signal(bool(0))
    potential, leaked, current, total = (
        [Signal(intbv(0)[lanes:]) for _ in range(sum_bits)] for _ in range(4)
    )
    level = [Signal(intbv(0)[lanes:]) for _ in range(most_bits)]
    fired = Signal(intbv(0)[lanes:])
    slot = Signal(intbv(0)[index_bits(schedule.neuron_slots) :])

    @always_comb
    def decode():
        here = is_neurons[add_pass]
        firing.next = add_valid and not hold and here == 1 and add_slot < steps
        slot.next = add_slot

    @always_comb
    def decode_one():
        here = is_neurons[add_pass]
        firing.next = add_valid and not hold and here == 1 and add_slot == 0
        slot.next = step_of[add_pass]

    @always_comb
    def select():
        entry = entry_of[add_pass]
        at = 0
        for b in range(sum_bits):
            potential[b].next = 0
            leaked[b].next = 0
            current[b].next = 0
        for e in range(entries):
            for b in range(sum_bits):
                if firing and entry == e:
                    at = potential_at[e * sum_bits + b]
                    potential[b].next = membrane[at]
                    at = leaked_at[e * sum_bits + b]
                    leaked[b].next = membrane[at]
                    at = current_at[e * sum_bits + b]
                    if at < acc_bits:
                        if slot == 0:
                            current[b].next = acc0[at]
                        else:
                            current[b].next = acc1[at]

    @always_comb
    def integrate():
        previous = this0_of[add_pass]
        keep = intbv(0)[lanes:]
        voltage = intbv(0)[lanes:]
        operand = intbv(0)[lanes:]
        either = intbv(0)[lanes:]
        carry = intbv(0)[lanes:]
        carry_sum = intbv(0)[lanes:]
        for b in range(sum_bits):
            total[b].next = 0
        if firing:
            # s_prev: the time step before this one, in this frame or the last.
            if slot == 0:
                previous = this1_of[add_pass]
                keep[:] = ~spikes_last[previous]
            else:
                keep[:] = ~spikes_now[previous]
            carry[:] = keep
            carry_sum[:] = 0
            for b in range(sum_bits):
                # v = u + ~(u >> k) + 1, 0 where the neuron has just spiked.
                voltage[:] = potential[b] & keep
                operand[:] = ~leaked[b] & keep
                either[:] = voltage ^ operand
                operand[:] = voltage & operand
                voltage[:] = either ^ carry
                carry[:] = operand | (carry & either)
                # + (acc << m)
                either[:] = voltage ^ current[b]
                total[b].next = either ^ carry_sum
                carry_sum[:] = (voltage & current[b]) | (carry_sum & either)

    @always_comb
    def saturate():
        bits = bits_of[add_pass]
        theta = theta_of[add_pass]
        sign = intbv(0)[lanes:]
        over = intbv(0)[lanes:]
        plane = intbv(0)[lanes:]
        reached = intbv(0)[lanes:]
        sign[:] = total[sum_bits - 1]
        over[:] = 0
        for b in range(sum_bits - 1):
            if b >= bits - 1:
                over[:] = over | (total[b] ^ sign)
        reached[:] = ~sign
        for b in range(most_bits):
            if b < bits - 1:
                plane[:] = (total[b] & ~over) | (over & ~sign)
                # From the lowest bit up: reached where u >= theta in the bits so far.
                if ((theta >> b) & 1) == 1:
                    reached[:] = reached & plane
                else:
                    reached[:] = reached | plane
                level[b].next = plane
            else:
                level[b].next = sign
        fired.next = 0
        if firing:
            fired.next = reached & ~sign

    @always(clk.posedge)
    def store():
        entry = entry_of[add_pass]
        spike = this0_of[add_pass]
        at = 0
        if reset:
            for b in range(membranes):
                membrane[b].next = 0
            for i in range(spikes):
                spikes_now[i].next = 0
        elif starting:
            if first:
                for b in range(membranes):
                    membrane[b].next = 0
        elif firing:
            for e in range(entries):
                if entry == e:
                    for b in range(most_bits):
                        at = stored_at[e * most_bits + b]
                        if at < membranes:
                            membrane[at].next = level[b]
            if slot != 0:
                spike = this1_of[add_pass]
            spikes_now[spike].next = fired

    return decode if spec.pe_sets == 2 else decode_one, select, integrate, saturate, store
