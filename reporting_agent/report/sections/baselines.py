"""What each meter does by itself: its base load, the days its baseline does not explain, and the
control chart that shows them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchmarks.carriers import CARRIERS
from reporting_agent.analysis.baselines.baseline import Baseline, Chart
from reporting_agent.analysis.baselines.control import ALARMS_A_YEAR
from reporting_agent.report.drawing import WIDTH, DrawingScale, dots, line, tick_text, ticks
from reporting_agent.report.figures import (
    MINUS,
    DisplayUnit,
    count,
    figure,
    month,
    scaled,
    unit_for,
)
from reporting_agent.report.view import View

HEIGHT = 200
ANOMALIES = 8
OPEN = 3  # meters whose chart is not folded


def data(view: View) -> dict[str, Any] | None:
    """Meters with something to say, those that stand out most first."""
    baselines = view.analysis.baselines
    if not baselines:
        return None
    ordered = sorted(
        baselines, key=lambda baseline: (-len(baseline.anomalies), baseline.base_load is None)
    )
    return {
        "meters": [_meter(view, baseline) for baseline in ordered],
        "open": OPEN,
        "chance": _chance(view),
    }


def _chance(view: View) -> str:
    """How many alarms the charts would raise if nothing had happened, beside those that they
    raised.
    """
    charts = [baseline for baseline in view.analysis.baselines if baseline.chart is not None]
    if not charts:
        return ""
    expected = ALARMS_A_YEAR * sum(baseline.days for baseline in charts) / 365
    return view.w["baselines"]["chance"].format(
        meters=count(len(charts)),
        found=count(sum(len(baseline.anomalies) for baseline in charts)),
        expected=f"{expected:.1f}",
    )


def _meter(view: View, baseline: Baseline) -> dict[str, Any]:
    w = view.w["baselines"]
    carrier = (
        view.text(CARRIERS[baseline.carrier].words)
        if baseline.carrier in CARRIERS
        else baseline.carrier
    )
    load = baseline.base_load
    measured = (
        [view.step_name(baseline.step), carrier] if baseline.step else [carrier]
    )  # a main or shared meter is of no single step
    return {
        "title": f"{baseline.meter}{view.w['page']['colon']}{view.w['page']['comma'].join(measured)}",  # noqa: E501
        "unit": baseline.unit,
        "base": "" if load is None else view.text(load.sentence),
        "figures": []
        if load is None
        else [
            (w["night"], figure(load.night, load.rate_unit)),
            (w["weekend"], figure(load.weekend, load.rate_unit)),
            (w["base"], figure(load.base, load.rate_unit)),
            (w["outside"], scaled(load.outside_use, load.unit)),
        ],
        "model": view.text(baseline.model),
        "days": w["days"].format(days=count(baseline.days)),
        "types": [
            {
                "name": view.text(kind.words),
                "days": count(kind.days),
                "per_day": figure(kind.per_day),
            }
            for kind in baseline.day_types
        ],
        "chart": None if baseline.chart is None else _chart(view, baseline.chart),
        "cusum": None if baseline.chart is None else _cusum(view, baseline),
        "anomaly_parts": _anomalies(view, baseline),
        "money": any(anomaly.money is not None for anomaly in baseline.anomalies),
        "why": "" if baseline.why is None else view.text(baseline.why),
    }


def _anomalies(view: View, baseline: Baseline) -> list[dict[str, Any]]:
    """The largest in full, the rest folded."""
    rows = [
        {
            "when": anomaly.first.isoformat()
            if anomaly.first == anomaly.last
            else f"{anomaly.first.isoformat()} – {anomaly.last.isoformat()}",
            "sentence": view.text(anomaly.sentence),
            "energy": scaled(anomaly.energy, anomaly.unit),
            "money": "" if anomaly.money is None else f"{count(anomaly.money)} {anomaly.currency}",
        }
        for anomaly in baseline.anomalies
    ]
    rest = rows[ANOMALIES:]
    parts = [
        {"rows": rows[:ANOMALIES], "fold": ""},
        {"rows": rest, "fold": view.w["pareto"]["more"].format(count=len(rest))},
    ]
    return [part for part in parts if part["rows"]]


def _chart(view: View, chart: Chart) -> dict[str, Any] | None:
    """Residual of every day as a dot, its moving average as a line, the limits; flagged days
    dark.
    """
    residual = chart.actual - chart.expected
    finite = ~np.isnan(residual)
    limit = chart.limit
    known_limit = limit[~np.isnan(limit)]
    highest = [
        float(np.quantile(np.abs(residual[finite]), 0.99)),
        *known_limit.tolist(),
        *np.abs(chart.ewma[~np.isnan(chart.ewma)]).tolist(),
    ]
    reach = max(highest) or 1.0
    number = np.arange(len(chart.days), dtype=float)
    across = DrawingScale(0.0, max(float(len(chart.days) - 1), 1.0), 4.0, WIDTH - 4.0)
    down = DrawingScale(-reach, reach, HEIGHT - 6.0, 6.0)
    plain, flagged = finite & ~chart.flagged, finite & chart.flagged
    marked = ticks(-reach, reach, 4)
    step = marked[1] - marked[0] if len(marked) > 1 else 1.0
    ewma = np.where(np.isnan(chart.ewma), np.nan, down.at(np.nan_to_num(chart.ewma)))
    x = across.at(number)
    return {
        "height": HEIGHT,
        "dots": dots(x[plain], down.at(residual[plain]))[0],
        "flagged": dots(x[flagged], down.at(residual[flagged]))[0],
        "number": int(flagged.sum()),
        "ewma": line(x.tolist(), ewma.tolist()),
        "upper": line(
            x.tolist(), np.where(np.isnan(limit), np.nan, down.at(np.nan_to_num(limit))).tolist()
        ),
        "lower": line(
            x.tolist(), np.where(np.isnan(limit), np.nan, down.at(-np.nan_to_num(limit))).tolist()
        ),
        "grid": [
            {
                "y": down.position(value),
                "at": down.percent(value, HEIGHT),
                "text": tick_text(value, step).replace("-", MINUS),
            }
            for value in marked
        ],
        "dates": _months(view, chart, across),
        "days": count(int(finite.sum())),
    }


def _months(view: View, chart: Chart, across: DrawingScale) -> list[dict[str, str]]:
    return [
        {"at": across.percent(float(index), WIDTH), "text": month(day.month, view.lang)}
        for index, day in enumerate(chart.days)
        if day.day == 1
    ]


def _cusum(view: View, baseline: Baseline) -> dict[str, Any] | None:
    """The running sum of the residuals and what each month added to it; None within one month,
    which has no bend to show.
    """
    chart = baseline.chart
    assert chart is not None  # noqa: S101 - asked for charts only
    last = {(day.year, day.month): index for index, day in enumerate(chart.days)}  # of each month
    if len(last) < 2:
        return None
    finite = np.isfinite(chart.actual - chart.expected)
    sums = chart.cusum[list(last.values())]
    added = np.diff(sums, prepend=0.0)
    unit = unit_for(float(np.abs(chart.cusum).max()), baseline.unit, view.doubt)
    drawn = chart.cusum / unit.by
    low, high = min(float(drawn.min()), 0.0), max(float(drawn.max()), 0.0)
    across = DrawingScale(0.0, max(float(len(chart.days) - 1), 1.0), 4.0, WIDTH - 4.0)
    down = DrawingScale(low, high, HEIGHT - 6.0, 6.0)
    marked = ticks(low, high, 4)
    step = marked[1] - marked[0] if len(marked) > 1 else 1.0
    names = [f"{year}-{number:02d}" for year, number in last]
    days_known = [
        sum(finite[index] for index, day in enumerate(chart.days) if (day.year, day.month) == own)
        for own in last
    ]
    changes = {
        name: float(change)
        for name, change, days in zip(names, added, days_known, strict=True)
        if days
    }  # missing is never 0
    w = view.w["baselines"]
    extremes = _extremes(view, changes, unit)
    return {
        "caption": w["cusum"].format(unit=unit.name),
        "alt": view.gap.join([w["cusum_alt"].format(days=count(int(finite.sum()))), *extremes]),
        "note": view.gap.join([w["cusum_note"], *extremes]),
        "height": HEIGHT,
        "line": line(
            across.at(np.arange(len(chart.days), dtype=float)).tolist(), down.at(drawn).tolist()
        ),
        "zero": down.position(0.0),
        "grid": [
            {
                "y": down.position(value),
                "at": down.percent(value, HEIGHT),
                "text": tick_text(value, step),
            }
            for value in marked
        ],
        "dates": _months(view, chart, across),
        "table": w["by_month"].format(unit=unit.name),
        "months": [
            {
                "name": name,
                "days": count(days),
                "added": unit.figure(changes.get(name), sign=True),
                "sum": unit.figure(float(so_far) if days else None, sign=True),
            }
            for name, days, so_far in zip(names, days_known, sums, strict=True)
        ],
    }


def _extremes(view: View, changes: Mapping[str, float], unit: DisplayUnit) -> list[str]:
    """In which month the running sum rose most and in which it fell most; a sum that only rises
    fell in none.
    """
    if not changes:
        return []
    w, up, down = (
        view.w["baselines"],
        max(changes, key=changes.__getitem__),
        min(changes, key=changes.__getitem__),
    )
    months = [(w["rose_most"], up)] * (changes[up] > 0) + [(w["fell_most"], down)] * (
        changes[down] < 0
    )
    return [
        text.format(month=name, change=f"{unit.figure(changes[name], sign=True).text} {unit.name}")
        for text, name in months
    ]
