"""Runs of a production log on their way out: each row names its run by its own cells, and a run is
made of its own rows.

The plant's own label counts a row's time from the row before of the same equipment, whatever run
that belongs to, and lays the row into the window that holds the middle of its time. Here a row
belongs to the window in which its stamp closes its time; what it covers counts from the row before
*of the same run*, and in front of the first from the window's edge; where a row's state holds from
its stamp on, it holds for the next row of the same run; and of rows that are equal in every column,
which are of one run, the first counts. So a row changes no run but the one that it names. A
campaign begins where the row before was of another product: that no row tells by itself, see
`judging.CAMPAIGNS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from benchmarks.measurements import Batch, OperatingState
from benchmarks.routes import Pack
from reporting_agent.config import SiteSettings
from reporting_agent.pipeline import fuels_in_the_log
from reporting_agent.pipeline.runs import (
    EXCLUDING,
    LogRow,
    Run,
    codes_of,
    made_of,
    rows_of,
    window_of,
)
from reporting_agent.pipeline.units import over_time
from reporting_agent.sources import Table

_INSTANT = timedelta(microseconds=1)


def cut(
    tables: Sequence[Table], site: SiteSettings, pack: Pack
) -> tuple[list[Batch], list[fuels_in_the_log.Of]]:
    """The runs of a log, in order of start and id, and what their rows hold in columns that nothing
    maps.
    """
    unit, factor = (
        over_time(site.runs.unit) if site.runs.energy == "rate" else (site.runs.unit, 1.0)
    )
    since_previous = site.runs.row_covers == "since-previous"
    by_run: dict[tuple[str, str, str, str, datetime], list[LogRow]] = {}
    for row in rows_of(tables, site.runs, pack)[0]:
        named = (
            replace(row, start=row.end - _INSTANT, end=row.end - _INSTANT)
            if since_previous
            else row
        )
        by_run.setdefault(
            (row.equipment, row.step.id, row.product, row.variant, window_of(named, site)), []
        ).append(row)
    built = {key: Run() for key in by_run}
    for key, rows in by_run.items():
        run = built[key]
        for row in _by_themselves(rows, key[4], site):
            run.fuels += row.fuels
            if EXCLUDING & set(codes_of(row, site.runs)):
                run.missing_s += 0.0 if row.state is not OperatingState.NORMAL else row.span_s
            else:
                run.rows.append(row)
    return made_of(built, site, unit, factor)


def _by_themselves(rows: list[LogRow], window: datetime, site: SiteSettings) -> list[LogRow]:
    """The rows of one run in order of stamp; what a row takes from the one before it, it takes from
    the one before it in the run.
    """
    ordered: list[LogRow] = []
    since_previous = site.runs.row_covers == "since-previous"
    before: datetime = window
    state: OperatingState | None = None
    for row in sorted(rows, key=lambda stamped: stamped.end):
        start = min(before, row.end) if since_previous else row.start
        own_state = (
            state if site.runs.row_state == "from-the-stamp" and state is not None else row.stated
        )
        ordered.append(replace(row, start=start, state=own_state, first=False))
        before, state = row.end, row.stated
    return ordered
