"""Mutants of a source file: cosmic-ray's operators on it, less what no figure depends on."""

from __future__ import annotations

import ast
import difflib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator

# What stands in an operator's place: its likeliest slips, not all twelve that cosmic-ray has.
_BINARY = {
    "Add": ("Sub",),
    "Sub": ("Add",),
    "Mul": ("Add", "Div"),
    "Div": ("Mul", "FloorDiv"),
    "FloorDiv": ("Mul", "Div"),
    "Mod": ("Mul", "FloorDiv"),
    "Pow": ("Mul",),
    "RShift": ("LShift",),
    "LShift": ("RShift",),
    "BitOr": ("BitAnd", "BitXor"),
    "BitAnd": ("BitOr", "BitXor"),
    "BitXor": ("BitAnd", "BitOr"),
}
_COMPARISONS = {
    "Lt": ("LtE", "GtE"),
    "LtE": ("Lt", "Gt"),
    "Gt": ("GtE", "LtE"),
    "GtE": ("Gt", "Lt"),
    "Eq": ("NotEq",),
    "NotEq": ("Eq",),
    "Is": ("IsNot",),
    "IsNot": ("Is",),
}
OPERATORS = (
    *(f"ReplaceBinaryOperator_{old}_{new}" for old, others in _BINARY.items() for new in others),
    *(f"ReplaceComparisonOperator_{old}_{new}" for old, others in _COMPARISONS.items() for new in others),
    *(f"ReplaceUnaryOperator_Delete_{old}" for old in ("USub", "Invert", "Not")),
    *("ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd", "AddNot"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "NumberReplacer", "ZeroIterationForLoop"),
)


@dataclass(frozen=True)
class Mutant:
    """A source file with one thing changed.

    Parameters
    ----------
    module, function : str
        Dotted; a function's qualified name, or "" for what is run once, at import.
    operator : str
        cosmic-ray's.
    before, after : str
        The lines that differ, without their indentation, as one.
    occurrence : int
        How many mutants before this one in the function have the same four.
    source : str
        The whole file.
    """

    module: str
    function: str
    operator: str
    before: str
    after: str
    occurrence: int
    source: str

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """The name of the mutant, which edits elsewhere leave as it is."""
        return (self.module, self.function, self.before, self.after, str(self.occurrence))


def mutants_of(module: str, path: Path) -> Iterator[Mutant]:
    """Yield the mutants of a file, each text once.

    Annotations, decorators, docstrings and what is raised are left alone: no figure comes of them.
    """
    source = path.read_text()
    lines, functions = source.splitlines(keepends=True), _functions(source)
    named: Counter[tuple[str, str, str]] = Counter()
    # A statement of the file at a time: the operators parse what they are given anew for each mutant.
    for statement in ast.parse(source).body:
        decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
        begin = min([statement.lineno, *(one.lineno for one in decorators)]) - 1
        end = statement.end_lineno or statement.lineno
        part = "".join(lines[begin:end])
        for name, text in _texts(part):
            line, before, after = _changed(part, text)
            function = functions[begin + line]
            whole = "".join(lines[:begin]) + text + "".join(lines[end:])
            yield Mutant(module, function, name, before, after, named[function, before, after], whole)
            named[function, before, after] += 1


def _texts(part: str) -> Iterator[tuple[str, str]]:
    """Yield operators and what they make of a statement, each text once."""
    nodes = list(ast_nodes(get_ast(part)))
    seen = {_what_counts(part)}
    for name in OPERATORS:
        operator = get_operator(f"core/{name}")()
        for place in range(sum(len(list(operator.mutation_positions(node))) for node in nodes)):
            text = mutate_code(part, operator, place)
            try:
                counts = _what_counts(text or part)
            except SyntaxError:  # the star of keyword-only parameters is no product
                continue
            if text is not None and counts not in seen:
                seen.add(counts)
                yield name, text


def _functions(source: str) -> dict[int, str]:
    """Return the function that each line belongs to, "" for none; a decorator belongs to none."""
    lines = dict.fromkeys(range(1, len(source.splitlines()) + 2), "")

    def mark(node: ast.AST, above: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                name = f"{above}{child.name}"
                if isinstance(child, ast.FunctionDef):
                    for line in range(child.lineno, (child.end_lineno or child.lineno) + 1):
                        lines[line] = name
                mark(child, f"{name}.")
            else:
                mark(child, above)

    mark(ast.parse(source), "")
    return lines


_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot}
_OPPOSITE |= {ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In}


class _Figures(ast.NodeTransformer):
    """Leaves out of a tree what no figure depends on."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.decorator_list, node.returns = [], None
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.decorator_list = []
        return self.generic_visit(node)

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        # Whether a parameter may be given by its name is no figure.
        node.args, node.posonlyargs = [*node.posonlyargs, *node.args, *node.kwonlyargs], []
        node.defaults, node.kwonlyargs = [*node.defaults, *(one for one in node.kw_defaults if one)], []
        node.kw_defaults = []
        return self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        # `not a == b` is `a != b`.
        if isinstance(node.op, ast.Not) and isinstance(node.operand, ast.Compare) and len(node.operand.ops) == 1:
            opposite = _OPPOSITE.get(type(node.operand.ops[0]))
            if opposite:
                node.operand.ops = [opposite()]
                return self.generic_visit(node.operand)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return ast.Raise(None, None)


def _what_counts(source: str) -> str:
    return ast.dump(_Figures().visit(ast.parse(source)))


def _changed(source: str, text: str) -> tuple[int, str, str]:
    """Return the first line that differs, from 1, and the differing lines of both texts."""
    old, new = source.splitlines(), text.splitlines()
    matches = difflib.SequenceMatcher(None, old, new, autojunk=False)
    spans = [code for code in matches.get_opcodes() if code[0] != "equal"]
    first, last = spans[0], spans[-1]
    before, after = old[first[1] : last[2]], new[first[3] : last[4]]
    return first[1] + 1, _one_line(before), _one_line(after)


def _one_line(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())
