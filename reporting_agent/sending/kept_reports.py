"""The outbox: every report this site ever planned, sealed or sent, as a row with a named state; and
periods closed because another state directory committed to them.

    planned ─▶ committed ─▶ challenged ─▶ debited ─▶ sealed ─▶ received

*committed*: the commitment is on the disk and may be at the portal; until here a row may be planned
anew. *challenged*: draws are determined, the row is *bound*: other data are another revision.
*debited*: nothing drawn was seen. *sealed*: plaintext and envelope stored in one transaction, for
ever. *received*: the receipt was verified.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.commitments import ReportCommitment


class ParcelState(StrEnum):
    PLANNED = "planned"
    COMMITTED = "committed"
    CHALLENGED = "challenged"
    DEBITED = "debited"
    SEALED = "sealed"
    RECEIVED = "received"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One report of one site, period and revision on its way to the portal.

    `sequence` is the ledger sequence of the header: it counts this site's reports, and the
    challenge says it. `data_digest` stands for the batch records behind the report and
    `method_digest` for the pack: neither leaves the site. `data_root` is what was committed to,
    `parts` the digests of what it stands for, part by part (`benchmarks.audit.committed_tree`).
    `windows` names the steps whose label covers earlier years as well, and how many years in all.
    `cut` says how a log was cut into runs, and is empty where it was not.
    """

    site: str
    period: str
    revision: int
    sequence: int
    correction: bool
    state: ParcelState
    data_digest: bytes
    method_digest: bytes
    data_root: bytes | None = None
    commitment: bytes | None = None
    challenge: bytes | None = None
    plaintext: bytes | None = None
    envelope: bytes | None = None
    digest: str | None = None
    receipt: bytes | None = None
    refusal: str | None = None
    attempts: int = 0
    windows: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    cut: str = ""
    planned_at: str = ""
    sealed_at: str | None = None
    received_at: str | None = None

    @property
    def is_sealed(self) -> bool:
        return self.state in (ParcelState.SEALED, ParcelState.RECEIVED)

    @property
    def is_bound(self) -> bool:
        """Whether its draws are determined: the data can no longer be exchanged under this
        revision.
        """
        return self.state not in (ParcelState.PLANNED, ParcelState.COMMITTED)

    def is_given_up(self, parcels: Iterable[Parcel]) -> bool:
        """Whether a later revision of its period is sealed: then no data bring this one back
        (`revisions.under_its_revision`).
        """
        later = (
            other
            for other in parcels
            if (other.site, other.period) == (self.site, self.period)
            and other.revision > self.revision
        )
        return not self.is_sealed and any(other.is_sealed for other in later)

    def same_data(self, data_digest: bytes, method_digest: bytes) -> bool:
        """Whether these batch records under this pack are the ones behind the report."""
        return self.data_digest == data_digest and self.method_digest == method_digest


