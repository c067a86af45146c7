"""What each action and target saved: the finding in words, its figures, and the saving as it added
up day by day.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.catalogue import in_language
from benchmarks.phrases import Phrase
from reporting_agent.report.drawing import WIDTH, DrawingScale, line, tick_text, ticks
from reporting_agent.report.figures import count, month, percent, unit_for
from reporting_agent.savings import SavingAction, VerifiedSaving
from reporting_agent.savings.telling import STATES, VERDICTS, SavingVerdict

HEIGHT = 200
HEADING = Phrase("Verified savings")
LEAD = Phrase(
    "What each action used in its reporting period, compared with what its baseline period "
    "expects for the same output and conditions."
)
NONE = Phrase(
    "actions.toml names no action and no target yet. docs/savings.md has an example to start from."
)
_SAVED = frozenset({SavingVerdict.SAVED, SavingVerdict.REACHED})


def data(verifications: tuple[VerifiedSaving, ...], lang: str) -> dict[str, Any]:
    """Everything the page shows, in its language."""

    def translated(text: str) -> str:
        return in_language(text, lang)

    return {
        "lead": translated(LEAD),
        "none": translated(NONE),
        "savings": [_row(verification, lang) for verification in verifications],
    }


def finding(verification: VerifiedSaving) -> Phrase:
    """What was saved, or that nothing can be told and why."""
    forecast, share = verification.forecast, verification.share
    if forecast is None or share is None:
        return verification.why or Phrase("No energy use was expected in the reporting period.")
    unit = unit_for(max(abs(forecast.expected), abs(forecast.actual)), verification.unit)

    def amount(value: float) -> str:
        return unit.figure(value).text

    facts = {
        "days": count(verification.reporting_days),
        "used": amount(forecast.actual),
        "expected": amount(forecast.expected),
        "unit": unit.name,
        "saving": amount(abs(forecast.saving)),
        "low": amount(forecast.low),
        "high": amount(forecast.high),
        "share": percent(abs(share[0]), 1),
    }
    used = Phrase(
        "On %(days)s days %(used)s %(unit)s were used; the baseline expects %(expected)s %(unit)s.",
        **facts,
    )
    if verification.verdict in _SAVED:
        sentence = Phrase(
            "%(saving)s %(unit)s were saved, %(share)s; with 95 %% confidence between %(low)s and "
            "%(high)s %(unit)s.",
            **facts,
        )
    elif verification.verdict is SavingVerdict.USED_MORE:
        sentence = Phrase(
            "That is %(saving)s %(unit)s more, %(share)s; with 95 %% confidence the saving is "
            "between %(low)s and %(high)s %(unit)s.",
            **facts,
        )
    else:
        sentence = Phrase(
            "With 95 %% confidence the saving is between %(low)s and %(high)s %(unit)s, so there "
            "may be no saving.",
            **facts,
        )
    return Phrase("%(used)s %(told)s", used=used, told=sentence)


def _row(verification: VerifiedSaving, lang: str) -> dict[str, Any]:
    def translated(text: str) -> str:
        return in_language(text, lang)

    return {
        "name": verification.of.name,
        "verdict": translated(VERDICTS[verification.verdict]),
        "good": verification.verdict in _SAVED,
        "sentence": translated(finding(verification)),
        "facts": [(translated(name), value) for name, value in _facts(verification, lang)],
        "chart": _chart(verification, lang),
    }


def _facts(verification: VerifiedSaving, lang: str) -> list[tuple[Phrase, str]]:
    forecast, share = verification.forecast, verification.share
    facts = [
        (Phrase("Of"), f"{verification.of.meter or verification.of.step}"),
        (Phrase("Owner"), verification.of.owner),
    ]
    if isinstance(verification.of, SavingAction):
        facts += [
            (
                Phrase("State"),
                (
                    f"{in_language(STATES[verification.of.state], lang)}, "
                    f"{verification.of.day.isoformat()}"
                ),
            )
        ]
    if verification.of.wanted_pct is not None:
        facts += [(Phrase("Planned saving"), f"{verification.of.wanted_pct:g} %")]
    if verification.baseline.name:
        facts += [
            (Phrase("Baseline period"), verification.baseline.name),
            (Phrase("Reporting period"), verification.reporting.name),
        ]
    declared = (
        (Phrase("Depends on no output"), verification.of.no_output),
        (Phrase("Depends on no season"), verification.of.no_season),
    )
    facts += [(name, reason) for name, reason in declared if reason is not None]
    if forecast is None or share is None:
        return facts
    unit = unit_for(max(abs(forecast.low), abs(forecast.high)), verification.unit)
    facts += [
        (Phrase("Saving"), f"{unit.figure(forecast.saving, sign=True).text} {unit.name}"),
        (
            Phrase("95 % interval"),
            (
                f"{unit.figure(forecast.low, sign=True).text} … "
                f"{unit.figure(forecast.high, sign=True).text} {unit.name}"
            ),
        ),
        (
            Phrase("Share of expected use"),
            f"{percent(share[0], 1)} ({percent(share[1], 1)} … {percent(share[2], 1)})",
        ),
        (
            Phrase("Days known"),
            f"{count(verification.baseline_days)} + {count(verification.reporting_days)}",
        ),
        (Phrase("Baseline explains"), percent(forecast.explained)),
    ]
    if verification.money is not None:
        low, high = (
            verification.money * side / forecast.saving if forecast.saving else 0.0
            for side in (forecast.low, forecast.high)
        )
        facts += [
            (
                Phrase("Money"),
                (
                    f"{count(verification.money)} {verification.currency} ({count(low)} … "
                    f"{count(high)})"
                ),
            )
        ]
    if verification.co2_kg is not None:
        low, high = (
            verification.co2_kg * side / forecast.saving if forecast.saving else 0.0
            for side in (forecast.low, forecast.high)
        )
        facts += [
            (
                Phrase("CO₂"),
                (
                    f"{verification.co2_kg / 1000:,.1f} t ({low / 1000:,.1f} … "
                    f"{high / 1000:,.1f}); "
                    f"{verification.co2_source}"
                ),
            )
        ]
    return facts


def _chart(verification: VerifiedSaving, lang: str) -> dict[str, Any] | None:
    """The saving as it added up, from the first known day of the reporting period."""
    if verification.below is None or verification.forecast is None:
        return None
    sums = np.cumsum(verification.below)
    unit = unit_for(float(np.abs(sums).max()), verification.unit)
    drawn = sums / unit.by
    number = np.array([(day - verification.day[0]).days for day in verification.day], dtype=float)
    across = DrawingScale(0.0, max(float(number[-1]), 1.0), 4.0, WIDTH - 4.0)
    low, high = min(float(drawn.min()), 0.0), max(float(drawn.max()), 0.0)
    down = DrawingScale(low, high if high > low else low + 1.0, HEIGHT - 6.0, 6.0)
    marked = ticks(low, high, 4)
    step = marked[1] - marked[0] if len(marked) > 1 else 1.0
    return {
        "height": HEIGHT,
        "caption": in_language(Phrase("Saving so far, %(unit)s", unit=unit.name), lang),
        "alt": in_language(
            Phrase(
                "Saving added up over %(days)s days: %(last)s %(unit)s at the end.",
                days=len(verification.day),
                last=unit.figure(float(sums[-1]), sign=True).text,
                unit=unit.name,
            ),
            lang,
        ),
        "line": line(across.at(number).tolist(), down.at(drawn).tolist()),
        "zero": down.position(0.0),
        "grid": [
            {
                "y": down.position(value),
                "at": down.percent(value, HEIGHT),
                "text": tick_text(value, step),
            }
            for value in marked
        ],
        "dates": [
            {"at": across.percent(index, WIDTH), "text": month(day.month, lang)}
            for index, day in zip(number.tolist(), verification.day, strict=True)
            if day.day == 1
        ],
    }
