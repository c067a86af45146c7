"""Forms of partners and of firms that let them in: a conformance result, delivered energy, access
that is granted at a site.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from extras.partners.conformance import MOST_BYTES
from extras.partners.deliveries import MOST, UNITS
from portal.listing import PERIOD
from portal.web.forms.fields import (
    NO_SPELLING,
    choice,
    line,
    number,
    offer_choices,
    pattern,
    upload,
)
from portal.web.words.figures import raised
from portal.web.words.terms import enumerated

CARRIERS = {
    "electricity": pgettext_lazy("carrier", "electricity"),
    "natural-gas": _("natural gas"),
    "coal": _("coal"),
    "steam": _("steam"),
    "heat": _("district heat"),
    "oil": _("oil"),
    "hydrogen": _("hydrogen"),
}


class ResultForm(forms.Form):
    """A result of the conformance kit."""

    product = line(_("Product"), required=_("Name the product."), most=120, width=20)
    version = line(
        _("Version of the product"),
        required=_("Say which version was tested."),
        most=60,
        width=10,
        attrs=NO_SPELLING,
    )
    result = upload(
        _("Result file, JSON"),
        _("What the conformance kit printed with --json, unchanged."),
        _("Choose the file first."),
        accept=".json,application/json",
    )

    def clean_result(self) -> UploadedFile[bytes]:
        result: UploadedFile[bytes] = self.cleaned_data["result"]
        if (result.size or 0) > MOST_BYTES:
            raise forms.ValidationError(
                _("The file is larger than 64 kB; a result of the kit is never so large.")
            )
        return result


class DeliveryForm(forms.Form):
    """Energy that was delivered to a site in a period."""

    site = choice(_("Site"), required=_("Choose a site."))
    period = pattern(
        _("Period"),
        _("Such as 2027, 2027-Q1 or 2027-03."),
        _("Name the period."),
        regex=re.compile(rf"^({PERIOD})\Z", re.ASCII),
        invalid=_("Write the period as 2027, 2027-Q1 or 2027-03."),
        width=10,
    )
    carrier = choice(_("Energy carrier and unit"))
    quantity = number(
        _("Delivered"),
        _("As billed, in the unit above."),
        _("Give the quantity."),
        invalid=_("Write the quantity as 120000 or 120000.5."),
        min_value=Decimal("0.001"),
        max_value=MOST - 1,
        decimal_places=3,
    )
    note = line(_("Note, such as the numbers of the bills"), most=300, optional=True)

    def __init__(self, *args: Any, sites: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "site", [("", _("Choose a site")), *sites])
        offered = [
            (f"{name}~{unit}", enumerated((str(CARRIERS[name]), raised(unit))))
            for name, units in UNITS.items()
            for unit in units
        ]
        offer_choices(self, "carrier", offered)


class GrantForm(forms.Form):
    """Whom a firm lets in at a site, and to what."""

    STATES, RECEIPTS, VALUES = "states", "receipts", "values"
    partner = choice(_("Who gets access"), required=_("Choose who gets access."))
    what = choice(
        _("What a technology provider sees"),
        _(
            "Whatever you choose here, an energy supplier sees nothing of reports. It can declare "
            "what it delivered."
        ),
        choices=(
            (STATES, _("states of reports")),
            (RECEIPTS, _("states and receipts")),
            (VALUES, _("states, receipts and protected values")),
        ),
    )

    def __init__(self, *args: Any, partners: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "partner", [("", _("Choose who gets access")), *partners])
