"""An engagement: a site and period with reports, findings, interests and attestations, for body,
firm and regulator; and appeals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Prefetch, Q, QuerySet

from benchmarks.phrases import Name
from portal.accounts.models import Role, User
from portal.accounts.selectors import organisations_as, own_sites, regulated_sites
from portal.assurance.attestation_standing import (
    AttestationView,
    has_conclusion,
    views_of,
    with_names,
)
from portal.assurance.auditors import acting_for
from portal.assurance.models import (
    Assignment,
    Attestation,
    Finding,
    FindingStep,
    InterestDeclaration,
    Sample,
)
from portal.assurance.models.assigned import OF_THE_FIRM_NOW, goes_on, interests_by_enterprise
from portal.assurance.models.findings import (
    ENDED,
    WAITS_FOR_PLANT,
    FindingAct,
    FindingGrade,
    last_act,
)
from portal.intake.models import Submission, SubmissionState
from portal.intake.selectors import SubmissionView
from portal.intake.selectors import views_of as submission_views


@dataclass(frozen=True, slots=True)
class FindingStepView:
    act: FindingAct
    text: str
    evidence_digest: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FindingView:
    assignment: int  # that it was raised under
    number: int
    grade: FindingGrade
    text: str
    evidence: str
    evidence_digest: str
    due: date
    raised_by: str
    raised_at: datetime
    steps: tuple[FindingStepView, ...]
    ended_with_firm: bool = False  # no step tells of that

    @property
    def last(self) -> FindingAct | None:
        if self.ended_with_firm:
            return FindingAct.CLOSED
        return self.steps[-1].act if self.steps else None

    @property
    def closed(self) -> bool:
        return self.last in ENDED

    @property
    def answered(self) -> bool:
        """Whether it waits for the auditor."""
        return self.last is FindingAct.ANSWERED

    @property
    def appealed(self) -> bool:
        """Whether it waits for the regulator."""
        return self.last is FindingAct.APPEALED

    @property
    def was_appealed(self) -> bool:
        return any(step.act is FindingAct.APPEALED for step in self.steps)

    @property
    def waits_for_plant(self) -> bool:
        return self.last in WAITS_FOR_PLANT

    def overdue(self, today: date) -> bool:
        """Whether the plant's answer is late."""
        return self.waits_for_plant and today > self.due


@dataclass(frozen=True, slots=True)
class DeclarationView:
    """What a person of the body last declared here; or an interest in the firm, in whichever
    engagement it was declared.
    """

    person: str
    person_id: int
    mine: bool
    acts: bool  # for the body, today: what somebody declared who has left frees nobody else
    interested: bool
    text: str
    declared_at: datetime


@dataclass(frozen=True, slots=True)
class EngagementView:
    id: int
    body: Name
    site: str
    site_name: Name
    pack: str
    period: str
    assigned_at: datetime
    due: date | None
    sees_values: bool
    taken_back_at: datetime | None
    taken_back_reason: str
    # it stands, or the same body was given the site and period anew: findings are dealt with
    goes_on: bool
    ended_with_firm: bool  # an appeal that waits is decided no more
    submissions: tuple[
        SubmissionView, ...
    ]  # all revisions, newest first; none for the body once it was taken back
    findings: tuple[FindingView, ...]
    earlier: tuple[
        FindingView, ...
    ]  # where it stands: of the same body, from before the site and period were given to it anew
    declarations: tuple[DeclarationView, ...]  # one of each person
    attestations: tuple[AttestationView, ...]  # newest first, without the discarded
    draws: tuple[int, ...]  # samples that were drawn, newest first
    concluded: bool

    @property
    def accepted(self) -> SubmissionView | None:
        return next(
            (
                submission
                for submission in self.submissions
                if submission.state == SubmissionState.ACCEPTED
            ),
            None,
        )

    @property
    def mine(self) -> DeclarationView | None:
        return next((declaration for declaration in self.declarations if declaration.mine), None)

    @property
    def every_finding(self) -> tuple[FindingView, ...]:
        """All that the body has to settle here before it concludes, earliest first."""
        return (*self.earlier, *self.findings)

    @property
    def open_majors(self) -> int:
        return sum(
            finding.grade == FindingGrade.MAJOR and not finding.closed
            for finding in self.every_finding
        )


def assigned_to(user: User) -> QuerySet[Assignment]:
    """The assignments of the certification bodies the person acts for, also those that were taken
    back: what they found stays readable.
    """
    return Assignment.objects.filter(body__in=organisations_as(user, Role.CERTIFICATION_BODY))


