"""Boolean functions in Liberty's notation: ``!`` or a trailing ``'``, ``^``, ``&`` ``*`` or a space, ``+`` or ``|``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from files.names import verilog_name

# Of one function: operands and operators, and parentheses in each other. Real ones have a tenth of it.
MOST_TOKENS, MOST_LEVELS = 2000, 64
_TOKEN = re.compile(r"\s*([A-Za-z_][\w$\[\]]*|[01](?!\w)|[!'^&*+|()])", re.ASCII)
_VERILOG = {"and": "&", "or": "|", "xor": "^"}
# An operand, or an operator and its operands.
Tree = tuple[Any, ...]
Value = TypeVar("Value")
Bits = npt.NDArray[np.bool_]


def parse_function(text: str) -> Tree:
    """Return a function as a tree: ``("pin", name)``, ``("constant", bool)``, ``("not", x)``, ``("and", x, y)``, ...

    Raises
    ------
    ValueError
        It is no function in Liberty's notation, or a larger one than any gate has.

    Examples
    --------
    >>> parse_function("!(A B)")
    ('not', ('and', ('pin', 'A'), ('pin', 'B')))
    """
    shown, text = text[:60], text.strip()
    tokens: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"function {shown!r}: cannot read {text[at : at + 20].strip()!r}")
        tokens.append(match[1])
        if len(tokens) > MOST_TOKENS:
            raise ValueError(f"function {shown!r}...: more than {MOST_TOKENS} operands and operators")
        at = match.end()
    tree, end = _either(tokens, 0, shown, 0)
    if end != len(tokens):
        raise ValueError(f"function {shown!r}: {tokens[end]!r} is not expected there")
    return tree


def _either(tokens: list[str], at: int, text: str, level: int) -> tuple[Tree, int]:
    tree, at = _both(tokens, at, text, level)
    while at < len(tokens) and tokens[at] in "+|":
        other, at = _both(tokens, at + 1, text, level)
        tree = ("or", tree, other)
    return tree, at


def _both(tokens: list[str], at: int, text: str, level: int) -> tuple[Tree, int]:
    tree, at = _differ(tokens, at, text, level)
    while at < len(tokens) and tokens[at] not in "+|)^":
        other, at = _differ(tokens, at + (tokens[at] in "&*"), text, level)
        tree = ("and", tree, other)
    return tree, at


def _differ(tokens: list[str], at: int, text: str, level: int) -> tuple[Tree, int]:
    tree, at = _operand(tokens, at, text, level)
    while at < len(tokens) and tokens[at] == "^":
        other, at = _operand(tokens, at + 1, text, level)
        tree = ("xor", tree, other)
    return tree, at


def _operand(tokens: list[str], at: int, text: str, level: int) -> tuple[Tree, int]:
    first = at
    while at < len(tokens) and tokens[at] == "!":
        at += 1
    inversions = at - first
    if at >= len(tokens):
        raise ValueError(f"function {text!r}: ends early")
    token = tokens[at]
    tree: Tree
    if token == "(":
        if level >= MOST_LEVELS:
            raise ValueError(f"function {text!r}...: more than {MOST_LEVELS} parentheses in each other")
        tree, at = _either(tokens, at + 1, text, level + 1)
        if at >= len(tokens) or tokens[at] != ")":
            raise ValueError(f"function {text!r}: a parenthesis is not closed")
    elif token in ("0", "1"):
        tree = ("constant", token == "1")
    elif token[0].isalpha() or token[0] == "_":
        tree = ("pin", token)
    else:
        raise ValueError(f"function {text!r}: {token!r} is not expected there")
    at += 1
    while at < len(tokens) and tokens[at] == "'":
        inversions, at = inversions + 1, at + 1
    for _ in range(inversions):
        tree = ("not", tree)
    return tree, at


def _folded(tree: Tree, leaf: Callable[[Tree], Value], joined: Callable[[str, list[Value]], Value]) -> Value:
    """Return a tree's value from its leaves up, however deep it is."""
    waiting: list[tuple[Tree, bool]] = [(tree, False)]
    values: list[Value] = []
    while waiting:
        node, ready = waiting.pop()
        kind, *operands = node
        if kind in ("pin", "constant"):
            values.append(leaf(node))
        elif ready:
            found = values[len(values) - len(operands) :]
            del values[len(values) - len(operands) :]
            values.append(joined(kind, found))
        else:
            waiting.append((node, True))
            waiting += [(operand, False) for operand in reversed(operands)]
    return values[0]


def evaluate(tree: Tree, values: Mapping[str, bool]) -> bool:
    """Return the function's value for values of its pins."""

    def joined(kind: str, found: list[bool]) -> bool:
        if kind == "not":
            return not found[0]
        return {"and": all(found), "or": any(found), "xor": found[0] != found[-1]}[kind]

    return _folded(tree, lambda leaf: values[leaf[1]] if leaf[0] == "pin" else bool(leaf[1]), joined)


def evaluate_rows(tree: Tree, values: Mapping[str, Bits]) -> Bits:
    """Return the function's values for many values of its pins, arrays that broadcast against each other.

    Raises
    ------
    KeyError
        A pin has no value.
    """

    def joined(kind: str, found: list[Bits]) -> Bits:
        if kind == "not":
            return ~found[0]
        return {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}[kind](found[0], found[-1])

    return _folded(tree, lambda leaf: values[leaf[1]] if leaf[0] == "pin" else np.array(bool(leaf[1])), joined)


def pins_of(tree: Tree) -> set[str]:
    """Return the pins that the function names."""
    pins: set[str] = set()

    def leaf(node: Tree) -> None:
        if node[0] == "pin":
            pins.add(node[1])

    _folded(tree, leaf, lambda kind, found: None)
    return pins


def verilog_of(tree: Tree) -> str:
    """Return the function as a Verilog expression of one bit."""

    def joined(kind: str, parts: list[str]) -> str:
        return f"(~{parts[0]})" if kind == "not" else f"({parts[0]} {_VERILOG[kind]} {parts[1]})"

    return _folded(tree, lambda leaf: verilog_name(leaf[1]) if leaf[0] == "pin" else f"1'b{int(leaf[1])}", joined)
