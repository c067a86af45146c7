"""The terms of the data downloads, and who accepted them for whom."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from extras.partners.models import AcceptedTerms, Action
from portal.accounts.models import Membership, Organisation, User
from portal.auditlog.recording import record
from portal.problems import RefusedError

TERMS = "2026-11"
"""The version of the terms; another wording is another version, and is accepted anew."""


def houses_of(user: User) -> QuerySet[Organisation]:
    """The organisations that the person acts for, in any role; whoever asks with a key acts for the
    key's.
    """
    if user.acting_as is not None:
        return Organisation.objects.filter(pk=user.acting_as.organisation)
    return (
        Organisation.objects.filter(memberships__in=Membership.objects.filter(user=user))
        .distinct()
        .order_by("name")
    )


def houses_to_accept_for(user: User) -> QuerySet[Organisation]:
    """Those that the person manages; a key accepts nothing."""
    managed = Membership.objects.filter(user=user.pk, may_manage=True)
    return Organisation.objects.filter(memberships__in=managed).distinct().order_by("name")


def accept(user: User, organisation: int, now: datetime) -> None:
    """Accept the terms for an organisation, once; `Organisation.DoesNotExist` for one that the
    person does not manage.
    """
    house = houses_to_accept_for(user).get(pk=organisation)
    try:
        with transaction.atomic():
            AcceptedTerms.objects.create(
                organisation=house, terms=TERMS, accepted_by=user.email, accepted_at=now
            )
            record(now, user.email, Action.TERMS_ACCEPTED, f"organisation {house}"[:254], TERMS)
    except IntegrityError:
        return  # somebody of the house was first


def accepted_by(user: User) -> AcceptedTerms | None:
    """How the terms of today were accepted for one of the person's organisations, if they were."""
    rows = AcceptedTerms.objects.filter(organisation__in=houses_of(user), terms=TERMS)
    return rows.select_related("organisation").order_by("accepted_at").first()


def require_accepted(user: User) -> AcceptedTerms:
    """Raises: RefusedError: `terms-not-accepted` (403)."""
    accepted = accepted_by(user)
    if accepted is None:
        raise RefusedError(
            403,
            "terms-not-accepted",
            "Nobody has accepted the terms of the data downloads for your organisation.",
            "Read and accept them on the page Data downloads.",
        )
    return accepted
