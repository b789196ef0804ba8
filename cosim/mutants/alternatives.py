"""What an expression of the exported Verilog may be changed to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pyslang.syntax import SyntaxKind

__all__ = ["Alternative", "Scope", "alternatives", "parts", "range_of"]

# Of each operator, what may stand in its place: the likeliest mistakes, and for comparisons both borders.
_OPERATORS = {
    SyntaxKind.AddExpression: ("-",),
    SyntaxKind.SubtractExpression: ("+",),
    SyntaxKind.MultiplyExpression: ("+",),
    SyntaxKind.BinaryAndExpression: ("|", "^"),
    SyntaxKind.BinaryOrExpression: ("&", "^"),
    SyntaxKind.BinaryXorExpression: ("&", "|"),
    SyntaxKind.LogicalAndExpression: ("||",),
    SyntaxKind.LogicalOrExpression: ("&&",),
    SyntaxKind.EqualityExpression: ("!=",),
    SyntaxKind.InequalityExpression: ("==",),
    SyntaxKind.LessThanExpression: ("<=", ">="),
    SyntaxKind.LessThanEqualExpression: ("<", ">"),
    SyntaxKind.GreaterThanExpression: (">=", "<="),
    SyntaxKind.GreaterThanEqualExpression: (">", "<"),
    SyntaxKind.ArithmeticShiftRightExpression: ("<<",),
    SyntaxKind.LogicalShiftRightExpression: ("<<",),
    SyntaxKind.LogicalShiftLeftExpression: (">>",),
    SyntaxKind.ArithmeticShiftLeftExpression: (">>",),
}
# Without an operand they would be conditions of another kind altogether.
_COMPARISONS = (
    SyntaxKind.EqualityExpression,
    SyntaxKind.InequalityExpression,
    SyntaxKind.LessThanExpression,
    SyntaxKind.LessThanEqualExpression,
    SyntaxKind.GreaterThanExpression,
    SyntaxKind.GreaterThanEqualExpression,
)
_UNARY = (SyntaxKind.UnaryBitwiseNotExpression, SyntaxKind.UnaryLogicalNotExpression, SyntaxKind.UnaryMinusExpression)


@dataclass(frozen=True)
class Alternative:
    """What the text from `start` to `end` may become.

    Parameters
    ----------
    kind : str
        One of `cosim.mutants.mutant.KINDS`.
    start, end : int
        Of the whole file.
    text : str
    """

    kind: str
    start: int
    end: int
    text: str


def parts(node: Any) -> Iterator[Any]:
    """Yield the nodes right below one, without its words."""
    for part in node:
        if hasattr(part, "sourceRange") and hasattr(part, "kind") and not hasattr(part, "valueText"):
            yield part


@dataclass(frozen=True)
class Shape:
    """Of a signal.

    Parameters
    ----------
    sizes : tuple of int
        Words of an array, if it is one, then bits.
    signed : bool
    """

    sizes: tuple[int, ...]
    signed: bool = False


@dataclass(frozen=True)
class Scope:
    """What may be read where an expression stands.

    Parameters
    ----------
    shapes : dict of str to Shape
        By name, in the order of declaration.
    """

    shapes: dict[str, Shape] = field(default_factory=dict)

    def alike(self, name: str) -> str:
        """Return the next signal of the same shape, going round; "" if there is no other."""
        shape = self.shapes.get(name)
        others = [other for other, found in self.shapes.items() if found == shape]
        chosen = others[(others.index(name) + 1) % len(others)] if shape is not None else name
        return "" if chosen == name else chosen


def alternatives(node: Any, text: str, scope: Scope) -> Iterator[Alternative]:
    """Yield each change of an expression and of all within it.

    Parameters
    ----------
    node : pyslang.syntax.SyntaxNode
        An expression.
    text : str
        Of the whole file.
    scope : Scope
    """
    yield from _here(node, text, scope)
    inner = list(parts(node))
    if node.kind == SyntaxKind.MultipleConcatenationExpression:
        inner = inner[1:]  # how often it is repeated has to be a constant
    level = 0
    for part in inner:
        if part.kind == SyntaxKind.ElementSelect:
            if _fixed(part):
                yield from _moved(node, part, level, text, scope)
            else:
                yield from alternatives(part, text, scope)
            level += 1
        else:
            yield from alternatives(part, text, scope)


def _here(node: Any, text: str, scope: Scope) -> Iterator[Alternative]:
    kind, (start, end) = node.kind, range_of(node)
    if kind in _OPERATORS:
        left, right = (text[slice(*range_of(side))] for side in (node.left, node.right))
        for operator in _OPERATORS[kind]:
            yield Alternative("operator", start, end, f"{left} {operator} {right}")
        if kind not in _COMPARISONS:
            yield Alternative("operand", start, end, left)
            yield Alternative("operand", start, end, right)
    elif kind in _UNARY:
        yield Alternative("operand", start, end, text[slice(*range_of(node.operand))])
    elif kind == SyntaxKind.ConditionalExpression:
        when, left, right = (text[slice(*range_of(part))] for part in (node.predicate, node.left, node.right))
        yield Alternative("choice", start, end, f"{when} ? {right} : {left}")
    elif kind in (SyntaxKind.IntegerLiteralExpression, SyntaxKind.IntegerVectorExpression):
        for changed in _constants(text[start:end]):
            yield Alternative("constant", start, end, changed)
    elif kind in (SyntaxKind.IdentifierName, SyntaxKind.IdentifierSelectName):
        name = node.identifier.valueText
        if other := scope.alike(name):
            yield Alternative("signal", start, start + len(name), other)


def _constants(written: str) -> Iterator[str]:
    """Yield the neighbours of a constant in its own notation, within its width."""
    size, quote, digits = written.rpartition("'")
    base = {"h": 16, "d": 10, "b": 2}.get(digits[:1].lower(), 10) if quote else 10
    value = int(digits[1:] if quote else digits, base)
    most = 2 ** int(size) - 1 if size else 2**31 - 1
    notation = {16: "x", 10: "d", 2: "b"}[base]
    for other in (value + 1, value - 1):
        if 0 <= other <= most:
            yield f"{size}'{digits[0]}{other:{notation}}" if quote else str(other)


def range_of(node: Any) -> tuple[int, int]:
    """Return where a node stands in its file."""
    return node.sourceRange.start.offset, node.sourceRange.end.offset


def _fixed(select: Any) -> bool:
    """Whether a select is of constant places: [3] or [7:4]."""
    places = [place for chosen in parts(select) for place in parts(chosen)]
    return bool(places) and all(place.kind == SyntaxKind.IntegerLiteralExpression for place in places)


def _moved(node: Any, select: Any, level: int, text: str, scope: Scope) -> Iterator[Alternative]:
    """Yield a fixed bit, part or word one place higher and lower, within the signal."""
    shape = scope.shapes.get(node.identifier.valueText) if hasattr(node, "identifier") else None
    size = shape.sizes[level] if shape is not None and level < len(shape.sizes) else 0
    start, end = range_of(select)
    places = [int(place) for place in text[start + 1 : end - 1].split(":")]
    for step in (1, -1):
        if min(places) + step >= 0 and max(places) + step < size:
            moved = ":".join(str(place + step) for place in places)
            yield Alternative("slice", start, end, f"[{moved}]")
