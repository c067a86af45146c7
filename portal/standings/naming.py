"""Which firms let themselves be named in public, and since when.

A firm that is named beside its quarter gives away where it stands: nobody but itself can allow
that, and only for itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from portal.accounts.models import Organisation, Site, User
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.standings.models import NamingChoice


@dataclass(frozen=True, slots=True)
class ChoiceView:
    named: bool
    by: str
    at: datetime


def choose(firm: Organisation, named: bool, by: User, now: datetime) -> bool:
    """Keep the firm's choice; whether it differs from the one before. Who may choose is for the
    caller to say.
    """
    with transaction.atomic():
        Organisation.objects.select_for_update().get(pk=firm.pk)
        if is_named(firm) == named:
            return False
        NamingChoice.objects.create(
            organisation=firm, named=named, chosen_by=by.email, chosen_at=now
        )
        word = "named in public from the next version on" if named else "no longer named in public"
        record(now, by.email, Action.NAMING_CHOSEN, f"firm {firm.name}"[:254], word)
        for slug in Site.objects.filter(organisation=firm).values_list(
            "slug", flat=True
        ):  # where its regulators look
            record(now, by.email, Action.NAMING_CHOSEN, f"site {slug}", word)
    return True


def is_named(firm: Organisation) -> bool:
    newest = (
        NamingChoice.objects.filter(organisation=firm)
        .order_by("-pk")
        .values_list("named", flat=True)
        .first()
    )
    return bool(newest)


def choices_of(firm: Organisation) -> tuple[ChoiceView, ...]:
    """Every choice, newest first."""
    rows = NamingChoice.objects.filter(organisation=firm).order_by("-pk")
    return tuple(ChoiceView(row.named, row.chosen_by, row.chosen_at) for row in rows)


def named_firms() -> frozenset[int]:
    """The organisations that are named now."""
    newest = dict(NamingChoice.objects.order_by("pk").values_list("organisation", "named"))
    return frozenset(firm for firm, named in newest.items() if named)
