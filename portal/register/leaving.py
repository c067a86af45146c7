"""A firm leaves the scheme: asked for, undone, or carried out: reports deleted, rosters with random
names, a certificate of deletion.

    asked ──14 days──▶ carried out (envelopes, reports, values, people deleted; a certificate says
    what) | undone before, also if obliged

With it end the accesses that it granted to partners and the assignments of certification bodies at
its sites, each with its reason on record; links for buyers, what suppliers declared for its sites,
and practices of it that nobody published are deleted. What was published stays, for others cite it.
Of each report the receipt and its place in the log stay, for the log would be no log with a leaf
torn out; of a version the record of who stood behind a value stays, without names and without the
digest of the report, for the gate needs it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from benchmarks.phrases import Name, Phrase
from portal.accounts.audience import people_of_firms
from portal.accounts.enrolling import revoke_all
from portal.accounts.models import (
    ApiKey,
    Device,
    EnrolmentToken,
    Membership,
    Organisation,
    Role,
    Site,
    User,
)
from portal.accounts.parting import delete_people
from portal.assurance.findings import end_engagements
from portal.auditlog.models import Action
from portal.auditlog.recording import record
from portal.catalogue.models import ExtensionRequest, PeerGroupMember
from portal.days import scheme_day
from portal.intake.models import Submission, SubmissionState
from portal.names import in_chinese, name_of
from portal.notifications.kinds import NoticeKind
from portal.notifications.models import Mail, Notice
from portal.notifications.selectors import language_of
from portal.notifications.telling import post, tell
from portal.opening.models import OpenedReport
from portal.practices.departing import forget_unpublished
from portal.practices.models import SiteReport
from portal.problems import RefusedError
from portal.publication.models import Publication
from portal.register.inviting import digest_of, led_firms
from portal.register.models import FirmApplication, Invitation, Leaving, SiteApplication, Viewing
from portal.register.site_ends import RandomNames, firm_leaves
from portal.standings.models import NamingChoice, ProtectedValue, Standing

COOLING = timedelta(days=14)
"""Between asking and deleting: long enough for whoever was on holiday to undo it."""

BECAUSE = Phrase("the firm has left the programme")
"""On the record of what ends with it, in words that stay."""

LINK_GOOD_FOR = timedelta(days=365)
"""How long the certificate of deletion can be fetched."""


@dataclass(frozen=True, slots=True)
class DeletionExtent:
    """What leaving deletes, as it stands now."""

    reports: int
    values: int
    people: int  # who act for no other firm
    sites: int
    obliged: int  # sites on a list of the obliged: the firm cannot leave while there are any


@dataclass(frozen=True, slots=True)
class DeletionRecord:
    """What was deleted: for the certificate. The digests are those of the receipts that the firm
    has kept.
    """

    firm: Name
    at: str  # ISO 8601
    digests: tuple[str, ...]
    values: int
    people: int
    sites: int

    @property
    def when(self) -> datetime:
        return datetime.fromisoformat(self.at)


def extent(firm: Organisation) -> DeletionExtent:
    sites = Site.objects.filter(organisation=firm)
    reports = Submission.objects.filter(site__in=sites).exclude(state=SubmissionState.DELETED)
    people = people_of_firms((firm.pk,))
    elsewhere = (
        Membership.objects.filter(user__in=people)
        .exclude(organisation=firm)
        .values_list("user_id", flat=True)
    )
    return DeletionExtent(
        reports=reports.count(),
        values=ProtectedValue.objects.filter(submission__in=reports).count(),
        people=len(set(people) - set(elsewhere)),
        sites=sites.count(),
        obliged=_obliged(sites),
    )


def _obliged(sites: QuerySet[Site]) -> int:
    return (
        PeerGroupMember.objects.filter(site__in=sites, obliged=True)
        .values("site")
        .distinct()
        .count()
    )


def waiting(firm: Organisation) -> Leaving | None:
    """The leaving that was asked for and is neither undone nor carried out."""
    return _waiting().filter(organisation=firm).first()


def ask(user: User, firm: int, now: datetime) -> Leaving:
    """Leave after the cooling time; asked again, the same.

    Raises:
        Organisation.DoesNotExist: not a firm that the person leads.
        RefusedError: `firm-obliged` (409).
    """
    with transaction.atomic():
        organisation = Organisation.objects.select_for_update(of=("self",)).get(
            pk=led_firms(user).get(pk=firm).pk
        )
        if asked_before := waiting(organisation):
            return asked_before
        if extent(organisation).obliged:
            raise RefusedError(
                409,
                "firm-obliged",
                "A site of the firm is on a list of the obliged.",
                "Ask the regulator to take its sites off the list first. An obliged firm cannot "
                "leave by itself.",
            )
        leaving = Leaving.objects.create(
            organisation=organisation, asked_at=now, due_at=now + COOLING
        )
        record(
            now,
            user.email,
            Action.FIRM_LEAVING,
            _subject(organisation),
            f"on {scheme_day(leaving.due_at)}",
        )
        _tell(
            NoticeKind.FIRM_LEAVES,
            organisation,
            {"due": scheme_day(leaving.due_at).isoformat()},
            now,
        )
    return leaving


def undo(user: User, firm: int, now: datetime) -> None:
    """Stay.

    Raises:
        Leaving.DoesNotExist, Organisation.DoesNotExist: nothing waits; not a firm that the person
        leads. RefusedError: `leaving-due` (409): from that day on something may be deleted, even
        where the rest waits.
    """
    with transaction.atomic():
        organisation = led_firms(user).get(pk=firm)
        leaving = _waiting().select_for_update(of=("self",)).get(organisation=organisation)
        sites = Site.objects.filter(organisation=organisation)
        if leaving.due_at <= now and not _obliged(
            sites
        ):  # a firm that is obliged by then stays anyway
            raise RefusedError(
                409,
                "leaving-due",
                "The time to undo this is over: the data of the firm is being deleted.",
                "Wait for the certificate of deletion; its link is mailed to who manages the firm.",
            )
        leaving.undone_at = now
        leaving.save(update_fields=["undone_at"])
        record(now, user.email, Action.FIRM_STAYING, _subject(organisation))
        _tell(NoticeKind.FIRM_STAYS, organisation, {}, now)


def carry_out_due(clock: Callable[[], datetime]) -> int:
    """Delete what belongs to every firm whose time has come; how many firms. Safe to run twice, at
    once, and after a death.

    A firm that is obliged by then stays.
    """
    done = 0
    for pk in _waiting().filter(due_at__lte=clock()).order_by("pk").values_list("pk", flat=True):
        done += _carry_out(pk, clock())
    return done


def deleted(secret: str, now: datetime) -> DeletionRecord | None:
    """The certificate of deletion, for whoever has its link."""
    rows = Leaving.objects.filter(
        secret_sha256=digest_of(secret), carried_out_at__gt=now - LINK_GOOD_FOR
    )
    stored = rows.values_list("certificate", flat=True).first()
    if stored is None:
        return None
    fields = {name: value for name, value in stored.items() if name != "firm_zh"}
    return DeletionRecord(
        **{
            **fields,
            "firm": name_of(stored["firm"], stored["firm_zh"]),
            "digests": tuple(stored["digests"]),
        }
    )


def _carry_out(leaving: int, now: datetime) -> bool:
    """The agents first, in a transaction of their own, so that none begins to send while the rest
    is deleted. Then the vault: killed after it, the rest is still there to be found and done again.
    """
    return _end_agents(leaving, now) and _delete(leaving, now)


def _end_agents(leaving: int, now: datetime) -> bool:
    """Nothing signs for the firm's sites any more; False where it is not to be carried out."""
    with transaction.atomic():
        row = _locked(leaving)
        if row is None:
            return False
        sites = Site.objects.filter(organisation=row.organisation)
        if _obliged(sites):
            _keep_obliged(row, now)
            return False
        revoke_all(sites, "worker", now)
    return True


