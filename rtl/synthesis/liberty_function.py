"""Boolean functions in Liberty's notation: ``!`` or a trailing ``'``, ``^``, ``&`` ``*`` or a space, ``+`` or ``|``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TOKEN = re.compile(r"\s*([A-Za-z_][\w\[\]]*|[01]|[!'^&*+|()])")
_VERILOG = {"and": "&", "or": "|", "xor": "^"}
# An operand, or an operator and its operands.
Tree = tuple[Any, ...]


def parse_function(text: str) -> Tree:
    """Return a function as a tree: ``("pin", name)``, ``("constant", bool)``, ``("not", x)``, ``("and", x, y)``, ...

    Raises
    ------
    ValueError
        It is no function in Liberty's notation.

    Examples
    --------
    >>> parse_function("!(A B)")
    ('not', ('and', ('pin', 'A'), ('pin', 'B')))
    """
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"function {text!r}: cannot read {text[at:].strip()!r}")
        tokens.append(match[1])
        at = match.end()
    tree, end = _either(tokens, 0, text)
    if end != len(tokens):
        raise ValueError(f"function {text!r}: {tokens[end]!r} is not expected there")
    return tree


def _either(tokens: list[str], at: int, text: str) -> tuple[Tree, int]:
    tree, at = _both(tokens, at, text)
    while at < len(tokens) and tokens[at] in "+|":
        other, at = _both(tokens, at + 1, text)
        tree = ("or", tree, other)
    return tree, at


def _both(tokens: list[str], at: int, text: str) -> tuple[Tree, int]:
    tree, at = _differ(tokens, at, text)
    while at < len(tokens) and tokens[at] not in "+|)^":
        other, at = _differ(tokens, at + (tokens[at] in "&*"), text)
        tree = ("and", tree, other)
    return tree, at


def _differ(tokens: list[str], at: int, text: str) -> tuple[Tree, int]:
    tree, at = _operand(tokens, at, text)
    while at < len(tokens) and tokens[at] == "^":
        other, at = _operand(tokens, at + 1, text)
        tree = ("xor", tree, other)
    return tree, at


def _operand(tokens: list[str], at: int, text: str) -> tuple[Tree, int]:
    if at >= len(tokens):
        raise ValueError(f"function {text!r}: ends early")
    token = tokens[at]
    if token == "!":
        inner, at = _operand(tokens, at + 1, text)
        return ("not", inner), at
    tree: Tree
    if token == "(":
        tree, at = _either(tokens, at + 1, text)
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
        tree, at = ("not", tree), at + 1
    return tree, at


def evaluate(tree: Tree, values: Mapping[str, bool]) -> bool:
    """Return the function's value for values of its pins."""
    kind, *operands = tree
    if kind == "pin":
        return values[operands[0]]
    if kind == "constant":
        return bool(operands[0])
    found = [evaluate(operand, values) for operand in operands]
    if kind == "not":
        return not found[0]
    return {"and": all(found), "or": any(found), "xor": found[0] != found[-1]}[kind]


def pins_of(tree: Tree) -> set[str]:
    """Return the pins that the function names."""
    kind, *operands = tree
    if kind == "pin":
        return {operands[0]}
    return set() if kind == "constant" else set().union(*(pins_of(operand) for operand in operands))


def verilog_of(tree: Tree) -> str:
    """Return the function as a Verilog expression of one bit."""
    kind, *operands = tree
    if kind == "pin":
        return str(operands[0])
    if kind == "constant":
        return f"1'b{int(operands[0])}"
    parts = [verilog_of(operand) for operand in operands]
    if kind == "not":
        return f"(~{parts[0]})"
    return f"({parts[0]} {_VERILOG[kind]} {parts[1]})"
