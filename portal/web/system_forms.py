"""The form with which a certified management system goes on record."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.assurance.schemes import obligatory_audit
from portal.assurance.systems import Paper

SHORT = {"class": "govuk-input govuk-input--width-20"}


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"class": "govuk-input govuk-input--width-10", "type": "date"}, format="%Y-%m-%d")


class SystemForm(forms.Form):
    """What stands on the certificate."""

    standard = forms.ChoiceField(
        label=_("Standard"),
        help_text=_("While a system certified by one of these runs, no audit is due."),
        widget=forms.Select(attrs={"class": "govuk-select"}),
        error_messages={"required": _("Choose a standard."), "invalid_choice": _("Choose a standard.")},
    )
    number = forms.CharField(
        label=_("Number of the certificate"),
        max_length=80,
        widget=forms.TextInput(attrs=SHORT),
        error_messages={"required": _("Copy the number from the certificate.")},
    )
    certifier = forms.CharField(
        label=_("Who certified"),
        help_text=_("The body’s name as it stands on the certificate; it need not have an account here."),
        max_length=200,
        widget=forms.TextInput(attrs=SHORT),
        error_messages={"required": _("Name the body that certified.")},
    )
    valid_from = forms.DateField(
        label=_("Valid from"),
        widget=_day(),
        error_messages={"required": _("Choose a day."), "invalid": _("Write the day as 2027-03-31.")},
    )
    valid_until = forms.DateField(
        label=_("Last day of validity"),
        help_text=_("An audit is due by the end of this day, unless another certificate follows or the last audit is younger."),
        widget=_day(),
        error_messages={"required": _("Choose a day."), "invalid": _("Write the day as 2027-03-31.")},
    )
    evidence = forms.RegexField(
        label=_("SHA-256 of the certificate"),
        help_text=_("The paper stays where it is kept; its digest, 64 digits of 0–9 and a–f, says later which paper was meant."),
        regex=r"^[0-9a-f]{64}\Z",
        widget=forms.TextInput(attrs={"class": "govuk-input", "spellcheck": "false"}),
        error_messages={
            "required": _("Give the digest of the certificate."),
            "invalid": _("This is no SHA-256: 64 digits of 0–9 and a–f."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        standard = self.fields["standard"]
        if isinstance(standard, forms.ChoiceField):
            standard.choices = [("", _("Choose one")), *obligatory_audit().systems.items()]

    def clean(self) -> dict[str, Any]:
        told = self.cleaned_data
        first, last = told.get("valid_from"), told.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("The last day lies before the first."))
        return told

    def paper(self) -> Paper:
        return Paper(**{name: self.cleaned_data[name] for name in Paper.__dataclass_fields__})
