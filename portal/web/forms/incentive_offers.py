"""The form with which an officer proposes an incentive for a criterion, and the reason with which
one is refused or ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.assurance.offers import AmountUnit, OfferTerms
from portal.assurance.programmes import programmes
from portal.web.forms.fields import area, choice, day, line, number, offer_choices
from portal.web.presenters.offers import UNITS
from portal.web.words.terms import headed, in_page_language

WHOLE = Decimal(100)


class OfferedForm(forms.Form):
    """All that an offer says, in both languages, with the act that grants it."""

    place = choice(_("For sites in"), required=_("Choose the jurisdiction."))
    criterion = choice(_("Criterion"), required=_("Choose a criterion."))
    what_en = line(
        _("What is offered, in English"),
        _("Such as “Grant for leaders”."),
        _("Write in English what is offered."),
        most=200,
    )
    what_zh = line(
        _("What is offered, in Chinese"), "", _("Write in Chinese what is offered."), most=200
    )
    amount = number(
        _("Amount"),
        required=_("Give the amount."),
        invalid=_("Write the amount as 120000 or 0.15."),
        min_value=Decimal("0.0001"),
        too_small=_("The amount must be above 0."),
        max_digits=14,
        decimal_places=4,
    )
    unit = choice(_("Unit of the amount"), required=_("Choose a unit."))
    authority_en = line(
        _("Authority, in English"), "", _("Name the authority in English."), most=200
    )
    authority_zh = line(
        _("Authority, in Chinese"), "", _("Name the authority in Chinese."), most=200
    )
    source_en = line(
        _("Legal source, in English"),
        _("The act with its number and article."),
        _("Name the act in English."),
        most=300,
    )
    source_zh = line(_("Legal source, in Chinese"), "", _("Name the act in Chinese."), most=300)
    valid_from = day(_("Valid from"), required=_("Give the first day."))
    valid_until = day(
        _("Valid until"), _("The last day. Leave it empty where the act names none."), optional=True
    )

    def __init__(self, *args: Any, jurisdictions: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = [
            (
                f"{programme.id}/{criterion.id}",
                headed((in_page_language(programme.name), in_page_language(criterion.asks))),
            )
            for programme in programmes().values()
            for criterion in programme.criteria
        ]
        offer_choices(self, "place", jurisdictions)
        offer_choices(self, "criterion", [("", _("Choose one")), *asked])
        offer_choices(self, "unit", [("", _("Choose one")), *UNITS.items()])

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        first, last = cleaned.get("valid_from"), cleaned.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("The last day is before the first day."))
        if (
            str(cleaned.get("unit", "")).startswith("percent")
            and (cleaned.get("amount") or 0) > WHOLE
        ):
            self.add_error("amount", _("A share is at most 100. Check the amount and its unit."))
        return cleaned

    def terms(self) -> OfferTerms:
        cleaned = dict(self.cleaned_data)
        cleaned.pop("place")
        cleaned["programme"], _slash, cleaned["criterion"] = cleaned["criterion"].partition("/")
        return OfferTerms(**{**cleaned, "unit": AmountUnit(cleaned["unit"])})


class EndOfferForm(forms.Form):
    """Why an offer is refused or ended."""

    reason = area(_("Reason"), "", _("Say in a sentence why."), most=500)
