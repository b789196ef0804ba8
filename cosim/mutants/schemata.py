"""All mutants of a module in one text: a number, constant while a simulation runs, says which of them is at work.

A mutant is a whole statement, condition or net of its own beside the original one, never an operand of the same
expression: Verilog takes the width of an expression from all that stands in it, so a mutant's would be the original's.
The number is a net of the top module (`SELECTOR`), so that a module's ports stay as they are and both simulators read
the same text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pyslang import ast
from pyslang.syntax import SyntaxKind, SyntaxTree

from cosim.mutants.alternatives import Alternative, Scope, Shape, alternatives, parts, range_of
from cosim.mutants.mutant import Mutant

__all__ = ["Schemata", "inputs_of", "schemata"]

_INTEGER = 32
_ASSIGNMENTS = (SyntaxKind.AssignmentExpression, SyntaxKind.NonblockingAssignmentExpression)


@dataclass(frozen=True)
class Schemata:
    """A module with its mutants.

    Parameters
    ----------
    text : str
        What to compile in the module's place.
    mutants : tuple of Mutant
        Their numbers are 1, 2, ...; 0 is the module as it was.
    """

    text: str
    mutants: tuple[Mutant, ...]


def inputs_of(text: str) -> frozenset[str]:
    """Return the names of the inputs of a Verilog file's module."""
    compilation = ast.Compilation()
    compilation.addSyntaxTree(SyntaxTree.fromText(text))
    found = set()

    def visit(node: Any) -> bool:
        if isinstance(node, ast.PortSymbol) and node.direction == ast.ArgumentDirection.In:
            found.add(node.name)
        return True

    compilation.getRoot().visit(visit)
    return frozenset(found)


def schemata(
    module: str,
    text: str,
    selector: str,
    inputs: Mapping[str, frozenset[str]] | None = None,
    *,
    only: Container[int] | None = None,
    offset: int = 0,
) -> Schemata:
    """Return a module with every mutant in it.

    Parameters
    ----------
    module : str
        Its name without what all modules of a design begin with.
    text : str
        A Verilog file of one module.
    selector : str
        A net that holds the number of the mutant, as the module may read it.
    inputs : mapping of str to frozenset of str, optional
        Of each module that it instantiates (`inputs_of`); without them connections stay as they are.
    only : container of int, optional
        Numbers of the mutants that the text has; they are those of all.
    offset : int
        What the selector's values are more than the numbers.
    """
    return _Writer(module, text, selector, inputs or {}, only, offset).written()


