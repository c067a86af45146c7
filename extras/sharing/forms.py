"""What of a report is shown to whom and for how long; what a group is, which sites are asked, and
which labels a site shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from extras.sharing.groups import GroupDescription
from extras.sharing.models import GroupKind
from extras.sharing.shares import DAYS
from portal.accounts.models import SITE_ID
from portal.web.forms.audits import Checks
from portal.web.forms.fields import area, choice, line, offer_choices

KINDS = {
    GroupKind.FACTORIES: _("Green factories"),
    GroupKind.PARK: _("Park"),
    GroupKind.CHAIN: _("Supply chain"),
}
MOST_AT_ONCE = 200


class GroupForm(forms.Form):
    """A new group."""

    runner = choice(_("Run by"), required=_("Choose who runs the group."))
    kind = choice(
        _("Kind of group"),
        required=_("Choose a kind."),
        choices=[("", _("Choose one")), *KINDS.items()],
    )
    name = line(_("Name in English"), "", _("Name the group in English."), most=120)
    name_zh = line(_("Name in Chinese"), "", _("Name the group in Chinese."), most=120)

    def __init__(self, *args: Any, runners: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "runner", runners)

    def about(self) -> GroupDescription:
        cleaned = self.cleaned_data
        return GroupDescription(
            GroupKind(cleaned["kind"]), cleaned["name"].strip(), cleaned["name_zh"].strip()
        )


class InviteSitesForm(forms.Form):
    """Sites by their ids."""

    sites = area(
        _("Ids of the sites"),
        _(
            "One a line, as the firms tell them to you. Each firm decides for itself, and this "
            "page shows its answer. Unless you regulate "
            "the whole nation you are not told of an id that no site has: it stays without an "
            "answer."
        ),
        _("Write at least one id."),
        most=64 * MOST_AT_ONCE,
    )

    def clean_sites(self) -> list[str]:
        slugs = [slug for slug in re.split(r"[\s,;，；]+", self.cleaned_data["sites"]) if slug]
        if wrong := [slug for slug in slugs if not SITE_ID.regex.match(slug)]:  # type: ignore[union-attr]
            raise forms.ValidationError(
                _("“%(id)s” is no id of a site: lower-case letters, digits and hyphens."),
                params={"id": wrong[0]},
            )
        if len(slugs) > MOST_AT_ONCE:
            raise forms.ValidationError(_("At most 200 sites at once."))
        return slugs


class ConsentForm(forms.Form):
    """Whose labels the runner is shown; none ticked: the site is only counted."""

    steps = forms.MultipleChoiceField(
        label=_("Steps whose labels you show to who runs the group"),
        required=False,
        widget=Checks(attrs={"class": "govuk-checkboxes__input"}),
        error_messages={"invalid_choice": _("Choose among the steps of this report.")},
    )

    def __init__(self, *args: Any, offered: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "steps", offered)
        if not cast(forms.MultipleChoiceField, self.fields["steps"]).choices:
            del self.fields["steps"]


LENGTHS = {7: _("A week"), 30: _("30 days"), 90: _("90 days")}


class ShareForm(forms.Form):
    buyer = line(
        _("Who may see it"),
        _("The buyer’s name. It is shown on the page that the link opens, and in your list."),
        _("Name the buyer."),
        most=200,
        width=20,
    )
    labels = forms.MultipleChoiceField(
        label=_("Which labels"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "govuk-checkboxes__input"}),
        error_messages={
            "required": _("Choose at least one label."),
            "invalid_choice": _("Choose among the labels of this report."),
        },
    )
    days = forms.TypedChoiceField(
        label=_("For how long"),
        coerce=int,
        initial=30,
        choices=[(days, LENGTHS[days]) for days in DAYS],
        widget=forms.Select(attrs={"class": "govuk-select"}),
    )

    def __init__(self, *args: Any, offered: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_choices(self, "labels", offered)
