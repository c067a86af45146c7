"""The form of an API key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from portal.web.forms.fields import choice, line, offer_choices
from portal.web.words.tables import words

SCOPES = words("scopes")
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
        self,
        *args: Any,
        houses: Iterable[tuple[str, str]],
        scopes: Iterable[TextChoices],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "organisation", houses)
        offer_choices(self, "scopes", [(scope.value, SCOPES[scope.value]) for scope in scopes])
