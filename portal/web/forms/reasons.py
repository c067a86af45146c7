"""The reason with which an act is done that others read of: a withdrawal, a refusal, a draft that
is discarded.
"""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.web.forms.fields import area


class ReasonForm(forms.Form):
    """Why a version is withdrawn; the public reads it."""

    reason = area(
        _("Reason, shown to everybody"),
        _("Say in a sentence what was wrong. Do not name a firm."),
        _("Give a reason: a version is never withdrawn without one."),
        most=1000,
        rows=4,
    )


class DiscardForm(forms.Form):
    """Why a draft is not wanted; only those who decide read it."""

    reason = area(
        _("Why it is not needed"),
        _("It stays with the draft, for those who decide. The public never sees it."),
        _("Say in a sentence why the draft is not needed."),
        most=1000,
        rows=4,
    )