class Outbox:
    """The rows of `parcel`. Callers open the transaction: a step is durable when their block
    ends.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def revisions(self, site: str, period: str) -> tuple[Parcel, ...]:
        """All revisions of one period, oldest first."""
        rows = self._connection.execute(
            "SELECT * FROM parcel WHERE site = ? AND period = ? ORDER BY revision", (site, period)
        )
        return tuple(_parcel(row) for row in rows)

    def all(self) -> tuple[Parcel, ...]:
        return tuple(
            _parcel(row)
            for row in self._connection.execute("SELECT * FROM parcel ORDER BY sequence")
        )

    def spooled(self) -> tuple[Parcel, ...]:
        """Sealed and not yet received, in the order in which they were planned."""
        rows = self._connection.execute(
            "SELECT * FROM parcel WHERE state = ? ORDER BY sequence", (ParcelState.SEALED,)
        )
        return tuple(_parcel(row) for row in rows)

    def get(self, site: str, period: str, revision: int) -> Parcel:
        """One parcel; KeyError if it was never planned."""
        row = self._connection.execute(
            "SELECT * FROM parcel WHERE site = ? AND period = ? AND revision = ?",
            (site, period, revision),
        ).fetchone()
        if row is None:
            raise KeyError((site, period, revision))
        return _parcel(row)

    def plan(
        self,
        *,
        site: str,
        period: str,
        revision: int,
        correction: bool,
        data_digest: bytes,
        method_digest: bytes,
        windows: Mapping[str, int],
        now: datetime,
        cut: str = "",
    ) -> Parcel:
        """Plan a revision, or plan one anew that is not bound yet: it keeps its sequence."""
        self._connection.execute(
            """INSERT INTO parcel
               (site, period, revision, sequence, correction, state, data_digest, method_digest, windows, planned_at, cut)
               VALUES (?, ?, ?, (SELECT COALESCE(MAX(sequence), 0) + 1 FROM parcel), ?, ?, ?, ?, ?, ?, ?)
               ON CONFLICT (site, period, revision) DO UPDATE
               SET state = excluded.state, data_digest = excluded.data_digest, method_digest = excluded.method_digest,
                   windows = excluded.windows, planned_at = excluded.planned_at, cut = excluded.cut,
                   data_root = NULL, parts = '{}', commitment = NULL, refusal = NULL
               WHERE state IN ('planned', 'committed')""",  # noqa: E501
            (
                *(
                    site,
                    period,
                    revision,
                    correction,
                    ParcelState.PLANNED,
                    data_digest,
                    method_digest,
                ),
                *(json.dumps(windows), now.isoformat(), cut),
            ),
        )
        return self.get(site, period, revision)

    def committed(
        self, parcel: Parcel, *, data_root: bytes, parts: Mapping[str, str], commitment: bytes
    ) -> None:
        self._advance(
            parcel,
            ParcelState.COMMITTED,
            "state = 'planned'",
            data_root=data_root,
            parts=json.dumps(parts),
            commitment=commitment,
        )

    def challenged(self, parcel: Parcel, *, challenge: bytes, sequence: int) -> None:
        """Keep the challenge, and the number in the ledger that it gives; a report that is not
        bound yet makes room for it.
        """
        holder = self._connection.execute(
            "SELECT * FROM parcel WHERE sequence = ?", (sequence,)
        ).fetchone()
        if holder is not None and _parcel(holder).is_bound and sequence != parcel.sequence:
            raise VerificationError(
                "ledger-sequence-repeated",
                Phrase(
                    "The challenge gives the report of %(period)s number %(sequence)s in this "
                    "site's ledger. Here the report of "
                    "%(holder)s already has that number.",
                    period=parcel.period,
                    sequence=sequence,
                    holder=holder["period"],
                ),
                (
                    "Send what is still waiting (`status` lists it), then run submit with "
                    "--correct. If that report was received, tell "
                    "the coordinator."
                ),
            )
        self._connection.execute(
            "UPDATE parcel SET sequence = (SELECT MAX(MAX(sequence), ?) + 1 FROM parcel) WHERE "
            "sequence = ?",
            (sequence, sequence),
        )
        self._advance(
            parcel,
            ParcelState.CHALLENGED,
            "state IN ('committed', 'challenged')",
            challenge=challenge,
            sequence=sequence,
            refusal=None,
        )

    def debited(self, parcel: Parcel) -> None:
        self._advance(parcel, ParcelState.DEBITED, "state = 'challenged'")

    def sealed(
        self, parcel: Parcel, *, plaintext: bytes, envelope: bytes, digest: str, now: datetime
    ) -> None:
        self._advance(
            parcel,
            ParcelState.SEALED,
            "state = 'debited'",
            plaintext=plaintext,
            envelope=envelope,
            digest=digest,
            sealed_at=now.isoformat(),
        )

    def resealed(self, parcel: Parcel, *, envelope: bytes, digest: str, now: datetime) -> None:
        """Another envelope about the same plaintext (`reporting_agent.sending.enrolment`)."""
        self._advance(
            parcel,
            ParcelState.SEALED,
            "state = 'sealed'",
            envelope=envelope,
            digest=digest,
            sealed_at=now.isoformat(),
            refusal=None,
        )

    def received(self, parcel: Parcel, *, receipt: bytes, now: datetime) -> None:
        self._advance(
            parcel,
            ParcelState.RECEIVED,
            "state = 'sealed'",
            receipt=receipt,
            received_at=now.isoformat(),
            refusal=None,
        )

    def lost_at_portal(self, parcel: Parcel) -> None:
        """The portal lost what it gave a receipt for (`reporting_agent.sending.log_heads`): the
        same bytes wait to be sent again.
        """
        self._advance(
            parcel, ParcelState.SEALED, "state = 'received'", receipt=None, received_at=None
        )

    def attempted(self, parcel: Parcel, refusal: str | None) -> None:
        """Note that sending was tried, and what the portal said if it refused."""
        self._connection.execute(
            "UPDATE parcel SET attempts = attempts + 1, refusal = ? WHERE site = ? AND period = ? "
            "AND revision = ?",
            (refusal, parcel.site, parcel.period, parcel.revision),
        )

    def _advance(self, parcel: Parcel, to: ParcelState, guard: str, **columns: object) -> None:
        assignments = ", ".join(
            ["state = ?", *(f"{name} = ?" for name in columns)]
        )  # column names are ours, never input
        done = self._connection.execute(
            f"UPDATE parcel SET {assignments} WHERE site = ? AND period = ? AND revision = ? AND "  # noqa: S608
            f"{guard}",
            (to, *columns.values(), parcel.site, parcel.period, parcel.revision),
        )
        if done.rowcount != 1:
            raise LookupError(
                f"{parcel.period} revision {parcel.revision} cannot become {to}: {guard} does not "
                "hold"
            )


def _parcel(row: sqlite3.Row) -> Parcel:
    values = dict(row)
    read = {
        "state": ParcelState(values["state"]),
        "correction": bool(values["correction"]),
        "windows": json.loads(values["windows"]),
    }
    read["parts"] = json.loads(values["parts"])
    return Parcel(**{**values, **read})


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
