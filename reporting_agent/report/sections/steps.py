"""Every label of the site: its values by metric, every batch over time against it, how batches
spread, what was left out, grades.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np

from benchmarks.carriers import CARRIERS
from benchmarks.labels import LimitGrade, StepLabel
from benchmarks.labels.outside import OutsideUse
from reporting_agent.pipeline.following import sinks_of
from reporting_agent.report.drawing import over_time, points, spread, window
from reporting_agent.report.figures import (
    MINUS,
    count,
    day,
    figure,
    half_width,
    percent,
    scaled,
    shown,
)
from reporting_agent.report.sections import drill
from reporting_agent.report.view import LabelGroup, View
from reporting_agent.report.words import rule


def data(view: View) -> dict[str, Any] | None:
    """One entry a step, product and variant; those without a label have values and reasons only."""
    picked: dict[str, set[int]] = {}
    for group, _, row in drill.picked(view):
        picked.setdefault(group.anchor, set()).add(row)
    ordered = sorted(view.groups, key=lambda group: group is not view.lead)
    return (
        {"steps": [_step(view, group, picked.get(group.anchor, set())) for group in ordered]}
        if ordered
        else None
    )


def _step(view: View, group: LabelGroup, picked: set[int]) -> dict[str, Any]:
    label, period = group.main, view.result.site_label.period
    start, end = window(label, period.start, period.end)
    dots = points(label, start)
    dark = np.isin(
        np.arange(len(dots.value)), sorted(picked)
    )  # the columns of losses are the used batches, in the same order
    plot = over_time(label, dots, start, end, dark, view.lang)
    if plot is not None:
        worst = label.values[plot["worst"]["row"]]
        plot["worst"] |= {"text": f"{shown(worst.at_reference)}, {worst.batch_id}"}
        plot["note"] = _plot_note(view, group, plot, len(picked))
        if (start, end) != (period.start, period.end):
            plot["note"] += view.gap + _window_note(view, group, start, end)
    return {
        "anchor": f"step-{group.anchor}",
        "open": group is view.lead or len(view.groups) == 1,
        "summary": _summary(view, group),
        "name": view.name(group),
        "runs": view.run(group, 2),
        "title": view.w["steps"]["title"].format(name=view.name(group), run=view.run(group)),
        "metric": view.metric(label),
        "unit": view.unit(label),
        "product": group.product
        if group.product != group.step.product
        else view.text(group.step.product_words),
        "boundary": view.text(group.step.boundary.words),
        "plot": plot,
        "spread": spread(label, dots),
        "values": [
            _values(view, group, step_label, row)
            for step_label, row in zip(group.labels, group.rows, strict=True)
        ],
        "rule": rule(group.step.label_rule.quantile, view.lang),
        "excluded": [
            {
                "reason": view.reason(code),
                "count": count(number),
                "share": percent(number / label.read),
            }
            for code, number in label.excluded.items()
        ],
        "left_out": view.w["steps"]["left_out"].format(
            left=count(label.read - label.used), read=count(label.read), runs=view.run(group, 2)
        ),
        "missing": [
            _missing(view, step_label) for step_label in group.labels if step_label.missing_carriers
        ],
        "outside": [
            _outside(view, label.step, use) for label in group.labels for use in label.outside
        ],
        "provisos": view.of_label(label, (*label.account, *label.provisos)),
        "grades": [
            grade
            for step_label in group.labels
            if (grade := _grade(view, step_label, is_headline=step_label is group.main)) is not None
        ],
        "conditions": _conditions(view, group),
    }


def _summary(view: View, group: LabelGroup) -> str:
    """A folded label in one line."""
    label, w = group.main, view.w["steps"]
    if label.best.value is None:
        return w["summary_without"].format(
            name=view.name(group), why=view.reason(label.best.reason or "")
        )
    return w["summary"].format(
        name=view.name(group),
        best=shown(label.best.value),
        typical=shown(label.typical),
        unit=view.unit(label),
    )


def _plot_note(view: View, group: LabelGroup, plot: dict[str, Any], picked_count: int) -> str:
    w = view.w["steps"]
    sentences = [
        w["dots"].format(
            batches=count(plot["batches"]), drawn=count(plot["drawn"]), runs=view.run(group, 2)
        )
    ]
    if picked_count:
        sentences.append(w["told"].format(count=picked_count))
    if plot["beyond"]:
        sentences.append(
            w["beyond"].format(count=plot["beyond"], low=plot["low"], high=plot["high"])
        )
    return view.gap.join(sentences)


def _window_note(view: View, group: LabelGroup, start: datetime, end: datetime) -> str:
    first, last = (
        day(moment.astimezone(view.site.zone), view.lang)
        for moment in (start, end - timedelta(seconds=1))
    )
    return view.w["steps"]["window"].format(runs=view.run(group, 2), first=first, last=last)


def _values(view: View, group: LabelGroup, label: StepLabel, row: int) -> dict[str, Any]:
    energy = sum(label.energy_by_carrier.values()) if label.energy_by_carrier else None
    return {
        "row": row,
        "metric": view.metric(label),
        "unit": view.unit(label),
        "best": figure(label.best.value, of="best"),
        "why": None if label.best.value is not None else view.reason(label.best.reason or ""),
        "uncertain": _half(label),
        "typical": figure(label.typical, of="typical"),
        "mean": figure(label.mean, of="mean"),
        "minimum": figure(label.minimum, of="minimum"),
        "used": count(label.used),
        "read": count(label.read),
        "covered": _covered(view, label),
        "days": _of_period(view, label),
        "energy": scaled(energy, label.energy_unit, "energy", view.doubt),
        "output": scaled(label.output, _times(view.counted(group.step.output_unit)), "output"),
    }


def _covered(view: View, label: StepLabel) -> str:
    """Of what the energy is known: of the time that meters or a log's rows were read, or of the
    batches that it came with.
    """
    data = view.result.data
    metered = {
        sink.step
        for record in data.meters
        if record.counted
        for sink in sinks_of(record.meter, view.site)
    }
    read = data.left_out is not None or label.step in metered
    return view.w["steps"]["of_their_time" if read else "of_them"].format(
        share=percent(label.completeness)
    )


def _of_period(view: View, label: StepLabel) -> list[str]:
    """How much of the period the label tells of, and of which part of it nothing, where that is
    more than a month.
    """
    words, covered = view.w["steps"], label.coverage
    sentences = [
        words["of_period"].format(ran=count(covered.with_batches), days=count(covered.days))
    ]
    if not covered.is_whole:
        first, last = (
            day(moment.astimezone(view.site.zone), view.lang) for moment in covered.silent_days
        )
        sentences.append(words["silence"].format(first=first, last=last))
    return sentences


def _times(unit: str) -> str:
    """A unit that begins with a number, as it stands behind another: `7.73 × 1000 items`."""
    return f"× {unit}" if unit[:1].isdigit() else unit


def _half(label: StepLabel) -> str:
    """The label's expanded uncertainty."""
    uncertainty = label.uncertainty
    return "" if uncertainty is None or uncertainty.best is None else half_width(uncertainty.best)


