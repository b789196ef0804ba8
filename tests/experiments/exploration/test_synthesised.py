"""The table of synthesised designs: enough of them, each term seen, and what is wrong with one named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.command.tables import write_csv
from experiments.exploration.area_fit import TERMS, sizes_of
from experiments.exploration.synthesised import TABLE, read_synthesised
from files.errors import FileError


def test_at_least_six_designs_in_which_every_axis_of_hardware_is_seen() -> None:
    designs = read_synthesised()
    assert len(designs) >= 6
    for axis in ("lanes", "pe_sets", "time_steps", "weight_bits", "width"):
        assert len({getattr(one.point, axis) for one in designs}) > 1, axis
    for block, terms in TERMS.items():
        # Terms that go together in all designs cannot be told apart.
        sizes = np.array([sizes_of(one.specification, block) for one in designs])
        assert np.linalg.matrix_rank(sizes) == len(terms), block


def test_the_shipped_design_is_as_rsnn_synth_has_it() -> None:
    import csv

    from golden.specification import Specification

    path = Path(__file__).parents[3] / "results" / "verilog" / "synthesis.csv"
    with path.open() as file:
        known = {row["block"]: float(row["nand2_equivalents"]) for row in csv.DictReader(file)}
    shipped = next(one for one in read_synthesised() if one.specification == Specification())
    for block, gates in shipped.gates.items():
        assert gates == pytest.approx(known[block], abs=0.2), block


def test_what_is_written_is_read(tmp_path: Path) -> None:
    designs = read_synthesised()
    path = write_csv(tmp_path / "own.csv", [row for one in designs for row in one.rows()])
    assert read_synthesised(path) == designs
    assert path.read_text() == TABLE.read_text()


@pytest.mark.parametrize(
    ("line", "column", "cell", "said"),
    [
        (2, "lanes", "x", "line 2: lanes is 'x', expected a whole number in 1..4096"),
        (2, "width", "0", "line 2: width is '0', expected a whole number"),
        (2, "width", "99", "no block"),
        (2, "pe_sets", "3", "line 2: specification: pe_sets is 3"),
        (3, "library", "other", "line 3: library 'other'"),
        (3, "block", "adder", "line 3: block is 'adder', expected each once of"),
        (3, "nand2_equivalents", "-1", "line 3: nand2_equivalents is '-1', expected a number above 0"),
        (3, "nand2_equivalents", "nan", "line 3: nand2_equivalents is 'nan'"),
    ],
)
def test_a_damaged_table_is_refused_by_line(tmp_path: Path, line: int, column: str, cell: str, said: str) -> None:
    rows = [row for one in read_synthesised() for row in one.rows()]
    rows[line - 2] = rows[line - 2] | {column: cell}
    path = write_csv(tmp_path / "own.csv", rows)
    with pytest.raises(FileError) as refused:
        read_synthesised(path)
    assert said in str(refused.value)


def test_one_design_is_too_few(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "own.csv", read_synthesised()[0].rows())
    with pytest.raises(FileError, match="1 designs, expected at least two"):
        read_synthesised(path)