class _Writer:
    def __init__(
        self,
        module: str,
        text: str,
        selector: str,
        inputs: Mapping[str, frozenset[str]],
        only: Container[int] | None,
        offset: int,
    ) -> None:
        self.module, self.text, self.selector, self.inputs = module, text, selector, inputs
        self.only, self.offset = only, offset
        self.tree = SyntaxTree.fromText(text)
        self.shapes, self.locals, self.widths, self.parameters = _declared(self.tree)
        self.mutants: list[Mutant] = []
        self._again: Counter[Mutant] = Counter()
        # Replacements of the file's text; an insertion has no length.
        self.edits: list[tuple[int, int, str]] = []

    def written(self) -> Schemata:
        declared = next(node for node in _below(self.tree.root) if node.kind == SyntaxKind.ModuleDeclaration)
        for member in declared.members:
            if member.kind == SyntaxKind.ContinuousAssign:
                self._net(member)
            elif member.kind in (SyntaxKind.AlwaysBlock, SyntaxKind.AlwaysFFBlock, SyntaxKind.AlwaysCombBlock):
                self._process(member)
            elif member.kind == SyntaxKind.HierarchyInstantiation and self.inputs:
                self._instances(member)
        text, done = "", 0
        for start, end, new in sorted(self.edits, key=lambda edit: edit[:2]):
            text += self.text[done:start] + new
            done = end
        return Schemata(text + self.text[done:], tuple(self.mutants))

    def _number(self, process: str, kind: str, before: str, after: str) -> int:
        """Note a mutant and return its number, 0 where the text is to do without it."""
        mutant = Mutant(self.module, process, kind, _single(before), _single(after))
        occurrence, self._again[mutant] = self._again[mutant], self._again[mutant] + 1
        self.mutants.append(Mutant(self.module, process, kind, mutant.before, mutant.after, occurrence))
        number = len(self.mutants)
        return number if self.only is None or number in self.only else 0

    def _is(self, number: int) -> str:
        return f"({self.selector} == {number + self.offset})"

    def _changes(self, node: Any, scope: Scope, within: tuple[int, int]) -> Iterator[tuple[str, str]]:
        """Yield kind and whole text of each change of `node`, as part of the text `within`."""
        seen = set()
        for change in alternatives(node, self.text, scope):
            start, end = within
            new = self.text[start : change.start] + change.text + self.text[change.end : end]
            if new not in seen:
                seen.add(new)
                yield change.kind, new

    def _inverted(self, expression: tuple[int, int], width: int) -> Iterator[Alternative]:
        """Yield what is assigned with its lowest or highest bit inverted."""
        start, end = expression
        if not width or re.fullmatch(r"\(*(\d+|\d*'[bdh][0-9a-f]+)\)*", self.text[start:end]):
            return  # a constant has neighbours
        # The highest bits of Verilog's integers reach nothing.
        narrow = width == 1 or width == _INTEGER or self.parameters
        for place in [0] if narrow else [0, width - 1]:
            yield Alternative("bit", start, end, f"({self.text[start:end]}) ^ {width}'h{1 << place:x}")

    # Nets.

    def _net(self, member: Any) -> None:
        for assignment in member.assignments:
            place = assignment.left
            given, width = range_of(assignment.right), self.widths.get(range_of(place), 0)
            name = self.text[slice(*range_of(place))]
            process, before = f"assign {name}", self.text[slice(*range_of(assignment))]
            changed = list(self._changes(assignment.right, Scope(self.shapes), given))
            changed += [(one.kind, one.text) for one in self._inverted(given, width)]
            vector = f"[{width - 1}:0] " if width > 1 else ""
            original = f"rsnn_original_{len(self.mutants)}"
            nets, chosen = f"wire {vector}{original};\nassign {original} = {self.text[slice(*given)]};\n", original
            for kind, new in changed:
                if not (number := self._number(process, kind, before, f"{name} = {new}")):
                    continue
                nets += f"wire {vector}rsnn_mutant_{number};\nassign rsnn_mutant_{number} = {new};\n"
                chosen = f"{self._is(number)} ? rsnn_mutant_{number} : {chosen}"
            start = range_of(member)[0]
            self.edits += [(start, start, nets), (given[0], given[1], chosen)]

    # Processes.

    def _process(self, member: Any) -> None:
        timed = member.statement
        clocked = "edge" in self.text[slice(*range_of(timed.timingControl))]
        if not clocked:
            # The list of what a mutant reads is another one.
            self.edits.append((*range_of(timed.timingControl), "@*"))
        body = timed.statement
        label = body.blockName.name.valueText if getattr(body, "blockName", None) is not None else ""
        name = label or f"always {_single(self.text[slice(*range_of(timed.timingControl))])}"
        self._statement(body, name, Scope(self.shapes | self.locals.get(label, {})))

    def _statement(self, node: Any, process: str, scope: Scope) -> None:
        if node.kind == SyntaxKind.ExpressionStatement and node.expr.kind in _ASSIGNMENTS:
            self._assignment(node, process, scope)
            return
        if node.kind == SyntaxKind.ConditionalStatement:
            # A switch of the specification: what it leaves out is not there.
            chosen = {"1'b1": node.statement, "1'b0": node.elseClause}
            switch = _single(self.text[slice(*range_of(node.predicate))])
            if switch in chosen:
                if chosen[switch] is not None:
                    self._statement(chosen[switch], process, scope)
                return
            self._condition(node.predicate, process, scope)
        if node.kind == SyntaxKind.ForLoopStatement:
            self._turns(node, process)
            self._statement(node.statement, process, scope)
            return
        for part in parts(node):
            if part.kind == SyntaxKind.ConditionalPredicate:
                continue
            self._statement(part, process, scope)

    def _assignment(self, node: Any, process: str, scope: Scope) -> None:
        start, end = range_of(node)
        given = range_of(node.expr.right)
        changed = list(self._changes(node.expr.right, scope, (start, end)))
        for one in self._inverted(given, self.widths.get(range_of(node.expr.left), 0)):
            changed.append((one.kind, self.text[start:one.start] + one.text + self.text[one.end : end]))
        changed.append(("assignment", ""))
        original = self.text[start:end]
        text = "begin "
        for kind, new in changed:
            if number := self._number(process, kind, original, new):
                text += f"if {self._is(number)} {new or ';'} else "
        self.edits.append((start, end, f"{text}{original} end"))

    def _condition(self, node: Any, process: str, scope: Scope) -> None:
        start, end = range_of(node)
        original = self.text[start:end]
        changed = [("condition", f"!({original})"), ("condition", "1'b1"), ("condition", "1'b0")]
        changed += self._changes(node, scope, (start, end))
        # Twice negated, an operand has a width of its own.
        chosen = f"!(!({original}))"
        for kind, new in changed:
            if not (number := self._number(process, kind, f"if ({original})", f"if ({new})")):
                continue
            chosen = f"{self._is(number)} ? !(!({new})) : {chosen}"
        self.edits.append((start, end, chosen))

    def _turns(self, node: Any, process: str) -> None:
        """Leave out the first or last turn of a loop that counts from a constant to another."""
        loop = re.match(r"for \((\w+)=(\d+); \1<(\d+);", self.text[slice(*range_of(node))])
        if loop is None:
            return
        name, first, last = loop[1], int(loop[2]), int(loop[3]) - 1
        head = self.text[range_of(node)[0] : range_of(node.statement)[0]]
        guard = []
        for turn in sorted({first, last}):
            if number := self._number(process, "turn", head, f"{head} without {name}={turn}"):
                guard.append(f"({self._is(number)} && {name} == {turn})")
        if not guard:
            return
        start, end = range_of(node.statement)
        self.edits += [(start, start, f"if (!({' || '.join(guard)})) "), (end, end, " ")]

    # Instances.

    def _instances(self, member: Any) -> None:
        """Connect inputs of instances to others of their width."""
        for instance in member.instances:
            name = instance.decl.name.valueText
            for connection in instance.connections:
                given = getattr(connection, "expr", None)
                if given is None or connection.name.valueText not in self.inputs[member.type.valueText]:
                    continue
                where = range_of(given)
                original = self.text[slice(*where)]
                if original not in self.shapes:
                    continue
                if other := Scope(self.shapes).alike(original):
                    pin = connection.name.valueText
                    before, after = f".{pin}({original})", f".{pin}({other})"
                    if not (number := self._number(f"instance {name}", "signal", before, after)):
                        continue
                    self.edits.append((*where, f"{self._is(number)} ? {other} : {original}"))


