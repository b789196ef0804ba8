"""Logic depth of small netlists."""

from __future__ import annotations

import pytest

from gates.depth import logic_depth
from gates.errors import NetlistError


def gate(kind: str, **pins: object) -> dict[str, object]:
    return {"type": kind, "connections": {pin: [bit] for pin, bit in pins.items()}}


def test_levels_end_at_flip_flops_and_black_boxes(library):
    cells = {
        "one": gate("NAND2X1", A=2, B=3, Y=4),
        "two": gate("INVX1", A=4, Y=5),
        "register": gate("DFFPOSX1", CLK=1, D=5, Q=6),
        "three": gate("XOR2X1", A=6, B=2, Y=7),
        "memory": gate("rsnn_memory_4x1", address=7, row=8),
        "constant": gate("AND2X1", A="1", B=8, Y=9),
    }
    assert logic_depth({"cells": cells}, library) == 2
    cells["register"] = gate("BUFX2", A=5, Y=6)
    assert logic_depth({"cells": cells}, library) == 4
    assert logic_depth({"cells": {}}, library) == 0


def test_a_loop_of_gates_is_refused(library):
    cells = {"one": gate("INVX1", A=2, Y=3), "two": gate("INVX1", A=3, Y=2)}
    with pytest.raises(NetlistError, match="2 gates of the netlist form a loop"):
        logic_depth({"cells": cells}, library)
