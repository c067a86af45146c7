"""Forms of periods and their last days: opening, moving, asking for more time and deciding on
it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.web.forms.fields import NO_SPELLING, area, day, line, offer_choices


class DueForm(forms.Form):
    """The last day for reports of a period."""

    due = day(
        _("Last day for reports"),
        _("For every site of the period. An extension to a later day stays."),
        _("Choose a day."),
    )


class PeriodForm(forms.Form):
    """A period to be opened for a peer group."""

    name = line(
        _("Period"),
        _("Such as 2027, 2027-Q1 or 2027-03."),
        _("Name the period."),
        most=32,
        width=10,
        attrs=NO_SPELLING,
    )
    due = day(
        _("Last day for reports"),
        _(
            "If you leave this empty, it is 90 days after the end of the period. A site that must "
            "report and has not done so by then "
            "is late."
        ),
        optional=True,
    )


class ExtensionForm(forms.Form):
    """More time for the chosen sites, with its reason."""

    site = forms.MultipleChoiceField(
        label=_("Sites"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose a site."), "invalid_choice": _("Choose a site.")},
    )
    until = day(_("New last day"), required=_("Choose a day."))
    reason = area(
        _("Reason for the extension"),
        _("Stored; other firms cannot read it."),
        _("Say in a sentence why the site gets more time."),
        most=500,
        rows=2,
    )

    def __init__(self, *args: Any, sites: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "site", sites)


class MoreTimeForm(forms.Form):
    """More time that a firm asks for, with its reason."""

    until = day(_("Time needed until"), required=_("Choose a day."))
    reason = area(
        _("Why the report cannot be sent in time"),
        _(
            "Regulators of the site can read it; other firms cannot. Do not write any values of "
            "the plant."
        ),
        _("Say in a sentence why you need more time."),
        most=500,
    )
