"""What an entry of the library said before and says now, field by field: for who decides on it, and
for who had it open meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from django.utils.translation import gettext as _

from portal.web.forms.practices import UNITS, ListedForm, cause_choices, initial_of, step_choices
from portal.web.presenters.methods import table_of
from portal.web.viewmodels.listed import TableCell
from portal.web.viewmodels.methods import MethodSection
from portal.web.words.figures import NONE
from portal.web.words.terms import moment_in_words

Content = Mapping[str, str]


def changed_meanwhile(before: Content | None, now: Content) -> tuple[MethodSection, ...]:
    """What somebody else changed since the page was opened; nothing where what stood there is not
    known, or nothing but its state did.
    """
    rows = tuple(
        (TableCell(label), TableCell(first), TableCell(second))
        for label, first, second in _differences(initial_of(before or now), initial_of(now))
    )
    heads = (_("Field"), _("When you opened it"), _("Now"))
    return (
        (
            MethodSection(
                _("Changed since you opened it"),
                table_of(_("Fields that changed"), heads, rows, ""),
            ),
        )
        if rows
        else ()
    )


def not_saved(now: Content, typed: Content) -> tuple[MethodSection, ...]:
    """What was typed and is not what stands there: nothing of it is lost."""
    rows = tuple(
        (TableCell(label), TableCell(first), TableCell(second))
        for label, first, second in _differences(initial_of(now), typed)
    )
    heads = (_("Field"), _("Now"), _("What you typed"))
    return (
        (MethodSection(_("Not saved"), table_of(_("What you typed"), heads, rows, "")),)
        if rows
        else ()
    )


def edits(texts: Sequence[tuple[Content, datetime]]) -> tuple[MethodSection, ...]:
    """Each field that was edited, before and after, the newest first."""
    rows = tuple(
        (TableCell(label, note=moment_in_words(at)), TableCell(first), TableCell(second))
        for (before, _at), (after, at) in reversed(list(pairwise(texts)))
        for label, first, second in _differences(initial_of(before), initial_of(after))
    )
    heads = (_("Field"), _("Before"), _("After"))
    return (
        (MethodSection(_("What was edited"), table_of(_("Edited fields"), heads, rows, "")),)
        if rows
        else ()
    )


def merged(before: Content | None, now: Content, typed: Content) -> dict[str, str]:
    """For a form that goes on: what was typed, and of the fields that were left alone what stands
    there now.
    """
    opened, stands = initial_of(before) if before else {}, initial_of(now)
    return {
        name: stands.get(name, "") if before and same(opened.get(name, ""), text) else text
        for name, text in typed.items()
    }


def same(first: str, second: str) -> bool:
    """Browsers send the lines of a text with other ends."""
    return first.splitlines() == second.splitlines()


def _differences(before: Content, after: Content) -> Iterator[tuple[str, str, str]]:
    """Label, first and second text of each field of the form in which they differ."""
    choices = {
        "step": dict(step_choices()),
        "cause": dict(cause_choices()),
        "saving_unit": {key: str(words) for key, words in UNITS},
    }
    for name, field in ListedForm.base_fields.items():
        first, second = before.get(name, ""), after.get(name, "")
        if not same(first, second):
            words = choices.get(name, {})
            yield (
                str(field.label),
                words.get(first, first) or NONE,
                words.get(second, second) or NONE,
            )
