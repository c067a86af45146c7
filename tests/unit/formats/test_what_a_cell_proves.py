"""Which cells prove how a column is written, and which only make a question: decimals, dates,
offsets, midnights, Excel's days.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reporting_agent.door import notation
from reporting_agent.door.columns import carrier_in
from reporting_agent.door.naming import has_clock, joined_cells
from reporting_agent.door.notation import Notation
from reporting_agent.door.vocabulary import VOCABULARY
from reporting_agent.sources.cells import Cell


def signs(*cells: Cell) -> tuple[str, str, bool]:
    """Decimal sign, group sign ("" for the template's), and whether both are certain."""
    both = notation.decimal_of(cells)
    decimal, group = (entry.value if entry else "" for entry in both)
    return decimal, group, all(entry.certain for entry in both if entry)


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (("1.234,5",), (",", ".", True)),  # the last sign parts the decimals
        (("1,234.5",), ("", ",", True)),
        (("12", "48,6"), (",", "", True)),  # no group has one digit
        (("48,62",), (",", "", True)),
        (("48,6234",), (",", "", True)),
        (("1,234,567",), ("", ",", True)),  # a number has one decimal sign
        (("1.234.567",), (",", ".", True)),
        (("-1.234.567", "12"), (",", ".", True)),
        (("48,625",), (",", "", False)),  # a decimal comma or a group
        (("48,625", "0,125"), (",", "", True)),  # no group begins with a nought alone
        (("48,625", "9.5", "8.5", "7.75", "112.5", "0.5"), ("", ",", True)),  # one decimal sign
        (("48,625", "32.5", "42.5"), (",", "", False)),  # names of grades
        (("48,625", "06.15"), (",", "", False)),  # a clock is no number
        (("48.625", "12.125"), (".", "", False)),  # all numbers may have a group of three digits
        (("48.625", "12.1"), ("", "", True)),
        (("0.625",), ("", "", True)),
        (("1 234,5",), (",", " ", True)),
        (("1'234.5",), ("", "'", True)),
        (("1 234",), ("", " ", True)),
        (("12", "345"), ("", "", True)),
        ((12.5, "n/a"), ("", "", True)),
    ],
)
def test_a_decimal_sign_is_proved_only_where_no_other_reading_is_possible(
    cells: tuple[Cell, ...], wanted: tuple[str, str, bool]
) -> None:
    assert signs(*cells) == wanted


@pytest.mark.parametrize(
    ("cells", "order", "certain"),
    [
        (("13/05/2025", "02/05/2025"), "dmy", True),  # there is no thirteenth month
        (("05/13/2025", "05/02/2025"), "mdy", True),
        (("12/05/2025", "11/05/2025"), "dmy", False),  # the first number changes more often
        (("05/12/2025", "05/11/2025"), "mdy", False),
        (("05/12/2025",), "dmy", False),  # both change alike
        (("2025-05-13",), None, True),  # the year first
        ((datetime(2025, 5, 13, tzinfo=UTC),), None, True),
        (("no date",), None, True),
    ],
)
def test_the_order_of_a_date_is_proved_by_a_number_above_twelve(
    cells: tuple[Cell, ...], order: str | None, certain: bool
) -> None:
    verdict = notation.date_order_of(cells)
    assert (verdict and verdict.value, verdict is None or verdict.certain) == (order, certain)


@pytest.mark.parametrize(
    ("cells", "formats"),
    [
        (("13.05.99 06:30",), {"dmy": "%d.%m.%y %H:%M"}),  # no month 13, no day 99
        (("13.05.25",), {"dmy": "%d.%m.%y", "ymd": "%y.%m.%d"}),  # 2025, or 25 May 2013
        (("99-05-13",), {"ymd": "%y-%m-%d"}),
        (("05-06-07",), {"dmy": "%d-%m-%y", "mdy": "%m-%d-%y", "ymd": "%y-%m-%d"}),
        (("13.05.2025 06.33",), {"dmy": "%d.%m.%Y %H.%M"}),
        (("5/13/25 6:30 PM",), {"mdy": "%m/%d/%y %I:%M %p"}),
        (("5/13/25 6:30PM",), {"mdy": "%m/%d/%y %I:%M%p"}),
        (("13.05.99 06:30:15",), {"dmy": "%d.%m.%y %H:%M:%S"}),
        (("13.05.2025 06:30",), None),  # the reader takes it by its order alone
        (("13.05.25", "B1", "B2"), None),  # too few of the cells are stamps
    ],
)
def test_a_format_is_told_by_each_order_that_is_possible(
    cells: tuple[Cell, ...], formats: dict[str, str] | None
) -> None:
    verdict = notation.date_formats_of(cells)
    assert (verdict and verdict[0]) == formats


