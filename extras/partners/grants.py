"""A firm grants a partner access to one of its sites, sees who has it, and takes it back; a partner
sees what it was granted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from benchmarks.phrases import Name
from extras.partners.models import Action, Grant
from portal.accounts.models import Organisation, Role, Site, User
from portal.accounts.selectors import managed_sites, organisations_as
from portal.auditlog.recording import record
from portal.intake.models import Submission
from portal.intake.selectors import SubmissionView, views_of
from portal.problems import RefusedError
from portal.standings.selectors import ProtectedValueView, values_of

PARTNERS = (Role.PROVIDER, Role.SUPPLIER)


@dataclass(frozen=True, slots=True)
class GrantView:
    """For the firm: who sees what of a site, or saw it."""

    id: int
    partner: Name
    kind: str
    receipts: bool
    values: bool
    granted_by: str
    granted_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class GrantedView:
    """For the partner: a site and what of it is open."""

    site: str
    site_name: Name
    pack: str
    receipts: bool
    values: bool
    granted_at: datetime
    submissions: tuple[SubmissionView, ...]  # newest first; none for a supplier


def partners() -> QuerySet[Organisation]:
    """Whom a firm may let in."""
    return Organisation.objects.filter(kind__in=PARTNERS).order_by("name")


def grant(
    user: User, site_slug: str, partner: int, *, receipts: bool, values: bool, now: datetime
) -> Grant:
    """Let a partner in; another grant for the same site takes the place of the one before, and the
    same again, as of a form sent twice, is the same one. Values go with receipts: a submission's
    digest, by which its values are asked for, opens its receipt to whoever knows it.

    Raises:
        Site.DoesNotExist, Organisation.DoesNotExist: not a site that the person manages; no
        provider or supplier. RefusedError: `grant-too-wide` (400): a supplier is shown nothing of
        reports.
    """
    site = managed_sites(user).get(slug=site_slug, retired_at=None)
    other = partners().get(pk=partner)
    if other.kind == Role.SUPPLIER and (receipts or values):
        raise RefusedError(
            400,
            "grant-too-wide",
            "An energy supplier cannot see anything of reports.",
            "Give access without receipts and without values.",
        )
    with transaction.atomic():
        Site.objects.select_for_update().get(
            pk=site.pk
        )  # one grant at a time, also of two managers at once
        open_to = {"receipts": receipts or values, "values": values}
        before = Grant.objects.filter(site=site, partner=other, ended_at=None)
        if (standing := before.filter(**open_to).first()) is not None:
            return standing
        before.update(ended_at=now, ended_by=user.email)
        granted = Grant.objects.create(
            site=site, partner=other, granted_by=user.email, granted_at=now, **open_to
        )
        record(
            now,
            user.email,
            Action.ACCESS_GRANTED,
            f"site {site.slug}",
            f"{other}: {_scope(granted)}",
        )
    return granted


def take_back(user: User, grant_id: int, now: datetime) -> Grant:
    """From now on the partner sees nothing of the site, also where another access has replaced this
    one; once more changes nothing. `Grant.DoesNotExist` for one that is not the person's to end."""
    with transaction.atomic():
        rows = Grant.objects.select_for_update(of=("self",)).select_related("site", "partner")
        row = rows.get(pk=grant_id, site__in=managed_sites(user))
        for standing in rows.filter(site=row.site, partner=row.partner, ended_at=None):
            standing.ended_at, standing.ended_by = now, user.email
            standing.save(update_fields=["ended_at", "ended_by"])
            record(
                now, user.email, Action.ACCESS_TAKEN_BACK, f"site {row.site.slug}", str(row.partner)
            )
    return row


def end_all(sites: Collection[Site], because: str, by: str, now: datetime) -> set[str]:
    """End every access to these sites; the ids of those that had any open. Who of the firm granted
    and took back what is forgotten.

    To be called in a transaction.
    """
    rows = Grant.objects.filter(site__in=sites)
    open_grants = list(rows.filter(ended_at=None).select_related("site", "partner").order_by("pk"))
    for row in open_grants:
        record(
            now, by, Action.ACCESS_TAKEN_BACK, f"site {row.site.slug}", f"{row.partner}: {because}"
        )
    rows.filter(ended_at=None).update(ended_at=now)
    rows.update(granted_by="", ended_by=by)
    return {row.site.slug for row in open_grants}


def grants_at(user: User, site_slug: str) -> tuple[GrantView, ...]:
    """Who sees or saw something of a site that the person manages, those of today first."""
    rows = Grant.objects.filter(site__slug=site_slug, site__in=managed_sites(user)).select_related(
        "partner"
    )
    views = [
        GrantView(
            row.pk,
            row.partner.name,
            row.partner.kind,
            row.receipts,
            row.values,
            row.granted_by,
            row.granted_at,
            row.ended_at,
        )
        for row in rows.order_by("-granted_at", "-pk")
    ]
    return tuple(sorted(views, key=lambda view: view.ended_at is not None))


def granted_to(user: User, role: Role) -> QuerySet[Grant]:
    """What the person's organisations of that role are granted today."""
    rows = Grant.objects.filter(
        partner__in=organisations_as(user, role), ended_at=None, site__retired_at=None
    )
    return rows.select_related("site").order_by("site__slug", "pk")


def granted_sites(user: User, role: Role) -> tuple[GrantedView, ...]:
    """Sites that granted access, with the states of their submissions for a provider."""
    rows = list(granted_to(user, role))
    submissions: dict[str, list[SubmissionView]] = {}
    if role is Role.PROVIDER:
        for view in views_of(
            Submission.objects.filter(site__in={row.site_id for row in rows}).order_by("-log_index")
        ):
            submissions.setdefault(view.site, []).append(view)
    return tuple(
        GrantedView(
            row.site.slug,
            row.site.name,
            row.site.pack,
            row.receipts,
            row.values,
            row.granted_at,
            tuple(submissions.get(row.site.slug, ())),
        )
        for row in rows
    )


def granted_receipt(user: User, digest: str) -> SubmissionView | None:
    """A submission of a site that granted a provider its receipts; None for any other, as for one
    that does not exist.
    """
    sites = granted_to(user, Role.PROVIDER).filter(receipts=True).values("site")
    return next(iter(views_of(Submission.objects.filter(digest=digest, site__in=sites))), None)


def granted_values(user: User, digest: str) -> tuple[ProtectedValueView, ...] | None:
    """The protected values of a submission of a site that granted a provider its values; None for
    any other.
    """
    sites = granted_to(user, Role.PROVIDER).filter(values=True).values("site")
    submission = Submission.objects.filter(digest=digest, site__in=sites).defer("envelope").first()
    return None if submission is None else values_of(submission)


def _scope(row: Grant) -> str:
    if row.partner.kind == Role.SUPPLIER:
        return "declares deliveries"
    return "states" + (", receipts" if row.receipts else "") + (", values" if row.values else "")
