"""The local report as a page: the worst batch first, every link leads somewhere, both languages
whole, small and quick at any size.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from benchmarks.catalogue import in_language
from benchmarks.declared import FigureSource, Words
from benchmarks.guidance.practices import Library
from benchmarks.guidance.references import references
from benchmarks.labels import StepLabel
from benchmarks.measurements import Period
from benchmarks.phrases import Phrase
from benchmarks.routes import ReferenceCondition
from reporting_agent import pipeline
from reporting_agent.analysis import Analysis
from reporting_agent.analysis.drivers.result import unit_of, unit_of_name, words_of
from reporting_agent.analysis.meters.balance import Balance, BalanceMeter
from reporting_agent.config import load_site
from reporting_agent.config.materials import Variable
from reporting_agent.config.site_boundary import BorderGoods
from reporting_agent.report import html
from reporting_agent.report.drawing import Points, dots, over_time, points, spread, window
from reporting_agent.report.figures import shown
from reporting_agent.report.sections import baselines, drill, lead
from reporting_agent.report.view import View
from reporting_agent.report.words import phrases
from tests.analysed import analysed
from tests.unit.report.conftest import MADE, Made, analysed_site, heats_site
from tests.unit.report.page import read

PLANTS = pytest.mark.parametrize("plant", ["cement", "heats"])
CHINESE = re.compile(r"[\u4e00-\u9fff]")
OF_ANY_LANGUAGE = re.compile(
    r"""Steplabel|steplabel-agent/[\d.]+|kgce|tce|[kMG]?Wh|[kMG]?W\b|MJ|GJ|kPa|Nm3|CO₂|GB/T|GB|JCGM|ISO|IAPWS|EWMA|ceil|Holm
    |\[\[?[\w.]+\]?\]|--xlsx|\w+\.(?:toml|json|csv|parquet|xlsx)|\*\.parquet|not_used|per_usd|GNR|wbcsdcement\.org|POSTED|Worrell|USD|SHA-256|(?:var|input)\.\w+|data\b|\b[0-9a-f]{64}\b
    |Benchmarking\ and\ Energy\ Savings\ Tool\ \(BEST\)\ Cement|\b(?:step|kind)\ =\ "[\w-]+\"""",
    re.VERBOSE,
)


def english_in(page: str, own: set[str]) -> set[str]:
    """Words of three or more Latin letters that are neither the plant's own nor the same in every
    language.
    """
    words = set()
    for text, of_another_language in read(page).texts:
        if of_another_language:
            continue
        rest = OF_ANY_LANGUAGE.sub(" ", text)
        for name in sorted(own, key=len, reverse=True):
            rest = rest.replace(name, " ")
        words |= set(re.findall(r"[A-Za-z]{3,}", rest))
    return words


def own_names(report: Made) -> set[str]:
    """Everything that the plant itself wrote, and the ids of its pack."""
    names = {
        report.site.site.name,
        report.site.id,
        report.site.site.timezone,
        *(meter.id for meter in report.site.meters),
    }
    names |= {
        name for batch in report.result.data.batches for name in (batch.batch_id, batch.equipment)
    }
    names |= {step.id for step in report.result.data.pack.steps} | {
        report.result.data.pack.id,
        report.result.data.pack.own_power or "",
    }
    of_sector = [
        reference for reference in references() if reference.sector == report.result.site_label.pack
    ]  # data, which a file names in its own languages
    shown_of = [
        each
        for reference in of_sector
        for each in (
            reference.words,
            reference.route,
            reference.boundary,
            reference.region,
            reference.further,
            reference.source.words,
        )
    ]
    library = Library.held()
    for practice in library.practices:
        if practice.sector == report.result.site_label.pack:
            found_in = library.listing(practice)
            shown_of += [practice.words, practice.conditions, found_in.words, found_in.read_in]
    names |= {OF_ANY_LANGUAGE.sub(" ", words.en) for words in shown_of if words is not None}
    names |= {
        condition.unit
        for step in report.result.data.pack.steps
        for condition in step.reference_conditions
    }
    return {name for name in names if name}


@pytest.mark.slow
@PLANTS
def test_no_english_word_stands_in_the_chinese_page(
    plant: str, request: pytest.FixtureRequest
) -> None:
    report: Made = request.getfixturevalue(plant)
    assert english_in(report.page("zh"), own_names(report)) == set()


