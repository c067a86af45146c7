"""The forms with which a firm declares a criterion of a programme, and an officer says what the
paper behind it shows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.web.forms.fields import area, choice, digest, line, offer_choices


class DeclarationForm(forms.Form):
    """A value with the paper behind it; left empty, the declaration before is taken back."""

    criterion = choice(_("Criterion"), required=_("Choose a criterion."))
    value = line(
        _("What you declare"), _("As stated in the document, such as “grade 1” or “21.4 %”. If "
                                 "you leave it empty, the last one is "
                                 "withdrawn."),
        most=200, required="", optional=True,
    )  # fmt: skip
    paper = line(
        _("Name of the document"),
        _("Such as “Energy balance 2025, signed”. The document stays where it is."),
        most=200,
        required="",
        optional=True,
    )
    evidence = digest(
        _("SHA-256 of the document"), _("64 digits of 0–9 and a–f."), required="", optional=True
    )

    def __init__(self, *args: Any, criteria: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "criterion", [("", _("Choose one")), *criteria])

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("value") and not cleaned.get("paper"):
            self.add_error("paper", _("Name the document."))
        if cleaned.get("value") and not cleaned.get("evidence") and "evidence" not in self.errors:
            self.add_error("evidence", _("Give the digest of the document."))
        return cleaned


class ReadingForm(forms.Form):
    """What an officer found in the paper; each criterion with the declaration that was read."""

    criterion = choice(_("Criterion"), required=_("Choose a criterion."))
    reading = choice(
        _("What the paper shows"),
        required=_("Choose what the paper shows."),
        choices=(
            ("", _("Choose one")),
            ("met", _("The criterion is met")),
            ("not-met", _("The criterion is not met")),
        ),
    )
    note = area(
        _("Your finding"),
        _("What the document says, and on which page. The firm can read this."),
        _("Say in a sentence what you found."),
        most=500,
    )

    def __init__(self, *args: Any, declared: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        criterion = cast(forms.ChoiceField, self.fields["criterion"])
        criterion.choices = list(declared)
        criterion.error_messages["invalid_choice"] = _(
            "What the firm declares has changed since you opened the page. Read what it declares "
            "now, and the paper that it names."
        )
