"""What an engagement asks of the auditor on a day: for the first page of a body and for the reminders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from portal.assurance.attestation_standing import Standing
from portal.assurance.engagements import EngagementView
from portal.assurance.models.findings import Grade

BEFORE_EXPIRY = timedelta(days=90)
"""Time to arrange a new audit."""

BEFORE_VISIT = timedelta(days=30)
BEFORE_DUE = timedelta(days=30)


class Need(StrEnum):
    """In the order in which they are shown: what holds everything up comes first."""

    TAKE_OVER = "take-over"  # everybody who declared has an interest
    DECLARE = "declare"  # nobody has declared
    OVERDUE = "overdue"  # the conclusion is late
    DUE_SOON = "due-soon"
    ANSWERED = "answered"  # findings that the plant has answered
    LATE_ANSWERS = "late-answers"  # findings whose answer is late
    SIGN = "sign"  # drawn up, not signed
    SURVEILLANCE = "surveillance"
    EXPIRES = "expires"
    CONCLUDE = "conclude"  # nothing stands in the way


@dataclass(frozen=True, slots=True)
class Asked:
    need: Need
    count: int = 0
    day: date | None = None


def needs(view: EngagementView, today: date) -> tuple[Asked, ...]:
    """Nothing where nothing is to be done now, and of what was taken back."""
    if view.taken_back_at is not None:
        return ()
    asked: list[Asked] = []
    valid = next((one for one in view.attestations if one.standing is Standing.VALID), None)
    drawn = [one for one in view.attestations if one.standing is Standing.DRAWN_UP]
    concluded = valid is not None
    free = any(not one.interested for one in view.declarations)
    if not concluded and view.accepted is not None and not free:
        asked.append(Asked(Need.TAKE_OVER if view.declarations else Need.DECLARE))
    if not concluded and view.due is not None and today > view.due - BEFORE_DUE:
        asked.append(Asked(Need.OVERDUE if today > view.due else Need.DUE_SOON, day=view.due))
    if answered := sum(one.answered for one in view.findings):
        asked.append(Asked(Need.ANSWERED, answered))
    if late := sum(one.overdue(today) for one in view.findings):
        asked.append(Asked(Need.LATE_ANSWERS, late))
    if drawn:
        asked.append(Asked(Need.SIGN, len(drawn)))
    if valid is not None:
        visit = valid.statement.surveillance_on
        if visit is not None and today > visit - BEFORE_VISIT:
            asked.append(Asked(Need.SURVEILLANCE, day=visit))
        if today > valid.statement.valid_until - BEFORE_EXPIRY:
            asked.append(Asked(Need.EXPIRES, day=valid.statement.valid_until))
    open_findings = any(not one.closed and one.grade != Grade.OBSERVATION for one in view.findings)
    if not concluded and not drawn and free and view.accepted is not None and not open_findings:
        asked.append(Asked(Need.CONCLUDE))
    return tuple(asked)
