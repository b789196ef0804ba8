from __future__ import annotations

import pytest

pytest.importorskip("pyslang", reason="pyslang (extra hdl) is not installed")

from cosim.mutants.population import populate
from cosim.mutants.schemata import schemata

ONE = "module rsnn_one (input wire a, input wire b, output wire y);\n    assign y = a & b;\nendmodule\n"
TWO = "module rsnn_two (input wire a, input wire b, output wire y);\n    assign y = a | b;\nendmodule\n"
MODULES = {"rsnn_one": ONE, "rsnn_two": TWO}


def test_each_mutant_has_a_number_of_its_own() -> None:
    made = populate(MODULES, "top.mutant", {"rsnn_two": None, "rsnn_one": None})
    alone = {name: schemata(name[5:], text, "0").mutants for name, text in MODULES.items()}
    assert made.mutants == {name: alone[name] for name in ("rsnn_two", "rsnn_one")}
    assert sorted(made.selections.values()) == list(range(1, len(alone["rsnn_one"]) + len(alone["rsnn_two"]) + 1))
    for (module, number), selection in made.selections.items():
        assert f"(top.mutant == {selection}) ? rsnn_mutant_{number} " in made.texts[module]


def test_the_texts_have_those_that_are_chosen_and_numbers_stay() -> None:
    everyone = populate(MODULES, "n", {"rsnn_one": None, "rsnn_two": None})
    few = populate(MODULES, "n", {"rsnn_one": [2], "rsnn_two": [1]})
    assert few.mutants == everyone.mutants
    assert few.selections == {place: everyone.selections[place] for place in (("rsnn_one", 2), ("rsnn_two", 1))}
    assert few.texts["rsnn_one"].count("n == ") == few.texts["rsnn_two"].count("n == ") == 1


def test_nothing_is_chosen() -> None:
    assert populate(MODULES, "n", {"rsnn_one": []}).selections == {}
