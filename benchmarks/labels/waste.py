"""Two readings of energy that a plant could act on: the gap above the label, and what made no product.

The gap is not waste. Of a batch's energy above the label, `explained` is what the pack's slopes attribute to relevant
variables, `within_uncertainty` what lies inside the declared uncertainty of the batch's own energy, and only the rest is
`avoidable`. A batch that favourable conditions brought below the label as measured has no gap here: nothing is called
waste that was not used.

Parts are held on a binary grid of 2^-20 of the unit, a millionth: every sum below 8 billion units is then exact in floating
point, in any order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.labels.columns import Floats, Integers, MetricEnergy, StepColumns
from benchmarks.labels.reasons import ExclusionReason
from benchmarks.labels.result import Gap, GapPart, ValueAdding
from benchmarks.labels.validity import Reasons
from benchmarks.measurements import Status

_STEPS_PER_UNIT = float(2**20)
_MADE_NO_PRODUCT = frozenset({ExclusionReason.SCRAP, ExclusionReason.TEST, ExclusionReason.NOT_NORMAL_STATE})


def gap_above(
    label: float, ids: Sequence[str], value: Floats, at_reference: Floats, output_t: Floats, unit: str, relative_uncertainty: float
) -> Gap:
    """Split the energy of used batches above the label. Values in the metric's unit, energies in `unit`."""
    above = np.maximum(value - label, 0.0)
    explained = np.clip(value - at_reference, 0.0, above)
    uncertain = np.minimum(above - explained, relative_uncertainty * np.abs(value))
    explained_energy = _on_grid(explained * output_t)
    uncertain_energy = _on_grid(uncertain * output_t)
    avoidable_energy = np.maximum(_on_grid(above * output_t) - explained_energy - uncertain_energy, 0.0)
    energy = explained_energy + uncertain_energy + avoidable_energy
    order = [row for row in np.argsort(-avoidable_energy, kind="stable").tolist() if energy[row] > 0]
    parts = tuple(
        GapPart(ids[row], *numbers)
        for row, *numbers in zip(
            order,
            energy[order].tolist(),
            explained_energy[order].tolist(),
            uncertain_energy[order].tolist(),
            avoidable_energy[order].tolist(),
            strict=True,
        )
    )
    return Gap(
        energy=float(energy.sum()),
        explained=float(explained_energy.sum()),
        within_uncertainty=float(uncertain_energy.sum()),
        avoidable=float(avoidable_energy.sum()),
        unit=unit,
        relative_uncertainty=relative_uncertainty,
        batches=parts,
    )


def value_adding(columns: StepColumns, energy: MetricEnergy, reasons: Reasons, rows: Integers) -> ValueAdding:
    """Energy of used batches against energy of scrap, tests, idling, holding, start-ups, and of rejected output.

    Batches that the label excludes for their readings are in neither part: their energy is not known well enough.
    """
    total = energy.total
    valid = rows[reasons.valid[rows]]
    produced = columns.output_t[valid] + columns.reject_t[valid]
    rejected = float((total[valid] * columns.reject_t[valid] / produced).sum())
    causes = {"reject": rejected} if rejected else {}
    idle_codes = [code for code, name in enumerate(reasons.names) if name in _MADE_NO_PRODUCT]
    for row in rows[np.isin(reasons.codes[rows], idle_codes) & energy.known[rows] & energy.convertible[rows]].tolist():
        batch = columns.batches[row]
        cause = str(batch.state) if batch.status is Status.GOOD else str(batch.status)
        causes[cause] = causes.get(cause, 0.0) + float(total[row])
    adding = float(total[valid].sum()) - rejected
    lost = float(sum(causes.values()))
    meaningful = adding > 0 and lost >= 0
    return ValueAdding(adding / (adding + lost) if meaningful else None, adding, lost, causes, energy.unit)


def _on_grid(energy: Floats) -> Floats:
    rounded: Floats = np.round(energy * _STEPS_PER_UNIT) / _STEPS_PER_UNIT
    return rounded
