"""Yearly figures that stay in the page, a firm's and a sector's; showing labels to a buyer, a
firm's record, leaving.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from playwright.sync_api import Page

from benchmarks.guidance.cbam import AttestedEmissions, Goods, Payable, Precursor, by_year
from benchmarks.guidance.goods import goods_of
from portal.accounts.models import Membership
from portal.catalogue.models import PeerGroupMember
from portal.days import scheme_day
from portal.register.models import Leaving
from tests.functional.browser.reader import Reader, in_a_worker
from tests.functional.browser.world import World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.xdist_group("browser"),
]

MakeReader = Callable[..., Reader]
SCREENS = pytest.mark.parametrize(
    "screen", [("en", 1440), ("zh-hans", 360)], ids=["en-1440", "zh-hans-360"]
)


@SCREENS
def test_a_years_output_and_prices_are_turned_into_a_years_worth_and_never_leave_the_page(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    owner = reader(*screen, world.owner.email)
    page = owner.page
    owner.open("/our-plant/")
    unfold(page)
    page.wait_for_selector("#yearly-output")
    sent = owner.requests()
    storage = "() => JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])"
    before = page.evaluate(storage)
    assert page.locator("[data-money]").count() > 0
    assert not page.is_visible("[data-money]"), (
        "no price, no money: no column of dashes, and no row of them on a phone"
    )
    page.focus("#yearly-output")
    page.keyboard.type("1,500,000")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    tce = (
        float((page.get_attribute("[data-worth] tfoot tr", "data-kgce") or "nan").split()[1]) * 1500
    )
    assert numbers(page.inner_text("[data-worth] tfoot [data-cell=kgce]")) == [float(f"{tce:.3g}")]
    assert tce > 0
    page.fill("#price-electricity", "0.62")
    assert page.locator("[data-worth] tbody tr[data-kind=electricity]").count() > 0
    for row in page.locator("[data-worth] tbody tr").all():
        low, value, high = (float(end) for end in (row.get_attribute("data-kgce") or "").split())
        amount = row.locator("[data-cell=money]").inner_text()
        if row.get_attribute("data-kind") == "electricity":
            kwh = [end / 0.1229 for end in (low, high)]
            assert numbers(row.locator("[data-cell=electricity]").inner_text()) == [
                float(f"{end * 1500:.3g}") for end in kwh
            ]
            assert numbers(amount) == [float(f"{end * 1_500_000 * 0.62:.3g}") for end in kwh]
        else:
            assert numbers(amount) == [], "without a price of its fuel a gap has no money"
            assert numbers(row.locator("[data-cell=electricity]").inner_text()) == [], (
                "heat is never told in kilowatt-hours"
            )
        assert low < value < high
    assert page.locator("[data-worth] tbody tr:not([data-kind=electricity])").count() > 0
    assert numbers(page.inner_text("[data-worth] tfoot [data-cell=money]")) == [], (
        "a sum that lacks a part is said to be incomplete"
    )
    page.fill("#price-coal", "728.6")
    total = numbers(page.inner_text("[data-worth] tfoot [data-cell=money]"))
    parts = [
        numbers(text)
        for text in page.locator("[data-worth] tbody [data-cell=money]").all_inner_texts()
    ]
    untold = page.locator("[data-worth] tbody tr[data-kind=unknown]").count()
    assert parts.count([]) == untold, "what gives energy back has no money"
    order, energies = (
        page.inner_text("[data-order]"),
        [float(ends.split()[1]) for ends in gaps_in_order(page)],
    )
    parts = [part for part in parts if part]
    wanted = [sum(part[end] for part in parts) for end in (0, -1)]
    assert len(parts) > 1
    assert total == ([] if untold else pytest.approx(wanted, rel=0.02)), "and the sum is incomplete"
    middles = [part[0] + part[-1] for part in parts]
    by_money = "money" in order or "金额" in order
    assert by_money == (untold == 0), (
        "money settles the order once every gap has some, and the table says which order it is"
    )
    of_order = middles if by_money else energies
    assert of_order == sorted(of_order, reverse=True), "the largest first"
    page.fill("#price-coal", "")
    energies = [float(ends.split()[1]) for ends in gaps_in_order(page)]
    assert energies == sorted(energies, reverse=True), (
        "without a price of coal the order is that of energy again"
    )
    assert ("energy" in page.inner_text("[data-order]")) or (
        "能源" in page.inner_text("[data-order]")
    )
    page.fill("#price-coal", "728.6")
    coal, gas = page.locator("tr[data-carrier=coal]"), page.locator("tr[data-carrier=natural-gas]")
    tonnes, of_tce, paid = (
        numbers(coal.locator(f"[data-cell={name}]").inner_text())[-1]
        for name in ("amount", "tce", "money")
    )
    assert of_tce == pytest.approx(tonnes * 0.7143, rel=0.01), (
        "coal in tonnes and in coal equivalent"
    )
    assert paid == pytest.approx(tonnes * 728.6, rel=0.01)
    kiln = page.locator(
        "[data-worth] tr[data-carriers~=natural-gas]:not([data-kind=unknown])"
    ).first
    carbon, money = (kiln.locator(f"[data-cell={name}]").inner_text() for name in ("co2", "money"))
    assert not gas.locator("input[type=checkbox]").is_checked(), (
        "what not every plant reports is for the reader to tick"
    )
    page.press("[data-others] summary", "Enter")
    page.check("#used-natural-gas")
    assert numbers(kiln.locator("[data-cell=money]").inner_text()) == [], (
        "what is ticked needs its price"
    )
    assert numbers(kiln.locator("[data-cell=co2]").inner_text())[0] < numbers(carbon)[0], (
        "CO2 reaches down to that of gas"
    )
    page.fill("#price-natural-gas", "10")
    assert numbers(kiln.locator("[data-cell=money]").inner_text())[0] < numbers(money)[0], (
        "a cheaper fuel: less at least"
    )
    assert numbers(gas.locator("[data-cell=amount]").inner_text())[0] == 0, (
        "all of a heat gap may be of coal"
    )
    page.uncheck("#used-natural-gas")
    assert kiln.locator("[data-cell=money]").inner_text() == money
    assert sent == [], "nothing is sent after typing"
    assert page.evaluate(storage) == before, "and nothing is kept"
    for field in ("#yearly-output", "#price-electricity", "#price-coal"):
        assert not page.is_visible(f"{field}-error")
        assert page.get_attribute(field, "name") is None
        assert page.evaluate(f"document.querySelector('{field}').form") is None
    owner.look("next-a-year")
    page.fill("#yearly-output", "１，５００，０００．０")
    assert not page.is_visible("#yearly-output-error"), (
        "full-width digits, as a Chinese keyboard types them"
    )
    assert numbers(page.inner_text("[data-worth] tfoot [data-cell=kgce]")) == [float(f"{tce:.3g}")]
    wrongly_typed = (
        *(("#yearly-output", text) for text in ("many", "-5", "1e6", "1,50,000")),
        *(
            ("#price-electricity", text) for text in ("-5", "0,65", "1,5")
        ),  # not 65, a hundred times what was meant
        ("#yearly-carbon", "0"),
    )
    for field, wrong in wrongly_typed:
        page.fill(field, wrong)
        assert page.get_attribute(field, "aria-invalid") == "true"
        assert page.is_visible(f"{field}-error"), "what is no number above 0 is said to be none"
    page.reload()
    assert page.input_value("#yearly-output") == ""


TYPE_ALL = """for (const [fields, text] of [
    ["#yearly-output", "20,000,000"], ["#yearly-carbon", "80"], ["input[id^='price-']:enabled", "728.6"],
])
    for (const field of document.querySelectorAll(fields)) {
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
    }"""
TOO_WIDE = """() => [...document.querySelectorAll("table[data-worth], table[data-carriers]")].map(table => {
    if (!table.offsetParent) return 0;
    const room = table.parentElement.getBoundingClientRect().right - parseFloat(getComputedStyle(table.parentElement).paddingRight);
    return Math.round(table.getBoundingClientRect().right - room);
}).filter(beyond => beyond > 0)"""


@pytest.mark.parametrize(
    "screen", [("en", 1280), ("zh-hans", 1280)], ids=["en-1280", "zh-hans-1280"]
)
def test_a_years_worth_stays_within_the_page_once_everything_is_typed(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    """Down to 961 px; below that each cell stands behind the title of its column."""
    for reads, address in (
        (world.owner.email, "/our-plant/"),
        (None, "/"),
    ):
        visitor = reader(*screen, reads)
        page = visitor.page
        visitor.open(address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        page.evaluate(TYPE_ALL)
        assert page.is_visible("[data-worth] [data-money]")
        assert page.is_visible("[data-worth] [data-carbon]")
        for width in (screen[1], 1100, 961):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(TOO_WIDE) == [], (address, width)


@SCREENS
def test_a_carbon_price_payback_and_the_border_are_worked_out_in_the_page_as_the_core_does(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    owner = reader(*screen, world.owner.email)
    page = owner.page
    owner.open("/our-plant/")
    page.locator("#at-the-border > summary").click()
    page.wait_for_selector("#border-price")
    sent = owner.requests()
    storage = "() => JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])"
    before = page.evaluate(storage)
    for hidden in ("[data-carbon]", "[data-typed]", "[data-attested]", "[data-priced]"):
        assert not page.is_visible(hidden), "no column of dashes before anything is typed"

    page.locator("details[data-good] > summary").nth(1).press("Enter")
    page.fill("#border-price", "75.36")
    assert page.is_visible("#parts-25232900"), (
        "what an empty field of a precursor means stands above it"
    )
    assert (page.get_attribute("#part-25232900-25231000A", "aria-describedby") or "").startswith(
        "parts-25232900 "
    )
    page.fill("#paid-25231000A", "2")
    page.fill("#paid-25232900", "1.5")
    page.fill("#emissions-25231000A", "０．８４２")
    page.fill("#emissions-25232900", "0.7")
    page.fill("#part-25232900-25231000A", "0.75")
    today, price, paid = (
        scheme_day(),
        Decimal("75.36"),
        {"25231000": Decimal(2), "25232900": Decimal("1.5")},
    )
    clinker = Precursor("25231000", Decimal("0.75"), "A")
    goods = {
        "25231000": (
            Goods("25231000", "CN", "A"),
            Goods("25231000", "CN", "A", AttestedEmissions(Decimal("0.842"))),
        ),
        "25232900": (
            Goods("25232900", "CN"),
            Goods("25232900", "CN", "", AttestedEmissions(Decimal("0.7"), (clinker,))),
        ),
    }
    tables = page.locator("table[data-border]")
    assert tables.count() == len(goods_of("cement", "dry-process"))
    for table, asked in zip(tables.all()[: len(goods)], goods.values(), strict=True):
        default, attested = (
            dict(by_year(product, today, price=price, paid_at_home=paid[product.cn_code]))
            for product in asked
        )
        rows = table.locator("tbody tr").all()
        assert (
            [int(row.locator("th").inner_text()) for row in rows]
            == [*default]
            == [*range(2026, 2035)]
        )
        for row, year in zip(rows, default, strict=True):
            figures = [
                numbers(row.locator(f"[data-cell={name}]").inner_text())
                for name in ("default-cost", "free", "attested", "attested-cost")
            ]
            on_default, on_attested = default[year], attested[year]
            assert isinstance(on_default, Payable)
            assert isinstance(on_attested, Payable)
            wanted = (on_default.cost, on_attested.free, on_attested.certificates, on_attested.cost)
            assert figures == [[pytest.approx(float(each or 0), abs=0.0051)] for each in wanted], (
                year
            )
    assert "0.880" in tables.first.inner_text(), "grey clinker of China, 2026, as worked by hand"

    unfold(page)
    page.fill("#yearly-carbon", "80")
    row = page.locator(
        "[data-worth] tbody tr:not([data-kind=electricity]):not([data-kind=unknown])"
    ).first
    low, high = (
        numbers(row.locator("[data-cell=co2]").inner_text())[0],
        numbers(row.locator("[data-cell=co2]").inner_text())[-1],
    )
    costs = numbers(row.locator("[data-cell=carbon]").inner_text())
    assert 0 <= costs[0] <= costs[-1] <= high * 0.08 * 1.01, (
        "of the fuel alone: never more than of all its CO2"
    )
    assert low <= high
    electric = page.locator("[data-worth] tbody tr[data-kind=electricity] [data-cell=carbon]").first
    assert numbers(electric.inner_text()) == [0], "the electricity's lies in its tariff"

    page.fill("#price-electricity", "0.62")
    page.fill("#price-coal", "728.6")
    page.fill("#payback-usd", "7.1")
    page.fill("#payback-years", "10")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    practices = [
        practice
        for practice in page.locator("tr[data-practice]").all()
        if practice.get_attribute("data-investment") not in ("", "0")
    ]
    electric_ones = [
        practice for practice in practices if practice.get_attribute("data-metric") == "electricity"
    ]
    assert electric_ones
    for measure in electric_ones:
        saved, spent = (
            float(measure.get_attribute(f"data-{name}") or "nan") for name in ("low", "investment")
        )
        worth, co2 = (
            saved * 0.62,
            float(page.get_attribute("[data-carrier=electricity]", "data-co2") or "nan")
            * saved
            * 0.1229
            / 1000,
        )
        at_prices = {
            "worth": worth,
            "payback": spent * 7.1 / worth,
            "abatement": (spent * 7.1 / 10 - worth) / co2,
        }
        for name, value in at_prices.items():
            text = measure.locator(f"[data-cell={name}]").inner_text()
            assert numbers(text) == [pytest.approx(abs(value), rel=0.01)], name
            assert text.startswith("−") == (value < 0)
    assert sent == []
    assert page.evaluate(storage) == before
    assert page.evaluate(
        "[...document.querySelectorAll('[data-border-typed] input, [data-payback] "
        "input')].every(one => !one.name && !one.form)"
    )
    owner.look("next-at-the-border")


@SCREENS
def test_a_sectors_savings_are_turned_into_a_year(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    visitor = reader(*screen)
    page = visitor.page
    visitor.open("/")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    sent = visitor.requests()
    tables = page.locator("[data-worth]")
    assert tables.count() == 2, "down to typical, and down to the best"
    before = [numbers(each) for each in tables.locator("tfoot [data-cell=kgce]").all_inner_texts()]
    assert 0 < before[0][0] < before[1][0], "the best asks for more"
    page.fill("#yearly-output", "20,000,000")
    after = [numbers(each) for each in tables.locator("tfoot [data-cell=kgce]").all_inner_texts()]
    assert [each[0] for each in after] == pytest.approx(
        [each[0] * 20_000 for each in before], rel=0.01
    )
    page.fill("#price-electricity", "0.62")
    page.fill("#price-coal", "728.6")
    for table in tables.all():
        amounts = [numbers(text) for text in table.locator("[data-cell=money]").all_inner_texts()]
        assert any(amounts), "what each step would save in money"
        low, high = (
            float(end)
            for end in (table.locator("tfoot tr").get_attribute("data-kgce") or "").split()[::2]
        )
        assert low < high
    assert sent == []
    assert visitor.empty_columns() == [], "a column that no row fills is left out"
    visitor.look("a-year-of-the-sector")


def unfold(page: Page) -> None:
    """What a firm's page keeps folded until it is asked for: measures, and the worth by step."""
    for name in ("measures", "worth"):
        page.locator(f"#{name} > summary").click()


