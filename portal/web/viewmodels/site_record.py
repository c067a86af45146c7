"""Everything on a site, and on a firm, on one page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.web.presenters.home import WaitingTask
from portal.web.viewmodels.listed import ListTable
from portal.web.viewmodels.methods import Link
from portal.web.viewmodels.shared import Crumb, Item, SelectOption, StateWord


@dataclass(frozen=True, slots=True)
class Tile:
    title: str
    state: StateWord
    note: str


@dataclass(frozen=True, slots=True)
class EventLine:
    at: datetime
    kind: str
    what: str
    who: str
    detail: str


@dataclass(frozen=True, slots=True)
class SiteRecordPage:
    name: str
    caption: str
    due: tuple[WaitingTask, ...]
    tiles: tuple[Tile, ...]
    tables: tuple[ListTable, ...]  # those that have rows
    kinds: tuple[SelectOption, ...]
    events: tuple[EventLine, ...]
    matches: int
    more_url: str  # the rest of the events; empty where all are shown
    export_url: str
    identity: tuple[Item, ...]
    firm_url: str
    acts: tuple[Link, ...]
    may_note: bool
    crumbs: tuple[Crumb, ...]


@dataclass(frozen=True, slots=True)
class FirmRecordPage:
    name: str
    caption: str
    telephone: str
    code: str  # its unified social credit code; empty where none is known
    may_identify: bool  # whether the reader may enter or correct it
    sites: ListTable
    due: tuple[WaitingTask, ...]
