"""A firm's sites: registered and resized with a regulator's approval, renamed by the firm, retired.

The size class decides how much a firm weighs in the disclosure rules, so nobody declares another
one alone. An approved site takes part in every peer group of its pack that covers it and takes
reports now or next (`peer_groups.join_all`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from benchmarks.phrases import Phrase
from portal import wall
from portal.accounts.audience import people_of_firms, regulators_of
from portal.accounts.enrolling import revoke
from portal.accounts.models import Device, EnrolmentToken, Jurisdiction, Site, User
from portal.accounts.selectors import jurisdictions_of, led_sites, within
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.catalogue import peer_groups
from portal.catalogue.models import ExtensionRequest
from portal.names import in_chinese
from portal.notifications.kinds import NoticeKind
from portal.notifications.telling import tell
from portal.problems import RefusedError
from portal.register.inviting import led_firms
from portal.register.models import SiteApplication
from portal.register.site_ends import site_retires


@dataclass(frozen=True, slots=True)
class SiteWish:
    slug: str
    name: str
    name_zh: str
    jurisdiction: Jurisdiction
    pack: str
    size_class: str
    credit_code: str = ""


def apply(user: User, firm: int, wish: SiteWish, now: datetime) -> SiteApplication:
    """Ask for a new site.

    Raises:
        Organisation.DoesNotExist: not a firm that the person leads.
        RefusedError: `site-known`.
    """
    organisation = led_firms(user).get(pk=firm)
    with transaction.atomic():
        with wall.opened():  # an id is taken by whatever firm
            waiting = SiteApplication.objects.filter(slug=wish.slug, decided_at=None).exists()
        if waiting or Site.objects.filter(slug=wish.slug).exists():
            raise _id_taken(wish.slug)
        row = SiteApplication.objects.create(
            organisation=organisation,
            slug=wish.slug,
            name=wish.name,
            name_zh=wish.name_zh,
            jurisdiction=wish.jurisdiction,
            pack=wish.pack,
            size_class=wish.size_class,
            credit_code=wish.credit_code,
            applied_by=user.email,
            applied_at=now,
        )
        record(
            now,
            user.email,
            Action.SITE_APPLIED,
            f"site {row.slug}",
            f"{organisation}, {row.pack}, {row.size_class}",
        )
        _tell_regulators(row.jurisdiction, now)
    return row


def change(
    user: User,
    slug: str,
    *,
    name: str,
    name_zh: str,
    size_class: str,
    since: int | None,
    now: datetime,
    code: str | None = None,
) -> SiteApplication | None:
    """Rename at once, with the first year that is stated (None where none is), and with another
    credit code if one is given; another size class waits for a regulator, who is asked, and no
    longer waits once the present one is wished again. `Site.DoesNotExist` for another's, a
    delegate's too.
    """
    with transaction.atomic():
        site = led_sites(user).get(slug=slug, retired_at=None)
        if (site.name, site.name_zh) != (name, name_zh):
            record(
                now,
                user.email,
                Action.SITE_RENAMED,
                f"site {site.slug}",
                f"was {site.name}, is {name}",
            )
            site.name, site.name_zh = name, name_zh
            site.save(update_fields=["name", "name_zh"])
        if code is not None and code != site.credit_code:
            record(
                now,
                user.email,
                Action.CREDIT_CODE,
                f"site {site.slug}",
                f"was {site.credit_code or 'none'}, is {code or 'none'}",
            )
            site.credit_code = code
            site.save(update_fields=["credit_code"])
        if since != site.since:
            record(
                now,
                user.email,
                Action.SITE_SINCE,
                f"site {site.slug}",
                f"was {site.since or 'none'}, is {since or 'none'}",
            )
            site.since = since
            site.save(update_fields=["since"])
        waiting = SiteApplication.objects.filter(site=site, decided_at=None)
        if waiting.filter(size_class=size_class).update(name=name, name_zh=name_zh):
            return None  # asked for already
        waiting.delete()  # the newest wish counts, also that it stays as it is
        if size_class == site.size_class:
            return None
        record(
            now,
            user.email,
            Action.SITE_APPLIED,
            f"site {site.slug}",
            f"size class {site.size_class} to {size_class}",
        )
        _tell_regulators(site.jurisdiction, now)
        return SiteApplication.objects.create(
            organisation=site.organisation,
            site=site,
            slug=site.slug,
            name=site.name,
            name_zh=site.name_zh,
            jurisdiction=site.jurisdiction,
            pack=site.pack,
            size_class=size_class,
            applied_by=user.email,
            applied_at=now,
        )


def wished_size(site: Site) -> str:
    """The size class that the site has, or for which it waits."""
    waiting = SiteApplication.objects.filter(site=site, decided_at=None).first()
    return site.size_class if waiting is None else waiting.size_class


def waiting_for(user: User) -> QuerySet[SiteApplication]:
    """Applications of the person's jurisdictions that nobody has decided."""
    rows = SiteApplication.objects.filter(within(jurisdictions_of(user)), decided_at=None)
    return rows.select_related("organisation", "jurisdiction", "site").order_by("applied_at", "pk")


