"""The label in a few lines for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reporting_agent.changes.limits import beside
from reporting_agent.report.numbers import shown
from reporting_agent.report.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.labels import LimitGrade, StepLabel
    from benchmarks.labels.outside import OutsideUse
    from reporting_agent.analysis import RouteAccount
    from reporting_agent.changes.limits import Limit
    from reporting_agent.pipeline import LabelResult


def as_text(result: LabelResult, limits: Sequence[Limit] = ()) -> str:
    """One block a label: values, how far they can be trusted, then what was excluded and why."""
    lines: list[str] = []
    for label in result.site_label.steps:
        name = " · ".join(part for part in (label.step, label.product, label.variant, str(label.metric)) if part)
        days = f"valid ones on {label.coverage.with_batches:,} of {label.coverage.days:,} days"
        lines.append(f"{name}: {label.used:,} of {label.read:,} batches used; {days}")
        values = (("minimum", label.minimum), ("best", label.best.value), ("typical", label.typical), ("mean as measured", label.mean))
        lines.append("  " + "   ".join(f"{word} {shown(value)}" for word, value in values) + f"   {unit_of(label, result)}")
        trusted = [] if label.uncertainty is None or label.uncertainty.best is None else [f"±{shown(label.uncertainty.best.value)} (k = 2)"]
        if (unseen := beside(label, limits)) is not None:
            trusted.append(str(unseen))
        if trusted:
            lines.append("  best " + "; ".join(trusted))
        if label.best.value is None:
            lines.append(f"  no label: {label.best.reason}")
        if label.missing_carriers:
            lines.append(f"  never reported: {', '.join(label.missing_carriers)} (declare not_used under [steps.{label.step}] if so)")
        lines += [_outside(use, label.step) for use in label.outside]
        if label.excluded:
            lines.append("  excluded: " + ", ".join(f"{reason} {count:,}" for reason, count in label.excluded.items()))
        lines.append(f"  grade: {_grade(label)}")
    return "\n".join(lines) or "No batch of the period belongs to a step of the pack."


def _outside(use: OutsideUse, step: str) -> str:
    share = "an unknown share" if use.share is None else f"{use.share:.1%}"
    declared = f"not declared under [steps.{step}.outside]" if use.reason is None else f"declared: {use.reason}"
    return f"  outside the boundary: {use.carrier}, {share} of the energy of {use.batches:,} batches ({declared})"


def routes_as_text(accounts: Sequence[RouteAccount]) -> str:
    """One block an annual account of a route: its value and level, or what is missing."""
    lines = []
    for one in accounts:
        name = f"route {one.steps[0]} to {one.steps[-1]} · {one.metric}, annual account"
        if one.value is None:
            lines += [f"{name}: incomplete", *(f"  missing: {why.en}" for _, why in one.missing)]
            continue
        lines.append(f"{name}: {shown(one.value)} ±{shown(one.uncertainty)} {one.unit} (k = 2, of the energy)")
        for tested, held in zip(one.limits, one.declared, strict=True):
            lines.append(f"  {held.words.en}, {held.standard}: {_level(one, tested)}")
    return "".join(f"{line}\n" for line in lines)


def _level(account: RouteAccount, tested: LimitGrade) -> str:
    if tested.why is not None:
        return tested.why.en
    levels = " / ".join("not defined" if value is None else shown(value) for value in tested.limits)
    met = "no level met" if tested.best_met is None else f"level {tested.best_met} met"
    near = "".join(f"; level {place} lies within the uncertainty" for place in account.close(tested))
    return f"{met} of {levels} {account.unit}{near}"


def unit_of(label: StepLabel, result: LabelResult, lang: str = "en") -> str:
    """The unit as a person is shown it: with the doubt, where nothing proves it."""
    return label.unit + doubt(result, lang)


def doubt(result: LabelResult, lang: str) -> str:
    """What stands behind a unit that is an assumption; nothing behind one that is known."""
    return words(lang)["label"]["unit_assumed"] if result.data.unit_assumed else ""


def _grade(label: StepLabel) -> str:
    grade = label.grade
    if grade.best_met is not None:
        standard = next(limit.standard for limit in grade.limits if limit.best_met == grade.best_met)
        levels = next(limit.levels for limit in grade.limits if limit.best_met == grade.best_met)
        level = str(grade.best_met) if levels == "grades" else words("en")["grade"][f"{levels}{grade.best_met}"]
        return f"{level} by {standard}, on the mean of the year"
    return "none tested" if grade.why is None else grade.why.en
