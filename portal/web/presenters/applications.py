"""Firms and sites that wish to take part, as a regulator reads them, and as their own firm does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.accounts.models import Role
from portal.register.models import FirmApplication, SiteApplication
from portal.register.selectors import SiteWishView
from portal.web.forms.registering import KINDS, SIZES
from portal.web.viewmodels.methods import Fact, MethodSheet
from portal.web.viewmodels.shared import Crumb, Item, StateWord
from portal.web.words.terms import Names, moment_in_words, shown_name


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """A firm or a site that wishes to take part, for a regulator."""

    url: str
    name: str
    jurisdiction: str
    since: datetime
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class OwnWish:
    """What a firm asked for and was not granted yet."""

    name: str
    what: str
    since: datetime
    state: StateWord
    reason: str


def firm_wish(row: FirmApplication) -> ApplicationRow:
    return ApplicationRow(
        url=reverse("web:firm-application", args=[row.pk]),
        name=shown_name(row.name),
        jurisdiction=shown_name(row.jurisdiction.name),
        since=row.decided_at or row.confirmed_at or row.applied_at,
        items=(
            Item(_("What it is"), str(KINDS[Role(row.kind)])),
            Item(_("Name of the firm"), " · ".join(row.name.by_language.values())),
            *_code(row.credit_code),
            *(
                (Item(_("Controlling firm, as written by the applicant"), row.controlling_firm),)
                if row.controlling_firm
                else ()
            ),
            Item(_("Contact"), ", ".join(filter(None, (row.contact, row.email, row.telephone)))),
        ),
    )


def site_wish(row: SiteApplication) -> ApplicationRow:
    size = str(SIZES[row.size_class])  # type: ignore[index] # a text choice is its text
    if row.site is not None:
        size = _("%(now)s instead of %(before)s") % {
            "now": size,
            "before": SIZES[row.site.size_class],  # type: ignore[index]
        }
    return ApplicationRow(
        url=reverse("web:site-application", args=[row.pk]),
        name=shown_name(row.name),
        jurisdiction=shown_name(row.jurisdiction.name),
        since=row.applied_at,
        items=(
            Item(_("Firm"), shown_name(row.organisation.name)),
            Item(_("Id of the site"), row.slug),
            *_code(row.credit_code),
            Item(_("Sector"), Names.newest(row.pack).sector),
            Item(_("Size class"), size),
            Item(_("Requested by"), row.applied_by),
        ),
    )


def _code(code: str) -> tuple[Item, ...]:
    return (Item(_("Unified social credit code"), code),) if code else ()


def decided_page(row: FirmApplication | SiteApplication, typed: str | None) -> MethodSheet:
    """For an officer who comes second: who decided what, when and why.

    `typed` is the reason that this officer gave, which nobody was sent; None where nothing was
    sent.
    """
    facts = [
        Fact(_("Decision"), _("approved") if row.approved else _("refused")),
        Fact(_("Decided by"), row.decided_by),
    ]
    if row.decided_at is not None:
        facts.append(Fact(_("Decided at"), moment_in_words(row.decided_at)))
    if row.reason:
        facts.append(Fact(_("Reason"), row.reason))
    if typed:
        facts.append(Fact(_("What you typed"), typed))
    crumbs = (Crumb(pgettext("heading", "Firms"), reverse("web:applications")),)
    lead = (
        _("This application is decided already. Nothing of what you sent was recorded.")
        if typed is not None
        else ""
    )
    return MethodSheet(
        _("Decided: %(name)s") % {"name": shown_name(row.name)}, crumbs, lead, tuple(facts)
    )


def own_wish(view: SiteWishView) -> OwnWish:
    what = (
        _("size class: %(size)s") % {"size": SIZES[view.size_class]}  # type: ignore[index]
        if view.resize
        else _("new site")
    )
    state = (
        StateWord(_("Refused"), "no")
        if view.refused
        else StateWord(_("Waits for the regulator"), "wait")
    )
    return OwnWish(
        f"{shown_name(view.name)} ({view.slug})", what, view.applied_at, state, view.reason
    )
