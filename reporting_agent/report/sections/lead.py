"""The first question answered with numbers: which batch was worst, why, what is avoidable; then three or four figures."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup, escape

from reporting_agent.analysis import BatchLoss, Cause, StepLosses
from reporting_agent.report.figures import Figure, figure, scaled
from reporting_agent.report.numbers import count, percent, shown, time
from reporting_agent.report.view import Group, View

MOST = 0.5  # from this share on "more than half" is said of a cause


def data(view: View) -> dict[str, Any]:
    """Sentence and figures; where no label could be made, the reason in their place."""
    group = view.lead
    if group is None:
        return {"sentence": _refused(view), "figures": []}
    return {"sentence": Markup(view.gap).join(_sentences(view, group)), "figures": list(_figures(view, group))}  # noqa: S704 - escaped part by part


def _refused(view: View) -> Markup:
    w = view.w["lead"]
    if not view.groups:
        return escape(w["no_batches"])
    group = view.groups[0]
    why = view.reason(group.main.best.reason or "")
    return escape(w["no_label"].format(name=view.name(group), why=why, read=count(group.main.read)))


def _sentences(view: View, group: Group) -> list[Markup]:
    w, label, unit = view.w["lead"], group.main, view.unit(group.main)
    if view.in_question(group):
        return [_bold(w["in_question"], runs=view.run(group, 2), best=shown(label.best.value), unit=unit)]
    worst, losses = view.worst, group.losses
    best = shown(label.best.value)
    if worst is None or losses is None:
        return [_bold(w["label_alone"], runs=view.run(group, 2), best=best, typical=shown(label.typical), unit=unit)]
    when = time(worst.start.astimezone(view.site.zone), view.lang)
    name = f"{view.name(group)}{view.w['page']['colon']}" if len(view.labelled) > 1 else ""
    said = [
        _bold(w["worst"], step=name, run=view.run(group), batch=worst.batch_id, when=when, value=shown(worst.value), best=best, unit=unit),
        _why(view, worst, losses),
        _year(view, losses),
    ]
    return [sentence for sentence in said if sentence]


def _why(view: View, worst: BatchLoss, losses: StepLosses) -> Markup:
    """How much of the worst batch's gap nothing accounts for; avoidable is said of it only where a cause is named."""
    w, total = view.w["lead"], worst.gap.energy
    above = shown(worst.value - losses.label)
    named = [part for part in worst.causes if part.cause is not Cause.NONE]
    avoidable = _bold(
        w["of_that" if named else "unexplained"],
        above=above,
        avoidable=shown(worst.avoidable.energy / worst.output_t),
        share=percent(worst.avoidable.energy / total),
    )
    if not named:
        return avoidable
    cause, told = named[0], view.evidence(named[0].evidence)
    share = cause.amount.energy / total
    text = w["cause_most" if share > MOST else "cause"]
    return (
        avoidable
        + view.gap
        + _bold(
            text,
            cause=view.inside(cause.cause.words),
            evidence=view.w["lead"]["evidence"].format(told=told) if told else "",
            share=percent(share),
        )
    )


def _year(view: View, losses: StepLosses) -> Markup:
    """The period as a whole: the cause that costs most of all."""
    named = [(amount.energy, cause) for cause, amount in losses.by_cause.items() if cause is not Cause.NONE and amount.energy > 0]
    if not named or losses.avoidable.energy <= 0:
        return Markup("")
    energy, cause = max(named)
    same = view.worst is not None and view.worst.causes and view.worst.causes[0].cause is cause
    return _bold(
        view.w["lead"]["largest_too" if same else "largest"],
        cause=view.inside(cause.words),
        share=percent(energy / losses.avoidable.energy),
    )


def _figures(view: View, group: Group) -> list[dict[str, Any]]:
    w, label = view.w["lead"], group.main
    quantile = f"p{float(group.step.label_rule.quantile * 100):g}"
    made = [
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
            w["fig_used"].format(used=count(label.used), read=count(label.read), runs=view.run(group, 2)),
            "",
            group,
        ),
    ]
    if group.losses is not None:
        losses = group.losses
        share = percent(losses.avoidable.energy / losses.gap.energy) if losses.gap.energy else percent(0.0)
        note = [w["fig_share"].format(share=share, gap=_text(scaled(losses.gap.energy, losses.energy_unit, doubt=view.doubt)))]
        if losses.avoidable.co2_kg is not None:
            note.append(f"{_text(scaled(losses.avoidable.co2_kg, 'kg'))} CO₂")
        if losses.avoidable.money is not None and losses.currency:
            note.append(f"{count(losses.avoidable.money)} {losses.currency}")
        amount = scaled(losses.avoidable.energy, losses.energy_unit, "avoidable", view.doubt)
        made.append(_fig(w["fig_avoidable"].format(period=view.period), amount, " · ".join(note), "you", group))
    uses = [use for use in view.analysis.value_adding if use.step == group.step.id and use.share is not None and use.meter]
    if uses:
        use = max(uses, key=lambda one: one.total)
        made.append(
            _fig(
                w["fig_adding"],
                Figure(percent(use.share), use.share, "", ""),
                w["fig_adding_note"].format(meter=use.meter or view.step_name(use.step)),
                "",
                group,
            )
        )
    return made


def _fig(name: str, value: Figure, note: str, kind: str, group: Group) -> dict[str, Any]:
    return {"name": name, "value": value, "note": note, "kind": kind, "row": group.rows[group.labels.index(group.main)]}


def _uncertainty(view: View, group: Group) -> str:
    found = group.main.uncertainty
    if found is None or found.best is None:
        return view.w["lead"]["fig_exact"]
    return view.w["lead"]["fig_uncertain"].format(half=shown(found.best.value), unit=view.unit(group.main))


def _text(value: Figure) -> str:
    return f"{value.text} {value.unit}"


def _bold(template: str, **given: str) -> Markup:
    """A sentence whose filled-in parts are escaped; what stands between asterisks in the words is bold."""
    parts = str(escape(template)).format(**{name: escape(value) for name, value in given.items()}).split("*")
    return Markup("".join(f"<b>{part}</b>" if index % 2 else part for index, part in enumerate(parts)))  # noqa: S704 - every part was escaped
