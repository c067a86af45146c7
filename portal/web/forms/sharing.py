"""What of a report is shown to whom, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.sharing.shares import DAYS
from portal.web.forms.fields import line, offer_choices

LENGTHS = {7: _("A week"), 30: _("30 days"), 90: _("90 days")}


class ShareForm(forms.Form):
    buyer = line(
        _("Who may see it"),
        _("The buyer’s name. It is shown on the page that the link opens, and in your list."),
        _("Name the buyer."),
        most=200,
        width=20,
    )
    labels = forms.MultipleChoiceField(
        label=_("Which labels"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "govuk-checkboxes__input"}),
        error_messages={
            "required": _("Choose at least one label."),
            "invalid_choice": _("Choose among the labels of this report."),
        },
    )
    days = forms.TypedChoiceField(
        label=_("For how long"),
        coerce=int,
        initial=30,
        choices=[(days, LENGTHS[days]) for days in DAYS],
        widget=forms.Select(attrs={"class": "govuk-select"}),
    )

    def __init__(self, *args: Any, offered: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "labels", offered)
