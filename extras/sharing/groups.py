"""Groups of sites: made and run by a regulator or a firm, which invites; a site is in one only
while its own firm agrees.

invited ▶ joined ▶ left | removed          a site that left, declined or was removed may be invited
        again ▶ declined
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from benchmarks.phrases import Phrase, enumerated
from extras.sharing.models import Action, GroupKind, GroupMember, SiteGroup
from portal.accounts.audience import named, people_of_site
from portal.accounts.models import SITE_ID, Organisation, Role, Site, User
from portal.accounts.selectors import jurisdictions_of, managed_sites, organisations_as, own_sites
from portal.auditlog.recording import record
from portal.intake.selectors import newest_accepted
from portal.names import in_chinese
from portal.notifications.kinds import NoticeKind
from portal.notifications.telling import tell
from portal.problems import RefusedError

State = GroupMember.State
RUNNING = (Role.REGULATOR, Role.ENTERPRISE)


@dataclass(frozen=True, slots=True)
class GroupDescription:
    """What a group is."""

    kind: GroupKind
    name: str
    name_zh: str


def runners(user: User) -> QuerySet[Organisation]:
    """The organisations for which the person may make and run groups."""
    ids_by_role = (
        organisations_as(user, role, managing=True).values_list("pk", flat=True) for role in RUNNING
    )
    return Organisation.objects.filter(pk__in={pk for ids in ids_by_role for pk in ids}).order_by(
        "name"
    )


def groups_run_by(user: User) -> QuerySet[SiteGroup]:
    """Those of the organisations that the person acts for, newest first; who may not manage reads
    them.
    """
    ids_by_role = (organisations_as(user, role).values_list("pk", flat=True) for role in RUNNING)
    return (
        SiteGroup.objects.filter(run_by__in={pk for ids in ids_by_role for pk in ids})
        .select_related("run_by")
        .order_by("-pk")
    )


def is_invited_or_in(group: SiteGroup, slug: str) -> bool:
    """Whether the site is asked into the group or is in it: whom its runner can remove."""
    return GroupMember.objects.filter(
        group=group, slug=slug, state__in=(State.INVITED, State.JOINED)
    ).exists()


def memberships_of(user: User) -> QuerySet[GroupMember]:
    """Invitations and memberships of the person's own sites, in groups that have not ended."""
    slugs = own_sites(user).filter(retired_at=None).values("slug")
    rows = GroupMember.objects.filter(
        slug__in=slugs, state__in=(State.INVITED, State.JOINED), group__ended_at=None
    )
    return rows.select_related("group__run_by", "site").order_by("-invited_at", "pk")


def invitations_of(user: User) -> list[GroupMember]:
    """Invitations that the person may answer, of sites of the firms that they manage."""
    return list(
        memberships_of(user).filter(
            state=State.INVITED, slug__in=managed_sites(user).values("slug")
        )
    )


def make(about: GroupDescription, runner: int, by: User, now: datetime) -> SiteGroup:
    """The same again, as of a form sent twice, is the same one while it goes on. Raises
    RefusedError `not-the-runner` (403).
    """
    house = runners(by).filter(pk=runner).first()
    if house is None:
        raise _not_the_runner()
    fields = {"kind": about.kind, "name": about.name, "name_zh": about.name_zh, "run_by": house}
    with transaction.atomic():
        Organisation.objects.select_for_update().get(
            pk=house.pk
        )  # one group of an organisation at a time
        same_group = SiteGroup.objects.filter(ended_at=None, **fields).first()
        if same_group is not None:
            return same_group
        group = SiteGroup.objects.create(made_by=by.email, made_at=now, **fields)
        record(
            now,
            by.email,
            Action.GROUP_MADE,
            _subject(group),
            f"{group.kind}: {group.name}, {house}"[:1000],
        )
    return group


