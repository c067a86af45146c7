"""A firm's first page: what it finds, what is typed there, and what stands there before anything can
be compared.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.wire import envelope
from portal import keys
from portal.accounts.models import Site
from portal.catalogue.periods import open_period
from portal.intake import receiving as intake
from portal.opening import unsealing as opening
from portal.standings import computing as standings
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import NOW, Sector, build_cement
from tests.integration.portal_cast import processing_public

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
    pytest.mark.parametrize("world", [build_cement], indirect=True, ids=["cement"]),
]

MakeReader = Callable[..., Reader]
SCREENS = pytest.mark.parametrize(
    "screen",
    [("en", 1440), ("zh-hans", 360), ("en", 360), ("zh-hans", 1440)],
    ids=["en-1440", "zh-hans-360", "en-360", "zh-hans-1440"],
)
EARLIER = "2024"


@pytest.fixture(scope="module")
def two_periods(world: Sector) -> Sector:
    """The plant that uses most has reported the year before, too."""

    def report() -> None:
        cast, plant = world.cast, world.cast.plants[-2]
        period = open_period(cast.group, EARLIER, "test", NOW)
        sealed = envelope.build(
            plant.report(cast.pack, shift=12, period=EARLIER),
            plant.header(period=EARLIER),
            plant.key,
            processing_public(),
        )
        intake.receive(sealed, keys.published_directory(), keys.receipt_key(), NOW)
        opening.sweep(keys.processing_key(), lambda: NOW)
        standings.compute(period, "worker", NOW)

    in_a_worker(report)
    return world


@SCREENS
def test_a_firm_reads_where_to_look_first_and_what_to_do(
    reader: MakeReader, screen: tuple[str, int], two_periods: Sector
) -> None:
    owner = reader(*screen, two_periods.cast.plants[-2].owner.email)
    page = owner.page
    assert page.url.endswith("/our-plant/"), "a firm begins with its plant"
    rows = page.locator(".sl-gap tbody tr")
    assert rows.count() == len(two_periods.cast.pack.steps)
    assert page.locator(".sl-card").count() == 3
    assert page.locator("figure.sl-curve").count() > 1
    owner.look("our-plant-folded")
    owner.open("/our-plant/")
    owner.walk_by_keyboard()
    owner.open(f"/our-plant/?period={EARLIER}")
    assert page.locator("main ol.govuk-list--number li").count() == 3, "what happens next"
    assert page.locator("main a[href='/submissions/hand-in/']").count() <= 1, "it was handed in"
    owner.look("our-plant-not-published")


def test_what_is_typed_turns_into_a_year_and_the_page_reads_without_scripts(
    reader: MakeReader, two_periods: Sector
) -> None:
    owner = reader("en", 1440, two_periods.cast.plants[-2].owner.email)
    page = owner.page
    sent = owner.requests()
    kgce = float(page.locator("[data-per-year] tr").last.get_attribute("data-kgce") or "nan")
    page.fill("#yearly-output", "1,200,000")
    page.fill("#tce-price", "900")
    last = page.locator("[data-per-year] tr").last
    tce, money = (
        float(last.locator(f"[data-cell={name}]").inner_text().replace(",", ""))
        for name in ("tce", "money")
    )
    assert tce == pytest.approx(1200 * kgce, rel=0.01)
    assert money == pytest.approx(1200 * kgce * 900, rel=0.01)
    assert sent == []
    still = reader("en", 360, two_periods.cast.plants[-2].owner.email, scripts=False)
    assert "tce per 1,000 t of cement" in still.text()
    assert not still.page.is_visible("#yearly-output")
    assert not still.page.is_visible("[data-yearly]")


@SCREENS
def test_who_has_nothing_to_compare_reads_what_comes_next_and_who_has_several_chooses(
    reader: MakeReader, screen: tuple[str, int], world: Sector
) -> None:
    plant = world.cast.plants[2]

    def second() -> None:
        Site.objects.get_or_create(
            slug="works-new",
            defaults={
                "name": "New works",
                "organisation": plant.site.organisation,
                "jurisdiction": plant.site.jurisdiction,
                "pack": plant.site.pack,
            },
        )

    in_a_worker(second)
    owner = reader(*screen, plant.owner.email)
    page = owner.page
    assert page.locator("main tbody tr").count() == 2
    owner.look("our-plants")
    page.click("main tbody a[href='/our-plant/works-new/']")
    owner.look("our-plant-nothing-yet")
    assert page.locator("main ol.govuk-list--number li").count() == 3
    assert page.locator("main a[href='/submissions/hand-in/']").count() >= 1
    owner.open(f"/our-plant/{world.cast.plants[0].site.slug}/")
    owner.look("our-plant-of-another", expected_status=404)
