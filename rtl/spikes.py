"""Spike registers of the last frame, and the selection and merge of spikes for the zero-skip unit."""

from __future__ import annotations

from myhdl import always, always_comb, block, intbv

from golden.schedule import Schedule, Source
from rtl.registers import spike_base


@block
def spikes(clk, reset, starting, first, issue_pass, spikes_now, spikes_last, spike0, spike1, schedule: Schedule):
    """Keep the last frame's spikes; serve the two vectors that a pass over spikes looks at.

    =========== ========================================= ====== =====================================================
    port        width                                     signed meaning
    =========== ========================================= ====== =====================================================
    clk         1                                         no     clock, rising edge
    reset       1                                         no     synchronous, active high
    starting    1                                         no     a frame starts: `spikes_last` takes `spikes_now`
    first       1                                         no     it is the first of an utterance: `spikes_last` 0
    issue_pass  bits to count the passes                  no     pass at ISSUE: whose spikes, which time steps
    spikes_now  a word of lanes bits a layer, step, tile  no     spikes of this frame (neuron unit)
    spikes_last a word of lanes bits a layer, step, tile  no     out: spikes of the last frame
    spike0/1    entries                                   no     out: v0, v1; 0 in passes that do not look at spikes
    =========== ========================================= ====== =====================================================

    Latency: `spike0`, `spike1` in the same cycle, `spikes_last` after the edge. Reset: `spikes_last` 0. Extremes: with
    T = 1, and in passes over one time step, the other vector is 0.
    """
    spec = schedule.specification
    lanes, count = spec.lanes, len(spikes_last)
    source_of = tuple(int(item.source) for item in schedule.passes)
    layers = tuple(item.source_layer for item in schedule.passes)
    tiles_of = tuple(spec.tiles(layer) for layer in layers)
    base0_of = tuple(spike_base(spec, layer, 0) for layer in layers)
    base1_of = tuple(spike_base(spec, layer, spec.time_steps - 1) for layer in layers)
    steps_of = tuple(item.steps for item in schedule.passes)
    most_tiles = max(tiles_of)
    source_this, source_last = int(Source.THIS), int(Source.LAST)
    width = len(spike0)

    @always(clk.posedge)
    def age():
        if reset:
            for i in range(count):
                spikes_last[i].next = 0
        elif starting:
            for i in range(count):
                if first:
                    spikes_last[i].next = 0
                else:
                    spikes_last[i].next = spikes_now[i]

    @always_comb
    def serve():
        source = source_of[issue_pass]
        tiles = tiles_of[issue_pass]
        base0 = base0_of[issue_pass]
        base1 = base1_of[issue_pass]
        steps = steps_of[issue_pass]
        word0 = intbv(0)[width:]
        word1 = intbv(0)[width:]
        word0[:] = 0
        word1[:] = 0
        if source == source_this:
            for j in range(most_tiles):
                if j < tiles:
                    if (steps & 1) != 0:
                        word0[:] = word0 | (spikes_now[base0 + j] << (j * lanes))
                    if (steps & 2) != 0:
                        word1[:] = word1 | (spikes_now[base1 + j] << (j * lanes))
        elif source == source_last:
            for j in range(most_tiles):
                if j < tiles:
                    if (steps & 1) != 0:
                        word0[:] = word0 | (spikes_last[base0 + j] << (j * lanes))
                    if (steps & 2) != 0:
                        word1[:] = word1 | (spikes_last[base1 + j] << (j * lanes))
        else:
            word0[:] = 0
        spike0.next = word0
        spike1.next = word1

    return age, serve
