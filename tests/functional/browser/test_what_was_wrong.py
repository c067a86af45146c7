"""What an assessor saw to be wrong, seen again in a browser: each test fails on the page as it was."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.utils import timezone

from benchmarks.comparison.co2 import Co2Factors
from benchmarks.measurements import Metric
from benchmarks.wire import envelope
from portal import keys
from portal.catalogue import obliged_list
from portal.catalogue.models import PeerGroupMember, ReportingPeriod
from portal.catalogue.obliged_rows import ObligedSite
from portal.intake import receiving as intake
from portal.opening import unsealing as opening
from portal.publication import drafting, publishing, scheduling
from portal.publication.models import Publication
from portal.register.models import SiteApplication
from reporting_agent.sending.consent import agreed
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import NOW, PERIOD, Sector, build_cement
from tests.integration.portal_cast import PASSWORD, draft_page, processing_public

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
    pytest.mark.parametrize("world", [build_cement], indirect=True, ids=["cement"]),
]

MakeReader = Callable[..., Reader]


@pytest.fixture
def officer(reader: MakeReader, world: Sector) -> Reader:
    visitor: Reader = reader("en", 1440, world.cast.approver.email)
    return visitor


@pytest.fixture  # of the plant that takes the most energy: it has gaps
def owner(reader: MakeReader, world: Sector) -> Reader:
    visitor: Reader = reader("en", 1440, world.cast.plants[-1].owner.email)
    return visitor


def test_a_list_of_the_obliged_is_held_against_what_stands_now(
    officer: Reader, world: Sector
) -> None:
    cast = world.cast
    released = "No longer obliged; can continue voluntarily: {}"
    change = in_a_worker(
        lambda: obliged_list.propose(
            cast.group,
            [ObligedSite("works-1", True), ObligedSite("works-2", True)],
            cast.approver,
            NOW,
        )
    )
    officer.open(f"/periods/groups/{cast.group.pk}/obliged/{change.pk}/")
    assert released.format(6) in officer.text()
    in_a_worker(
        lambda: obliged_list.amend(cast.group, ObligedSite("works-3", False), cast.approver, NOW)
    )
    officer.page.reload()
    assert released.format(5) in officer.text(), (
        "as it would change the list of this moment, not that of the upload"
    )
    in_a_worker(
        lambda: obliged_list.amend(cast.group, ObligedSite("works-3", True), cast.approver, NOW)
    )


def test_who_takes_part_by_their_own_will_is_late_nowhere(officer: Reader, world: Sector) -> None:
    """Of 2016 nobody has reported, and all were obliged to."""

    def late(obliged_: bool) -> tuple[str, list[str]]:
        in_a_worker(
            lambda: PeerGroupMember.objects.filter(site=world.cast.plants[7].site).update(
                obliged=obliged_
            )
        )
        officer.open("/periods/?stage=all")
        text = officer.text()
        with officer.page.expect_download() as file:
            officer.page.click("text=Download this table, CSV")
        rows = file.value.path().read_text("utf-8-sig").splitlines()
        officer.open(f"/periods/{world.cast.group.pk}/2016/reports/?state=late")
        return text, [
            rows[0],
            next(row for row in rows if ",2016," in row),
            officer.page.inner_text("#firms caption"),
        ]

    before, (head, row, sites) = late(obliged_=True)
    assert "8 are late." in before
    after, (_head, voluntary, fewer) = late(obliged_=False)
    assert "7 are late." in after
    column = head.split(",").index(
        next(name for name in head.split(",") if name.lower().startswith("late"))
    )
    assert (row.split(",")[column], voluntary.split(",")[column]) == ("8", "7")
    assert (sites, fewer) == ("8 sites", "7 sites")
    late(obliged_=True)


def test_nothing_opens_a_period_whose_reports_are_past_due(officer: Reader, world: Sector) -> None:
    officer.open(f"/periods/groups/{world.cast.group.pk}/open/")
    officer.page.fill("#id_name", "2024")
    with officer.page.expect_navigation():
        officer.page.press("#id_name", "Enter")
    officer.look("period-past-due", expected_status=400)
    assert "Reports of 2024 would have been due on 2025-03-31" in officer.text()
    officer.open("/periods/")
    periods = re.findall(r"\b20\d\d\b", officer.page.locator("main table").first.inner_text())
    assert PERIOD in periods
    assert "2024" not in periods


def test_a_draft_is_called_what_it_is_and_its_spread_is_not_praised_unseen(
    officer: Reader, world: Sector
) -> None:
    cast = world.cast
    period = in_a_worker(
        lambda: ReportingPeriod.objects.select_related("peer_group__scope").get(name=PERIOD)
    )
    draft = in_a_worker(lambda: drafting.draft(period, cast.drafter, NOW, "The same again."))
    officer.open(draft_page(draft))
    assert "The spread between plants fits the assumed one" in officer.text()
    in_a_worker(
        lambda: Publication.objects.filter(pk=draft.pk).update(participants=draft.participants[:1])
    )
    officer.page.reload()
    assert (
        "Too few plants have a value: their spread cannot be compared with the assumed one."
        in officer.text()
    )
    in_a_worker(
        lambda: Publication.objects.filter(pk=draft.pk).update(participants=draft.participants)
    )
    now = timezone.now()
    in_a_worker(
        lambda: scheduling.schedule(
            draft, cast.approver, now + timedelta(days=9), keys.receipt_key(), now, "Later."
        )
    )
    officer.page.reload()
    assert "Approved, will be published at its time" in officer.text()
    in_a_worker(lambda: scheduling.cancel(draft, cast.approver, now))


def test_a_report_without_a_rank_is_neither_missing_nor_told_from_noise(
    owner: Reader, world: Sector
) -> None:
    def correct() -> None:
        """A second revision, opened; nobody has computed its intervals and ranks yet."""
        raw = world.cast.plants[-1].envelope(world.cast.pack, revision=2, shift=9, period=PERIOD)
        intake.receive(raw, keys.published_directory(), keys.receipt_key(), NOW)
        opening.sweep(keys.processing_key(), lambda: NOW)

    told = ("is where to look first", "is certain", "best of every step")
    owner.open("/our-plant/")
    assert any(sentence in owner.text() for sentence in told)
    in_a_worker(correct)
    owner.page.reload()
    assert "are computed when the regulator composes the next draft" in owner.text()
    assert "not reported" not in owner.text()
    assert not any(sentence in owner.text() for sentence in told), (
        "no gap is certain without an interval"
    )


def test_the_law_is_that_of_the_jurisdiction(owner: Reader, world: Sector) -> None:
    site = world.cast.plants[-1].site
    owner.open(f"/obligatory-audits/{site.slug}/")
    assert "Energy Conservation Law of China" in owner.text()
    assert "2012/27/EU" not in owner.page.content()


def test_what_was_typed_outlives_the_session(owner: Reader) -> None:
    page = owner.page
    owner.open("/sites/new/")
    for field, typed in (("slug", "new-1"), ("name", "New works")):
        page.fill(f"#id_{field}", typed)
    for field, chosen in (("pack", "cement"), ("jurisdiction", "cn/he"), ("size_class", "large")):
        page.select_option(f"#id_{field}", chosen)
    page.context.clear_cookies(name="sessionid")
    with page.expect_navigation():
        page.press("#id_name", "Enter")
    assert "Your session has ended. What you typed is saved" in owner.text()
    owner.look("session-ended", expected_status=403)
    page.fill("#id_username", owner.who + "@example.org")
    page.fill("#id_password", PASSWORD)
    with page.expect_navigation():
        page.press("#id_password", "Enter")
    assert "New works" in owner.text()
    owner.look("unsent")
    with page.expect_navigation():
        page.press("main form[action='/sites/new/'] button", "Enter")
    assert in_a_worker(lambda: SiteApplication.objects.get().slug) == "new-1"


def test_the_co2_of_clinker_is_told_by_its_heat(reader: MakeReader, world: Sector) -> None:
    """Anything between coal and the grid it would be, were all of the gap taken for possible
    electricity.
    """
    owner = reader("en", 1440, world.cast.plants[-2].owner.email)
    owner.open("/our-plant/")
    row = owner.page.locator("tr:has-text('Clinker burning'):has([data-l^='kg CO'])").first
    *_ends, most = (
        float(end)
        for end in re.findall(r"[\d.]+", row.locator("[data-cell=interval]").text_content() or "")
    )
    *_ends, high = (
        float(end)
        for end in re.findall(r"[\d.]+", row.locator("[data-cell=co2]").text_content() or "")
    )
    were_it_power = Co2Factors(date(2025, 12, 31), "CN").co2(
        most, world.cast.pack.step("clinker-burning").boundary
    )
    assert were_it_power is not None
    assert high < 0.9 * were_it_power[1]


def test_what_a_version_rests_on_is_said_where_it_is_shown(reader: MakeReader) -> None:
    public = reader("en", 1440)
    public.open("/")
    assert "audit samples" not in public.text()
    public.page.click("text=How sure is this? >> nth=-1")
    assert "a certification body" in public.page.inner_text("#verified")


def test_a_firm_and_its_officer_read_one_verdict(
    reader: MakeReader, officer: Reader, world: Sector
) -> None:
    plant = world.cast.plants[-2]  # whose report nobody corrected meanwhile
    site, owner = plant.site, reader("en", 1440, plant.owner.email)
    owner.open("/our-plant/")
    owner.page.locator("#how-sure > summary").click()
    told = {
        row.locator("th").inner_text(): row.locator("td").last.inner_text()
        for row in owner.page.locator("table")
        .filter(has_text=re.compile("Your (rank|score) by step"))
        .locator("tbody tr")
        .all()
    }
    officer.open(f"/periods/{world.cast.group.pk}/{PERIOD}/standings/?q={site.slug}&metric=total")
    rows = officer.page.locator("#found tbody tr").all()
    assert {
        row.locator("td").nth(1).inner_text().partition(" (")[0].splitlines()[0]: row.locator(
            "td"
        ).last.inner_text()
        for row in rows
    } == told
    assert len(told) >= len(world.cast.pack.steps)
    assert set(told.values()) - {"Cannot be distinguished from typical"}


def test_the_usual_run_of_a_plant_stands_beside_the_usual_and_its_own_best(
    owner: Reader, world: Sector
) -> None:
    owner.open("/our-plant/")
    page = owner.page
    file = page.request.get(page.locator("a[href*='.csv']").first.evaluate("link => link.href"))
    rows = [
        row for row in csv.DictReader(io.StringIO(file.text())) if row["metric"] == Metric.TOTAL
    ]
    usual = {
        row.get_attribute("data-step"): float(
            row.locator("td.you b").inner_text().replace("\u2212", "-")
        )
        for row in page.locator(".sl-gap tbody tr").all()
    }
    ratios = {step.step: float(step.ratio) for step in world.cast.pack.routes[0].steps}
    assert usual == {
        row["step"]: pytest.approx(
            ratios[row["step"]] * float(row["protected_typical"]), rel=0.01, abs=0.005
        )
        for row in rows
        if row["protected_typical"]
    }
    assert len(usual) == len(world.cast.pack.steps)
    assert page.locator(".sl-gap .g-operation").count() == len(usual)
    assert "without new equipment" in page.inner_text("#own-best")


def test_what_was_agreed_to_names_the_incentives_that_rest_on_it(
    owner: Reader, world: Sector
) -> None:
    plant = world.cast.plants[-1]

    def report() -> None:
        """As the agent of today signs it."""
        material = replace(
            plant.report(world.cast.pack, revision=3, shift=9, period=PERIOD), consent=agreed()
        )
        raw = envelope.build(material, plant.header(3, PERIOD), plant.key, processing_public())
        intake.receive(raw, keys.published_directory(), keys.receipt_key(), NOW)
        opening.sweep(keys.processing_key(), lambda: NOW)

    in_a_worker(report)
    owner.open(f"/firms/{plant.site.organisation_id}/")
    assert "as evidence where the plant is given an incentive or an audit statement" in owner.text()
    owner.look("consent-with-incentives")


def test_nobody_measures_a_change_by_figures_that_were_withdrawn(
    officer: Reader, world: Sector
) -> None:
    """The last of this module: it withdraws the version that the others read."""
    first, draft = in_a_worker(
        lambda: [
            Publication.objects.select_related("period").get(status=status)
            for status in ("published", "draft")
        ]
    )
    officer.open(draft_page(draft))
    assert "What changed since version 1" in officer.text()
    in_a_worker(lambda: publishing.withdraw(first, world.cast.approver, "Wrong unit.", NOW))
    officer.page.reload()
    assert "What changed since version 1" not in officer.text()
