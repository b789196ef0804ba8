"""Toggles of a VCD that Icarus wrote are the model's; a file that is no such VCD is refused."""

from __future__ import annotations

import os
import re
import shutil
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cosim.engines.icarus import IcarusEngine
from cosim.vcd_toggles import Net, VCDError, count_vcd_nets, count_vcd_toggles
from cosim.verilog import cosimulate_verilog
from golden.checkpoint import random_checkpoint
from golden.layout import build_layout
from golden.specification import Specification
from rtl.design import build_design

SPECIFICATION = Specification(
    inputs=12, layers=(20, 16), outputs=75, lanes=16, logits_per_cycle=4, thresholds=(40, 60), leaks=(2, 3)
)


@pytest.fixture(scope="module", autouse=True)
def icarus():
    if os.environ.get("CI") != "true" and shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is not installed (apt install iverilog)")


@pytest.fixture(scope="module")
def checkpoint():
    return random_checkpoint(SPECIFICATION, seed=3)


@pytest.fixture(scope="module")
def codes():
    low, high = SPECIFICATION.code_range
    return np.random.default_rng(5).integers(low, high, size=(4, SPECIFICATION.inputs), endpoint=True)


@pytest.fixture(scope="module")
def design(off_the_stack):
    return off_the_stack(build_design, SPECIFICATION)


def test_the_vcd_holds_the_toggles_of_the_records(tmp_path, checkpoint, codes, design):
    path = tmp_path / "run.vcd"
    start = partial(IcarusEngine, waveform=path)
    found = cosimulate_verilog(checkpoint, {"one": codes}, engine="icarus", design=design, start=start)
    expected = {
        f"{row['block']}.{row['signal']}": row["toggles"] for row in found.activity.rows() if row["toggles"] is not None
    }
    assert count_vcd_toggles(path, build_layout(SPECIFICATION)) == expected
    assert sum(expected.values()) > 10_000


def test_a_file_that_is_no_waveform_is_refused(tmp_path):
    layout = build_layout(SPECIFICATION)
    (tmp_path / "no.vcd").write_text("$var wire 1 ! clk $end\n$enddefinitions $end\n#0\n1!\n")
    with pytest.raises(VCDError, match=r"no.vcd: no signal for controller.add_double, "):
        count_vcd_toggles(tmp_path / "no.vcd", layout)
    (tmp_path / "no.vcd").write_text("nothing\n")
    with pytest.raises(VCDError, match=r"no.vcd: cannot be read as a VCD"):
        count_vcd_toggles(tmp_path / "no.vcd", layout)
    with pytest.raises(VCDError, match=r"absent.vcd: no such VCD"):
        count_vcd_toggles(tmp_path / "absent.vcd", layout)


WAVEFORM = """$timescale 1ns $end
$scope module top $end
$var wire 1 ! clk $end
$scope module dut $end
$var wire 4 # bus [3:0] $end
$var wire 1 $ net $end
$var wire 4 # alias [3:0] $end
$upscope $end
$upscope $end
$enddefinitions $end
#0
0!
bx #
0$
#1
1!
b0011 #
#2
0!
b0111 #
1$
#3
0$
#4
1!
b0000 #
#5
0!
#6
1!
"""


def test_nets_are_counted_at_every_time_step_and_as_settled(tmp_path):
    (tmp_path / "nets.vcd").write_text(WAVEFORM)
    assert count_vcd_nets(tmp_path / "nets.vcd") == {
        # At the edges 0 (unknown), 0111, 0000; from step to step 0011, 0111, 0000.
        "top.dut.bus": Net(bits=4, settled=6, zero_delay=6, unknown=1),
        # Up and down between two edges.
        "top.dut.net": Net(bits=1, settled=0, zero_delay=2),
    }


def record_waveform(layout, *, change=lambda lines: lines):
    """Return a VCD of the record's fields: two edges, every field 1 at the second."""
    fields = [(f"c{at}", field.path.replace(".", "_"), 64 * field.words) for at, field in enumerate(layout)]
    lines = ["$timescale 1ns $end", "$scope module record $end", "$var wire 1 ! clk $end"]
    lines += [f"$var wire {bits} {code} {name} [{bits - 1}:0] $end" for code, name, bits in fields]
    lines += ["$upscope $end", "$enddefinitions $end", "#0", "0!", *(f"b0 {code}" for code, _, _ in fields)]
    lines += ["#1", "1!", "#2", "0!", *(f"b1 {code}" for code, _, _ in fields), "#3", "1!"]
    return "\n".join(change(lines)) + "\n"


