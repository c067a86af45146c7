"""The form of an API key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.accounts.scopes import Scope
from portal.web.forms.fields import choice, line, offer_choices

SCOPES = {
    Scope.PUBLISHED: _("read the archive of published versions"),
    Scope.SITES: _("read sites and their agents"),
    Scope.SUBMISSIONS: _("read reports, their states and receipts"),
    Scope.STANDINGS: _("read standings"),
    Scope.PARTICIPATION: _("read periods and who took part"),
    Scope.DRAFTS: _("read which versions are drafted"),
    Scope.ASSIGNMENTS: _("read the audits that are assigned"),
    Scope.AUDITS: _("read when obligatory audits are due"),
    Scope.DOSSIERS: _("read dossiers for programmes"),
    Scope.GROUPS: _("read groups of sites"),
    Scope.GRANTED: _("read what sites granted you"),
    Scope.DELIVERIES: _("read declared deliveries"),
    Scope.WRITE_DELIVERIES: _("declare deliveries"),
    Scope.CONFORMANCE: _("read your conformance results"),
    Scope.WRITE_CONFORMANCE: _("declare conformance results"),
    Scope.NOTIFICATIONS: _("read your own notifications (your own key only)"),
    Scope.WRITE_NOTIFICATIONS: _("mark your own notifications as read (your own key only)"),
}
"""What a key may be good for, in words."""

LIFETIMES = (("30", _("30 days")), ("90", _("90 days")), ("365", _("a year")))


class ApiKeyForm(forms.Form):
    """A new key. What the role of the organisation does not have cannot be chosen."""

    organisation = choice(_("Organisation"))
    name = line(
        _("Name of the key"),
        _("The program that will use it, such as “energy system at the works”."),
        _("Name the key."),
        most=120,
        width=20,
    )
    kind = choice(
        _("Whose key it is"),
        _(
            "Your own key ends when you no longer act for the organisation. The organisation’s "
            "key remains valid."
        ),
        choices=(("personal", _("your own")), ("organisation", _("the organisation’s"))),
    )
    lifetime = choice(_("Valid for"), choices=LIFETIMES, initial="90")
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        error_messages={
            "required": _("Choose what the key may do."),
            "invalid_choice": _("Choose from the options offered."),
        },
    )

    def __init__(
        self, *args: Any, houses: Iterable[tuple[str, str]], scopes: Iterable[Scope], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "organisation", houses)
        offer_choices(self, "scopes", [(scope.value, SCOPES[scope]) for scope in scopes])
