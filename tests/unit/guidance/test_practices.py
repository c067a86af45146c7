"""Practices of published lists: all that the list has, tied to steps that the packs know, and
matched with a plant's gap on site.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from pydantic import ValidationError

from benchmarks import packs
from benchmarks.guidance.causes import WasteCause
from benchmarks.guidance.practices import Library, Practice
from benchmarks.measurements import Metric, Period
from fixtures.simulator import Sector
from reporting_agent import pipeline
from reporting_agent.analysis import Analysis
from reporting_agent.analysis.energy_costs.amounts import ZERO
from reporting_agent.analysis.energy_costs.fitting_practices import fitting_practices
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline import LabelResult
from reporting_agent.report.sections import practices
from reporting_agent.report.view import View
from tests.analysed import analysed

TARIFF = """
[tariff]
currency = "CNY"
per_usd = 7.0
[[tariff.prices]]
carrier = "electricity"
unit = "MWh"
price = 600.0
[[tariff.prices]]
carrier = "coal"
unit = "t"
price = 820.0
"""


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> tuple[SiteSettings, Analysis]:
    folder = tmp_path_factory.mktemp("cement")
    Sector("cement", 1, 1).plants[0].write(folder, road="csv")
    file: Path = folder / "site.toml"
    file.write_text(file.read_text(encoding="utf-8") + TARIFF, encoding="utf-8")
    site = load_site(file)
    return site, analysed(site, pipeline.label(site, Period.parse("2025", site.zone)))


def test_every_measure_of_the_list_is_held_in_both_languages_and_its_steps_are_the_packs() -> None:
    library = Library.held()
    assert Counter(practice.sector for practice in library.practices) == {
        "cement": 44,
        "steel": 4,
        "aluminium": 2,
    }
    assert {
        practice.list
        for practice in library.practices
        if library.listing(practice).confidence == "secondary"
    } == {"aceee-consteel", "neu-chalco"}, "who only reports a figure is named as that"
    assert not any("wet" in practice.words.en for practice in library.practices), "packs are dry"
    assert all(practice.words.by_language.get("zh") for practice in library.practices)
    steps = {
        (pack, step.id)
        for pack in ("steel", "aluminium", "cement")
        for step in packs.load(pack).steps
    }
    at_steps = [
        (practice.sector, practice.step)
        for practice in library.practices
        if practice.step is not None
    ]
    assert set(at_steps) <= steps
    text = (Path(__file__).parents[3] / "docs" / "tariffs.md").read_text(encoding="utf-8")
    at_cement = sum(sector == "cement" for sector, _step in at_steps)
    assert "44 measures of BEST-Cement" in text
    assert f"the {at_cement} of them at a step of the pack" in text


def test_a_practice_stands_beside_the_steps_own_gap_and_pays_back_at_the_sites_prices(
    works: tuple[SiteSettings, Analysis],
) -> None:
    site, analysis = works
    fitting = fitting_practices(site, analysis.losses, analysis.costs)
    media = next(fit for fit in fitting if fit.practice.id == "cement-improved-grinding-media")
    grinding = [
        loss
        for loss in analysis.losses
        if loss.step == "cement-grinding" and loss.metric is Metric.ELECTRICITY
    ]
    beyond = sum(loss.beyond.energy for loss in grinding) / sum(
        float(loss.batches.output.sum()) for loss in grinding
    )
    assert media.gap == pytest.approx(beyond)
    assert media.money == pytest.approx(4 * 0.6)  # 4 kWh/t of the list at 0.6 CNY/kWh
    assert media.payback_years == pytest.approx(1.8 * 7.0 / 2.4)  # 1.8 USD/t
    for_nothing = media.practice.model_copy(update={"investment": Decimal(0)})
    library = Library.held().model_copy(update={"practices": (for_nothing,)})
    (free,) = fitting_practices(site, analysis.losses, analysis.costs, library)
    assert free.payback_years == 0.0, "paid back at once"


def test_where_a_label_or_a_price_is_missing_nothing_is_told_in_its_place(
    works: tuple[SiteSettings, Analysis],
) -> None:
    site, analysis = works
    mills = [
        fit
        for fit in fitting_practices(site, analysis.losses, analysis.costs)
        if fit.step == "raw-meal-homogenisation"
    ]
    assert mills
    assert all(
        fit.gap is None for fit in mills
    )  # the pack has a total there and no label of electricity
    without = fitting_practices(site.model_copy(update={"tariff": None}), analysis.losses, ())
    assert {fit.payback_years for fit in without if fit.practice.investment} == {None}
    assert all(fit.money is None for fit in without if fit.practice.metric is Metric.ELECTRICITY)


def test_a_step_without_a_gap_needs_no_practice(works: tuple[SiteSettings, Analysis]) -> None:
    site, analysis = works
    none_lost = [replace(loss, avoidable=ZERO, unexplained=ZERO) for loss in analysis.losses]
    assert fitting_practices(site, none_lost, analysis.costs) == ()


@pytest.mark.parametrize(("lang", "unit"), [("en", "weight case"), ("zh", "重量箱")])
def test_in_the_report_a_practice_is_for_one_of_what_its_step_makes(
    works: tuple[SiteSettings, Analysis], lang: str, unit: str
) -> None:
    """As the gap and the money beside it are."""
    site, analysis = works
    pack = packs.load("cement")
    counted = pack.model_copy(
        update={
            "steps": tuple(
                step.model_copy(update={"output_unit": "weight case"}) for step in pack.steps
            )
        }
    )
    result = SimpleNamespace(data=SimpleNamespace(pack=counted))
    view = View(site, cast(LabelResult, result), analysis, lang, datetime(2026, 1, 1, tzinfo=UTC))
    section = practices.data(view)
    assert section is not None
    media = next(
        row for step in section["steps"] for row in step["rows"] if row["saving"] == f"4 kWh/{unit}"
    )
    assert (media["money"], media["investment"]) == (f"2.40 CNY/{unit}", f"1.8 USD/{unit}")
    assert not section["in_tonnes"]


def test_a_list_that_nobody_read_and_a_practice_of_no_list_are_refused() -> None:
    library = Library.held()
    with pytest.raises(ValidationError, match="confidence"):
        Library.model_validate(
            {
                **library.model_dump(),
                "lists": [{**library.lists[0].model_dump(), "confidence": "second-hand"}],
            }
        )
    with pytest.raises(ValidationError, match="no list is called"):
        Library.model_validate({**library.model_dump(), "lists": []})
    assert min(practice.saving for practice in library.practices) > Decimal(0)


def test_a_practice_against_a_cause_is_named_where_that_cause_took_energy_and_first(
    works: tuple[SiteSettings, Analysis],
) -> None:
    site, analysis = works
    mill = next(
        loss
        for loss in analysis.losses
        if loss.step == "cement-grinding" and loss.metric is Metric.ELECTRICITY
    )
    waited = replace(mill, by_cause={**mill.by_cause, WasteCause.HOLDING: mill.beyond})
    plain = next(
        practice
        for practice in Library.held().practices
        if practice.id == "cement-improved-grinding-media"
    )
    additions = [
        plain.model_copy(update={"id": cause, "cause": cause, "saving_to": plain.saving * 2})
        for cause in (WasteCause.REHEAT, WasteCause.HOLDING)
    ]
    library = Library.held().with_further(
        Library(lists=Library.held().lists, practices=tuple(additions))
    )
    fitting = fitting_practices(site, [waited], analysis.costs, library)
    assert fitting[0].practice.id == WasteCause.HOLDING
    assert WasteCause.REHEAT not in {fit.practice.id for fit in fitting}
    assert fitting[0].gap == pytest.approx(mill.beyond.energy / float(mill.batches.output.sum()))
    assert fitting[0].money == pytest.approx(4 * 0.6)  # of the low end
    assert WasteCause.HOLDING not in {
        fit.practice.id for fit in fitting_practices(site, [mill], analysis.costs, library)
    }


def test_a_range_that_does_not_rise_is_refused() -> None:
    plain = Library.held().practices[0].model_dump()
    with pytest.raises(ValidationError, match="not more than"):
        Practice.model_validate({**plain, "saving_to": plain["saving"]})
