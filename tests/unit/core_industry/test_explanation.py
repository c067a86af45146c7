"""The explanation: every item of EN 16231 clause 4.1, both languages, only what the gate let
through, verified limits only.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from benchmarks import packs
from benchmarks.audit import wording
from benchmarks.composition import IndustryCell, ReportedLabel, by_step, compose_route, roster_of
from benchmarks.declared import Words
from benchmarks.disclosure import GateResult, gate
from benchmarks.explanation import (
    Explanation,
    Participation,
    Verification,
    VersionApproval,
    VersionChange,
    en16231,
    explain,
)
from benchmarks.explanation.facts import StepAttested
from benchmarks.explanation.shown_limits import ANNUAL_BASIS, shown_limits
from benchmarks.explanation.text import CLAUSE_4_1
from benchmarks.explanation.wording import (
    amount,
    between,
    decimals_of,
    figure,
    findings,
    firms,
    reports,
    sites,
)
from benchmarks.measurements import Metric
from benchmarks.routes import Pack
from tests.unit.core_industry.conftest import released

Grow = Callable[..., Any]
FACTS = Participation(
    24,
    24,
    firms_obliged=30,
    excluded=(("too-few-batches", 2),),
    verification=Verification(bodies=2, sites_opened=3, findings=1, corrected=1),
    approvals=(VersionApproval("the sector regulator, second officer", date(2017, 5, 2)),),
    change=VersionChange("1", Words(en="Four firms joined.", zh="新增 4 家企业。")),
)


def gated(pack: Pack, grow: Grow, firms: int = 24, rolling: int = 24) -> GateResult:
    rng = np.random.default_rng(1)
    reported: list[ReportedLabel] = [
        p for step in ("melting", "blowing") for p in grow(rng, firms, step).labels
    ]
    reported += grow(rng, rolling, "rolling").labels
    grouped = by_step(reported)
    label = compose_route(pack, pack.routes[0], grouped, rng, period="2016")
    roster = roster_of(pack, pack.routes[0], grouped)
    return gate(label, roster, pack.disclosure, period_end=date(2017, 1, 1), today=date(2017, 6, 1))


@pytest.fixture(scope="module")
def result(pack: Pack, grow: Grow) -> GateResult:
    return gated(pack, grow)


@pytest.fixture(scope="module")
def explanation(pack: Pack, result: GateResult) -> Explanation:
    return explain(result, pack, pack.routes[0], FACTS, version="2", on=date(2016, 1, 1))


def test_every_item_of_clause_4_1_is_there_in_both_languages(explanation: Explanation) -> None:
    items = explanation.clause_4_1()
    assert len(items) == 11
    for heading, text in items:
        assert heading.en
        assert text.en.endswith(".")
        assert heading.said_in("zh")
        assert text.said_in("zh").endswith("。")


def test_every_other_text_is_there_in_both_languages_with_nothing_left_to_fill_in(
    explanation: Explanation,
) -> None:
    for field in dataclasses.fields(explanation):
        value = getattr(explanation, field.name)
        if isinstance(value, Words):
            for text in (value.en, value.said_in("zh")):
                assert text.strip(), field.name
                assert "{" not in text, field.name
                assert ".." not in text, field.name
                assert "。。" not in text, field.name
            assert any("\u4e00" <= sign <= "\u9fff" for sign in value.said_in("zh")), field.name


def test_the_lead_answers_with_the_published_numbers(
    pack: Pack, result: GateResult, explanation: Explanation
) -> None:
    label = result.published
    assert label.best_reached.value is not None
    assert label.typical.value is not None
    assert f"{label.best_reached.value:.1f} kgce" in explanation.lead.en
    assert f"{label.typical.value:.1f}" in explanation.lead.en
    rungs = {
        s.step: s.ratio * (s.typical - s.best)
        for s in label.headline
        if s.typical is not None and s.best is not None
    }
    widest = max(rungs, key=lambda step: rungs[step])
    assert f"{100 * rungs[widest] / sum(rungs.values()):.0f} %" in explanation.lead.en
    assert pack.step(widest).words.en in explanation.lead.en


def test_the_lead_of_a_route_in_tonnes_says_what_it_said_in_earlier_versions(
    result: GateResult, explanation: Explanation
) -> None:
    """An auditor words it anew from the reports, and holds it against what was signed."""
    value, typical = (
        f"{total.value:.1f}"
        for total in (result.published.best_reached, result.published.typical)
        if total.value
    )
    assert explanation.lead.en.startswith(
        f"The best plants really make a tonne of bar with {value} kgce; a typical plant uses "
        f"{typical}."
    )
    assert explanation.lead.said_in("zh").startswith(
        f"最好的工厂实际以 {value} kgce 生产一吨bar（中），典型工厂为 {typical} kgce。"
    )


def test_the_lead_of_a_product_that_is_counted_otherwise_names_its_own_unit() -> None:
    """A weight case of flat glass is 50 kg."""
    glass, rng = (
        packs.load(str(packs.HOME / "further" / "flat-glass.toml")),
        np.random.default_rng(1),
    )
    rule, route = glass.step("float-line").metrics[0], glass.routes[0]
    runs = [
        np.sort(rng.normal(centre, rule.spread, 500))
        for centre in rng.normal(rule.typical, 0.5, 24)
    ]
    grouped = by_step(
        ReportedLabel(f"firm-{n}", f"site-{n}", released(glass, "float-line", run, rng, "any"))
        for n, run in enumerate(runs)
    )
    label, roster = (
        compose_route(glass, route, grouped, rng, period="2016"),
        roster_of(glass, route, grouped),
    )
    shown = gate(
        label, roster, glass.disclosure, period_end=date(2017, 1, 1), today=date(2017, 6, 1)
    )
    explanation = explain(shown, glass, route, FACTS, version="1", on=date(2016, 12, 31))
    lead = explanation.lead
    assert "make a weight case of flat glass with" in lead.en
    assert "tonne" not in lead.en
    assert ("生产一重量箱平板玻璃，" in lead.said_in("zh"), "吨" in lead.said_in("zh")) == (
        True,
        False,
    )
    assert (
        "kgce/weight case" in explanation.intervals.en,
        "kgce/重量箱" in explanation.intervals.said_in("zh"),
    ) == (True, True)


def test_the_rule_method_and_counts_are_named(pack: Pack, explanation: Explanation) -> None:
    assert "mean of the best five (here 24 firms)" in explanation.rule.en
    assert "may not be attainable together" in explanation.rule.en
    assert "24 firms of 30 obliged" in explanation.sample_characteristics.en
    assert "3 sites opened" in explanation.verification_of_data.en
    assert "SHA-256" in explanation.method.en
    assert "epsilon 0.75" in explanation.noise.en
    assert "too-few-batches" in explanation.exclusions.en
    assert (
        explanation.approval.en == "published by the sector regulator, second officer, 2017-05-02"
    )
    assert explanation.changes.en == "Since version 1: Four firms joined."


def test_what_is_not_known_yet_is_said(pack: Pack, result: GateResult) -> None:
    text = explain(
        result, pack, pack.routes[0], Participation(24, 24), version="1", on=date(2016, 1, 1)
    )
    assert (
        "How many sites opened a random sample to a certification body is not counted here"
        in text.verification_of_data.en
    )
    assert "No sample has been opened" not in text.verification_of_data.en, "nobody has said so"
    assert "not declared" in text.sample_characteristics.en
    assert "this is a draft" in text.approval.en
    assert text.changes.en == "First version."


def test_only_verified_limits_in_force_are_shown_and_always_on_their_own_basis(
    pack: Pack, explanation: Explanation
) -> None:
    assert [limit.words.en for limit in explanation.limits] == ["in force"]
    limit = explanation.limits[0]
    assert limit.grades == (61.0, None, 72.0)
    assert limit.basis == ANNUAL_BASIS
    assert "not comparable" in explanation.limits_note.en
    for text in (explanation.lead, explanation.rule, explanation.comparable_conditions):
        assert "61" not in text.en.replace(".", " ").split()


def test_a_hidden_step_leaves_no_figure_in_any_text(pack: Pack, grow: Grow) -> None:
    result = gated(pack, grow, rolling=6)
    text = explain(
        result, pack, pack.routes[0], Participation(24, 24), version="1", on=date(2016, 1, 1)
    )
    assert "No value of the whole route can be shown" in text.lead.en
    assert "Rolling (plain, comprehensive energy): Not shown: 6 firms" in text.refused.en
    assert "Rolling" not in text.validation_of_results.en
    assert "cannot be shown" in text.rule.en


def test_the_explanation_comes_back_from_json(explanation: Explanation) -> None:
    assert Explanation.from_json(json.loads(json.dumps(explanation.to_json()))) == explanation


def test_clause_items_are_fields_of_the_explanation() -> None:
    names = [field.name for field in dataclasses.fields(Explanation)]
    assert [name for name in names if name in CLAUSE_4_1] == list(CLAUSE_4_1)


def test_figures_carry_a_true_minus_and_the_grids_decimals() -> None:
    assert figure(-30.25, 2) == "\u221230.25"
    assert figure(-0.0001, 2) == "0.00"
    assert [decimals_of(Fraction(width)) for width in ("5", "0.5", "0.25", "0.008")] == [0, 1, 2, 3]


@pytest.mark.parametrize("name", packs.shipped())
def test_readers_are_told_relevant_variables_in_words_each_once_a_step(name: str) -> None:
    pack = packs.load(name)
    text = en16231.comparable_conditions(pack, pack.routes[0])
    for condition in (condition for step in pack.steps for condition in step.reference_conditions):
        assert condition.variable not in text.en
        assert condition.variable not in text.said_in("zh")
        words = en16231.VARIABLES[condition.variable]
        assert words.said_in("zh") in text.said_in("zh")
        assert all(line.count(words.en) <= 1 for line in text.en.split("\n"))


def test_a_limit_for_another_process_does_not_stand_beside_the_published_one() -> None:
    aluminium = packs.load("aluminium")
    on = date(2025, 12, 31)
    bayer = {
        limit.words.en
        for limit in shown_limits(aluminium, aluminium.routes[0], on, {"alumina-refining": "bayer"})
    }
    every = {limit.words.en for limit in shown_limits(aluminium, aluminium.routes[0], on)}
    assert len(every - bayer) == 1
    assert "other processes" in next(iter(every - bayer))
    steel = packs.load("steel")
    merged = shown_limits(steel, steel.routes[0], date(2026, 12, 31), {"coking": "any"})
    assert sum("Coke" in limit.words.en for limit in merged) == 2, (
        "a merged variant holds both ways of charging"
    )


@pytest.mark.parametrize(
    ("obliged", "volunteering", "opening"),
    [
        (30, 0, "24 firms of 30 obliged to report, 24 sites"),
        (20, 8, "24 firms (16 of 20 obliged to report, 8 by their own will), 24 sites"),
        (
            23,
            1,
            "24 firms, some of them by their own will (obliged to report: 23), 24 sites",
        ),  # one could be guessed
        (
            7,
            17,
            "24 firms, some of them by their own will (obliged to report: 7), 24 sites",
        ),  # so could the seven
        (5, 24, "24 firms (0 of 5 obliged to report, 24 by their own will), 24 sites"),
        (None, 0, "24 firms (the number of firms obliged to report is not declared), 24 sites"),
    ],
)
def test_firms_obliged_and_firms_of_their_own_will_are_told_apart_and_read_back_by_who_checks(
    pack: Pack, result: GateResult, obliged: int | None, volunteering: int, opening: str
) -> None:
    def sample(obliged: int | None, volunteering: int) -> str:
        facts = Participation(24, 24, firms_obliged=obliged, firms_volunteering=volunteering)
        return en16231.sample(result.published, pack, pack.routes[0], facts).en

    text = sample(obliged, volunteering)
    assert text.startswith(opening)
    assert sample(wording._obliged(text), wording._volunteering(text)) == text


def test_a_text_from_before_volunteers_were_told_apart_is_made_again_as_it_was(
    pack: Pack, result: GateResult
) -> None:
    earlier = "12 firms of 10 obliged to report, 12 sites, period 2016."
    assert (wording._obliged(earlier), wording._volunteering(earlier)) == (10, 0)
    facts = Participation(12, 12, firms_obliged=10)
    assert en16231.sample(result.published, pack, pack.routes[0], facts).en.startswith(earlier)


def test_a_poor_fit_is_told_of_every_cell_that_is_shown_with_its_metric(
    pack: Pack, result: GateResult
) -> None:
    fitting = [dataclasses.replace(step, good_fit=True) for step in result.published.cells]
    beside = dataclasses.replace(fitting[0], metric=Metric.THERMAL, headline=False, good_fit=False)

    def validation_text(cell: IndustryCell) -> str:
        return en16231.validation_of_results(
            dataclasses.replace(result.published, cells=(*fitting, cell)), pack
        ).en

    assert validation_text(beside).endswith("at these steps: Melting (plain, heat).")
    assert validation_text(dataclasses.replace(beside, best=None)).endswith("not rejected."), (
        "nothing is said of a cell that is held back"
    )


def test_that_no_sample_was_opened_is_said_where_they_were_counted_and_none_was(pack: Pack) -> None:
    assert (
        "No sample has been opened"
        in en16231.verification_of_data(Verification(sites_opened=0), pack).en
    )


@pytest.mark.parametrize(
    ("firms", "other_firms", "share"),
    [
        (8, 8, "Melting, 8 of 17 sites"),
        (7, 8, "no share stated"),  # seven firms that are attested could be guessed
        (8, 7, "no share stated"),  # so could the seven that are not
        (0, 8, "Melting, 8 of 17 sites"),  # nobody is pointed at
        (8, 0, "Melting, 8 of 17 sites"),
    ],
)
def test_a_share_of_attested_sites_is_stated_where_no_firm_or_enough_firms_stand_on_each_side(
    pack: Pack, firms: int, other_firms: int, share: str
) -> None:
    step = StepAttested("melting", 8, 17, firms, other_firms)
    body = Words(en="Certifier", zh="Zertifizierer")
    text = en16231.verification_of_data(
        Verification(1, names=(body,), steps=(step,), valid_until=date(2018, 6, 1)), pack
    ).en
    assert share in text
    assert ("8 of 17" in text) == (share != "no share stated")
    assert "valid until 2018-06-01" in text


@pytest.mark.parametrize(
    ("on", "names"),
    [
        (date(2009, 12, 31), []),
        (date(2010, 1, 1), ["in force", "no more"]),  # the first day of both
        (date(2014, 12, 31), ["in force", "no more"]),
        (date(2015, 1, 1), ["in force"]),  # another edition takes its place on that day
        (date(2026, 6, 30), ["in force"]),
        (date(2026, 7, 1), ["in force", "not yet"]),
    ],
)
def test_a_limit_stands_from_its_first_day_and_no_longer_on_the_day_it_ends(
    pack: Pack, on: date, names: list[str]
) -> None:
    assert [limit.words.en for limit in shown_limits(pack, pack.routes[0], on)] == names


def test_sources_of_the_method_are_named_once_and_what_is_assumed_or_unread_is_counted(
    explanation: Explanation,
) -> None:
    """Of three ratios and five limits the first ratio and two limits are assumed or read by nobody;
    the rest is one standard.
    """
    assert "assumptions: 3;" in explanation.sources.en
    assert explanation.sources.en.count("GB 0-2000, clause 4") == 1
    assert "for the tests" not in explanation.sources.en


def explained(result: GateResult, pack: Pack, **changed: Any) -> Explanation:
    """Of the gate's result with some of its label changed."""
    label = dataclasses.replace(result.published, **changed)
    return explain(
        dataclasses.replace(result, published=label),
        pack,
        pack.routes[0],
        FACTS,
        version="2",
        on=date(2016, 1, 1),
    )


