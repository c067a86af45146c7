"""The one field of the door for proof."""

from __future__ import annotations

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.web.forms.fields import line

ENTRY = re.compile(r"[0-9]{1,15}|[0-9a-f]{64}", re.ASCII)
"""The number of an entry of the log, or the digest of what was logged."""


class VerifyForm(forms.Form):
    """The code of a certificate, or an entry of the log."""

    code = line(
        _("Code, digest or number of an entry"),
        _("From a certificate, such as A-3F7K-9QW2-M4TX-B8ZC, or from a receipt or challenge."),
        _("Enter a code, a digest or a number."),
        most=80,
        attrs={"spellcheck": "false", "autocomplete": "off"},
    )

    @property
    def entry(self) -> str:
        """What is typed as the log writes it; empty where it is no entry of it."""
        typed = str(self.cleaned_data["code"]).replace(",", "").lower()
        return typed if ENTRY.fullmatch(typed) else ""
