"""PE set: `lanes` processing elements that share one weight row and its controls.

Two architectures of the same block, equal at every cycle. "sliced" keeps the same bit of all lanes in one word and adds
all lanes at once, plane by plane: a ripple-carry adder a lane, which is the smallest adder and fast enough at 500 MHz,
in a form that simulates fast in every engine. "lanes" instantiates one ``rtl.pe`` a lane, for area and activity per PE.
A set that is alone (``rtl.single_set``) has nothing to combine: its `combine` is the constant False, and it has neither
`low` nor `high`.
"""

from __future__ import annotations

from myhdl import Signal, always, always_comb, block, intbv

from rtl.pe import pe


@block
def pe_set(
    clk,
    reset,
    enable,
    clear,
    subtract,
    combine,
    align,
    row,
    low,
    high,
    acc,
    clocked,
    low_planes: int,
    zero_weight_gating: bool,
    architecture: str = "sliced",
):
    """Add a weight row to `lanes` accumulators.

    ========== ================================= ====== =============================================================
    port       width                             signed meaning
    ========== ================================= ====== =============================================================
    clk        1                                 no     clock, rising edge
    reset      1                                 no     synchronous, active high
    enable     1                                 no     add the row
    clear      1                                 no     start from 0 (alone: become 0)
    subtract   1                                 no     subtract the row instead
    combine    1                                 no     take (high << low_planes) + low instead
    align      bits of the greatest shift        no     left shift of the row's weights
    row        weight_bits planes of lanes bits  no     the weights, bit-sliced two's complement
    low, high  acc_bits planes of lanes bits     no     accumulators of set 0 and set 1, for `combine`
    acc        acc_bits planes of lanes bits     no     out: the accumulators, bit-sliced two's complement
    clocked    lanes                             no     out: lanes whose accumulator gets a clock edge
    ========== ================================= ====== =============================================================

    Latency: `clocked` in the same cycle, `acc` one cycle. Reset: `acc` 0. Extremes: accumulators are as wide as the
    bound of every partial sum. A lane with a weight of 0 is not clocked when zero-weight gating is on. A set that is
    alone never combines.
    """
    nonzero = Signal(intbv(0)[len(row[0]) :])
    gate = lane_gate(enable, clear, combine, row, nonzero, clocked, zero_weight_gating)
    if architecture == "sliced":
        adders = sliced_adders(
            clk, reset, enable, clear, subtract, combine, align, row, low, high, acc, nonzero, clocked, low_planes
        )
    elif architecture == "lanes":
        adders = lane_adders(
            clk, reset, enable, clear, subtract, combine, align, row, low, high, acc, clocked, low_planes
        )
    else:
        raise ValueError(f"architecture is {architecture!r}, expected 'sliced' or 'lanes'")
    return gate, adders


@block
def lane_gate(enable, clear, combine, row, nonzero, clocked, zero_weight_gating: bool):
    """Say which lanes add and which are clocked (ports as `pe_set`; `nonzero`: lanes that add).

    Latency: none (combinational). Reset: none.
    """
    lanes = len(row[0])
    everyone = (1 << lanes) - 1
    weight_bits = len(row)

    @always_comb
    def gate():
        some = intbv(0)[lanes:]
        some[:] = 0
        if enable:
            for b in range(weight_bits):
                some[:] = some | row[b]
        nonzero.next = some
        if clear or combine or (enable and not zero_weight_gating):
            clocked.next = everyone
        else:
            clocked.next = some

    return gate


@block
def sliced_adders(
    clk, reset, enable, clear, subtract, combine, align, row, low, high, acc, nonzero, clocked, low_planes
):
    """Add for all lanes at once, one bit plane after the other (ports as `pe_set`; `nonzero`: lanes that add).

    A lane that is not clocked keeps its accumulator. The process has no need to say so, since such a lane adds 0; its
    Verilog (`_CLOCKED_BY_LANE`) does, for synthesis to find an enable for each lane's flip-flops.
    """
    lanes = len(row[0])
    weight_bits = len(row)
    acc_bits = len(acc)

    @always(clk.posedge)
    def add():
        base = intbv(0)[lanes:]
        operand = intbv(0)[lanes:]
        either = intbv(0)[lanes:]
        carry = intbv(0)[lanes:]
        if reset:
            for b in range(acc_bits):
                acc[b].next = 0
        elif combine:
            carry[:] = 0
            for b in range(acc_bits):
                base[:] = low[b]
                operand[:] = 0
                if b >= low_planes:
                    operand[:] = high[b - low_planes]
                either[:] = base ^ operand
                acc[b].next = either ^ carry
                carry[:] = (base & operand) | (carry & either)
        elif enable:
            # -x = ~x + 1: a lane that subtracts starts with a carry.
            carry[:] = 0
            if subtract:
                carry[:] = nonzero
            for b in range(acc_bits):
                # Planes above the weight's own repeat its sign: `operand` keeps the last of them.
                if b >= align and b - align < weight_bits:
                    operand[:] = row[b - align]
                    if subtract:
                        operand[:] = operand ^ nonzero
                if b < align:
                    if clear:
                        acc[b].next = 0
                elif clear:
                    acc[b].next = operand ^ carry
                    carry[:] = operand & carry
                else:
                    either[:] = acc[b] ^ operand
                    acc[b].next = either ^ carry
                    carry[:] = (acc[b] & operand) | (carry & either)
        elif clear:
            for b in range(acc_bits):
                acc[b].next = 0

    combined = (combine, *low, *high) if combine is not False else ()
    for signal in (clk, reset, enable, clear, subtract, align, nonzero, clocked, *row, *combined):
        signal.read = True
    for plane in acc:
        plane.driven = "reg"
    template = _CLOCKED_BY_LANE
    if combine is False:
        for part, alone in _ALONE:
            template = template.replace(part, alone)
    sliced_adders.verilog_code = template.format(
        lanes=lanes, top=lanes - 1, weight_bits=weight_bits, acc_bits=acc_bits, low_planes=low_planes
    )
    return add


