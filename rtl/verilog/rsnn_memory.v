// One bank of weights: a memory with one write port and one read port, whose word read last stays on `row`.
//
// This is the only place of the design that holds a memory. To use an SRAM macro, replace the body of this module: one
// clock, read and write in the same cycle allowed (never of one address: weights are loaded while nothing is read).
//
// DEPTH rows of WIDTH bits. CONTENTS names a file for $readmemh, a row a line; "" leaves the memory to be loaded through
// `write`. Latency: one cycle from `read` to `row`. Reset: none. An address beyond the depth is not written and reads
// nothing. `row` is 0 in simulation until the first read (with RSNN_X defined: unknown, as in a real memory).

`timescale 1ns/10ps
`default_nettype wire

module rsnn_memory #(
    parameter DEPTH = 1024,
    parameter WIDTH = 512,
    parameter ADDRESS_BITS = 11,
    parameter CONTENTS = ""
) (
    input  wire clk,
    input  wire write,
    input  wire [ADDRESS_BITS-1:0] write_address,
    input  wire [WIDTH-1:0] write_row,
    input  wire read,
    input  wire [ADDRESS_BITS-1:0] address,
    output reg  [WIDTH-1:0] row
);
    localparam [31:0] ROWS = DEPTH;
    // Bits that number the rows; the address port is as wide as the deeper bank's.
    localparam INDEX_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1;

    reg [WIDTH-1:0] memory [0:DEPTH-1];

    // Compared one bit wider, so that a depth of a power of two is not cut to 0.
    wire write_inside = {1'b0, write_address} < ROWS[ADDRESS_BITS:0];
    wire read_inside = {1'b0, address} < ROWS[ADDRESS_BITS:0];

    always @(posedge clk) begin
        if (write && write_inside)
            memory[write_address[INDEX_BITS-1:0]] <= write_row;
        if (read && read_inside)
            row <= memory[address[INDEX_BITS-1:0]];
    end

`ifndef SYNTHESIS
    initial begin
`ifndef RSNN_X
        row = {WIDTH{1'b0}};
`endif
        if (CONTENTS != "")
            $readmemh(CONTENTS, memory);
    end
`endif
endmodule