def invite(group: SiteGroup, slugs: Sequence[str], by: User, now: datetime) -> int:
    """Ask these sites; how many are asked anew. A site id that no site has is taken like any other,
    so that no firm and no part of the nation learns which there are; a regulator of the nation
    knows them all, and is told.

    Raises:
        RefusedError: `not-the-runner` (403); `group-ended`, `site-id-malformed`, `site-unknown`
            (409).
    """
    if wrong := next((slug for slug in slugs if not SITE_ID.regex.match(slug)), None):  # type: ignore[union-attr]
        raise RefusedError(
            409,
            "site-id-malformed",
            Phrase("“%(id)s” is no id of a site.", id=wrong),
            "Copy the id from the site’s own page.",
        )
    if any(jurisdiction.parent_id is None for jurisdiction in jurisdictions_of(by)) and (
        unknown := sorted(set(slugs) - _present(slugs))
    ):
        raise RefusedError(
            409,
            "site-unknown",
            Phrase("No site has the id “%(id)s”.", id=unknown[0]),
            "Copy the id from the site’s own page.",
        )
    with transaction.atomic():
        _require_run(group, by)
        members = {
            row.slug: row for row in GroupMember.objects.select_for_update().filter(group=group)
        }
        asked = [
            slug
            for slug in dict.fromkeys(slugs)
            if slug not in members or members[slug].state not in (State.INVITED, State.JOINED)
        ]
        for slug in asked:
            row = members.get(slug) or GroupMember(group=group, slug=slug)
            row.state, row.steps, row.invited_at, row.decided_by, row.decided_at = (
                State.INVITED,
                [],
                now,
                "",
                None,
            )
            row.save()
            record(now, by.email, Action.GROUP_INVITED, _subject(group), slug)
        for site in Site.objects.filter(slug__in=asked, retired_at=None):
            facts = {**named(site), "group": group.name, "group_zh": in_chinese(group.name)}
            facts |= {"firm_name": group.run_by.name, "firm_name_zh": in_chinese(group.run_by.name)}
            tell(
                NoticeKind.GROUP_INVITED,
                people_of_site(site),
                "web:join-group",
                {"group": group.pk, "slug": site.slug},
                facts,
                now,
            )
    return len(asked)


def _present(slugs: Sequence[str]) -> set[str]:
    return set(Site.objects.filter(slug__in=slugs, retired_at=None).values_list("slug", flat=True))


def join(group: int, slug: str, steps: Sequence[str], by: User, now: datetime) -> GroupMember:
    """The firm's consent, or another one: the site is counted, and its labels of these steps are
    shown to the runner.

    Raises:
        GroupMember.DoesNotExist: the person manages no such site, or it was not asked.
        RefusedError: `step-not-reported` (409).
    """
    with transaction.atomic():
        row, site = _own_row(group, slug, by, (State.INVITED, State.JOINED))
        wanted = sorted(set(steps))
        if missing := sorted(set(wanted) - steps_of(site)):
            raise RefusedError(
                409,
                "step-not-reported",
                Phrase("The site has no accepted label of %(steps)s.", steps=enumerated(missing)),
                "Choose among its accepted labels.",
            )
        if (row.state, row.steps, row.site_id) == (State.JOINED, wanted, site.pk):
            return row
        row.site, row.state, row.steps, row.decided_by, row.decided_at = (
            site,
            State.JOINED,
            wanted,
            by.email,
            now,
        )
        row.mark = _mark(row, site)
        row.save()
        record(
            now,
            by.email,
            Action.GROUP_JOINED,
            f"site {slug}",
            f"{_subject(row.group)}: {' '.join(wanted) or 'counted only'}",
        )
    return row


def leave(group: int, slug: str, by: User, now: datetime) -> None:
    """Decline an invitation, or leave: nothing of the site is shown from now on. Done twice is done
    once.

    Raises:
        GroupMember.DoesNotExist: the person manages no such site, or it was never asked.
    """
    with transaction.atomic():
        row, site = _own_row(group, slug, by, tuple(State))
        if row.state not in (State.INVITED, State.JOINED):
            return
        action = Action.GROUP_LEFT if row.state == State.JOINED else Action.GROUP_DECLINED
        row.state = State.LEFT if row.state == State.JOINED else State.DECLINED
        row.site, row.steps, row.decided_by, row.decided_at = site, [], by.email, now
        row.save()
        record(now, by.email, action, f"site {slug}", _subject(row.group))