def test_a_field_toggles_between_edges(tmp_path):
    layout = build_layout(SPECIFICATION)
    (tmp_path / "run.vcd").write_text(record_waveform(layout))
    assert count_vcd_toggles(tmp_path / "run.vcd", layout) == {field.path: 1 for field in layout}


def test_nets_that_are_one_in_the_file_are_counted_each(tmp_path):
    layout = build_layout(SPECIFICATION)
    narrow = [field for field in layout if field.words == 1][:2]
    codes = [f"c{list(layout).index(field)}" for field in narrow]

    def joined(lines):
        # The second has the code of the first, as Icarus writes nets that are connected.
        return [re.sub(rf"(?<= ){codes[1]}(?= |$)", codes[0], line) for line in lines]

    (tmp_path / "run.vcd").write_text(record_waveform(layout, change=joined))
    assert count_vcd_toggles(tmp_path / "run.vcd", layout) == {field.path: 1 for field in layout}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("$enddefinitions $end\n", "", "a time or a value before .enddefinitions"),
        ("b1 c3\n", "b1 nowhere\n", "a value for 'nowhere', which no"),
        ("b1 c3\n", "bx c3\n", "is x at a clock edge"),
        ("b1 c3\n", "b1z c3\n", "is 1z at a clock edge"),
        ("b1 c3\n", "xc3\n", "is x at a clock edge"),
        ("b1 c3\n", f"b{'1' * 5000} c3\n", "has more than 64 bits"),
        ("#3\n", "#1\n", "time 1 after 2, expected times that grow"),
        ("#3\n", f"#{'9' * 30}\n", "expected times that grow, in 64 bits"),
        ("#3\n", f"#{'9' * 5000}\n", "cannot be read as a VCD: Exceeds the limit"),
        ("$upscope $end", "$upscope $end\n$upscope $end", "an .upscope too many"),
        ("$upscope $end", "$scope module a $end\n" * 300, "more than 256 scopes"),
        ("$var wire 1 ! clk", "$var wire 400000000000 ! clk", "clk has 400000000000 bits"),
        ("$var wire 1 ! clk", f"$var wire {'9' * 5000} ! clk", "cannot be read as a VCD: Exceeds the limit"),
        ("$var wire 1 ! clk", "$var wire 1 ! clk $end\n$var wire 2 ! clk", "code with one of another size"),
        ("$var wire 64 c3", "$var wire 32 c3", "has 32 bits, expected 64"),
        ("#3\n1!\n", "#3\n1!", "ends in the middle of a line"),
        ("#3\n", "#3\n$var wire 1 q q $end\n", "declares a variable or scope after"),
        ("#3\n", "#3\n$comment " + "a " * (1 << 20) + 10_000 * " " + "$end\n", "a token, or a gap, of more than"),
        ("#3\n", "#3\nr1e999999q c3\n", "cannot be read as a VCD"),
        ("#3\n", "#3\n\x00\n", "cannot be read as a VCD"),
        ("#3\n", "#3\n$\xff\n", "cannot be read as a VCD"),
    ],
)
def test_a_foreign_or_damaged_waveform_is_refused_by_name(tmp_path, old, new, said):
    layout = build_layout(SPECIFICATION)
    text = record_waveform(layout)
    assert old in text
    path = tmp_path / "run.vcd"
    path.write_text(text.replace(old, new), encoding="latin-1")
    with pytest.raises(VCDError, match=said) as caught:
        count_vcd_toggles(path, layout)
    assert str(caught.value).startswith(str(path))


CUT_OFF = ("$var wire 1 ! clk [", "$var wire 1 ! clk [3", "$scope module a[", "$comment", "#", "b", "$")


@pytest.mark.parametrize("text", CUT_OFF)
def test_a_file_that_is_cut_off_ends(tmp_path, text):
    # The parser waits for the end of a bracket where there is none.
    (tmp_path / "cut.vcd").write_text(text)
    with pytest.raises(VCDError, match=r"cut\.vcd: .*ends in the middle of a line"):
        count_vcd_nets(tmp_path / "cut.vcd")


def test_a_field_that_stands_twice_is_refused(tmp_path):
    layout = build_layout(SPECIFICATION)
    field = next(iter(layout))
    declared = f"$var wire {64 * field.words} q {field.path.replace('.', '_')} $end"
    path = tmp_path / "run.vcd"
    path.write_text(record_waveform(layout, change=lambda lines: [*lines[:3], declared, *lines[3:]]))
    with pytest.raises(VCDError, match=f"two signals for {field.path}"):
        count_vcd_toggles(path, layout)


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.vcd")
    for name, said in (("pipe.vcd", "is a named pipe"), (".", "is a folder"), ("caf\udce9.vcd", "no such VCD")):
        with pytest.raises(VCDError, match=said):
            count_vcd_nets(tmp_path / name)


