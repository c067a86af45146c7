"""The contact of this installation in sentences and as a link; where there is none, no sentence
sends anybody to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.functional import Promise, lazy
from django.utils.safestring import SafeString

from portal.web.words.terms import sentence_space

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.utils.functional import _StrPromise


def link() -> SafeString | str:
    """To the page, or to a new mail; empty where the installation names no contact."""
    contact: str = settings.CONTACT
    if not contact:
        return ""
    address = contact if _is_page(contact) else f"mailto:{contact}"
    return render_to_string("web/parts/contact.html", {"contact": contact, "address": address})


def _with_contact(sentence: Promise, asking: Promise) -> str:
    contact: str = settings.CONTACT
    return (
        f"{sentence}{sentence_space()}{str(asking) % {'contact': contact}}"
        if contact
        else str(sentence)
    )


with_contact = cast("Callable[[Promise, Promise], _StrPromise]", lazy(_with_contact, str))
"""A sentence, and where the installation names a contact the next one, which says by `%(contact)s`
what to write there about.
"""


def _is_page(contact: str) -> bool:
    return contact.startswith("https://")
