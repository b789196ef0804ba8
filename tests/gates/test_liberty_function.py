"""Functions in Liberty's notation, against Python's own operators."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gates.liberty_function import evaluate, evaluate_rows, parse_function, pins_of, verilog_of

PINS = ("A", "B", "C")


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("(A B)", lambda a, b, c: a and b),
        ("!(A*B)", lambda a, b, c: not (a and b)),
        ("A B'", lambda a, b, c: a and not b),
        ("A+B&C", lambda a, b, c: a or (b and c)),
        ("A | B ^ C", lambda a, b, c: a or (b != c)),
        ("A B ^ C", lambda a, b, c: a and (b != c)),
        ("(!((A+B) C))", lambda a, b, c: not ((a or b) and c)),
        ("!A^B", lambda a, b, c: (not a) != b),
        ("(A)''", lambda a, b, c: a),
        ("1", lambda a, b, c: True),
    ],
)
def test_precedence_and_every_operator(text, meaning):
    tree = parse_function(text)
    for row in itertools.product((False, True), repeat=3):
        assert evaluate(tree, dict(zip(PINS, row, strict=True))) == bool(meaning(*row)), (text, row)


TREES = st.recursive(
    st.sampled_from(PINS).map(lambda pin: ("pin", pin)) | st.booleans().map(lambda value: ("constant", value)),
    lambda inner: st.tuples(st.just("not"), inner) | st.tuples(st.sampled_from(["and", "or", "xor"]), inner, inner),
    max_leaves=8,
)


def liberty_of(tree) -> str:
    kind, *operands = tree
    if kind in ("pin", "constant"):
        return str(int(operands[0])) if kind == "constant" else operands[0]
    if kind == "not":
        return f"!({liberty_of(operands[0])})"
    return f"(({liberty_of(operands[0])}) { {'and': '', 'or': '+', 'xor': '^'}[kind] } ({liberty_of(operands[1])}))"


@given(TREES)
def test_what_is_written_is_read_and_verilog_means_the_same(tree):
    assert parse_function(liberty_of(tree)) == tree
    # Every operation stands in parentheses, so the two notations differ in signs alone.
    assert parse_function(verilog_of(tree).replace("1'b", "").replace("~", "!")) == tree
    assert pins_of(tree) <= set(PINS)


@pytest.mark.parametrize("text", ["", "(A", "A)", "A +", "A $ B", "!", "+A", "2"])
def test_what_is_no_function_is_named(text):
    with pytest.raises(ValueError, match="function "):
        parse_function(text)


FUNCTIONS = ["!(A B)", "A ^ B + !C", "1", "0", "A'", "(A + B) (C ^ A)", "!((A&B)|C)"]


@given(st.sampled_from(FUNCTIONS), st.integers(1, 40), st.integers(0, 99))
def test_many_rows_at_once_are_those_one_by_one(text, rows, seed):
    tree = parse_function(text)
    values = {pin: np.random.default_rng(seed + at).integers(0, 2, rows).astype(bool) for at, pin in enumerate("ABC")}
    found = np.broadcast_to(evaluate_rows(tree, values), rows)
    for row in range(rows):
        assert found[row] == evaluate(tree, {pin: bool(column[row]) for pin, column in values.items()})
