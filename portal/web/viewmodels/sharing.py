"""What a firm shows of its labels to others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.web.viewmodels.shared import Item, StateWord


@dataclass(frozen=True, slots=True)
class ShownLabel:
    """One protected label in words."""

    step: str
    metric: str
    best: str
    interval: str
    typical: str
    unit: str


@dataclass(frozen=True, slots=True)
class ShownReport:
    """A report as others may see it."""

    firm: str
    site: str
    sector: str
    period: str
    rows: tuple[ShownLabel, ...]
    facts: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class CertificateBlock:
    code: str
    issued: datetime
    verify_at: str
    pdf_url: str


@dataclass(frozen=True, slots=True)
class LabelCertificate:
    """What the code of a certificate says today."""

    code: str
    state: StateWord
    issued: datetime
    ended: datetime | None  # when the firm revoked it
    report: ShownReport


@dataclass(frozen=True, slots=True)
class ShareRow:
    buyer: str
    labels: int
    state: StateWord
    until: datetime
    openings: int
    last_opened: datetime | None
    take_back_url: str  # empty where the link shows nothing any more
