"""Logs in which part of a run stands under another name: how an insider cuts a batch whose meter is
read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from itertools import pairwise

from tests.statistical import lines

Row = dict[str, str]
Change = Callable[[list[Row], Collection[str]], list[Row]]

LEAST = timedelta(hours=1)  # what is left of a run that is cut


def ends_filled(minutes: int, state: str) -> Change:
    """The last minutes of every chosen run are a row of their own, in that state and without
    output.
    """

    def pieces_of(row: Row, start: datetime, end: datetime) -> list[Row]:
        cut = (end - timedelta(minutes=minutes)).isoformat()
        return [{**row, "end": cut}, {**_nothing_made(row, state), "start": cut}]

    return _cut(minutes, pieces_of)


def beginnings_filled(minutes: int, state: str) -> Change:
    def pieces_of(row: Row, start: datetime, end: datetime) -> list[Row]:
        cut = (start + timedelta(minutes=minutes)).isoformat()
        return [{**_nothing_made(row, state), "end": cut}, {**row, "start": cut}]

    return _cut(minutes, pieces_of)


def ends_beside_moments(minutes: int, output: str) -> Change:
    """The last minutes are nobody's; a row of 18 seconds with that output stands where they begin,
    as if its times were wrong.
    """

    def pieces_of(row: Row, start: datetime, end: datetime) -> list[Row]:
        cut = end - timedelta(minutes=minutes)
        short = {
            "batch_id": f"{row['batch_id']}-x",
            "start": cut.isoformat(),
            "end": (cut + timedelta(seconds=18)).isoformat(),
        }
        return [
            {**row, "end": cut.isoformat()},
            {**row, **short, "output_quantity": output, "reject_quantity": "0"},
        ]

    return _cut(minutes, pieces_of)


def waiting_over_pauses(rows: list[Row], chosen: Collection[str]) -> list[Row]:
    """Every chosen run before a pause longer than itself stands in the log as holding, over run and
    pause.
    """
    by_line: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: lines.moment(row["start"])):
        by_line.setdefault(row["equipment"], []).append(row)
    changed = {}
    for line in by_line.values():
        for row, following in pairwise(line):
            start, end, begins = (
                lines.moment(stamp) for stamp in (row["start"], row["end"], following["start"])
            )
            if row["batch_id"] in chosen and begins - end > 1.1 * (end - start) > timedelta(0):
                changed[row["batch_id"]] = {
                    **_nothing_made(row, "holding"),
                    "batch_id": row["batch_id"],
                    "end": following["start"],
                }
    return [changed.get(row["batch_id"], row) for row in rows]


def _cut(minutes: int, cut: Callable[[Row, datetime, datetime], list[Row]]) -> Change:
    def change(rows: list[Row], chosen: Collection[str]) -> list[Row]:
        pieces = []
        for row in rows:
            start, end = lines.moment(row["start"]), lines.moment(row["end"])
            long_enough = (
                row["batch_id"] in chosen and end - start > timedelta(minutes=minutes) + LEAST
            )
            pieces += cut(row, start, end) if long_enough else [row]
        return pieces

    return change


def _nothing_made(row: Row, state: str) -> Row:
    return {
        **row,
        "batch_id": f"{row['batch_id']}-x",
        "state": state,
        "output_quantity": "0",
        "reject_quantity": "0",
    }
