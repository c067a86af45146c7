"""What each action and target saved: the finding in words, its figures, and the saving as it added up day by day."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase
from reporting_agent.report.figures import count, month, percent, unit_for
from reporting_agent.report.svg import WIDTH, Scale, line, tick_text, ticks
from reporting_agent.savings import Action, Verified
from reporting_agent.savings.telling import STATES, VERDICTS, Verdict

HEIGHT = 200
HEADING = Phrase("Verified savings")
LEAD = Phrase(
    "What each action used in its reporting period, compared with what its baseline period expects for the same output and conditions."
)
NONE = Phrase("actions.toml names no action and no target yet. docs/savings.md has an example to start from.")
_SAVED = frozenset({Verdict.SAVED, Verdict.REACHED})


def data(found: tuple[Verified, ...], lang: str) -> dict[str, Any]:
    """Everything the page shows, in its language."""

    def said(text: str) -> str:
        return in_language(text, lang)

    return {"lead": said(LEAD), "none": said(NONE), "savings": [_one(one, lang) for one in found]}


def finding(one: Verified) -> Phrase:
    """What was saved, or that nothing can be told and why."""
    found, share = one.forecast, one.share
    if found is None or share is None:
        return one.why or Phrase("No energy use was expected in the reporting period.")
    unit = unit_for(max(abs(found.expected), abs(found.actual)), one.unit)

    def amount(value: float) -> str:
        return unit.figure(value).text

    facts = {
        "days": count(one.reporting_days),
        "used": amount(found.actual),
        "expected": amount(found.expected),
        "unit": unit.name,
        "saving": amount(abs(found.saving)),
        "low": amount(found.low),
        "high": amount(found.high),
        "share": percent(abs(share[0]), 1),
    }
    used = Phrase("On %(days)s days %(used)s %(unit)s were used; the baseline expects %(expected)s %(unit)s.", **facts)
    if one.verdict in _SAVED:
        told = Phrase("%(saving)s %(unit)s were saved, %(share)s; with 95 %% confidence between %(low)s and %(high)s %(unit)s.", **facts)
    elif one.verdict is Verdict.USED_MORE:
        told = Phrase(
            "That is %(saving)s %(unit)s more, %(share)s; with 95 %% confidence the saving is between %(low)s and %(high)s %(unit)s.",
            **facts,
        )
    else:
        told = Phrase("With 95 %% confidence the saving is between %(low)s and %(high)s %(unit)s, so there may be no saving.", **facts)
    return Phrase("%(used)s %(told)s", used=used, told=told)


def _one(one: Verified, lang: str) -> dict[str, Any]:
    def said(text: str) -> str:
        return in_language(text, lang)

    return {
        "name": one.of.name,
        "verdict": said(VERDICTS[one.verdict]),
        "good": one.verdict in _SAVED,
        "sentence": said(finding(one)),
        "facts": [(said(name), value) for name, value in _facts(one, lang)],
        "chart": _chart(one, lang),
    }


def _facts(one: Verified, lang: str) -> list[tuple[Phrase, str]]:
    found, share = one.forecast, one.share
    facts = [(Phrase("Of"), f"{one.of.meter or one.of.step}"), (Phrase("Owner"), one.of.owner)]
    if isinstance(one.of, Action):
        facts += [(Phrase("State"), f"{in_language(STATES[one.of.state], lang)}, {one.of.day.isoformat()}")]
    if one.of.wanted_pct is not None:
        facts += [(Phrase("Planned saving"), f"{one.of.wanted_pct:g} %")]
    if one.baseline.name:
        facts += [(Phrase("Baseline period"), one.baseline.name), (Phrase("Reporting period"), one.reporting.name)]
    if found is None or share is None:
        return facts
    unit = unit_for(max(abs(found.low), abs(found.high)), one.unit)
    facts += [
        (Phrase("Saving"), f"{unit.figure(found.saving, sign=True).text} {unit.name}"),
        (Phrase("95 % interval"), f"{unit.figure(found.low, sign=True).text} … {unit.figure(found.high, sign=True).text} {unit.name}"),
        (Phrase("Share of expected use"), f"{percent(share[0], 1)} ({percent(share[1], 1)} … {percent(share[2], 1)})"),
        (Phrase("Days known"), f"{count(one.baseline_days)} + {count(one.reporting_days)}"),
        (Phrase("Baseline explains"), percent(found.explained)),
    ]
    if one.money is not None:
        low, high = (one.money * side / found.saving if found.saving else 0.0 for side in (found.low, found.high))
        facts += [(Phrase("Money"), f"{count(one.money)} {one.currency} ({count(low)} … {count(high)})")]
    if one.co2_kg is not None:
        low, high = (one.co2_kg * side / found.saving if found.saving else 0.0 for side in (found.low, found.high))
        facts += [(Phrase("CO₂"), f"{one.co2_kg / 1000:,.1f} t ({low / 1000:,.1f} … {high / 1000:,.1f}); {one.co2_source}")]
    return facts


def _chart(one: Verified, lang: str) -> dict[str, Any] | None:
    """The saving as it added up, from the first known day of the reporting period."""
    if one.below is None or one.forecast is None:
        return None
    sums = np.cumsum(one.below)
    unit = unit_for(float(np.abs(sums).max()), one.unit)
    drawn = sums / unit.by
    number = np.array([(day - one.day[0]).days for day in one.day], dtype=float)
    across = Scale(0.0, max(float(number[-1]), 1.0), 4.0, WIDTH - 4.0)
    low, high = min(float(drawn.min()), 0.0), max(float(drawn.max()), 0.0)
    down = Scale(low, high if high > low else low + 1.0, HEIGHT - 6.0, 6.0)
    marked = ticks(low, high, 4)
    step = marked[1] - marked[0] if len(marked) > 1 else 1.0
    return {
        "height": HEIGHT,
        "caption": in_language(Phrase("Saving so far, %(unit)s", unit=unit.name), lang),
        "alt": in_language(
            Phrase(
                "Saving added up over %(days)s days: %(last)s %(unit)s at the end.",
                days=len(one.day),
                last=unit.figure(float(sums[-1]), sign=True).text,
                unit=unit.name,
            ),
            lang,
        ),
        "line": line(across.at(number).tolist(), down.at(drawn).tolist()),
        "zero": down.one(0.0),
        "grid": [{"y": down.one(value), "at": down.percent(value, HEIGHT), "text": tick_text(value, step)} for value in marked],
        "dates": [
            {"at": across.percent(place, WIDTH), "text": month(day.month, lang)}
            for place, day in zip(number.tolist(), one.day, strict=True)
            if day.day == 1
        ],
    }
