"""Circuits of gates: folded, against every row of their tables."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosim.mutants.logic import TRUE, Folding, Logic, LoopError, formula, read_logic, renamed_literal

INPUTS = (2, 3, 4, 5)


def evaluate(gates: dict[int, tuple[int, ...]], values: dict[int, bool], literal: int) -> bool:
    """Return a literal's value, by the definition of each gate."""
    variable = abs(literal)
    if variable not in values:
        ins = [evaluate(gates, values, each) for each in gates[variable]]
        values[variable] = not ins[0] if len(ins) == 1 else all(ins)
    return values[variable] == (literal > 0)


@st.composite
def logics(draw: st.DrawFn) -> Logic:
    gates: dict[int, tuple[int, ...]] = {}
    for variable in range(6, 6 + draw(st.integers(1, 14))):
        literal = st.sampled_from([sign * each for each in (TRUE, *INPUTS, *gates) for sign in (1, -1)])
        gates[variable] = tuple(draw(st.lists(literal, min_size=1, max_size=2)))
    return Logic(gates, {}, {})


@given(logics(), st.lists(st.sampled_from([-5, -4, 4, 5]), max_size=2, unique_by=abs))
def test_folding_changes_no_value(logic: Logic, fixed: list[int]) -> None:
    asked = [max(logic.gates), -min(logic.gates)]
    folding = Folding(logic)
    folded = folding.folded(fixed, asked)
    # With other constants beside: gates of both, whose variables are apart.
    other = folding.folded([-each for each in fixed], asked, beside=folded)
    assert not set(folded.gates) & set(other.gates)
    for row in itertools.product([False, True], repeat=len(INPUTS)):
        inputs = dict(zip(INPUTS, row, strict=True)) | {TRUE: True}
        for constants, gates, literals in (
            (fixed, folded.gates, folded.literals),
            ([-each for each in fixed], folded.gates | other.gates, other.literals),
        ):
            given_values = inputs | {abs(each): each > 0 for each in constants}
            for before, after in zip(asked, literals, strict=True):
                assert evaluate(logic.gates, dict(given_values), before) == evaluate(gates, dict(given_values), after)


def test_gates_of_the_same_inputs_become_one_and_so_do_those_beside() -> None:
    logic = Logic({6: (2, 3), 7: (3, 2), 8: (6, 4), 9: (7, 5)}, {}, {})
    folding = Folding(logic)
    one = folding.folded([4], [8, 9])
    assert one.literals[0] in (6, 7)
    assert set(one.gates) == {*one.literals}
    other = folding.folded([-4], [8, 9], beside=one)
    assert other.literals == (-TRUE, one.literals[1])
    assert other.gates == {}


def test_what_depends_on_another_constant_is_folded_anew() -> None:
    # Gate 7 becomes no constant with either value of 4, but (-2, 3) with one and 3 with the other; 8 depends on it.
    folding = Folding(Logic({6: (4, 2), 7: (-6, 3), 8: (7, 5)}, {}, {}))
    one = folding.folded([4], [7, 8])
    other = folding.folded([-4], [7, 8], beside=one)
    assert one.gates == {7: (-2, 3), 8: (5, 7)}
    assert other.literals[0] == 3
    assert other.gates == {other.literals[1]: (3, 5)}


def test_a_loop_is_refused_unless_a_constant_opens_it() -> None:
    folding = Folding(Logic({6: (7, 2), 7: (-6, 3)}, {}, {}))
    with pytest.raises(LoopError, match=r"net [67] depends on itself"):
        folding.folded([], [7])
    assert folding.folded([-2], [7]).literals == (3,)


def test_what_is_said_to_be_the_same_is_merged() -> None:
    logic = Logic({6: (2, 3), 7: (6, 4)}, {}, {})
    folding = Folding(logic)
    original = folding.folded([3], [7])
    mutant = folding.folded([-5], [7], beside=original, same=lambda gate, inputs, other: other == 2)
    # Gate 6 became its input 2 in the original; of the mutant it is said to be the same.
    assert mutant.literals == original.literals


def test_a_formula_is_true_where_its_gates_are() -> None:
    gates = {3: (2,), 4: (2, -3)}
    for row in itertools.product([False, True], repeat=4):
        values = dict(zip((1, 2, 3, 4), row, strict=True))
        holds = all(any(values[abs(each)] == (each > 0) for each in clause) for clause in formula(gates))
        right = values[1] and values[3] == (not values[2]) and values[4] == (values[2] and not values[3])
        assert holds == right


def test_a_copy_is_over_other_variables() -> None:
    logic = Logic({3: (2,)}, {}, {})
    assert set(logic.clauses({2: -7, 3: 8})) == {(TRUE,), (-8, 7), (8, -7)}
    assert renamed_literal(-2, {2: -7}) == 7
    assert logic.variables() == {TRUE, 2, 3}


def test_yosys_modules_are_read() -> None:
    module = {
        "ports": {"a": {"direction": "input", "bits": [2]}, "y": {"direction": "output", "bits": [4, "1", "0"]}},
        "cells": {
            "n": {"type": "$_NOT_", "connections": {"A": [2], "Y": [3]}},
            "g": {"type": "$_AND_", "connections": {"A": [3], "B": ["1"], "Y": [4]}},
            "any": {"type": "$anyseq", "connections": {"Y": [5]}},
        },
    }
    logic = read_logic(module)
    assert logic.gates == {3: (2,), 4: (3, TRUE)}
    assert logic.inputs == {"a": (2,)}
    assert logic.outputs == {"y": (4, TRUE, -TRUE)}
