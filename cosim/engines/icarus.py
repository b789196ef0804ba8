"""The accelerator in Icarus Verilog, stand-alone: stimuli go in and records come out through pipes.

Slow beside Verilator, and a second opinion: an event-driven simulator with four-valued logic that shares no line with
it.
"""

from __future__ import annotations

import os
import select
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

import numpy as np

from cosim.engines.record_module import RECORD, port_name, record_module
from files.errors import WriteError
from golden.errors import StimulusError
from golden.layout import Layout, build_layout
from golden.memory_image import BankImage
from golden.schedule import build_schedule
from rtl.build_cache import EngineError, built, digest, put
from rtl.design import Design
from rtl.netlist import width_of
from rtl.program import Program, environment_key, run_program
from rtl.scratch import Scratch

BENCH = "rsnn_icarus_bench"
# Cycles handed over at a time: their stimuli and one record fit the pipes.
_AT_ONCE = 4096
# Bytes of a stimulus: the code, its higher byte first, then the bits of `cosim.engines.stimuli`.
_STIMULUS_BYTES = 3
# What the memories have latched: unknown until they are read.
_LATCHED = ("weight_buffer.row0", "weight_buffer.row1")
# In the simulation's own folder: a link to the waveform that was asked for, whose path may be longer than the bench's
# register; what the simulator prints.
_WAVEFORM, _PRINTED = "waveform.vcd", "printed.txt"


def require_icarus() -> None:
    """Refuse to go on without Icarus.

    Raises
    ------
    EngineError
    """
    for tool in ("iverilog", "vvp"):
        if shutil.which(tool) is None:
            raise EngineError(f"Icarus Verilog ({tool}) is not installed: apt install iverilog")


@cache
def icarus_key() -> str:
    """Return what a compiled program depends on besides its sources, for a cache's key.

    Raises
    ------
    EngineError
        Icarus is missing.
    """
    require_icarus()
    versions = [run_program([tool, "-V"], merged=True) for tool in ("iverilog", "vvp")]
    return digest(*versions, os.path.realpath(shutil.which("iverilog") or ""), environment_key())


def compile_icarus(folder: Path, top: str, sources: dict[str, str], *flags: str) -> None:
    """Write sources into a folder and compile them to ``bench.vvp``.

    Raises
    ------
    EngineError
        Icarus refuses the Verilog; with what it printed.
    """
    put(folder, sources)
    run_program(["iverilog", "-g2005-sv", "-s", top, "-o", "bench.vvp", *flags, *sources], folder)


