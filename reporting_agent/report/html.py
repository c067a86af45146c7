"""The local report: one self-contained page that opens from a file, without JavaScript or anything fetched.

The lead sentence answers the first question with numbers; then each label with its values, its worst batches and its
exclusions; then what was found in the data.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.carriers import CARRIERS
from benchmarks.errors import Place
from benchmarks.labels import Grade, LimitGrade, StepLabel
from benchmarks.measurements import Finding
from benchmarks.routes import Words
from reporting_agent.report.plot import plot
from reporting_agent.report.quality import in_order
from reporting_agent.report.summary import doubt, shown, unit_of
from reporting_agent.report.words import reason, rule, words

if TYPE_CHECKING:
    from reporting_agent.config import Site
    from reporting_agent.pipeline import LabelResult

WORST_SHOWN = 10
PLACES_SHOWN = 5
_TEMPLATE = Path(__file__).with_name("page.html")


def render(site: Site, result: LabelResult, lang: str) -> str:
    """The page in `en` or `zh`."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    label = result.site_label
    return template.render(
        lang=lang,
        w=words(lang),
        name=site.site.name or site.id,
        period=label.period.name,
        period_start=label.period.start.date().isoformat(),
        period_end=label.period.end.date().isoformat(),
        pack=f"{label.pack} {label.pack_version}",
        lead=_lead(result, lang),
        labels=[_label(one, result, lang) for one in _useful_first(label.steps)],
        findings=[_finding(one, lang) for one in in_order(result.findings)],
    )


def _useful_first(labels: tuple[StepLabel, ...]) -> list[StepLabel]:
    return sorted(labels, key=lambda label: label.best.value is None)


def _lead(result: LabelResult, lang: str) -> str:
    w = words(lang)
    labels = _useful_first(result.site_label.steps)
    if not labels:
        return w["page"]["no_batches"]
    label = labels[0]
    if label.best.value is None or label.typical is None:
        why = reason(label.best.reason or "", lang)
        return f"{_heading(label, result, lang)}: {w['page']['no_label']} ({why}). {w['page']['see_reasons']}"
    runs = w["runs"].get(result.data.pack.step(label.step).run_kind, "")
    sentences = [
        w["lead"]["best"].format(
            runs=runs,
            best=f"{shown(label.best.value)} {unit_of(label, result, lang)}",
            typical=f"{shown(label.typical)} {unit_of(label, result, lang)}",
            above=shown(label.typical - label.best.value),
        )
    ]
    if label.gap is not None and label.gap.energy > 0:
        share = f"{100 * label.gap.avoidable / label.gap.energy:.0f} %"
        sentences.append(
            w["lead"]["avoidable"].format(avoidable=f"{shown(label.gap.avoidable)} {label.gap.unit}{doubt(result, lang)}", share=share)
        )
        if label.gap.batches:
            worst = label.gap.batches[0].batch_id
            value = next((one.value for one in label.values if one.batch_id == worst), None)
            sentences.append(w["lead"]["worst"].format(batch=worst, value=f"{shown(value)} {unit_of(label, result, lang)}"))
    return ("" if lang == "zh" else " ").join(sentences)


def _heading(label: StepLabel, result: LabelResult, lang: str) -> str:
    step = result.data.pack.step(label.step)
    name = _said(step.words, lang)
    variant = next((_said(one.words, lang) for one in step.variants if one.id == label.variant), label.variant)
    parts = [name, variant if len(step.variants) > 1 else "", words(lang)["metric"].get(str(label.metric), str(label.metric))]
    return " · ".join(part for part in parts if part)