def _missing(view: View, label: StepLabel) -> str:
    names = ", ".join(
        f"{view.text(CARRIERS[carrier].words)} ({carrier})" for carrier in label.missing_carriers
    )
    return view.w["label"]["missing"].format(carriers=names, step=label.step)


def _outside(view: View, step: str, use: OutsideUse) -> str:
    w = view.w["label"]
    return w[
        "beside" if use.is_inside else "outside" if use.reason is None else "outside_declared"
    ].format(
        carrier=f"{view.text(CARRIERS[use.carrier].words)} ({use.carrier})",
        share=w["outside_unknown"] if use.share is None else percent(use.share),
        batches=count(use.batches),
        reason=use.reason,
        step=step,
    )


def _grade(view: View, label: StepLabel, *, is_headline: bool) -> dict[str, Any] | None:
    """The sentence on the grade and the limits tested; None where the pack has none for this
    metric, and knows of none at its headline.
    """
    w, grade = view.w["grade"], label.grade
    lacking = view.result.not_held(label.step)
    if grade.reason == "no-valid-batch" or (
        grade.reason == "no-limit-for-this-metric" and not (lacking and is_headline)
    ):
        return None
    if grade.best_met is not None:
        standards = sorted(
            {limit.standard for limit in grade.limits if limit.best_met == grade.best_met}
        )
        levels = next(limit.levels for limit in grade.limits if limit.best_met == grade.best_met)
        level = (
            w["level_grade"].format(grade=grade.best_met)
            if levels == "grades"
            else w[f"{levels}{grade.best_met}"]
        )
        sentence = w["met"].format(level=level, standard=", ".join(standards))
    else:
        sentence = w["none"] if grade.why is None else view.text(grade.why)
    if lacking:
        sentence += view.gap + w["not_held"].format(editions=", ".join(lacking))
    if any(not limit.monotone for limit in grade.limits):
        sentence += view.gap + w["not_monotone"]
    return {
        "metric": view.metric(label),
        "sentence": sentence,
        "account": view.of_label(label, label.account),
        "unit": view.counted(label.unit),
        "limits": [_limit(view, limit) for limit in grade.limits if limit.verified],
    }


def _limit(view: View, limit: LimitGrade) -> dict[str, Any]:
    w = view.w["grade"]
    marks = {True: w["yes"], False: w["no"], None: w["undefined"]}
    cells = [
        (f"{shown(value)} · {marks[met]}" if value is not None else marks[None])
        + ("" if limit.levels == "grades" else f" ({w[f'{limit.levels}{index}']})")
        for index, (value, met) in enumerate(zip(limit.limits, limit.met, strict=True), 1)
    ]
    return {
        "standard": limit.standard,
        "cells": cells,
        "why": None if limit.why is None else view.text(limit.why),
    }


def _conditions(view: View, group: LabelGroup) -> list[str]:
    """What batches are brought to before the quantile."""
    w = view.w["steps"]
    return [
        w["condition"].format(
            variable=view.variable(condition.variable),
            reference=f"{condition.reference:g}",
            unit=condition.unit,
            slope=f"{slope:+g}".replace("-", MINUS),
            of=view.counted(group.main.unit),
        )
        for condition in group.step.reference_conditions
        if (slope := condition.slope.get(group.main.metric)) is not None
    ]
