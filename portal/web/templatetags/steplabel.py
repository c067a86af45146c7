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
from django.template.defaultfilters import date as date_format
from django.urls import Resolver404, resolve, reverse
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.accounts.models import Role
from portal.accounts.selectors import roles_of
from portal.web.words import sentence_space

register = template.Library()


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
        "path": _returning_to(request),
        "languages": [(code, Language(name, language_tag(code))) for code, name in settings.LANGUAGES],
        "current": get_language(),
        "csrf_token": context.get("csrf_token"),
    }


def _entries(path: str, roles: frozenset[str]) -> list[Entry]:
    offered: list[tuple[str, str, tuple[str, ...]]] = [(_("Benchmarks"), "web:benchmarks", ("benchmarks", "benchmark"))]
    if Role.ENTERPRISE in roles:
        offered += [
            (_("Where we stand"), "web:stand", ("stand",)),
            (_("Submissions"), "web:submissions", ("submissions", "submission", "upload")),
            (_("Sites and agents"), "web:sites", ("sites", "token", "revoke")),
        ]
    if Role.REGULATOR in roles:
        offered.append((_("Publications"), "web:publications", ("publications", "participation", "draft", "withdraw")))
    if Role.CERTIFICATION_BODY in roles:
        offered.append((_("Assigned submissions"), "web:assigned", ("assigned", "assigned-submission")))
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


@register.filter
def language_tag(code: str) -> str:
    """Django's `zh-hans` as HTML wants it: `zh-Hans`."""
    return "zh-Hans" if code == "zh-hans" else code


@register.filter
def day(value: date | None) -> str:
    """`30 June 2026`, `2026年6月30日`; empty for None."""
    return date_format(value, _("j F Y")) if value else ""


@register.filter
def moment(value: datetime | None) -> str:
    """Day and time in the portal's time zone; empty for None."""
    return date_format(localtime(value), _("j F Y, H:i")) if value else ""


@register.filter
def beside(columns: Sequence[str], cells: Sequence[object]) -> list[tuple[str, object]]:
    """Column titles paired with their cells, for tables that become labelled rows on a phone."""
    return list(zip(columns, cells, strict=True))
