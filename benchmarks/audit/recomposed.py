"""Composes every figure of a published version again from its reports; labels left out unexplained,
and what rests on its word.

Which rules hold, which cells there are, who enters: pack, day and reports say so. What only the
document says is listed: cells that repeat another version (the gate lets a figure stand that was
public before, of draws that are not in these reports: held by that version's signed document
alone), labels left out for a reason that the file does not show, and an explanation worded
otherwise than this release words it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from benchmarks import packs
from benchmarks.audit.published import LoggedDocument
from benchmarks.audit.wording import require_known, worded_otherwise
from benchmarks.composition import (
    IndustryCell,
    IndustryLabel,
    ReportedLabel,
    RouteTotal,
    by_step,
    compose_route,
    roster_of,
    seed_of,
)
from benchmarks.composition.rules import percents
from benchmarks.disclosure import potentials
from benchmarks.disclosure.curve import let_through
from benchmarks.disclosure.reasons import GateReason
from benchmarks.disclosure.rounding import outward, to_grid, total_width
from benchmarks.errors import VerificationError
from benchmarks.label_keys import CellKey, LabelKey
from benchmarks.phrases import Phrase, in_number
from benchmarks.privacy.eligibility import eligible
from benchmarks.ranking import Quarters, quarters
from benchmarks.routes import Pack, Route
from benchmarks.wire import published
from benchmarks.wire.heads import TreeHead

OF_A_STEP = (
    *("unit", "best", "interval", "typical", "typical_interval", "curve", "curve_withheld"),
    *("rule", "firms", "pooled", "in_part", "potential", "potential_withheld"),
)
OF_A_TOTAL = ("unit", "value", "interval", "rule", "firms")
WHOSE = ("step", "product", "variant", "boundary", "metric")
ADDRESS = ("pack", "route", "period")


@dataclass(frozen=True, slots=True)
class Repeat:
    """A cell that repeats an earlier version. `shown_by` names the version at hand that showed it;
    None where none is, and then `lacking` names those that are not at hand."""

    name: str
    shown_by: str | None
    lacking: tuple[str, ...] = ()


def repeat_of(
    name: str,
    shown: Mapping[str, Any],
    document: Mapping[str, Any],
    earlier: Sequence[Mapping[str, Any]],
) -> Repeat:
    """Which of these documents made the figures that stand here.

    Args:
        name: of the cell or the total, as the document has it.
    """
    before = [publication for publication in earlier if _is_before(publication, document)]
    for candidate in before:
        cell = _first_shown(candidate, name, shown, document)
        if cell is not None and _figures(cell) == _figures(shown):
            return Repeat(name, str(candidate["source"]))
    own = {
        publication["version"]
        for publication in before
        if _address(publication) == _address(document)
    }
    lacking = [
        f"{document['period']} v{version}"
        for version in range(1, document["version"])
        if version not in own
    ]
    return Repeat(name, None, tuple(lacking))


def _is_before(candidate: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Whether it was public when this version came: of the same sector, and of the same peer group
    an earlier version.
    """
    if (
        candidate["pack"] != document["pack"]
        or candidate["published_on"] > document["published_on"]
    ):
        return False
    if _address(candidate) == _address(document):
        return bool(candidate["version"] < document["version"])
    return published.digest(candidate) != published.digest(document)