class IcarusEngine:
    """One accelerator in Icarus, with empty memories; it is reset once its memories are loaded.

    Parameters
    ----------
    design : Design
    waveform : Path, optional
        VCD to write of the record's fields.
    all_nets : bool
        Put every net of the design into the VCD.
    unknown : bool
        Leave what a real memory does not know unknown (X), instead of 0, and refuse an X at any output after reset.

    Raises
    ------
    EngineError
        Icarus is missing, or refuses the Verilog.
    """

    def __init__(
        self, design: Design, *, waveform: Path | None = None, all_nets: bool = False, unknown: bool = False
    ) -> None:
        require_icarus()
        self.layout = build_layout(design.specification)
        self._program = build_program(design, unknown=unknown)
        self._waveform, self._all_nets = waveform, all_nets
        self._scratch: Scratch | None = None
        self._program_running: Program | None = None
        self._given = self._taken = -1
        # Cycles handed over whose records have not come.
        self._owed = 0

    def load(self, banks: Sequence[BankImage]) -> None:
        """Start the simulation, write every row of both banks through the weight port, and reset."""
        self._scratch = Scratch("icarus")
        folder = self._scratch.path
        for which, bank in enumerate(banks):
            digits = -(-bank.planes.shape[1] * bank.weights.shape[1] // 4)
            put(folder, {f"weights{which}.hex": "".join(f"{int(row):0{digits}x}\n" for row in bank.row_values())})
        for name in ("given", "taken"):
            os.mkfifo(folder / name)
        command = ["vvp", "-n", str(self._program / "bench.vvp")]
        if self._waveform is not None:
            try:
                self._waveform.write_bytes(b"")
            except OSError as error:
                raise WriteError(self._waveform, error) from error
            (folder / _WAVEFORM).symlink_to(self._waveform.absolute())
            command += ["+waveform", *(["+all_nets"] if self._all_nets else [])]
        # Opened to read and write, so that neither waits for a simulator that may not come up.
        self._given = os.open(folder / "given", os.O_RDWR | os.O_CLOEXEC)
        self._taken = os.open(folder / "taken", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        with (folder / _PRINTED).open("wb") as printed:
            self._program_running = Program(command, folder, output=printed)

    def run(
        self, stimuli: np.ndarray, codes: np.ndarray, records: np.ndarray, *, handshake: np.ndarray | None = None
    ) -> None:
        """Run a stretch of cycles; see `cosim.engines.verilator.VerilatorEngine.run`.

        Raises
        ------
        EngineError
            The simulation ended, for instance with an unknown value at an output.
        """
        if len(stimuli) != len(codes) or len(records) < len(stimuli) or records.dtype != np.uint64:
            given = f"{len(stimuli)}, {len(codes)}, {len(records)} {records.dtype}"
            raise StimulusError(f"stimuli, codes, records: {given}, expected as many cycles of each, uint64")
        for start in range(0, len(stimuli), _AT_ONCE):
            part = slice(start, min(start + _AT_ONCE, len(stimuli)))
            sent = np.empty((part.stop - start, _STIMULUS_BYTES), dtype=np.uint8)
            sent[:, 0] = codes[part] >> 8 & 0xFF
            sent[:, 1] = codes[part] & 0xFF
            sent[:, 2] = stimuli[part]
            self._owed = len(sent)
            os.write(self._given, sent.tobytes())
            raw = self._take(8 * (self.layout.words + 1) * len(sent))
            self._owed = 0
            words = np.frombuffer(raw, dtype="<u8").reshape(len(sent), -1)
            records[part] = words[:, :-1]
            if handshake is not None:
                handshake[part] = words[:, -1]

    def toggles(self) -> None:
        """Return nothing: Icarus' own count is that of its VCD (`cosim.vcd_toggles`)."""

    def close(self) -> None:
        """End the simulation; one that is in the middle of something is not waited for."""
        running, self._program_running = self._program_running, None
        if running is not None:
            try:
                if not self._owed and running.poll() is None:
                    # Longer than a stimulus is not needed: the bits of all ones ask the bench to finish.
                    os.write(self._given, bytes([0xFF] * _STIMULUS_BYTES))
                    with suppress(subprocess.TimeoutExpired):
                        running.wait(60)
            finally:
                running.end()
        for pipe in (self._given, self._taken):
            if pipe >= 0:
                os.close(pipe)
        self._given = self._taken = -1
        if self._scratch is not None:
            self._scratch.close()

    def __del__(self) -> None:
        if getattr(self, "_scratch", None) is not None:
            self._owed = 1
            self.close()

    def _take(self, count: int) -> bytearray:
        assert self._program_running is not None
        raw = bytearray()
        while len(raw) < count:
            ready, _, _ = select.select([self._taken], [], [], 1.0)
            if ready:
                raw += os.read(self._taken, count - len(raw))
            elif self._program_running.poll() is not None:
                raise EngineError(f"Icarus ended the simulation: {self._printed() or 'it printed nothing'}")
        return raw

    def _printed(self) -> str:
        assert self._scratch is not None
        lines = (self._scratch.path / _PRINTED).read_text(errors="replace").strip().splitlines()
        return "\n".join(lines[-20:])


def build_program(design: Design, *, unknown: bool) -> Path:
    """Return the folder that holds ``bench.vvp``, compiled if the cache has none from the same sources.

    Raises
    ------
    EngineError
        Icarus refuses the Verilog; with what it printed.
    """
    sources = design.files | {f"{RECORD}.v": record_module(design), f"{BENCH}.v": bench_module(design, unknown=unknown)}
    key = digest(icarus_key(), repr(unknown), *(part for pair in sources.items() for part in pair))
    flags = ("-DRSNN_X",) if unknown else ()
    return built("icarus", key, lambda folder: compile_icarus(folder, BENCH, sources, *flags))


def bench_module(design: Design, *, unknown: bool) -> str:
    """Return the module that loads, resets and drives the accelerator and writes its record each cycle."""
    inputs = [port for port in design.top.ports if not port.output]
    widths = {port.name: port.width for port in inputs}
    layout = build_layout(design.specification)
    fields = [port_name(field) for field in layout]
    lines = [f"`timescale 1ns/10ps\n\nmodule {BENCH};"]
    lines += [f"    reg {width_of(port.width)}{port.name} = 0;" for port in inputs]
    lines += [f"    wire {width_of(64 * field.words)}{port_name(field)};" for field in layout]
    lines += ["    wire weight_ready, code_ready;"]
    pins = [f".{port.name}({port.name})" for port in inputs] + [f".{name}({name})" for name in fields]
    pins += [".weight_ready(weight_ready)", ".code_ready(code_ready)"]
    lines += [f"    {RECORD} record (\n        " + ",\n        ".join(pins) + "\n    );"]
    # A word besides, of what no field holds (`golden.handshake`).
    parts = ["62'b0", "weight_ready", "code_ready", *reversed(fields)]
    lines += [f"    wire [{64 * layout.words + 63}:0] all_fields = {{" + ", ".join(parts) + "};"]
    depths = [f"[0:{depth - 1}]" for depth in _depths(design)]
    lines += [f"    reg [{widths['weight_row'] - 1}:0] bank{bank} {depth};" for bank, depth in enumerate(depths)]
    return "\n".join(lines) + _BEHAVIOUR.format(
        code_high=widths["code"] - 1,
        depth0=_depths(design)[0],
        depth1=_depths(design)[1],
        check=_OUTPUTS_KNOWN if unknown else _all_known(layout),
    )


def _all_known(layout: Layout) -> str:
    """Return the check that what is handed over has no X, which would be read as 0.

    A row may be unknown until the first one is read: before the first edge of the reset gates may read anything.
    """
    rows = {field.path: place for place, field in enumerate(layout) if field.path in _LATCHED}
    unknown = [f"^{port_name(field)} === 1'bx" for field in layout]
    lines = ["", "if (^all_fields === 1'bx) begin"]
    for place, field in enumerate(layout):
        excused = f" && known[{list(rows).index(field.path)}]" if field.path in rows else ""
        lines.append(f"    if ({unknown[place]}{excused}) begin")
        lines.append(f'        $display("unknown value (X) in {field.path}, %0d cycles after reset", cycles);')
        lines += ["        wrong = 1;", "    end"]
    lines += ["    if (wrong)", "        $finish;", "end"]
    lines += [f"if (!({unknown[place]})) known[{bit}] = 1;" for bit, place in enumerate(rows.values())]
    return "\n            ".join(lines)


def _depths(design: Design) -> tuple[int, int]:
    first, second = build_schedule(design.specification).bank_depths
    return first, second


_OUTPUTS_KNOWN = """
            if (^{code_ready, weight_ready, record.port_done, record.port_overrun, record.port_frame_cycles,
                  record.port_logits_valid, record.port_word, record.port_best, record.port_best_index} === 1'bx
                || (record.port_logits_valid && ^record.port_logits === 1'bx)) begin
                $display("unknown value (X) at an output, %0d cycles after reset", cycles);
                $finish;
            end"""

_BEHAVIOUR = """

    integer given, taken, count, address, cycles;
    reg [23:0] stimulus;
    // Rows that were read, and whether what is handed over has an unknown bit.
    reg [1:0] known = 0;
    reg wrong = 0;

    initial begin
        $readmemh("weights0.hex", bank0);
        $readmemh("weights1.hex", bank1);
        if ($test$plusargs("waveform")) begin
            $dumpfile("waveform.vcd");
            if ($test$plusargs("all_nets"))
                $dumpvars(0, record);
            else
                $dumpvars(1, record);
            $dumpoff;
        end
        reset = 1;
        repeat (2) begin #1 clk = 1; #1 clk = 0; end
        reset = 0;
        weight_valid = 1;
        weight_bank = 0;
        for (address = 0; address < {depth0}; address = address + 1) begin
            weight_address = address;
            weight_row = bank0[address];
            #1 clk = 1; #1 clk = 0;
        end
        weight_bank = 1;
        for (address = 0; address < {depth1}; address = address + 1) begin
            weight_address = address;
            weight_row = bank1[address];
            #1 clk = 1; #1 clk = 0;
        end
        weight_valid = 0;
        #1;
        $dumpon;
        given = $fopen("given", "rb");
        taken = $fopen("taken", "wb");
        cycles = 0;
        count = $fread(stimulus, given);
        while (count == 3 && stimulus != 24'hffffff) begin
            code = stimulus[8 +: {code_high} + 1];
            code_valid = stimulus[0];
            start = stimulus[1];
            first = stimulus[2];
            logits_ready = stimulus[3];
            reset = stimulus[4];
            #1;{check}
            $fwrite(taken, "%u", all_fields);
            $fflush(taken);
            clk = 1;
            #1 clk = 0;
            cycles = cycles + 1;
            count = $fread(stimulus, given);
        end
        $finish;
    end
endmodule
"""