def decided_for(user: User) -> QuerySet[SiteApplication]:
    """Applications of the person's jurisdictions that somebody has decided."""
    return (
        SiteApplication.objects.filter(within(jurisdictions_of(user)))
        .exclude(decided_at=None)
        .select_related("organisation", "jurisdiction")
    )


def approve(user: User, application: int, *, obliged: bool, now: datetime) -> Site:
    """The site is registered and takes part, obliged or by its own will; or it has the size class
    it asked for.

    Raises:
        SiteApplication.DoesNotExist: none that waits in the person's jurisdictions.
        RefusedError: `site-known`.
    """
    with transaction.atomic():
        row = _locked(user, application)
        if row.site is not None:
            site = row.site
            site.size_class = row.size_class
            site.save(update_fields=["size_class"])
        else:
            site = _registered(row)
            peer_groups.join_all(site, user, obliged=obliged)
        _decide(row, user, now, approved=True)
        record(now, user.email, Action.SITE_APPROVED, f"site {site.slug}", row.size_class)
        _tell_firm(NoticeKind.SITE_APPROVED, row, now)
    return site


def refuse(user: User, application: int, reason: str, now: datetime) -> None:
    """`SiteApplication.DoesNotExist` for none that waits in the person's jurisdictions."""
    with transaction.atomic():
        row = _locked(user, application)
        _decide(row, user, now, approved=False, reason=reason)
        record(now, user.email, Action.SITE_REFUSED, f"site {row.slug}", reason)
        _tell_firm(NoticeKind.SITE_REFUSED, row, now)


def retire(user: User, slug: str, now: datetime) -> None:
    """No agent signs for the site any more and no token admits one; what it reported stands.
    `Site.DoesNotExist` as in `change`.
    """
    with transaction.atomic():
        site = led_sites(user).get(slug=slug, retired_at=None)
        for device in Device.objects.filter(site=site, revoked_at=None):
            revoke(device, user, now)
        EnrolmentToken.objects.filter(site=site, used_at=None, expires_at__gt=now).update(
            expires_at=now
        )
        SiteApplication.objects.filter(site=site, decided_at=None).delete()
        ExtensionRequest.objects.filter(site=site, granted=None).delete()
        site.retired_at = now
        site.save(update_fields=["retired_at"])
        site_retires.send(sender=Site, sites=[site], by=user.email, now=now)
        record(now, user.email, Action.SITE_RETIRED, f"site {site.slug}")


def _registered(row: SiteApplication) -> Site:
    """The new site; also of two that are approved with one id at the same moment the second is
    refused.
    """
    try:
        with transaction.atomic():
            return Site.objects.create(
                slug=row.slug,
                name=row.name,
                name_zh=row.name_zh,
                organisation=row.organisation,
                jurisdiction=row.jurisdiction,
                pack=row.pack,
                size_class=row.size_class,
                credit_code=row.credit_code,
            )
    except IntegrityError as error:
        raise _id_taken(row.slug) from error


def _tell_regulators(jurisdiction: Jurisdiction, now: datetime) -> None:
    tell(NoticeKind.APPLICATION_WAITS, regulators_of(jurisdiction), "web:applications", {}, {}, now)


def _tell_firm(kind: NoticeKind, row: SiteApplication, now: datetime) -> None:
    facts = {"site": row.slug, "site_name": row.name, "site_name_zh": in_chinese(row.name)}
    tell(kind, people_of_firms((row.organisation_id,)), "web:sites", {}, facts, now)


def _locked(user: User, application: int) -> SiteApplication:
    """The row, locked: of two who decide at once the second finds nothing that waits."""
    SiteApplication.objects.select_for_update().filter(pk=application).first()
    return waiting_for(user).get(pk=application)


def _decide(
    row: SiteApplication, user: User, now: datetime, *, approved: bool, reason: str = ""
) -> None:
    row.decided_at, row.decided_by, row.approved, row.reason = now, user.email, approved, reason
    row.save(update_fields=["decided_at", "decided_by", "approved", "reason"])


def _id_taken(slug: str) -> RefusedError:
    return RefusedError(
        409,
        "site-known",
        Phrase("There is already a site %(site)s, or one waits for approval.", site=slug),
        "Choose another id.",
    )
