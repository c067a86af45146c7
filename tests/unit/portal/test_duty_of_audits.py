"""When the next obligatory audit is due: every edge of a day, leap years, gaps between
certificates, and nothing on record.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from portal.assurance.next_audit import (
    Duty,
    NextAudit,
    ValidityPeriod,
    after_years,
    due,
    obligatory_audit,
)

RULE = obligatory_audit("de")
DAY = timedelta(days=1)
LAST = date(2022, 5, 10)
NEXT = date(2026, 5, 10)


def test_the_rule_is_data_with_its_source() -> None:
    assert (RULE.years, RULE.ahead) == (4, timedelta(days=180))
    assert "2012/27/EU" in RULE.source.en
    assert "2012/27/EU" in RULE.source.said_in("zh")
    assert "iso-50001" in RULE.systems


@pytest.mark.parametrize("jurisdiction", ["cn", "cn/he/tangshan", "de", "de/by", "dex", "us"])
def test_a_rule_is_cited_where_it_is_law_and_nowhere_else(jurisdiction: str) -> None:
    rule = obligatory_audit(jurisdiction)
    assert ("2012/27/EU" in rule.source.en) == (jurisdiction.split("/")[0] == "de")
    assert ("Energy Conservation Law of China" in rule.source.en) == jurisdiction.startswith("cn")
    assert ("gb-t-23331" in rule.systems) == (
        not jurisdiction.startswith("de/") and jurisdiction != "de"
    )


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2022, 5, 10), date(2026, 5, 10)),
        (date(2024, 2, 29), date(2028, 2, 29)),
        (date(2096, 2, 29), date(2100, 2, 28)),  # 2100 is no leap year
        (date(2024, 2, 28), date(2028, 2, 28)),
        (date(2023, 12, 31), date(2027, 12, 31)),
    ],
)
def test_four_years_later_is_the_same_day_and_the_28th_where_there_is_no_29th(
    day: date, later: date
) -> None:
    assert after_years(day, 4) == later


def test_of_29_february_one_year_later_is_the_28th() -> None:
    assert after_years(date(2024, 2, 29), 1) == date(2025, 2, 28)


@pytest.mark.parametrize(
    ("today", "duty"),
    [
        (LAST, Duty.LATER),
        (NEXT - RULE.ahead - DAY, Duty.LATER),
        (NEXT - RULE.ahead, Duty.SOON),
        (NEXT, Duty.SOON),  # the day itself is not over
        (NEXT + DAY, Duty.OVERDUE),
    ],
)
def test_an_audit_is_due_four_years_after_the_last(today: date, duty: Duty) -> None:
    assert due(LAST, (), RULE, today) == NextAudit(duty, NEXT, None)


def test_with_nothing_on_record_it_is_unknown_and_never_late() -> None:
    assert due(None, (), RULE, date(2099, 1, 1)) == NextAudit(Duty.UNKNOWN, None, None)


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2025, 12, 31), NextAudit(Duty.UNKNOWN, None, None)),  # not begun: nothing holds today
        (date(2026, 1, 1), NextAudit(Duty.EXEMPT, date(2028, 12, 31), date(2028, 12, 31))),
        (
            date(2028, 12, 31) - RULE.ahead - DAY,
            NextAudit(Duty.EXEMPT, date(2028, 12, 31), date(2028, 12, 31)),
        ),
        (
            date(2028, 12, 31) - RULE.ahead,
            NextAudit(Duty.SOON, date(2028, 12, 31), date(2028, 12, 31)),
        ),
        (date(2028, 12, 31), NextAudit(Duty.SOON, date(2028, 12, 31), date(2028, 12, 31))),
        (date(2029, 1, 1), NextAudit(Duty.OVERDUE, date(2028, 12, 31), None)),
    ],
)
def test_a_certificate_exempts_on_each_of_its_days_the_first_and_the_last_included(
    today: date, expected: NextAudit
) -> None:
    assert (
        due(None, (ValidityPeriod(date(2026, 1, 1), date(2028, 12, 31)),), RULE, today) == expected
    )


def test_while_a_system_runs_no_audit_is_late_however_old_the_last_one_is() -> None:
    duty = due(
        date(2010, 1, 1),
        (ValidityPeriod(date(2026, 1, 1), date(2028, 12, 31)),),
        RULE,
        date(2026, 6, 1),
    )
    assert duty == NextAudit(Duty.EXEMPT, date(2028, 12, 31), date(2028, 12, 31))


def test_a_younger_audit_counts_beyond_the_end_of_the_certificate() -> None:
    paper = ValidityPeriod(date(2024, 1, 1), date(2026, 12, 31))
    assert due(date(2026, 3, 1), (paper,), RULE, date(2026, 12, 1)) == NextAudit(
        Duty.EXEMPT, date(2030, 3, 1), date(2026, 12, 31)
    )
    assert due(date(2026, 3, 1), (paper,), RULE, date(2027, 1, 1)) == NextAudit(
        Duty.LATER, date(2030, 3, 1), None
    )


@pytest.mark.parametrize(
    ("begins", "until"),
    [(date(2027, 1, 1), date(2029, 12, 31)), (date(2027, 1, 2), date(2026, 12, 31))],
)
def test_certificates_that_follow_without_a_gap_are_one_and_a_day_between_them_parts_them(
    begins: date, until: date
) -> None:
    papers = (
        ValidityPeriod(begins, date(2029, 12, 31)),
        ValidityPeriod(date(2024, 1, 1), date(2026, 12, 31)),
    )
    assert due(None, papers, RULE, date(2026, 3, 1)).certified_until == until


def test_a_gap_shows_as_overdue_on_its_own_day_and_ends_with_the_next_certificate() -> None:
    papers = (
        ValidityPeriod(date(2024, 1, 1), date(2026, 12, 31)),
        ValidityPeriod(date(2027, 1, 2), date(2029, 12, 31)),
    )
    assert due(None, papers, RULE, date(2027, 1, 1)) == NextAudit(
        Duty.OVERDUE, date(2026, 12, 31), None
    )
    assert due(None, papers, RULE, date(2027, 1, 2)).duty is Duty.EXEMPT


def test_overlapping_certificates_hold_until_the_later_end_and_the_order_is_no_matter() -> None:
    papers = [
        ValidityPeriod(date(2024, 1, 1), date(2026, 12, 31)),
        ValidityPeriod(date(2025, 1, 1), date(2028, 6, 30)),
        ValidityPeriod(date(2028, 1, 1), date(2030, 1, 1)),
    ]
    for order in (papers, papers[::-1]):
        assert due(None, order, RULE, date(2026, 1, 1)).certified_until == date(2030, 1, 1)


def test_a_certificate_that_ends_before_it_begins_counts_for_nothing() -> None:
    assert (
        due(
            None, (ValidityPeriod(date(2026, 5, 2), date(2026, 5, 1)),), RULE, date(2026, 5, 1)
        ).duty
        is Duty.UNKNOWN
    )
