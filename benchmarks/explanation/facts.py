"""Facts that stand at the portal and not in the label: who took part, who checked, who approved,
what changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from benchmarks.declared import Words, worded

_REGULATOR = worded("the sector regulator")


@dataclass(frozen=True, slots=True)
class StepAttested:
    """Of one step: how many of its sites are attested, and how many firms stand behind those and
    behind the others.
    """

    step: str
    sites: int
    of: int
    firms: int
    other_firms: int


@dataclass(frozen=True, slots=True)
class Verification:
    """What certification bodies looked at and attested; nothing where none has yet. `names` are the
    bodies'.

    `sites_opened` is None where nobody has counted them: that tells neither that samples were
    opened nor that none was.
    """

    bodies: int = 0
    sites_opened: int | None = None
    findings: int = 0
    corrected: int = 0
    names: tuple[Words, ...] = ()
    steps: tuple[StepAttested, ...] = ()
    valid_until: date | None = None  # the first of the attestations to end


@dataclass(frozen=True, slots=True)
class VersionApproval:
    """One person's decision on this version, by role and organisation: `who` is public, so it holds
    no private name.
    """

    who: str
    on: date
    act: str = "published"  # drafted | published | withdrew
    who_zh: str = ""  # where the organisation has a Chinese name


@dataclass(frozen=True, slots=True)
class VersionChange:
    """What changed since the version before, and why, as the drafter wrote it."""

    since_version: str
    words: Words


@dataclass(frozen=True, slots=True)
class Participation:
    """Who was asked and who took part, in counts only.

    `firms_obliged` counts every firm that has to report, whether it did or not;
    `firms_volunteering` those that reported and are none of these. `excluded` counts labels that
    were asked for and not released or not accepted, by reason code.
    """

    firms_reporting: int
    sites_reporting: int
    firms_obliged: int | None = None
    firms_volunteering: int = 0
    coordinator: Words = _REGULATOR
    excluded: tuple[tuple[str, int], ...] = ()
    verification: Verification = Verification()
    approvals: tuple[VersionApproval, ...] = ()
    change: VersionChange | None = None
