"""Ten ordinary tasks, each from one's first page: how many clicks they take, and how many seconds
of waiting for the portal.

A click is every press: on a link, a button, a box, a choice, and into a field to type in it. None
takes more than six, a task of two people no more than six of either. Prints the table of
docs/pages.md, which has to have the same clicks.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.utils import timezone

from portal import keys
from portal.accounts.models import ControllingFirm, Organisation, Role, Site
from portal.assurance import findings
from portal.assurance.assigning import assign
from portal.assurance.auditors import declare
from portal.assurance.models.findings import FindingGrade
from portal.catalogue.models import PeerGroupMember
from portal.opening import unsealing as opening
from portal.register.models import SiteApplication
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import NOW, OWNER, PERIOD, World, build
from tests.integration.portal_cast import Cast

MOST_CLICKS = 6
DOCUMENT = Path(__file__).parents[3] / "docs/pages.md"
APPLICATIONS, SITES = 10, 100
MakeReader = Callable[..., Reader]


def build_busy() -> World:
    """The usual world, with ten sites that apply, a hundred that nobody checks, and a finding that
    waits for an answer.
    """
    world = build()
    cast = world.cast
    house = cast.plants[0].site.organisation
    for number in range(APPLICATIONS):
        SiteApplication.objects.create(
            organisation=house,
            slug=f"line-{number}",
            name=f"Line {number}",
            jurisdiction=cast.province,
            pack=cast.pack.id,
            size_class="medium",
            applied_by=cast.plants[0].owner.email,
            applied_at=NOW,
        )
    _hundred(cast)
    engagement = assign(cast.body, cast.plants[OWNER].site, PERIOD, cast.approver, NOW)
    declare(engagement, cast.auditor, False, "", NOW)
    due = timezone.localdate() + timedelta(days=14)
    findings.raise_finding(
        engagement,
        FindingGrade.MAJOR,
        "The coal scale drifts.",
        "Record 7",
        "",
        due,
        cast.auditor,
        NOW,
    )
    return world


def _hundred(cast: Cast) -> None:
    firm = Organisation.objects.create(
        name="Hundred works",
        kind=Role.ENTERPRISE,
        jurisdiction=cast.nation,
        controlling_firm=ControllingFirm.objects.create(name="Hundred Holding"),
    )
    sites = Site.objects.bulk_create(
        Site(
            slug=f"plant-{number}",
            name=f"Plant {number}",
            organisation=firm,
            jurisdiction=cast.province,
            pack=cast.pack.id,
        )
        for number in range(SITES)
    )
    PeerGroupMember.objects.bulk_create(
        PeerGroupMember(peer_group=cast.group, site=site, obliged=False) for site in sites
    )


pytestmark = [
    pytest.mark.browser,
    pytest.mark.long,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
    pytest.mark.parametrize("world", [build_busy], indirect=True),
]


@dataclass
class Counted:
    """A person at the mouse: every press is counted, and the time between presses, while the portal
    answers, is added up.
    """

    reader: Reader
    clicks: int = 0
    seconds: float = 0.0

    def press(self, where: str) -> None:
        """On what is seen of it first."""
        self._timed(lambda: self.reader.page.locator(where).locator("visible=true").first.click())

    def tick(self, where: str) -> None:
        self._timed(lambda: self.reader.page.check(where))

    def type(self, where: str, text: str) -> None:
        """Into a field: a press, then the keys."""
        self._timed(lambda: self.reader.page.fill(where, text))

    def choose(self, where: str, value: str) -> None:
        self._timed(lambda: self.reader.page.select_option(where, value))

    def take(self, where: str, file: Path) -> None:
        self._timed(lambda: self.reader.page.set_input_files(where, file))

    def _timed(self, act: Callable[[], object]) -> None:
        self.clicks += 1
        start = time.perf_counter()
        act()
        self.reader.page.wait_for_load_state()
        self.seconds += time.perf_counter() - start


def test_ten_tasks_take_six_clicks_at_most(
    reader: MakeReader, world: World, tmp_path: Path
) -> None:
    officer = reader("en", 1440, world.cast.drafter.email)
    if not apps.is_installed("extras.sharing"):
        pytest.skip("certificates of labels are a volume of the shelf")
    by_task: dict[str, list[Counted]] = {}

    def at_home(task: str, who: Reader) -> Counted:
        who.open(
            {"public": "/", "owner": "/our-plant/"}.get(who.who.rstrip("0123456789"), "/home/")
        )
        by_task.setdefault(task, []).append(counted := Counted(who))
        return counted

    visitor = at_home("find a firm's last report", officer)
    visitor.type("input[name=words]", "works-4")
    visitor.press("form[action='/search/'] button")
    visitor.press("main a[href='/sites/works-4/']")
    assert "Accepted" in officer.text()

    visitor = at_home("remind the late of one province", officer)
    visitor.press("main .sl-waits a:has-text('Remind')")
    visitor.press(".sl-choosing a:has-text('Hebei')")
    visitor.press("main form button")
    assert "reminded" in officer.text()

    visitor = at_home("approve ten sites", officer)
    visitor.press(f"main .sl-waits a:has-text('Review {APPLICATIONS}')")
    visitor.press(f".sl-choosing a:has-text('all {APPLICATIONS}')")
    visitor.choose("#duty", "obliged")
    visitor.press("main form button")
    assert f"{APPLICATIONS} sites are approved." in officer.text()

    visitor = at_home("assign a body to a hundred sites", officer)
    visitor.press("nav a[href='/assignments/']")
    visitor.press("main a[href='/assignments/several/']")
    visitor.press(".sl-choosing a:has-text('Hebei')")
    visitor.choose("#id_body", str(world.cast.body.pk))
    visitor.choose("#id_period", PERIOD)
    visitor.press("main form[method=post] button")
    assert "sites are assigned." in officer.text()

    file = tmp_path / "report.sealed"
    file.write_bytes(world.sealed_file)
    carrier = reader("en", 1440, world.carrier.email)
    visitor = at_home("submit a report", carrier)
    visitor.press("main .sl-waits a:has-text('Submit')")
    visitor.take("#id_sealed", file)
    visitor.press("main form button")
    assert "The sealed file has been received." in carrier.text()
    in_a_worker(
        lambda: opening.sweep(keys.processing_key(), timezone.now)
    )  # with it three firms came in since version 1

    visitor = at_home("prepare, check and publish a version", officer)
    visitor.press("nav a[href='/periods/']")
    visitor.press("main tbody a")
    visitor.press(".sl-tabs a[href$='/draft/']")
    visitor.type("#what_changed", "Two more firms")
    visitor.press("main form button:has-text('Compose a draft')")
    approver = reader("en", 1440, world.cast.approver.email)
    visitor = at_home("prepare, check and publish a version", approver)
    visitor.press("main .sl-waits a:has-text('Read and decide')")
    visitor.tick("#id_read")
    visitor.press("#decide button")
    assert "is published" in approver.text()

    owner = reader("en", 1440, world.owner.email)
    visitor = at_home("find the dearest step and its worth", owner)
    visitor.type("#yearly-output", "1500000")
    assert "tce per year" in owner.text()

    visitor = at_home("answer a finding", owner)
    visitor.press("main .sl-waits a:has-text('Answer')")
    visitor.type("#id_text", "Calibrated again.")
    visitor.press("main form button")
    owner.page.wait_for_selector(".sl-thread")

    visitor = at_home("issue a certificate", owner)
    visitor.press("nav a[href='/submissions/']")
    visitor.press("main table a")
    visitor.press("main a[href$='/show/']")
    visitor.press("main form button:has-text('Issue a certificate')")
    code = str(owner.page.inner_text("dd.sl-mono"))

    public = reader("en", 1440)
    visitor = at_home("check a certificate", public)
    visitor.press("a[href='/verify/']")
    visitor.type("#id_code", code)
    visitor.press("main form button")
    assert f"/verify/{code}/" in public.page.url

    for task, people in by_task.items():
        print(
            f"| {task} | {' + '.join(str(person.clicks) for person in people)} | "
            f"{sum(person.seconds for person in people):.1f} |"
        )
    assert all(person.clicks <= MOST_CLICKS for people in by_task.values() for person in people)
    counted = {
        task: " + ".join(str(person.clicks) for person in people)
        for task, people in by_task.items()
    }
    assert (
        dict(
            re.findall(
                r"^\| ([a-z][^|]*?) \| ([\d +]+?) \|",
                DOCUMENT.read_text("utf-8").split("## Ten tasks")[1].split("\n## ")[0],
                re.M,
            )
        )
        == counted
    )
    assert len(by_task) == 10
