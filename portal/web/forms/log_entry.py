"""The form that looks an entry of the log up."""

from __future__ import annotations

import re

from django import forms
from django.utils.translation import gettext_lazy as _


class LogEntryForm(forms.Form):
    """Which entry of the transparency log is looked for."""

    entry = forms.CharField(
        label=_("Number of the entry, or digest"),
        help_text=_("As shown on a receipt or challenge; a digest has 64 hex digits."),
        max_length=64,
        widget=forms.TextInput(
            attrs={"class": "govuk-input", "spellcheck": "false", "autocomplete": "off"}
        ),
        error_messages={
            "required": _("Enter a number or a digest."),
            "max_length": _("A digest has 64 hex digits."),
        },
    )

    def clean_entry(self) -> str:
        """Digits, or a digest in lower case."""
        typed = str(self.cleaned_data["entry"]).replace(",", "").lower()
        if not re.fullmatch(r"[0-9]{1,15}|[0-9a-f]{64}", typed, re.ASCII):
            raise forms.ValidationError(_("Enter a number, or the 64 hex digits of a digest."))
        return typed
