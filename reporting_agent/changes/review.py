"""Changes as questions: which of them site.toml answers, which are open, and the data without what they question.

A declared event that acts (a ratio, a unit, a clock, a swap, batches that are unusable) answers by what it does: the change is gone,
or is still there and still asked about. `process` and `rounding` move no value; they answer by being declared, with a reason that an
auditor reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta, tzinfo
from typing import Any

from benchmarks.errors import PolicyRefusal
from benchmarks.measurements import Batch
from benchmarks.phrases import Phrase
from reporting_agent.changes import smallest_change, uncounted
from reporting_agent.changes.change import Change, Kind
from reporting_agent.changes.lines import lines_of
from reporting_agent.changes.looking import look
from reporting_agent.changes.smallest_change import Limit
from reporting_agent.changes.telling import sentence, to_declare
from reporting_agent.config import Site
from reporting_agent.config.events import Event
from reporting_agent.pipeline import PlantData

NEAR = timedelta(days=15)
_OF_DAYS = frozenset({Kind.DEAD, Kind.PARTS, Kind.REPEATED, Kind.LEAP, Kind.NEGATIVE})


@dataclass(frozen=True, slots=True)
class Question:
    """One change, what answers it, and what would."""

    change: Change
    answer: Event | None
    sentence: Phrase
    declare: str  # lines for site.toml

    def to_json(self) -> dict[str, Any]:
        """As it stands in label.json and quality.json."""
        change = self.change
        return {
            "kind": change.kind.value,
            "step": change.step,
            "meters": list(change.meters),
            "equipment": list(change.equipment),
            "product": change.product or None,
            "from": None if change.first is None else change.first.isoformat(),
            "until": None if change.until is None else change.until.isoformat(),
            "size": change.size,
            "size_error": change.size_error,
            "causes": [cause.value for cause in change.causes],
            "days": [day.isoformat() for day in change.days],
            "sentence": str(self.sentence),
            "answered": None if self.answer is None else self.answer.reason,
            "declare": self.declare,
        }


@dataclass(frozen=True, slots=True)
class Review:
    """All questions of one record, and how small a change it could not show."""

    questions: tuple[Question, ...] = ()
    limits: tuple[Limit, ...] = ()

    @property
    def open(self) -> tuple[Question, ...]:
        return tuple(question for question in self.questions if question.answer is None)

    @property
    def answered(self) -> tuple[Question, ...]:
        return tuple(question for question in self.questions if question.answer is not None)

    def without(self, data: PlantData, zone: tzinfo) -> PlantData:
        """The data less every batch that an open question makes doubtful."""
        doubtful = [question.change for question in self.open]
        return replace(data, batches=[batch for batch in data.batches if not any(_questions(change, batch, zone) for change in doubtful)])

    def require_answers(self) -> None:
        """PolicyRefusal `change-unanswered`: nothing leaves the site while a change of its data is unexplained."""
        if not self.open:
            return
        first = self.open[0]
        raise PolicyRefusal(
            "change-unanswered",
            Phrase("Changes in the data are not explained (%(count)s); the first: %(first)s", count=len(self.open), first=first.sentence),
            Phrase(
                "Find out what happened. Correct the data or declare the change in site.toml, and try again. If the first change "
                "really is what it looks like: %(lines)s",
                lines=" / ".join(line for line in first.declare.splitlines() if line),
            ),
        )


def review(site: Site, data: PlantData) -> Review:
    """Look for changes and hold them against what site.toml declares."""
    earliest = min((batch.start for batch in data.batches), default=None)
    begins = date.min if earliest is None else earliest.astimezone(site.zone).date()
    lines = lines_of(data, site.zone, [name for name, variable in site.variables.items() if variable.kind == "condition"])
    units = {step.id: step.output_unit for step in data.pack.steps}
    changes = look(data, lines, site.zone)
    questions = (
        Question(change, _answer(change, site.events, site), sentence(change, units.get(change.step, "t")), to_declare(change, begins))
        for change in (*changes, *uncounted.of_meters(data, site, changes))
    )
    return Review(tuple(questions), smallest_change.of_lines(lines, data.meters, units))


def _answer(change: Change, events: Sequence[Event], site: Site) -> Event | None:
    return next((event for event in events if _answers(event, change, site)), None)


def _answers(event: Event, change: Change, site: Site) -> bool:
    of_it = event.meter in change.meters if event.meter is not None else event.step == change.step
    if event.equipment is not None and change.equipment and event.equipment not in change.equipment:
        of_it = False
    if event.product is not None and event.product != change.product:
        of_it = False
    if event.acts and not (event.kind == "unusable" and change.kind in _OF_DAYS):
        return False
    begins, ends = event.begins(site.zone).date(), event.ends(site.zone)
    last = None if ends is None else ends.date()
    if change.days:
        return of_it and all(begins <= day and (last is None or day < last) for day in change.days)
    return of_it and (change.first is None or abs(begins - change.first) <= NEAR or (last is not None and begins <= change.first <= last))


def _questions(change: Change, batch: Batch, zone: tzinfo) -> bool:
    """Whether the change makes this batch doubtful."""
    if change.batches:
        return (batch.step, batch.batch_id) in change.batches
    if change.step and batch.step != change.step:
        return False
    if change.equipment and batch.equipment and batch.equipment not in change.equipment:
        return False
    if change.product and change.product not in {batch.variant, batch.product}:
        return False
    day = batch.start.astimezone(zone).date()
    return day in change.days if change.days else change.holds_on(day)