# A step of a simulation: the clock and two nets, None where they stay; or a gap of the dump.
STEPS = st.lists(
    st.just("gap")
    | st.tuples(
        st.sampled_from("01") | st.none(),
        st.text("01xz", min_size=4, max_size=4) | st.text("01", min_size=1, max_size=4) | st.none(),
        st.sampled_from("01xz") | st.none(),
    ),
    max_size=16,
)


# Each net is another at the second edge than at the first.
TWO_EDGES = [("0", None, None), ("1", None, None), ("0", "1110", "0"), ("1", None, None)]


def simulated(steps, *, scalar_clock=True, unknown=True):
    """Return the text of the steps as a simulator writes it, and the state after each step that the file shows.

    A state is the clock, the two nets as they were written, and whether it comes after a gap.
    """
    clock, bus, net = None, "0101", "1"
    lines, states = [], []

    def written():
        level = [] if clock is None else [f"{clock}!" if scalar_clock else f"b{clock} !"]
        return [*level, f"b{bus} #", f"{net}$"]

    lines = ["#0", "$dumpvars", *written(), "$end"]
    states.append((clock, bus, net, False))
    for number, step in enumerate(steps, 1):
        if step == "gap":
            lines += [f"#{10 * number}", "$dumpoff", "x!" if scalar_clock else "bx !", "bx #", "x$", "$end"]
            # While nothing is dumped, everything moves.
            clock, bus, net = {"0": "1", "1": "0", None: None}[clock], "1001", "0"
            lines += [f"#{10 * number + 5}", "$dumpon", *written(), "$end"]
            states.append((clock, bus, net, True))
            continue
        level, word, bit = step
        if not unknown:
            word, bit = word and word.translate({120: "0", 122: "1"}), bit and bit.translate({120: "0", 122: "1"})
        before = written()
        clock, bus, net = level or clock, word or bus, bit or net
        # Whatever else a net was within the step does not count.
        lines += [f"#{10 * number}", "b1111 #", "0$", *before, *written()] if word and bit else [f"#{10 * number}"]
        lines += [line for line, old in zip(written()[-2:], before[-2:], strict=True) if line != old]
        if clock is not None:
            lines.append(written()[0])
        states.append((clock, bus, net, False))
    return lines, states


def number(word):
    return int(word.replace("x", "0").replace("z", "0"), 2)


def counted(states, which):
    """Return settled toggles and changes of a net of the states, by the sentences of the module."""
    levels = ["0", *(state[0] or "0" for state in states)]
    edges = [
        at for at, state in enumerate(states) if (levels[at], levels[at + 1]) == ("0", "1") and not state[3]
    ]
    values = [number(state[which]) for state in states]
    samples = [values[at - 1] for at in edges if at]
    settled = sum((old ^ new).bit_count() for old, new in pairwise(samples))
    changes = [(values[at - 1] ^ values[at]).bit_count() for at in range(1, len(values)) if edges and at >= edges[0]]
    return settled, sum(changes)


DECLARED = "$scope module top $end\n$var wire 1 ! clk $end\n$var wire 4 # bus [3:0] $end\n$var wire 1 $ net $end\n"
DECLARED += "$upscope $end\n$enddefinitions $end\n"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=TWO_EDGES, scalar_clock=False)
@given(steps=STEPS, scalar_clock=st.booleans())
def test_any_waveform_is_counted_as_a_plain_loop_over_its_states_does(tmp_path, steps, scalar_clock):
    lines, states = simulated(steps, scalar_clock=scalar_clock)
    (tmp_path / "any.vcd").write_text(DECLARED + "\n".join(lines) + "\n")
    found = count_vcd_nets(tmp_path / "any.vcd")
    for which, name in ((1, "top.bus"), (2, "top.net")):
        assert (found[name].settled, found[name].zero_delay) == counted(states, which), lines


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=TWO_EDGES, scalar_clock=False)
@given(steps=STEPS, scalar_clock=st.booleans())
def test_fields_settle_as_in_a_plain_loop_over_the_states(tmp_path, steps, scalar_clock):
    lines, states = simulated(steps, scalar_clock=scalar_clock, unknown=False)
    fields = [field for field in build_layout(SPECIFICATION) if field.words == 1][:2]
    declared = DECLARED
    for old, field in zip(("4 # bus [3:0]", "1 $ net"), fields, strict=True):
        declared = declared.replace(old, f"64 {old.split()[1]} {field.path.replace('.', '_')} [63:0]")
    (tmp_path / "any.vcd").write_text(declared + "\n".join(lines) + "\n")
    found = count_vcd_toggles(tmp_path / "any.vcd", fields)
    assert found == {field.path: counted(states, which)[0] for which, field in enumerate(fields, 1)}, lines