def _below(node: Any) -> Iterator[Any]:
    yield node
    for part in parts(node):
        yield from _below(part)


def _single(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _declared(
    tree: Any,
) -> tuple[dict[str, Shape], dict[str, dict[str, Shape]], dict[tuple[int, int], int], bool]:
    """Return what a module declares.

    Returns
    -------
    shapes : dict of str to Shape
        Of its signals.
    locals : dict of str to dict of str to Shape
        Of each named block's.
    widths : dict of (int, int) to int
        Of what is assigned to, by its place in the file.
    parameters : bool
        Whether it has some, on which widths may depend.
    """
    compilation = ast.Compilation()
    compilation.addSyntaxTree(tree)
    shapes: dict[str, Shape] = {}
    blocks: dict[str, dict[str, Shape]] = {}
    widths: dict[tuple[int, int], int] = {}
    parameters = False

    def visit(node: Any) -> bool:
        nonlocal parameters
        if isinstance(node, ast.ParameterSymbol):
            parameters = parameters or not node.isLocalParam
        elif isinstance(node, ast.ValueSymbol):
            shape = _shape(node.type)
            if shape is not None and isinstance(node, ast.VariableSymbol | ast.NetSymbol) and node.name != "clk":
                _, *block, name = node.hierarchicalPath.split(".")
                (blocks.setdefault(block[0], {}) if block else shapes).setdefault(name, shape)
        elif isinstance(node, ast.AssignmentExpression):
            place = node.left.sourceRange
            widths[place.start.offset, place.end.offset] = node.left.type.bitWidth
        return True

    compilation.getRoot().visit(visit)
    return shapes, blocks, widths, parameters


def _shape(given: Any) -> Shape | None:
    """Return the shape of a type: a vector, or an array of vectors."""
    kind = given.canonicalType
    if kind.isIntegral:
        return Shape((kind.bitWidth,), kind.isSigned)
    element = getattr(kind, "elementType", None)
    if element is None or not element.isIntegral:
        return None
    return Shape((kind.fixedRange.width, element.bitWidth), element.isSigned)