def gaps_in_order(page: Page) -> list[str]:
    return [
        row.get_attribute("data-kgce") or "" for row in page.locator("[data-worth] tbody tr").all()
    ]


def numbers(text: str) -> list[float]:
    return [
        float(digits.replace(",", "")) for digits in re.findall(r"[0-9][0-9,]*(?:\.[0-9]+)?", text)
    ]


def test_without_scripts_the_page_says_how_to_compute_a_year(
    reader: MakeReader, world: World
) -> None:
    owner = reader("en", 1440, world.owner.email, scripts=False)
    owner.open("/our-plant/")
    for name in ("worth", "measures"):
        owner.page.locator(f"#{name} > summary").click()
    owner.page.locator(".sl-card summary").click()
    assert "Multiply a gap per tonne" in owner.text()
    assert "steplabel-agent worth" in owner.text()
    assert not owner.page.is_visible("#yearly-output")


@SCREENS
def test_who_manages_the_firm_reads_who_saw_what(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    owner = reader(*screen, world.owner.email)
    owner.open("/our-plant/")
    owner.open("/people/")
    owner.page.press("a[href$='/record/']", "Enter")
    owner.page.wait_for_url("**/record/")
    assert world.owner.email in owner.text()
    owner.look("record")
    owner.open(f"{owner.page.url.removeprefix(owner.base)}?what=nothing-of-this-name")
    owner.look("record-nothing")


@SCREENS
def test_a_firm_asks_to_leave_and_stays(
    reader: MakeReader, screen: tuple[str, int], world: World
) -> None:
    plant = world.cast.plants[-2]
    in_a_worker(lambda: PeerGroupMember.objects.filter(site=plant.site).update(obliged=False))
    firm = in_a_worker(lambda: Membership.objects.get(user=world.newcomer).organisation)
    owner = reader(*screen, world.newcomer.email)
    page = owner.page
    owner.open(f"/people/firms/{firm.pk}/leave/")
    owner.look("leave")
    page.press("#name", "Enter")
    page.wait_for_selector(".govuk-error-summary")
    owner.look("leave-not-sure", expected_status=400)
    page.fill("#name", firm.name)
    page.press("#name", "Enter")
    page.wait_for_selector("button[value=stay]")
    owner.look("leave-waiting")
    page.press("button[value=stay]", "Enter")
    page.wait_for_url("**/people/")
    assert in_a_worker(lambda: Leaving.objects.filter(undone_at=None).count()) == 0
    in_a_worker(lambda: PeerGroupMember.objects.filter(site=plant.site).update(obliged=True))


@SCREENS
def test_a_reader_without_an_account_works_out_a_practice_at_own_prices_and_nothing_is_sent(
    reader: MakeReader, screen: tuple[str, int]
) -> None:
    visitor = reader(*screen)
    page = visitor.page
    visitor.open("/practices/cement-improved-grinding-mill/")
    page.wait_for_selector("#payback-tonnes")
    sent = visitor.requests()
    cells = {
        name: page.locator(f"[data-practice] [data-cell={name}]")
        for name in ("worth", "yearly", "spent", "payback")
    }
    assert {cell.inner_text() for cell in cells.values()} == {"–"}
    page.fill("#price-electricity", "0.62")
    page.fill("#payback-usd", "7.1")
    page.fill("#payback-tonnes", "１，２００，０００")
    saved, spent, dollar, output = 11.2, 4, 7.1, 1_200_000
    wanted = {
        "worth": saved * 0.62,
        "yearly": saved * 0.62 * output,
        "spent": spent * dollar * output,
        "payback": spent * dollar / saved / 0.62,
    }
    for name, value in wanted.items():
        assert numbers(cells[name].inner_text()) == [pytest.approx(value, rel=0.005)], name
    for field, wrong in (
        ("#payback-tonnes", "many"),
        ("#payback-tonnes", "-5"),
        ("#price-electricity", "-0.62"),
    ):
        page.fill(field, wrong)
        assert page.is_visible(f"{field}-error"), wrong
    assert page.get_attribute("#payback-tonnes", "name") is None
    assert sent == []
    visitor.look("practice-payback")

    visitor.open(
        "/practices/kiln-improved-refractories/"
    )  # of heat: bounded by the fuels that are ticked
    page.wait_for_selector("#payback-tonnes")
    sent.clear()
    page.fill("#price-coal", "728.6")
    (worth,) = numbers(cells["worth"].inner_text())
    kgce_per_t = float(page.get_attribute("[data-carrier=coal]", "data-kgce") or "nan")
    assert worth == pytest.approx(500.1 / 29.3076 * 728.6 / kgce_per_t, rel=0.005)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    page.check("#used-natural-gas")
    assert cells["worth"].inner_text() == "–", "what is ticked needs its price"
    page.fill("#price-natural-gas", "3.5")
    assert numbers(cells["worth"].inner_text())[0] == pytest.approx(
        worth, rel=0.005
    ) or worth in numbers(cells["worth"].inner_text())
    assert len(numbers(cells["worth"].inner_text())) == 2
    assert sent == []


def test_without_scripts_a_practice_says_what_its_worth_needs(reader: MakeReader) -> None:
    visitor = reader("en", 1440, scripts=False)
    visitor.open("/practices/cement-improved-grinding-mill/")
    assert "you need the price that you pay for the energy and your output of" in visitor.text()
    assert not visitor.page.is_visible("[data-payback]")
