"""The accelerator between two AXI4-Stream interfaces."""

from __future__ import annotations

from dataclasses import dataclass

from myhdl import Signal, block, intbv

from golden.schedule import build_schedule
from golden.specification import Specification
from rtl.accelerator import accelerator
from rtl.axi_stream import axi_stream, stream_bits
from rtl.registers import Ports, Registers


@dataclass(frozen=True)
class StreamPorts:
    """Ports of the streams; ``rtl.axi_stream`` has their widths and meaning."""

    s_tvalid: Signal
    s_tready: Signal
    s_tdata: Signal
    s_tlast: Signal
    s_tuser: Signal
    m_tvalid: Signal
    m_tready: Signal
    m_tdata: Signal
    m_tlast: Signal
    frame_error: Signal


def build_stream_ports(spec: Specification, *, arg_max: bool) -> StreamPorts:
    """Return fresh port signals for `spec`, all 0."""
    half = 1 << (spec.input_bits - 1)

    def bit() -> Signal:
        return Signal(bool(0))

    return StreamPorts(
        s_tvalid=bit(),
        s_tready=bit(),
        s_tdata=Signal(intbv(0, min=-half, max=half)),
        s_tlast=bit(),
        s_tuser=bit(),
        m_tvalid=bit(),
        m_tready=bit(),
        m_tdata=Signal(intbv(0)[(1 if arg_max else spec.logits_per_cycle) * stream_bits(spec) :]),
        m_tlast=bit(),
        frame_error=bit(),
    )


@block
def axi_accelerator(
    ports: Ports,
    streams: StreamPorts,
    registers: Registers,
    spec: Specification,
    arg_max: bool,
    contents0=None,
    contents1=None,
    architecture: str = "sliced",
):
    """Join the accelerator and its streams; weights go through the accelerator's own port.

    ``ports`` are the accelerator's, of which clock, reset and the weight port lead outside; the others join it to
    ``rtl.axi_stream``, whose data sheet has the streams.

    Latency: as the accelerator. Reset: as both blocks. Extremes: as ``rtl.axi_stream``.
    """
    schedule, one = build_schedule(spec), registers.one
    the_accelerator = accelerator(ports, registers, spec, contents0, contents1, architecture)
    the_axi_stream = axi_stream(
        ports.clk,
        ports.reset,
        streams.s_tvalid,
        streams.s_tready,
        streams.s_tdata,
        streams.s_tlast,
        streams.s_tuser,
        streams.m_tvalid,
        streams.m_tready,
        streams.m_tdata,
        streams.m_tlast,
        streams.frame_error,
        ports.code_valid,
        ports.code,
        ports.code_ready,
        ports.start,
        ports.first,
        one("output.busy"),
        one("output.logits"),
        one("output.word"),
        ports.logits_ready,
        one("controller.done"),
        one("output.best_index"),
        schedule,
        arg_max,
    )
    return the_accelerator, the_axi_stream
