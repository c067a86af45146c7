"""Where to look first: what is said, on what evidence, and that nothing is said where nothing
stands out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from benchmarks.guidance.causes import WasteCause
from benchmarks.measurements import Batch, ProductStatus
from benchmarks.routes import Pack
from reporting_agent.analysis.waste.advice import advise
from reporting_agent.analysis.waste.gains import Advice
from reporting_agent.analysis.waste.gap_parts import StepLosses, losses
from reporting_agent.analysis.waste.pareto import Dimension, Pareto, paretos
from reporting_agent.analysis.waste.use import uses
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import LabelResult
from reporting_agent.report.sections import lead
from reporting_agent.report.view import View
from tests.analysed import analysed
from tests.unit.waste.conftest import KGCE_PER_KWH, START

Melt = Callable[..., Batch]
Look = Callable[..., tuple[tuple[StepLosses, ...], tuple[Pareto, ...], tuple[Advice, ...]]]


@pytest.fixture
def look(
    labelled: Callable[..., LabelResult], a_site: Callable[..., SiteSettings], pack: Pack
) -> Look:
    def of(
        batches: list[Batch], **period: str
    ) -> tuple[tuple[StepLosses, ...], tuple[Pareto, ...], tuple[Advice, ...]]:
        site, result = a_site(), labelled(batches, **period)
        lost = losses(site, result, ())
        tables = paretos(pack, lost)
        return lost, tables, advise(site, result, lost, tables, uses(site, result))

    return of


def noisy(
    a_melt: Melt, count: int = 900, extra: Callable[[int], float] = lambda number: 0.0
) -> list[Batch]:
    chance = np.random.default_rng(11)
    return [
        a_melt(
            number,
            chance.normal(4_500, 60) + extra(number),
            start=START + timedelta(hours=2 * number),
        )
        for number in range(count)
    ]


def test_where_nothing_stands_out_the_one_sentence_says_so(a_melt: Melt, look: Look) -> None:
    _, _, advice = look(noisy(a_melt))
    assert [recommendation.code for recommendation in advice] == [
        "nothing-stands-out",
        "record-more",
    ]
    assert advice[0].amount is None
    assert (
        "that makes up 0.5 % of the gap or more differs by more than chance" in advice[0].words.en
    )  # smaller ones are not told
    assert "未超出偶然范围" in advice[0].words.said_in("zh")
    assert "var.holding_min" in advice[1].words.en


def test_a_year_of_pure_noise_has_nothing_avoidable_and_no_headline_says_so(
    a_melt: Melt, labelled: Callable[..., LabelResult], a_site: Callable[..., SiteSettings]
) -> None:
    site, result = a_site(), labelled(noisy(a_melt, 365 * 12))
    analysis = analysed(site, result)
    (lost,) = analysis.losses
    assert (lost.avoidable.energy, lost.avoidable.kwh, lost.avoidable.kgce) == (0, 0, 0)
    assert lost.unexplained.energy == lost.by_cause[WasteCause.NONE].energy > 0
    english, chinese = (
        lead.data(View(site, result, analysis, lang, START)) for lang in ("en", "zh")
    )
    sentence, said_in_chinese = (
        "".join(piece.text for piece in page["sentence"]) for page in (english, chinese)
    )
    assert "avoid" not in sentence
    assert "本可避免" not in said_in_chinese
    (tile,) = (figure for figure in english["figures"] if figure["name"].startswith("Avoidable"))
    assert tile["value"].value == 0
    assert "unexplained" in tile["note"]


def test_a_level_that_rose_is_told_with_its_month_and_what_it_costs(
    a_melt: Melt, look: Look
) -> None:
    since = next(
        number for number in range(900) if (START + timedelta(hours=2 * number)).month == 3
    )
    lost, _, advice = look(noisy(a_melt, extra=lambda number: 120.0 * (number >= since)))
    first = advice[0]
    assert first.code == "level-shift"
    assert "since 2023-03" in first.words.en
    assert "a season looks the same" in first.words.en
    assert "季节变化" in first.words.said_in("zh")
    assert first.amount is not None
    assert first.amount.kgce == pytest.approx(120 * (900 - since) * KGCE_PER_KWH, rel=0.1)
    assert first.count == 900 - since
    assert set(first.batches) <= set(lost[0].batches.ids[since:])


@pytest.mark.parametrize(
    ("dear", "code", "phrase"),
    [({11, 12}, "level-shift", "since 2023-11"), ({7}, "month-differs", "2023-07 are higher")],
)
def test_a_dear_month_of_the_second_variant_is_told_of_that_variant(
    dear: set[int], code: str, phrase: str, a_melt: Melt, look: Look
) -> None:
    """Untreated steel until June, vacuum-treated from July on at twice the energy; in the dear
    months 300 kWh more.
    """
    chance = np.random.default_rng(5)
    starts = [START + timedelta(hours=6 * number) for number in range(4 * 363)]
    melts = [
        a_melt(
            number,
            chance.normal(9_000, 60) + 300.0 * (start.month in dear),
            start=start,
            variant="vacuum-treated",
        )
        if start.month > 6
        else a_melt(number, chance.normal(4_500, 60), start=start)
        for number, start in enumerate(starts)
    ]
    (advice,) = (
        recommendation
        for recommendation in look(melts)[2]
        if recommendation.code in {"level-shift", "month-differs"}
    )
    assert advice.code == code
    assert phrase in advice.words.en
    assert "acuum" in advice.words.en
    assert advice.amount is not None
    dear_melts = sum(start.month in dear for start in starts)
    assert advice.amount.kgce == pytest.approx(300 * dear_melts * KGCE_PER_KWH, rel=0.15)


def test_years_beside_the_period_do_not_tell_a_season_from_a_change(
    a_melt: Melt, look: Look
) -> None:
    """Every sixth hour of two years, 120 kWh more in July to December of both; only the second year
    is compared.
    """
    chance = np.random.default_rng(13)
    starts = [
        datetime(2022, 1, 1, tzinfo=UTC) + timedelta(hours=6 * number) for number in range(2_900)
    ]
    melts = [
        a_melt(number, chance.normal(4_500, 60) + 120.0 * (start.month > 6), start=start)
        for number, start in enumerate(starts)
    ]
    advice = next(
        recommendation for recommendation in look(melts)[2] if recommendation.code == "level-shift"
    )
    assert "since 2023-07" in advice.words.en
    assert "a season looks the same" in advice.words.en


def test_months_that_differ_within_uncertainty_are_no_advice(a_melt: Melt, look: Look) -> None:
    """Months of 4,500 and 4,515 kWh in turn, of which 1 % is not certain: nothing lies beyond, and
    no share of nothing is told.
    """
    starts = (START + timedelta(hours=4 * number) for number in range(2_000))
    melts = [
        a_melt(number, 4_500 + 15 * (start.month % 2) + number % 3, start=start)
        for number, start in enumerate(starts)
    ]
    lost, _, advice = look(melts)
    assert (lost[0].counted, lost[0].beyond.kgce) == (True, 0)
    assert {recommendation.share for recommendation in advice} <= {None}


def test_a_rise_in_more_than_a_year_is_no_season(a_melt: Melt, look: Look) -> None:
    """Every eighth hour of 500 days: of two winters only the second is dearer."""
    chance = np.random.default_rng(12)
    started = [START + timedelta(hours=8 * number) for number in range(1500)]
    rise = [120.0 if start >= datetime(2024, 3, 1, tzinfo=UTC) else 0.0 for start in started]
    batches = [
        a_melt(number, chance.normal(4_500, 60) + rise[number], start=start)
        for number, start in enumerate(started)
    ]
    advice = next(
        recommendation
        for recommendation in look(batches, year="2023-01-01/2024-06-01")[2]
        if recommendation.code == "level-shift"
    )
    assert "since 2024-03" in advice.words.en
    assert "season" not in advice.words.en


def test_a_worse_shift_is_told_by_what_the_others_show_to_be_possible(
    a_melt: Melt, look: Look
) -> None:
    night = [
        number
        for number in range(900)
        if (START + timedelta(hours=2 * number)).hour in {22, 23, 0, 1, 2, 3, 4, 5}
    ]
    _, tables, advice = look(noisy(a_melt, extra=lambda number: 90.0 * (number in set(night))))
    table = next(breakdown for breakdown in tables if breakdown.dimension is Dimension.SHIFT)
    worst = next(row for row in table.rows if row.key == "22:00")
    assert worst.more_than_chance
    shift = next(
        recommendation for recommendation in advice if recommendation.code == "shift-differs"
    )
    assert shift.amount is not None
    assert shift.amount.kgce == pytest.approx(90 * len(night) * KGCE_PER_KWH, rel=0.2)
    assert "Shift from 22:00" in shift.words.en
    assert "22:00 起的班次" in shift.words.said_in("zh")


def test_energy_that_made_no_product_is_an_upper_bound(a_melt: Melt, look: Look) -> None:
    batches = noisy(a_melt, 200)
    spoiled = [
        Batch(
            **{
                **{name: getattr(batch, name) for name in Batch.__slots__},
                "status": ProductStatus.SCRAP,
            }
        )
        for batch in batches[:10]
    ]
    _, _, advice = look([*spoiled, *batches[10:]])
    scrap = next(recommendation for recommendation in advice if recommendation.code == "use-scrap")
    assert scrap.amount is not None
    assert scrap.amount.energy == pytest.approx(
        sum(batch.energy[0].quantity for batch in spoiled), rel=1e-9
    )
    assert "at most all of it" in scrap.words.en
    assert scrap.share is None


def test_every_table_adds_up_and_runs_to_the_whole(a_melt: Melt, look: Look) -> None:
    lost, tables, _ = look(noisy(a_melt, 300, extra=lambda number: 15.0 * (number % 7)))
    assert {breakdown.dimension for breakdown in tables} == {
        Dimension.CAUSE,
        Dimension.SHIFT,
        Dimension.HOUR,
    }
    for table in tables:
        for kind in ("avoidable", "unexplained", "within_uncertainty", "explained"):
            assert (
                getattr(table, kind).kgce
                == sum(getattr(row, kind).kgce for row in table.rows)
                == getattr(lost[0], kind).kgce
            )
        beyond = [row.avoidable.kgce + row.unexplained.kgce for row in table.rows]
        first = (
            [row.avoidable.kgce for row in table.rows]
            if table.dimension is Dimension.CAUSE
            else beyond
        )  # named causes, and worst groups
        assert first == sorted(first, reverse=True)
        assert [row.running for row in table.rows] == pytest.approx(np.cumsum(beyond) / sum(beyond))
        assert table.rows[-1].running == pytest.approx(1.0)


def test_energy_that_made_no_product_has_its_money_at_the_periods_mean_price(
    a_melt: Melt, labelled: Callable[..., LabelResult], a_site: Callable[..., SiteSettings]
) -> None:
    night = {"name": "night", "price": 400.0, "hours": ["00:00-12:00"]}
    tariff = {
        "currency": "CNY",
        "prices": [{"carrier": "electricity", "unit": "MWh", "price": 800.0, "periods": [night]}],
    }
    site = a_site(tariff=tariff)
    batches = [*noisy(a_melt, 100), a_melt(900, 9_000.0, status=ProductStatus.SCRAP)]
    plain = labelled(batches)
    for result, doubt in (
        (plain, ""),
        (LabelResult(plain.site_label, replace(plain.data, unit_assumed=True)), " (unit assumed)"),
    ):
        scrap = next(
            recommendation
            for recommendation in advise(site, result, (), (), uses(site, result))
            if recommendation.code == "use-scrap"
        )
        assert scrap.amount is not None
        assert scrap.amount.money == pytest.approx(9.0 * 600.0)  # MWh at the mean of day and night
        assert "Priced at the period's mean." in scrap.words.en
        assert f"9,000 kWh{doubt}, made no product" in scrap.words.en
    (unpriced,) = (
        recommendation
        for recommendation in advise(a_site(), plain, (), (), uses(a_site(), plain))
        if recommendation.code == "use-scrap"
    )
    assert unpriced.amount is not None
    assert unpriced.amount.money is None
