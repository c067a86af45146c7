"""Engagements, findings, attestations, auditors' keys and samples, as a certification body, a firm
and the public read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from portal.web.presenters.submissions import SubmissionRow
from portal.web.viewmodels.shared import Crumb, HeadlineFigure, Item, StateWord


@dataclass(frozen=True, slots=True)
class EngagementRow:
    url: str
    site: str
    sector: str
    period: str
    due: date | None
    needs: tuple[StateWord, ...]  # nothing: nothing is to be done now
    taken_back: date | None


@dataclass(frozen=True, slots=True)
class AssignedPage:
    rows: tuple[EngagementRow, ...]
    waiting: int  # rows that need the auditor


@dataclass(frozen=True, slots=True)
class FindingRow:
    url: str
    number: int
    grade: StateWord
    text: str
    due: date
    state: StateWord


@dataclass(frozen=True, slots=True)
class SaidStep:
    act: str
    text: str
    evidence_digest: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FindingPage:
    title: str
    grade: StateWord
    state: StateWord
    waits_for_regulator: bool  # an appeal: nobody else acts here until it is decided
    may_act: bool
    may_be_appealed: bool
    answered: bool  # whether there is an answer to send back
    text: str
    evidence: str
    evidence_digest: str
    due: date
    raised_by: str
    raised_at: datetime
    steps: tuple[SaidStep, ...]
    crumbs: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class InterestRow:
    person: str
    state: StateWord
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AttestationRow:
    url: str
    code: str
    opinion: str
    state: StateWord
    valid_until: date
    surveillance_on: date | None


@dataclass(frozen=True, slots=True)
class EngagementPage:
    title: str
    caption: str
    taken_back: Item | None  # when, and why
    needs: tuple[StateWord, ...]
    figures: tuple[HeadlineFigure, ...]
    submissions: tuple[SubmissionRow, ...]
    interests: tuple[InterestRow, ...]
    declared: bool  # by the reader
    findings: tuple[FindingRow, ...]
    attestations: tuple[AttestationRow, ...]
    may_conclude: bool
    interest_url: str
    finding_url: str
    opinion_url: str
    sample_url: str
    crumbs: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class AttestationPage:
    title: str
    state: StateWord
    code: str
    opinion: str
    facts: tuple[Item, ...]  # what is said, by whom, until when
    proof: tuple[Item, ...]  # digest, key, places in the log
    withdrawal: Item | None  # when, and why
    warning: str  # a revoked key, an adverse opinion
    lead: str  # the opinion in a sentence
    to_sign: str  # address of the file that waits for the signature; empty: nothing waits
    file_name: str  # of that file
    withdraw_url: str
    verify_url: str
    statement_url: str
    certificate_url: str
    crumbs: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class AuditorKeyRow:
    fingerprint: str
    owner: str
    body: str
    registered: datetime
    state: StateWord
    revoke_url: str


@dataclass(frozen=True, slots=True)
class AuditBlock:
    """One audit at an own site, for the firm."""

    title: str
    caption: str
    findings: tuple[FindingRow, ...]
    attestations: tuple[AttestationRow, ...]
    waiting: int  # findings that wait for the plant
    draws: tuple[str, ...]  # addresses of files that say what is to be opened
    taken_back: Item | None
    goes_on: bool  # it was not, or the same body was assigned again since


@dataclass(frozen=True, slots=True)
class PlanRow:
    stratum: str
    confidence: str
    share: str


class SampleStage(StrEnum):
    """What a form of the page takes; nothing while it waits."""

    PROMISE = "promise"
    WAIT = "wait"  # for the log's next entry
    DRAW = "draw"
    COUNTS = "counts"


@dataclass(frozen=True, slots=True)
class SamplePage:
    title: str
    stage: SampleStage
    lead: str
    earlier: str  # that all this is about a revision that was replaced; empty: it is not
    figures: tuple[HeadlineFigure, ...]
    codes: tuple[Item, ...]  # failed checks with their number
    missing: tuple[Item, ...]  # checks that were not made, with what they need
    parameters: tuple[Item, ...]
    plan: tuple[PlanRow, ...]
    certainty: str
    planned: bool  # the plan is proposed, not drawn by
    about: str  # site and period, as the agent's command takes them
    folder: str  # of the audit on the auditor's machine
    give_up_url: str  # empty where no promise waits
    draw_url: str
    evidence_url: str  # empty before the sample can be drawn
    evidence_name: str  # what the evidence file is called when it is downloaded
    fingerprint: str  # of the key that signs the portal's directory
    finding_url: str
    crumbs: tuple[Crumb, ...]
