"""What a page sends is about the text that it showed: two people may have one entry of the library open at once.

A page of entries sends the digest of what it showed. Where another text stands there by now, nothing is saved or published, what was
typed stays in the form, and beside it stands how each field reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.practices import reviewing
from portal.practices.models import Entry
from portal.problems import RefusedError
from portal.sentences import in_whole
from portal.web.practice_forms import initial_of


def digest_of(rows: Iterable[Entry]) -> str:
    """Of which texts a page shows, in their order."""
    return hashlib.sha256(" ".join(f"{row.pk}:{row.text_digest}" for row in rows).encode()).hexdigest()


def require_shown(request: HttpRequest, rows: Iterable[Entry]) -> None:
    """Raises RefusedError `practice-changed` where the page that was sent showed another text of these."""
    if request.POST.get("shown", "") != digest_of(rows):
        raise reviewing.changed()


def add_what_stands(form: forms.Form, typed: Mapping[str, str], stands: Entry, refusal: RefusedError) -> None:
    """Say that nothing was saved, and beside each field that differs how it reads in the entry that stands there."""
    own = initial_of(typed)
    form.add_error(None, _("Not saved. %(why)s") % {"why": in_whole(refusal)})
    for name, text in initial_of(stands.content).items():
        if name in form.fields and text != own.get(name, ""):
            choices = dict(getattr(form.fields[name], "choices", ()))
            form.add_error(name, _("It now reads: %(text)s") % {"text": choices.get(text, text) or "–"})
