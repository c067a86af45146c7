"""Two readings of energy that a plant could act on: the gap above the label, and what made no
product.

The gap is not waste. Of a batch's energy above the label, `explained` is what the pack's slopes
attribute to relevant variables, `within_uncertainty` what lies inside the measuring uncertainty of
the batch's own energy (its meters' where they state one, else the site's declared share), and the
rest is `unexplained`: a label knows no causes, and without one nothing is called avoidable (the
agent's analysis names causes and moves what they took). A batch that favourable conditions brought
below the label as measured has no gap here: nothing is called waste that was not used.

Parts are held on a binary grid of 2^-20 of the unit, a millionth: every sum below 8 billion units
is then exact in floating point, in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.labels.columns import Floats, Integers, MetricEnergy, StepColumns
from benchmarks.labels.result import Gap, GapPart, ValueAdding
from benchmarks.labels.validity import ExclusionReason, Reasons
from benchmarks.measurements import ProductStatus

GRID = float(2**20)
"""Steps of the grid in one unit of energy."""

MADE_NO_PRODUCT = frozenset(
    {ExclusionReason.SCRAP, ExclusionReason.TEST, ExclusionReason.NOT_NORMAL_STATE}
)


def on_grid(energy: Floats) -> Floats:
    """Energies at the nearest 2^-20 of their unit."""
    rounded: Floats = np.round(energy * GRID) / GRID
    return rounded


@dataclass(frozen=True, slots=True, eq=False)
class GapColumns:
    """The gap of every used batch, in the label's energy unit; on the grid, none negative."""

    explained: Floats
    within_uncertainty: Floats
    unexplained: Floats

    @property
    def energy(self) -> Floats:
        return self.explained + self.within_uncertainty + self.unexplained


def split_gap(
    label: float, value: Floats, at_reference: Floats, output: Floats, uncertainty: Floats
) -> GapColumns:
    """Split the energy of used batches above the label. Values in the metric's unit; `uncertainty`
    of the batches' energy in energy.
    """
    above = np.maximum(value - label, 0.0) * output
    explained = on_grid(np.clip((value - at_reference) * output, 0.0, above))
    uncertain = on_grid(np.minimum(np.maximum(above - explained, 0.0), uncertainty))
    return GapColumns(explained, uncertain, np.maximum(on_grid(above) - explained - uncertain, 0.0))


def gap_above(ids: Sequence[str], parts: GapColumns, unit: str, relative_uncertainty: float) -> Gap:
    """The gap as label.json holds it: batches that have one, most unexplained first, and by id
    where that is equal: a table's rows may arrive in any order."""
    energy = parts.energy
    order = np.lexsort((np.asarray(ids), -parts.unexplained))
    order = order[energy[order] > 0]
    columns = [
        column[order].tolist()
        for column in (energy, parts.explained, parts.within_uncertainty, parts.unexplained)
    ]
    return Gap(
        energy=float(energy.sum()),
        explained=float(parts.explained.sum()),
        within_uncertainty=float(parts.within_uncertainty.sum()),
        unexplained=float(parts.unexplained.sum()),
        unit=unit,
        relative_uncertainty=relative_uncertainty,
        batches=tuple(map(GapPart, [ids[row] for row in order.tolist()], *columns)),
    )


def value_adding(
    columns: StepColumns, energy: MetricEnergy, reasons: Reasons, rows: Integers
) -> ValueAdding:
    """Energy of used batches against energy of scrap, tests, idling, holding, start-ups, and of
    rejected output.

    Batches that the label excludes for their readings are in neither part: their energy is not
    known well enough. All on the grid: the causes add up to `non_value_adding` exactly.
    """
    total = on_grid(energy.total)
    valid = rows[reasons.valid[rows]]
    produced = columns.output[valid] + columns.reject[valid]
    rejected = float(on_grid(total[valid] * columns.reject[valid] / produced).sum())
    causes = {"reject": rejected} if rejected else {}
    idle_codes = [code for code, name in enumerate(reasons.names) if name in MADE_NO_PRODUCT]
    for row in rows[
        np.isin(reasons.codes[rows], idle_codes) & energy.known[rows] & energy.convertible[rows]
    ].tolist():
        batch = columns.batches[row]
        cause = str(batch.state) if batch.status is ProductStatus.GOOD else str(batch.status)
        causes[cause] = causes.get(cause, 0.0) + float(total[row])
    adding = float(total[valid].sum()) - rejected
    lost = float(sum(causes.values()))
    meaningful = adding > 0 and lost >= 0
    return ValueAdding(
        adding / (adding + lost) if meaningful else None, adding, lost, causes, energy.unit
    )