@pytest.mark.parametrize("whole_year", [True, False])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_of_check_tells_findings_and_meters_and_no_label(
    lang: str, whole_year: bool, cement: Made
) -> None:
    period = cement.result.site_label.period if whole_year else None
    page = html.render_check(cement.site, pipeline.read(cement.site, period), period, lang, MADE)
    assert 'id="quality"' in page
    assert 'id="meters"' in page
    assert "adequacy/0" in page
    assert "labels/" not in page
    assert lang == "en" or english_in(page, own_names(cement)) == set()


def test_the_check_for_english_finds_it(heats: Made) -> None:
    page = heats.page("zh").replace("标签值", "label", 1)
    assert english_in(page, own_names(heats)) == {"label"}


def test_every_text_exists_in_both_languages_with_the_same_places_to_fill() -> None:
    for section, entries in phrases().items():
        for key, text in entries.items():
            assert bool(text) == bool(in_language(text, "zh")), f"{section}.{key}"
            places = [
                set(re.findall(r"\{(\w+)\}", in_language(text, lang))) for lang in ("en", "zh")
            ]
            assert places[1] <= places[0], f"{section}.{key}"


@PLANTS
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_link_of_the_page_leads_to_a_place_on_it(
    plant: str, lang: str, request: pytest.FixtureRequest
) -> None:
    report: Made = request.getfixturevalue(plant)
    reading = read(report.page(lang))
    assert len(set(reading.ids)) == len(reading.ids)
    assert {link for link in reading.links if not link.startswith("#")} == set()
    assert {link[1:] for link in reading.links} <= set(reading.ids)
    assert len([name for name in reading.ids if name.startswith("batch-")]) >= 10


@PLANTS
def test_the_first_sentence_names_the_worst_batch_its_value_and_the_label(
    plant: str, request: pytest.FixtureRequest
) -> None:
    report: Made = request.getfixturevalue(plant)
    counted = [losses for losses in report.analysis.losses if losses.counted and losses.worst]
    lead = max(counted, key=lambda losses: losses.beyond.kgce)
    texts = [text for text, _ in read(report.page("en")).texts]
    head = " ".join(texts[: texts.index("On this page")])
    assert lead.worst[0].batch_id in head
    assert f"{lead.worst[0].value:.4g}"[:4] in head
    assert f"{lead.label:.4g}"[:4] in head


def opening(view: View) -> str:
    """The sentence that the page begins with, without its bold letters."""
    return "".join(piece.text for piece in lead.data(view)["sentence"])


@pytest.mark.parametrize(
    ("kind", "hours", "name"),
    [("shift", 24, "day"), ("shift", 8, "shift"), ("shift", 2, "run"), ("day", 8, "run")],
)
def test_a_run_is_named_by_how_long_it_is(heats: Made, kind: str, hours: float, name: str) -> None:
    """A kiln that logs by the day was told of its shifts."""
    view = View(heats.site, heats.result, heats.analysis, "en", MADE)
    (group,) = view.labelled
    measured = group.main.made_from
    assert measured is not None
    columns = replace(
        measured.columns, length_s=np.full_like(measured.columns.length_s, hours * 3600)
    )
    main = replace(group.main, made_from=replace(measured, columns=columns))
    step = group.step.model_copy(update={"run_kind": kind})
    assert view.run(replace(group, step=step, main=main)) == name


def test_where_no_cause_is_named_nothing_is_called_avoidable(heats: Made, tmp_path: Path) -> None:
    noise = analysed_site(heats_site(tmp_path, late_every=1000), "2016")
    named, unnamed = (
        opening(View(report.site, report.result, report.analysis, "en", MADE))
        for report in (heats, noise)
    )
    assert "the largest cause that the data name is" in named
    assert "cause" not in unnamed


def test_the_parts_of_the_worst_batch_add_up_to_its_gap(heats: Made) -> None:
    worst = max(
        (loss for loss in heats.analysis.losses if loss.counted), key=lambda loss: loss.beyond.kgce
    ).worst[0]
    page = heats.page("en")
    table = page[page.index('id="worst"') : page.index("</table>", page.index('id="worst"'))]
    values = [float(value) for value in re.findall(r'<data value="([^"]+)"', table)]
    assert sum(values[:-1]) == pytest.approx(values[-1], abs=1e-6)
    assert values[-1] == pytest.approx(worst.gap.energy / worst.output, abs=1e-6)


