"""The public page of one version: its first sentence, downloads and withdrawal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from portal.web.areas import Section
from portal.web.presenters.curves import Spread
from portal.web.presenters.errata import ErratumPart
from portal.web.presenters.ladders import Ladder
from portal.web.presenters.references import References
from portal.web.viewmodels.shared import HeadlineFigure, Item, VersionRow


@dataclass(frozen=True, slots=True)
class VersionWithdrawal:
    on: date
    reason: str
    latest_url: str


@dataclass(frozen=True, slots=True)
class Lead:
    """The sentence that answers the first question; the template words it."""

    amount: str  # what the totals are of: a tonne of the product
    reached: str
    composite: str
    typical: str
    unit: str
    widest_step: str
    widest_share: str
    shown: int
    hidden: int


@dataclass(frozen=True, slots=True)
class Download:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class BenchmarkPage:
    title: str
    period: str
    sector: str
    sector_url: str  # empty where no version of the period is in force
    scope: str  # whose firms: the jurisdiction
    version: int
    published: date | None
    lead: Lead
    figures: tuple[HeadlineFigure, ...]
    ladder: Ladder
    spread: Spread
    added: tuple[Section, ...]  # of extras
    references: References | None  # none of a sector for which none is held
    no_limits: str  # why no limit of a standard stands beside the ladder
    # beside limits: which editions were in force as well, whose values the pack does not hold
    not_held: str
    rule: str
    method_url: str  # the page of the pack's version, with every number and its source
    noise: str
    verified: str  # what was checked and audited of the reports
    explanation: tuple[Item, ...]
    versions: tuple[VersionRow, ...]
    downloads: tuple[Download, ...]
    citation: str
    citations: tuple[Download, ...]
    digest: str  # of the signed document, hex
    address: str
    withdrawal: VersionWithdrawal | None
    erratum: ErratumPart | None
    superseded_by: str  # address of the version now in force, where this one is not it
