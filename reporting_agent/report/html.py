"""The pages of the report, of `check` and of `savings`: each self-contained, without JavaScript or
anything fetched.

Its parts stand in `sections`, one module and one template each; here they are put in order. The
content policy in its head allows nothing but its own style, so a page that tried to fetch anything
would fail in every browser.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from benchmarks.catalogue import in_language, tag
from benchmarks.labels import SiteLabel
from benchmarks.measurements import Period
from reporting_agent.analysis import Analysis
from reporting_agent.analysis.meters.adequacy import adequacy
from reporting_agent.analysis.meters.balance import balances
from reporting_agent.changes.review import review
from reporting_agent.pipeline import LabelResult, PlantData
from reporting_agent.report.figures import count, day, time
from reporting_agent.report.sections import (
    about,
    baselines,
    border,
    costs,
    drill,
    drivers,
    first_look,
    flow,
    ladder,
    lead,
    meters,
    pareto,
    practices,
    quality,
    questions,
    references,
    routes,
    savings,
    site_balance,
    steps,
    use,
    worst,
)
from reporting_agent.report.view import View

if TYPE_CHECKING:
    import jinja2

    from reporting_agent.config import SiteSettings
    from reporting_agent.savings import VerifiedSaving

PARTS: tuple[ModuleType, ...] = (
    first_look,
    ladder,
    worst,
    routes,
    steps,
    pareto,
    practices,
    use,
    flow,
    meters,
    drivers,
    baselines,
    costs,
    border,
    references,
    site_balance,
    drill,
    quality,
)
"""In the order they are read: as on the terminal first where to look, and a picture of each step.
`about` ends the page, with what could not be shown."""


def render(
    site: SiteSettings, result: LabelResult, analysis: Analysis, lang: str, made_at: datetime
) -> str:
    """The page in `en` or `zh`. `made_at` is the moment that it carries, zone-aware."""
    view = View(site, result, analysis, lang, made_at)
    parts, absent = [], []
    for module in PARTS:
        name = module.__name__.rpartition(".")[2]
        content = module.data(view)
        if content is None:
            absent.append(name)
        else:
            parts.append(_part(view, name, content))
    parts.append(_part(view, "about", about.data(view, absent)))
    w, period = view.w["frame"], result.site_label.period
    days = w["period"].format(
        first=day(period.start, lang), last=day(period.end - timedelta(microseconds=1), lang)
    )
    name = site.site.name or site.id
    heading = name if "/" in period.name else f"{name}, {period.name}"
    opening = _asked(view) + _body(view, "lead", lead.data(view))
    return _page(view, heading, [days], opening, parts)


def render_check(
    site: SiteSettings, data: PlantData, period: Period | None, lang: str, made_at: datetime
) -> str:
    """The page of `check`: what was found in the data, and whether the meters suffice. No label is
    computed for it.
    """
    result = _without_labels(data, period, made_at)
    judged = Analysis(
        balances=balances(site, result) if period is not None else (),
        adequacy=adequacy(site, result),
        review=review(site, data),
    )
    view = View(site, result, judged, lang, made_at)
    w = view.w["check"]
    excluded = sum(batch.excluded is not None for batch in data.batches)
    summary = w["lead"].format(
        read=count(len(data.batches)), excluded=count(excluded), rejected=count(len(data.rejected))
    )
    parts = [_part(view, "quality", quality.data(view))]
    of_meters = meters.data(view)
    if of_meters is not None:
        parts.append(_part(view, "meters", of_meters))
    heading = w["heading"].format(name=site.site.name or site.id)
    return _page(
        view, heading, [], _asked(view) + filled("opening", {"lead": summary, "notes": ()}), parts
    )


def render_savings(
    site: SiteSettings,
    result: LabelResult,
    verifications: tuple[VerifiedSaving, ...],
    lang: str,
    made_at: datetime,
) -> str:
    """The page of `savings`: each action and target with its finding."""
    view = View(site, result, Analysis(), lang, made_at)
    heading = f"{site.site.name or site.id}: {in_language(savings.HEADING, lang)}"
    return _page(view, heading, [], _body(view, "savings", savings.data(verifications, lang)), [])


def _asked(view: View) -> Markup:
    """What stands before everything else: changes of the data that nobody has explained, and those
    that somebody has.
    """
    content = questions.data(view)
    return Markup("") if content is None else _body(view, "questions", content)


def _without_labels(data: PlantData, period: Period | None, made_at: datetime) -> LabelResult:
    """What the parts of the page are made from, where there are no labels; without a period, from
    the first batch on.
    """
    starts = [batch.start for batch in data.batches] or [made_at]
    over = period or Period(min(starts), max(max(starts), made_at), "")
    return LabelResult(SiteLabel(data.pack.id, data.pack.version, over, ()), data)


def _page(
    view: View, heading: str, days: list[str], opening: Markup, parts: list[dict[str, Any]]
) -> str:
    w, pack = view.w["frame"], view.result.data.pack
    caption = [
        view.site.id,
        w["pack"].format(pack=view.text(pack.words), version=pack.version),
        *days,
        w["made"].format(when=time(view.made_at.astimezone(view.site.zone), view.lang)),
    ]
    return (
        environment()
        .get_template("frame.html")
        .render(
            lang=view.lang,
            w=view.w,
            style=style(),
            style_hash=style_hash(),
            heading=heading,
            caption=" · ".join(caption),
            lead=opening,
            parts=parts,
            zone=w["zone"].format(zone=view.site.site.timezone),
        )
    )


def _part(view: View, name: str, content: dict[str, Any]) -> dict[str, Any]:
    """A part with its heading; one that has a `title` of its own writes it itself."""
    heading = view.w[name]["heading"]
    return {
        "id": name.replace("_", "-"),
        "heading": heading,
        "title": "" if "title" in content else heading,
        "body": _body(view, name, content),
    }


def _body(view: View, name: str, content: dict[str, Any]) -> Markup:
    return filled(name, content, view.w)


def filled(
    name: str, shown: Mapping[str, Any], words: Mapping[str, Any] = MappingProxyType({})
) -> Markup:
    """The template of that name with what it shows (`s`) and its words (`w`)."""
    return Markup(environment().get_template(f"{name}.html").render(s=shown, w=words))  # noqa: S704 - the template escapes


@lru_cache(maxsize=1)
def environment() -> jinja2.Environment:
    """The templates, compiled once; read as package data, so that they are found inside an archive
    too.
    """
    import jinja2

    templates = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["tag"] = tag
    return templates


def _source(name: str) -> str:
    """A template of this package, or of another that is named: `extras.fleet/fleet.html`."""
    package, _, file = name.rpartition("/")
    return files(package or __package__).joinpath("templates", file).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def style() -> str:
    return _source("style.css")


@lru_cache(maxsize=1)
def style_hash() -> str:
    """What the content policy knows the style by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style().encode("utf-8")).digest()).decode(
        "ascii"
    )
