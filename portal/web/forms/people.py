"""Forms about an organisation's people: inviting somebody, and a new account for who was
invited.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.web import passwords
from portal.web.forms.account import AGAIN, NEW
from portal.web.forms.fields import choice, email, line, tick

INPUT = {"class": "govuk-input govuk-input--width-20"}
CAPACITIES = (
    ("manager", _("Manages: acts for the organisation, invites people")),
    ("viewer", _("Reads only")),
)


class InvitePersonForm(forms.Form):
    """Whom to invite to an organisation, and as what."""

    email = email(
        _("Email address"),
        _("A link is sent there. It works once, within seven days."),
        _("Enter the address to invite."),
    )
    capacity = choice(_("What they may do"), choices=CAPACITIES, initial="viewer")
    delegate = tick(
        _("A delegate from another organisation"),
        _(
            "Acts for your sites and sees their reports, but not your people. You can withdraw "
            "this at any time."
        ),
        optional=True,
    )


class JoinForm(forms.Form):
    """A new account for who was invited."""

    name = line(
        _("Your name"),
        required=_("Enter your name."),
        most=150,
        width=20,
        attrs={"autocomplete": "name"},
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
        answers = self.cleaned_data
        password = answers.get("password")
        if password is not None:
            try:
                passwords.check(password, User(email=self.email, name=answers.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
            if "again" in answers and answers["again"] != password:
                self.add_error("again", _("The two passwords differ. Type the same twice."))
        return answers