def test_no_part_of_the_page_stands_twice() -> None:
    """The way of the material stood behind `first look` as well: shown twice, and twice among what
    is absent.
    """
    assert len(set(html.PARTS)) == len(html.PARTS)


def test_a_part_without_anything_to_show_says_what_it_would_need(heats: Made) -> None:
    texts = [text for text, _ in read(heats.page("en")).texts]
    about = " ".join(texts[texts.index("Not in this report, and what is needed for it") :])
    for need in (
        "[[meters]] in site.toml",
        "a [tariff] in site.toml",
        "[site_boundary] in site.toml",
    ):
        assert need in about
    empty = html.render(heats.site, heats.result, Analysis(), "en", MADE)
    assert "The worst batch" in empty  # as a part that is absent, with its reason


def test_a_period_without_batches_says_so(heats: Made) -> None:
    result = pipeline.label(heats.site, Period.parse("2010", heats.site.zone))
    page = html.render(heats.site, result, analysed(heats.site, result), "en", MADE)
    assert "No label could be made" in page
    assert "outside the period" in page


def test_the_same_plant_gives_the_same_page_to_the_byte(heats: Made) -> None:
    assert heats.page("en") == heats.page("en")


def test_what_the_plant_wrote_is_text_and_nothing_else(tmp_path: Path) -> None:
    site = load_site(heats_site(tmp_path, 80, name="<b>&"))
    result = pipeline.label(site, Period.parse("2016", site.zone))
    page = html.render(site, result, analysed(site, result), "en", MADE)
    assert "<b>&" not in page.replace("<b>&lt;", "")
    assert "&lt;b&gt;&amp;" in page


def large(label: StepLabel, batches: int) -> StepLabel:
    """The same label with so many batches over the same time."""
    values = [value for value in label.values if value.excluded is None]
    copies = [
        values[number % len(values)]._replace(
            batch_id=f"X{number}",
            start=values[number % len(values)].start + timedelta(seconds=number),
        )
        for number in range(batches)
    ]
    return replace(label, values=tuple(copies))


def test_the_drawing_begins_and_ends_with_the_batches(heats: Made) -> None:
    label, period = heats.result.site_label.steps[0], heats.result.site_label.period
    whole = window(label, period.start, period.end)
    assert window(label, *whole) == whole
    used = [value for value in label.values if value.excluded is None]
    few = replace(label, values=tuple(used[:30]))
    start, end = window(few, period.start, period.end)
    assert start <= min(value.start for value in used[:30])
    assert end > max(value.start for value in used[:30])
    assert end - start < timedelta(days=31)
    drawn = over_time(few, points(few, start), start, end, np.zeros(30, dtype=bool), "en")
    assert drawn is not None
    assert float(drawn["worst"]["x"].rstrip("%")) <= 100


def test_the_months_of_the_running_sum_add_up_to_the_control_charts(cement: Made) -> None:
    view = View(cement.site, cement.result, cement.analysis, "en", MADE)
    by_meter = {
        baseline.meter: baseline
        for baseline in cement.analysis.baselines
        if baseline.chart is not None
    }
    shown = baselines.data(view)
    assert shown is not None
    with_sum = [row for row in shown["meters"] if row["cusum"] is not None]
    assert with_sum
    for meter in with_sum:
        chart = by_meter[meter["title"].split(":")[0]].chart
        assert chart is not None
        months = meter["cusum"]["months"]
        assert months[-1]["sum"].value == pytest.approx(
            float(np.nansum(chart.actual - chart.expected)), abs=1e-6
        )
        assert sum(month["added"].value for month in months) == pytest.approx(
            months[-1]["sum"].value, abs=1e-6
        )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (12_345.6, "12,346"),
        (123.456, "123.5"),
        (12.3456, "12.35"),
        (-1.23456, "−1.235"),
        (0.123456, "0.1235"),
    ],
)
def test_four_figures_are_shown_in_every_decade(value: float, text: str) -> None:
    """Of a ratio such as 1.352 beside 1.348 three would be the same."""
    assert shown(value) == text


