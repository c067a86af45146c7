"""API keys of the organisations that a person manages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.web.viewmodels.shared import StateWord
from portal.web.viewmodels.tables import Column, Pages, SortForm


@dataclass(frozen=True, slots=True)
class KeyRow:
    name: str
    prefix: str
    whose: str
    scopes: tuple[str, ...]
    state: StateWord
    used: datetime | None
    until: datetime
    revoke_url: str  # empty where it is revoked


@dataclass(frozen=True, slots=True)
class KeysPage:
    rows: tuple[KeyRow, ...]
    good: int  # keys that open something today
    columns: tuple[Column, ...]
    sort_form: SortForm | None
    pages: Pages | None
    filters: tuple[tuple[str, str, bool], ...]  # word, address, whether it is this one
    export_url: str


@dataclass(frozen=True, slots=True)
class ScopeBox:
    value: str
    text: str
    checked: bool
