"""Forms with which a regulator assigns a certification body, and takes an assignment or a recorded certificate back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.web.words import period_name

SELECT = {"class": "govuk-select"}


class AssignForm(forms.Form):
    """Which body checks a site's period, until when, and how much it sees."""

    OUTSIDE, VALUES = "outside", "values"

    body = forms.ChoiceField(
        label=_("Certification body"),
        help_text=_("None that the same firm controls, and none whose every auditor has an interest in the firm: either is refused."),
        widget=forms.Select(attrs=SELECT),
        error_messages={"required": _("Choose a certification body."), "invalid_choice": _("Choose a certification body.")},
    )
    period = forms.ChoiceField(
        label=_("Period"),
        help_text=_("The reports of this period are what it checks, every revision of them."),
        widget=forms.Select(attrs=SELECT),
        error_messages={"required": _("Choose a period."), "invalid_choice": _("Choose a period.")},
    )
    due = forms.DateField(
        label=_("Conclusion wanted by (optional)"),
        help_text=_("The last day. The body is told when it comes near; without one nothing is ever late."),
        required=False,
        widget=forms.DateInput(attrs={"class": "govuk-input govuk-input--width-10", "type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Write the day as 2027-03-31.")},
    )
    sees = forms.ChoiceField(
        label=_("What it sees of the reports"),
        help_text=_("Protected values carry noise already, and are still the firm’s own. Samples at the plant need none of them."),
        choices=[
            (OUTSIDE, _("Their outside: when, which revision, accepted or not")),
            (VALUES, _("Their protected values as well")),
        ],
        widget=forms.Select(attrs=SELECT),
    )

    def __init__(self, *args: Any, bodies: Iterable[tuple[str, str]], periods: Iterable[str], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        cast(forms.ChoiceField, self.fields["body"]).choices = [("", _("Choose one")), *bodies]
        cast(forms.ChoiceField, self.fields["period"]).choices = [("", _("Choose one")), *((one, period_name(one)) for one in periods)]

    def clean_due(self) -> date | None:
        day: date | None = self.cleaned_data["due"]
        if day is not None and day <= self.today:
            raise forms.ValidationError(_("Choose a day to come."))
        return day


class TakeBackForm(forms.Form):
    """Why an assignment is taken back."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The body and the firm read it, and it stays on record. Name no figure."),
        max_length=1000,
        widget=forms.Textarea(attrs={"class": "govuk-textarea", "rows": "3"}),
        error_messages={"required": _("Say in a sentence why: an assignment is never taken back without a reason.")},
    )