def test_a_variable_stands_in_words_with_its_unit_and_falls_back_to_its_name() -> None:
    assert words_of("blaine_m2_kg") == Words(en="fineness (Blaine)", zh="比表面积")
    assert (unit_of_name("blaine_m2_kg"), unit_of_name("frequency_hz"), unit_of_name("lot")) == (
        "m²/kg",
        "Hz",
        "",
    )
    assert words_of("input.dust_load_kg_t").en == "dust load"
    ours = FigureSource(text="ours", kind="engineering-assumption", verified=False)
    age = ReferenceCondition(
        variable="age_years",
        unit="a",
        words=Words(en="age", zh="炉龄"),
        reference=4,
        slope={},
        source=ours,
    )
    assert words_of("age_years", conditions=[age]) == Words(en="age", zh="炉龄")
    assert words_of("age_years", Variable(zh="窑龄"), [age]) == Words(en="age", zh="窑龄")
    assert (unit_of("age_years", [age]), unit_of("age_years", [])) == ("a", "")
    assert words_of("mill_gap_mm", Variable(en="gap of the mill")) == Words(
        en="gap of the mill", zh="gap of the mill"
    )


def test_twenty_four_thousand_batches_are_drawn_in_a_small_picture_that_says_what_it_left_out(
    heats: Made,
) -> None:
    label = large(
        next(step for step in heats.result.site_label.steps if step.best.value is not None), 24_157
    )
    period = heats.result.site_label.period
    plotted = points(label, period.start)
    drawing = over_time(
        label, plotted, period.start, period.end, np.zeros(len(plotted.value), dtype=bool), "en"
    )
    assert spread(label, plotted) is not None
    assert drawing is not None
    assert drawing["batches"] == 24_157
    assert drawing["drawn"] == drawing["dots"].count("h0") <= 24_157
    assert len(drawing["dots"]) < 500_000


def test_batches_that_took_the_same_but_for_rounding_are_drawn(heats: Made) -> None:
    label = next(step for step in heats.result.site_label.steps if step.best.value is not None)
    alike = replace(label, best=replace(label.best, value=0.3))
    rounded = np.resize([0.3, 0.1 + 0.2], 60)
    drawing = spread(alike, Points(np.arange(60.0), rounded, np.arange(60)))
    assert drawing is not None
    assert drawing["beyond"] == 0


def test_points_that_fall_together_are_one_dot_and_counted() -> None:
    path, number = dots(np.array([1.0, 1.2, 5.0]), np.array([2.0, 2.1, 7.0]))
    assert (path, number) == ("M1 2h0M5 7h0", 2)


def test_what_goes_with_the_variables_is_told_where_a_regression_predicts(cement: Made) -> None:
    keys = {
        (driver.step, driver.product, driver.variant, driver.metric)
        for driver in cement.analysis.drivers
    }
    plain = tuple(replace(loss, moved_by_variables=None) for loss in cement.analysis.losses)
    all_of_it = tuple(replace(loss, moved_by_variables=loss.beyond) for loss in plain)
    count = sum(
        (loss.step, loss.product, loss.variant, loss.metric) in keys and loss.beyond.energy > 0
        for loss in plain
    )
    assert count
    for losses, times in ((plain, 0), (all_of_it, count)):
        page = replace(cement, analysis=replace(cement.analysis, losses=losses))
        assert page.page("en").count("is related to them (100 %)") == times
        assert page.page("zh").count("与这些变量相关（100 %）") == times


@pytest.mark.parametrize(
    ("hours", "words"),
    [(0, ""), (7, "7 more were left out, because not every meter is known then.")],
)
def test_hours_that_were_not_compared_are_told(cement: Made, hours: int, words: str) -> None:
    main, sub = BalanceMeter("main", 100.0, 1.0, False), BalanceMeter("sub", 80.0, 1.0, False)
    phrase = Phrase("The subs lack 20 kWh")
    open_one = Balance(
        "subs",
        "electricity",
        "kWh",
        main,
        (sub,),
        0.0,
        20.0,
        2.0,
        0.2,
        True,
        24,
        hours,
        (),
        0,
        None,
        "sub",
        phrase,
    )
    page = replace(cement, analysis=replace(cement.analysis, balances=(open_one,))).page("en")
    assert ("more were left out" in page) == bool(words)
    assert words in page


def test_energy_given_with_batches_is_known_of_batches_and_what_is_not_known_is_named(
    tmp_path: Path, cement: Made, heats: Made
) -> None:
    path = heats_site(tmp_path)
    energy_lines = (tmp_path / "energy.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "energy.csv").write_text(
        "".join(energy_lines[:1] + energy_lines[31:]), encoding="utf-8"
    )
    page = " ".join(text for text, _ in read(analysed_site(path, "2016").page("en")).texts)
    assert "energy known of 90 % of the batches" in page.replace("\u00a0", " ")
    assert "Batches of which the energy is not known: 30. No row and no share includes it." in page
    assert "of the batches' time" not in page
    whole, metered = (
        " ".join(text for text, _ in read(report.page("en")).texts) for report in (heats, cement)
    )
    assert "is not known: no row" not in whole
    assert "of the batches' time" in metered


