"""Weight buffer: two banks of weight rows, one row of lanes x weight bits a read."""

from __future__ import annotations

from collections.abc import Sequence

from myhdl import Signal, always, always_comb, block, intbv

from golden.schedule import Schedule


@block
def memory_bank(clk, write, write_address, write_row, read, address, row, lanes, contents: Sequence[int]):
    """Hold one bank: a memory with one write and one read port, and the latch of the row read.

    ============= ================================ ====== =========================================================
    port          width                            signed meaning
    ============= ================================ ====== =========================================================
    clk           1                                no     clock, rising edge
    write         1                                no     store `write_row` at `write_address`
    write_address address bits                     no     row to store
    write_row     lanes x weight_bits              no     bit b x lanes + i is bit b of lane i's weight
    read          1                                no     latch the row at `address`
    address       address bits                     no     row to read
    row           weight_bits planes of lanes bits no     out: the row read last, bit-sliced
    ============= ================================ ====== =========================================================

    Latency: one cycle from `read` to `row`. Reset: none, as in an SRAM; `row` is 0 in simulation until the first read.
    Extremes: an address beyond the depth is not written, and reads nothing.
    """
    depth = len(contents)
    memory = [Signal(intbv(value)[len(write_row) :]) for value in contents]
    mask = (1 << lanes) - 1
    planes = len(row)

    @always(clk.posedge)
    def access():
        word = intbv(0)[len(write_row) :]
        if write and write_address < depth:
            memory[write_address].next = write_row
        if read and address < depth:
            word[:] = memory[address]
            for b in range(planes):
                row[b].next = (word >> (b * lanes)) & mask

    return access


@block
def row_fetch(
    weight_valid,
    weight_ready,
    weight_bank,
    read_pass,
    read_valid,
    read_visit,
    hold,
    index,
    address,
    read,
    read0,
    read1,
    write0,
    write1,
    schedule: Schedule,
):
    """Choose address and banks of the pass at READ, and the bank that a row is loaded into (`weight_buffer`).

    Latency: none (combinational). Reset: none.
    """
    base_of = tuple(item.base for item in schedule.passes)
    banks_of = tuple(item.banks for item in schedule.passes)
    addresses = 1 << schedule.address_bits

    @always_comb
    def locate():
        base = base_of[read_pass]
        banks = banks_of[read_pass]
        address.next = (base + index) % addresses
        read.next = 0
        read0.next = 0
        read1.next = 0
        if read_valid and read_visit and not hold:
            read.next = banks
            read0.next = (banks & 1) != 0
            read1.next = (banks & 2) != 0

    @always_comb
    def load():
        write0.next = weight_valid and weight_ready and not weight_bank
        write1.next = weight_valid and weight_ready and weight_bank

    return locate, load


@block
def weight_buffer(
    clk,
    weight_valid,
    weight_ready,
    weight_bank,
    weight_address,
    weight_row,
    read_pass,
    read_valid,
    read_visit,
    hold,
    index,
    address,
    read,
    row0,
    row1,
    schedule: Schedule,
    contents0: Sequence[int],
    contents1: Sequence[int],
):
    """Address both banks alike and read those that the pass at READ uses.

    ================== ================================ ====== ====================================================
    port               width                            signed meaning
    ================== ================================ ====== ====================================================
    clk                1                                no     clock, rising edge
    weight_valid       1                                no     a row to load; taken where `weight_ready` is 1
    weight_ready       1                                no     the controller is idle
    weight_bank        1                                no     bank to load
    weight_address     address bits                     no     row to load
    weight_row         lanes x weight_bits              no     bit b x lanes + i is bit b of lane i's weight
    read_pass          bits to count the passes         no     pass at READ: gives the base and the banks
    read_valid         1                                no     READ holds an operation
    read_visit         1                                no     it visits an index
    hold               1                                no     the pipeline is held: read nothing
    index              bits to count the entries        no     index visited
    address            address bits                     no     out: base + index, at every cycle
    read               2                                no     out: bit k reads bank k
    row0, row1         weight_bits planes of lanes bits no     out: rows read last
    ================== ================================ ====== ====================================================

    Latency: `address`, `read` in the same cycle, rows after the edge. Reset: none (memories).
    Extremes: layers read bank 1 alone, whose row both PE sets share; the FC reads a row of each bank.
    """
    lanes = schedule.specification.lanes
    read0, read1, write0, write1 = (Signal(bool(0)) for _ in range(4))
    fetch = row_fetch(
        weight_valid, weight_ready, weight_bank, read_pass, read_valid, read_visit, hold, index,
        address, read, read0, read1, write0, write1, schedule,
    )  # fmt: skip
    bank0 = memory_bank(clk, write0, weight_address, weight_row, read0, address, row0, lanes, contents0)
    bank1 = memory_bank(clk, write1, weight_address, weight_row, read1, address, row1, lanes, contents1)
    return fetch, bank0, bank1