def remove(group: SiteGroup, slug: str, by: User, now: datetime) -> None:
    """The runner takes an invitation back or a member out. Raises RefusedError `not-the-runner`
    (403).
    """
    with transaction.atomic():
        _require_run(group, by)
        row = (
            GroupMember.objects.select_for_update()
            .filter(group=group, slug=slug, state__in=(State.INVITED, State.JOINED))
            .first()
        )
        if row is not None:
            row.state, row.steps, row.decided_by, row.decided_at = State.REMOVED, [], by.email, now
            row.save()
            subject = f"site {slug}" if row.site_id else _subject(group)
            record(now, by.email, Action.GROUP_REMOVED, subject, f"{_subject(group)}: {slug}")


def end(group: SiteGroup, by: User, now: datetime) -> None:
    """The group is over for everybody; ended twice is ended once. Raises RefusedError
    `not-the-runner` (403).
    """
    with transaction.atomic():
        row = SiteGroup.objects.select_for_update().get(pk=group.pk)
        if not runners(by).filter(pk=row.run_by_id).exists():
            raise _not_the_runner()
        if row.ended_at is None:
            row.ended_at = now
            row.save(update_fields=["ended_at"])
            record(now, by.email, Action.GROUP_ENDED, _subject(row))


def end_all(sites: Collection[Site], by: str, now: datetime) -> set[str]:
    """Sites that are retired or another firm's are in no group any more; the ids of those that
    were. In the transaction of the cause.
    """
    rows = GroupMember.objects.filter(
        slug__in=[site.slug for site in sites], state__in=(State.INVITED, State.JOINED)
    )
    joined = list(rows.filter(state=State.JOINED).select_related("group"))
    for row in joined:
        record(now, by, Action.GROUP_LEFT, f"site {row.slug}", _subject(row.group))
    rows.update(state=State.LEFT, steps=[], decided_by=by, decided_at=now)
    return {row.slug for row in joined}


def steps_of(site: Site) -> set[str]:
    """The steps of the labels of the site's newest accepted report."""
    newest = newest_accepted([site.pk]).get(site.pk)
    return set(newest.covers.split()) if newest else set()


def _own_row(group: int, slug: str, by: User, states: Sequence[str]) -> tuple[GroupMember, Site]:
    site = managed_sites(by).filter(slug=slug, retired_at=None).first()
    if site is None:
        raise GroupMember.DoesNotExist
    rows = GroupMember.objects.select_for_update(of=("self",)).select_related("group")
    return rows.get(group=group, slug=slug, state__in=states, group__ended_at=None), site


def _mark(row: GroupMember, site: Site) -> str:
    """The name of the controlling firm in this group's counts: the one that another site of it has
    here, or had.
    """
    alike = GroupMember.objects.filter(
        ~Q(mark=""),
        group=row.group_id,
        site__organisation__controlling_firm=site.organisation.controlling_firm_id,
    )
    return alike.values_list("mark", flat=True).first() or secrets.token_hex(16)


def _require_run(group: SiteGroup, by: User) -> None:
    if not runners(by).filter(pk=group.run_by_id).exists():
        raise _not_the_runner()
    SiteGroup.objects.select_for_update().get(pk=group.pk)  # one change of a group at a time
    if group.ended_at is not None:
        raise RefusedError(409, "group-ended", "This group has ended.", "Make another one.")


def _not_the_runner() -> RefusedError:
    return RefusedError(
        403,
        "not-the-runner",
        "You do not run this group.",
        "Ask who manages the organisation that runs it.",
    )


def _subject(group: SiteGroup) -> str:
    return f"site group {group.pk}"
