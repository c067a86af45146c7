"""An organisation's people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.web.viewmodels.shared import Choice, Crumb, Item, StateWord
from portal.web.viewmodels.tables import Pages


@dataclass(frozen=True, slots=True)
class MemberRow:
    name: str
    email: str
    capacity: str
    you: bool
    change_url: str  # empty where the reader may change nothing


@dataclass(frozen=True, slots=True)
class InvitationRow:
    email: str
    capacity: str
    state: StateWord
    until: datetime
    url: str


@dataclass(frozen=True, slots=True)
class HouseBlock:
    id: int
    name: str
    firm: bool  # an enterprise: it has sites, delegates, a record of its own, and can leave
    led: bool
    members: tuple[MemberRow, ...]
    invitations: tuple[InvitationRow, ...]


@dataclass(frozen=True, slots=True)
class RecordRow:
    at: datetime
    who: str
    what: str
    seen: bool
    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Who in a firm saw and did what."""

    firm: str
    found: int
    rows: tuple[RecordRow, ...]
    pages: Pages | None
    kinds: tuple[Choice, ...]
    who: str
    what: str
    kept_days: int
    export_url: str
    crumbs: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """A firm or a site that wishes to take part, for a regulator."""

    url: str
    name: str
    place: str
    since: datetime
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class OwnWish:
    """What a firm asked for and was not granted yet."""

    name: str
    what: str
    since: datetime
    state: StateWord
    reason: str
