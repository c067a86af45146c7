"""What people choose or follow over time: consent and naming, the trend over two periods, the time
zone; by keyboard, in both languages.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.wire import envelope
from portal import keys
from portal.accounts.models import User
from portal.catalogue.periods import open_period
from portal.intake import receiving as intake
from portal.opening import unsealing as opening
from portal.standings import computing as standings
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import NOW, OWNER, World
from tests.integration.portal_cast import processing_public

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
SCREENS = pytest.mark.parametrize(
    "screen",
    [("en", 1440), ("zh-hans", 360), ("en", 360), ("zh-hans", 1440)],
    ids=["en-1440", "zh-hans-360", "en-360", "zh-hans-1440"],
)
EARLIER = "2024"


@SCREENS
def test_a_firm_reads_its_consent_and_lets_itself_be_named(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    """Twice: what was chosen before is the other button, and every choice stays in the list."""
    owner = reader(*screen, world.owner.email)
    page = owner.page
    owner.open("/people/")
    page.press("main a[href^='/firms/']", "Enter")
    page.wait_for_url("**/firms/*/")
    owner.look("consent")
    choices = "main table:has-text('@') tbody tr"
    before = page.locator(choices).count()
    for choice, sentence in (
        ("yes", "is named beside its quarter"),
        ("no", "is not named in anything public"),
    ):
        page.press(f"button[name=named][value={choice}]", "Enter")
        page.wait_for_selector(".govuk-notification-banner--success")
        owner.look(f"consent-{choice}")
        assert page.locator(f"button[name=named][value={choice}]").count() == 0
        if screen[0] == "en":
            assert sentence in owner.text()
    assert page.locator(choices).count() == before + 2
    assert world.owner.email in page.inner_text("main table:has-text('@')")


@pytest.fixture(scope="module")
def two_periods(world: World) -> World:
    """The owner's plant has reported the year before, too."""

    def report() -> None:
        cast, plant = world.cast, world.cast.plants[OWNER]
        earlier = open_period(cast.group, EARLIER, "test", NOW)
        sealed = envelope.build(
            plant.report(cast.pack, period=EARLIER),
            plant.header(period=EARLIER),
            plant.key,
            processing_public(),
        )
        intake.receive(sealed, keys.published_directory(), keys.receipt_key(), NOW)
        opening.sweep(keys.processing_key(), lambda: NOW)
        standings.compute(earlier, "worker", NOW)  # intervals for both

    in_a_worker(report)
    return world


@SCREENS
def test_a_second_period_makes_a_curve_with_its_figures(
    reader: MakeReader, screen: tuple[str, int], two_periods: World
) -> None:
    owner = reader(*screen, two_periods.owner.email)
    page = owner.page
    owner.open("/our-plant/")
    curves = page.locator("figure.sl-curve:has(.m-you)")
    assert curves.count() > 1
    first = curves.first
    assert first.locator("svg.plot .m-you").count() == 2, "a mark for each period"
    assert first.locator("svg.plot .t-own:not(.t-level)").count() == 0, (
        "no slope is drawn between values that differ by no more than their noise"
    )
    assert first.locator("svg.plot").get_attribute("aria-label")
    assert not first.locator("table").is_visible()
    first.locator("summary").press("Enter")
    first.locator("table").wait_for(state="visible")
    heads = first.locator("tbody th").all_inner_texts()
    assert [head[:4] for head in heads] == [EARLIER, "2025"]
    assert all(text.strip() for text in first.locator("tbody td:nth-child(2)").all_inner_texts())
    owner.look("our-plant-trend")


@SCREENS
def test_times_are_read_in_the_zone_that_was_chosen(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    owner = reader(*screen, world.owner.email)
    page = owner.page

    def received(zone: str) -> str:
        owner.open("/account/")
        page.select_option("#zone", zone)
        page.press("form:has(#zone) button", "Enter")
        page.wait_for_selector(".govuk-notification-banner--success")
        assert page.input_value("#zone") == zone
        owner.look("account-zone")
        owner.open("/submissions/")
        return str(page.get_attribute("main table time", "datetime"))

    assert received("America/New_York") == "2026-06-01T05:00:00-04:00"
    assert "UTC" in page.inner_text("footer")
    assert received("Asia/Shanghai") == "2026-06-01T17:00:00+08:00"
    assert "UTC+8" in page.inner_text("footer")
    assert in_a_worker(lambda: User.objects.get(pk=world.owner.pk).zone) == "Asia/Shanghai"
