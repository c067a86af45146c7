"""The numbers of sites in each quarter, held against every version that showed them: rosters hold
one site a firm, the numbers all.

A further site that reports or corrects changes no figure of its cell, which stands as published;
its numbers alone would move, and tell its quarter. So where the same firms stand behind a value by
the same reports the numbers are those of before, or none; and where firms changed as many as the
gate asks for, further sites did in no number below that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from benchmarks.composition import Roster
from benchmarks.composition.result import CellRoster
from benchmarks.disclosure.influence import Exhibit
from benchmarks.label_keys import CellKey, LabelKey
from portal.catalogue.models import ReportingPeriod
from portal.catalogue.selectors import overlapping
from portal.publication.models import Publication
from portal.publication.rows import public
from portal.standings.bands import Bands


def beside_what_was_shown(
    bands: Mapping[LabelKey, Bands], row: Publication, least: int
) -> dict[LabelKey, Bands]:
    """The numbers of these cells that may stand beside those of every version of the sector for any
    of the same days, withdrawn or not.

    Args:
        least: changed sites that hide each other (`disclosure.least_changed_participants` of the
            pack).
    """
    period = row.period
    same_days = ReportingPeriod.objects.filter(
        overlapping(period.start, period.end), peer_group__pack=period.peer_group.pack
    )
    public_versions = public().filter(period__in=same_days).only("document", "roster")
    ours, remaining = Roster.from_json(row.roster), dict(bands)
    for before in public_versions.iterator():
        then = Roster.from_json(before.roster)
        for step in _counted(before.document):
            cell = _cell(step)
            now = remaining.get(cell.label)
            if now is not None and _tells(
                now, ours.of(str(cell)), step["bands"], then.of(str(cell)), least
            ):
                del remaining[cell.label]
    return remaining


def still_beside_what_was_shown(row: Publication, document: Mapping[str, Any], least: int) -> bool:
    """Whether all numbers of a version that was signed to go out later may stand beside those that
    the public has seen by now.
    """
    signed = {_cell(step).label: _shown(step["bands"]) for step in _counted(document)}
    return beside_what_was_shown(signed, row, least).keys() == signed.keys()


def _cell(step: Mapping[str, Any]) -> CellKey:
    return CellKey(step["step"], step["product"], step["variant"], step["boundary"], step["metric"])


def _shown(stored: Mapping[str, Any]) -> Bands:
    return Bands(tuple(stored["quarters"]), sum(stored["quarters"]) + stored["untold"])


def _counted(document: Any) -> Iterable[dict[str, Any]]:
    return (step for step in document["steps"] if step["bands"])


def _tells(
    now: Bands, ours: CellRoster, before: Mapping[str, Any], theirs: CellRoster, least: int
) -> bool:
    shown = _shown(before)
    if not Exhibit("", ours).differs_from(Exhibit("", theirs)):
        return (now.quarters, now.of) != (shown.quarters, shown.of)
    return 0 < abs(now.of - len(ours.members) - (shown.of - len(theirs.members))) < least
