"""Certificates and shared labels in words."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.defaultfilters import date as date_format
from django.utils.translation import gettext as _

from extras.sharing.certificates import CertificateView, Holding
from extras.sharing.labels import LabelRow, Labels
from extras.sharing.models import Share
from portal.assurance.attestation_standing import AttestationView
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


def audits_of_labels(labels: Labels, views: Sequence[AttestationView]) -> dict[str, Any]:
    """What bodies say of a report, for whoever was shown some of its labels: an audit vouches for
    the steps that it names and no others; `others` are the shown steps that no audit is of.
    """
    names = names_of_labels(labels)
    audited = {step for view in views for step in view.steps}
    others = [within(names.step_name(step)) for step in sorted(labels.steps - audited)]
    audits = [_audited(view, labels.steps, names) for view in views]
    return {"audits": audits, "others": enumerated(others)}


def _audited(view: AttestationView, shown: AbstractSet[str], names: Names) -> dict[str, str]:
    statement = view.statement
    steps = [
        step for step in view.steps if step in shown
    ] or view.steps  # an adverse opinion is told of steps that were not shown, too
    until = {
        "opinion": opinion_in_words(view),
        "day": date_format(statement.valid_until, _("j F Y")),
    }
    body = {
        "body": shown_name(view.body),
        "steps": enumerated(within(names.step_name(step)) for step in steps),
    }
    return {
        "sentence": str(LABEL_SENTENCES[statement.opinion, statement.assurance]) % body,
        "opinion": _("%(opinion)s; valid until %(day)s.") % until,
        "code": view.code,
    }


def label_name(label: LabelRow, names: Names) -> str:
    step = with_variant(names.step_name(label.step), names.variant_name(label.step, label.variant))
    return _("%(step)s, %(metric)s") % {"step": step, "metric": metric_name(label.metric)}


def label_certificate(view: CertificateView) -> dict[str, Any]:
    """What anybody reads who has the code, for its template."""
    words = {
        Holding.VALID: StateWord(_("Still valid"), "ok"),
        Holding.REVOKED: StateWord(_("Revoked by the firm"), "no"),
        Holding.SUPERSEDED: StateWord(
            _("Out of date: a later revision of the report was accepted"), "no"
        ),
    }
    return {"page": view, "state": words[view.holding], "report": shown_report(view.labels)}


def share_row(row: Share, now: datetime) -> tuple[Share, StateWord, bool]:
    """With its state, and whether it can be withdrawn."""
    if row.revoked_at is not None:
        return row, StateWord(_("Withdrawn"), "no"), False
    if row.expires_at <= now:
        return row, StateWord(_("Expired"), "no"), False
    return row, StateWord(_("Can be opened"), "ok"), True


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
