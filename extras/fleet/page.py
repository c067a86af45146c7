"""The group's reports, each one page, with the style and the content policy of the sites' own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from benchmarks import texts
from benchmarks.carriers import CARRIERS
from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase, Value, as_phrase, enumerated, joined
from extras.fleet.checks import worst_first
from extras.fleet.site_tasks import (
    DataQuality,
    EnergyPrice,
    SitePrices,
    SiteStep,
    SiteTaskOutcome,
)
from extras.fleet.sites_compared import CauseApart, GroupStep, SiteAtStep
from reporting_agent.report import html
from reporting_agent.report.figures import NOTHING, DisplayUnit, count, shown, time, unit_for
from reporting_agent.report.words import counted, reason, words


def render(
    name: str,
    period: str,
    outcomes: Sequence[SiteTaskOutcome],
    steps: Sequence[GroupStep],
    lang: str,
    made_at: datetime,
) -> str:
    """The page of labels. `made_at` is the moment that it carries, zone-aware."""
    shared = [group for group in steps if len(group.sites) > 1]
    content: dict[str, Any] = {
        "lead": in_language(_lead(outcomes, shared), lang),
        "steps": [_step(group, lang) for group in shared],
        "causes": any(row.causes for group in shared for row in group.sites),
        "prices": _price_rows(outcomes, lang) if shared else [],
        "alone": [
            in_language(_of_site(group.name, group.sites[0].site), lang)
            for group in steps
            if len(group.sites) == 1
        ],
        "failed": _failed(outcomes, lang),
        "lacking": [
            {"site": each.site, "labels": [label.sentence for label in each.lacking]}
            for each in outcomes
            if each.steps and each.lacking
        ],
    }
    return _framed("extras.fleet/fleet.html", content, f"{name}, {period}", lang, made_at)


def of_checks(
    name: str, period: str | None, outcomes: Sequence[SiteTaskOutcome], lang: str, made_at: datetime
) -> str:
    """The page of checks: which sites cannot be read, and what is to be mended at the others."""
    read = worst_first(outcomes)
    counts = {
        "read": count(len(read)),
        "sites": count(len(outcomes)),
        "open": count(sum(_of(each).open_questions > 0 for each in read)),
    }
    lead = Phrase(
        "Sites that could be read: %(read)s of %(sites)s; with changes in their data that are not "
        "explained: %(open)s.",
        **counts,
    )
    content: dict[str, Any] = {
        "lead": in_language(lead, lang),
        "rows": [_checked(each) for each in read],
        "failed": _failed(outcomes, lang),
    }
    return _framed(
        "extras.fleet/fleet_check.html",
        content,
        name if period is None else f"{name}, {period}",
        lang,
        made_at,
    )


@lru_cache(maxsize=2)
def fleet_words(lang: str) -> dict[str, str]:
    """The fixed words of both pages."""
    sections = texts.read(files(__package__).joinpath("words.toml"))
    return {key: in_language(text, lang) for key, text in sections["fleet"].items()}


def _framed(
    template: str, content: dict[str, Any], heading: str, lang: str, made_at: datetime
) -> str:
    w = {**words(lang), "fleet": fleet_words(lang)}
    body = html.environment().get_template(template).render(s=content, w=w)
    page: str = (
        html.environment()
        .get_template("frame.html")
        .render(
            lang=lang,
            w=w,
            style=html.style(),
            style_hash=html.style_hash(),
            heading=heading,
            caption=w["frame"]["made"].format(when=time(made_at, lang)),
            lead=Markup(body),  # noqa: S704 - the template escapes
            parts=[],
            zone="",
        )
    )
    return page


def _failed(outcomes: Sequence[SiteTaskOutcome], lang: str) -> list[dict[str, str]]:
    """Each site that was refused, with place, what was found there and what to do."""
    rows = []
    for each in outcomes:
        if each.refused is not None:
            actual, wanted = (each.refused.get(name) for name in ("found", "wanted"))
            sentence = in_language(
                joined(as_phrase(each.refused["sentence"]), as_phrase(each.refused["remedy"])), lang
            )
            rows.append(
                {
                    "file": each.file,
                    "told": sentence,
                    "at": " · ".join(
                        in_language(part, lang) for part in (each.at, actual, wanted) if part
                    ),
                }
            )
    return rows


def _of(each: SiteTaskOutcome) -> DataQuality:
    assert each.quality is not None, each.file  # noqa: S101 - only sites that were read stand here
    return each.quality


def _checked(each: SiteTaskOutcome) -> dict[str, Any]:
    quality = _of(each)
    return {
        "site": each.site,
        "folder": Path(each.folder).name,
        "batches": count(quality.batches),
        "excluded": count(quality.excluded),
        "rejected": count(quality.rejected_rows),
        "open": count(quality.open_questions),
        "first": quality.first,
        "place": quality.place,
    }


def _lead(outcomes: Sequence[SiteTaskOutcome], shared: Sequence[GroupStep]) -> Phrase:
    counts = {
        "done": count(sum(each.refused is None for each in outcomes)),
        "sites": count(len(outcomes)),
        "steps": count(len(shared)),
    }
    return Phrase(
        "Sites labelled: %(done)s of %(sites)s; labels that exist at more than one of them: "
        "%(steps)s.",
        **counts,
    )


def _step(group: GroupStep, lang: str) -> dict[str, Any]:
    w = fleet_words(lang)
    causes = [(row, cause) for row in group.sites for cause in row.causes]
    saved = _Columns.of(group, [row.energy for row in group.sites])
    more = _Columns.of(group, [cause.energy for _, cause in causes])
    return {
        "name": group.name,
        "unit": counted(group.label.unit, lang),
        "pack": group.label.pack,
        "energy": saved.headed(w["energy"]),
        "money": saved.priced(w["money"]),
        "rows": [_row(row, saved, lang) for row in group.sites],
        "in_total": any(row.step.in_total for row in group.sites),
        "without_money": _without_money(group, lang),
        "left_out": [_left_out(row, lang) for row in group.sites if row.step.excluded],
        "left_out_of": in_language(_left_out_of(group), lang),
        "cause_energy": more.headed(w["cause_energy"]),
        "cause_money": more.priced(w["cause_money"]),
        "causes": [_cause(row, cause, more, lang) for row, cause in causes],
    }


@dataclass(frozen=True, slots=True)
class _Columns:
    """The unit of a table's energies, and the currency of its money where all of its sites have
    one; else each amount has its own.
    """

    unit: DisplayUnit
    currency: str | None

    @classmethod
    def of(cls, group: GroupStep, energies: Sequence[float | None]) -> _Columns:
        largest = max((abs(energy) for energy in energies if energy is not None), default=None)
        currencies = {row.step.currency for row in group.sites if row.step.currency is not None}
        return cls(
            unit_for(largest, group.label.energy_unit),
            currencies.pop() if len(currencies) == 1 else None,
        )

    def headed(self, title: str) -> str:
        return f"{title} ({self.unit.name})"

    def priced(self, title: str) -> str:
        return title if self.currency is None else f"{title} ({self.currency})"

    def energy(self, amount: float | None) -> str:
        return self.unit.figure(amount).text

    def money(self, amount: float | None, currency: str | None) -> str:
        if amount is None:
            return NOTHING
        return count(amount) if self.currency is not None else f"{count(amount)} {currency}"


def _cause(row: SiteAtStep, cause: CauseApart, columns: _Columns, lang: str) -> dict[str, str]:
    return {
        "site": row.site,
        "cause": cause.cause.words.said_in(lang),
        "here": shown(cause.here),
        "at_best": shown(cause.at_best) if cause.at_best else NOTHING,
        "energy": columns.energy(cause.energy),
        "money": columns.money(cause.money, row.step.currency),
    }


def _row(row: SiteAtStep, columns: _Columns, lang: str) -> dict[str, Any]:
    doubt = "" if row.step.uncertainty is None else f" ± {shown(row.step.uncertainty)}"
    return {
        "site": row.site,
        "best": f"{shown(row.step.best)}{doubt}",
        "is_best": row.is_best,
        "typical": shown(row.step.typical),
        "batches": in_language(_batches(row.step), lang),
        "distance": NOTHING if row.distance is None else shown(row.distance),
        "clear": row.clear,
        "energy": columns.energy(row.energy),
        "money": columns.money(row.money, row.step.currency),
    }


def _price_rows(outcomes: Sequence[SiteTaskOutcome], lang: str) -> list[dict[str, str]]:
    """The prices that the money is calculated with, each list once with the sites that have it."""
    sites: dict[SitePrices, list[str]] = {}
    for each in outcomes:
        if each.steps and each.prices is not None:
            sites.setdefault(each.prices, []).append(each.site)
    w, comma = fleet_words(lang), words(lang)["page"]["comma"]
    return [
        {
            "prices": comma.join(
                in_language(_priced(price, lang), lang) for price in prices.carriers
            )
            or NOTHING,
            "source": w["of_fleet"] if prices.inherited else w["of_site"],
            "sites": comma.join(names),
        }
        for prices, names in sites.items()
    ]


def _priced(price: EnergyPrice, lang: str) -> Phrase:
    values = {
        "carrier": CARRIERS[price.carrier].words.said_in(lang)
        if price.carrier in CARRIERS
        else price.carrier,
        "unit": price.unit,
    }
    if price.series is not None:
        return Phrase(
            "%(carrier)s by the series %(series)s, %(unit)s", **values, series=price.series
        )
    if price.least == price.most:
        return Phrase("%(carrier)s %(amount)s %(unit)s", **values, amount=f"{price.most:,.10g}")
    return Phrase(
        "%(carrier)s %(least)s to %(most)s %(unit)s",
        **values,
        least=f"{price.least:,.10g}",
        most=f"{price.most:,.10g}",
    )


def _batches(step: SiteStep) -> str:
    """How many batches the label is of, of how many where some were left out."""
    if step.used == step.read:
        return count(step.used)
    return Phrase("%(used)s of %(read)s", used=count(step.used), read=count(step.read))


def _left_out(row: SiteAtStep, lang: str) -> str:
    """Reasons for which batches of a site are not in its label, most first."""
    ordered = sorted(row.step.excluded.items(), key=lambda item: -item[1])
    reasons = enumerated(
        Phrase("%(why)s %(count)s", why=reason(why, lang), count=count(number))
        for why, number in ordered
    )
    return in_language(_of_site(row.site, reasons), lang)


def _left_out_of(group: GroupStep) -> Phrase:
    excluded = [sum(row.step.excluded.values()) for row in group.sites if row.step.excluded]
    return Phrase(
        "Batches left out: %(batches)s, at sites: %(sites)s",
        batches=count(sum(excluded)),
        sites=count(len(excluded)),
    )


def _without_money(group: GroupStep, lang: str) -> list[dict[str, str]]:
    """Each reason for which a saving has no money, once, with the sites that it holds for."""
    sites: dict[str, list[str]] = {}
    for row in group.sites:
        if row.energy is not None and row.money is None:
            sites.setdefault(row.step.without_money or "", []).append(row.site)
    return [
        {
            "why": in_language(
                Phrase(
                    "Sites without a saving in money: %(count)s. %(why)s",
                    count=count(len(names)),
                    why=why,
                ),
                lang,
            ),
            "sites": words(lang)["page"]["comma"].join(sorted(names)),
        }
        for why, names in sites.items()
    ]


def _of_site(where: str, what: Value) -> Phrase:
    return Phrase("%(where)s: %(what)s", where=where, what=what)
