"""Forms about an organisation's people."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.web import passwords
from portal.web.account_forms import AGAIN, NEW

INPUT = {"class": "govuk-input govuk-input--width-20"}
CAPACITIES = (("manager", _("Manages: acts for the organisation, invites people")), ("viewer", _("Reads only")))


class InviteForm(forms.Form):
    """Whom to invite to an organisation, and as what."""

    email = forms.EmailField(
        label=_("Email address"),
        help_text=_("A link that is good once, for seven days, is sent there."),
        widget=forms.EmailInput(attrs=INPUT),
        error_messages={
            "required": _("Enter the address to invite."),
            "invalid": _("Enter a whole email address, such as name@firm.example."),
        },
    )
    capacity = forms.ChoiceField(
        label=_("What they may do"), choices=CAPACITIES, initial="viewer", widget=forms.Select(attrs={"class": "govuk-select"})
    )
    delegate = forms.BooleanField(
        label=_("A delegate, of another house"),
        help_text=_("Acts for your sites and sees their reports, but not your people. You can take it back at any time."),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "govuk-checkboxes__input"}),
    )


class JoinForm(forms.Form):
    """A new account for who was invited."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        widget=forms.TextInput(attrs={**INPUT, "autocomplete": "name"}),
        error_messages={"required": _("Enter your name.")},
    )
    password = forms.CharField(
        label=_("Password"),
        help_text=NEW,
        strip=False,
        widget=forms.PasswordInput(attrs={**INPUT, "autocomplete": "new-password"}),
        error_messages={"required": _("Enter a password.")},
    )
    again = forms.CharField(
        label=_("Password again"),
        help_text=AGAIN,
        strip=False,
        widget=forms.PasswordInput(attrs={**INPUT, "autocomplete": "new-password"}),
        error_messages={"required": _("Enter the password again.")},
    )

    def __init__(self, email: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        password = given.get("password")
        if password is not None:
            try:
                passwords.check(password, User(email=self.email, name=given.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
            if "again" in given and given["again"] != password:
                self.add_error("again", _("The two passwords differ. Type the same twice."))
        return given
