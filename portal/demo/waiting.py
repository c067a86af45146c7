"""What waits for the people of the demo: applications, an audit half done with its findings, and
what extras add.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from fixtures.simulator import Sector
from portal import extras
from portal.accounts.models import Jurisdiction, Organisation, Role, Site, User
from portal.assurance import auditors, findings
from portal.assurance.assigning import assign
from portal.assurance.models.findings import FindingGrade
from portal.demo import cast as casting
from portal.register import applying, siting

APPLYING = 2


def fill(main: Sector, now: datetime) -> None:
    _applications(main, now)
    _audit(main, now)
    for of_extra in extras.modules("demo"):
        of_extra.fill(main.year - 1, now)


def _applications(main: Sector, now: datetime) -> None:
    province = Jurisdiction.objects.get(path="cn/he")
    for number in range(APPLYING, 0, -1):  # the oldest first, as they would come
        _slug, name, name_zh = main.names(main.enterprises + number)
        code = casting.made_up_code(name)
        wish = applying.FirmWish(
            name,
            name_zh,
            name,
            province,
            "Liu Yang",
            f"contact{number}@example.org",
            "zh-hans",
            credit_code=code,
            telephone=casting.TELEPHONE,
        )
        applying.confirm(
            applying.apply(wish, now - timedelta(days=9 * number)),
            now - timedelta(days=9 * number - 1),
        )
    manager = User.objects.get(email=casting.MANAGER)
    house = Organisation.objects.get(memberships__user=manager)
    for line in (3, 2):
        plant = main.plants[0]
        names = (
            f"{plant.name}, line {line}",
            f"{plant.name_zh} {line}#",
        )  # as works number their lines in Chinese
        site = siting.SiteWish(
            f"{plant.site}-line-{line}", *names, province, main.pack.id, "medium"
        )
        siting.apply(manager, house.pk, site, now - timedelta(days=line))


def _audit(main: Sector, now: datetime) -> None:
    """Of the first plant's year before: one finding answered, one not, one appealed against; no
    statement yet.
    """
    plant, year = Site.objects.get(slug=main.plants[0].site), str(main.year - 1)
    approver, auditor, manager = (
        User.objects.get(email=email)
        for email in (casting.DRAFTER, casting.AUDITOR, casting.MANAGER)
    )
    body = Organisation.objects.get(kind=Role.CERTIFICATION_BODY)
    engagement = assign(
        body, plant, year, approver, now - timedelta(days=40), (now + timedelta(days=20)).date()
    )
    auditors.declare(engagement, auditor, False, "", now - timedelta(days=38))
    for grade, text, evidence, days in (
        (
            FindingGrade.MAJOR,
            "The belt scale of the coal feed was last calibrated three years ago.",
            "Calibration record 7, seen on site",
            12,
        ),
        (
            FindingGrade.MINOR,
            "Two shifts of May have no entry in the log of runs.",
            "Log of runs, May",
            25,
        ),
        (FindingGrade.OBSERVATION, "The clinker store is measured by eye.", "Seen on site", 40),
    ):
        due = (now + timedelta(days=days)).date()
        finding = findings.raise_finding(
            engagement, grade, text, evidence, "", due, auditor, now - timedelta(days=20)
        )
        if grade is FindingGrade.MINOR:
            findings.answer(
                finding,
                "The shifts stood still for repair; the repair order is added.",
                "",
                manager,
                now - timedelta(days=6),
            )
        if grade is FindingGrade.OBSERVATION:
            findings.appeal(
                finding,
                "It is surveyed by laser each month; the surveys are at the plant.",
                "",
                manager,
                now - timedelta(days=4),
            )
