"""Forms of the further roles, and of the firms that let them in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.listing import PERIOD
from portal.partners.conformance import MOST_BYTES
from portal.partners.deliveries import MOST, UNITS
from portal.web.figures import raised
from portal.web.words import enumerated

INPUT = {"class": "govuk-input govuk-input--width-20"}
SELECT = {"class": "govuk-select"}
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

    product = forms.CharField(
        label=_("Product"),
        max_length=120,
        widget=forms.TextInput(attrs=INPUT),
        error_messages={"required": _("Name the product.")},
    )
    version = forms.CharField(
        label=_("Version of the product"),
        max_length=60,
        widget=forms.TextInput(attrs={"class": "govuk-input govuk-input--width-10", "spellcheck": "false"}),
        error_messages={"required": _("Say which version was tested.")},
    )
    result = forms.FileField(
        label=_("Result file, JSON"),
        help_text=_("What the conformance kit printed with --json, as it stands."),
        widget=forms.ClearableFileInput(attrs={"class": "govuk-file-upload", "accept": ".json,application/json"}),
        error_messages={"required": _("Choose the file first."), "empty": _("The file is empty.")},
    )

    def clean_result(self) -> UploadedFile[bytes]:
        result: UploadedFile[bytes] = self.cleaned_data["result"]
        if (result.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 64 kB; a result of the kit never is."))
        return result


class DeliveryForm(forms.Form):
    """Energy that was delivered to a site in a period."""

    site = forms.ChoiceField(
        label=_("Site"),
        widget=forms.Select(attrs=SELECT),
        error_messages={"required": _("Choose a site."), "invalid_choice": _("Choose a site.")},
    )
    period = forms.RegexField(
        label=_("Period"),
        help_text=_("As 2027, 2027-Q1 or 2027-03."),
        regex=re.compile(rf"^({PERIOD})\Z", re.ASCII),
        widget=forms.TextInput(attrs={"class": "govuk-input govuk-input--width-10", "spellcheck": "false"}),
        error_messages={"required": _("Name the period."), "invalid": _("Write the period as 2027, 2027-Q1 or 2027-03.")},
    )
    carrier = forms.ChoiceField(label=_("Energy carrier and unit"), widget=forms.Select(attrs=SELECT))
    quantity = forms.DecimalField(
        label=_("Delivered"),
        help_text=_("As billed, in the unit above."),
        min_value=Decimal("0.001"),
        max_value=MOST - 1,
        decimal_places=3,
        widget=forms.TextInput(attrs={"class": "govuk-input govuk-input--width-10", "inputmode": "decimal"}),
        error_messages={"required": _("Give the quantity."), "invalid": _("Write the quantity as 120000 or 120000.5.")},
    )
    note = forms.CharField(
        label=_("Note, such as the numbers of the bills"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"class": "govuk-input"}),
    )

    def __init__(self, *args: Any, sites: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["site"]).choices = [("", _("Choose a site")), *sites]
        offered = [(f"{name}~{unit}", enumerated((str(CARRIERS[name]), raised(unit)))) for name, units in UNITS.items() for unit in units]
        cast(forms.ChoiceField, self.fields["carrier"]).choices = offered


class GrantForm(forms.Form):
    """Whom a firm lets in at a site, and to what."""

    STATES, RECEIPTS, VALUES = "states", "receipts", "values"
    partner = forms.ChoiceField(
        label=_("Whom to let in"),
        widget=forms.Select(attrs=SELECT),
        error_messages={"required": _("Choose whom to let in."), "invalid_choice": _("Choose whom to let in.")},
    )
    what = forms.ChoiceField(
        label=_("What a technology provider sees"),
        help_text=_("An energy supplier sees nothing of reports, whatever is chosen here; it may declare what it delivered."),
        choices=(
            (STATES, _("states of reports")),
            (RECEIPTS, _("states and receipts")),
            (VALUES, _("states, receipts and protected values")),
        ),
        widget=forms.Select(attrs=SELECT),
    )

    def __init__(self, *args: Any, partners: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(forms.ChoiceField, self.fields["partner"]).choices = [("", _("Choose whom to let in")), *partners]
