"""The first question answered with numbers: the worst batch, the largest cause of the period, and a
few figures.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from benchmarks.catalogue import in_language
from reporting_agent.analysis.waste.gap_parts import StepLosses
from reporting_agent.changes.smallest_change import beside
from reporting_agent.report.figures import (
    ReportFigure,
    count,
    figure,
    half_width,
    percent,
    scaled,
    shown,
    time,
)
from reporting_agent.report.first_page import meters_alone
from reporting_agent.report.view import LabelGroup, View


class SentencePart(NamedTuple):
    """A part of a sentence."""

    text: str
    bold: bool = False


Sentence = list[SentencePart]


def data(view: View) -> dict[str, Any]:
    """Sentence and figures; where no label could be made, the reason in their place."""
    group = view.lead
    if group is None:
        return {"sentence": _refused(view), "figures": []}
    return {
        "sentence": _joined(view, _sentences(view, group)),
        "figures": list(_figures(view, group)),
    }


def _refused(view: View) -> Sentence:
    w = view.w["lead"]
    if not view.groups:
        if view.result.data.batches or not view.result.data.meters:
            return [SentencePart(w["no_batches"])]
        told = meters_alone(view.result, view.analysis, view.lang)
        return _joined(view, [[SentencePart(view.counted(sentence))] for sentence in told])
    group = view.groups[0]
    why = view.reason(group.main.best.reason or "")
    return [
        SentencePart(
            w["no_label"].format(name=view.name(group), why=why, read=count(group.main.read))
        )
    ]


def _sentences(view: View, group: LabelGroup) -> list[Sentence]:
    w, label, unit = view.w["lead"], group.main, view.unit(group.main)
    corrected = any(
        group.main.metric in condition.slope for condition in group.step.reference_conditions
    )
    at_reference = "_at_reference" if corrected else ""
    if view.in_question(group):
        return [
            _bold(
                w[f"in_question{at_reference}"],
                runs=view.run(group, 2),
                best=shown(label.best.value),
                unit=unit,
            )
        ]
    worst, losses = view.worst, group.losses
    best = shown(label.best.value)
    if worst is None or losses is None:
        return [
            _bold(
                w[f"label_alone{at_reference}"],
                runs=view.run(group, 2),
                best=best,
                typical=shown(label.typical),
                unit=unit,
            )
        ]
    when = time(worst.start.astimezone(view.site.zone), view.lang)
    name = f"{view.name(group)}{view.w['page']['colon']}" if len(view.labelled) > 1 else ""
    sentences = [
        _bold(
            w["worst"],
            step=name,
            run=view.run(group),
            batch=worst.batch_id,
            when=when,
            value=shown(worst.value),
            best=best,
            unit=unit,
        ),
        _year(view, losses),
    ]
    return [sentence for sentence in sentences if sentence]


def _year(view: View, losses: StepLosses) -> Sentence:
    """The period as a whole: the named cause that costs most of all."""
    named = [
        (amount.energy, cause)
        for cause, amount in losses.by_cause.items()
        if cause.named and amount.energy > 0
    ]
    if not named:
        return []
    energy, cause = max(named)
    return _bold(
        view.w["lead"]["largest"],
        cause=view.inside(cause.words),
        share=percent(energy / losses.gap.energy),
    )


def _figures(view: View, group: LabelGroup) -> list[dict[str, Any]]:
    w, label = view.w["lead"], group.main
    quantile = f"p{float(group.step.label_rule.quantile * 100):g}"
    figures = [
        _fig(
            w["fig_label"].format(rule=quantile),
            figure(label.best.value, view.unit(label), "best"),
            _uncertainty(view, group),
            "best",
            group,
        ),
        _fig(
            w["fig_typical"].format(run=view.run(group)),
            figure(label.typical, view.unit(label), "typical"),
            w["fig_used"].format(
                used=count(label.used), read=count(label.read), runs=view.run(group, 2)
            ),
            "",
            group,
        ),
    ]
    if group.losses is not None:
        losses = group.losses
        gap, unexplained = (
            _text(scaled(part.energy, losses.energy_unit, doubt=view.doubt))
            for part in (losses.gap, losses.unexplained)
        )
        share, rest = (
            percent(part.energy / (losses.gap.energy or 1.0))
            for part in (losses.avoidable, losses.unexplained)
        )
        note = [w["fig_share"].format(share=share, gap=gap)]
        if losses.avoidable.co2_kg:
            note.append(f"{_text(scaled(losses.avoidable.co2_kg, 'kg'))} CO₂")
        if losses.avoidable.money and losses.currency:
            note.append(f"{count(losses.avoidable.money)} {losses.currency}")
        note.append(w["fig_unexplained"].format(energy=unexplained, share=rest))
        amount = scaled(losses.avoidable.energy, losses.energy_unit, "avoidable", view.doubt)
        avoidable = w["fig_avoidable"].format(period=view.period)
        first = 0 if losses.avoidable.energy > 0 else len(figures)
        figures.insert(first, _fig(avoidable, amount, " · ".join(note), "you", group))
    return figures


def _fig(name: str, value: ReportFigure, note: str, kind: str, group: LabelGroup) -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "note": note,
        "kind": kind,
        "row": group.rows[group.labels.index(group.main)],
    }


def _uncertainty(view: View, group: LabelGroup) -> str:
    uncertainty, unseen = group.main.uncertainty, beside(group.main, view.analysis.review.limits)
    if uncertainty is None or uncertainty.best is None:
        text = view.w["lead"]["fig_exact"]
    else:
        words = view.w["lead"][
            "fig_uncertain" if uncertainty.best.bounded else "fig_at_least"
        ]  # of so few batches, not of k = 2
        text = words.format(half=half_width(uncertainty.best), unit=view.unit(group.main))
    return text if unseen is None else f"{text} · {view.counted(in_language(unseen, view.lang))}"


def _text(value: ReportFigure) -> str:
    return f"{value.text} {value.unit}"


def _bold(template: str, **values: str) -> Sentence:
    """What stands between asterisks in the words is bold."""
    return [
        SentencePart(part.format(**values), bold=index % 2 == 1)
        for index, part in enumerate(template.split("*"))
    ]


def _joined(view: View, sentences: list[Sentence]) -> Sentence:
    return [
        piece
        for index, sentence in enumerate(sentences)
        for piece in (*([SentencePart(view.gap)] if index else ()), *sentence)
    ]