def checked_by(user: User) -> QuerySet[Assignment]:
    """Those of them that stand: the only ones that open a report."""
    return assigned_to(user).filter(taken_back_at=None)


def engagements_of(user: User, today: date) -> tuple[EngagementView, ...]:
    """Those of the person's bodies, newest period first."""
    return _views(assigned_to(user).order_by("-period", "site__slug"), user, today)


def engagement(user: User, assignment: int, today: date) -> EngagementView | None:
    return next(iter(_views(assigned_to(user).filter(pk=assignment), user, today)), None)


def engagements_regulated(user: User, today: date) -> tuple[EngagementView, ...]:
    """Those of every body at the sites that the person regulates, as the firm sees them."""
    rows = Assignment.objects.filter(site__in=regulated_sites(user)).order_by(
        "-period", "site__slug"
    )
    return _views(rows, user, today, outside=True)


def audits_of_own_sites(user: User, today: date) -> tuple[EngagementView, ...]:
    """The engagements at the person's own sites: findings and what was issued; who declared what is
    the body's.
    """
    rows = Assignment.objects.filter(site__in=own_sites(user)).order_by("-period", "site__slug")
    return _views(rows, user, today, outside=True)


def audits_at(user: User, sites: Collection[int], today: date) -> tuple[EngagementView, ...]:
    """Those at these sites, as their firm sees them; for a caller who let the reader in."""
    return _views(
        Assignment.objects.filter(site__in=sites).order_by("-period"), user, today, outside=True
    )


def audit_of_own_site(user: User, assignment: int, today: date) -> EngagementView | None:
    rows = Assignment.objects.filter(site__in=own_sites(user), pk=assignment)
    return next(iter(_views(rows, user, today, outside=True)), None)


def findings_to_answer(user: User) -> tuple[Finding, ...]:
    """Those at the person's own sites that wait for the plant, in engagements that go on."""
    answered = {act for act in WAITS_FOR_PLANT if act is not None}
    rows = Finding.objects.alias(last=last_act(), goes_on=goes_on("assignment__")).filter(
        Q(last=None) | Q(last__in=answered),
        goes_on=True,
        assignment__site__in=own_sites(user),
    )
    return tuple(rows.select_related("assignment__site", "assignment__body").order_by("pk"))


def appeals_regulated(user: User) -> tuple[Finding, ...]:
    """The findings whose appeal waits for the person, oldest first."""
    waiting = Finding.objects.alias(last=last_act()).filter(last=FindingAct.APPEALED)
    rows = waiting.filter(assignment__site__in=regulated_sites(user)).select_related(
        "assignment__site", "assignment__body"
    )
    return tuple(rows.order_by("pk"))


def appealed_finding(
    user: User, assignment: int, number: int, today: date
) -> tuple[EngagementView, FindingView] | None:
    """A finding that the firm brought before the regulator; of any other a regulator reads the
    grade and the state alone.
    """
    rows = Assignment.objects.filter(site__in=regulated_sites(user), pk=assignment)
    view = next(iter(_views(rows, user, today, outside=True)), None)
    appealed = (
        next((finding for finding in view.findings if finding.number == number), None)
        if view
        else None
    )
    return (view, appealed) if view and appealed and appealed.was_appealed else None


