"""The group's report as one page, with the style and the content policy of the sites' own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup

from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase, joined
from reporting_agent.fleet.group import GroupStep, Standing
from reporting_agent.fleet.labelling import Outcome
from reporting_agent.report import html
from reporting_agent.report.figures import NOTHING, count, scaled, shown, time
from reporting_agent.report.words import words


def render(name: str, period: str, outcomes: Sequence[Outcome], steps: Sequence[GroupStep], lang: str, made: datetime) -> str:
    """The page. `made` is the moment that it carries, zone-aware."""
    w = words(lang)
    shared = [group for group in steps if len(group.sites) > 1]
    failed = [each for each in outcomes if each.refused is not None]
    found: dict[str, Any] = {
        "lead": in_language(_lead(outcomes, failed, shared), lang),
        "steps": [_step(group) for group in shared],
        "alone": [f"{group.label.name}: {group.sites[0].site}" for group in steps if len(group.sites) == 1],
        "failed": [
            {"file": each.file, "told": in_language(joined(each.refused["sentence"], each.refused["remedy"]), lang)}
            for each in failed
            if each.refused is not None
        ],
    }
    body = html.environment().get_template("fleet.html").render(s=found, w=w)
    page: str = (
        html.environment()
        .get_template("frame.html")
        .render(
            lang=lang,
            w=w,
            style=html.style(),
            style_hash=html.style_hash(),
            heading=f"{name}, {period}",
            caption=w["frame"]["made"].format(when=time(made, lang)),
            lead=Markup(body),  # noqa: S704 - the template escapes
            parts=[],
            zone="",
        )
    )
    return page


def _lead(outcomes: Sequence[Outcome], failed: Sequence[Outcome], shared: Sequence[GroupStep]) -> Phrase:
    told = {"done": count(len(outcomes) - len(failed)), "sites": count(len(outcomes)), "steps": count(len(shared))}
    return Phrase("%(done)s of %(sites)s sites were labelled; %(steps)s labels stand at more than one of them.", **told)


def _step(group: GroupStep) -> dict[str, Any]:
    return {"name": group.label.name, "unit": group.label.unit, "pack": group.label.pack, "rows": [_row(group, row) for row in group.sites]}


def _row(group: GroupStep, row: Standing) -> dict[str, Any]:
    energy = None if row.energy is None else scaled(row.energy, group.label.energy_unit, "energy")
    doubt = "" if row.step.uncertainty is None else f" ± {shown(row.step.uncertainty)}"
    return {
        "site": row.site,
        "best": f"{shown(row.step.best)}{doubt}",
        "is_best": row.is_best,
        "typical": shown(row.step.typical),
        "batches": count(row.step.used),
        "distance": NOTHING if row.distance is None else shown(row.distance),
        "clear": row.clear,
        "energy": NOTHING if energy is None else f"{energy.text} {energy.unit}",
        "money": NOTHING if row.money is None else f"{count(row.money)} {row.step.currency}",
    }
