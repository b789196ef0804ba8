"""One-bit nets of an Icarus VCD: the counts of the general parser, and refusals."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from cosim.engines.icarus import IcarusEngine
from cosim.engines.stimuli import CODE_VALID, FIRST, LOGITS_READY, START
from cosim.gate_level import gate_level
from cosim.gate_oracle import with_unit_delays
from cosim.vcd_scalars import count_scalar_nets
from cosim.vcd_toggles import VCDError, count_vcd_nets
from golden.checkpoint import random_checkpoint
from golden.memory_image import memory_image
from golden.trace import CycleModel
from rtl.design import build_design
from rtl.synthesis.hierarchy import leaf_names
from rtl.synthesis.synthesise import synthesise_all
from tests.conftest import require
from tests.cosim.test_gate_activity import TINY


@pytest.fixture(scope="module")
def waveform(tmp_path_factory, off_the_stack, gated_library, yosys):
    """Return the VCD of every net of the tiny accelerator in gates with delays, a frame of it."""
    require(shutil.which("iverilog"), "Icarus Verilog is not installed (apt install iverilog)")
    design = off_the_stack(build_design, TINY)
    netlists, _ = synthesise_all(design, gated_library)
    gates = gate_level(design, {name: netlists[name] for name in leaf_names(design)}, gated_library)
    checkpoint = random_checkpoint(TINY, seed=3)
    model = CycleModel(checkpoint)
    codes = np.arange(TINY.inputs)
    records = model.frame(codes, first=True)
    stimuli = np.full(len(records), LOGITS_READY, np.uint8)
    stimuli[: TINY.inputs] |= CODE_VALID
    stimuli[TINY.inputs] |= START | FIRST
    driven = np.zeros(len(records), np.int32)
    driven[: TINY.inputs] = codes
    path = tmp_path_factory.mktemp("vcd") / "nets.vcd"
    engine = IcarusEngine(with_unit_delays(gates), waveform=path, all_nets=True)
    engine.load(memory_image(checkpoint))
    engine.run(stimuli, driven, model.buffer())
    engine.close()
    return path


def test_counts_are_those_of_the_general_parser(waveform):
    general = {name: net for name, net in count_vcd_nets(waveform).items() if net.bits == 1}
    found = count_scalar_nets(waveform)
    # A net of several names has the first there, all of them here.
    both = set(general) & set(found)
    assert len(both) > 5000
    for name in both:
        assert (found[name].settled, found[name].zero_delay) == (general[name].settled, general[name].zero_delay), name
    assert sum(net.zero_delay for net in found.values()) > 1.2 * sum(net.settled for net in found.values()) > 10_000


HEAD = "$timescale 1ns $end\n$scope module top $end\n$var wire 1 ! clk $end\n$var wire 1 a net $end\n"
HEAD += "$var wire 1 b high $end\n$upscope $end\n"


def test_changes_by_hand(tmp_path):
    path = tmp_path / "hand.vcd"
    # net: 0 when the clock first rises; then 1, 0, 1 within the cycle; at the second rise 1; then x, which is 0.
    body = "#0\n$dumpon\n0!\n0a\n1b\n$end\n#1\n1!\n#2\n1a\n#3\n0a\n0!\n#4\n1a\n#5\n1!\nxa\n#6\n0!\n#7\n1!\n"
    path.write_text(HEAD + "$enddefinitions $end\n" + body)
    assert vars(count_scalar_nets(path)["top.net"]) == {"settled": 2, "zero_delay": 4}
    # High from the beginning: no change.
    assert vars(count_scalar_nets(path)["top.high"]) == {"settled": 0, "zero_delay": 0}


@pytest.mark.parametrize("clock", "01")
def test_a_gap_of_the_dump_has_no_values_and_no_edge(tmp_path, clock):
    path = tmp_path / "gap.vcd"
    # Three edges with net at 1, a gap, in which every value is x, and net at 1 again and then at 0.
    body = "#0\n$dumpon\n0!\n1a\n1b\n$end\n#1\n1!\n#2\n0!\n#3\n1!\n#4\n0!\n#5\n$dumpoff\nx!\nxa\nxb\n$end\n"
    body += f"#6\n$dumpon\n{clock}!\n1a\n1b\n$end\n#7\n0!\n#8\n1!\n#9\n0!\n0a\n#10\n1!\n"
    path.write_text(HEAD + "$enddefinitions $end\n" + body)
    for count in (count_scalar_nets, count_vcd_nets):
        found = count(path)
        assert (found["top.net"].settled, found["top.net"].zero_delay) == (1, 1)
        assert (found["top.high"].settled, found["top.high"].zero_delay) == (0, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, "has no .enddefinitions"),
        ("$enddefinitions $end\n", "no signal for clk"),
        ("$var\n$enddefinitions $end\n", "cannot be read as Icarus' VCD"),
    ],
)
def test_what_is_no_such_vcd_is_refused(tmp_path, text, said):
    path = tmp_path / "bad.vcd"
    path.write_text(text)
    with pytest.raises(VCDError, match=said):
        count_scalar_nets(path)
