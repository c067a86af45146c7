"""A person's own account in words: its security page, and where they are signed in, by browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.sessions import SessionView
from portal.web.viewmodels.shared import StateWord
from portal.web.words.terms import enumerated


@dataclass(frozen=True, slots=True)
class SecurityPage:
    name: str
    email: str
    second_factor: StateWord
    set_up: datetime | None
    needed: bool
    codes_left: int
    keys: bool  # whether the person has a role, and so the page of API keys


@dataclass(frozen=True, slots=True)
class SessionRow:
    id: int
    program: str
    address: str
    signed_in: datetime
    here: bool


BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
"""Marks in the order in which they are told apart: Chrome calls itself Safari, too, and Android
Linux.
"""


def security_page(
    user: User, *, set_up: datetime | None, needed: bool, codes_left: int, keys: bool
) -> SecurityPage:
    if set_up is not None:
        word = StateWord(_("Set up"), "ok")
    else:
        word = (
            StateWord(_("Missing, and your role needs it"), "no")
            if needed
            else StateWord(_("Not set up"), "wait")
        )
    return SecurityPage(user.name, user.email, word, set_up, needed, codes_left, keys)


def session_rows(views: Sequence[SessionView]) -> tuple[SessionRow, ...]:
    return tuple(
        SessionRow(view.id, browser(view.program), view.address, view.signed_in, view.here)
        for view in views
    )


def browser(program: str) -> str:
    """`Firefox, Windows` out of what a browser says of itself; what is not known stands shortened
    as it is.

    >>> browser("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    'Firefox, Linux'
    """
    name = next((name for mark, name in BROWSERS if mark in program), "")
    system = next((name for mark, name in SYSTEMS if mark in program), "")
    names = enumerated(filter(None, (name, system)))
    return names or program[:60] or _("unknown program")