def _locked(leaving: int) -> Leaving | None:
    """The row, locked; None where another worker has it, or it was undone just now."""
    rows = (
        _waiting().select_for_update(skip_locked=True, of=("self",)).select_related("organisation")
    )
    return rows.filter(pk=leaving).first()


def _delete(leaving: int, now: datetime) -> bool:
    with transaction.atomic():
        row = _locked(leaving)
        if row is None:
            return False
        firm = row.organisation
        sites = list(Site.objects.filter(organisation=firm).order_by("slug"))
        reports = _marked_deleted(sites)
        OpenedReport.objects.filter(site__in=[site.slug for site in sites]).delete()
        people = Membership.objects.filter(organisation=firm).values_list(
            "user_id", "user__email", "may_manage", "delegate"
        )
        members = list(people)
        letters = [
            (email, language_of(person))
            for person, email, manages, delegate in members
            if manages and not delegate
        ]
        values = _delete_reports(reports)
        _forget_sites(firm, sites, now)
        forget_unpublished(firm, BECAUSE, "worker", now)
        _forget_names(firm, [site.slug for site in sites])
        end_engagements(
            sites, BECAUSE, "worker", now
        )  # after what was told of the sites is forgotten: of this the body is told
        Membership.objects.filter(organisation=firm)._raw_delete("default")
        gone = delete_people([person for person, *_rest in members])
        _forget_letters(firm, [email for _one, email, _manages, _delegate in members])
        digests = tuple(reports.order_by("log_index").values_list("digest", flat=True))
        done = DeletionRecord(firm.name, now.isoformat(), digests, values, gone, len(sites))
        secret = secrets.token_urlsafe(32)
        row.carried_out_at, row.secret_sha256, row.certificate = (
            now,
            digest_of(secret),
            {**asdict(done), "firm_zh": in_chinese(done.firm)},
        )
        row.save(update_fields=["carried_out_at", "secret_sha256", "certificate"])
        for email, language in letters:
            post(
                "firm_left",
                email,
                language,
                {"firm": firm.name},
                secret,
                now,
                good_for=LINK_GOOD_FOR,
            )
        record(
            now,
            "worker",
            Action.FIRM_LEFT,
            _subject(firm),
            f"{len(digests)} reports, {values} values, {gone} people deleted",
        )
    return True