def _first_shown(
    earlier: Mapping[str, Any], name: str, shown: Mapping[str, Any], document: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The cell where that document made it itself; a total only of the same route."""
    cells: Iterable[Mapping[str, Any]]
    if "metric" in shown:
        cells = (
            step for step in earlier["steps"] if all(step[part] == shown[part] for part in WHOSE)
        )
    else:
        cells = [earlier[name]] if earlier["route"] == document["route"] else []
    return next((cell for cell in cells if cell["gate"]["code"] == GateReason.SHOWN), None)


def _figures(cell: Mapping[str, Any]) -> dict[str, Any]:
    return {part: cell[part] for part in (OF_A_STEP if "metric" in cell else OF_A_TOTAL)}


def _address(document: Mapping[str, Any]) -> list[Any]:
    """Of its peer group and period; a jurisdiction is known by its path, whatever it is called."""
    return [document["jurisdiction"]["path"], *(document.get(part) for part in ADDRESS)]


SHOWN = (GateReason.SHOWN, GateReason.UNCHANGED)
TOTALS = {
    "route_total": "composite",
    "best_reached_total": "best_reached",
    "typical_total": "typical",
}
"""The totals' names in the document, and in the label."""


@dataclass(frozen=True, slots=True)
class RecomputedFigure:
    """One figure of the document, as published and as computed again."""

    name: str  # cell and figure
    published: object
    recomputed: object

    @property
    def agrees(self) -> bool:
        return self.published == self.recomputed


@dataclass(frozen=True, slots=True)
class RecompositionCheck:
    """What was checked: so many reports and each figure; and what rests on the document's word."""

    reports: int
    head: TreeHead
    figures: tuple[RecomputedFigure, ...]
    repeated: tuple[Repeat, ...]
    left_out: tuple[str, ...]  # site and cell of labels that would have entered, without a reason
    effect: tuple[RecomputedFigure, ...]  # what each best would be with them
    reworded: tuple[str, ...]  # parts of the explanation that this release words otherwise


def compose_again(
    logged: LoggedDocument, earlier: Sequence[Mapping[str, Any]] = ()
) -> RecompositionCheck:
    """Every figure of the document from its reports.

    Args:
        earlier: signed documents of versions that may have shown a repeated cell first; whoever
            calls has verified their signatures.

    Raises:
        VerificationError: `value-differs`: a figure is not that of the reports;
            `benchmark-member-unknown`; `benchmark-pack-differs`; `composed-of-unreadable`: a part
            of the document is missing.
    """
    try:
        return _compose_again(logged, earlier)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as wrong:
        raise VerificationError(
            "composed-of-unreadable",
            "A part of the signed document is missing or is not a figure.",
            "Download the file again.",
        ) from wrong


def _compose_again(
    logged: LoggedDocument, earlier: Sequence[Mapping[str, Any]]
) -> RecompositionCheck:
    document = logged.file.document
    require_known(document)
    pack, route = _declared(document)
    chosen = _chosen_out(logged, pack, route)
    entering = [row for row in logged.everybody if id(row) not in {id(out) for out in chosen}]
    label = _composed(logged, pack, route, entering)
    figures = [*_cells(document, label), *_totals(document, label), *_quarters(logged, pack)]
    if differing := [figure for figure in figures if not figure.agrees]:
        first = differing[0]
        raise VerificationError(
            "value-differs",
            in_number(
                len(differing),
                "%(count)s published figure differs from that of the reports: %(name)s was "
                "published as "
                "%(published)s and should be %(recomputed)s.",
                (
                    "%(count)s published figures differ from those of the reports: %(name)s was "
                    "published as %(published)s and should be "
                    "%(recomputed)s."
                ),
                count=len(differing),
                name=first.name,
                published=f"{first.published}",
                recomputed=f"{first.recomputed}",
            ),
            "Keep the file and the document: both are signed. Ask the coordinator how the "
            "figure was calculated.",
        )
    whole = _composed(logged, pack, route, logged.everybody) if chosen else label
    return RecompositionCheck(
        len(logged.file.reports),
        logged.head,
        tuple(figures),
        tuple(_repeats(document, earlier)),
        tuple(f"{row.site} {'/'.join(LabelKey.of(row.label))}" for row in chosen),
        tuple(_moved(label, whole)),
        worded_otherwise(document, label, pack, route, entering),
    )


def _declared(document: Mapping[str, Any]) -> tuple[Pack, Route]:
    pack = packs.load(str(document["pack"]), str(document["pack_version"]))
    if packs.digest(pack).hex() != document["pack_digest"]:
        raise VerificationError(
            "benchmark-pack-differs",
            Phrase(
                "The benchmark was composed with a different %(pack)s %(version)s from the one "
                "installed here.",
                pack=str(document["pack"]),
                version=str(document["pack_version"]),
            ),
            "Install the release of Steplabel whose pack has that digest.",
        )
    route = next(
        (candidate for candidate in pack.routes if candidate.id == document["route"]), None
    )
    if route is None:
        raise VerificationError(
            "benchmark-pack-differs",
            "The pack installed here has no such route.",
            "Install the release of Steplabel that contains that pack.",
        )
    return pack, route


def _chosen_out(logged: LoggedDocument, pack: Pack, route: Route) -> list[ReportedLabel]:
    """Labels that the file leaves out and that would enter by pack and reports alone. Of the others
    it makes no difference: a firm's further sites, labels that are not precise enough, steps of
    other routes."""
    entered = {id(row) for row in logged.labels}
    out = [row for row in logged.everybody if id(row) not in entered]
    if not out:
        return []
    roster = roster_of(pack, route, by_step(logged.everybody))
    behind = {(cell.cell, member.site) for cell in roster.cells for member in cell.members}
    return [row for row in out if (str(CellKey.of(row.label)), row.site) in behind]


def _composed(
    logged: LoggedDocument, pack: Pack, route: Route, reported: Iterable[ReportedLabel]
) -> IndustryLabel:
    file = logged.file
    rng = np.random.default_rng(
        seed_of("composition", (report.envelope_digest for report in file.reports))
    )
    return compose_route(
        pack,
        route,
        by_step(reported),
        rng,
        period=str(file.document["period"]),
    )


def _cells(document: Mapping[str, Any], label: IndustryLabel) -> list[RecomputedFigure]:
    """The cells there are, and each of them."""
    shown = {name_of(step): step for step in document["steps"]}
    cells = {cell.name: cell for cell in label.cells}
    figures = [
        RecomputedFigure(Phrase("cells"), [name_of(step) for step in document["steps"]], [*cells])
    ]
    for name, cell in cells.items():
        if name in shown:
            figures += _of_cell(name, shown[name], cell)
    return figures


def _of_cell(name: str, shown: Mapping[str, Any], cell: IndustryCell) -> list[RecomputedFigure]:
    """A cell: what stands there whether it is shown or not, and its figures as composed, or none.
    Of one that repeats an earlier version the figures are that version's."""
    gate = shown["gate"]
    figures = [
        RecomputedFigure(Phrase("%(cell)s shown", cell=name), gate["shown"], gate["code"] in SHOWN),
        RecomputedFigure(Phrase("%(cell)s unit", cell=name), shown["unit"], cell.unit),
        RecomputedFigure(Phrase("%(cell)s ratio", cell=name), shown["ratio"], cell.ratio),
        RecomputedFigure(Phrase("%(cell)s headline", cell=name), shown["headline"], cell.headline),
        RecomputedFigure(Phrase("%(cell)s firms", cell=name), shown["firms"], cell.firms),
        RecomputedFigure(Phrase("%(cell)s rule", cell=name), shown["rule"], cell.rule),
    ]
    if not gate["shown"] or shown["curve_withheld"] or not percents(cell.firms):
        figures.append(
            RecomputedFigure(Phrase("%(cell)s quarters", cell=name), shown["bands"], None)
        )
    if gate["code"] == GateReason.UNCHANGED:
        return figures
    width, origin, is_shown = cell.grid.width, cell.grid.lower, gate["shown"]
    pooled = [{"years": years, "firms": firms} for years, firms in cell.pooled] if is_shown else []
    return [
        *figures,
        RecomputedFigure(
            Phrase("%(cell)s best", cell=name),
            shown["best"],
            _point(cell.best if is_shown else None, width, origin),
        ),
        RecomputedFigure(
            Phrase("%(cell)s interval", cell=name),
            shown["interval"],
            _ends(cell.interval if is_shown else None, width, origin),
        ),
        RecomputedFigure(
            Phrase("%(cell)s typical", cell=name),
            shown["typical"],
            _point(cell.typical if is_shown else None, width, origin),
        ),
        RecomputedFigure(
            Phrase("%(cell)s typical interval", cell=name),
            shown["typical_interval"],
            _ends(cell.typical_interval if is_shown else None, width, origin),
        ),
        RecomputedFigure(
            Phrase("%(cell)s curve", cell=name),
            _points(shown["curve"], "percent"),
            _curve(shown, cell) if is_shown else [],
        ),
        RecomputedFigure(
            Phrase("%(cell)s potential", cell=name),
            _points(shown["potential"], "to"),
            _potential(shown, cell) if is_shown else [],
        ),
        RecomputedFigure(Phrase("%(cell)s pooled", cell=name), shown["pooled"], pooled),
        RecomputedFigure(
            Phrase("%(cell)s in part", cell=name),
            shown["in_part"],
            cell.in_part if is_shown else 0,
        ),
    ]


def _totals(document: Mapping[str, Any], label: IndustryLabel) -> list[RecomputedFigure]:
    width = total_width((cell.ratio, cell.grid) for cell in label.cells if cell.headline)
    figures = []
    for name, own in TOTALS.items():
        shown, total = document[name], getattr(label, own)
        figures += _of_total(name, shown, total, width)
    return figures


def _of_total(
    name: str, shown: Mapping[str, Any], total: RouteTotal, width: Fraction
) -> list[RecomputedFigure]:
    gate = shown["gate"]
    figures = [
        RecomputedFigure(Phrase("%(cell)s shown", cell=name), gate["shown"], gate["code"] in SHOWN),
        RecomputedFigure(Phrase("%(cell)s unit", cell=name), shown["unit"], total.unit),
        RecomputedFigure(Phrase("%(cell)s firms", cell=name), shown["firms"], total.firms),
        RecomputedFigure(Phrase("%(cell)s rule", cell=name), shown["rule"], total.rule),
    ]
    if gate["code"] == GateReason.UNCHANGED:
        return figures
    is_shown = gate["shown"]
    return [
        *figures,
        RecomputedFigure(name, shown["value"], _point(total.value if is_shown else None, width)),
        RecomputedFigure(
            Phrase("%(cell)s interval", cell=name),
            shown["interval"],
            _ends(total.interval if is_shown else None, width),
        ),
    ]


def _repeats(document: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]) -> list[Repeat]:
    cells = [(name_of(step), step) for step in document["steps"]] + [
        (name, document[name]) for name in TOTALS
    ]
    return [
        repeat_of(name, shown, document, earlier)
        for name, shown in cells
        if shown["gate"]["code"] == GateReason.UNCHANGED
    ]


