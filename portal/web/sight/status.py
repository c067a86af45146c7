"""Whether the portal's parts work, in words for everybody: each part is judged by the names that
`readiness` found.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.web.viewmodels.shared import StateWord

OF_DATABASE = frozenset({"database-away", "database-full", "replica-away"})
OF_WORKER = frozenset(
    {"worker-not-seen", "processing-key-missing", "waiting-too-long", "vault-away", "vault-full"}
)


@dataclass(frozen=True, slots=True)
class StatusPart:
    name: str
    state: StateWord
    meaning: str  # for who uses the portal
    well: bool


def look(wrong: Collection[str]) -> tuple[StatusPart, ...]:
    """Database, broker, worker, in this order; without the database nobody knows what the
    worker has to do.

    A last part says that something is wrong which belongs to none of these.
    """
    parts = (
        _database(well=not OF_DATABASE & {*wrong}),
        _broker(well="redis-away" not in wrong),
        _worker({*wrong}),
    )
    rest = {*wrong} - OF_DATABASE - OF_WORKER - {"redis-away"}
    return (*parts, _rest()) if rest else parts


def http_status(wrong: Collection[str]) -> int:
    """503 where something asked for is not done. A worker that was not seen while nothing waits is
    told by the page and by `/readyz`.
    """
    return 503 if {*wrong} & {*OF_DATABASE, "redis-away", "waiting-too-long"} else 200


def _database(*, well: bool) -> StatusPart:
    return _part(
        _("Database"),
        _("Pages and reports are available."),
        _("You cannot read or submit anything. Agents keep their reports and send them later."),
        well=well,
    )


def _broker(*, well: bool) -> StatusPart:
    bad = _("Submitted reports are stored and opened a little later.")
    return _part(_("Message broker"), _("Submitted reports are opened at once."), bad, well=well)


def _worker(wrong: set[str]) -> StatusPart:
    if {"database-away", "replica-away"} & wrong:
        return StatusPart(
            _("Worker"),
            StateWord(_("Not known"), "wait"),
            _("This cannot be checked while the database does not work."),
            well=False,
        )
    good = _("No submitted report is waiting too long.")
    bad = _(
        "Submitted reports are waiting to be opened. They are safe; nobody needs to send them "
        "again."
    )
    return _part(_("Worker"), good, bad, well=not OF_WORKER & wrong)


def _rest() -> StatusPart:
    return _part(
        _("Other parts"), "", _("The operator has to repair what is named below."), well=False
    )


def _part(name: str, good: str, bad: str, *, well: bool) -> StatusPart:
    state = StateWord(_("Works"), "ok") if well else StateWord(_("Does not work"), "no")
    return StatusPart(name, state, good if well else bad, well)
