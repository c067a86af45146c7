"""The masthead with the entries that a person's roles open, and small filters for dates and languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.template import RequestContext
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve, reverse
from django.utils import dateformat
from django.utils.timezone import localtime, now
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.accounts.models import Role
from portal.accounts.selectors import roles_of
from portal.notifications.selectors import unread
from portal.register.inviting import INVITING
from portal.web import contact
from portal.web.words import enumerated, local_in_words, moment_in_words, one_after_another, sentence_space, zone_name

register = template.Library()

ENGAGEMENT_PAGES = (
    "assigned-deliveries",
    "assigned",
    "assigned-submission",
    "engagement",
    "engagement-interest",
    "engagement-new-finding",
    "engagement-finding",
    "engagement-opinion",
    "engagement-sample",
    "attestation",
    "attestation-withdraw",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the main navigation; `current` is the word of `aria-current`: this page, or a page of this part."""

    text: str
    url: str
    here: bool
    current: str


@dataclass(frozen=True, slots=True)
class Language:
    text: str
    tag: str


@register.inclusion_tag("web/parts/masthead.html", takes_context=True)
def masthead(context: RequestContext) -> dict[str, Any]:
    """Brand, navigation by role, sign-in, language switch."""
    request: HttpRequest | None = context.get("request")
    path = request.path if request else "/"
    user = getattr(request, "user", None)
    return {
        "entries": _entries(path, roles_of(user) if user is not None else frozenset()),
        "user": user,
        "unread": unread(user.pk) if user is not None and user.is_authenticated else 0,
        "path": _returning_to(request),
        "languages": [(code, Language(name, language_tag(code))) for code, name in settings.LANGUAGES],
        "current": get_language(),
        "csrf_token": context.get("csrf_token"),
    }


PACK_PAGES = ("packs", "open-period", "close-period", "obliged", "obliged-list", "take-up", "proposals", "propose", "proposal")


def _entries(path: str, roles: frozenset[str]) -> list[Entry]:
    offered: list[tuple[str, str, tuple[str, ...]]] = [(_("Benchmarks"), "web:benchmarks", ("benchmarks", "benchmark"))]
    if Role.ENTERPRISE in roles:
        offered += [
            (_("Where we stand"), "web:stand", ("stand", "stand-trend")),
            (_("Submissions"), "web:submissions", ("submissions", "submission", "upload", "show")),
            (_("Sites and agents"), "web:sites", ("sites", "token", "revoke", "new-site", "edit-site", "retire-site", "access")),
            (_("Audits"), "web:audits", ("audits", "audit-finding")),
        ]
    if Role.REGULATOR in roles:
        offered.append((_("At a glance"), "web:overview", ("overview",)))
        offered.append((_("Packs and periods"), "web:packs", PACK_PAGES))
        offered.append(
            (
                _("Publications"),
                "web:publications",
                ("publications", "participation", "agents", "deadlines", "standings", "draft", "withdraw"),
            )
        )
        offered.append((_("Assignments"), "web:assignments", ("assignments", "assign", "assign-site", "take-assignment-back")))
        offered.append((_("Obligatory audits"), "web:obliged-audits", ("obliged-audits", "obliged-audit", "take-system-back")))
        offered.append((_("Incentives"), "web:incentives", ("incentives",)))
        offered.append((_("Audit trail"), "web:trail", ("trail",)))
        offered.append((_("Conformance"), "web:conformance", ("conformance", "confirm-result")))
        offered.append((_("Applications"), "web:applications", ("applications", "firm-application", "site-application")))
    if Role.CERTIFICATION_BODY in roles:
        offered.append((_("Assigned sites"), "web:assigned", ENGAGEMENT_PAGES))
        offered.append((_("Signing keys"), "web:auditor-keys", ("auditor-keys", "revoke-auditor-key")))
    if Role.PROVIDER in roles:
        offered.append((_("Your sources and sites"), "web:provider", ("provider", "granted")))
    if Role.SUPPLIER in roles:
        offered.append((_("Declared deliveries"), "web:supplier", ("supplier",)))
    if Role.ACADEMIC in roles:
        offered.append((_("Data downloads"), "web:downloads", ("downloads",)))
    if not roles.isdisjoint(INVITING):
        offered.append((_("People"), "web:people", ("people", "member", "leave", "record", "consent")))
    try:
        here = resolve(path).url_name
    except Resolver404:
        here = None
    entries = []
    for text, name, part in offered:
        url = reverse(name)
        entries.append(Entry(text, url, here in part, "page" if path == url else "true"))
    return entries


def _returning_to(request: HttpRequest | None) -> str:
    """Where the language switch leads back to: the page itself; after a form that failed, its own address."""
    return request.get_full_path() if request else "/"


register.simple_tag(sentence_space, name="space")
register.simple_tag(contact.link, name="contact")


@register.filter
def language_tag(code: str) -> str:
    """Django's `zh-hans` as HTML wants it: `zh-Hans`."""
    language, *rest = code.split("-")
    return "-".join([language, *(part.title() if len(part) == 4 else part.upper() for part in rest)])


@register.filter
def day(value: date | None) -> str:
    """`30 June 2026`, `2026年6月30日`; a moment's day is the one in the reader's zone; empty for None."""
    if isinstance(value, datetime):
        value = localtime(value)
    return dateformat.format(value, _("j F Y")) if value else ""


@register.filter
def moment(value: datetime | None) -> str:
    """Day and time in the reader's zone, as an element that programs read, too; empty for None."""
    if not value:
        return ""
    local = localtime(value)
    told = {"exact": local.isoformat(timespec="seconds"), "words": local_in_words(local)}
    return render_to_string("web/parts/moment.html", told)


register.filter("moment_in_words", moment_in_words)
register.filter("enumerated", enumerated)
register.filter("one_after_another", one_after_another)


@register.simple_tag
def readers_zone() -> str:
    """The zone that the times of this page are in, as it is now."""
    return zone_name(now())


@register.filter
def zone(value: datetime) -> str:
    """The reader's zone at that moment: `UTC+8`."""
    return zone_name(value)


@register.filter
def beside(columns: Sequence[str], cells: Sequence[object]) -> list[tuple[str, object]]:
    """Column titles paired with their cells, for tables that become labelled rows on a phone."""
    return list(zip(columns, cells, strict=True))