def _moved(label: IndustryLabel, whole: IndustryLabel) -> list[RecomputedFigure]:
    """Each cell's best as it was published, and with every label of the file."""
    with_all = {cell.name: cell for cell in whole.cells}
    moved = []
    for cell in label.cells:
        other, width, origin = with_all.get(cell.name), cell.grid.width, cell.grid.lower
        moved.append(
            RecomputedFigure(
                Phrase("%(cell)s best", cell=cell.name),
                _point(cell.best, width, origin),
                other and _point(other.best, width, origin),
            )
        )
    return [figure for figure in moved if not figure.agrees]


def _quarters(logged: LoggedDocument, pack: Pack) -> list[RecomputedFigure]:
    """How many sites are sure of their quarter, from the standings of the same reports. The names
    beside them are no figures.
    """
    document = logged.file.document
    shown = {
        LabelKey(step["step"], step["product"], step["variant"], step["metric"]): step["bands"]
        for step in document["steps"]
        if step["bands"]
    }
    if not shown:
        return []
    digests = [report.envelope_digest for report in logged.file.reports]
    ranked = [
        quarters(everybody, pack, digests)
        for everybody in (logged.everybody, _without_adverse(logged, pack))
    ]
    figures = []
    for key, bands in shown.items():
        stated = Quarters(tuple(bands["quarters"]), sum(bands["quarters"]) + bands["untold"])
        computed = [ranking.get(key) for ranking in ranked]
        figures.append(
            RecomputedFigure(
                Phrase("%(cell)s quarters", cell="/".join(key)),
                stated,
                stated if stated in computed else computed[0],
            )
        )
    return figures


