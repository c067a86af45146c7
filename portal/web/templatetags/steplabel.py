"""The masthead by a person's roles, saved filters above a list, and small filters for dates, zones,
languages and names of files.
"""

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
from django.urls import reverse
from django.utils import dateformat
from django.utils.timezone import localtime, now
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from portal import extras
from portal.accounts.models import Role
from portal.accounts.saved_filters import saved_by
from portal.accounts.selectors import roles_of
from portal.notifications.selectors import unread
from portal.web.areas import NAVIGATION, NavigationPart
from portal.web.lists.saved_lists import address_to_save, links, list_of
from portal.web.words import contact
from portal.web.words.figures import NONE, number, signed
from portal.web.words.terms import (
    colon,
    enumerated,
    local_in_words,
    moment_in_words,
    one_after_another,
    period_name,
    sentence_space,
    within,
    zone_name,
)

register = template.Library()


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One entry of the main navigation; `current` is the word of `aria-current`: this page, or a
    page of this part.
    """

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
        "languages": [
            (code, Language(name, language_tag(code))) for code, name in settings.LANGUAGES
        ],
        "current": get_language(),
        "csrf_token": context.get("csrf_token"),
    }


def _of(*roles: str) -> frozenset[str]:
    return frozenset(roles)


PARTS = (
    NavigationPart(gettext_lazy("Our plant"), "web:our-plants", _of(Role.ENTERPRISE)),
    NavigationPart(gettext_lazy("Tasks"), "web:home", frozenset(Role) - {Role.ENTERPRISE}),
    NavigationPart(gettext_lazy("Submissions"), "web:submissions", _of(Role.ENTERPRISE)),
    NavigationPart(gettext_lazy("Audits"), "web:audits", _of(Role.ENTERPRISE)),
    NavigationPart(
        gettext_lazy("Sites and agents"),
        "web:sites",
        _of(Role.ENTERPRISE),
        ("/agents/", "/people/", "/groups/"),
    ),
    NavigationPart(gettext_lazy("Periods"), "web:periods", _of(Role.REGULATOR), ("/packs/",)),
    NavigationPart(
        gettext_lazy("Firms"),
        "web:applications",
        _of(Role.REGULATOR),
        ("/firms/", "/sites/", "/groups/", "/conformance/", "/audit-trail/"),
    ),
    NavigationPart(
        gettext_lazy("Audits"), "web:assignments", _of(Role.REGULATOR), ("/obligatory-audits/",)
    ),
    NavigationPart(
        gettext_lazy("Assigned sites"),
        "web:assigned",
        _of(Role.CERTIFICATION_BODY),
        ("/attestations/", "/auditor-keys/"),
    ),
    NavigationPart(
        gettext_lazy("Confirmations"), "web:confirmations", _of(Role.CERTIFICATION_BODY)
    ),
)
OF_EVERYBODY = (
    NavigationPart(gettext_lazy("Sectors"), "web:sectors", also=("/sectors/", "/benchmarks/")),
    NavigationPart(gettext_lazy("Best practice"), "web:practices", also=("/practice-entries/",)),
)
"""For who has no role; others are led to them by the name of the portal and by their pages."""

FOR_VISITORS = (
    NavigationPart(gettext_lazy("Verify"), "web:verify-ask"),
    NavigationPart(gettext_lazy("About"), "web:about", also=("/methods/",)),
)
"""What who works here finds in the foot."""


def _entries(path: str, roles: frozenset[str]) -> list[NavigationEntry]:
    parts = list(PARTS) if roles else [*OF_EVERYBODY, *FOR_VISITORS]
    for added in NAVIGATION() if roles else ():
        pages = [part.page for part in parts]
        parts.insert(pages.index(added.after) + 1 if added.after else len(parts), added)
    entries = []
    for part in parts:
        if part.roles and part.roles.isdisjoint(roles):
            continue
        url = reverse(part.page)
        here = path == url or path.startswith((*part.also, *((url,) if url != "/" else ())))
        entries.append(
            NavigationEntry(str(part.text), url, here, "page" if path == url else "true")
        )
    return entries


def _returning_to(request: HttpRequest | None) -> str:
    """Where the language switch leads back to: the page itself; after a form that failed, its own
    address.
    """
    return request.get_full_path() if request else "/"


@register.inclusion_tag("web/parts/saved_filters.html", takes_context=True)
def saved_filters(context: RequestContext) -> dict[str, Any]:
    """Above the rows of a list: the person's filters of it, and where the one of this page is
    saved.
    """
    request: HttpRequest = context["request"]
    page = list_of(request.resolver_match) if request.resolver_match else ""
    if not page or not request.user.is_authenticated:
        return {}
    user = request.user
    if not roles_of(user):
        return {}
    saved = links(saved_by(user).filter(page=page), request)
    return {
        "kept": saved,
        "save_url": "" if any(link.here for link in saved) else address_to_save(request, page),
    }


register.simple_tag(sentence_space, name="space")
register.simple_tag(colon, name="colon")
register.simple_tag(contact.link, name="contact")


@register.simple_tag
def extra_pages() -> list[tuple[str, str]]:
    """Address and title of each page of an extra to which everybody is led."""
    return [(reverse(f"web:{name}"), title) for name, title in extras.public_pages()]


@register.filter
def language_tag(code: str) -> str:
    """Django's `zh-hans` as HTML wants it: `zh-Hans`."""
    language, *rest = code.split("-")
    return "-".join(
        [language, *(part.title() if len(part) == 4 else part.upper() for part in rest)]
    )


