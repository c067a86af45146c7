"""allauth's forms in the style and the words of these pages; wrong passwords and codes are counted
as at sign-in.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account import forms as account
from allauth.core import context
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp import forms as totp
from django import forms
from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.accounts.attempts import Attempt, AttemptKind, attempt_at
from portal.accounts.first_mails import may_send_link
from portal.web.forms.errors import mark_errors
from portal.web.forms.fields import LONGEST_ADDRESS
from portal.web.forms.signing_in import SignInForm
from portal.web.passwords import post_link_to_new_password

NEW = _("At least 12 characters. Do not use a common password, your name or your address.")
AGAIN = _("Type the same password again, so that it has no typing error.")
CODE = _("Six digits from the authenticator app, or one of your recovery codes.")

Text = Any  # a lazy text, which the stubs of forms do not know
Texts = Mapping[str, tuple[Text, Text, Text]]
"""Of each field: label, hint, what is said when nothing was typed."""

if TYPE_CHECKING:
    Base = forms.Form
else:
    Base = object


class AccountForm(Base):
    """Labels, hints and errors as everywhere on these pages."""

    texts: ClassVar[Texts] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, (label, hint, required) in self.texts.items():
            field = self.fields[name]
            field.label, field.help_text = label, hint
            field.error_messages["required"] = required
            field.widget.attrs.pop("placeholder", None)
            field.widget.attrs["class"] = "govuk-input govuk-input--width-20"
            if name == "code":
                field.widget.attrs |= {
                    "inputmode": "numeric",
                    "class": "govuk-input govuk-input--width-10",
                }

    def full_clean(self) -> None:
        super().full_clean()
        mark_errors(self)


class LimitedTriesForm(AccountForm):
    """A wrong code or password takes one of the person's tries; a right one gives it back."""

    counted = "code"
    user: Any
    attempt: Attempt

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.errors:  # the last word of a failed field; nothing is given back
            return cleaned
        self.attempt.succeeded()
        return cleaned

    def _clean_fields(self) -> None:
        self.attempt = attempt_at(
            context.request,
            self.user.email,
            AttemptKind.CODE if self.counted == "code" else AttemptKind.PASSWORD,
        )
        if self.data.get(self.counted) and not self.attempt.begin():
            self.add_error(self.counted, SignInForm.error_messages[SignInForm.TOO_MANY])
            return
        super()._clean_fields()  # type: ignore[misc] # of django's form, which the stubs leave out


class ChangePasswordForm(LimitedTriesForm, account.ChangePasswordForm):  # type: ignore[misc] # allauth ships no types
    counted = "oldpassword"
    texts: ClassVar[Texts] = {
        "oldpassword": (_("Current password"), "", _("Enter your password.")),
        "password1": (_("New password"), NEW, _("Enter a new password.")),
        "password2": (_("New password again"), AGAIN, _("Enter the new password again.")),
    }


class ConfirmPasswordForm(LimitedTriesForm, account.ReauthenticateForm):  # type: ignore[misc] # allauth ships no types
    counted = "password"
    texts: ClassVar[Texts] = {"password": (_("Password"), "", _("Enter your password."))}


class ForgottenPasswordForm(AccountForm, account.ResetPasswordForm):  # type: ignore[misc] # allauth ships no types
    """Answers alike whether the address has an account or not; `passwords` says how."""

    texts: ClassVar[Texts] = {
        "email": (
            _("Email address"),
            _("The one you sign in with."),
            _("Enter your email address."),
        )
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].validators.append(MaxLengthValidator(LONGEST_ADDRESS))

    def clean_email(self) -> str:
        """Without allauth's look at who has the address."""
        email: str = self.cleaned_data["email"]
        if not may_send_link(context.request, email):
            raise forms.ValidationError(
                _("Too many links were requested for this address. Wait an hour, then try again.")
            )
        return email

    def save(self, _request: HttpRequest, **_options: Any) -> str:
        email: str = self.cleaned_data["email"]
        post_link_to_new_password(email, get_language() or settings.LANGUAGE_CODE)
        return email


class NewPasswordForm(AccountForm, account.ResetPasswordKeyForm):  # type: ignore[misc] # allauth ships no types
    texts: ClassVar[Texts] = {
        "password1": (_("New password"), NEW, _("Enter a new password.")),
        "password2": (_("New password again"), AGAIN, _("Enter the new password again.")),
    }


class SecondFactorForm(LimitedTriesForm, mfa.AuthenticateForm):  # type: ignore[misc] # allauth ships no types
    texts: ClassVar[Texts] = {"code": (_("Code"), CODE, _("Enter a code."))}


class CodeAgainForm(LimitedTriesForm, mfa.ReauthenticateForm):  # type: ignore[misc] # allauth ships no types
    texts: ClassVar[Texts] = {"code": (_("Code"), CODE, _("Enter a code."))}


class SetUpAppForm(LimitedTriesForm, totp.ActivateTOTPForm):  # type: ignore[misc] # allauth ships no types
    texts: ClassVar[Texts] = {
        "code": (
            _("Code that the app shows"),
            _("Six digits, new every 30 seconds."),
            _("Enter a code."),
        )
    }
