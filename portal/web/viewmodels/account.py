"""A person's own account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.web.viewmodels.shared import StateWord


@dataclass(frozen=True, slots=True)
class SecurityPage:
    name: str
    email: str
    second_factor: StateWord
    set_up: datetime | None
    needed: bool
    codes_left: int
    sessions: int
    keys: bool  # whether the person has a role, and so the page of API keys


@dataclass(frozen=True, slots=True)
class SessionRow:
    id: int
    program: str
    address: str
    signed_in: datetime
    here: bool
