"""Who takes part in the demo: a ministry with two officers, a firm a plant with its energy manager,
a certification body.

They are declared as an operator declares them, and registered by what `manage.py register` does.
"""

from __future__ import annotations

import secrets
import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zlib import crc32

from stdnum.cn import uscc

from fixtures.simulator import Plant, Sector
from portal import keys
from portal.accounts import second_factor
from portal.accounts.enrolling import issue_token
from portal.accounts.models import Role, Site, SizeClass, User
from portal.catalogue.models import ReportingPeriod
from portal.register import register_file
from portal.register.bringing import bring_to

SIZE_CLASSES = (SizeClass.MEDIUM, SizeClass.LARGE, SizeClass.MEDIUM, SizeClass.SMALL)
MINISTRY, CERTIFIER = "Ministry of Industry", "Certification Body North"
PARTNERS = (
    (Role.PROVIDER, "provider@example.org", "Meters and Bridges", "Sun Lei"),
    (Role.SUPPLIER, "supplier@example.org", "Hebei Power", "Gao Ling"),
    (Role.ACADEMIC, "academic@example.org", "Institute of Energy", "Ma Yan"),
)
"""The further roles: role, who signs in, whom for, by what name."""
NAMES_ZH: dict[str, str] = tomllib.loads(
    (Path(__file__).parent / "names_zh.toml").read_text(encoding="utf-8")
)
TELEPHONE = "+86 315 555 0100"
DRAFTER, APPROVER, AUDITOR, MANAGER = (
    "regulator@example.org",
    "approver@example.org",
    "auditor@example.org",
    "enterprise@example.org",
)
SUPPLIER = "supplier@example.org"
ACTING = 5
"""Firms of the sector that have somebody who acts for them: enough for what is told by batches of
five.
"""


@dataclass(frozen=True, slots=True)
class DemoSignIn:
    """One user a role, as the demo prints it."""

    role: str
    email: str
    password: str
    secret: str  # of the authenticator app; empty where the role needs none

    def code(self, moment: datetime) -> str:
        """What the app would show."""
        return second_factor.code_at(self.secret, moment) if self.secret else ""


@dataclass(frozen=True, slots=True)
class Cast:
    period: ReportingPeriod
    drafter: User
    approver: User
    tokens: dict[str, str]  # site -> one-time enrolment token
    sign_ins: tuple[DemoSignIn, ...]


def create(sector: Sector, now: datetime) -> Cast:
    """Put everybody into the default database."""
    bring_to(declared(sector, now.date()), now, by="operator")
    fingerprint = keys.published_directory().fingerprint
    return Cast(
        ReportingPeriod.objects.select_related("peer_group__scope").get(),
        User.objects.get(email=DRAFTER),
        User.objects.get(email=APPROVER),
        {site.slug: issue_token(site, None, fingerprint, now) for site in Site.objects.all()},
        (
            _sign_in(Role.REGULATOR, DRAFTER),
            _sign_in(Role.REGULATOR, APPROVER),
            _sign_in(Role.ENTERPRISE, MANAGER),
            _sign_in(Role.CERTIFICATION_BODY, AUDITOR),
            *(_sign_in(role, email) for role, email, *_ in PARTNERS),
        ),
    )


def declared(sector: Sector, today: date) -> register_file.Roll:
    """The register of the sector: every plant obliged to report the simulated year, the first one's
    report to be checked.
    """
    plants, year, first = sector.plants, str(sector.year), sector.plants[0]
    return register_file.Roll(
        jurisdictions=(
            register_file.DeclaredJurisdiction(path="cn", name="China", name_zh=NAMES_ZH["China"]),
            register_file.DeclaredJurisdiction(
                path="cn/he", name="Hebei", name_zh=NAMES_ZH["Hebei"]
            ),
        ),
        firms=tuple(
            register_file.DeclaredFirm(
                name=f"{plant.name} Group", name_zh=NAMES_ZH["Group"].format(plant.name_zh)
            )
            for plant in plants
        ),
        organisations=(
            register_file.DeclaredOrganisation(
                name=MINISTRY, name_zh=NAMES_ZH[MINISTRY], kind=Role.REGULATOR, jurisdiction="cn"
            ),
            register_file.DeclaredOrganisation(
                name=CERTIFIER, name_zh=NAMES_ZH[CERTIFIER], kind=Role.CERTIFICATION_BODY
            ),
            *(
                register_file.DeclaredOrganisation(
                    name=house, name_zh=NAMES_ZH[house], kind=role, jurisdiction="cn/he"
                )
                for role, _email, house, _name in PARTNERS
            ),
            *(
                register_file.DeclaredOrganisation(
                    name=plant.name,
                    name_zh=plant.name_zh,
                    kind=Role.ENTERPRISE,
                    jurisdiction="cn/he",
                    firm=f"{plant.name} Group",
                    credit_code=made_up_code(plant.name),
                    telephone=TELEPHONE,
                )
                for plant in plants
            ),
        ),
        people=(
            register_file.DeclaredPerson(email=DRAFTER, name="Li Wei", acts_for=(MINISTRY,)),
            register_file.DeclaredPerson(email=APPROVER, name="Chen Jing", acts_for=(MINISTRY,)),
            register_file.DeclaredPerson(email=AUDITOR, name="Zhao Min", acts_for=(CERTIFIER,)),
            *(
                register_file.DeclaredPerson(email=email, name=name, acts_for=(house,))
                for _role, email, house, name in PARTNERS
            ),
            register_file.DeclaredPerson(email=MANAGER, name="Wang Fang", acts_for=(first.name,)),
            *(
                register_file.DeclaredPerson(
                    email=email_of(plant),
                    name=f"Energy manager of {plant.name}",
                    acts_for=(plant.name,),
                )
                for plant in others_who_act(sector)
            ),
        ),
        sites=tuple(
            register_file.DeclaredSite(
                id=plant.site,
                name=f"{plant.name} works",
                name_zh=NAMES_ZH["works"].format(plant.name_zh),
                organisation=plant.name,
                jurisdiction="cn/he",
                pack=plant.pack.id,
                size_class=SIZE_CLASSES[plant.index % len(SIZE_CLASSES)],
            )
            for plant in plants
        ),
        peer_groups=(
            register_file.DeclaredPeerGroup(
                pack=sector.pack.id,
                version=sector.pack.version,
                scope="cn",
                periods=(
                    register_file.DeclaredPeriod(
                        name=year, due=max(today, date(sector.year, 12, 31)) + timedelta(days=30)
                    ),
                ),
            ),
        ),
        assignments=(
            register_file.DeclaredAssignment(
                body=CERTIFIER, site=first.site, period=year, by=DRAFTER
            ),
        ),
    )


def others_who_act(sector: Sector) -> tuple[Plant, ...]:
    """The plants beside the first whose firms act (`portal.demo.acting`); nobody signs in for
    them.
    """
    return sector.plants[1:ACTING]


def email_of(plant: Plant) -> str:
    return f"{plant.site}@example.org"


def made_up_code(name: str) -> str:
    """A unified social credit code with the right check digit, of an administrative division that
    there is none of.
    """
    code = f"91000000MA{crc32(name.encode()) % 10**7:07d}"
    return code + uscc.calc_check_digit(code)


def _sign_in(role: Role, email: str) -> DemoSignIn:
    """A password of its own for this run, and an authenticator app where the role needs one."""
    user, password = User.objects.get(email=email), secrets.token_urlsafe(12)
    user.set_password(password)
    user.save(update_fields=["password"])
    return DemoSignIn(
        role.value,
        email,
        password,
        second_factor.give(user) if second_factor.needed_by(user) else "",
    )
