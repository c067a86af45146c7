"""Forms with which a regulator assigns a certification body, and takes an assignment or a recorded
certificate back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.web.forms.fields import area, choice, day, offer_choices
from portal.web.words.terms import period_name


class AssignForm(forms.Form):
    """Which body checks a site's period, until when, and how much it sees."""

    OUTSIDE, VALUES = "outside", "values"

    body = choice(
        _("Certification body"),
        _(
            "Choose neither a body controlled by the same firm nor one whose auditors all have an "
            "interest in the firm: both are refused."
        ),
        _("Choose a certification body."),
    )
    period = choice(
        _("Period"),
        _("The body checks the reports of this period, in every revision."),
        _("Choose a period."),
    )
    due = day(
        _("Conclusion due by (optional)"),
        _(
            "The last day. The body is reminded shortly before it. Without a day, the conclusion "
            "is never late."
        ),
        optional=True,
    )
    sees = choice(
        _("What it sees of the reports"),
        _(
            "Protected values already contain noise, but they still belong to the firm. Samples "
            "at the plant do not need them."
        ),
        choices=[
            (OUTSIDE, _("Only the outer data: when, which revision, accepted or not")),
            (VALUES, _("Also their protected values")),
        ],
    )

    def __init__(
        self,
        *args: Any,
        bodies: Iterable[tuple[str, str]],
        periods: Iterable[str],
        today: date,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        offer_choices(self, "body", [("", _("Choose one")), *bodies])
        cast(forms.ChoiceField, self.fields["period"]).choices = [
            ("", _("Choose one")),
            *((period, period_name(period)) for period in periods),
        ]

    def clean_due(self) -> date | None:
        day: date | None = self.cleaned_data["due"]
        if day is not None and day <= self.today:
            raise forms.ValidationError(_("Choose a day in the future."))
        return day


class TakeBackForm(forms.Form):
    """Why an assignment is taken back."""

    reason = area(
        _("Reason"),
        _("The body and the firm can read it, and it stays on record. Do not give any figures."),
        _("Say in a sentence why: an assignment is never withdrawn without a reason."),
        most=1000,
    )
