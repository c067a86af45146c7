"""A firm's consent: what each report of it said, and whether it lets itself be named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from benchmarks.phrases import Name
from portal.accounts.models import Membership, Organisation, Role, User
from portal.intake.models import ReportConsent
from portal.register.inviting import led_firms
from portal.standings import naming
from portal.standings.naming import ChoiceView


@dataclass(frozen=True, slots=True)
class ReportTerms:
    """What one report said, as ids; `terms` is the digest of the wording that was shown at the
    plant.
    """

    site: str
    site_name: Name
    period: str
    revision: int
    scheme: str
    terms: str
    purpose: str
    use: str
    naming: str
    retention_years: int


@dataclass(frozen=True, slots=True)
class ConsentView:
    firm: int
    name: Name
    led: bool  # whether the reader may change the choice
    named: bool
    history: tuple[ChoiceView, ...]
    reports: tuple[ReportTerms, ...]


def consent_of(user: User, firm: int) -> ConsentView | None:
    """For the people of the firm, delegates too; None for anybody else."""
    membership = (
        Membership.objects.filter(user=user, organisation=firm, role=Role.ENTERPRISE)
        .select_related("organisation")
        .first()
    )
    if membership is None:
        return None
    organisation = membership.organisation
    rows = ReportConsent.objects.filter(submission__site__organisation=organisation).select_related(
        "submission__site"
    )
    rows = rows.defer("submission__envelope").order_by("-submission__log_index")
    history = naming.choices_of(organisation)
    return ConsentView(
        firm=organisation.pk,
        name=organisation.name,
        led=led_firms(user).filter(pk=firm).exists(),
        named=bool(history) and history[0].named,
        history=history,
        reports=tuple(_terms(row) for row in rows),
    )


def choose(user: User, firm: int, named: bool, now: datetime) -> bool:
    """Let the firm be named, or no longer; `Organisation.DoesNotExist` for a firm that the person
    does not lead.
    """
    organisation: Organisation = led_firms(user).get(pk=firm)
    return naming.choose(organisation, named, user, now)


def _terms(row: ReportConsent) -> ReportTerms:
    report = row.submission
    return ReportTerms(
        report.site.slug,
        report.site.name,
        report.period,
        report.revision,
        row.scheme,
        row.terms,
        row.purpose,
        row.use,
        row.naming,
        row.retention_years,
    )
