"""Who takes part in an audit, registered at a running portal: a plant that reports, another beside
it, a certification body, people.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone

from benchmarks.wire.directory import EnrolmentSecret
from portal import keys
from portal.accounts import second_factor
from portal.accounts.enrolling import issue_token
from portal.accounts.models import ControllingFirm, Jurisdiction, Organisation, Role, Site, User
from portal.assurance.assigning import assign
from portal.catalogue.peer_groups import make_peer_group
from portal.catalogue.periods import open_period
from tests.functional.audit.plants import PERIOD, write_works
from tests.integration.portal_cast import person

SITE = "works-1"
DAYS = 60  # of the works' life: as short as its steps are still released


@dataclass(frozen=True)
class Audited:
    """What is known at the portal before anybody reports; `works` is the plant's folder."""

    works: Path
    owner: str
    auditor: str
    assignment: int
    token: str

    @property
    def site_toml(self) -> Path:
        return self.works / "site.toml"

    @property
    def fingerprint(self) -> str:
        """Of the directory's signer, as the enrolment token names it."""
        return EnrolmentSecret.parse(self.token).fingerprint


def registered(folder: Path) -> Audited:
    """A simulated cement works of 60 days, its files written; the regulator has opened the period
    and assigned the body.
    """
    works = folder / "works"
    write_works(works, "cement", seed=1, days=DAYS, rate=0)
    settings = works / "site.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        re.sub(r'^id = "[^"]+"', f'id = "{SITE}"', text, count=1, flags=re.MULTILINE),
        encoding="utf-8",
    )
    nation = Jurisdiction.objects.create(path="cn", name="China", level="nation")
    ministry = Organisation.objects.create(
        name="Ministry", kind=Role.REGULATOR, jurisdiction=nation
    )
    body = Organisation.objects.create(name="Certification body", kind=Role.CERTIFICATION_BODY)
    firm = ControllingFirm.objects.create(name="Cement firm")
    enterprise = Organisation.objects.create(
        name="Cement works", kind=Role.ENTERPRISE, controlling_firm=firm, jurisdiction=nation
    )
    of_site = {"organisation": enterprise, "jurisdiction": nation, "pack": "cement"}
    site = Site.objects.create(slug=SITE, name="Kiln", **of_site)
    open_period(make_peer_group("cement", nation, [site]), PERIOD, "test", timezone.now())
    regulator = person("regulator@example.org", ministry, Role.REGULATOR)
    owner = person("owner@example.org", enterprise, Role.ENTERPRISE)
    auditor = person("auditor@example.org", body, Role.CERTIFICATION_BODY)
    for user in User.objects.all():
        if second_factor.needed_by(user):
            second_factor.give(user)
    token = issue_token(site, None, keys.published_directory().fingerprint, timezone.now())
    assignment = assign(body, site, PERIOD, regulator, timezone.now())
    return Audited(works, owner.email, auditor.email, assignment.pk, token)


def agent(folder: Path, *arguments: object) -> dict[str, Any]:
    """The JSON answer of the agent, run as a program of its own in a folder; it must succeed."""
    command = [sys.executable, "-m", "reporting_agent", *map(str, arguments), "--json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    assert ran.returncode == 0, ran.stderr + ran.stdout
    answer: dict[str, Any] = json.loads(ran.stdout)
    return answer
