"""The explanation of a published version, made again from the figures that were found to hold.

It is text, and a later release may word it otherwise; so a part that differs is no proof of a
falsification, and is never said to hold. What the portal alone knows is left as it stated it:
`STATED`, and how many firms are obliged or report by their own will.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

from benchmarks.composition import IndustryCell, IndustryLabel, ReportedLabel, RouteTotal
from benchmarks.composition.rules import CurvePoint
from benchmarks.declared import Words
from benchmarks.disclosure import CellDecision, GateResult
from benchmarks.disclosure.decisions import Measure
from benchmarks.disclosure.reasons import GateReason, sentence
from benchmarks.explanation import Participation, explain
from benchmarks.measurements import Metric, Period
from benchmarks.phrases import Phrase
from benchmarks.routes import Pack, Route

STATED = (
    "participants_and_coordinator",
    "verification_of_data",
    "exclusions",
    "approval",
    "changes",
)
"""Parts that tell what stands at the portal alone: who drafted and decided, what audits found, who
was left out and why.
"""

_MEASURES: tuple[tuple[Measure, str], ...] = (
    ("composite", "route_total"),
    ("best-reached", "best_reached_total"),
    ("typical", "typical_total"),
)


def worded_otherwise(
    document: Mapping[str, Any],
    label: IndustryLabel,
    pack: Pack,
    route: Route,
    entering: Sequence[ReportedLabel],
) -> tuple[str, ...]:
    """The parts of the explanation, and cells whose reason, that do not come out as they stand.

    Args:
        label: composed again from the reports; the document's figures were found to be its own.
        entering: the reports' labels that entered.
    """
    explanation = document["explanation"]
    recomputed = made_again(document, label, pack, route, entering)
    parts = [
        part
        for part in recomputed.keys() | dict(explanation).keys()
        if part not in STATED and explanation.get(part) != recomputed.get(part)
    ]
    decided = zip(
        _gate(document, label).cells,
        [*document["steps"], *(document[name] for _, name in _MEASURES)],
        strict=True,
    )
    reasons = [
        Phrase("%(cell)s reason", cell=cell.step or cell.measure)
        for cell, shown in decided
        if cell.reason_code in (GateReason.SHOWN, GateReason.UNCHANGED)
        and _words(shown) != sentence(cell.reason_code)
    ]
    return (*sorted(parts), *reasons)


def made_again(
    document: Mapping[str, Any],
    label: IndustryLabel,
    pack: Pack,
    route: Route,
    entering: Sequence[ReportedLabel],
) -> dict[str, Any]:
    """The explanation as this release words it; what `STATED` names is empty of the portal's
    facts.
    """
    sample = str(document["explanation"].get("sample_characteristics", {}).get("en"))
    facts = Participation(
        firms_reporting=len({row.firm for row in entering}),
        sites_reporting=len({row.site for row in entering}),
        firms_obliged=_obliged(sample),
        firms_volunteering=_volunteering(sample),
    )
    on = (Period.parse(label.period, UTC).end - timedelta(days=1)).date()
    return explain(
        _gate(document, label), pack, route, facts, version=str(document["version"]), on=on
    ).to_json()


def _obliged(sample: str) -> int | None:
    """How many firms are obliged to report, as the portal stated it: no report says so."""
    obliged = re.search(r" of (\d+) obliged|obliged to report: (\d+)", sample)
    return int(obliged[1] or obliged[2]) if obliged else None


def _volunteering(sample: str) -> int:
    """How many of the firms report by their own will, as the portal stated it; none in texts from
    before it told them apart.

    1 where it did not count them: fewer than the gate's fewest are worded alike.
    """
    volunteers = re.search(r"(\d+|some of them) by their own will", sample)
    if volunteers is None:
        return 0
    return int(volunteers[1]) if volunteers[1].isdecimal() else 1


def _gate(document: Mapping[str, Any], label: IndustryLabel) -> GateResult:
    """What was decided and what went out, as the document has it."""
    cells = tuple(
        _cell(cell, shown) for cell, shown in zip(label.cells, document["steps"], strict=True)
    )
    totals = [
        _total(total, document[name])
        for total, (_, name) in zip(
            (label.composite, label.best_reached, label.typical), _MEASURES, strict=True
        )
    ]
    decisions = [
        _decision("step", cell.step, cell.product, cell.variant, cell.metric, shown)
        for cell, shown in zip(label.cells, document["steps"], strict=True)
    ]
    decisions += [
        _decision(measure, None, label.product, "", Metric.TOTAL, document[name])
        for measure, name in _MEASURES
    ]
    out = replace(
        label, cells=cells, composite=totals[0], best_reached=totals[1], typical=totals[2]
    )
    return GateResult(tuple(decisions), out)


def _decision(
    measure: Measure,
    step: str | None,
    product: str,
    variant: str,
    metric: Metric,
    shown: Mapping[str, Any],
) -> CellDecision:
    gate = shown["gate"]
    return CellDecision(
        measure,
        step,
        product,
        variant,
        metric,
        shown["firms"],
        gate["shown"],
        GateReason(gate["code"]),
        _words(shown),
    )


def _words(shown: Mapping[str, Any]) -> Words:
    return Words(**shown["gate"]["reason"])


def _cell(cell: IndustryCell, shown: Mapping[str, Any]) -> IndustryCell:
    is_shown = shown["gate"]["shown"]
    return replace(
        cell,
        best=shown["best"],
        interval=_pair(shown["interval"]),
        typical=shown["typical"],
        typical_interval=_pair(shown["typical_interval"]),
        curve=tuple(
            CurvePoint(
                point["percent"], point["value"], (point["interval"][0], point["interval"][1])
            )
            for point in shown["curve"]
        ),
        pooled=tuple((pool["years"], pool["firms"]) for pool in shown["pooled"]),
        in_part=shown["in_part"],
        good_fit=cell.good_fit if is_shown else None,
    )


def _total(total: RouteTotal, shown: Mapping[str, Any]) -> RouteTotal:
    return replace(total, value=shown["value"], interval=_pair(shown["interval"]))


def _pair(interval: Sequence[float] | None) -> tuple[float, float] | None:
    return None if interval is None else (interval[0], interval[1])
