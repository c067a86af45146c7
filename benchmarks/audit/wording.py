"""Whether a published version's explanation follows from its figures, and whether each of its
members is one that is composed again: one that nobody knows holds a figure of no source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

from benchmarks.catalogue import languages
from benchmarks.composition import IndustryCell, IndustryLabel, ReportedLabel, RouteTotal
from benchmarks.composition.rules import CurvePoint
from benchmarks.declared import Words
from benchmarks.disclosure import CellDecision, GateResult
from benchmarks.disclosure.decisions import Measure
from benchmarks.disclosure.reasons import GateReason, sentence
from benchmarks.errors import VerificationError
from benchmarks.explanation import Participation, explain
from benchmarks.measurements import Metric, Period
from benchmarks.phrases import Phrase, in_number
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
    """How many of the firms report by their own will, as the portal stated it; 1 where it did not
    count them: fewer than the gate's fewest are worded alike.
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


Shape = Mapping[str, "Shape"]
"""Member to the members of what stands there, of an object or of each in a list. Empty: a value,
and no object.
"""

VALUE: Shape = {}


def _values(names: str) -> dict[str, Shape]:
    return dict.fromkeys(names.split(), VALUE)


WORDS: Shape = _values(" ".join(languages()))
GATE: Shape = {**_values("shown code"), "reason": WORDS}
TOTAL: Shape = {**_values("value interval unit rule firms"), "gate": GATE}
STEP: Shape = {
    **_values(
        "step product variant boundary metric unit ratio headline best interval typical "
        "typical_interval"
    ),
    **_values("curve_withheld potential_withheld rule firms in_part"),
    "curve": _values("percent value interval"),
    "potential": _values("to value interval"),
    "bands": {**_values("quarters untold"), "named": _values("quarter firm firm_zh")},
    "pooled": _values("years firms"),
    "gate": GATE,
}
DOCUMENT: Shape = {
    **_values(
        "schema pack pack_version pack_digest route product period version status published_on "
        "source"
    ),
    "jurisdiction": _values("path en zh"),
    "steps": STEP,
    "route_total": TOTAL,
    "best_reached_total": TOTAL,
    "typical_total": TOTAL,
    "explanation": dict.fromkeys(STATED, WORDS),
    "erratum": {
        **_values("firms at_fault"),
        "corrects": _values("version digest"),
        "moved": _values("step variant metric figure unit before after"),
    },
    "signature": _values("algorithm key_id value"),
}
"""Of `steplabel/benchmark/1`. Parts of the explanation that are not stated are made again whole
(`wording`) and stand on no list.
"""


def require_known(document: Mapping[str, Any]) -> None:
    """Refuse a document with a member that nobody knows.

    Raises:
        VerificationError: `benchmark-member-unknown`.
    """
    made_again = {name: part for name, part in document.items() if name != "explanation"}
    stated = {name: part for name, part in document["explanation"].items() if name in STATED}
    if unknown := [*_unknown({**made_again, "explanation": stated}, DOCUMENT)]:
        raise VerificationError(
            "benchmark-member-unknown",
            in_number(
                len(unknown),
                "The published document contains %(count)s member that no version has, so its "
                "source is not known: %(members)s.",
                "The published document contains %(count)s members that no version has, so their "
                "source is not known: %(members)s.",
                count=len(unknown),
                members=", ".join(unknown[:5]),
            ),
            "Keep the file and the document: both are signed. If a later release published "
            "the document, check with that "
            "release. If not, ask the coordinator.",
        )


def _unknown(value: object, shape: Shape, path: str = "") -> Iterator[str]:
    """Paths of the members that the shape does not have, such as `steps.0.gate.best_of_all`."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            here = f"{path}.{name}" if path else str(name)
            if name in shape:
                yield from _unknown(inner, shape[name], here)
            else:
                yield here
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _unknown(inner, shape, f"{path}.{index}")