def _views(
    rows: QuerySet[Assignment], user: User, today: date, *, outside: bool = False
) -> tuple[EngagementView, ...]:
    states = (Attestation.State.ISSUED, Attestation.State.WITHDRAWN) if outside else tuple(_SHOWN)
    rows = rows.select_related("body", "site__organisation").annotate(
        goes_on=goes_on(), concluded=has_conclusion()
    )
    assignments = list(
        rows.prefetch_related(
            Prefetch("samples", Sample.objects.exclude(draw=None).only("assignment")),
            Prefetch(
                "attestations",
                with_names(Attestation.objects.filter(state__in=states)).order_by("-pk"),
            ),
        )
    )
    findings = _findings(assignments)
    # what people of the body declared is for the body: elsewhere it is not even read
    declared = {} if outside else _declared(assignments, user)
    # one question for all of them; what is of another period of the same site falls out below
    theirs = Submission.objects.filter(
        site__in={row.site_id for row in assignments},
        period__in={row.period for row in assignments},
    )
    reports: dict[tuple[str, str], list[SubmissionView]] = {}
    for view in submission_views(theirs.order_by("-revision")):
        reports.setdefault((view.site, view.period), []).append(view)
    return tuple(
        EngagementView(
            id=row.pk,
            body=row.body.name,
            site=row.site.slug,
            site_name=row.site.name,
            pack=row.site.pack,
            period=row.period,
            assigned_at=row.assigned_at,
            due=row.due,
            sees_values=row.sees_values,
            taken_back_at=row.taken_back_at,
            taken_back_reason=row.taken_back_reason,
            goes_on=row.goes_on,
            ended_with_firm=row.ended_with_firm,
            submissions=tuple(reports.get((row.site.slug, row.period), ()))
            if outside or row.taken_back_at is None
            else (),
            findings=tuple(
                finding for finding in findings[_engaged(row)] if finding.assignment == row.pk
            ),
            earlier=tuple(
                finding
                for finding in findings[_engaged(row)]
                if row.taken_back_at is None and finding.assignment != row.pk
            ),
            declarations=declared.get(row.pk, ()),
            attestations=views_of(row.attestations.all(), today),
            draws=tuple(sample.pk for sample in row.samples.all()),
            concluded=row.concluded,
        )
        for row in assignments
    )


_SHOWN = (Attestation.State.DRAWN_UP, Attestation.State.ISSUED, Attestation.State.WITHDRAWN)


def _engaged(row: Assignment) -> tuple[int, int, str]:
    """What is given to a body anew: itself, the site and the period."""
    return row.body_id, row.site_id, row.period


def _findings(
    assignments: Sequence[Assignment],
) -> defaultdict[tuple[int, int, str], list[FindingView]]:
    """All of these bodies at these sites and periods, by all three, earliest first."""
    rows = Finding.objects.filter(
        assignment__body__in={row.body_id for row in assignments},
        assignment__site__in={row.site_id for row in assignments},
        assignment__period__in={row.period for row in assignments},
    )
    steps = Prefetch("steps", FindingStep.objects.select_related("by").order_by("pk"))
    findings: defaultdict[tuple[int, int, str], list[FindingView]] = defaultdict(list)
    for row in (
        rows.select_related("raised_by", "assignment").prefetch_related(steps).order_by("pk")
    ):
        findings[_engaged(row.assignment)].append(_finding(row))
    return findings


def _finding(row: Finding) -> FindingView:
    steps = tuple(
        FindingStepView(
            FindingAct(step.act), step.text, step.evidence_digest, str(step.by), step.at
        )
        for step in row.steps.all()
    )
    return FindingView(
        row.assignment_id,
        row.number,
        FindingGrade(row.grade),
        row.text,
        row.evidence,
        row.evidence_digest,
        row.due,
        str(row.raised_by),
        row.raised_at,
        steps,
        ended_with_firm=row.assignment.ended_with_firm,
    )


def _declared(
    assignments: Sequence[Assignment], user: User
) -> dict[int, tuple[DeclarationView, ...]]:
    """By assignment, what each person of its body last declared in it about the firm of today;
    their interests in that firm wherever they declared them."""
    rows = InterestDeclaration.objects.filter(
        OF_THE_FIRM_NOW, assignment__in=assignments, interested=False
    )
    acting = acting_for({row.body_id for row in assignments})
    none: defaultdict[int, dict[int, DeclarationView]] = defaultdict(dict)
    for declaration in rows.select_related("person", "assignment").order_by("pk"):
        none[declaration.assignment_id][declaration.person_id] = _declaration(
            declaration, user, acting
        )
    interests = interests_by_enterprise({row.site.organisation for row in assignments})
    declared: dict[int, tuple[DeclarationView, ...]] = {}
    for row in assignments:
        of_body = [
            interest
            for interest in interests[row.site.organisation_id]
            if interest.assignment.body_id == row.body_id
        ]
        of_people = {
            interest.person_id: _declaration(interest, user, acting) for interest in of_body
        }
        # an interest takes the place of what the same person declared before it was known
        declared[row.pk] = tuple((none[row.pk] | of_people).values())
    return declared


def _declaration(
    row: InterestDeclaration, user: User, acting: set[tuple[int, int]]
) -> DeclarationView:
    acts = (row.assignment.body_id, row.person_id) in acting
    return DeclarationView(
        str(row.person),
        row.person_id,
        row.person_id == user.pk,
        acts,
        row.interested,
        row.text,
        row.declared_at,
    )
