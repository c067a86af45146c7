"""Changes as questions: which of them site.toml answers, which are open, and the data without what
they question.

An event that acts (ratio, unit, clock, swap, unusable) answers by what it does. `process` moves no
value and answers from its beginning with a reason, but never readings below nothing. `stopped` and
`rounding` explain no change of what is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.errors import PolicyRefusal
from benchmarks.measurements import Batch
from benchmarks.phrases import Phrase
from reporting_agent.changes import smallest_change, uncounted
from reporting_agent.changes.change import Change, ChangeKind
from reporting_agent.changes.lines import lines_of
from reporting_agent.changes.looking import look
from reporting_agent.changes.smallest_change import SmallestChange
from reporting_agent.changes.telling import sentence, to_declare
from reporting_agent.config import SiteSettings
from reporting_agent.config.events import DeclaredEvent
from reporting_agent.pipeline import PlantData

NEAR = timedelta(days=15)
_OF_DAYS = frozenset(
    {ChangeKind.DEAD, ChangeKind.PARTS, ChangeKind.REPEATED, ChangeKind.LEAP, ChangeKind.NEGATIVE}
)


@dataclass(frozen=True, slots=True)
class ChangeQuestion:
    """One change, what answers it, and what would."""

    change: Change
    answer: DeclaredEvent | None
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

    questions: tuple[ChangeQuestion, ...] = ()
    limits: tuple[SmallestChange, ...] = ()

    @property
    def open(self) -> tuple[ChangeQuestion, ...]:
        return tuple(question for question in self.questions if question.answer is None)

    @property
    def answered(self) -> tuple[ChangeQuestion, ...]:
        return tuple(question for question in self.questions if question.answer is not None)

    def without(self, data: PlantData, zone: tzinfo) -> PlantData:
        """The data less every batch that an open question makes doubtful."""
        doubtful = [question.change for question in self.open]
        return replace(
            data,
            batches=[
                batch
                for batch in data.batches
                if not any(makes_doubtful(change, batch, zone) for change in doubtful)
            ],
        )

    def require_answers(self) -> None:
        """PolicyRefusal `change-unanswered`: nothing leaves the site while a change of its data is
        unexplained.
        """
        if not self.open:
            return
        first = self.open[0]
        raise PolicyRefusal(
            "change-unanswered",
            Phrase(
                "Changes in the data are not explained (%(count)s); the first: %(first)s",
                count=len(self.open),
                first=first.sentence,
            ),
            Phrase(
                "Find out what happened. Correct the data or declare the change in site.toml, and "
                "try again. If the first change "
                "really is what it looks like: %(lines)s",
                lines=" / ".join(line for line in first.declare.splitlines() if line),
            ),
        )


def review(site: SiteSettings, data: PlantData) -> Review:
    """Look for changes and hold them against what site.toml declares."""
    earliest = min((batch.start for batch in data.batches), default=None)
    begins = date.min if earliest is None else earliest.astimezone(site.zone).date()
    lines = lines_of(
        data,
        site.zone,
        [name for name, variable in site.variables.items() if variable.kind == "condition"],
    )
    units = {step.id: step.output_unit for step in data.pack.steps}
    changes = look(data, lines, site.zone)
    questions = (
        ChangeQuestion(
            change,
            answer(change, site.events, site.zone, begins),
            sentence(change, units.get(change.step, "t")),
            to_declare(change, begins),
        )
        for change in (*changes, *uncounted.of_meters(data, site, changes))
    )
    return Review(tuple(questions), smallest_change.of_lines(lines, data.meters, units))


def answer(
    change: Change, events: Sequence[DeclaredEvent], zone: ZoneInfo, earliest: date
) -> DeclaredEvent | None:
    """The event that answers a change, or the first of several that declare each of its days
    unusable.
    """
    own = [event for event in events if is_declared_of(event, change)]
    if (
        alone := next(
            (event for event in own if answers_change(event, change, zone, earliest)), None
        )
    ) is not None:
        return alone
    unusable = (
        [event for event in own if event.kind == "unusable"]
        if change.kind in _OF_DAYS and change.days
        else []
    )
    return (
        next(iter(unusable), None)
        if all(any(_holds(event, day, zone) for event in unusable) for day in change.days)
        else None
    )


def is_declared_of(event: DeclaredEvent, change: Change) -> bool:
    """Whether it was declared of the meter, or of the step, line and product that changed."""
    if event.meter is not None:
        return event.meter in change.meters
    own_line = (
        event.equipment is None or not change.equipment or event.equipment in change.equipment
    )
    return event.step == change.step and own_line and event.product in {None, change.product}


def answers_change(event: DeclaredEvent, change: Change, zone: ZoneInfo, earliest: date) -> bool:
    """Whether unusable time holds all days of the change, or a process began (or ended) with it;
    what holds throughout began with the record, at `earliest`."""
    begins, ends = event.begins(zone).date(), event.ends(zone)
    last = None if ends is None else ends.date()
    if not all(_holds(event, day, zone) for day in change.days):
        return False
    if event.kind == "unusable" and change.kind in _OF_DAYS:
        if change.days:
            return True
    elif (
        event.kind != "process" or change.kind is ChangeKind.NEGATIVE
    ):  # no process makes energy of what flows in; a range says that it can
        return False
    first = change.days[0] if change.days else change.first
    if first is not None:
        return _near(begins, first) or _near(last, first)
    return _near(begins, earliest) and (last is None or _near(last, change.until))


def _holds(event: DeclaredEvent, day: date, zone: ZoneInfo) -> bool:
    ends = event.ends(zone)
    return event.begins(zone).date() <= day and (ends is None or day < ends.date())


def _near(day: date | None, other: date | None) -> bool:
    return day is not None and other is not None and abs(day - other) <= NEAR


def makes_doubtful(change: Change, batch: Batch, zone: tzinfo) -> bool:
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
