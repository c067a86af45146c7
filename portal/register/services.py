"""Bringing the database to what a register file says: all of it or nothing, and as often as one likes.

What is declared is made or corrected; what is not mentioned stays as it is. Every change is on record, because who may act
for whom, and whose firm a plant belongs to, decide what is shown to whom.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Model

from benchmarks import packs
from benchmarks.errors import InputError
from portal.accounts.models import ControllingFirm, Jurisdiction, Membership, Organisation, Role, Site, User
from portal.accounts.selectors import within
from portal.assurance.services import assign
from portal.auditlog.models import Action
from portal.auditlog.services import record
from portal.catalogue.models import PeerGroup, PeerGroupMember, ReportingPeriod
from portal.catalogue.services import close_period, make_peer_group, open_period
from portal.intake.models import Submission
from portal.register.roll import (
    DeclaredAssignment,
    DeclaredOrganisation,
    DeclaredPeerGroup,
    DeclaredPeriod,
    DeclaredPerson,
    DeclaredSite,
    Roll,
)

LEVELS = (Jurisdiction.Level.NATION, Jurisdiction.Level.PROVINCE, Jurisdiction.Level.CITY)

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that was not yet as the file says."""

    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.detail}"


def bring_to(roll: Roll, now: datetime, by: str = "operator") -> tuple[Change, ...]:
    """Make and correct what the roll declares; what was changed.

    Raises:
        InputError: `name-unknown`, `organisation-incomplete`, `site-has-reported`, `period-closed`, and what the core says of packs.
        RefusedError: what `assurance.services.assign` refuses.
    """
    with transaction.atomic():
        return _Register(now, by).bring_to(roll)


