"""Whether the portal's parts work, in words that tell a stranger nothing else.

The worker is judged by its work: it is well while nothing that was handed in has waited too long. A worker that is gone is
noticed once there is something to open, which is when it matters; and no request of a stranger reaches it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from portal.celery import app
from portal.intake.selectors import waiting_since
from portal.problems import SERVER_AWAY
from portal.web.viewmodels.shared import StateWord

TOO_LONG = timedelta(minutes=10)
BROKER_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    state: StateWord
    meaning: str  # for who uses the portal
    well: bool


def look(now: datetime) -> tuple[Part, ...]:
    """Database, broker, worker, in this order; without the database nobody knows what the worker has to do."""
    try:
        waiting = waiting_since()
        database, behind = True, waiting is not None and now - waiting > TOO_LONG
    except SERVER_AWAY:
        database, behind = False, None
    return _database(well=database), _broker(well=broker_answers()), _worker(behind)


def http_status(parts: tuple[Part, ...]) -> int:
    return 200 if all(part.well for part in parts) else 503


def broker_answers() -> bool:
    try:
        with app.connection_for_write(connect_timeout=BROKER_TIMEOUT_S) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, timeout=BROKER_TIMEOUT_S)
    except (OperationalError, OSError):
        return False
    return True


def _database(*, well: bool) -> Part:
    return _part(
        _("Database"),
        _("Pages and reports are there."),
        _("Nothing can be read or handed in. Agents keep their reports and send them later."),
        well=well,
    )


def _broker(*, well: bool) -> Part:
    bad = _("What is handed in is kept and opened a little later.")
    return _part(_("Message broker"), _("What is handed in is opened at once."), bad, well=well)


def _worker(behind: bool | None) -> Part:
    name = _("Worker")
    if behind is None:
        return Part(name, StateWord(_("Not known"), "wait"), _("Without the database nobody can tell."), well=False)
    good = _("Nothing that was handed in waits too long.")
    return _part(
        name, good, _("Reports that were handed in wait to be opened. They are safe; nobody has to send them again."), well=not behind
    )


def _part(name: str, good: str, bad: str, *, well: bool) -> Part:
    return Part(name, StateWord(_("Works"), "ok") if well else StateWord(_("Does not work"), "no"), good if well else bad, well)
