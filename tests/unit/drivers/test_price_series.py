"""Price series in the costs: against sums done by hand, and what site.toml refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from benchmarks.errors import InputError
from reporting_agent.analysis.energy_costs.batch_costs import costs
from reporting_agent.analysis.energy_costs.prices import Prices
from reporting_agent.cli import main
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.sources.price_series import kept_at, prices_of
from tests.grinding_works import meter, works
from tests.unit.drivers.simulated import site
from tests.unit.drivers.test_tariffs import FLAT, MONDAY, batch, kwh, labelled

SERIES = {
    "name": "spot",
    "carrier": "electricity",
    "unit": "MWh",
    "currency": "CNY",
    "file": "spot.csv",
}
ROWS = "time,price\n2023-05-01T00:00Z,500\n2023-05-01T01:00Z,-20\n2023-05-01T02:00Z,\n2023-05-01T03:00Z,900\n"


def priced_by(
    folder: Path, rows: str = ROWS, *, prices: bool = True, timezone: str = "UTC", **more: Any
) -> SiteSettings:
    (folder / "spot.csv").write_text(rows, encoding="utf-8")
    tariff = {"currency": "CNY", "prices": [FLAT] if prices else [], "series": [SERIES | more]}
    return site(
        site={"id": "works", "timezone": timezone, "pack": "steel"},
        tariff=tariff,
        path=folder / "site.toml",
    )


def test_energy_costs_what_the_series_says_and_the_flat_price_where_it_says_nothing(
    tmp_path: Path,
) -> None:
    works = priced_by(tmp_path, surcharge=100)
    (cost,) = costs(works, labelled(batch(MONDAY, 4, kwh(4000))))  # a MWh an hour
    assert cost.energy == pytest.approx(600 + 80 + 500 + 1000)
    by_period = {part.period: [part.energy, part.cost] for part in cost.by_period}
    assert by_period.keys() == {"spot", "flat"}
    assert by_period["spot"] == pytest.approx([3000, 1680])
    assert by_period["flat"] == pytest.approx([1000, 500])
    (note,) = [remark for remark in cost.notes if "series spot" in remark.en]
    assert "3 prices from 2023-05-01 00:00 to 2023-05-01 03:00" in note.en
    assert "分时价格序列 spot" in note.said_in("zh")


def test_where_neither_has_a_price_the_amount_is_named_and_left_out(tmp_path: Path) -> None:
    (cost,) = costs(
        priced_by(tmp_path, prices=False),
        labelled(
            batch(MONDAY, 1, kwh(1000), name="A"),
            batch(MONDAY + timedelta(hours=2), 1, kwh(1000), name="B"),
        ),
    )
    assert cost.energy == pytest.approx(500)
    assert any("1 amount of electricity" in note.en for note in cost.notes)


def test_a_price_holds_so_many_minutes_and_no_longer_than_until_the_next(tmp_path: Path) -> None:
    rows = "time,price\n2023-05-01T00:00Z,100\n2023-05-01T00:15Z,200\n2023-05-01T02:00Z,300\n"
    prices = Prices.of(priced_by(tmp_path, rows, minutes=30), MONDAY, MONDAY)
    assert prices is not None
    quotes = [
        prices.price_of("electricity", MONDAY + timedelta(minutes=at))
        for at in (0, 14, 15, 44, 45, 119, 120)
    ]
    assert [(quote.amount, quote.period) for quote in quotes if quote] == [
        (100, "spot"),
        (100, "spot"),
        (200, "spot"),
        (200, "spot"),
        (0.5, "flat"),
        (0.5, "flat"),
        (300, "spot"),
    ]
    assert prices.price_of("electricity", MONDAY - timedelta(minutes=1)) == prices.tariff.price_of(
        "electricity", MONDAY
    )


def test_a_blank_price_ends_the_price_before_it(tmp_path: Path) -> None:
    rows = "time,price\n2023-05-01T00:00Z,1000\n2023-05-01T00:15Z,\n2023-05-01T00:30Z,2000\n"
    works = priced_by(tmp_path, rows, prices=False)
    prices = Prices.of(works, MONDAY, MONDAY)
    assert prices is not None
    quotes = [
        prices.price_of("electricity", MONDAY + timedelta(minutes=at)) for at in (14, 15, 29, 30)
    ]
    assert [quote and quote.amount for quote in quotes] == [1000, None, None, 2000]
    (cost,) = costs(
        works,
        labelled(
            batch(MONDAY, 0.25, kwh(1000)),
            batch(MONDAY + timedelta(minutes=15), 0.25, kwh(1000), name="B2"),
        ),
    )
    assert cost.energy == pytest.approx(1000)


@pytest.mark.parametrize("newest_first", [False, True])
def test_the_hour_that_comes_twice_in_autumn_has_two_prices(
    tmp_path: Path, newest_first: bool
) -> None:
    rows = [
        "29.10.2023 01:00;1\n",
        "29.10.2023 02:00;2,5\n",
        "29.10.2023 02:00;3\n",
        "29.10.2023 03:00;4\n",
    ]
    written = "".join(["time;price\n", *(reversed(rows) if newest_first else rows)])
    works = priced_by(
        tmp_path, written, timezone="Europe/Berlin", delimiter=";", decimal=",", date_order="dmy"
    )
    assert works.tariff is not None
    stamped = prices_of(works.tariff.series[0], works)
    hours = [datetime.fromtimestamp(at / 1e6, UTC).hour for at in stamped.start_us.tolist()]
    assert (hours, stamped.price.tolist()) == ([23, 0, 1, 2], [1, 2.5, 3, 4])


@pytest.mark.parametrize("offset", ["+02:00", "+01:00"])
def test_in_that_hour_a_row_that_stands_twice_with_its_offset_is_one_time_twice(
    tmp_path: Path, offset: str
) -> None:
    """What says which of the two hours it is of is no first and second pass."""
    works = priced_by(
        tmp_path,
        f"time,price\n2023-10-29T02:00{offset},2\n2023-10-29T02:00{offset},3\n",
        timezone="Europe/Berlin",
    )
    assert works.tariff is not None
    with pytest.raises(InputError) as refusal:
        prices_of(works.tariff.series[0], works)
    assert (refusal.value.code, refusal.value.place and refusal.value.place.row) == (
        "price-twice",
        3,
    )


@pytest.mark.parametrize(
    ("rows", "code", "row"),
    [
        (ROWS + "2023-05-01T03:00Z,1\n", "price-twice", 6),
        (ROWS + "2023-05-01T04:00Z,cheap\n", "price-row-unreadable", 6),
        (ROWS + "tomorrow,1\n", "price-row-unreadable", 6),
        ("when,price\n2023-05-01T03:00Z,1\n", "column-missing", None),
    ],
)
def test_a_file_that_cannot_be_read_whole_is_refused_with_its_place(
    tmp_path: Path, rows: str, code: str, row: int | None
) -> None:
    works = priced_by(tmp_path, rows)
    assert works.tariff is not None
    with pytest.raises(InputError) as refusal:
        prices_of(works.tariff.series[0], works)
    assert refusal.value.code == code
    assert refusal.value.place is not None
    if row is not None:
        assert refusal.value.place.row == row


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"currency": "EUR"}, "nothing is converted"),
        ({"unit": "t"}, "unit must be one that electricity is counted in"),
        ({"carrier": "sunshine"}, "must name a carrier"),
        ({"address": "https://prices.example/"}, "either file or address"),
        ({"file": None}, "either file or address"),
        ({"file": None, "address": "http://prices.example/"}, "https://"),
        ({"file": None, "address": "https://me:secret@prices.example/"}, "no user and no password"),
        ({"rows": "data"}, "a way into JSON"),
        ({"time_in": "unix-s"}, "of JSON alone"),
        ({"timezone": "Mars/Olympus"}, "IANA"),
        ({"name": "../up"}, "pattern"),
    ],
)
def test_a_series_that_cannot_hold_is_refused_in_site_toml(
    change: dict[str, Any], wanted: str
) -> None:
    with pytest.raises(ValidationError, match=wanted):
        site(tariff={"currency": "CNY", "series": [SERIES | change]})


def test_prices_of_one_carrier_follow_one_another_in_units_of_their_own() -> None:
    """Per kWh until May, per MWh from then on: one curve, in one unit."""
    prices = [
        FLAT | {"valid_to": "2023-05-01"},
        FLAT | {"unit": "MWh", "price": 700, "valid_from": "2023-05-01"},
    ]
    works = site(tariff={"currency": "CNY", "prices": prices})
    (cost,) = costs(works, labelled(batch(MONDAY - timedelta(hours=2), 4, kwh(4000))))
    assert cost.energy == pytest.approx(2000 * 0.5 + 2 * 700)
    gas = {"carrier": "natural-gas", "price": 1}
    mixed = [
        gas | {"unit": "GJ", "valid_to": "2023-05-01"},
        gas | {"unit": "Nm3", "valid_from": "2023-05-01"},
    ]
    with pytest.raises(ValidationError, match="all be per amount, or all per heat"):
        site(tariff={"currency": "CNY", "prices": mixed})


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        (("0.0312", "0.0068", "0.1"), "0.007 to 0.100"),
        (("0.0312", "0.0068"), "0.0068 to 0.0312"),
        (("-20", "1500.5"), "−20.00 to 1,500.50"),
        (("0", "0"), "0.00 to 0.00"),
    ],
)
def test_prices_are_shown_with_as_many_decimals_as_matter(
    rows: tuple[str, ...], shown: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = "time,price\n" + "".join(
        f"2023-05-01T0{hour}:00Z,{price}\n" for hour, price in enumerate(rows)
    )
    (tmp_path / "spot.csv").write_text(table, encoding="utf-8")
    (tmp_path / "site.toml").write_text(
        '[site]\nid = "works"\ntimezone = "UTC"\npack = "steel"\n[inputs]\nbatches = '
        '"batches.csv"\nenergy = "energy.csv"\n'
        '[tariff]\ncurrency = "EUR"\n[[tariff.series]]\nname = "spot"\ncarrier = '
        '"electricity"\nunit = "kWh"\ncurrency = "EUR"\n'
        'file = "spot.csv"\n',
        encoding="utf-8",
    )
    assert main(["prices", "show", "--site", str(tmp_path / "site.toml")]) == 0
    assert f", {shown} EUR/kWh, from the file spot.csv." in capsys.readouterr().out


@pytest.mark.parametrize(("days", "words"), [(1, "fetched 1 day ago"), (2, "fetched 2 days ago")])
def test_prices_are_said_to_be_so_many_days_old(
    days: int, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = {key: value for key, value in SERIES.items() if key != "file"} | {
        "address": "https://prices.example/spot.csv"
    }
    tariff = "\n".join(
        [
            "[tariff]",
            'currency = "CNY"',
            "[[tariff.series]]",
            *(f'{key} = "{value}"' for key, value in address.items()),
            "",
        ]
    )
    path, content = (
        works(tmp_path, [meter("mill")], [], tariff=tariff),
        b"time,price\n2026-01-01T00:00:00+08:00,500\n",
    )
    (series,) = load_site(path).tariff.series  # type: ignore[union-attr]
    answer = kept_at(series, tmp_path, content, datetime.now(UTC) - timedelta(days=days, hours=1))
    answer.parent.mkdir(parents=True)
    answer.write_bytes(content)
    assert main(["prices", "show", "--site", str(path)]) == 0
    assert words in capsys.readouterr().out
