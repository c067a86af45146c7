"""A proposed profile proved: the file is read with it, and its first rows and every refusal are
shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from benchmarks.errors import InputError
from benchmarks.phrases import Phrase, in_number
from reporting_agent.config import Profile
from reporting_agent.door.types import INPUTS, ProfileProposal
from reporting_agent.sources import read_sheet, stream_readings
from reporting_agent.sources.cells import RejectedRow
from reporting_agent.sources.meter_readings import ReadingLog
from reporting_agent.sources.sheets import Sheet, open_sheet
from reporting_agent.sources.wanted import CellKind

SHOWN = 3
_ROWS_WHILE_OPEN = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Proof:
    """How many rows the profile reads and rejects, the first ones as the template has them, and why
    rows were rejected.
    """

    read: int
    rejected: int
    totals: int
    header: tuple[str, ...]
    first: tuple[tuple[str, ...], ...]
    reasons: tuple[str, ...]
    refused: InputError | None = None


def prove(proposal: ProfileProposal) -> Proof:
    """Read the whole file by the proposal; while something is open only its first rows, with "?"
    (or 0) for it, and the zone as UTC.
    """
    profile = Profile.model_validate(
        proposal.keys | {"constants": {**_open(proposal), **proposal.table("constants")}}
    )
    zone = ZoneInfo(profile.timezone or "UTC")
    try:
        return (
            _of_readings(proposal, profile, zone)
            if proposal.input == "readings"
            else _of_table(proposal, profile, zone)
        )
    except InputError as refused:
        return Proof(0, 0, 0, (), (), (), refused=refused)


def _open(proposal: ProfileProposal) -> dict[str, str | float]:
    """Something for each required column that neither the file nor an answer gives yet."""
    given_columns = {
        *proposal.look.header,
        *proposal.table("columns"),
        *(("carrier", "quantity", "unit") if "carriers" in proposal.keys else ()),
    }
    lacking = [
        column
        for column in INPUTS[proposal.input].columns
        if column.required and column.name not in given_columns
    ]
    return {
        column.name: 0.0 if column.kind in {CellKind.NUMBER, CellKind.AMOUNT} else "?"
        for column in lacking
        if column.kind is not CellKind.MOMENT
    }


def _of_table(proposal: ProfileProposal, profile: Profile, zone: ZoneInfo) -> Proof:
    wanted = INPUTS[proposal.input]
    table = read_sheet(lambda: _sheet(proposal, profile), profile, wanted, zone)
    names = tuple(
        name
        for name, values in table.columns.items()
        if any(value not in (None, "") for value in values[:100])
    )
    first = tuple(
        tuple(_shown(table.columns[name][row]) for name in names)
        for row in range(min(SHOWN, len(table)))
    )
    return Proof(
        len(table), len(table.rejected), len(table.totals), names, first, _reasons(table.rejected)
    )


def _sheet(proposal: ProfileProposal, profile: Profile) -> Sheet:
    """The file; of one with open questions its first rows: each that cannot be read yet would be
    kept with all its cells.
    """
    sheet = open_sheet(proposal.look.path, profile, proposal.input)
    return (
        replace(sheet, rows=islice(sheet.rows, _ROWS_WHILE_OPEN)) if proposal.questions else sheet
    )


def _of_readings(proposal: ProfileProposal, profile: Profile, zone: ZoneInfo) -> Proof:
    log = ReadingLog()
    first: list[tuple[str, ...]] = []
    read = 0
    for block in stream_readings(
        [proposal.look.path], profile, frozenset(proposal.meters), zone, log
    ):
        read += len(block.row)
        for stamp, value in list(zip(block.time_us.tolist(), block.value.tolist(), strict=True))[
            : max(SHOWN - len(first), 0)
        ]:
            first.append(
                (
                    block.meter,
                    _shown((_EPOCH + timedelta(microseconds=stamp)).astimezone(zone)),
                    _shown(value),
                )
            )
    return Proof(
        read,
        log.rejected_count,
        len(log.totals),
        ("meter_id", "timestamp", "value"),
        tuple(first),
        _reasons(log.rejected),
    )


def _reasons(rejected: Sequence[RejectedRow]) -> tuple[str, ...]:
    counted = Counter(
        (rejection.reason, rejection.place.column or "", rejection.wanted) for rejection in rejected
    )
    first = {
        (rejection.reason, rejection.place.column or "", rejection.wanted): rejection
        for rejection in reversed(rejected)
    }
    return tuple(_reason(first[key], count) for key, count in counted.most_common(5))


def _reason(rejection: RejectedRow, count: int) -> Phrase:
    return in_number(
        count,
        "%(count)s row, %(row)s: column %(column)s, %(reason)s; found %(found)s, wanted %(wanted)s",
        "%(count)s rows, first %(row)s: column %(column)s, %(reason)s; found %(found)s, wanted "
        "%(wanted)s",
        count=f"{count:,}",
        row=str(rejection.place.row),
        column=repr(rejection.place.column or ""),
        reason=rejection.reason,
        found=rejection.found,
        wanted=rejection.wanted,
    )


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return f"{value:.10g}" if isinstance(value, float) else "" if value is None else str(value)
