"""The published document (`steplabel/benchmark/1`) and its CSV form, both made of the gated label
and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from benchmarks import csv_cells
from benchmarks.composition import IndustryLabel
from benchmarks.composition.rules import LADDERS, percents
from benchmarks.disclosure import GateResult
from benchmarks.disclosure.errata import moved
from benchmarks.label_keys import LabelKey
from benchmarks.wire.published import SCHEMA
from portal.accounts.models import Jurisdiction
from portal.names import in_chinese
from portal.publication.definition_changes import Breaks
from portal.publication.errata import faults
from portal.publication.models import Publication
from portal.publication.shapes import CellView, LabelView, TotalView, label_view
from portal.standings.bands import Bands

CSV_FIELDS = (
    "pack",
    "pack_version",
    "jurisdiction",
    "route",
    "period",
    "version",
    "status",
    "published_on",
    "step",
    "product",
    "variant",
    "boundary",
    "metric",
    "unit",
    "best",
    "best_low",
    "best_high",
    "typical",
    "typical_low",
    "typical_high",
    "rule",
    "firms",
    "pooled_firms",
    "in_part_firms",
    "shown",
    "reason_code",
    "reason",
    "source",
    "quarter_1",
    "quarter_2",
    "quarter_3",
    "quarter_4",
    "quarter_untold",
    *(f"saved_at_{to}{end}" for to in ("typical", "best") for end in ("", "_low", "_high")),
    "break_since",
    "breaks",
    *(
        f"p{percent}{end}"
        for percent in sorted({percent for ladder in LADDERS for percent in ladder})
        for end in ("", "_low", "_high")
    ),
)
"""One row a step and metric, then one a total. `*_low` and `*_high` are the ends of the 95 %
interval, in `unit`. `p25` is the value that 25 % of the firms stay at or below; only the points
that the number of firms allows are filled in. `saved_at_typical` is what the firms would save on
average by coming down to the typical value. `pooled_firms`
is how many firms' values cover several years, the last of them the period; `in_part_firms` how many
lack months; both are empty where a cell is held back. `breaks` are codes of what is defined
otherwise than in `break_since`, the version that a series had before; a total breaks where any of
its steps does, and where it adds up other steps or variants of them (`summands`)."""

HEAD = (
    "pack",
    "pack_version",
    "jurisdiction",
    "route",
    "period",
    "version",
    "status",
    "published_on",
    "source",
)
"""Columns that are the same in every row."""


@dataclass(frozen=True, slots=True)
class BenchmarkScope:
    """Whose firms a benchmark is of: `path` spells the tree of jurisdictions out (`cn/he`), the
    names are for readers.
    """

    path: str
    en: str
    zh: str

    @classmethod
    def of(cls, jurisdiction: Jurisdiction) -> BenchmarkScope:
        return cls(
            jurisdiction.path,
            str(jurisdiction.name),
            in_chinese(jurisdiction.name) or str(jurisdiction.name),
        )


def document_of(
    gate: GateResult,
    explanation: Mapping[str, Any],
    version: int,
    published_on: date,
    scope: BenchmarkScope,
    bands: Mapping[LabelKey, Bands] | None = None,
    erratum: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The document as it is signed at publication. A withdrawal is said beside it: what was signed
    is never changed. `erratum` is of one what it corrects and moved.
    """
    label: IndustryLabel = gate.published
    view = label_view(gate)
    return {
        "schema": SCHEMA,
        "pack": label.pack,
        "pack_version": label.pack_version,
        "pack_digest": label.pack_digest,
        "jurisdiction": asdict(scope),
        "route": label.route,
        "product": label.product,
        "period": label.period,
        "version": version,
        "status": "published",
        "published_on": published_on.isoformat(),
        "source": source_of(label.pack, scope, label.period, version),
        "steps": [_cell(cell, (bands or {}).get(LabelKey.of(cell))) for cell in view.cells],
        "route_total": _total(view.composite),
        "best_reached_total": _total(view.best_reached),
        "typical_total": _total(view.typical),
        "explanation": dict(explanation),
        **({} if erratum is None else {"erratum": erratum}),
    }


def erratum_part(row: Publication, gate: GateResult) -> dict[str, Any] | None:
    """Of an erratum: the version that it corrects, by how many reports, and what moved."""
    if row.corrects is None:
        return None
    corrections = row.corrected_firms
    before = GateResult.from_json(row.corrects.gate).published
    return {
        "corrects": {"version": row.corrects.version, "digest": row.corrects.digest},
        "firms": len(corrections),
        "at_fault": faults(corrections),
        "moved": [asdict(figure) for figure in moved(before, gate.published)],
    }


