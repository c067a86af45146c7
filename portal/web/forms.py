"""Forms, with errors that say what to do."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.files.uploadedfile import UploadedFile
from django.forms.utils import ErrorList
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from benchmarks.wire import MAX_ENVELOPE_BYTES
from portal.accounts.attempts import Attempt


class SignInForm(AuthenticationForm):
    """Email and password; after too many failures neither is looked at for a while."""

    TOO_MANY = "too-many"
    error_messages = {  # noqa: RUF012 - as Django declares it
        TOO_MANY: _("Too many sign-ins have failed. Wait 15 minutes, then try again; if you are sure of the password, tell the operator."),
        "invalid_login": _("Email and password do not fit together. Check both; the password is case-sensitive."),
        "inactive": _("This account is closed. Ask the coordinator of your sector."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email, password = self.fields["username"], self.fields["password"]
        email.label, password.label = _("Email address"), _("Password")
        email.error_messages["required"] = _("Enter your email address.")
        password.error_messages["required"] = _("Enter your password.")
        email.widget = forms.EmailInput(
            attrs={"class": "govuk-input govuk-input--width-20", "autocomplete": "username", "spellcheck": "false"}
        )
        password.widget.attrs.update({"class": "govuk-input govuk-input--width-20", "autocomplete": "current-password"})

    def clean(self) -> dict[str, Any]:
        email, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if not email or not password:  # the fields say so themselves; nothing was tried
            return self.cleaned_data
        # the API's throttle knows how many proxies stand in front, and so whose address this is
        address = BaseThrottle().get_ident(cast(Request, self.request))
        attempt = Attempt(email, address or "")
        if not attempt.begin():
            raise forms.ValidationError(self.error_messages[self.TOO_MANY], code=self.TOO_MANY)
        cleaned = super().clean()
        attempt.succeeded()
        return cleaned


class SealedFileForm(forms.Form):
    """The file that `steplabel-agent submit --offline` wrote."""

    sealed = forms.FileField(
        label=_("Sealed file"),
        help_text=_("Written by “steplabel-agent submit --offline”; at most 256 KiB."),
        widget=forms.ClearableFileInput(attrs={"class": "govuk-file-upload"}),
        error_messages={
            "required": _("Choose the sealed file first."),
            "empty": _("The file is empty. Copy it again from the plant’s computer."),
            "missing": _("Choose the sealed file first."),
        },
    )

    def clean_sealed(self) -> UploadedFile[bytes]:
        sealed: UploadedFile[bytes] = self.cleaned_data["sealed"]
        if (sealed.size or 0) > MAX_ENVELOPE_BYTES:
            raise forms.ValidationError(_("The file is larger than any sealed report. Choose the file that “submit --offline” wrote."))
        return sealed


class ReasonForm(forms.Form):
    """Why a version is withdrawn; the public reads it."""

    reason = forms.CharField(
        label=_("Reason, shown to everybody"),
        help_text=_("Say in a sentence what was wrong. Name no firm."),
        max_length=1000,
        widget=forms.Textarea(attrs={"class": "govuk-textarea", "rows": "4"}),
        error_messages={"required": _("Give a reason: a version is never withdrawn without one.")},
    )


def mark_errors(form: forms.Form) -> None:
    """Point each wrong field at its message, so that a screen reader says them together."""
    for name in form.errors:
        if name in form.fields:
            field = form[name]
            described = f"{field.id_for_label}_error"
            if field.help_text:
                described = f"{field.id_for_label}_helptext {described}"
            form.fields[name].widget.attrs.update({"aria-describedby": described, "aria-invalid": "true"})
            classes = form.fields[name].widget.attrs.get("class", "")
            for plain in ("govuk-input", "govuk-textarea", "govuk-file-upload"):
                if plain in classes.split():
                    form.fields[name].widget.attrs["class"] = f"{classes} {plain}--error"


def add_error(form: forms.Form, field: str, sentence: str, remedy: str) -> None:
    """A refusal of a service, beside the field it concerns."""
    form.add_error(field, ErrorList([f"{sentence} {remedy}"]).as_data())
