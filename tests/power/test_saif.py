"""Switching activity by net: what is read, and each refusal by its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from power.errors import ActivityError
from power.saif import NetActivity, _Reader, parse_saif, read_saif

TEXT = r"""(SAIFILE
(SAIFVERSION "2.0")
(DIRECTION "backward")
(DESIGN "top")
(PROGRAM_NAME "a (b) c")
(DIVIDER / )
(TIMESCALE 10 ns)
(DURATION 1000)
(INSTANCE top
  (NET
    (clk (T0 500) (T1 500) (TX 0) (TC 200) (IG 0))
    (bus\[3\] (T0 600) (T1 300) (TX 100) (TC 7) (IG 2))
  )
  (INSTANCE inner
    (NET (clk (T0 1000) (T1 0) (TX 0) (TC 0)))
    (PORT (a (T0 1) (T1 1) (TC 9)))
  )
)
)
"""


def test_nets_by_their_path(tmp_path: Path) -> None:
    path = tmp_path / "a.saif"
    path.write_text(TEXT)
    saif = read_saif(path)
    assert saif.seconds == pytest.approx(1e-5, abs=0)
    # The bus bit was unknown for a tenth of the time: its toggles count, but it is not known throughout.
    assert saif.nets == (
        NetActivity("top/clk", 200, known=True),
        NetActivity(r"top/bus\[3\]", 7, known=False),
        NetActivity("top/inner/clk", 0, known=True),
    )


@pytest.mark.parametrize(
    ("unit", "power"), [("s", 0), ("ms", -3), ("us", -6), ("ns", -9), ("ps", -12), ("fs", -15)]
)
@pytest.mark.parametrize("times", [1, 10, 100])
def test_the_unit_of_the_time(times: int, unit: str, power: int) -> None:
    for scale in (f"{times} {unit}", f"{times}{unit}"):
        found = parse_saif(TEXT.replace("10 ns", scale), "a.saif")
        assert found.seconds == pytest.approx(1000 * times * 10.0**power, rel=1e-12, abs=0)


def changed(old: str, new: str) -> dict[str, tuple[int, bool]]:
    """Return toggles and `known` of the nets of the text with one change."""
    assert old in TEXT
    return {net.name: (net.toggles, net.known) for net in parse_saif(TEXT.replace(old, new, 1), "a.saif").nets}


@pytest.mark.parametrize(
    ("times", "known"),
    [("(T0 1000)", True), ("(T1 1000)", True), ("", False), ("(T0 999)", False), ("(T1 999)", False)],
)
def test_a_time_that_the_file_leaves_out_is_none(times: str, known: bool) -> None:
    assert changed("(T0 500) (T1 500) (TX 0)", times)["top/clk"] == (200, known)


@pytest.mark.parametrize(
    ("told", "toggles"), [("200", 200), ("0", 0), ("200.0", 200), ("200.000000000", 200), (f"1{'0' * 18}", 10**18)]
)
def test_a_count_may_have_a_point(told: str, toggles: int) -> None:
    assert changed("(TC 200)", f"(TC {told})")["top/clk"] == (toggles, True)


def test_counts_of_a_port_are_no_net_s() -> None:
    ports = "(INSTANCE top\n  (PORT (a (T0 400) (T1 600) (TC 9)))\n"
    assert changed("(INSTANCE top\n", ports) == changed("top", "top")
    # Nor do they make up for what a net leaves out.
    assert changed("(INSTANCE top\n  (NET\n    (clk (T0 500)", f"{ports}  (NET\n    (clk")["top/clk"] == (200, False)
    with pytest.raises(ActivityError, match="line 12: net 'clk', expected"):
        parse_saif(TEXT.replace("(INSTANCE top\n", ports, 1).replace("(TC 200)", ""), "a.saif")


def test_what_a_net_has_besides_is_left_out() -> None:
    for more in ("", "()", "(TZ 3)", "(COND a)", "(x (TC 8))", "(T2 T0)"):
        assert changed("(TX 0)", more)["top/clk"] == (200, True)


def test_an_instance_has_a_module_before_its_name_or_no_name() -> None:
    nets = {name.replace("inner/", ""): found for name, found in changed("top", "top").items()}
    two = '(INSTANCE "cell" inner\n (NET (a (TC 3))))(INSTANCE "cell" other\n (NET (a (TC 4)))'
    assert "\n  (INSTANCE inner\n    (NET (clk" in TEXT
    found = changed("(INSTANCE inner\n    (NET (clk (T0 1000) (T1 0) (TX 0) (TC 0)))", two)
    assert (found["top/inner/a"], found["top/other/a"]) == ((3, False), (4, False))
    assert set(changed("(INSTANCE top", "(INSTANCE")) == {"clk", r"bus\[3\]", "inner/clk"}
    assert set(changed("(NET (clk", "(NET (clk2")) == {*nets, "top/inner/clk2"}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("(SAIFILE", "(VCD", "line 1: 'VCD', expected (SAIFILE"),
        ("(SAIFILE", "x (SAIFILE", "line 1: 'x', expected (SAIFILE"),
        ("(SAIFILE", "((SAIFILE) x", "line 1: 'SAIFILE', expected (SAIFILE"),
        (TEXT, "", "a.saif, line 1: the file ends, expected a parenthesis"),
        (TEXT, "(SAIFILE)", "a.saif, line 1: expected (TIMESCALE 1 ns) and (DURATION number)"),
        ("(TIMESCALE 10 ns)", "", "expected (TIMESCALE 1 ns) and (DURATION number)"),
        ("10 ns", "10 minutes", "line 7: timescale '10 minutes', expected 1, 10 or 100 of s, ms"),
        ("(DURATION 1000)", "(DURATION 0)", "line 8: duration is 0, expected more"),
        ("(DURATION 1000)", "", "expected (TIMESCALE 1 ns) and (DURATION number)"),
        ("(DURATION 1000)", "(DURATION 999)", "net 'top/clk': T0 + T1 is 1000, DURATION 999"),
        ("(TC 200)", "(TC -2)", "line 11: TC is '-2', expected a count in 0..1e+18"),
        ("(TC 200)", "(TC 1.5)", "line 11: TC is '1.5', expected a count"),
        ("(TC 200)", "(TC)", "line 11: TC is '', expected a count in 0..1e+18"),
        ("(TC 200)", "(TC 1 2)", "line 11: TC is '1 2', expected a count in 0..1e+18"),
        ("(TC 200)", f"(TC {10**18 + 1})", f"line 11: TC is '{10**18 + 1}', expected a count in 0..1e+18"),
        ("(TC 200)", "(TC " + "9" * 5000 + ")", "line 11: TC is '999"),
        ("(TC 200)", "", "line 11: net 'clk', expected (name (T0 n) (T1 n) (TC n))"),
        (r"(bus\[3\]", "(clk", "line 12: net 'top/clk' stands twice"),
        (")\n)\n", ")\n", "line 18: the file ends, expected a parenthesis"),
        ("DIVIDER /", "DIVIDER \x1b[2J", "line 6: '\\x1b[2J', expected SAIF"),
        ("DIVIDER /", 'DIVIDER "', "line 6: '\"', expected SAIF"),
    ],
)
def test_what_is_no_activity_is_refused_by_its_line(old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(ActivityError) as refused:
        parse_saif(TEXT.replace(old, new, 1), "a.saif")
    assert str(refused.value).startswith("a.saif")
    assert message in str(refused.value)
    assert len(str(refused.value)) < 400


def test_what_is_deep_long_or_goes_on_is_refused(tmp_path: Path) -> None:
    for levels in (64, 100_000):
        with pytest.raises(ActivityError, match="line 1: more than 64 parentheses within each other"):
            parse_saif("(SAIFILE" + "(" * levels, "a.saif")
    with pytest.raises(ActivityError, match="the file ends"):
        parse_saif("(SAIFILE" + "(" * 63, "a.saif")
    for words in (9, 100_000):
        with pytest.raises(ActivityError, match=r"line 4: 'a', expected at most 8 words in a list"):
            changed('(DESIGN "top")', f"({'a ' * words})")
    assert changed('(DESIGN "top")', f"({'a ' * 8})") == changed("top", "top")
    with pytest.raises(ActivityError, match=r"expected nothing after the file's last parenthesis"):
        parse_saif(TEXT + "x", "a.saif")
    with pytest.raises(ActivityError, match=r"no such switching activity"):
        read_saif(tmp_path / "absent.saif")
    with (tmp_path / "large.saif").open("wb") as file:
        file.truncate((256 << 20) + 1)
    with pytest.raises(ActivityError, match=r"of 268,435,457 bytes, expected at most 268,435,456$"):
        read_saif(tmp_path / "large.saif")


def test_two_million_nets_and_no_more() -> None:
    class Nets(dict[str, tuple[int, int]]):
        """As many as it says."""

        def __len__(self) -> int:
            return said

    for said in (1_999_999, 2_000_000):
        reader = _Reader("a.saif")
        reader._nets = Nets()
        tokens = "( SAIFILE ( NET ( a ( TC 1 )".split()
        for token in tokens:
            reader.take(1, token)
        if said == 1_999_999:
            reader.take(2, ")")
            assert dict(reader._nets) == {"a": (1, 0)}
        else:
            with pytest.raises(ActivityError, match="line 2: more than 2,000,000 nets"):
                reader.take(2, ")")


@given(at=st.integers(0, len(TEXT)), size=st.integers(0, 20), new=st.text(max_size=6))
def test_an_edited_file_is_read_or_refused(at: int, size: int, new: str) -> None:
    said = ""
    try:
        saif = parse_saif(TEXT[:at] + new + TEXT[at + size :], "a.saif")
    except ActivityError as error:
        said = str(error)
    assert said.startswith("a.saif") if said else saif.seconds > 0 and saif.nets