# `sliced_adders` in Verilog, step by step. Simulators take whole planes; synthesis takes the same a lane at a time,
# which is the form that it finds enables in.
_CLOCKED_BY_LANE = """
always @(posedge $clk) begin: SLICED_ADDERS
    integer b;
`ifdef SYNTHESIS
    integer i;
`endif
    reg [{top}:0] operand;
    reg [{top}:0] carry;
    reg [{top}:0] base;
    reg [{top}:0] total;
    operand = 0;
    carry = 0;
    if ($subtract && !$combine) begin
        carry = $nonzero;
    end
    for (b=0; b<{acc_bits}; b=b+1) begin
        base = 0;
        if ($combine) begin
            base = $low[b];
            operand = 0;
            if (b >= {low_planes}) begin
                operand = $high[b - {low_planes}];
            end
        end
        else begin
            if (!$clear) begin
                base = $acc[b];
            end
            // Planes above the weight's own repeat its sign.
            if (!$enable) begin
                operand = 0;
                carry = 0;
            end
            else if ((b >= $align) && ((b - $align) < {weight_bits})) begin
                operand = $row[b - $align];
                if ($subtract) begin
                    operand = operand ^ $nonzero;
                end
            end
        end
        total = (base ^ operand) ^ carry;
        // Below the weight nothing is added, and the carry of a subtraction waits.
        if (!$combine && (b < $align)) begin
            total = base;
        end
        else begin
            carry = (base & operand) | (carry & (base ^ operand));
        end
`ifdef SYNTHESIS
        for (i=0; i<{lanes}; i=i+1) begin
            if ($reset) begin
                $acc[b][i] <= 1'b0;
            end
            else if ($clocked[i]) begin
                $acc[b][i] <= total[i];
            end
        end
`else
        if ($reset) begin
            $acc[b] <= 0;
        end
        else begin
            $acc[b] <= (total & $clocked) | ($acc[b] & ~$clocked);
        end
`endif
    end
end
"""

# What a set that has nothing to combine says instead of parts of it.
_ALONE = (
    ("if ($subtract && !$combine) begin", "if ($subtract) begin"),
    (
        """if ($combine) begin
            base = $low[b];
            operand = 0;
            if (b >= {low_planes}) begin
                operand = $high[b - {low_planes}];
            end
        end
        else begin
""",
        "begin\n",
    ),
    ("if (!$combine && (b < $align)) begin", "if (b < $align) begin"),
)


@block
def lane_scatter(enable, row, low, high, clocked, lane_weight, lane_low, lane_high, lane_clocked):
    """Turn the planes of a set into one number a lane. Latency: none (combinational). Reset: none."""
    lanes = len(row[0])
    weight_bits = len(row)

    @always_comb
    def scatter():
        bits = intbv(0)[weight_bits:]
        for i in range(lanes):
            bits[:] = 0
            if enable:
                for b in range(weight_bits):
                    bits[b] = row[b][i]
            lane_weight[i].next = bits.signed()
            lane_clocked[i].next = clocked[i]

    if low is None:
        return scatter

    acc_bits = len(low)

    @always_comb
    def scatter_accumulators():
        bits = intbv(0)[acc_bits:]
        for i in range(lanes):
            for b in range(acc_bits):
                bits[b] = low[b][i]
            lane_low[i].next = bits.signed()
            for b in range(acc_bits):
                bits[b] = high[b][i]
            lane_high[i].next = bits.signed()

    return scatter, scatter_accumulators


@block
def lane_gather(lane_acc, acc):
    """Turn one number a lane into the planes of a set. Latency: none (combinational). Reset: none."""
    lanes, acc_bits = len(lane_acc), len(acc)

    @always_comb
    def gather():
        plane = intbv(0)[lanes:]
        for b in range(acc_bits):
            for i in range(lanes):
                plane[i] = lane_acc[i][b]
            acc[b].next = plane

    return gather


@block
def lane_adders(clk, reset, enable, clear, subtract, combine, align, row, low, high, acc, clocked, low_planes):
    """Instantiate one `rtl.pe` a lane between the bit-sliced ports of `pe_set`."""
    lanes = len(row[0])
    weight_bits = len(row)
    acc_bits = len(acc)
    half_weight, half_acc = 1 << (weight_bits - 1), 1 << (acc_bits - 1)

    def accumulators():
        return [Signal(intbv(0, min=-half_acc, max=half_acc)) for _ in range(lanes)]

    lane_weight = [Signal(intbv(0, min=-half_weight, max=half_weight)) for _ in range(lanes)]
    lane_acc = accumulators()
    lane_low, lane_high = (accumulators(), accumulators()) if combine is not False else ([], [])
    lane_clocked = [Signal(bool(0)) for _ in range(lanes)]
    spread = lane_scatter(enable, row, low, high, clocked, lane_weight, lane_low, lane_high, lane_clocked)
    elements = [
        pe(
            clk,
            reset,
            lane_clocked[i],
            clear,
            subtract,
            combine,
            align,
            lane_weight[i],
            lane_low[i] if lane_low else 0,
            lane_high[i] if lane_high else 0,
            lane_acc[i],
            low_planes,
        )
        for i in range(lanes)
    ]
    joined = lane_gather(lane_acc, acc)
    return spread, elements, joined
