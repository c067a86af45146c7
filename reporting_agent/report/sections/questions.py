"""Changes of the data that nobody has explained, before everything else; those that site.toml
explains, with the reason.
"""

from __future__ import annotations

from typing import Any

from benchmarks.catalogue import in_language
from benchmarks.label_keys import LabelKey
from benchmarks.labels import StepLabel
from reporting_agent.changes.review import ChangeQuestion
from reporting_agent.report.figures import count, shown
from reporting_agent.report.look_first import changes
from reporting_agent.report.view import View
from reporting_agent.report.words import label_name


def data(view: View) -> dict[str, Any] | None:
    """None where nothing changed."""
    review = view.analysis.review
    if not review.questions:
        return None
    heading = view.w["questions"]["heading"].format(count=count(len(review.open)))
    return {
        "heading": heading,
        "open": [
            _question(view, question, worth)
            for question, worth in changes(view.site, view.result, view.analysis)
        ],
        "answered": [_question(view, question) for question in review.answered],
        "labels": list(_labels(view)) if review.open else [],
    }


def _question(view: View, question: ChangeQuestion, worth: str = "") -> dict[str, str]:
    return {
        "worth": f"{worth}{view.w['page']['colon']}" if worth else "",
        "sentence": view.counted(in_language(question.sentence, view.lang)),
        "declare": question.declare,
        "reason": "" if question.answer is None else question.answer.reason,
    }


def _labels(view: View) -> list[dict[str, str]]:
    """Each label with the questioned part and without."""
    without = {LabelKey.of(step_label): step_label for step_label in view.analysis.unquestioned}
    rows = []
    for label in view.result.site_label.steps:
        other = without.get(LabelKey.of(label))
        rows.append(
            {
                "name": label_name(
                    view.result.data.pack.step(label.step),
                    label.product,
                    label.variant,
                    label.metric,
                    view.lang,
                ),
                "unit": view.unit(label),
                "with": _best(view, label),
                "without": view.w["questions"]["no_label"] if other is None else _best(view, other),
                "used": count(label.used),
                "used_without": count(0 if other is None else other.used),
            }
        )
    return rows


def _best(view: View, label: StepLabel) -> str:
    return view.w["questions"]["no_label"] if label.best.value is None else shown(label.best.value)
