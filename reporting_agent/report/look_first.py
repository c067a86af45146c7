"""What to look at first, on the terminal and on the page alike: changes in the data, each with the
energy and money that it moves, what else the data show to be wrong, and then where energy can be
saved.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from math import fsum
from typing import NamedTuple

from benchmarks.catalogue import in_language
from benchmarks.errors import InputError
from benchmarks.measurements import Direction, Severity
from benchmarks.quantities import ratio
from reporting_agent.analysis import Analysis
from reporting_agent.changes.change import Change, ChangeKind
from reporting_agent.changes.review import ChangeQuestion, makes_doubtful
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult
from reporting_agent.report.figures import count, scaled

_FIRST = ("unit-label", "unit-change", "clock-step", "register-reset", "meter-unknown")
_OF_A_METER = frozenset({ChangeKind.LEVEL, ChangeKind.BALANCE})


class FirstLook(NamedTuple):
    """One thing to look at, in words, and what it is worth: energy and money, where known."""

    sentence: str
    worth: str

    @property
    def line(self) -> str:
        return f"{self.worth}: {self.sentence}" if self.worth else self.sentence


def first_looks(
    site: SiteSettings, result: LabelResult, analysis: Analysis, lang: str
) -> Iterator[FirstLook]:
    """The changes that nobody has explained first, the largest before the others; then the gravest
    warning and the advice.
    """
    for question, worth in changes(site, result, analysis):
        yield FirstLook(in_language(question.sentence, lang), worth)
    warnings = [finding for finding in result.findings if finding.severity is Severity.WARNING]
    warnings.sort(key=lambda finding: finding.code not in _FIRST)
    for finding in warnings[:1]:
        yield FirstLook(in_language(finding.sentence, lang), "")
    in_question = {key.step for key in analysis.doubtful}
    for advice in analysis.first_look:
        if advice.step in in_question:
            continue
        amount = advice.amount
        worth = "" if amount is None else _worth(amount.kwh, amount.money, analysis)
        yield FirstLook(advice.words.said_in(lang), worth)


def changes(
    site: SiteSettings, result: LabelResult, analysis: Analysis
) -> list[tuple[ChangeQuestion, str]]:
    """The changes that nobody has explained with what they move, the largest first."""
    price = _price(analysis)
    moved = [
        (question, _energy_kwh(question.change, result, site)) for question in analysis.review.open
    ]
    moved.sort(key=lambda entry: -(entry[1] or 0.0))
    return [
        (
            question,
            _worth(kwh, None if kwh is None or price is None else kwh * price, analysis),
        )
        for question, kwh in moved
    ]


def _worth(kwh: float | None, money: float | None, analysis: Analysis) -> str:
    if kwh is None:
        return ""
    energy = scaled(kwh, "kWh")
    worth = f"{energy.text} {energy.unit}"
    currency = next((loss.currency for loss in analysis.losses if loss.currency), None)
    return worth if money is None or not currency else f"{worth}, {count(money)} {currency}"


def _price(analysis: Analysis) -> float | None:
    """What a kWh above the labels costs on average; None where no price is known."""
    gaps = [loss.gap for loss in analysis.losses if loss.counted and loss.gap.money is not None]
    kwh = fsum(gap.kwh for gap in gaps)
    return fsum(gap.money or 0.0 for gap in gaps) / kwh if kwh > 0 else None


def _energy_kwh(change: Change, result: LabelResult, site: SiteSettings) -> float | None:
    """What is counted since the change, less what would have been before it; of a meter that counts
    nowhere, all of it. None where the change is of no amount.
    """
    records = {record.meter.id: record for record in result.data.meters}
    record = records.get(change.meters[0]) if change.meters else None
    share = abs(1 - 1 / change.size) if change.size > 0 else 0.0
    try:
        if change.kind is ChangeKind.UNCOUNTED and record is not None:
            return abs(record.total) * ratio(record.unit, "kWh")
        if change.kind in _OF_A_METER and record is not None and len(record.hour_us):
            days = [
                datetime.fromtimestamp(us / 1e6, UTC).astimezone(site.zone).date()
                for us in record.hour_us.tolist()
            ]
            energy = fsum(
                kwh
                for day, kwh in zip(days, record.hour_energy.tolist(), strict=True)
                if change.holds_on(day)
            )
            return abs(energy) * share * ratio(record.unit, "kWh")
        if change.kind is ChangeKind.PROCESS:
            return share * fsum(
                energy.quantity * ratio(energy.unit, "kWh")
                for batch in result.data.batches
                if batch.excluded is None and makes_doubtful(change, batch, site.zone)
                for energy in batch.energy
                if energy.carrier == "electricity" and energy.direction is Direction.IMPORT
            )
    except InputError:
        return None  # a volume: no energy is known of it
    return None
