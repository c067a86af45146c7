"""Numbers whose readings the spool will not have: of messages that could not be read, and of
readings that nobody sends any more.

A message that cannot be read is a row with its digest, kept once: a source that sends it again,
because it is asked to, adds nothing. Where its meter and number could be read, that number counts
as arrived. A range that was given up is a row too, so that a restart does not ask for it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from extras.live.spool.meter_state import MeterState
from extras.live.spool.segments import Row

UNREADABLE = "unreadable"
"""The table of messages that could not be read."""

GIVEN_UP = "given-up"
MOST_REMEMBERED = 1_000  # digests


def row_given_up(meter: str, first: int, last: int, at_us: int) -> Row:
    """The readings from `first` to `last` are asked for no more since a moment, UTC
    microseconds.
    """
    return {"table": GIVEN_UP, "meter": meter, "first": first, "last": last, "at_us": at_us}


class MissingNumbers:
    """What rows say of numbers, in order of arrival; and which messages that could not be read are
    there.
    """

    def __init__(self) -> None:
        self.digests: dict[str, None] = {}

    def new(self, rows: Iterable[Row]) -> list[Row]:
        """The rows without messages that are there; those of one arrival count too."""
        digests: set[str] = set()
        fresh = []
        for row in rows:
            digest = row.get("digest", "")
            if (
                row["table"] == UNREADABLE
                and digest
                and (digest in self.digests or digest in digests)
            ):
                continue
            digests.add(digest)
            fresh.append(row)
        return fresh

    def follow(self, rows: Iterable[Row], meters: Mapping[str, MeterState]) -> None:
        """Take over what rows on the disk say."""
        for row in rows:
            if row["table"] == UNREADABLE:
                self._remember(row.get("digest", ""))
                if "number" in row and (meter := meters.get(row["meter"])) is not None:
                    meter.gaps.take(row["number"], later=False)
            elif row["table"] == GIVEN_UP and (meter := meters.get(row["meter"])) is not None:
                meter.gaps.give_up(row["first"], row["last"], row["at_us"])

    def _remember(self, digest: str) -> None:
        self.digests[digest] = None
        if len(self.digests) > MOST_REMEMBERED:
            del self.digests[next(iter(self.digests))]
