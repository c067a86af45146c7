"""A firm's consent in words: the ids that a report signs, and the firm's choice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.register.naming import ConsentView, ReportTerms
from portal.web.words.terms import period_name, shown_name


@dataclass(frozen=True, slots=True)
class ChoiceRow:
    at: datetime
    by: str
    choice: str


@dataclass(frozen=True, slots=True)
class TermsRow:
    report: str
    revision: int
    purpose: str
    use: str
    naming: str
    retention: str
    scheme: str
    terms: str


@dataclass(frozen=True, slots=True)
class ConsentPage:
    firm: str
    led: bool
    named: bool
    history: tuple[ChoiceRow, ...]
    reports: tuple[TermsRow, ...]


TERMS: dict[str, Promise] = {
    "industry-label": gettext_lazy(
        "to compute the industry’s label of each step and the plant’s place in it"
    ),
    "no-enforcement": gettext_lazy(
        "for information and comparison; no fine, quota, inspection or price rests on it, "
        "unless the scheme’s rules said so before the period"
    ),
    "no-enforcement-incentives": gettext_lazy(
        "for information and comparison, and as evidence where the plant is given an incentive or "
        "an audit statement; "
        "no fine, quota, inspection or price rests on it, unless the scheme’s rules said so "
        "before the period"
    ),
    "not-named-in-public": gettext_lazy("the plant is not named in anything public"),
}
"""What the ids of the agent’s terms mean; one that is not known here stands for itself."""


def consent_page(view: ConsentView) -> ConsentPage:
    return ConsentPage(
        firm=shown_name(view.name),
        led=view.led,
        named=view.named,
        history=tuple(
            ChoiceRow(
                choice.at,
                choice.by,
                _("is named beside its quarter") if choice.named else _("is not named"),
            )
            for choice in view.history
        ),
        reports=tuple(_row(report) for report in view.reports),
    )


def _row(report: ReportTerms) -> TermsRow:
    site = shown_name(report.site_name)
    return TermsRow(
        report=_("%(title)s, %(period)s") % {"title": site, "period": period_name(report.period)},
        revision=report.revision,
        purpose=_term(report.purpose),
        use=_term(report.use),
        naming=_term(report.naming),
        retention=ngettext("%(n)d year", "%(n)d years", report.retention_years)
        % {"n": report.retention_years},
        scheme=report.scheme,
        terms=report.terms,
    )


def _term(term: str) -> str:
    return str(TERMS.get(term, term))