def test_where_no_whole_route_may_be_told_the_lead_has_the_steps_combined(
    pack: Pack, result: GateResult
) -> None:
    label = result.published
    text = explained(
        result,
        pack,
        best_reached=dataclasses.replace(label.best_reached, value=None, interval=None),
    )
    assert label.composite.value is not None
    combined = (
        "Combined, the best values of the steps make a tonne of bar with "
        f"{label.composite.value:.1f} kgce;"
    )
    assert text.lead.en.startswith(combined)
    assert "What plants really reached over the whole route cannot be shown." in text.rule.en


def test_without_a_typical_total_the_lead_has_no_number(pack: Pack, result: GateResult) -> None:
    text = explained(
        result,
        pack,
        typical=dataclasses.replace(result.published.typical, value=None, interval=None),
    )
    assert text.lead.en.startswith("No value of the whole route can be shown")
    assert not any(sign.isdigit() for sign in text.lead.en)


@pytest.mark.parametrize(
    ("rolling", "share"),
    [(52.0, "One step, Melting, accounts for 72 %"), (50.0, "84 %"), (47.0, "")],
)
def test_the_widest_step_is_named_with_its_share_and_not_where_another_step_lies_the_other_way(
    pack: Pack, result: GateResult, rolling: float, share: str
) -> None:
    """Between best and typical lie 1.05 x 10 at melting and 1.02 x 2 at blowing. With 2 at rolling
    that is 10.5 of 14.54, with none 10.5 of 12.54; with 3 less than its best at rolling 10.5 would
    be more than the whole of 9.54."""
    values = {"melting": (50.0, 60.0), "blowing": (-32.0, -30.0), "rolling": (50.0, rolling)}
    cells = tuple(
        dataclasses.replace(cell, best=values[cell.step][0], typical=values[cell.step][1])
        for cell in result.published.cells
    )
    lead = explained(result, pack, cells=cells).lead.en
    assert share in lead
    assert ("accounts for" in lead) == bool(share)


def test_counts_and_numbers_are_written_as_they_are_read() -> None:
    assert [str(firms(count)) for count in (0, 1, 2, 1200)] == [
        "0 firms",
        "1 firm",
        "2 firms",
        "1,200 firms",
    ]
    assert [str(sites(count)) for count in (1, 2)] == ["1 site", "2 sites"]
    assert [str(findings(count)) for count in (1, 2)] == ["1 finding", "2 findings"]
    assert [str(reports(count)) for count in (1, 2)] == ["1 report", "2 reports"]
    assert [between(*pair).en for pair in ((8, 8), (8, 24))] == ["8", "8 to 24"]
    assert [figure(value, 1) for value in (1234.56, -0.04, -0.06)] == [
        "1,234.6",
        "0.0",
        "\u22120.1",
    ]
    assert decimals_of(Fraction(1, 3)) == 4, "a grid that no decimals show exactly"
    assert str(amount("kgce/m2", "board")) == "1 m2 of board"