@register.filter
def during(title: str, period: str) -> str:
    """`Works 1, 2025`, with the comma of the language."""
    return _("%(title)s, %(period)s") % {"title": title, "period": period}


@register.filter
def day(value: date | None) -> str:
    """`30 June 2026`, `2026年6月30日`; a moment's day is the one in the reader's zone; empty for
    None.
    """
    if isinstance(value, datetime):
        value = localtime(value)
    return dateformat.format(value, _("j F Y")) if value else ""


@register.filter
def moment(value: datetime | None) -> str:
    """Day and time in the reader's zone, as an element that programs read, too; empty for None."""
    if not value:
        return ""
    local = localtime(value)
    context = {"exact": local.isoformat(timespec="seconds"), "words": local_in_words(local)}
    return render_to_string("web/parts/moment.html", context)


@register.filter
def figure(value: float | None, decimals: int | None = None) -> str:
    """A number as pages write it, with so many decimals or by its size; a dash for None."""
    return NONE if value is None else number(value, decimals)


@register.filter
def rise(value: float | None, decimals: int | None = None) -> str:
    """The same of a difference, with its sign."""
    return NONE if value is None else signed(value, decimals)


@register.filter
def exact(value: float) -> str:
    """As a script reads it."""
    return f"{value:.6g}"


register.filter("in_sentence", within)
register.filter("moment_in_words", moment_in_words)
register.filter("period_in_words", period_name)
register.filter("enumerated", enumerated)
register.filter("one_after_another", one_after_another)


@register.simple_tag
def readers_zone() -> str:
    """The zone that the times of this page are in, as it is now."""
    return zone_name(now())


@register.filter
def filename(url: str) -> str:
    """What a file is called when it is downloaded from there: `/draws/7.cbor` as `draw-7.cbor`."""
    return url.rstrip("/").removeprefix("/").replace("draws/", "draw-", 1)


@register.filter
def as_workbook(url: str) -> str:
    """The address of a table's CSV as that of its workbook."""
    return url.replace(".csv", ".xlsx", 1)


@register.filter
def zone(value: datetime) -> str:
    """The reader's zone at that moment: `UTC+8`."""
    return zone_name(value)


@register.filter
def beside(columns: Sequence[str], cells: Sequence[object]) -> list[tuple[str, object]]:
    """Column titles paired with their cells, for tables that become labelled rows on a phone."""
    return list(zip(columns, cells, strict=True))