@pytest.mark.parametrize(
    ("cells", "every"),
    [
        (("2025-05-13T06:30+08:00", "2025-05-13T06:45Z"), True),
        (("2025-05-13T06:30+08:00", "2025-05-13T06:45"), False),
        (("2025-05-13 06:30",), False),
        (("2025-05-13",), False),  # -13 is a day and no offset
        ((datetime(2025, 5, 13, tzinfo=UTC),), True),
        ((datetime(2025, 5, 13),), False),  # noqa: DTZ001 - as a workbook gives it
        (("B1",), None),
    ],
)
def test_stamps_name_their_offset_only_where_every_one_does(
    cells: tuple[Cell, ...], every: bool | None
) -> None:
    assert notation.has_offset(cells) is every


@pytest.mark.parametrize(
    ("cells", "ends"),
    [
        (("2025-05-13 23:45", "2025-05-13 00:00"), True),
        (("2025-05-13T23:45", "2025-05-13T00:00"), True),
        (("2025-05-13 23:45", "2025-05-14 00:00"), False),  # as everybody writes it
        (("2025-05-13 00:00", "2025-05-13 00:15"), False),
        (("2025-05-13 22:45", "2025-05-13 00:00"), False),  # an hour lacks: it may be another day
        (
            ("2025-05-13 23:45", "2025-05-13 00:00", "2025-05-13 00:15"),
            False,
        ),  # one day of two meters, one below the other
        (
            ("2025-05-13 23:45", "2025-05-13 00:00", "2025-05-13 00:00", "2025-05-14 00:15"),
            True,
        ),  # two meters side by side
        (
            (
                "2025-05-13 23:45",
                "2025-05-13 00:00",
                "2025-05-13 00:15",
                "2025-05-13 23:45",
                "2025-05-13 00:00",
            ),
            True,
        ),
    ],
)
def test_midnight_is_the_end_of_a_day_where_it_follows_that_days_last_hour(
    cells: tuple[Cell, ...], ends: bool
) -> None:
    assert (notation.midnight_ends(cells) is not None) is ends


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        ((45_000, 45_000.25), True),  # 15 March 2023
        (("30000", "59999.5"), True),
        (("29999",), False),
        (("45000", "60000"), False),
        (("45000", "12.5"), False),  # one that is none
        ((), False),
    ],
)
def test_numbers_are_excels_days_where_every_one_is_a_day_of_1982_to_2064(
    cells: tuple[Cell, ...], days: bool
) -> None:
    assert (notation.excel_serials(cells) is not None) is days


@pytest.mark.parametrize(
    ("header", "carrier"),
    [
        ("Electricity [kWh]", "electricity"),
        ("电", "electricity"),
        ("kiln/coal (t)", "coal"),
        ("Output", None),
        ("electrical", None),
    ],
)
def test_a_carrier_is_told_by_a_whole_word_of_a_header(header: str, carrier: str | None) -> None:
    assert carrier_in(header) == carrier


def test_a_day_and_a_clock_are_one_moment() -> None:
    day, clock = datetime(2025, 5, 13), datetime(2025, 5, 13, 6, 30).time()  # noqa: DTZ001 - as a workbook gives them
    assert joined_cells([day.date(), clock]) == datetime(2025, 5, 13, 6, 30)  # noqa: DTZ001 - as above
    assert joined_cells(["13.05.2025", "06:30"]) == "13.05.2025 06:30"
    assert [
        has_clock(cell)
        for cell in (day, datetime(2025, 5, 13, 6, tzinfo=UTC), "13.05.2025", "13.05.2025 06:30")
    ] == [
        False,
        True,
        False,
        True,
    ]


def test_a_proof_names_the_cell_that_gives_it() -> None:
    assert notation.decimal_of(["12", "1.234,5", "7,5"])[1] == Notation(
        ".", "'1.234,5': the last sign parts the decimals, the other groups"
    )


@pytest.mark.parametrize(
    ("header", "unit"),
    [
        ("Расход эл. энергии, тыс. кВт·ч", None),  # a thousand of them, not one
        ("Strom in Tsd. kWh", None),
        ("Gas, thousand m3", None),
        ("Gas 1000 Nm3", None),
        ("energy_thousand_kWh", None),
        ("電力 千 kWh", None),
        ("Расход эл. энергии, кВт·ч", "kWh"),
        ("Ofen 2 kWh", "kWh"),
        ("Cabin kWh", "kWh"),
        ("Strom Tsd. 2025 [kWh]", "kWh"),
    ],
)
def test_a_header_that_counts_by_the_thousand_states_no_single_unit(
    header: str, unit: str | None
) -> None:
    assert VOCABULARY.unit_in(header) == unit
