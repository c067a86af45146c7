"""Fields of forms as these pages show them: GOV.UK's classes, and errors that say what to do.

Each takes its label, its hint, and what is said where nothing was given; a field without that
sentence falls back on Django's, unless it is `optional`. What else a field of Django takes goes
through as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, cast

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

Text = Any  # a lazy text, which the stubs of forms do not know
DAY = _("Write the day as 2027-03-31.")
YEAR_FIRST = ("%Y-%m-%d", "%Y/%m/%d")
"""05/06/2027 is another day in one country than in the next: it is refused, and nothing is
guessed.
"""

LATEST = date(2999, 12, 31)
TOO_LATE = _("Write a day before the year 3000.")
ADDRESS = _("Enter a whole email address, such as name@firm.example.")
LONGEST_ADDRESS = 254
EMPTY_FILE = _("The file is empty.")
NO_DIGEST = _("This is not a SHA-256: it has 64 digits of 0–9 and a–f.")
DIGEST = r"^[0-9a-f]{64}\Z"
NO_SPELLING = {"spellcheck": "false"}


def offer_choices(form: forms.Form, field: str, choices: Iterable[tuple[Any, Any]]) -> None:
    """What a field lets its reader choose, where that is known only with the form."""
    cast(forms.ChoiceField, form.fields[field]).choices = list(choices)


def line(
    label: Text,
    hint: Text = "",
    required: Text = "",
    *,
    most: int,
    width: int = 0,
    attrs: Mapping[str, str] | None = None,
    **more: Any,
) -> forms.CharField:
    """One line of text of at most so many characters; `width` of those of GOV.UK, 0 for the
    whole.
    """
    return forms.CharField(
        **_texts(label, hint, required, more), max_length=most, widget=_input(width, attrs)
    )


def area(
    label: Text, hint: Text = "", required: Text = "", *, most: int, rows: int = 3, **more: Any
) -> forms.CharField:
    """Several lines of text."""
    widget = forms.Textarea(attrs={"class": "govuk-textarea", "rows": str(rows)})
    return forms.CharField(**_texts(label, hint, required, more), max_length=most, widget=widget)


def pattern(
    label: Text,
    hint: Text = "",
    required: Text = "",
    *,
    regex: Any,
    invalid: Text,
    width: int = 0,
    attrs: Any = NO_SPELLING,
    **more: Any,
) -> forms.RegexField:
    """One line that must be written in one way, and `invalid` says in which."""
    return forms.RegexField(
        regex, **_texts(label, hint, required, more, invalid=invalid), widget=_input(width, attrs)
    )


class DigestField(forms.RegexField):
    """A SHA-256, which the browser works out of the file beside it (`digest.js`)."""

    is_digest = True


def digest(label: Text, hint: Text = "", required: Text = "", **more: Any) -> forms.RegexField:
    """The SHA-256 of a document that stays where it is; nobody types it: the browser hashes the
    file, or a command prints it.
    """
    return DigestField(
        DIGEST,
        **_texts(label, hint, required, more, invalid=NO_DIGEST),
        widget=_input(0, NO_SPELLING),
    )


class PlainNumberField(forms.DecimalField):
    """A number as people write it: 1e10 is a slip of the keyboard more often than ten thousand
    millions.
    """

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and "e" in value.casefold():
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


def number(
    label: Text,
    hint: Text = "",
    required: Text = "",
    *,
    invalid: Text,
    too_small: Text = "",
    **more: Any,
) -> forms.DecimalField:
    """A decimal number, typed as text so that no browser rewrites it."""
    widget = _input(10, {"inputmode": "decimal"})
    return PlainNumberField(
        **_texts(label, hint, required, more, invalid=invalid, min_value=too_small), widget=widget
    )


def day(label: Text, hint: Text = "", required: Text = "", **more: Any) -> forms.DateField:
    """A day up to the year 2999, by the browser's calendar where it has one."""
    widget = forms.DateInput(
        attrs={"class": "govuk-input govuk-input--width-10", "type": "date"}, format="%Y-%m-%d"
    )
    texts = _texts(label, hint, required, more, invalid=DAY)
    return forms.DateField(
        **texts,
        widget=widget,
        input_formats=YEAR_FIRST,
        validators=[MaxValueValidator(LATEST, TOO_LATE)],
    )


def email(
    label: Text, hint: Text = "", required: Text = "", *, attrs: Mapping[str, str] | None = None
) -> forms.EmailField:
    """A whole e-mail address, no longer than any can be (RFC 5321) and its column is."""
    widget = forms.EmailInput(attrs={"class": "govuk-input govuk-input--width-20", **(attrs or {})})
    return forms.EmailField(
        **_texts(label, hint, required, {}, invalid=ADDRESS),
        max_length=LONGEST_ADDRESS,
        widget=widget,
    )


def choice(
    label: Text, hint: Text = "", required: Text = "", *, choices: Any = (), **more: Any
) -> forms.ChoiceField:
    """One of a list; what was not in it is answered as where nothing was chosen."""
    widget = forms.Select(attrs={"class": "govuk-select"})
    return forms.ChoiceField(
        **_texts(label, hint, required, more, invalid_choice=required),
        choices=choices,
        widget=widget,
    )


def tick(label: Text, hint: Text = "", required: Text = "", **more: Any) -> forms.BooleanField:
    """One box."""
    return forms.BooleanField(
        **_texts(label, hint, required, more),
        widget=forms.CheckboxInput(attrs={"class": "govuk-checkboxes__input"}),
    )


def upload(
    label: Text,
    hint: Text = "",
    required: Text = "",
    *,
    empty: Text = EMPTY_FILE,
    accept: str = "",
    **more: Any,
) -> forms.FileField:
    """One file; `accept` is what the browser's list shows first."""
    attrs = {"class": "govuk-file-upload", **({"accept": accept} if accept else {})}
    return forms.FileField(
        **_texts(label, hint, required, more, empty=empty, missing=required),
        widget=forms.ClearableFileInput(attrs=attrs),
    )


def _input(width: int, attrs: Mapping[str, str] | None) -> forms.TextInput:
    return forms.TextInput(
        attrs={
            "class": f"govuk-input govuk-input--width-{width}" if width else "govuk-input",
            **(attrs or {}),
        }
    )


def _texts(
    label: Text, hint: Text, required: Text, more: dict[str, Any], **errors: Text
) -> dict[str, Any]:
    optional = more.pop("optional", False)
    messages = {code: text for code, text in {"required": required, **errors}.items() if text}
    return {
        "label": label,
        "help_text": hint,
        "required": not optional,
        "error_messages": messages,
        **more,
    }