class _Register:
    """One run: notes every change, and puts it on record in the same transaction."""

    def __init__(self, now: datetime, by: str) -> None:
        self.now = now
        self.by = by
        self.changes: list[Change] = []

    def bring_to(self, roll: Roll) -> tuple[Change, ...]:
        for jurisdiction in sorted(roll.jurisdictions, key=lambda declared: declared.path):  # a parent before what lies in it
            parent = jurisdiction.path.rpartition("/")[0]
            self._keep(
                Jurisdiction,
                f"jurisdiction {jurisdiction.path}",
                {"path": jurisdiction.path},
                {
                    "name": jurisdiction.name,
                    "name_zh": jurisdiction.name_zh,
                    "level": LEVELS[jurisdiction.path.count("/")],
                    "parent": _named(Jurisdiction, "path", parent) if parent else None,
                },
            )
        for firm in roll.firms:
            self._keep(ControllingFirm, f"firm {firm.name}", {"name": firm.name}, {"name_zh": firm.name_zh})
        for organisation in roll.organisations:
            self._organisation(organisation)
        for person in roll.people:
            self._person(person)
        for site in roll.sites:
            self._site(site)
        for group in roll.peer_groups:
            self._peer_group(group)
        for assignment in roll.assignments:
            self._assignment(assignment)
        return tuple(self.changes)

    def _organisation(self, declared: DeclaredOrganisation) -> None:
        needed = {Role.ENTERPRISE: ("firm", declared.firm), Role.REGULATOR: ("jurisdiction", declared.jurisdiction)}
        name, given = needed.get(declared.kind, ("", "none needed"))
        if given is None:
            raise InputError(
                "organisation-incomplete",
                f"The {declared.kind} {declared.name} has no {name}.",
                f"Add `{name}` to its entry: an enterprise has a controlling firm, a regulator a jurisdiction.",
            )
        self._keep(
            Organisation,
            f"organisation {declared.name}",
            {"name": declared.name},
            {
                "name_zh": declared.name_zh,
                "kind": declared.kind,
                "controlling_firm": _named(ControllingFirm, "name", declared.firm) if declared.firm else None,
                "jurisdiction": _named(Jurisdiction, "path", declared.jurisdiction) if declared.jurisdiction else None,
            },
        )

    def _person(self, declared: DeclaredPerson) -> None:
        subject = f"person {declared.email}"
        fields = {"name": declared.name, "is_active": declared.active}
        user = User.objects.filter(email=declared.email).first()
        if user is None:
            user = User.objects.create_user(declared.email, None, **fields)  # no sign-in before `manage.py changepassword`
            self._note(subject, "made")
        else:
            self._keep(User, subject, {"email": declared.email}, fields)
        acts_for = {_named(Organisation, "name", name) for name in declared.acts_for}
        held = {membership.organisation: membership for membership in user.memberships.select_related("organisation")}
        for organisation in sorted(acts_for - held.keys(), key=str):
            Membership.objects.create(user=user, organisation=organisation, role=organisation.kind)
            self._note(subject, f"acts for {organisation}")
        for organisation in sorted(held.keys() - acts_for, key=str):
            held[organisation].delete()
            self._note(subject, f"acts for {organisation} no longer")

    def _site(self, declared: DeclaredSite) -> None:
        if not packs.is_known(declared.pack):
            raise _unknown("pack", declared.pack, packs.available())
        organisation = _named(Organisation, "name", declared.organisation)
        present = Site.objects.filter(slug=declared.id).first()
        moved = present is not None and (present.pack, present.organisation_id) != (declared.pack, organisation.pk)
        if moved and Submission.objects.filter(site=present).exists():
            raise InputError(
                "site-has-reported",
                f"The site {declared.id} has reported: its pack and its organisation stand in what was published.",
                "Register the plant under a new site id and enrol its agent again.",
            )
        self._keep(
            Site,
            f"site {declared.id}",
            {"slug": declared.id},
            {
                "name": declared.name,
                "name_zh": declared.name_zh,
                "organisation": organisation,
                "jurisdiction": _named(Jurisdiction, "path", declared.jurisdiction),
                "pack": declared.pack,
                "size_class": declared.size_class,
            },
        )

    def _peer_group(self, declared: DeclaredPeerGroup) -> None:
        scope = _named(Jurisdiction, "path", declared.scope)
        voluntary = [_named(Site, "slug", name) for name in declared.voluntary]
        if declared.obliged is None:
            obliged = list(Site.objects.filter(within((scope,)), pack=declared.pack).exclude(slug__in=declared.voluntary))
        else:
            obliged = [_named(Site, "slug", name) for name in declared.obliged]
        known = set(PeerGroup.objects.values_list("pk", flat=True))
        before = _members(declared.pack, scope)
        group = make_peer_group(declared.pack, scope, obliged, declared.route, declared.version, voluntary=voluntary)
        subject = f"peer group {group}"[:254]
        if group.pk not in known:
            self._note(subject, "made")
        for member in sorted(_members(declared.pack, scope).items() - before.items()):
            (_group, site), is_obliged = member
            self._note(subject, f"{site} is {'obliged' if is_obliged else 'taking part by its own will'}")
        for period in declared.periods:
            self._period(group, period)

    def _period(self, group: PeerGroup, declared: DeclaredPeriod) -> None:
        known = group.periods.count()
        period = open_period(group, declared.name, self.by, self.now)
        subject = f"period {group.pack}/{period.name}"
        if group.periods.count() > known:
            self.changes.append(Change(subject, "opened"))  # the service put it on record
        if declared.due is not None:
            due = datetime.combine(declared.due + timedelta(days=1), time(), ZoneInfo(settings.TIME_ZONE))  # the end of that day
            self._keep(ReportingPeriod, subject, {"pk": period.pk}, {"due": due})
        if declared.closed and period.closed_at is None:
            close_period(period, self.by, self.now)
            self.changes.append(Change(subject, "closed"))
        if period.closed_at is not None and not declared.closed:
            raise InputError(
                "period-closed",
                f"The period {declared.name} of {group} was closed on {period.closed_at:%Y-%m-%d}; what is closed stays closed.",
                "Write `closed = true` beside it.",
            )

    def _assignment(self, declared: DeclaredAssignment) -> None:
        body, site = _named(Organisation, "name", declared.body), _named(Site, "slug", declared.site)
        known = body.assignments.filter(site=site, period=declared.period, due=declared.due, sees_values=declared.sees_values).exists()
        by = _named(User, "email", declared.by)
        assign(body, site, declared.period, by, self.now, declared.due, sees_values=declared.sees_values)
        if not known:
            self.changes.append(Change(f"site {site}", f"{body} checks {declared.period}"))

    def _keep(self, model: type[Row], subject: str, key: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
        """The row of that key with those fields, made or corrected."""
        row = model._default_manager.filter(**key).first()
        if row is None:
            model._default_manager.create(**key, **fields)
            self._note(subject, "made")
            return
        changed = {name: value for name, value in fields.items() if getattr(row, name) != value}
        if changed:
            detail = "; ".join(f"{name} was {getattr(row, name)}, is {value}" for name, value in changed.items())
            for name, value in changed.items():
                setattr(row, name, value)
            row.save(update_fields=list(changed))
            self._note(subject, detail)

    def _note(self, subject: str, detail: str) -> None:
        self.changes.append(Change(subject, detail))
        record(self.now, self.by, Action.REGISTER_CHANGED, subject, detail)


def _members(pack: str, scope: Jurisdiction) -> dict[tuple[int, str], bool]:
    rows = PeerGroupMember.objects.filter(peer_group__pack=pack, peer_group__scope=scope)
    return {(group, site): obliged for group, site, obliged in rows.values_list("peer_group", "site__slug", "obliged")}


def _named(model: type[Row], field: str, name: str) -> Row:
    """The row of that name; a name that nobody has is refused with the nearest ones."""
    row = model._default_manager.filter(**{field: name}).first()
    if row is None:
        raise _unknown(str(model._meta.verbose_name), name, model._default_manager.values_list(field, flat=True))
    return row


def _unknown(what: str, name: str, known: Iterable[str]) -> InputError:
    near = difflib.get_close_matches(name, list(known), n=3)
    return InputError(
        "name-unknown",
        f"There is no {what} {name!r}.",
        "Correct the name, or declare it in the file; nothing was changed.",
        found=name,
        wanted=" or ".join(near) if near else f"a {what} that is declared",
    )
