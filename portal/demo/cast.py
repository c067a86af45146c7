"""Who takes part in the demo: a ministry with two officers, a firm a plant with its energy manager, a certification body."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from fixtures.simulator import Plant, Sector
from portal import keys
from portal.accounts.models import ControllingFirm, Jurisdiction, Membership, Organisation, Role, Site, SizeClass, User
from portal.accounts.services import issue_token
from portal.assurance.models import Assignment
from portal.catalogue.models import PeerGroup, PeerGroupMember, ReportingPeriod

SIZE_CLASSES = (SizeClass.MEDIUM, SizeClass.LARGE, SizeClass.MEDIUM, SizeClass.SMALL)


@dataclass(frozen=True, slots=True)
class SignIn:
    """One user a role, as the demo prints it."""

    role: str
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class Cast:
    period: ReportingPeriod
    drafter: User
    approver: User
    tokens: dict[str, str]  # site -> one-time enrolment token
    sign_ins: tuple[SignIn, ...]


def create(sector: Sector, now: datetime) -> Cast:
    """Put everybody into the default database."""
    nation = Jurisdiction.objects.create(path="cn", name="China", name_zh="中国", level=Jurisdiction.Level.NATION)
    province = Jurisdiction.objects.create(path="cn/he", name="Hebei", name_zh="河北", level=Jurisdiction.Level.PROVINCE, parent=nation)
    ministry = Organisation.objects.create(name="Ministry of Industry", name_zh="工业主管部门", kind=Role.REGULATOR, jurisdiction=nation)
    drafter, drafter_sign_in = _person("Li Wei", "regulator@example.org", ministry, Role.REGULATOR)
    approver, approver_sign_in = _person("Chen Jing", "approver@example.org", ministry, Role.REGULATOR)
    certifier = Organisation.objects.create(name="Certification Body North", name_zh="北方认证机构", kind=Role.CERTIFICATION_BODY)
    _, auditor_sign_in = _person("Zhao Min", "auditor@example.org", certifier, Role.CERTIFICATION_BODY)

    group = PeerGroup.objects.create(pack=sector.pack.id, pack_version=sector.pack.version, route=sector.pack.routes[0].id, scope=nation)
    year_start = datetime(sector.year, 1, 1, tzinfo=timezone.get_default_timezone())
    year_end = year_start.replace(year=sector.year + 1)
    period = ReportingPeriod.objects.create(
        peer_group=group, name=str(sector.year), start=year_start, end=year_end, due=max(now, year_end) + timedelta(days=30)
    )

    sites = [_site(plant, province) for plant in sector.plants]
    for site in sites:
        PeerGroupMember.objects.create(peer_group=group, site=site)
    _, enterprise_sign_in = _person("Wang Fang", "enterprise@example.org", sites[0].organisation, Role.ENTERPRISE)
    Assignment.objects.create(body=certifier, site=sites[0], period=period.name, assigned_by=drafter, assigned_at=now)
    fingerprint = keys.published_directory().fingerprint
    return Cast(
        period,
        drafter,
        approver,
        {site.slug: issue_token(site, None, fingerprint, now) for site in sites},
        (drafter_sign_in, approver_sign_in, enterprise_sign_in, auditor_sign_in),
    )


def _site(plant: Plant, jurisdiction: Jurisdiction) -> Site:
    firm = ControllingFirm.objects.create(name=f"{plant.name} Group")
    organisation = Organisation.objects.create(name=plant.name, kind=Role.ENTERPRISE, controlling_firm=firm, jurisdiction=jurisdiction)
    return Site.objects.create(
        slug=plant.site,
        name=f"{plant.name} works",
        organisation=organisation,
        jurisdiction=jurisdiction,
        pack=plant.pack.id,
        size_class=SIZE_CLASSES[plant.index % len(SIZE_CLASSES)],
    )


def _person(name: str, email: str, organisation: Organisation, role: Role) -> tuple[User, SignIn]:
    password = secrets.token_urlsafe(12)
    user = User.objects.create_user(email, password, name=name)
    Membership.objects.create(user=user, organisation=organisation, role=role)
    return user, SignIn(role.value, email, password)
