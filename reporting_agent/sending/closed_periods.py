"""Periods that are closed to this state directory: another one of the same site committed to them,
and what it spent is not known here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from benchmarks.wire.commitments import ReportCommitment
from reporting_agent.sending.kept_reports import Parcel


@dataclass(frozen=True, slots=True)
class ClosedPeriod:
    """A commitment that another state directory of this site made: its period is closed here."""

    digest: bytes
    period: str
    revision: int


class ClosedPeriods:
    """The rows of `closed`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self) -> tuple[ClosedPeriod, ...]:
        rows = self._connection.execute(
            "SELECT digest, period, revision FROM closed ORDER BY period, revision"
        )
        return tuple(ClosedPeriod(row["digest"], row["period"], row["revision"]) for row in rows)

    def add(self, commitments: Iterable[ReportCommitment], now: datetime) -> None:
        """Belongs inside a transaction; what is there already stays."""
        self._connection.executemany(
            "INSERT OR IGNORE INTO closed VALUES (?, ?, ?, ?)",
            [
                (
                    bytes.fromhex(commitment.digest),
                    commitment.period,
                    commitment.revision,
                    now.isoformat(),
                )
                for commitment in commitments
            ],
        )


def commitment_digests(parcels: Iterable[Parcel]) -> dict[bytes, Parcel]:
    """The parcels that are committed to, by the digest of their commitment."""
    committed = (parcel for parcel in parcels if parcel.data_root is not None)
    return {
        bytes.fromhex(
            ReportCommitment(
                parcel.site, parcel.period, parcel.revision, parcel.data_root or b""
            ).digest
        ): parcel
        for parcel in committed
    }
