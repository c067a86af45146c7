"""The newest version of the agent, as the coordinator announces it: signed offline by the key whose
fingerprint came with the token.

Whoever has broken into the portal can neither announce a version of their own nor go back to an
older announcement that an agent has seen; what they can do is to hold a newer one back, until the
last day of the one that they show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar

from benchmarks.errors import VerificationError
from benchmarks.phrases import Phrase
from benchmarks.wire.canonical import LARGEST_INTEGER
from benchmarks.wire.records import (
    Day,
    DigestHex,
    Fields,
    Record,
    each,
    malformed,
    whole,
    words,
)
from benchmarks.wire.signed import Signed
from benchmarks.wire.signing import Purpose

FILE = "agent-release.cbor"
"""Under which name a portal offers it, beside the agent's files."""
LONGEST_TEXT = 2_000
_NUMBERS = re.compile(r"(0|[1-9][0-9]{0,4})(\.(0|[1-9][0-9]{0,4})){2}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")


@dataclass(frozen=True, slots=True)
class ReleasedFile(Record):
    """One file of the version, by SHA-256."""

    name: Annotated[str, words()]
    sha256: DigestHex


@dataclass(frozen=True, slots=True)
class WhatChanges(Record):
    """What changes for a plant, in one language."""

    language: Annotated[str, words(2, 3)]
    text: Annotated[str, words(1, LONGEST_TEXT)]


@dataclass(frozen=True, slots=True)
class AgentRelease(Record):
    """`number` grows with every announcement; `on` is its day, `until` the first day on which it
    says nothing any more.
    """

    WHERE: ClassVar[str] = "agent_release"

    number: Annotated[int, whole(1, LARGEST_INTEGER)]
    version: Annotated[str, words(5, 20)]
    on: Day
    until: Day
    files: Annotated[tuple[ReleasedFile, ...], each(ReleasedFile, 32)]
    changes: Annotated[tuple[WhatChanges, ...], each(WhatChanges, 16)]

    def refuse(self, at: Fields) -> None:
        if not _NUMBERS.fullmatch(self.version):
            raise malformed(at.path("version"), Phrase("three numbers separated by dots"))
        if not self.on < self.until:
            raise malformed(at.path("until"), Phrase("a day after `on`"))
        if not self.files or len({file.name for file in self.files}) < len(self.files):
            raise malformed(at.path("files"), Phrase("a list of files, each name once"))
        languages = [change.language for change in self.changes]
        if (
            "en" not in languages
            or len(set(languages)) < len(languages)
            or not all(map(_LANGUAGE.fullmatch, languages))
        ):
            raise malformed(
                at.path("changes"), Phrase("one text for each language, English included")
            )

    def is_newer_than(self, version: str) -> bool:
        """By the three numbers."""
        return _numbers(self.version) > _numbers(version)

    def what_changes(self, language: str) -> str:
        """In that language, else in English."""
        texts = {change.language: change.text for change in self.changes}
        return texts.get(language, texts["en"])


AGENT_RELEASE = Signed(
    AgentRelease,
    Purpose.AGENT_RELEASE,
    lambda: VerificationError(
        "agent-release-signature-invalid",
        "The announcement of the agent's newest version is not signed by the key that the "
        "enrolment token names.",
        "Do not install anything that it names. Ask the coordinator through another channel than "
        "this portal.",
    ),
    offline=True,
)
issue, verify = AGENT_RELEASE.issue, AGENT_RELEASE.verify


def renewed(raw: bytes, fingerprint: str, last_seen_raw: bytes | None, today: date) -> AgentRelease:
    """The announcement in `raw`, in force today, held against the one that was seen last.

    Raises:
        VerificationError: as `verify`; `agent-release-outdated` for a lower number than was seen,
            or one whose last day is over; `agent-release-forked` for another content under a number
            already seen.
    """
    release = verify(raw, fingerprint)
    last_seen = None if last_seen_raw is None else verify(last_seen_raw, fingerprint)
    if last_seen is not None and release.number == last_seen.number and release != last_seen:
        raise VerificationError(
            "agent-release-forked",
            Phrase(
                "Two announcements of the agent's newest version were signed under the number "
                "%(number)s.",
                number=release.number,
            ),
            (
                "Do not install anything that they name. Ask the coordinator, through another "
                "channel than this portal, why two were signed."
            ),
        )
    if (last_seen is not None and release.number < last_seen.number) or release.until <= today:
        raise VerificationError(
            "agent-release-outdated",
            Phrase(
                "The announcement shown is number %(number)s, valid before %(until)s. This "
                "machine has already seen number %(seen)s.",
                number=release.number,
                until=release.until.isoformat(),
                seen=release.number if last_seen is None else last_seen.number,
            ),
            "A newer one may be withheld from you. Check this machine's date. Then ask the "
            "coordinator which version is the newest.",
        )
    return release


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
