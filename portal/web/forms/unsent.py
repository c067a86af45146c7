"""What was typed into a form after the session had ended, or before a password is asked for again:
carried through that, shown, and sent when its author says so.

The browser carries it, signed, until a password has been given: nothing is kept for whoever has
none. Files cannot be carried, and passwords are not; a page that was open for hours is no reason to
lose a page of text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.http import HttpRequest

FIELD = "unsent"
"""The hidden field of the sign-in form, and the key in the session."""

GOOD_FOR_S = 3600
MOST_CHARACTERS = 60_000
SALT = "steplabel.unsent"
BEHIND = frozenset(
    {"read_against", "when", "do", "act", "answers", "choose", "session", "withdraw"}
)
"""Fields that a page sends along by itself, which mean nothing to who reads them."""

NEVER = frozenset(
    {"csrfmiddlewaretoken", "password", "password1", "password2", "again", "code", FIELD}
)


@dataclass(frozen=True, slots=True)
class UnsentForm:
    """A form that was not taken: where it goes, what stood in it, the fields whose files must be
    chosen again, and whether its author was signed in and only asked for the password again."""

    path: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...]
    again: bool

    @property
    def typed(self) -> tuple[tuple[str, str], ...]:
        return tuple((name, value) for name, value in self.fields if name not in BEHIND)


def packed(request: HttpRequest, *, again: bool = False) -> str:
    """What this request brought, signed; empty where nothing was typed, or too much. `again`: a
    signed-in person is asked once more.
    """
    fields = [
        [name, value]
        for name, values in request.POST.lists()
        if name not in NEVER
        for value in values
    ]
    if request.method != "POST" or not any(value.strip() for _name, value in fields):
        return ""
    if sum(len(value) for _name, value in fields) > MOST_CHARACTERS:
        return ""
    return signing.dumps(
        [request.get_full_path(), fields, sorted(request.FILES), again], salt=SALT, compress=True
    )


def keep(request: HttpRequest, carried: str) -> None:
    """Put it into the session of a person who has given the password. What nobody here signed is
    dropped.
    """
    if carried and _read(carried) is not None:
        request.session[FIELD] = carried


def unsent_form(request: HttpRequest) -> UnsentForm | None:
    """What this session holds; None where there is nothing, or it is older than an hour."""
    carried = request.session.get(FIELD, "")
    return _read(carried) if carried else None


def drop(request: HttpRequest) -> None:
    """Throw it away."""
    request.session.pop(FIELD, None)


def _read(carried: str) -> UnsentForm | None:
    try:
        content: Any = signing.loads(carried, salt=SALT, max_age=GOOD_FOR_S)
    except signing.BadSignature:
        return None
    path, fields, files, again = content
    return UnsentForm(
        path,
        tuple((name, value) for name, value in fields),
        tuple(files),
        again=bool(again),
    )