def _without_adverse(logged: LoggedDocument, pack: Pack) -> list[ReportedLabel]:
    """Everybody but those whose precise label was left out though nobody of their firm stands in
    its cell: a policy on audits did that.
    """
    entered = {id(row) for row in logged.labels}
    standing = {(row.firm, LabelKey.of(row.label)) for row in logged.labels}
    return [
        row
        for row in logged.everybody
        if id(row) in entered
        or (row.firm, LabelKey.of(row.label)) in standing
        or (rule := pack.step(row.label.step).metric(row.label.metric)) is None
        or not eligible(row.label, rule, pack.policy)
    ]


def name_of(step: Mapping[str, Any]) -> str:
    """The cell of a document's step, as `IndustryCell.name` spells it."""
    return "/".join(
        str(step[part]) for part in ("step", "product", "variant", "boundary", "metric")
    )


def _point(value: float | None, width: Fraction, origin: Fraction = Fraction(0)) -> float | None:
    return None if value is None else to_grid(value, width, origin)


def _ends(
    interval: tuple[float, float] | None, width: Fraction, origin: Fraction = Fraction(0)
) -> list[float] | None:
    return None if interval is None else [*outward(interval, width, origin)]


def _points(shown: Iterable[Mapping[str, Any]], at: str) -> list[Any]:
    return [[point[at], point["value"], [*point["interval"]]] for point in shown]


def _curve(shown: Mapping[str, Any], cell: IndustryCell) -> list[Any]:
    """The points as the gate lets them through; none where the document says that they are
    withheld.
    """
    if shown["curve_withheld"]:
        return []
    points = let_through(cell.curve, cell.firms, cell.grid.width, cell.grid.lower)
    return [[point.percent, point.value, [*point.interval]] for point in points]


def _potential(shown: Mapping[str, Any], cell: IndustryCell) -> list[Any]:
    """As the gate lets them through; none where the document says that they are withheld."""
    through = potentials.let_through(cell, shown["potential_withheld"])
    return [[potential.to, potential.value, [*potential.interval]] for potential in through]
