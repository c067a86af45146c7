"""Forms of the list of the obliged: the whole list as a file, one site by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from portal.catalogue.obliged_list import MOST_BYTES
from portal.web.forms.fields import choice, offer_choices, upload
from portal.web.words.terms import COHORTS


class ObligedListForm(forms.Form):
    """The whole list of the obliged, as a file."""

    listed = upload(
        _("List of the obliged, CSV or XLSX"),
        _(
            "The file needs a column “site” with the site’s id, or “credit_code” with its unified "
            "social credit code. It can also "
            "have “cohort” (hundred, thousand, ten-thousand). The headings of the template work "
            "too. Nothing changes yet."
        ),
        _("Choose the file first."),
        accept=".csv,text/csv,.xlsx",
    )

    def clean_listed(self) -> UploadedFile[bytes]:
        listed: UploadedFile[bytes] = self.cleaned_data["listed"]
        if (listed.size or 0) > MOST_BYTES:
            raise forms.ValidationError(
                _("The file is larger than 2 MB. Keep the columns “site” and “cohort” only.")
            )
        return listed


class ObligedForm(forms.Form):
    """One site of the list, by hand."""

    site = choice(_("Site"), required=_("Choose a site."))
    duty = choice(_("Duty"), choices=[("obliged", _("Obliged")), ("voluntary", _("Voluntary"))])
    cohort = choice(
        _("Cohort"), choices=[("", _("None of the cohorts")), *COHORTS.items()], optional=True
    )

    def __init__(self, *args: Any, sites: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "site", [("", _("Choose a site")), *((site, site) for site in sites)])
