"""The law of gates: a law that designs obey is found again, and one that they do not is seen in what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.exploration.area_fit import TERMS, fit_area, left_out, sizes_of
from golden.layout import build_layout
from golden.specification import Specification


def design(lanes: int, pe_sets: int, time_steps: int, bits: int, width: int) -> Specification:
    more = bits - 4
    return Specification(
        lanes=lanes,
        pe_sets=pe_sets,
        time_steps=time_steps,
        weight_bits=bits,
        layers=(width, width),
        thresholds=(512 << more, 64 << more),
        membrane_bits=(16 + more, 12 + more),
        parallel_time_steps=not (pe_sets == 1 and time_steps == 2),
    )


SPECS = [
    design(*point)
    for point in (
        (32, 1, 1, 4, 64), (64, 2, 2, 4, 64), (128, 2, 2, 4, 128), (32, 2, 1, 4, 128), (64, 1, 2, 8, 64),
        (128, 1, 1, 4, 256), (32, 1, 2, 8, 128),
    )
]  # fmt: skip
LAW = {
    block: {term: 1.5 + number + 0.25 * len(block) for number, term in enumerate(terms)}
    for block, terms in TERMS.items()
}


def gates_by_law(spec: Specification) -> dict[str, float]:
    return {block: sum(LAW[block][term] * size(spec) for term, size in terms.items()) for block, terms in TERMS.items()}


def test_a_law_that_the_designs_obey_is_found_again() -> None:
    fit = fit_area([(spec, gates_by_law(spec)) for spec in SPECS])
    for block, terms in LAW.items():
        for term, value in terms.items():
            assert fit.coefficients[block][term] == pytest.approx(value, rel=1e-6), (block, term)
    other = design(256, 2, 1, 8, 256)
    assert fit.gates(other) == pytest.approx(gates_by_law(other), rel=1e-6)


def test_each_design_is_foretold_by_the_others() -> None:
    designs = [(spec, gates_by_law(spec)) for spec in SPECS]
    for (_, gates), found in zip(designs, left_out(designs), strict=True):
        assert found == pytest.approx(gates, rel=1e-6)
    # One that breaks the law is told wrongly by the others, which do not see it.
    broken = [*designs[:2], (SPECS[2], {block: 2 * count for block, count in designs[2][1].items()}), *designs[3:]]
    assert left_out(broken)[2] == pytest.approx(designs[2][1], rel=1e-6)
    assert left_out(broken)[0] != pytest.approx(designs[0][1], rel=1e-3)


def test_no_coefficient_is_negative_and_errors_are_relative() -> None:
    rng = np.random.default_rng(3)
    noisy = [
        (spec, {block: count * rng.uniform(0.7, 1.4) for block, count in gates_by_law(spec).items()}) for spec in SPECS
    ]
    fit = fit_area(noisy)
    assert all(value >= 0 for of in fit.coefficients.values() for value in of.values())
    # With one term, least squares of relative errors have a closed form.
    ratios = np.array([sizes_of(spec, "spikes")[0] / gates["spikes"] for spec, gates in noisy])
    assert fit.coefficients["spikes"]["spikes of the last frame"] == pytest.approx(ratios.sum() / (ratios**2).sum())


def test_sizes_of_the_shipped_design_by_hand() -> None:
    spec = Specification()
    assert sizes_of(spec, "spikes").tolist() == [2 * 2 * 128]
    assert sizes_of(spec, "input_buffer").tolist() == [320]
    assert sizes_of(spec, "pe_array").tolist() == [128 * 2 * 17, 128 * 2 * 4, 128 * 17]
    # As `rsnn synth` counts them: 4,096.
    assert sizes_of(spec, "neuron_unit")[0] == 128 * (16 + 12) + 2 * 2 * 128
    assert sizes_of(spec, "output")[0] == 128 * 2 * spec.logit_bits


def test_every_block_with_flip_flops_has_terms() -> None:
    blocks = {field.block for field in build_layout(Specification())}
    assert blocks == set(TERMS)


def test_what_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(ValueError, match="no designs"):
        fit_area([])
    with pytest.raises(ValueError, match="block spikes has no gates"):
        fit_area([(SPECS[0], gates_by_law(SPECS[0]) | {"spikes": 0.0})])
    with pytest.raises(ValueError, match="1 designs, expected at least two"):
        left_out([(SPECS[0], gates_by_law(SPECS[0]))])
