"""Bringing the database to what a register file says: all of it or nothing, and as often as one
likes.

What is declared is made or corrected; what is not mentioned stays as it is. Every change is on
record, because who may act for whom, and whose firm a plant belongs to, decide what is shown to
whom.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import F, Max, Model, Q, QuerySet

from benchmarks import packs
from benchmarks.errors import InputError
from benchmarks.phrases import Phrase, listed
from portal.accounts import api_keys
from portal.accounts.models import (
    ApiKey,
    ControllingFirm,
    Jurisdiction,
    Membership,
    Organisation,
    Role,
    Site,
    User,
)
from portal.accounts.selectors import regulated_sites, within
from portal.assurance.assigning import assign, end_partial
from portal.assurance.models import Assignment
from portal.auditlog.models import Action, Event
from portal.auditlog.recording import record_each
from portal.catalogue.deadlines import bring_due_to, end_of, last_day
from portal.catalogue.models import PeerGroup, PeerGroupMember, ReportingPeriod
from portal.catalogue.peer_groups import end_elsewhere, make_peer_group
from portal.catalogue.periods import close_period, open_period
from portal.catalogue.selectors import groups_of_route
from portal.days import scheme_day
from portal.intake.models import Submission
from portal.intake.reminders import tell_of_less_time
from portal.register import changing_hands
from portal.register.identifying import code_taken
from portal.register.models import Leaving, SiteApplication
from portal.register.register_file import (
    DeclaredAssignment,
    DeclaredJurisdiction,
    DeclaredOrganisation,
    DeclaredPeerGroup,
    DeclaredPeriod,
    DeclaredPerson,
    DeclaredSite,
    Roll,
)
from portal.register.rows import AT_ONCE, differs, named, of_keys, unknown

PERSON = "person "
"""How the record speaks of one, before the address."""

REGROUPED = Phrase("the site’s organisation or the body is controlled by another firm now")
"""On the record of audits that end with that."""

LEVELS = (Jurisdiction.Level.NATION, Jurisdiction.Level.PROVINCE, Jurisdiction.Level.CITY)

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class _Entry:
    """What a file says of one row: how it is spoken of, its key, its fields."""

    subject: str
    key: Any
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RegisterChange:
    """One thing that was not yet as the file says."""

    subject: str
    detail: str

    def __str__(self) -> str:
        return self.words

    @property
    def words(self) -> Phrase:
        return Phrase("%(subject)s: %(detail)s", subject=self.subject, detail=self.detail)


def bring_to(roll: Roll, now: datetime, by: str = "operator") -> tuple[RegisterChange, ...]:
    """Make and correct what the roll declares; what was changed.

    Raises:
        InputError: `name-unknown`, `organisation-incomplete`, `firm-has-left`, `site-has-reported`,
            `period-closed`, `assignment-ended`, `not-regulator`, and what the core says of packs.
        RefusedError: `due-before-end`, `due-past`, `period-overlaps`,
            `period-open-by-other-version` (409), and what `assurance.assigning.assign` refuses.
    """
    with transaction.atomic():
        return _Register(now, by).bring_to(roll)


def no_longer_named(roll: Roll) -> tuple[str, ...]:
    """The addresses of people whom an earlier file named and this one does not, and who may still
    sign in and act for somebody.
    """
    changed = Event.objects.filter(
        action=Action.REGISTER_CHANGED, subject__startswith=PERSON
    ).values_list("subject", flat=True)
    earlier = {subject.removeprefix(PERSON) for subject in changed.distinct()} - {
        declared.email for declared in roll.people
    }
    acting = User.objects.filter(email__in=earlier, is_active=True, memberships__isnull=False)
    return tuple(acting.order_by("email").values_list("email", flat=True).distinct())


class _Register:
    """One run: notes every change, and puts it on record in the same transaction.

    Each kind is read at once and written at once, before the next kind names it: the number of
    statements does not grow with the file.
    """

    def __init__(self, now: datetime, by: str) -> None:
        self.now = now
        self.by = by
        self.changes: list[RegisterChange] = []
        self._unrecorded: list[RegisterChange] = []
        self._moved_from: dict[
            int, tuple[Jurisdiction, str]
        ] = {}  # place and pack of before, by the site's number

    def bring_to(self, roll: Roll) -> tuple[RegisterChange, ...]:
        for depth in range(len(LEVELS)):  # a parent before what lies in it
            self._jurisdictions(
                [declared for declared in roll.jurisdictions if declared.path.count("/") == depth],
                LEVELS[depth],
            )
        firms = [
            _Entry(Phrase("firm %(name)s", name=firm.name), firm.name, firm.mentioned("name_zh"))
            for firm in roll.firms
        ]
        self._keep(ControllingFirm, "name", firms)
        self._organisations(roll.organisations)
        self._people(roll.people)
        self._sites(roll.sites)
        for group in roll.peer_groups:
            self._peer_group(group)
        for assignment in roll.assignments:
            self._assignment(assignment)
        self._put_on_record()
        return tuple(self.changes)

    def _jurisdictions(
        self, declared: Sequence[DeclaredJurisdiction], level: Jurisdiction.Level
    ) -> None:
        parents = {
            jurisdiction.path: jurisdiction.path.rpartition("/")[0] for jurisdiction in declared
        }
        parent_rows = named(Jurisdiction, "path", filter(None, parents.values()))
        self._keep(
            Jurisdiction,
            "path",
            [
                _Entry(
                    Phrase("jurisdiction %(path)s", path=jurisdiction.path),
                    jurisdiction.path,
                    {
                        "name": jurisdiction.name,
                        **jurisdiction.mentioned("name_zh"),
                        "level": level,
                        "parent": parent_rows.get(parents[jurisdiction.path]),
                    },
                )
                for jurisdiction in sorted(declared, key=lambda jurisdiction: jurisdiction.path)
            ],
        )

    def _organisations(self, declared: Sequence[DeclaredOrganisation]) -> None:
        for entry in declared:
            needed = {
                Role.ENTERPRISE: ("firm", entry.firm),
                Role.REGULATOR: ("jurisdiction", entry.jurisdiction),
            }
            name, value = needed.get(entry.kind, ("", "none needed"))
            if value is None:
                raise InputError(
                    "organisation-incomplete",
                    Phrase(
                        "The %(kind)s %(organisation)s has no %(field)s.",
                        kind=str(entry.kind),
                        organisation=entry.name,
                        field=name,
                    ),
                    Phrase(
                        "Add `%(field)s` to its entry: an enterprise has a controlling firm, a "
                        "regulator a jurisdiction.",
                        field=name,
                    ),
                )
        firms = named(
            ControllingFirm,
            "name",
            (declaration.firm for declaration in declared if declaration.firm),
        )
        jurisdictions = named(
            Jurisdiction,
            "path",
            (declaration.jurisdiction for declaration in declared if declaration.jurisdiction),
        )
        present = of_keys(Organisation, "name", (declaration.name for declaration in declared))
        firms_before = {name: row.controlling_firm_id for name, row in present.items()}
        _free_codes(declared)
        organisations = self._keep(
            Organisation,
            "name",
            [
                _Entry(
                    Phrase("organisation %(name)s", name=declaration.name),
                    declaration.name,
                    {
                        "kind": declaration.kind,
                        **(
                            {"controlling_firm": firms[declaration.firm]}
                            if declaration.firm
                            else {}
                        ),
                        **(
                            {"jurisdiction": jurisdictions[declaration.jurisdiction]}
                            if declaration.jurisdiction
                            else {}
                        ),
                        **declaration.mentioned("name_zh", "credit_code", "telephone"),
                    },
                )
                for declaration in declared
            ],
            present=present,
        )
        self._roles(organisations.values())
        if regrouped := [
            organisations[name]
            for name, firm in firms_before.items()
            if organisations[name].controlling_firm_id != firm
        ]:
            self._end_partial_audits(regrouped)

    def _end_partial_audits(self, regrouped: Collection[Organisation]) -> None:
        """Of sites of organisations that another firm controls now, and of those that such a body
        checks.
        """
        assigned = Assignment.objects.filter(body__in=regrouped, taken_back_at=None)
        sites = Site.objects.filter(
            Q(organisation__in=regrouped) | Q(pk__in=assigned.values("site"))
        )
        locked = list(sites.select_for_update(of=("self",)).order_by("pk"))  # as `assign`
        for slug in sorted(end_partial(locked, REGROUPED, self.by, self.now)):
            self._note(
                Phrase("site %(site)s", site=slug),
                Phrase("is audited no longer by a body that may not check its organisation"),
            )

    def _roles(self, organisations: Iterable[Organisation]) -> None:
        """Its people act for an organisation as what it is, also once its kind was corrected."""
        other = Membership.objects.filter(organisation__in=organisations).exclude(
            role=F("organisation__kind")
        )
        for membership in other.select_related("user", "organisation"):
            kind = membership.organisation.kind
            if Membership.objects.filter(
                user=membership.user_id, organisation=membership.organisation_id, role=kind
            ).exists():
                membership.delete()
            else:
                membership.role = kind
                membership.save(update_fields=["role"])
            # not of the person, who need not stand in any file: `no_longer_named`
            self._note(
                Phrase("organisation %(name)s", name=str(membership.organisation)),
                Phrase(
                    "%(person)s acts for it as %(kind)s",
                    person=membership.user.email,
                    kind=str(kind),
                ),
            )

    def _people(self, declared: Sequence[DeclaredPerson]) -> None:
        houses = named(
            Organisation,
            "name",
            (name for declaration in declared for name in declaration.acts_for),
        )
        _refuse_departed(houses)
        entries = [
            _Entry(
                Phrase("person %(email)s", email=declaration.email),
                declaration.email,
                {"name": declaration.name, "is_active": declaration.active},
            )
            for declaration in declared
        ]
        # no sign-in before `manage.py changepassword`
        users = self._keep(User, "email", entries, lambda: {"password": make_password(None)})
        memberships: dict[int, dict[Organisation, Membership]] = {}
        for row in Membership.objects.filter(user__in=users.values()).select_related(
            "organisation"
        ):
            memberships.setdefault(row.user_id, {})[row.organisation] = row
        begun = []
        for person in declared:
            user, acts_for = users[person.email], {houses[name] for name in person.acts_for}
            before = memberships.setdefault(user.pk, {})
            for organisation in sorted(acts_for - before.keys(), key=str):
                before[organisation] = Membership(
                    user=user, organisation=organisation, role=organisation.kind
                )
                begun.append(before[organisation])
                self._note(
                    Phrase("person %(email)s", email=person.email),
                    Phrase("acts for %(organisation)s", organisation=str(organisation)),
                )
            for organisation in sorted(before.keys() - acts_for, key=str):
                ended = before.pop(organisation)
                if ended.pk is None:
                    begun.remove(ended)
                else:
                    ended.delete()
                    api_keys.end_personal(ended, self.by, self.now)
                self._note(
                    Phrase("person %(email)s", email=person.email),
                    Phrase("acts for %(organisation)s no longer", organisation=str(organisation)),
                )
        Membership.objects.bulk_create(begun, AT_ONCE)
        self._end_keys_of_closed([user for user in users.values() if not user.is_active])

    def _end_keys_of_closed(self, users: Collection[User]) -> None:
        """Their personal keys are revoked: only unanswered, they would open again with the
        account.
        """
        rows = (
            Membership.objects.select_for_update(of=("self",))
            .filter(user__in=users)
            .select_related("user", "organisation")
        )
        memberships = list(
            rows
        )  # first: a key that is made at this moment holds the membership until it is there
        holders = set(
            ApiKey.objects.filter(person__in=users, revoked_at=None).values_list(
                "person_id", flat=True
            )
        )
        for membership in memberships:
            if membership.user_id in holders:
                api_keys.end_personal(membership, self.by, self.now)

    def _sites(self, declared: Sequence[DeclaredSite]) -> None:
        if strange := next(
            (
                pack
                for pack in dict.fromkeys(site.pack for site in declared)
                if not packs.is_known(pack)
            ),
            None,
        ):
            raise unknown("pack", strange, packs.available())
        houses = named(Organisation, "name", (site.organisation for site in declared))
        jurisdictions = named(Jurisdiction, "path", (site.jurisdiction for site in declared))
        wanted = {site.id: (site.pack, houses[site.organisation].pk) for site in declared}
        present = of_keys(Site, "slug", wanted)
        owners = {name: row.organisation_id for name, row in present.items()}
        places = Jurisdiction.objects.in_bulk({row.jurisdiction_id for row in present.values()})
        groups_by = {name: (places[row.jurisdiction_id], row.pack) for name, row in present.items()}
        moved = [
            name for name, row in present.items() if (row.pack, row.organisation_id) != wanted[name]
        ]
        if (
            reported := Submission.objects.filter(site__slug__in=moved)
            .values_list("site__slug", flat=True)
            .first()
        ):
            raise InputError(
                "site-has-reported",
                Phrase(
                    "The site %(site)s has reported: its pack and its organisation stand in what "
                    "was published.",
                    site=reported,
                ),
                "Register the plant under a new site id and enrol its agent again.",
            )
        self._keep(
            Site,
            "slug",
            [
                _Entry(
                    Phrase("site %(site)s", site=site.id),
                    site.id,
                    {
                        "name": site.name,
                        "organisation": houses[site.organisation],
                        "jurisdiction": jurisdictions[site.jurisdiction],
                        "pack": site.pack,
                        **site.mentioned("name_zh", "size_class", "credit_code"),
                    },
                )
                for site in declared
            ],
            present=present,
        )
        if of_others := [
            row
            for name, row in present.items()
            if row.organisation_id != owners.get(name, row.organisation_id)
        ]:
            for slug, detail in changing_hands.end_consents(of_others, self.by, self.now):
                self._note(Phrase("site %(site)s", site=slug), detail)
        place_and_pack = {
            site.id: (jurisdictions[site.jurisdiction], site.pack) for site in declared
        }
        self._moved_from = {
            present[name].pk: before
            for name, before in groups_by.items()
            if before != place_and_pack[name]
        }
        for member in end_elsewhere(self._moved_from) if self._moved_from else ():
            self._note(
                Phrase("site %(site)s", site=member.site.slug),
                Phrase(
                    "owes nothing to the peer group %(group)s any more, which is of another place "
                    "or pack",
                    group=str(member.peer_group),
                ),
            )
        self._wishes_of_moved()

    def _wishes_of_moved(self) -> None:
        """Another size class that was asked for: it goes with a site to another place, and ends
        where the site is another firm's now.
        """
        waiting = SiteApplication.objects.filter(decided_at=None)
        for site in Site.objects.filter(applications__in=waiting).distinct():
            wishes = waiting.filter(site=site)
            if wishes.exclude(organisation=site.organisation_id).delete()[0]:
                self._note(
                    Phrase("site %(site)s", site=site.slug),
                    Phrase(
                        "no longer waits for another size class, for which its earlier "
                        "organisation asked"
                    ),
                )
            wishes.update(jurisdiction=site.jurisdiction_id, pack=site.pack)

    def _peer_group(self, declared: DeclaredPeerGroup) -> None:
        scope = named(Jurisdiction, "path", [declared.scope])[declared.scope]
        voluntary = list(named(Site, "slug", declared.voluntary).values())
        groups_before = set(PeerGroup.objects.values_list("pk", flat=True))
        before = _members(declared.pack, scope)
        periods = _periods_that_are(declared, scope)
        version = _version_in_use(declared, scope)
        group = make_peer_group(
            declared.pack, scope, (), declared.route, version, voluntary=voluntary
        )
        if (
            declared.obliged is None
            # who is a member stays what a regulator's list has made of it, unless this file moves
            # it in
        ):
            of_scope = Site.objects.filter(within((scope,)), pack=declared.pack)
            moved_in = [
                site
                for site, (place, pack) in self._moved_from.items()
                if pack != declared.pack or not scope.covers(place)
            ]
            obliged = list(
                of_scope.exclude(pk__in=group.members.exclude(site__in=moved_in).values("site"))
            )
        else:
            obliged = list(named(Site, "slug", declared.obliged).values())
        make_peer_group(declared.pack, scope, obliged, declared.route, version, voluntary=voluntary)
        subject = f"peer group {group}"[:254]
        if group.pk not in groups_before:
            self._note(subject, Phrase("made"))
        for member in sorted(_members(declared.pack, scope).items() - before.items()):
            (_group, site), is_obliged = member
            self._note(
                subject,
                Phrase("%(site)s is obliged", site=str(site))
                if is_obliged
                else Phrase("%(site)s is taking part by its own will", site=str(site)),
            )
        for period in declared.periods:
            self._period(group, period, periods)

    def _period(
        self, group: PeerGroup, declared: DeclaredPeriod, periods: dict[str, ReportingPeriod]
    ) -> None:
        """Changes are only told here: the services put them on record."""
        subject = Phrase("period %(pack)s/%(period)s", pack=group.pack, period=declared.name)
        period = periods.get(declared.name)
        if period is None:
            due = None if declared.due is None else end_of(declared.due)
            period = periods[declared.name] = open_period(
                group, declared.name, self.by, self.now, due
            )
            self.changes.append(RegisterChange(subject, Phrase("opened")))
        elif declared.due is not None and bring_due_to(period, declared.due, self.by, self.now):
            tell_of_less_time(ReportingPeriod.objects.get(pk=period.pk), period.due, self.now)
            self.changes.append(
                RegisterChange(
                    subject,
                    Phrase(
                        "%(field)s was %(before)s, is %(now)s",
                        field="due",
                        before=last_day(period.due).isoformat(),
                        now=declared.due.isoformat(),
                    ),
                )
            )
        if declared.closed and period.closed_at is None:
            close_period(period, self.by, self.now)
            self.changes.append(RegisterChange(subject, Phrase("closed")))
        if period.closed_at is not None and not declared.closed:
            raise InputError(
                "period-closed",
                Phrase(
                    "The period %(period)s of %(group)s was closed on %(day)s; what is closed "
                    "stays closed.",
                    period=declared.name,
                    group=str(period.peer_group),
                    day=scheme_day(period.closed_at).isoformat(),
                ),
                "Write `closed = true` beside it.",
            )

    def _assignment(self, declared: DeclaredAssignment) -> None:
        body = named(Organisation, "name", [declared.body])[declared.body]
        site = named(Site, "slug", [declared.site])[declared.site]
        Site.objects.select_for_update().get(
            pk=site.pk
        )  # as `assign`: what a regulator settles at this moment is read first
        of_period = body.assignments.filter(site=site, period=declared.period)
        standing = of_period.filter(taken_back_at=None).first()
        if standing is None and (ended := of_period.order_by("-pk").first()):
            raise InputError(
                "assignment-ended",
                Phrase(
                    "The assignment of %(body)s to the site %(site)s for %(period)s ended on "
                    "%(day)s.",
                    body=body.name,
                    site=site.slug,
                    period=declared.period,
                    day=scheme_day(cast("datetime", ended.taken_back_at)).isoformat(),
                ),
                "Take its entry out of the file; nothing was changed. A regulator of the site may "
                "assign it again on the portal.",
            )
        present: dict[str, Any] = (
            {"due": None, "sees_values": False}
            if standing is None
            else {"due": standing.due, "sees_values": standing.sees_values}
        )
        terms = present | declared.mentioned("due", "sees_values")
        if standing is not None and terms == present:
            return  # whoever assigned it may have left since
        by = named(User, "email", [declared.by])[declared.by]
        _require_regulator(by, site, declared)
        assign(body, site, declared.period, by, self.now, **terms)
        self.changes.append(
            RegisterChange(
                Phrase("site %(site)s", site=site.slug),
                Phrase("%(body)s checks %(period)s", body=str(body), period=declared.period),
            )
        )

    def _keep(
        self,
        model: type[Row],
        key: str,
        entries: Sequence[_Entry],
        at_first: Callable[[], Mapping[str, Any]] = dict,
        present: dict[Any, Row] | None = None,
    ) -> dict[Any, Row]:
        """The rows of those entries by their keys, made or corrected.

        Args:
            at_first: gives further fields of a row that is made.
            present: the rows that there are, where they were read before.
        """
        rows = of_keys(model, key, [entry.key for entry in entries]) if present is None else present
        created, corrected = [], {}
        fields: set[str] = set()
        for entry in entries:
            row = rows.get(entry.key)
            if row is None:
                row = rows[entry.key] = model(**{key: entry.key}, **entry.fields, **at_first())
                created.append(row)
                self._note(entry.subject, Phrase("made"))
                continue
            changed = {
                name: value for name, value in entry.fields.items() if differs(row, name, value)
            }
            if changed:
                self._note(
                    entry.subject,
                    listed(
                        Phrase(
                            "%(field)s was %(before)s, is %(now)s",
                            field=name,
                            before=str(getattr(row, name)),
                            now=str(value),
                        )
                        for name, value in changed.items()
                    ),
                )
                for name, value in changed.items():
                    setattr(row, name, value)
                if row.pk is not None:
                    corrected[row.pk] = row
                    fields.update(changed)
        model._default_manager.bulk_create(created, AT_ONCE)
        if corrected:
            model._default_manager.bulk_update(corrected.values(), sorted(fields), AT_ONCE)
        return rows

    def _note(self, subject: str, detail: str) -> None:
        change = RegisterChange(subject, detail)
        self.changes.append(change)
        self._unrecorded.append(change)

    def _put_on_record(self) -> None:
        record_each(
            self.now,
            Action.REGISTER_CHANGED,
            ((self.by, change.subject, change.detail) for change in self._unrecorded),
        )
        self._unrecorded.clear()


def _free_codes(declared: Sequence[DeclaredOrganisation]) -> None:
    """Codes go out of use where the file states another, before it gives them to whom they belong:
    no two have one at any moment.
    """
    stated = {entry.name: entry.credit_code for entry in declared if entry.mentioned("credit_code")}
    holders = of_keys(Organisation, "credit_code", filter(None, stated.values()))
    freed = {code: row.pk for code, row in holders.items() if stated.get(row.name, code) != code}
    names = {code: str(row.name) for code, row in holders.items() if code not in freed}
    for name, code in stated.items():
        if code and names.setdefault(code, name) != name:
            raise code_taken(code)
    Organisation.objects.filter(pk__in=freed.values()).update(credit_code="")


def _refuse_departed(houses: Mapping[str, Organisation]) -> None:
    """A file from before a firm left would make the accounts again that were deleted with it."""
    departed = (
        Leaving.objects.filter(organisation__in=houses.values())
        .exclude(carried_out_at=None)
        .select_related("organisation")
    )
    for leaving in departed.order_by("organisation__name"):
        raise InputError(
            "firm-has-left",
            Phrase(
                "%(firm)s left the programme on %(day)s, and the accounts of its people were "
                "deleted.",
                firm=str(leaving.organisation.name),
                day=scheme_day(cast("datetime", leaving.carried_out_at)).isoformat(),
            ),
            "Take it out of `acts_for` of everybody in the file, and people who act for nobody "
            "else out of the file; nothing was changed.",
            found=str(leaving.organisation.name),
        )


def _periods_that_are(
    declared: DeclaredPeerGroup, scope: Jurisdiction
) -> dict[str, ReportingPeriod]:
    """The entry's periods by their names, as far as they were opened: with its version, or with any
    where it states none.
    """
    groups = _groups(declared, scope)
    names = [period.name for period in declared.periods]
    rows = ReportingPeriod.objects.filter(peer_group__in=groups, name__in=names).select_related(
        "peer_group__scope"
    )
    return {period.name: period for period in rows.order_by("peer_group")}


def _version_in_use(declared: DeclaredPeerGroup, scope: Jurisdiction) -> str | None:
    """Of an entry without a version: the one that takes reports of the newest period, else the one
    taken up last. A release may bring a newer one; taking it up is for a regulator to decide.
    """
    groups = _groups(declared, scope).annotate(
        newest_open=Max("periods__start", filter=Q(periods__closed_at=None))
    )
    group = groups.order_by(F("newest_open").asc(nulls_first=True), "pk").last()
    return group.pack_version if group else declared.version


def _groups(declared: DeclaredPeerGroup, scope: Jurisdiction) -> QuerySet[PeerGroup]:
    route = declared.route or packs.load(declared.pack, declared.version).routes[0].id
    groups = groups_of_route(declared.pack, route, scope)
    return groups if declared.version is None else groups.filter(pack_version=declared.version)


def _require_regulator(by: User, site: Site, declared: DeclaredAssignment) -> None:
    if not regulated_sites(by).filter(pk=site.pk).exists():
        raise InputError(
            "not-regulator",
            Phrase(
                "%(person)s is no regulator of the site %(site)s, which %(body)s is to check for "
                "%(period)s.",
                person=by.email,
                site=site.slug,
                body=declared.body,
                period=declared.period,
            ),
            "Name in `by` a person who acts for a regulator of its jurisdiction; nothing was "
            "changed.",
        )


def _members(pack: str, scope: Jurisdiction) -> dict[tuple[int, str], bool]:
    rows = PeerGroupMember.objects.filter(peer_group__pack=pack, peer_group__scope=scope)
    return {
        (group, site): obliged
        for group, site, obliged in rows.values_list("peer_group", "site__slug", "obliged")
    }
