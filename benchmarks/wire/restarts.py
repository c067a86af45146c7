"""The restart of a log: what the coordinator signs, offline, after a portal lost the end of its log
and went on from a backup.

    entries   0 ─────────────── after.size ─────── lost_to
    before    what was shown, and cannot be shown any more
    after     the head from which the log goes on; entries [after.size, lost_to) are lost

Only the directory key, which no machine of the portal holds, signs one: whoever has broken into the
portal cannot excuse a log that was cut. A reader whose head lies in the lost range takes a
statement once, and tells a person of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, ClassVar

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire import heads
from benchmarks.wire.canonical import LARGEST_INTEGER, decode, encode
from benchmarks.wire.heads import SeenHead
from benchmarks.wire.records import VERSION, Fields, Record, Seconds, octets, whole, words
from benchmarks.wire.signed import Signed
from benchmarks.wire.signing import Purpose, VerifyingKey

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class LogRestartStatement(Record):
    """What was lost, and from where the log goes on. `at`: when it was asked for, in seconds since
    1970-01-01T00:00Z.
    """

    WHERE: ClassVar[str] = "log_restart"

    before: Annotated[bytes, octets()]  # the last head of the log that was lost, as signed
    lost_to: Annotated[
        int, whole(1, LARGEST_INTEGER)
    ]  # the index after the last entry that anybody was told of
    after: Annotated[bytes, octets()]  # the head from which the log goes on, as signed
    at: Seconds
    reason: Annotated[str, words(1, LONGEST_REASON)]

    @property
    def lost_from(self) -> int:
        """The index of the first entry that is lost."""
        return heads.parse(self.after).size

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def explains(self, seen_head: SeenHead) -> bool:
        """Whether a head is of the log that was lost: of a size in the lost range, and not made
        later than the statement.
        """
        last, head = heads.parse(self.before), seen_head.head
        fits = head.root == last.root if head.size == last.size else head.size <= self.lost_to
        return fits and self.lost_from < head.size and head.at <= self.at

    def lost(self, index: int, on: date) -> bool:
        """Whether an entry of that day lies in the lost range, and was made no later than the
        statement.
        """
        return self.lost_from <= index < self.lost_to and on <= self.moment.date()

    def refuse(self, at: Fields) -> None:
        before, after = heads.parse(self.before), heads.parse(self.after)
        if not after.size < self.lost_to or before.size > self.lost_to:
            raise VerificationError(
                "restart-loses-nothing",
                Phrase(
                    "The log continues from %(size)s entries and had %(before)s before: nothing "
                    "was lost.",
                    size=after.size,
                    before=self.lost_to,
                ),
                "A restart is only for a log that is shorter than the one shown before. A longer "
                "log continues by itself.",
            )


def request(restart: LogRestartStatement) -> bytes:
    """The file that goes to the offline key. VerificationError as `read_request`."""
    raw = encode({"v": VERSION, "log_restart": restart.to_wire()})
    read_request(raw)
    return raw


def read_request(raw: bytes) -> LogRestartStatement:
    """What a request says; nothing is judged yet but that it is well formed.

    Raises:
        VerificationError: malformed; `restart-loses-nothing`.
    """
    fields = Fields(decode(raw))
    fields.version()
    restart = LogRestartStatement.from_wire(fields.map_of("log_restart"))
    fields.done()
    return restart


RESTART = Signed(
    LogRestartStatement,
    Purpose.LOG_RESTART,
    lambda: VerificationError(
        "restart-signature-invalid",
        "The statement that the log was restarted is not signed by the key that the enrolment "
        "token names.",
        "Send nothing more. Ask the coordinator, through another channel than this portal, "
        "whether the log was restarted.",
    ),
    offline=True,
)
issue, parse = RESTART.issue, RESTART.parse


def verify(raw: bytes, fingerprint: str, keys: Mapping[str, VerifyingKey]) -> LogRestartStatement:
    """The statement in `raw`, signed by the directory key with this fingerprint, over two heads
    that the portal's `keys` signed.

    Raises:
        VerificationError: `restart-signature-invalid`, `tree-head-signature-invalid`,
            `restart-loses-nothing`, or malformed bytes.
    """
    restart = RESTART.verify(raw, fingerprint)
    heads.read(restart.before, keys)
    heads.read(restart.after, keys)
    return restart


def digest(raw: bytes) -> str:
    """What a statement is known by."""
    return hashlib.sha256(raw).hexdigest()
