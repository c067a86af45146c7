"""The form of signing in: wrong passwords are counted, and after too many neither is looked at for
a while.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _

from portal.accounts.attempts import attempt_at
from portal.web.words.contact import with_contact


class SignInForm(AuthenticationForm):
    """Email and password; after too many failures neither is looked at for a while."""

    TOO_MANY = "too-many"
    error_messages = {  # noqa: RUF012 - as Django declares it
        TOO_MANY: with_contact(
            _("Too many sign-ins have failed. Wait 15 minutes, then try again."),
            _("If you are sure of the password, contact %(contact)s."),
        ),
        "invalid_login": _(
            "Email and password do not match. Check both; the password is case-sensitive."
        ),
        "inactive": with_contact(
            _("This account is closed."), _("If it should not be closed, contact %(contact)s.")
        ),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        email, password = self.fields["username"], self.fields["password"]
        email.label, password.label = _("Email address"), _("Password")
        email.error_messages["required"] = _("Enter your email address.")
        password.error_messages["required"] = _("Enter your password.")
        email.widget = forms.EmailInput(
            attrs={
                "class": "govuk-input govuk-input--width-20",
                "autocomplete": "username",
                "spellcheck": "false",
            }
        )
        password.widget.attrs.update(
            {"class": "govuk-input govuk-input--width-20", "autocomplete": "current-password"}
        )

    def clean(self) -> dict[str, Any]:
        email, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if (
            not email or not password or self.request is None
        ):  # the fields say so themselves; nothing was tried
            return self.cleaned_data
        attempt = attempt_at(self.request, email)
        if not attempt.begin():
            raise forms.ValidationError(self.error_messages[self.TOO_MANY], code=self.TOO_MANY)
        cleaned = super().clean()
        attempt.succeeded()
        return cleaned
