"""Submissions for their owner and for a certification body, sites and their agents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.selectors import DeviceView, SiteView
from portal.intake.selectors import SubmissionView
from portal.publication.history import EnteredVersion
from portal.sentences import in_words
from portal.standings.selectors import ProtectedValueView
from portal.web.addresses import benchmark_url
from portal.web.viewmodels.shared import Item, StateWord
from portal.web.words.figures import label_decimals, number
from portal.web.words.terms import (
    SUBMISSION_STATES,
    Names,
    in_months,
    metric_name,
    over_years,
    period_name,
    shown_name,
    state,
    unit_in_words,
    with_variant,
)


@dataclass(frozen=True, slots=True)
class SubmissionRow:
    url: str
    site: str
    pack: str
    period: str
    revision: int
    numbered: str  # the revision in words
    received: datetime
    state: StateWord
    reason: str
    remedy: str
    receipt_url: str
    digest: str
    log_index: str


@dataclass(frozen=True, slots=True)
class ReleasedRow:
    """A protected value the site itself sent, as the portal holds it."""

    step: str
    metric: str
    best: str
    typical: str
    unit: str
    count_class: str


@dataclass(frozen=True, slots=True)
class SubmissionEvent:
    """What happened to a submission: at a moment, or on a day of the scheme."""

    text: str
    at: datetime | None = None
    on: date | None = None
    url: str = ""


@dataclass(frozen=True, slots=True)
class SubmissionPage:
    submission: SubmissionRow
    steps: tuple[SubmissionEvent, ...]
    values: tuple[ReleasedRow, ...]
    receipt: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class DeviceRow:
    id: str
    name: str
    enrolled: datetime
    state: StateWord
    revoke_url: str
    software: str


@dataclass(frozen=True, slots=True)
class SiteRow:
    id: str
    name: str
    sector: str
    jurisdiction: str
    token_url: str
    devices: tuple[DeviceRow, ...]
    waiting_tokens: int
    managed: bool
    retired: datetime | None
    edit_url: str  # empty for a delegate


def submission_row(view: SubmissionView, page: str = "web:submission") -> SubmissionRow:
    """One line of the list. `page` names the address of the submission for this reader."""
    return SubmissionRow(
        url=reverse(page, args=[view.digest]),
        site=shown_name(view.site_name),
        pack=Names.newest(view.pack).sector,
        period=period_name(view.period),
        revision=view.revision,
        numbered=_("revision %(n)s") % {"n": view.revision},
        received=view.received_at,
        state=state(SUBMISSION_STATES, view.state),
        reason=in_words(view.reason),
        remedy=_(
            "Correct what the reason names. Then run “steplabel-agent submit --correct”, which "
            "makes the next revision."
        )
        if view.state == "refused"
        else "",
        receipt_url=reverse(f"{page}-receipt", args=[view.digest]),
        digest=view.digest,
        log_index=f"{view.log_index:,}",
    )


def submission_page(
    view: SubmissionView,
    values: Sequence[ProtectedValueView],
    page: str = "web:submission",
    versions: Sequence[EnteredVersion] = (),
) -> SubmissionPage:
    """`versions` are those that the public has seen and the report entered; for its owner only."""
    names = Names.newest(view.pack)
    return SubmissionPage(
        submission=submission_row(view, page),
        steps=tuple(_steps(view, versions)),
        values=tuple(
            ReleasedRow(
                step=with_variant(
                    names.step_name(value.step), names.variant_name(value.step, value.variant)
                ),
                metric=metric_name(value.metric),
                best=number(value.best, label_decimals(value.best, value.typical)),
                typical=number(value.typical, label_decimals(value.best, value.typical)),
                unit=unit_in_words(value.unit),
                count_class=in_months(
                    over_years(_("%(n)s or more") % {"n": f"{value.count_class:,}"}, value.years),
                    value.months,
                ),
            )
            for value in values
        ),
        receipt=(
            Item(_("Digest of the sealed file (SHA-256)"), view.digest),
            Item(_("Log index"), f"{view.log_index:,}"),
            Item(_("Signed by agent"), view.device),
            Item(_("Sealed to key"), view.key_id),
            Item(_("Privacy ledger entry"), f"{view.ledger_sequence:,}"),
            Item(_("Size"), _("%(n)s bytes") % {"n": f"{view.size_bytes:,}"}),
        ),
    )


def _steps(view: SubmissionView, versions: Sequence[EnteredVersion]) -> Iterator[SubmissionEvent]:
    """In the order in which they happened; two of one day as they had to."""
    yield SubmissionEvent(_("Received, logged and receipted"), at=view.received_at)
    if view.decided_at is not None:
        refused = view.state == "refused"
        yield SubmissionEvent(
            _("Opened and refused") if refused else _("Opened, checked and accepted"),
            at=view.decided_at,
        )
    ends = [(version.published_on, version.version, 0, version) for version in versions]
    ends += [
        (version.withdrawn_on, version.version, 1, version)
        for version in versions
        if version.withdrawn_on is not None
    ]
    for day, number_of_version, withdrawn, entered in sorted(ends, key=lambda end: end[:3]):
        words = _("Withdrawn in version %(n)s") if withdrawn else _("Published in version %(n)s")
        yield SubmissionEvent(
            words % {"n": number_of_version}, on=day, url=benchmark_url(entered, number_of_version)
        )


def site_row(view: SiteView) -> SiteRow:
    return SiteRow(
        id=view.slug,
        name=shown_name(view.name),
        sector=Names.newest(view.pack).sector,
        jurisdiction=shown_name(view.jurisdiction),
        token_url=reverse("web:token", args=[view.slug]),
        devices=device_rows(view.devices),
        waiting_tokens=view.waiting_tokens,
        managed=view.managed and view.retired_at is None,
        retired=view.retired_at,
        edit_url=reverse("web:edit-site", args=[view.slug]) if view.led else "",
    )


def device_rows(views: Sequence[DeviceView]) -> tuple[DeviceRow, ...]:
    return tuple(
        DeviceRow(
            id=str(device.id),
            name=device.key_fingerprint,
            enrolled=device.enrolled_at,
            state=_device_state(device),
            revoke_url="" if device.revoked_at else reverse("web:revoke", args=[device.id]),
            software=device.software,
        )
        for device in views
    )


def _device_state(device: DeviceView) -> StateWord:
    if device.replaced:
        return StateWord(_("Replaced by a new key"), "wait")
    return StateWord(_("Revoked"), "no") if device.revoked_at else StateWord(_("May report"), "ok")
