"""Activity counted from the RTL's signals during co-simulation: toggles, clock edges, memory accesses, additions.

Counted here from sampled signals with Python integers; ``golden.predicted_activity`` predicts the same from the
model's records by its own means, and the two must agree exactly.
"""

from __future__ import annotations

from collections import defaultdict

from cosim.sampling import Sampler
from golden.cycles import FLUSH_PHASE, IDLE_PHASE, LOAD_PHASE
from golden.layout import FREE, GATED, MEMORY_ROW, PORT
from golden.schedule import Kind, State, build_schedule
from golden.specification import Specification

# One row of the activity table; the columns are those of power.priced_activity.
Row = dict[str, str | int | None]


class ActivityCounter:
    """Accumulate activity, by phase of the frame, from the values of consecutive cycles.

    Parameters
    ----------
    spec : Specification
    sampler : Sampler
    """

    def __init__(self, spec: Specification, sampler: Sampler) -> None:
        self.spec, self.schedule, self.sampler = spec, build_schedule(spec), sampler
        self._at = {(slot.field.path, slot.part): at for at, slot in enumerate(sampler.slots)}
        self._paths = [slot.field.path for slot in sampler.slots]
        self._before: list[int] | None = None
        self.cycles: dict[str, int] = defaultdict(int)
        self.toggles: dict[tuple[str, str], int] = defaultdict(int)
        self.clocked_bits: dict[tuple[str, str], int] = defaultdict(int)
        self.reads: dict[tuple[str, int], int] = defaultdict(int)
        self.operations: dict[tuple[str, str], int] = defaultdict(int)

    def settle(self, values: list[int]) -> None:
        """Take `values` as the state before the first cycle that counts."""
        self._before = values

    def count(self, values: list[int], accepted_code: bool, starting: bool) -> None:
        """Count one cycle.

        Parameters
        ----------
        values : list of int
            The cycle's settled values (`Sampler.read`).
        accepted_code, starting : bool
            The bench presented a code, or `start`, that the accelerator takes at the end of this cycle.
        """
        phase = self._phase(values, loading=accepted_code or starting)
        self.cycles[phase] += 1
        before = self._before
        if before is not None and before != values:
            for at, (old, new) in enumerate(zip(before, values, strict=True)):
                if old != new:
                    self.toggles[phase, self._paths[at]] += (old ^ new).bit_count()
        self._before = values
        self._count_clocks(phase, values, accepted_code, starting)

    def _value(self, values: list[int], path: str) -> int:
        return values[self._at[path, 0]]

    def _phase(self, values: list[int], *, loading: bool) -> str:
        state = self._value(values, "controller.state")
        if self._hold(values):
            return "FC"
        if state == State.RUN:
            return self.schedule.passes[self._value(values, "controller.issue_pass")].phase
        if state == State.IDLE:
            return LOAD_PHASE if loading else IDLE_PHASE
        return FLUSH_PHASE

    def _count_clocks(self, phase: str, values: list[int], accepted_code: bool, starting: bool) -> None:
        spec, schedule, value = self.spec, self.schedule, self._value
        clocked = self.clocked_bits
        hold = self._hold(values)
        if accepted_code:
            clocked[phase, "input_buffer.codes"] += self.sampler.layout["input_buffer.codes"].bits
        if accepted_code or starting:
            clocked[phase, "controller.loaded"] += self.sampler.layout["controller.loaded"].bits
        if starting:
            for layer, width in enumerate(spec.layers):
                for step in range(spec.time_steps):
                    clocked[phase, f"spikes.last{layer}_{step}"] += width
        issuing = schedule.passes[value(values, "controller.issue_pass")]
        if value(values, "controller.state") == State.RUN and not hold and issuing.kind is Kind.ACCUMULATE:
            for path in ("zero_skip.pending", "zero_skip.index"):
                clocked[phase, path] += self.sampler.layout[path].bits
        for bank in range(2):
            if value(values, "weight_buffer.read") >> bank & 1:
                self.reads[phase, bank] += 1
        adding = schedule.passes[value(values, "controller.add_pass")]
        acts = bool(value(values, "controller.add_valid")) and not hold
        for pe_set in range(spec.pe_sets):
            lanes = value(values, f"pe_array.clocked{pe_set}").bit_count()
            clocked[phase, f"pe_array.acc{pe_set}"] += lanes * spec.accumulator_bits
            if acts:
                self.operations[phase, f"add{pe_set}"] += self._additions(values, pe_set, adding.kind)
        slot = value(values, "controller.add_slot")
        if acts and adding.kind is Kind.NEURONS and slot < schedule.neuron_steps:
            path = f"neuron_unit.membrane{adding.layer}_{adding.tile}"
            clocked[phase, path] += self.sampler.layout[path].bits
            tile_width = min(spec.lanes, spec.layers[adding.layer] - adding.tile * spec.lanes)
            clocked[phase, f"spikes.this{adding.layer}_{adding.time_step + slot}"] += tile_width
            self.operations[phase, f"membrane{adding.layer}"] += 2 * spec.lanes
        if value(values, "controller.transfer") and not hold:
            for pe_set in range(spec.pe_sets):
                clocked[phase, f"output.shadow{pe_set}"] += spec.lanes * spec.logit_bits
        if value(values, "output.busy"):
            for path in ("output.best", "output.best_index", "output.position"):
                clocked[phase, path] += self.sampler.layout[path].bits
        counts_words = value(values, "output.busy") and value(values, "output.word") != schedule.frame_words - 1
        if counts_words or starting:
            clocked[phase, "output.word"] += self.sampler.layout["output.word"].bits

    def _hold(self, values: list[int]) -> bool:
        if not (self._value(values, "controller.transfer") and self._value(values, "output.busy")):
            return False
        ends = self._value(values, "output.position") == self.schedule.pair_words - 1
        return not (ends or self._value(values, "output.word") == self.schedule.frame_words - 1)

    def _additions(self, values: list[int], pe_set: int, kind: Kind) -> int:
        if kind is Kind.COMBINE:
            return self.spec.lanes if pe_set < self.spec.time_steps else 0
        if kind is not Kind.ACCUMULATE or not self._value(values, "controller.add_enable") >> pe_set & 1:
            return 0
        if not self.spec.zero_weight_gating:
            return self.spec.lanes
        adding = self.schedule.passes[self._value(values, "controller.add_pass")]
        row = "row1" if pe_set == 1 or adding.shares_row else "row0"
        nonzero = 0
        for plane in range(self.spec.weight_bits):
            nonzero |= values[self._at[f"weight_buffer.{row}", plane]]
        return nonzero.bit_count()

    # ---- tables --------------------------------------------------------------------------------------------

    @property
    def total_cycles(self) -> int:
        """Cycles counted."""
        return sum(self.cycles.values())

    def rows(self, phase: str | None = None) -> list[Row]:
        """Return the activity table, of one phase or of all.

        Returns
        -------
        list of dict
            Columns block, signal, kind, bits, clock, toggles, clocked_bits, reads, writes, operations, depth, as
            ``power.priced_activity`` reads them; None where a column does not apply. `writes` is 0: weights are loaded
            once, before the cycles that are counted.
        """
        phases = [phase] if phase is not None else list(self.cycles)
        cycles = sum(self.cycles[name] for name in phases)

        def total(table: dict, key: object) -> int:
            return sum(table.get((name, key), 0) for name in phases)

        rows: list[Row] = []
        for field in self.sampler.layout:
            is_port = field.clock in (PORT, MEMORY_ROW)
            clocked = None
            if field.clock == FREE:
                clocked = field.bits * cycles
            elif field.clock == GATED:
                clocked = total(self.clocked_bits, field.path)
            rows.append(
                _row(
                    field.block,
                    field.name,
                    kind="port" if is_port else "register",
                    bits=field.bits,
                    clock=None if is_port else field.clock,
                    toggles=total(self.toggles, field.path),
                    clocked_bits=clocked,
                )
            )
        for bank, depth in enumerate(self.schedule.bank_depths):
            rows.append(
                _row(
                    "weight_buffer",
                    f"bank{bank}",
                    kind="memory",
                    bits=self.spec.row_bits,
                    reads=total(self.reads, bank),
                    writes=0,
                    depth=depth,
                )
            )
        for pe_set in range(self.spec.pe_sets):
            rows.append(
                _row(
                    "pe_array",
                    f"add{pe_set}",
                    kind="adder",
                    bits=self.spec.accumulator_bits,
                    operations=total(self.operations, f"add{pe_set}"),
                )
            )
        for layer, bits in enumerate(self.spec.membrane_bits):
            rows.append(
                _row(
                    "neuron_unit",
                    f"add{layer}",
                    kind="adder",
                    bits=bits,
                    operations=total(self.operations, f"membrane{layer}"),
                )
            )
        return rows


def _row(block: str, signal: str, *, kind: str, bits: int, **given: str | int | None) -> Row:
    columns = ("clock", "toggles", "clocked_bits", "reads", "writes", "operations", "depth")
    row: Row = {"block": block, "signal": signal, "kind": kind, "bits": bits}
    row.update({name: given.get(name) for name in columns})
    return row
