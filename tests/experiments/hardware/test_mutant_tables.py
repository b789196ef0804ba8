"""Tables of mutants, of a handful that can be counted by eye."""

from __future__ import annotations

from experiments.hardware.mutant_tables import by_block, markdown


def row(design: str, module: str, verdict: str, scenario: str = "") -> dict[str, str]:
    return {"design": design, "module": module, "verdict": verdict, "scenario": scenario}


ROWS = [
    row("small", "rsnn_spikes", "killed", "frames"),
    row("small", "rsnn_spikes", "equal"),
    row("small", "rsnn_output", "killed", "overrun, in Icarus"),
    row("wide", "rsnn_spikes", "killed", "frames"),
    row("wide", "rsnn_spikes", "keeps a value"),
]


def test_counts_by_block() -> None:
    zeros = {"keeps a value": 0, "equal": 0, "equal in place": 0, "reviewed": 0, "undecided": 0}
    assert by_block(ROWS) == [
        {"design": "small", "module": "rsnn_spikes", "mutants": 2, "killed": 1, **zeros | {"equal": 1}},
        {"design": "small", "module": "rsnn_output", "mutants": 1, "killed": 1, **zeros},
        {"design": "wide", "module": "rsnn_spikes", "mutants": 2, "killed": 1, **zeros | {"keeps a value": 1}},
    ]


def test_tables_by_design_module_and_scenario() -> None:
    assert (
        markdown(ROWS)
        == """\
| design | mutants | killed | keeps a value | equal | equal in place | reviewed | undecided |
|---|---|---|---|---|---|---|---|
| small | 3 | 2 | 0 | 1 | 0 | 0 | 0 |
| wide | 2 | 1 | 1 | 0 | 0 | 0 | 0 |
| all | 5 | 3 | 1 | 1 | 0 | 0 | 0 |

| module | mutants | killed | keeps a value | equal | equal in place | reviewed | undecided |
|---|---|---|---|---|---|---|---|
| spikes | 4 | 2 | 1 | 1 | 0 | 0 | 0 |
| output | 1 | 1 | 0 | 0 | 0 | 0 | 0 |
| all | 5 | 3 | 1 | 1 | 0 | 0 | 0 |

| killed by, the first of these | mutants |
|---|---|
| frames | 2 |
| any, in Icarus alone | 1 |
"""
    )