def _label(label: StepLabel, result: LabelResult, lang: str) -> dict[str, Any]:
    w = words(lang)["label"]
    figures = [
        ("best", label.best.value, rule(result.data.pack.step(label.step).label_rule.quantile, lang)),
        ("typical", label.typical, ""),
        ("mean", label.mean, w["mean_note"]),
        ("minimum", label.minimum, w["minimum_note"]),
    ]
    covered = None if label.completeness is None else w["completeness"].format(share=f"{100 * label.completeness:.1f} %")
    values = {one.batch_id: one.value for one in label.values}
    parts = label.gap.batches[:WORST_SHOWN] if label.gap is not None else ()
    return {
        "heading": _heading(label, result, lang),
        "unit": unit_of(label, result, lang),
        "energy_unit": label.energy_unit + doubt(result, lang),
        "batches": w["batches"].format(used=f"{label.used:,}", read=f"{label.read:,}"),
        "completeness": covered,
        "refusal": None if label.best.value is not None else reason(label.best.reason or "", lang),
        "missing": w["missing"].format(carriers=_carriers(label, lang), step=label.step) if label.missing_carriers else None,
        "figures": [
            {"name": w[name], "value": shown(value), "note": note, "best": name == "best"} for name, value, note in figures if label.used
        ],
        "plot": plot(label),
        "worst": [{"batch": part.batch_id, "value": shown(values.get(part.batch_id)), **_energies(part)} for part in parts],
        "gap": None if label.gap is None else _energies(label.gap),
        "excluded": [(reason(code, lang), f"{count:,}") for code, count in label.excluded.items()],
        "grade": _grade(label.grade, lang),
    }


def _carriers(label: StepLabel, lang: str) -> str:
    """The carriers by name, with the id that site.toml wants."""
    return ", ".join(f"{_said(CARRIERS[carrier].words, lang)} ({carrier})" for carrier in label.missing_carriers)


def _grade(grade: Grade, lang: str) -> dict[str, Any]:
    """The sentence on the grade, and each limit tested or the reason why it was not; limits without a verified source show no figure."""
    w = words(lang)["grade"]
    if grade.best_met is not None:
        standards = sorted({limit.standard for limit in grade.limits if limit.best_met == grade.best_met})
        sentence = w["met"].format(grade=grade.best_met, standard=", ".join(standards))
    else:
        sentence = w["none"] if grade.why is None else _said(grade.why, lang)
    return {
        "sentence": sentence,
        "limits": [_limit(limit, lang) for limit in grade.limits if limit.verified],
        "not_monotone": any(not limit.monotone for limit in grade.limits),
    }


def _limit(limit: LimitGrade, lang: str) -> dict[str, Any]:
    w = words(lang)["grade"]
    marks = {True: w["yes"], False: w["no"], None: w["undefined"]}
    cells = [
        f"{shown(value)} · {marks[met]}" if value is not None else marks[None] for value, met in zip(limit.limits, limit.met, strict=True)
    ]
    return {"standard": limit.standard, "cells": cells, "why": None if limit.why is None else _said(limit.why, lang)}


def _said(both: Words, lang: str) -> str:
    return both.zh if lang == "zh" else both.en


def _energies(part: Any) -> dict[str, str]:
    return {name: shown(getattr(part, name)) for name in ("energy", "explained", "within_uncertainty", "avoidable")}


def _finding(finding: Finding, lang: str) -> dict[str, str]:
    return {
        "name": reason(finding.code, lang),
        "sentence": finding.zh if lang == "zh" else finding.sentence,
        "kind": words(lang)["severity"][str(finding.severity)],
        "count": f"{finding.count:,}",
        "places": _places(finding.places, lang),
    }


def _places(places: tuple[Place, ...], lang: str) -> str:
    """Rows grouped by file, as a person looks them up."""
    w = words(lang)["quality"]
    by_file: dict[str, list[str]] = {}
    for place in places[:PLACES_SHOWN]:
        by_file.setdefault(Path(place.file).name, []).append("" if place.row is None else f"{place.row}")
    texts = [f"{file}: {w['row']} {', '.join(rows)}{w['row_after']}" if any(rows) else file for file, rows in by_file.items()]
    return "; ".join(texts) + (" …" if len(places) > PLACES_SHOWN else "")
