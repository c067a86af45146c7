"""An organisation's people and its invitations, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.models import Role
from portal.register.selectors import HouseView, InvitationView
from portal.web.viewmodels.shared import StateWord
from portal.web.words.terms import shown_name


@dataclass(frozen=True, slots=True)
class MemberRow:
    name: str
    email: str
    capacity: str
    you: bool
    change_url: str  # empty where the reader may change nothing


@dataclass(frozen=True, slots=True)
class InvitationRow:
    email: str
    capacity: str
    state: StateWord
    until: datetime
    url: str


@dataclass(frozen=True, slots=True)
class HouseBlock:
    id: int
    name: str
    firm: bool  # an enterprise: it has sites, delegates, a record of its own, and can leave
    led: bool
    members: tuple[MemberRow, ...]
    invitations: tuple[InvitationRow, ...]


def house_block(view: HouseView) -> HouseBlock:
    return HouseBlock(
        id=view.id,
        name=shown_name(view.name),
        firm=view.kind == Role.ENTERPRISE,
        led=view.led,
        members=tuple(
            MemberRow(
                member.name or member.email,
                member.email,
                capacity_word(member.may_manage, member.delegate),
                member.you,
                reverse("web:member", args=[member.id]) if view.led else "",
            )
            for member in view.members
        ),
        invitations=tuple(
            InvitationRow(
                invitation.email,
                capacity_word(invitation.may_manage, invitation.delegate),
                _invitation_state(invitation),
                invitation.expires_at,
                reverse("web:invitation", args=[invitation.id]),
            )
            for invitation in view.invitations
        ),
    )


def _invitation_state(view: InvitationView) -> StateWord:
    if view.expired:
        return StateWord(_("Expired"), "no")
    if view.unreached:
        return StateWord(_("The mail did not arrive: check the address"), "no")
    return StateWord(_("Waits for an answer"), "wait")


def capacity_word(may_manage: bool, delegate: bool) -> str:
    if delegate:
        return _("delegate, acts for the sites") if may_manage else _("delegate, reads only")
    return _("manages") if may_manage else _("reads only")
