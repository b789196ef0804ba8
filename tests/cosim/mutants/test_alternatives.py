"""Changes of an expression, against lists written by hand."""

from __future__ import annotations

import pytest

pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")

from pyslang.syntax import SyntaxKind, SyntaxTree

from cosim.mutants.alternatives import Scope, Shape, alternatives, parts, range_of

SHAPES = {"a": Shape((4,)), "b": Shape((4,)), "c": Shape((1,)), "words": Shape((3, 8)), "signed": Shape((4,), True)}
SCOPE = Scope(SHAPES)


def changed(expression: str) -> dict[str, set[str]]:
    """Return each kind's changes of the right side of an assignment, as whole expressions."""
    text = f"module m; assign y = {expression}; endmodule"
    found: dict[str, set[str]] = {}

    def assigned(node: object) -> object:
        for part in parts(node):
            if part.kind == SyntaxKind.AssignmentExpression:
                return part.right
            if (inner := assigned(part)) is not None:
                return inner
        return None

    node = assigned(SyntaxTree.fromText(text).root)
    start, end = range_of(node)
    for one in alternatives(node, text, SCOPE):
        new = text[start : one.start] + one.text + text[one.end : end]
        found.setdefault(one.kind, set()).add(new)
    return found


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a + b", {"operator": {"a - b"}, "operand": {"a", "b"}, "signal": {"b + b", "a + a"}}),
        ("a & b", {"operator": {"a | b", "a ^ b"}, "operand": {"a", "b"}, "signal": {"b & b", "a & a"}}),
        ("a < b", {"operator": {"a <= b", "a >= b"}, "signal": {"b < b", "a < a"}}),
        ("~a", {"operand": {"a"}, "signal": {"~b"}}),
        ("c ? a : b", {"choice": {"c ? b : a"}, "signal": {"c ? b : b", "c ? a : a"}}),
        ("c", {}),
        ("signed", {}),
        ("7", {"constant": {"6", "8"}}),
        ("0", {"constant": {"1"}}),
        ("4'hf", {"constant": {"4'he"}}),
        ("4'h9", {"constant": {"4'ha", "4'h8"}}),
        ("2'b10", {"constant": {"2'b11", "2'b1"}}),
        ("a[0]", {"slice": {"a[1]"}, "signal": {"b[0]"}}),
        ("a[3:2]", {"slice": {"a[2:1]"}, "signal": {"b[3:2]"}}),
        ("words[2][7:0]", {"slice": {"words[1][7:0]"}}),
        ("words[a + 1]", {"operator": {"words[a - 1]"}, "operand": {"words[a]", "words[1]"},
                          "constant": {"words[a + 2]", "words[a + 0]"}, "signal": {"words[b + 1]"}}),
        ("{2{c}}", {}),
    ],
)  # fmt: skip
def test_every_change_and_no_other(expression: str, expected: dict[str, set[str]]) -> None:
    assert changed(expression) == expected