def counts_of(path, lines):
    """Return settled toggles of a bus by both counters."""
    field = next(field for field in build_layout(SPECIFICATION) if field.words == 1)
    name = field.path.replace(".", "_")
    declared = ["$var wire 1 ! clk $end", f"$var wire 64 # {name} $end", "$enddefinitions $end"]
    path.write_text("\n".join([*declared, *lines]) + "\n")
    return count_vcd_toggles(path, [field])[field.path], count_vcd_nets(path)[name]


def test_an_edge_in_the_step_in_which_the_dump_goes_off_counts(tmp_path):
    lines = ["#0", "0!", "b0 #", "#1", "1!", "#2", "0!", "b111 #", "#3", "1!", "$dumpoff", "x!", "bx #", "$end"]
    assert counts_of(tmp_path / "off.vcd", lines) == (3, Net(bits=64, settled=3, zero_delay=3))


def test_a_net_may_have_its_first_value_after_an_edge(tmp_path):
    lines = ["#0", "0!", "#1", "1!", "#2", "0!", "b1 #", "#3", "1!", "#4", "0!", "b110 #", "#5", "1!"]
    assert counts_of(tmp_path / "late.vcd", lines) == (3, Net(bits=64, settled=3, zero_delay=3))


def test_values_before_the_first_time_are_a_step(tmp_path):
    # The clock is low before it has a value.
    lines = ["1!", "b0 #", "#1", "0!", "b11 #", "#2", "1!", "#3", "0!", "b1 #", "#4", "1!"]
    assert counts_of(tmp_path / "early.vcd", lines) == (1, Net(bits=64, settled=1, zero_delay=3))


def test_a_value_wider_than_its_net_is_refused(tmp_path):
    (tmp_path / "wide.vcd").write_text(WAVEFORM.replace("b0111 #", "b10111 #"))
    with pytest.raises(VCDError, match=r"wide\.vcd: a value of top\.dut\.bus is wider than it"):
        count_vcd_nets(tmp_path / "wide.vcd")


def test_slices_and_elements_of_one_name_keep_their_places(tmp_path):
    declared = "".join(
        f"$var wire {size} {code} {name} $end\n"
        for size, code, name in ((4, "a", "bus [3:0]"), (4, "b", "bus [7:4]"), (1, "c", "bit [0]"), (1, "d", "bit [1]"))
    )
    (tmp_path / "slices.vcd").write_text("$var wire 1 ! clk $end\n" + declared + "$enddefinitions $end\n#0\n0!\n")
    assert list(count_vcd_nets(tmp_path / "slices.vcd")) == ["bus", "bus[7:4]", "bit", "bit[1]"]


PIECES = ["$var", "$end", "$scope", "$upscope", "module", "wire", "1", "64", "!", "clk", "c3", "#", "#9", "b01", "bx"]
PIECES += ["$enddefinitions", "$dumpoff", "$dumpon", "$comment", "r1.5", "s", "\\", "[3:0]", "x!", "9" * 25, "\xff"]


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 5000), st.integers(0, 12), st.sampled_from(PIECES) | st.text(max_size=4)), max_size=4
    ),
    end=st.integers(0, 6000),
)
def test_a_changed_waveform_gives_counts_or_an_error_that_names_it(tmp_path, changes, end):
    text = record_waveform(build_layout(SPECIFICATION))
    for place, length, piece in changes:
        at = place * len(text) // 5000
        text = text[:at] + piece + text[at + length :]
    path = tmp_path / "run.vcd"
    path.write_bytes(text.encode("utf-8", "surrogatepass")[: end * len(text) // 5000])
    for count in (partial(count_vcd_toggles, layout=build_layout(SPECIFICATION)), count_vcd_nets):
        try:
            found, said = list(count(path).values()), str(path)
        except VCDError as error:
            found, said = [], str(error)
        assert said.startswith(str(path))
        assert all(isinstance(entry, int | Net) for entry in found)


def test_a_waveform_without_a_clock_is_refused(tmp_path):
    (tmp_path / "nets.vcd").write_text(WAVEFORM.replace("! clk", "! other"))
    with pytest.raises(VCDError, match=r"nets.vcd: no signal for clk"):
        count_vcd_nets(tmp_path / "nets.vcd")
