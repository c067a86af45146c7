"""A whole sector in the portal's database: 2,000 enterprises, 20 released values each, 24 monthly
periods, each published.

The first month is made by the portal's own services (standings, draft, publication by a second
person). The other months are copies of its rows under names of their own: what a page costs goes by
how many rows there are, not by what they say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from benchmarks import packs
from benchmarks.routes import Pack
from tests.performance.protected_values import COLUMNS, Cell, copy_values

if TYPE_CHECKING:
    from django.db.models import Model

    from portal.accounts.models import Site, User
    from portal.catalogue.models import PeerGroup, ReportingPeriod

ENTERPRISES = 2_000
VALUES = 20
MONTHS = 24
FIRST = datetime(2023, 1, 1, tzinfo=UTC)
NOW = FIRST + timedelta(days=3 * 366)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Sector:
    """What the pages are asked about, and by whom."""

    pack: str
    route: str
    period: str
    owner: User
    drafter: User
    approver: User
    group: int
    draft: int
    digest: str


def build() -> Sector:
    """Into the tables of the database that the settings name. Two minutes, most of it the index of
    a million rows.
    """
    from portal import keys
    from portal.publication import drafting, publishing
    from portal.standings import computing as standings

    pack = packs.load("steel")
    drafter, approver, owner, group, sites = _people_and_sites(pack)
    months = _months(group)
    cells = _cells(pack)
    _submissions(
        sites,
        [month.name for month in months],
        " ".join(sorted({step.id for step, _variant, _rule in cells})),
    )
    copy_values(pack, cells, ENTERPRISES, (5000,))
    standings.compute(months[0], "performance", NOW)
    publishing.publish(drafting.draft(months[0], drafter, NOW), approver, keys.receipt_key(), NOW)
    _copy_the_first_month(months)
    draft = drafting.draft(months[0], drafter, NOW, "A second version in the making.")
    return Sector(
        pack.id,
        group.route,
        months[0].name,
        owner,
        drafter,
        approver,
        group.pk,
        draft.pk,
        f"{1:064x}",
    )


def _people_and_sites(pack: Pack) -> tuple[User, User, User, PeerGroup, list[Site]]:
    from portal.accounts.models import (
        ControllingFirm,
        Device,
        Jurisdiction,
        Membership,
        Organisation,
        Role,
        Site,
        User,
    )
    from portal.catalogue.models import PeerGroup, PeerGroupMember

    nation = Jurisdiction.objects.create(path="cn", name="China", level=Jurisdiction.Level.NATION)
    provinces = [
        Jurisdiction.objects.create(
            path=f"cn/p{n}", name=f"Province {n}", level=Jurisdiction.Level.PROVINCE, parent=nation
        )
        for n in range(30)
    ]
    ministry = Organisation.objects.create(
        name="Ministry", kind=Role.REGULATOR, jurisdiction=nation
    )
    numbers = range(1, ENTERPRISES + 1)
    firms = ControllingFirm.objects.bulk_create(
        [ControllingFirm(name=f"Firm {n}") for n in numbers]
    )
    works = Organisation.objects.bulk_create(
        [
            Organisation(
                name=f"Enterprise {n}",
                kind=Role.ENTERPRISE,
                controlling_firm=firm,
                jurisdiction=provinces[n % len(provinces)],
            )
            for n, firm in zip(numbers, firms, strict=True)
        ]
    )
    sites = Site.objects.bulk_create(
        [
            Site(
                slug=f"works-{n}",
                name=f"Works {n}",
                organisation=owned,
                jurisdiction=owned.jurisdiction,
                pack=pack.id,
            )
            for n, owned in zip(numbers, works, strict=True)
        ]
    )
    Device.objects.bulk_create(
        [
            Device(
                site=site,
                public_key=f"{site.pk:064x}",
                seed_commitment=f"{site.pk:064x}",
                enrolled_at=NOW,
            )
            for site in sites
        ]
    )
    group = PeerGroup.objects.create(
        pack=pack.id, pack_version=pack.version, route=pack.routes[0].id, scope=nation
    )
    PeerGroupMember.objects.bulk_create(
        [PeerGroupMember(peer_group=group, site=site) for site in sites]
    )

    def person(email: str, organisation: Organisation, role: Role) -> User:
        user = User.objects.create_user(email, None, name=email.split("@")[0])
        Membership.objects.create(user=user, organisation=organisation, role=role)
        return user

    drafter = person("drafter@example.org", ministry, Role.REGULATOR)
    approver = person("approver@example.org", ministry, Role.REGULATOR)
    return drafter, approver, person("owner@example.org", works[0], Role.ENTERPRISE), group, sites


def _months(group: PeerGroup) -> list[ReportingPeriod]:
    from portal.catalogue.models import ReportingPeriod

    edges = [datetime(FIRST.year + n // 12, n % 12 + 1, 1, tzinfo=UTC) for n in range(MONTHS + 1)]
    return [
        ReportingPeriod.objects.create(
            peer_group=group, name=f"{start:%Y-%m}", start=start, end=end, due=end + 60 * _DAY
        )
        for start, end in pairwise(edges)
    ]


def _submissions(sites: list[Site], months: list[str], covers: str) -> None:
    """Accepted ones, numbered so that a copy of month k of site i is `k * ENTERPRISES + i`."""
    from portal.accounts.models import Device
    from portal.intake.models import Submission, SubmissionState

    devices = {device.site_id: device for device in Device.objects.all()}
    for position, month in enumerate(months):
        Submission.objects.bulk_create(
            [
                Submission(
                    pk=(number := position * ENTERPRISES + index),
                    digest=f"{number:064x}",
                    site=site,
                    period=month,
                    revision=1,
                    device=devices[site.pk],
                    key_id="k",
                    ledger_sequence=position + 1,
                    envelope=b"",
                    size_bytes=5_474,
                    receipt=b"",
                    log_index=number,
                    received_at=NOW,
                    state=SubmissionState.ACCEPTED,
                    covers=covers,
                )
                for index, site in enumerate(sites, 1)
            ],
            batch_size=1_000,
        )


def _cells(pack: Pack) -> list[Cell]:
    """Twenty: those of the route first, then the further variants of its steps, then variants of
    our own where a pack has few.
    """
    of = [(step, rule) for step in pack.steps for rule in step.metrics if rule.released]
    cells = [(step, step.variants[0].id, rule) for step, rule in of]
    cells += [(step, variant.id, rule) for step, rule in of for variant in step.variants[1:]]
    cells += [
        (step, f"{step.variants[0].id}-{number}", rule) for number in (1, 2) for step, rule in of
    ]
    return cells[:VALUES]


def _copy_the_first_month(months: list[ReportingPeriod]) -> None:
    from django.db import connection

    from portal.publication.models import Publication
    from portal.standings.models import Standing

    own = ", ".join(column for column in COLUMNS.split(", ") if column != "submission_id")
    standing = _columns_but(Standing, "id", "period_id", "submission_id")
    publication = _columns_but(Publication, "id", "period_id", "document")
    first = months[0].pk
    with connection.cursor() as cursor:
        for position, month in enumerate(months[1:], 1):
            shift = position * ENTERPRISES
            cursor.execute(
                f"INSERT INTO standings_protectedvalue ({COLUMNS}) SELECT submission_id + %s, "  # noqa: S608 - our own words
                f"{own} "
                "FROM standings_protectedvalue WHERE submission_id <= %s",
                [shift, ENTERPRISES],
            )
            cursor.execute(
                f"INSERT INTO standings_standing (period_id, submission_id, {standing}) SELECT "  # noqa: S608
                f"%s, submission_id + %s, {standing} "
                "FROM standings_standing WHERE period_id = %s",
                [month.pk, shift, first],
            )
            cursor.execute(
                f"INSERT INTO publication_publication (period_id, document, {publication}) "  # noqa: S608
                f"SELECT %s, jsonb_set(document, '{{period}}', to_jsonb(%s::text)), {publication} "
                "FROM publication_publication WHERE period_id = %s",
                [month.pk, month.name, first],
            )
        cursor.execute("ANALYZE")


def _columns_but(model: type[Model], *left_out: str) -> str:
    return ", ".join(
        field.column
        for field in model._meta.concrete_fields
        if field.column and field.column not in left_out
    )