def csv_of(document: Mapping[str, Any], label: LabelView, broken: Breaks | None = None) -> str:
    """The same figures as rows, for a spreadsheet. `document` with the path of its jurisdiction,
    which old ones do not hold.
    """
    rows: list[dict[str, Any]] = []
    head = {name: document[name] for name in HEAD}
    if broken is not None:
        head["break_since"] = broken.since
    for index, cell in enumerate(label.cells):
        rows.append(
            head
            | {
                "step": cell.step,
                "product": cell.product,
                "variant": cell.variant,
                "boundary": cell.boundary,
                "metric": cell.metric,
                "unit": cell.unit,
                "best": cell.best,
                "typical": cell.typical,
                "rule": cell.rule,
                "firms": cell.firms,
                "shown": str(cell.shown).lower(),
                "reason_code": cell.reason_code,
                "reason": cell.reason_en,
                "breaks": " ".join(broken.codes_of(LabelKey.of(cell))) if broken else "",
            }
            | _ends("best", cell.interval)
            | _ends("typical", cell.typical_interval)
            | _points(cell)
            | _saved(cell)
            | _covered(cell)
            | _quarters(document["steps"][index])
        )
    for name, total in label.totals.items():
        rows.append(
            head
            | {
                "step": name,
                "product": document["product"],
                "metric": "total",
                "unit": total.unit,
                "best": total.value,
                "rule": total.rule,
                "firms": total.firms,
                "shown": str(total.shown).lower(),
                "reason_code": total.reason_code,
                "reason": total.reason_en,
                "breaks": " ".join(broken.codes_of_totals) if broken else "",
            }
            | _ends("best", total.interval)
        )
    return csv_cells.csv_of(CSV_FIELDS, ([row.get(name) for name in CSV_FIELDS] for row in rows))


def source_of(pack: str, scope: BenchmarkScope, period: str, version: int) -> str:
    """How a figure is cited: with its version, which stays even when it is withdrawn."""
    return f"Steplabel industry label, {pack}, {scope.en}, {period}, version {version}"


def _ends(name: str, interval: tuple[float, float] | None) -> dict[str, float]:
    return {} if interval is None else {f"{name}_low": interval[0], f"{name}_high": interval[1]}


def _quarters(signed: Mapping[str, Any]) -> dict[str, int]:
    bands = signed["bands"]
    if bands is None:
        return {}
    return {f"quarter_{index}": sites for index, sites in enumerate(bands["quarters"], 1)} | {
        "quarter_untold": bands["untold"]
    }


def _points(cell: CellView) -> dict[str, float]:
    points: dict[str, float] = {}
    for point in cell.curve:
        points |= {f"p{point.percent}": point.value} | _ends(f"p{point.percent}", point.interval)
    return points


def _saved(cell: CellView) -> dict[str, float]:
    savings: dict[str, float] = {}
    for potential in cell.potential:
        savings |= {f"saved_at_{potential.to}": potential.value} | _ends(
            f"saved_at_{potential.to}", potential.interval
        )
    return savings


def _covered(cell: CellView) -> dict[str, int]:
    """Nothing of a cell that is held back: a 0 would say that no firm's value covers several years
    or part of its period.
    """
    return (
        {"pooled_firms": sum(firms for _, firms in cell.pooled), "in_part_firms": cell.in_part}
        if cell.shown
        else {}
    )


def _cell(cell: CellView, bands: Bands | None) -> dict[str, Any]:
    """Bands go with the cell and its curve: a quarter of five firms, and nothing where the curve is
    withheld.
    """
    quarters = bands if cell.shown and percents(cell.firms) and not cell.curve_withheld else None
    return {
        "step": cell.step,
        "product": cell.product,
        "variant": cell.variant,
        "boundary": cell.boundary,
        "metric": cell.metric,
        "unit": cell.unit,
        "ratio": cell.ratio,
        "headline": cell.headline,
        "best": cell.best,
        "interval": _pair(cell.interval),
        "typical": cell.typical,
        "typical_interval": _pair(cell.typical_interval),
        "curve": [
            {"percent": point.percent, "value": point.value, "interval": _pair(point.interval)}
            for point in cell.curve
        ],
        "curve_withheld": cell.curve_withheld,
        "potential": [
            {"to": potential.to, "value": potential.value, "interval": _pair(potential.interval)}
            for potential in cell.potential
        ],
        "potential_withheld": list(cell.potential_withheld),
        "bands": None if quarters is None else _bands(quarters),
        "rule": cell.rule,
        "firms": cell.firms,
        "pooled": [{"years": years, "firms": firms} for years, firms in cell.pooled],
        "in_part": cell.in_part,
        "gate": _gate(cell),
    }


def _bands(bands: Bands) -> dict[str, Any]:
    named = [
        {"quarter": entry.quarter, "firm": str(entry.firm), "firm_zh": in_chinese(entry.firm)}
        for entry in bands.named
    ]
    return {"quarters": list(bands.quarters), "untold": bands.untold, "named": named}


def _total(total: TotalView) -> dict[str, Any]:
    return {
        "value": total.value,
        "interval": _pair(total.interval),
        "unit": total.unit,
        "rule": total.rule,
        "firms": total.firms,
        "gate": _gate(total),
    }


def _gate(cell: CellView | TotalView) -> dict[str, Any]:
    return {
        "shown": cell.shown,
        "code": cell.reason_code,
        "reason": {"en": cell.reason_en, "zh": cell.reason_zh},
    }


def _pair(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else [interval[0], interval[1]]