def test_goods_at_the_border_stand_with_every_year_input_and_doubt(heats: Made) -> None:
    attested = BorderGoods(
        cn_code="7208", origin="CN", route="C", emissions=Decimal("2.1"), price=Decimal(80)
    )
    unknown = BorderGoods(cn_code="7209", origin="CN")
    site = heats.site.model_copy(update={"border": (attested, unknown)})
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    for lang, heading, doubt in (
        ("en", "At the border of the European Union", "It has not been compared with their text"),
        ("zh", "欧盟边境", "尚未与法规原文核对"),
    ):
        page = html.render(site, heats.result, heats.analysis, lang, moment)
        texts = [text for text, _ in read(page).texts]
        assert heading in texts
        for figure in (
            "2.170",
            "173.60",
            "3.438",
            "2.057",
        ):  # 2.16995 t at 80 EUR; 2030; 2.1 - 0.975 x 0.044 on attested values
            assert figure in texts, figure
        assert "2034" in texts
        assert doubt in page
        assert "2025/2621" in page
        assert "7209" in page  # refused with its reason, and the others stand
    assert "At the border of the European Union" in heats.page(
        "en"
    )  # absent, with what it would need


@PLANTS
def test_what_others_publish_of_the_steps_stands_with_the_reason_why_it_cannot_be_compared(
    plant: str, request: pytest.FixtureRequest
) -> None:
    report: Made = request.getfixturevalue(plant)
    label = report.result.site_label
    steps = {each.step for each in label.steps}
    step_references = [
        each for each in references() if each.sector == label.pack and each.step in steps
    ]
    assert step_references
    told_in = {
        "en": ("What others publish", "your label is of the step alone"),
        "zh": ("他人公布的数字", "您的标签仅针对该工序"),
    }
    for lang, (heading, reason) in told_in.items():
        texts = [text for text, _ in read(report.page(lang)).texts]
        assert heading in texts
        content = " ".join(texts)
        assert content.count(reason) == len(step_references), (
            "each says why, and none stands without a reason"
        )
        for each in step_references:
            assert each.words.said_in(lang) in content
            assert each.source.words.said_in(lang) in content


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (10, ("run", "runs", "批次")),
        (24, ("day", "days", "生产日")),
        (float("nan"), ("day", "days", "生产日")),
    ],
)
def test_runs_that_are_no_days_are_not_called_so(
    cement: Made, hours: float, expected: tuple[str, str, str]
) -> None:
    english, chinese = (
        View(cement.site, cement.result, cement.analysis, lang, MADE) for lang in ("en", "zh")
    )
    group = next(label for label in english.labelled if label.step.run_kind == "day")
    made_from = group.main.made_from
    assert made_from is not None
    columns = replace(
        made_from.columns, length_s=np.full_like(made_from.columns.length_s, hours * 3600)
    )
    timed = replace(group, main=replace(group.main, made_from=replace(made_from, columns=columns)))
    assert (english.run(timed), english.run(timed, 2), chinese.run(timed)) == expected


def test_the_worst_batches_are_told_by_the_row_that_the_label_used(tmp_path: Path) -> None:
    """The log holds a row of each id again: it is left out as recorded twice, and nothing of it
    stands beside the value of the first.
    """
    path = heats_site(tmp_path)
    log = tmp_path / "batches.csv"
    head, *rows = log.read_text(encoding="utf-8").splitlines()
    again = [
        row.replace(",100,", ",93.7,").replace("eaf-1", "eaf-9").replace("eaf-2", "eaf-9")
        for row in rows
    ]
    log.write_text("\n".join([head, *rows, *again]) + "\n", encoding="utf-8")
    report = analysed_site(path, "2016")
    view = View(report.site, report.result, report.analysis, "en", MADE)
    drilled = drill.data(view)
    assert drilled is not None
    facts = [dict(entry["facts"]) for entry in drilled["entries"]]
    assert {entry["Equipment"] for entry in facts} <= {"eaf-1", "eaf-2"}
    assert {entry["Output"] for entry in facts} == {"100.0 t"}
