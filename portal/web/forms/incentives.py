"""Forms by which officers put an incentive on record, and say what of it was entered in error."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.web.forms.fields import area, choice, digest, line, number, offer_choices

YUAN = _("Write the amount as 120000 or 120000.50.")
LEAST_YUAN = Decimal("0.01")
TOO_LITTLE = _("The amount must be above 0.")


class IncentiveForm(forms.Form):
    """An incentive that a site was given, with its evidence."""

    site = choice(_("Site"), required=_("Choose a site."))
    scheme = line(_("Scheme"), required=_("Name the scheme."), most=120, width=20)
    amount = number(
        _("Amount, yuan"),
        required=_("Give the amount."),
        invalid=YUAN,
        min_value=LEAST_YUAN,
        too_small=TOO_LITTLE,
        max_digits=14,
        decimal_places=2,
    )
    evidence = digest(
        _("SHA-256 of the evidence"),
        _(
            "The digest of the site’s sealed report, or of a document that you keep: 64 digits of "
            "0–9 and a–f."
        ),
        _("Give the digest of the evidence."),
    )

    def __init__(self, *args: Any, sites: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "site", sites)


class CorrectionForm(forms.Form):
    """What of a recorded incentive was entered in error."""

    amount = number(
        _("Right amount, yuan"),
        _("Leave it empty if nothing was given on this evidence."),
        optional=True,
        invalid=YUAN,
        min_value=LEAST_YUAN,
        too_small=TOO_LITTLE,
        max_digits=14,
        decimal_places=2,
    )
    reason = area(
        _("Reason"), _("The site’s firm reads it."), _("Say in a sentence what is wrong."), most=500
    )
