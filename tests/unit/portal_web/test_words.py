"""Periods, reasons and clauses as a reader of either language calls them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction

import pytest
from django.utils import translation

from benchmarks import packs
from benchmarks.declared import Words
from benchmarks.explanation import LimitShown
from benchmarks.wire.attestations import EvidenceLimit, SampleOutcome, SampleVerdict
from portal.web.forms.practices import step_choices
from portal.web.presenters.account import browser
from portal.web.presenters.notices import notice_row_of
from portal.web.presenters.standard_limits import limit_levels
from portal.web.words.checks import outcome_in_words
from portal.web.words.terms import (
    Names,
    dated,
    enumerated,
    in_months,
    one_after_another,
    output_of_a_year,
    per_output,
    period_name,
    unit_in_words,
)

CEMENT = Names("cement", packs.load("cement"))


def test_a_browser_and_its_system_are_parted_as_the_language_of_the_page_does() -> None:
    program = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    assert browser(program) == "Firefox, Linux"
    with translation.override("zh-hans"):
        assert browser(program) == "Firefox、Linux"


@pytest.mark.parametrize(
    ("period", "english", "chinese"),
    [
        ("2016", "2016", "2016 年"),
        ("2016-Q1", "2016, quarter 1", "2016 年第 1 季度"),
        ("2016-05", "May 2016", "2016 年 5 月"),
        (
            "2016-01-01/2016-07-01",
            "1 January 2016 to 30 June 2016",
            "2016 年 1 月 1 日至 2016 年 6 月 30 日",
        ),
    ],
)
def test_a_period_is_named_by_its_last_day_not_by_the_first_after_it(
    period: str, english: str, chinese: str
) -> None:
    with translation.override("en"):
        assert period_name(period) == english
    with translation.override("zh-hans"):
        assert period_name(period) == chinese


@pytest.mark.parametrize(
    "text",
    [
        "2026-13",
        "0000-05",
        "2026-xx",
        "2026-02-30/2026-03-01",
        "0001-01-01/0001-01-01",
        "a/b/c",
        "",
    ],
)
def test_a_text_that_is_no_period_stays_as_it_is(text: str) -> None:
    with translation.override("en"):
        assert period_name(text) == text


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        (
            "drafted by the office, 2026-11-21",
            "drafted by the office, 21 November 2026",
            "drafted by the office, 2026 年 11 月 21 日",
        ),
        ("2016-01-01/2016-07-01", "2016-01-01/2016-07-01", "2016-01-01/2016-07-01"),
        ("GB 16780-2021, 2026-13-45", "GB 16780-2021, 2026-13-45", "GB 16780-2021, 2026-13-45"),
    ],
)
def test_a_day_within_a_text_is_written_as_on_pages_and_nothing_else_is_touched(
    text: str, english: str, chinese: str
) -> None:
    with translation.override("en"):
        assert dated(text) == english
    with translation.override("zh-hans"):
        assert dated(text) == chinese


def test_names_and_clauses_stand_beside_each_other_with_the_marks_of_the_language() -> None:
    with translation.override("en"):
        assert (enumerated("ab"), one_after_another("ab")) == ("a, b", "a; b")
    with translation.override("zh-hans"):
        assert (enumerated("甲乙"), one_after_another("甲乙")) == ("甲、乙", "甲；乙")


def test_a_total_that_is_held_back_names_steps_not_ids() -> None:
    en, zh = (
        "No total: there is no value for clinker-burning, clinker-cooling.",
        "无合计值：缺少以下工序的数值：clinker-burning, clinker-cooling。",
    )
    with translation.override("en"):
        assert (
            CEMENT.total_reason(en, zh)
            == "No total: there is no value for Clinker burning, Clinker cooling."
        )
    with translation.override("zh-hans"):
        assert CEMENT.total_reason(en, zh) == "无合计值：缺少以下工序的数值：熟料烧成、熟料冷却。"
        assert Names("gone", None).total_reason(en, zh) == zh


def test_a_clause_is_cited_in_the_language_of_the_page_and_never_parted_from_its_number() -> None:
    shown = LimitShown(
        Words(en="Clinker", zh="熟料"),
        "GB 16780-2021",
        "4.2, table 2; 5.4",
        "total",
        "kgce/t",
        (100.0, 107.0, 117.0),
        ("a",),
        True,
        date(2022, 11, 1),
        None,
        "transcribed",
    )
    for language, cited in (
        ("en", "4.2, table\u00a02; 5.4 (transcribed)"),
        ("zh-hans", "4.2, 表\u00a02; 5.4（转录）"),
    ):
        with translation.override(language):
            limit = limit_levels(shown, None)
        assert limit.standard == f"GB 16780-2021, {cited}"


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        ("kgce/t", "kgce per tonne of tiles"),
        ("kgce/m2", "kgce per m² of tiles"),
        ("MJ/weight case", "MJ per weight case of tiles"),
        ("kWh/1000 items", "kWh per 1000 items of tiles"),
        ("kgce/Nm3", "kgce per Nm³ of tiles"),
    ],
)
def test_energy_is_for_one_of_the_unit_that_a_product_is_counted_in(unit: str, words: str) -> None:
    with translation.override("en"):
        assert per_output(unit, "tiles") == words


@pytest.mark.parametrize(
    ("unit", "english", "chinese"),
    [
        ("kgce/t", "kgce/t", "kgce/t"),
        ("kgce/m2", "kgce/m²", "kgce/m²"),
        ("kgce/weight case", "kgce/weight case", "kgce/重量箱"),
        ("weight case/m2", "weight case/m²", "重量箱/m²"),
        ("kWh/1000 items", "kWh/1000 items", "kWh/千件"),
    ],
)
def test_a_unit_of_output_that_is_a_word_is_said_in_the_language_of_the_page(
    unit: str, english: str, chinese: str
) -> None:
    with translation.override("en"):
        assert unit_in_words(unit) == english
    with translation.override("zh-hans"):
        assert unit_in_words(unit) == chinese


def test_only_of_a_product_in_tonnes_tonnes_of_a_year_are_asked_for() -> None:
    with translation.override("en"):
        assert (
            output_of_a_year("t", "cement", "Tonnes of %(product)s a year")
            == "Tonnes of cement a year"
        )
        assert (
            output_of_a_year("m2", "tiles", "Tonnes of %(product)s a year")
            == "Output of tiles in a year, in m²"
        )


def test_no_blank_parts_two_chinese_sentences_of_a_sample() -> None:
    verdict = SampleVerdict(True, 12, (), (), tuple(EvidenceLimit))
    outcome = SampleOutcome("ab" * 32, verdict, Fraction(95, 100), Fraction(5, 100), 0)
    with translation.override("zh-hans"):
        assert "。 " not in outcome_in_words(outcome)
    with translation.override("en"):
        assert outcome_in_words(outcome).count(". ") == 5


@pytest.mark.parametrize(
    ("months", "english"),
    [(1, "Clinker, begun in 1 month"), (2, "Clinker, begun in 2 months"), (None, "Clinker")],
)
def test_one_month_is_one_month(months: int | None, english: str) -> None:
    with translation.override("en"):
        assert in_months("Clinker", months) == english


def test_chinese_choices_have_chinese_colons() -> None:
    with translation.override("zh-hans"):
        choices = [text for _id, text in step_choices()]
    assert choices
    assert not [text for text in choices if ": " in text]


def test_a_proposed_pack_has_its_name_in_the_notices_of_every_language() -> None:
    with translation.override("zh-hans"):
        title = notice_row_of("pack.waits", {"proposal": "cement 5"}, datetime.now(UTC)).title
        assert "水泥（新型干法）" in title
        assert "cement" not in title
    with translation.override("en"):
        title = notice_row_of(
            "pack.proposed", {"proposal": "unheard-of 1"}, datetime.now(UTC)
        ).title
        assert title == "The pack unheard-of 1 is proposed", "of no pack that is here"
