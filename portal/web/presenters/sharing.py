"""Certificates and shared labels in words."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from django.template.defaultfilters import date as date_format
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.assurance.attestation_standing import AttestationView
from portal.own_address import absolute
from portal.sharing.certificates import CertificateView, Holding
from portal.sharing.labels import LabelRow, Labels
from portal.sharing.shares import ShareView
from portal.web.presenters.assurance import opinion_in_words
from portal.web.viewmodels.shared import Item, StateWord
from portal.web.words.audits import LABEL_SENTENCES
from portal.web.words.figures import NONE, between, label_decimals, number
from portal.web.words.terms import (
    Names,
    enumerated,
    metric_name,
    moment_in_words,
    over_years,
    period_name,
    shown_name,
    unit_in_words,
    with_variant,
    within,
)


@dataclass(frozen=True, slots=True)
class ShownLabel:
    """One protected label in words."""

    step: str
    metric: str
    best: str
    interval: str
    typical: str
    unit: str


@dataclass(frozen=True, slots=True)
class ShownReport:
    """A report as others may see it."""

    firm: str
    site: str
    sector: str
    period: str
    rows: tuple[ShownLabel, ...]
    facts: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class AuditedBy:
    """A valid attestation of a report whose labels somebody was shown."""

    sentence: str
    opinion: str  # with the last day on which it is valid
    url: str
    code: str


@dataclass(frozen=True, slots=True)
class AuditsOfLabels:
    """Whether labels that somebody was shown were audited."""

    audits: tuple[AuditedBy, ...]
    others: str  # the shown steps that none of these audits is of


@dataclass(frozen=True, slots=True)
class CertificateBlock:
    code: str
    issued: datetime
    verify_at: str
    pdf_url: str


@dataclass(frozen=True, slots=True)
class LabelCertificate:
    """What the code of a certificate says today."""

    code: str
    state: StateWord
    issued: datetime
    ended: datetime | None  # when the firm revoked it
    report: ShownReport


@dataclass(frozen=True, slots=True)
class ShareRow:
    buyer: str
    labels: int
    state: StateWord
    until: datetime
    openings: int
    last_opened: datetime | None
    take_back_url: str  # empty where the link shows nothing any more


def shown_report(labels: Labels) -> ShownReport:
    """The labels that were chosen, and what ties them to the sealed report they are from."""
    names = names_of_labels(labels)
    return ShownReport(
        firm=shown_name(labels.firm),
        site=shown_name(labels.site_name),
        sector=names.sector,
        period=period_name(labels.period),
        rows=tuple(_row(label, names) for label in labels.rows),
        facts=(
            Item(_("Method pack"), f"{labels.pack} {labels.pack_version}".strip()),
            Item(_("Revision"), str(labels.revision)),
            Item(_("Digest of the sealed file (SHA-256)"), labels.digest),
            Item(_("Log index"), f"{labels.log_index:,}"),
            Item(_("Received"), moment_in_words(labels.received)),
        ),
    )


def names_of_labels(labels: Labels) -> Names:
    return (
        Names.of(labels.pack, labels.pack_version)
        if labels.pack_version
        else Names.newest(labels.pack)
    )


def audits_of_labels(labels: Labels, views: Sequence[AttestationView]) -> AuditsOfLabels:
    """What bodies say of a report, for whoever was shown some of its labels: an audit vouches for
    the steps that it names and no others.
    """
    names = names_of_labels(labels)
    audited = {step for view in views for step in view.steps}
    others = [within(names.step_name(step)) for step in sorted(labels.steps - audited)]
    return AuditsOfLabels(
        tuple(_audited(view, labels.steps, names) for view in views), enumerated(others)
    )


def _audited(view: AttestationView, shown: AbstractSet[str], names: Names) -> AuditedBy:
    statement = view.statement
    steps = [
        step for step in view.steps if step in shown
    ] or view.steps  # an adverse opinion is told of steps that were not shown, too
    until = {
        "opinion": opinion_in_words(view),
        "day": date_format(statement.valid_until, _("j F Y")),
    }
    return AuditedBy(
        sentence=str(LABEL_SENTENCES[statement.opinion, statement.assurance])
        % {
            "body": shown_name(view.body),
            "steps": enumerated(within(names.step_name(step)) for step in steps),
        },
        opinion=_("%(opinion)s; valid until %(day)s.") % until,
        url=reverse("web:verify", args=[view.code]),
        code=view.code,
    )


def label_name(label: LabelRow, names: Names) -> str:
    step = with_variant(names.step_name(label.step), names.variant_name(label.step, label.variant))
    return _("%(step)s, %(metric)s") % {"step": step, "metric": metric_name(label.metric)}


def certificate_block(view: CertificateView) -> CertificateBlock:
    return CertificateBlock(
        view.code,
        view.issued_at,
        absolute(reverse("web:verify", args=[view.code])),
        reverse("web:certificate-pdf", args=[view.labels.digest]),
    )


def label_certificate(view: CertificateView) -> LabelCertificate:
    """What anybody reads who has the code."""
    words = {
        Holding.VALID: StateWord(_("Still valid"), "ok"),
        Holding.REVOKED: StateWord(_("Revoked by the firm"), "no"),
        Holding.SUPERSEDED: StateWord(
            _("Out of date: a later revision of the report was accepted"), "no"
        ),
    }
    return LabelCertificate(
        view.code, words[view.holding], view.issued_at, view.ended_at, shown_report(view.labels)
    )


def share_row(view: ShareView, digest: str, now: datetime) -> ShareRow:
    if view.revoked_at is not None:
        word = StateWord(_("Withdrawn"), "no")
    elif view.expires_at <= now:
        word = StateWord(_("Expired"), "no")
    else:
        word = StateWord(_("Can be opened"), "ok")
    open_now = view.revoked_at is None and view.expires_at > now
    return ShareRow(
        buyer=view.buyer,
        labels=view.cells,
        state=word,
        until=view.expires_at,
        openings=view.openings,
        last_opened=view.last_opened_at,
        take_back_url=reverse("web:take-back", args=[digest, view.id]) if open_now else "",
    )


def _row(label: LabelRow, names: Names) -> ShownLabel:
    decimals = label_decimals(label.best, label.typical)
    return ShownLabel(
        step=over_years(
            with_variant(
                names.step_name(label.step), names.variant_name(label.step, label.variant)
            ),
            label.years,
        ),
        metric=metric_name(label.metric),
        best=number(label.best, decimals),
        interval=between(label.low, label.high, decimals) or NONE,
        typical=number(label.typical, decimals),
        unit=unit_in_words(label.unit),
    )