def _keep_obliged(leaving: Leaving, now: datetime) -> None:
    """A site of the firm was put on a list of the obliged after it asked to leave: it stays, and
    its managers are told why.
    """
    leaving.undone_at = now
    leaving.save(update_fields=["undone_at"])
    record(
        now,
        "worker",
        Action.FIRM_STAYING,
        _subject(leaving.organisation),
        "a site is on a list of the obliged",
    )
    _tell(NoticeKind.FIRM_STAYS, leaving.organisation, {"event": "obliged"}, now)


def _marked_deleted(sites: Iterable[Site]) -> QuerySet[Submission]:
    """The reports of these sites, locked as `unsealing.settle` locks them: whoever opens one at
    this moment finds it deleted afterwards.
    """
    pks = list(
        Submission.objects.select_for_update()
        .filter(site__in=sites)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    reports = Submission.objects.filter(pk__in=pks)
    reports.update(state=SubmissionState.DELETED, claim=None)
    return reports


def _delete_reports(reports: QuerySet[Submission]) -> int:
    """Everything of the reports but the receipt and the place in the log; how many values."""
    pks = list(reports.values_list("pk", flat=True))
    Standing.objects.filter(submission__in=pks)._raw_delete("default")
    values = ProtectedValue.objects.filter(submission__in=pks)
    count = values.count()
    values._raw_delete("default")
    gone = {
        "envelope": b"",
        "size_bytes": 0,
        "reason": "",
        "reason_phrase": None,
        "reason_code": "",
        "covers": "",
        "values_salt": b"",
    }
    reports.update(**gone)
    return count


def _forget_sites(firm: Organisation, sites: Iterable[Site], now: datetime) -> None:
    """The sites take part in nothing and no token admits an agent; in the record of who stood
    behind a value they have no name.
    """
    present = list(sites)
    PeerGroupMember.objects.filter(site__in=present)._raw_delete("default")
    EnrolmentToken.objects.filter(site__in=present)._raw_delete("default")
    ExtensionRequest.objects.filter(site__in=present)._raw_delete("default")
    reported = SiteReport.objects.filter(site__in=present)
    reported.filter(counted_at=None)._raw_delete(
        "default"
    )  # with the file that waits for an auditor
    reported.exclude(unconfirmed_reason="").update(unconfirmed_reason="–")
    Device.objects.filter(site__in=present).update(software="")
    Site.objects.filter(pk__in=[site.pk for site in present], retired_at=None).update(
        retired_at=now
    )
    names = RandomNames({site.slug for site in present})
    packs = {site.pack for site in present}
    # held while they are rewritten: another firm that leaves at this moment writes the same rosters
    versions = (
        Publication.objects.select_for_update(of=("self",))
        .filter(period__peer_group__pack__in=packs)
        .order_by("pk")
    )
    for row in versions.only("roster"):
        roster, changed = _without_names(row.roster, names)
        if changed:
            Publication.objects.filter(pk=row.pk).update(roster=roster)
    firm_leaves.send(sender=Site, sites=present, firm=firm, names=names, because=BECAUSE, now=now)


def _without_names(roster: dict[str, Any], names: RandomNames) -> tuple[dict[str, Any], bool]:
    """The roster with other names for these sites, for the firm that stood there with them and for
    the reports that brought the values.

    A report's digest names its site, for receipts and log keep it. Members are sorted anew: a place
    among the ids of firms tells the id.
    """
    changed = False
    for cell in roster["cells"]:
        gone = [member for member in cell["members"] if member["site"] in names.sites]
        for member in gone:
            member["site"] = member["firm"] = names[member["site"]]
            member["report"] = member.get("report") and names[member["report"]]
        if gone:
            cell["members"].sort(key=lambda member: (member["firm"], member["site"]))
            changed = True
    return roster, changed


def _forget_letters(firm: Organisation, addresses: list[str]) -> None:
    """Letters of the firm, to whomever, and what the portal wrote to those of its people who are
    deleted; what other firms wrote stays.
    """
    still_here = User.objects.filter(email__in=addresses).values_list("email", flat=True)
    to_nobody = Q(address__in=set(addresses) - set(still_here), told__firm__isnull=True)
    Mail.objects.filter(
        Q(told__firm__in=[*firm.name.by_language.values()]) | to_nobody
    )._raw_delete("default")


def _forget_names(firm: Organisation, slugs: list[str]) -> None:
    Notice.objects.filter(told__site__in=slugs)._raw_delete("default")
    for model in (Invitation, Viewing, ApiKey):
        QuerySet(model).filter(organisation=firm)._raw_delete("default")
    # who decided in its name stands on the record alone; by the table, for of rows that are never
    # changed this is the exception
    QuerySet(NamingChoice).filter(organisation=firm).update(chosen_by="")
    SiteApplication.objects.filter(organisation=firm)._raw_delete("default")
    FirmApplication.objects.filter(name=firm.name)._raw_delete("default")


def _waiting() -> QuerySet[Leaving]:
    return Leaving.objects.filter(undone_at=None, carried_out_at=None)


def _tell(kind: NoticeKind, firm: Organisation, more: dict[str, str], now: datetime) -> None:
    facts = {"firm_name": firm.name, "firm_name_zh": in_chinese(firm.name), **more}
    managers = Membership.objects.filter(
        organisation=firm, role=Role.ENTERPRISE, delegate=False, user__is_active=True
    )
    tell(kind, managers.values_list("user_id", flat=True), "web:people", {}, facts, now)


def _subject(firm: Organisation) -> str:
    return f"firm {firm.name}"[:254]
