"""The form with which a certified management system goes on record."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.assurance.next_audit import obligatory_audit
from portal.assurance.systems import CertificatePaper
from portal.web.forms.fields import choice, day, digest, line


class SystemForm(forms.Form):
    """What stands on the certificate, by one of the standards that count in that jurisdiction."""

    standard = choice(
        _("Standard"),
        _("While a system certified to one of these standards is valid, no audit is due."),
        _("Choose a standard."),
    )
    number = line(
        _("Number of the certificate"),
        required=_("Copy the number from the certificate."),
        most=80,
        width=20,
    )
    certifier = line(
        _("Who certified"),
        _("The body’s name as written on the certificate; it need not have an account here."),
        _("Name the body that certified."),
        most=200,
        width=20,
    )
    valid_from = day(_("Valid from"), required=_("Choose the first day of validity."))
    valid_until = day(
        _("Last day of validity"),
        _(
            "An audit is due by the end of this day, unless another certificate follows or the "
            "last audit allows a later day."
        ),
        _("Choose the last day of validity."),
    )
    evidence = digest(
        _("SHA-256 of the certificate"),
        _(
            "The certificate itself stays where it is stored. Its digest, 64 characters from 0–9 "
            "and a–f, later shows which "
            "certificate was meant."
        ),
        _("Give the digest of the certificate."),
    )

    def __init__(self, *args: Any, jurisdiction: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        standard = self.fields["standard"]
        if isinstance(standard, forms.ChoiceField):
            standard.choices = [
                ("", _("Choose one")),
                *obligatory_audit(jurisdiction).systems.items(),
            ]

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        first, last = cleaned.get("valid_from"), cleaned.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("The last day is before the first."))
        return cleaned

    def paper(self) -> CertificatePaper:
        return CertificatePaper(
            **{name: self.cleaned_data[name] for name in CertificatePaper.__dataclass_fields__}
        )
