"""Fuels that count at the table's heating value because the plant gives none: told beside the label
with what that may be worth.

The newest packs ask for measured values of solid fuels; older versions take a default, a richer
coal is then burnt in part for nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

import numpy as np

from benchmarks import packs
from benchmarks.carriers import CARRIERS
from benchmarks.conversion import Basis
from benchmarks.declared import Words
from benchmarks.labels import StepLabel
from benchmarks.labels.columns import counts, factor_of
from benchmarks.measurements import CarrierEnergy, Direction
from benchmarks.phrases import Phrase, significant
from benchmarks.quantities import mj_in
from benchmarks.routes import Pack
from reporting_agent.pipeline.sitewide import SiteTotals

WIDE = 0.2
"""By what share a carrier may be richer than its default before that is told: coal by 58 %, coke by
9, natural gas by 16 (a convention of ours)."""


def sentences(label: StepLabel, whole: SiteTotals, pack: Pack) -> Iterator[Words]:
    """What each percent moves the label by, and what it would be with the richest that the carrier
    can be.
    """
    measured, best = label.made_from, label.best.value
    if measured is None or best is None or not label.output:
        return
    columns, factors = measured.columns, packs.factors(pack)
    used = np.isin(columns.entry_row, measured.rows)
    for carrier in label.energy_by_carrier:
        bounds = factors.can_hold(carrier)
        if not counts(carrier, label.metric) or not CARRIERS[carrier].thermal or bounds is None:
            continue
        energy = 0.0
        for index, kind in enumerate(columns.kinds):
            if (
                kind.carrier == carrier
                and kind.lhv_mj_per_unit is None
                and mj_in(kind.unit) is None
                and kind.direction is Direction.IMPORT
            ):
                factor = factor_of(
                    kind,
                    label.energy_unit,
                    factors,
                    Basis(pack.standard_basis),
                    pack.step(label.step).boundary.measured,
                )
                energy += (
                    float(columns.entry_quantity[used & (columns.entry_kind == index)].sum())
                    * factor
                    / label.output
                )
        if energy <= 0 or not isfinite(energy):
            continue
        default = factors.mj(CarrierEnergy(carrier, 1.0, CARRIERS[carrier].unit), whole.day)
        if bounds.most > (1 + WIDE) * default:
            sentence = Phrase(
                "%(carrier)s counts at the table's %(default)s, because the plant gives no value "
                "of its own. Each percent by which "
                "the real value is higher raises the label by %(size)s %(unit)s; at %(most)s, the "
                "highest possible value, it would "
                "be %(high)s instead of %(best)s. Give measured values under [[lhv]].",
                carrier=CARRIERS[carrier].words.each(str.capitalize),
                default=f"{significant(default, 4)} MJ/{CARRIERS[carrier].unit}",
                size=significant(0.01 * energy, 2),
                unit=label.unit,
                most=f"{bounds.most:g}",
                high=significant(best + energy * (bounds.most / default - 1), 4),
                best=significant(best, 4),
            )
            yield Words.of(sentence)
