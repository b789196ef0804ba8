"""Switching activity by net: what is read, and each refusal by its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from power.errors import ActivityError
from power.saif import MOST_DEPTH, NetActivity, parse_saif, read_saif

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
    assert saif.seconds == pytest.approx(1e-5)
    # The bus bit was unknown for a tenth of the time: its toggles count, but it is not known throughout.
    assert saif.nets == (
        NetActivity("top/clk", 200, known=True),
        NetActivity(r"top/bus\[3\]", 7, known=False),
        NetActivity("top/inner/clk", 0, known=True),
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("(SAIFILE", "(VCD", "line 1: 'VCD', expected (SAIFILE"),
        ("(SAIFILE", "x (SAIFILE", "line 1: 'x', expected (SAIFILE"),
        ("10 ns", "10 minutes", "line 7: timescale '10 minutes', expected 1, 10 or 100 of s, ms"),
        ("(DURATION 1000)", "(DURATION 0)", "line 8: duration is 0, expected more"),
        ("(DURATION 1000)", "", "expected (TIMESCALE 1 ns) and (DURATION number)"),
        ("(DURATION 1000)", "(DURATION 999)", "net 'top/clk': T0 + T1 is 1000, DURATION 999"),
        ("(TC 200)", "(TC -2)", "line 11: TC is '-2', expected a count in 0..1e+18"),
        ("(TC 200)", "(TC 1.5)", "line 11: TC is '1.5', expected a count"),
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
    with pytest.raises(ActivityError, match=f"line 1: more than {MOST_DEPTH} parentheses within each other"):
        parse_saif("(SAIFILE" + "(" * 100_000, "a.saif")
    with pytest.raises(ActivityError, match=r"expected at most 8 words in a list"):
        parse_saif("(SAIFILE (" + "a " * 100_000, "a.saif")
    with pytest.raises(ActivityError, match=r"expected nothing after the file's last parenthesis"):
        parse_saif(TEXT + "x", "a.saif")
    with pytest.raises(ActivityError, match=r"no such switching activity"):
        read_saif(tmp_path / "absent.saif")


@given(at=st.integers(0, len(TEXT)), size=st.integers(0, 20), new=st.text(max_size=6))
def test_an_edited_file_is_read_or_refused(at: int, size: int, new: str) -> None:
    said = ""
    try:
        saif = parse_saif(TEXT[:at] + new + TEXT[at + size :], "a.saif")
    except ActivityError as error:
        said = str(error)
    assert said.startswith("a.saif") if said else saif.seconds > 0 and saif.nets
