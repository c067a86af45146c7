"""The tour's pages for plants: every figure in them is compared with a report made from the real
data; skips where that is absent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.guidance.causes import WasteCause
from benchmarks.measurements import Period
from fixtures import shift_log
from reporting_agent import pipeline
from reporting_agent.analysis import Analysis
from reporting_agent.analysis.waste.causes import CauseRule
from reporting_agent.analysis.waste.evidence import Use
from reporting_agent.analysis.waste.gains import Advice
from reporting_agent.analysis.waste.pareto import Dimension
from reporting_agent.config import SiteSettings, load_site
from reporting_agent.pipeline import LabelResult
from reporting_agent.report.figures import count, percent, shown
from tests.analysed import analysed
from tests.functional.real_data import HEATS, MACHINES, METER, site_of

TOUR = Path(__file__).parents[2] / "docs" / "tour"
Report = tuple[SiteSettings, LabelResult, Analysis]


def report(site: Path, period: str) -> Report:
    configured = load_site(site)
    result = pipeline.label(configured, Period.parse(period, configured.zone))
    return configured, result, analysed(configured, result)


def look(analysis: Analysis, code: str) -> Advice:
    return next(advice for advice in analysis.first_look if advice.code == code)


def rule(analysis: Analysis, cause: WasteCause) -> CauseRule:
    return next(
        candidate
        for losses in analysis.losses
        for candidate in losses.rules
        if candidate.cause is cause and candidate.stands
    )


def findings(result: LabelResult) -> dict[str, int]:
    return {finding.code: finding.count for finding in result.findings}


def of_the_heats(reported: Report) -> list[str]:
    _, result, analysis = reported
    label = next(step for step in result.site_label.steps if step.best.value is not None)
    (losses,) = (loss for loss in analysis.losses if loss.counted)
    shift, minutes, stop = (
        look(analysis, "level-shift"),
        rule(analysis, WasteCause.AT_POWER),
        rule(analysis, WasteCause.COLD_START),
    )
    worst, longer, after_stops = (
        losses.worst[0],
        look(analysis, "cause-longer-at-power"),
        look(analysis, "cause-cold-start"),
    )
    after, before = re.findall(r"at (\d+\.\d) kWh/t; before, it was at (\d+\.\d)", shift.words.en)[
        0
    ]
    assert shift.amount is not None
    assert minutes.estimate is not None
    assert minutes.interval is not None
    assert stop.estimate is not None
    assert stop.interval is not None
    unknown = look(analysis, "record-more").words.en.split(" %")[0]
    codes = findings(result)
    assert (codes["energy-unknown"] + codes["sentinel"]) / len(
        result.data.batches
    ) == pytest.approx(1 / 7, abs=0.005)
    return [
        (
            f"Of {count(label.read)} heats {count(label.used)} could be used. The label is "
            f"{shown(label.best.value)} kWh/t"
        ),
        f"The median heat took {shown(label.typical)}.",
        "on 122.5 t in the ladle",
        f"The page opens with heat {worst.batch_id}, which took {shown(worst.value)}.",
        f"the median day is at {after} kWh/t; before, it was at {before}.",
        "(less than 0.1 %)",
        (
            f"{count(shift.amount.kwh / 1000)} MWh would be saved: {percent(shift.share)} of the "
            "gap "
            "beyond"
        ),
        "has the power on for 31.0 min;" if "31.0 min" in minutes.rule.en else "",
        (
            f"each minute more costs {minutes.estimate:.0f} kWh (95 %: {minutes.interval[0]:.0f} "
            "to "
            f"{minutes.interval[1]:.0f})"
        ),
        (
            f"{count(longer.count)} heats took more minutes. That is {percent(longer.share)} of "
            "the "
            "gap"
        ),
        (
            f"takes {stop.estimate:.0f} kWh more for every hour of it (95 %: "
            f"{stop.interval[0]:.0f} "
            f"to {stop.interval[1]:.0f})"
        ),
        (
            f"{losses.by_cause[WasteCause.COLD_START].kwh / 1000:.0f} MWh in two years over "
            f"{count(after_stops.count)} heats"
        ),
        (
            f"{count(codes['energy-unknown'])} heats have no energy at all and {codes['sentinel']} "
            "hold the counter's nines"
        ),
        f"{unknown} % of the gap beyond uncertainty has no reason",
        "From June 2016 on" if "since 2016-06" in shift.words.en else "",
    ]


def of_the_machines(reported: Report) -> list[str]:
    _, result, analysis = reported
    first = next(loss for loss in analysis.losses if loss.variant == "part-4")
    second = next(loss for loss in analysis.losses if loss.variant == "part-3")
    typical = {step.variant: step.typical for step in result.site_label.steps}
    worst = first.worst[0]
    codes = findings(result)
    assert (worst.start.day, worst.start.month, worst.start.astimezone(reported[0].zone).hour) == (
        12,
        9,
        22,
    )
    groups = {(step.step, step.product, step.variant) for step in result.site_label.steps}
    labelled = [step for step in result.site_label.steps if step.best.value is not None]
    assert (len(labelled), len(groups)) == (4, 14)
    assert (min(step.used for step in labelled), max(step.used for step in labelled)) == (10, 20)
    assert codes["log-not-normal"] / codes["unit-assumed"] == pytest.approx(2 / 5, abs=0.03)
    counted = sum(step_use.total for step_use in analysis.value_adding)
    standing = sum(
        energy
        for step_use in analysis.value_adding
        for use, energy in step_use.parts.items()
        if use in {Use.IDLING, Use.FAULT}
    )
    worst_use = max(
        analysis.value_adding, key=lambda step_use: step_use.parts[Use.IDLING] / step_use.total
    )
    assert worst_use.step == "machining-2"
    assert round(standing / (first.beyond.kwh + second.beyond.kwh)) == 8
    shifts = next(
        pareto
        for pareto in analysis.pareto
        if pareto.dimension is Dimension.SHIFT and pareto.step == second.step
    )
    assert not any(row.more_than_chance for row in shifts.rows)
    assert (first.avoidable.kwh, second.avoidable.kwh) == (0, 0)  # no cause is named
    return [
        f"at a label of {shown(first.label)} kWh per 1000 items",
        f"the median is {shown(typical['part-4'])}.",
        f"The night shift of 12 September took {shown(worst.value)},",
        f"and {shown(worst.unexplained.kwh)} of the {shown(first.unexplained.kwh)} kWh",
        f"The label is {shown(second.label)} and the median {shown(typical['part-3'])};",
        (
            f"{shown(second.unexplained.kwh)} kWh above it beyond uncertainty have no cause in the "
            "data. By shift nothing"
        ),
        (
            f"{count(codes['log-not-normal'])} of the log's {count(codes['unit-assumed'])} rows "
            "are "
            "in manual or alarm state,"
        ),
        f"and {count(standing)} of the {count(counted)} kWh that the log counted went into them,",
        f" {percent(standing / counted)}: eight times",
        (
            f"Machine 2 stands worst: {percent(worst_use.parts[Use.IDLING] / worst_use.total)} of "
            "its "
            "energy is idling."
        ),
        f"{count(codes['log-coarse-energy'])} rows have output and no energy",
        "With 10 to 20 shifts a part",
        "Machine 0 makes part 4",
        "**Machine 1, part 3.**",
    ]


def of_the_meter(reported: Report) -> list[str]:
    _, _, analysis = reported
    (use,) = analysis.value_adding
    load = analysis.baselines[0].base_load
    assert load is not None
    assert load.night is not None
    assert load.weekend is not None
    early = look(analysis, "shift-differs")
    assert early.p_value is not None
    assert early.p_value < 0.001
    assert "Shift from 08:00" in early.words.en
    more = re.findall(r"uses (\d+\.\d+) kWh/t more", early.words.en)[0]
    idle, pause = re.findall(r"idle level (\d+\.\d+) kW, usual pause (\d+) min", use.rules[0].en)[0]
    assert load.per_year / use.total == pytest.approx(0.1, abs=0.005)
    return [
        f"The meter counted {shown(use.total / 1000)} MWh",
        (
            f"{load.base:.1f} kW run day and night all year: {count(round(load.per_year, -2))} "
            "kWh, a "
            "tenth of the bill."
        ),
        f"Nights take {load.night:.1f} kW and weekends {load.weekend:.1f} kW",
        (
            f"{use.parts[Use.IDLING] / 1000:.1f} MWh, "
            f"{percent(use.parts[Use.IDLING] / use.total)} of "
            "what was counted"
        ),
        f"It idles at {float(idle):.1f} kW and pauses last {pause} min as a rule",
        (
            f"Shifts from 08:00 take {more} kWh/t more on the median day than the others "
            f"({early.count} shifts;"
        ),
        "probability by chance alone less than 0.1 %)",
        "one value every 15 minutes",
        "one meter every 15 minutes",
    ]


@pytest.mark.parametrize(
    ("page", "data", "period", "phrases"),
    [
        ("plant-eaf", HEATS, "2015-01-01/2017-01-01", of_the_heats),
        ("plant-small-firm", MACHINES, "2022-08-31/2022-10-01", of_the_machines),
        ("plant-15-minutes", METER, "2018", of_the_meter),
    ],
)
def test_every_figure_of_the_page_is_the_reports(
    page: str,
    data: tuple[str, str],
    period: str,
    phrases: Callable[[Report], list[str]],
    tmp_path: Path,
) -> None:
    site = site_of(*data, tmp_path)
    if data == METER:
        shift_log.write(tmp_path / METER[1], tmp_path / "log.csv")
    written = (TOUR / f"{page}.md").read_text(encoding="utf-8")
    prose = re.sub(
        r"^    .*$|^\d\. |`[^`]+`|\*\*June 2016\.\*\*", " ", written, flags=re.MULTILINE
    )  # commands, list numbers, a heading
    rest = re.sub(r"\s+", " ", prose)
    for phrase in phrases(report(site, period)):
        assert phrase, "what the page says does not hold any more"
        assert phrase in rest
        rest = rest.replace(phrase, " ")
    assert re.findall(r"\S*\d\S*", rest) == [], "figures that nothing compares"
