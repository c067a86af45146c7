"""Stamps by which a process knows whether what it counted still holds.

Who took part is counted over thousands of sites and asked for again and again, while it changes only where somebody reports or a site
does. So the database keeps a random stamp for every period that something was sent for, and one for all that stands around them (sites,
firms, jurisdictions, agents, peer groups, dates). Triggers renew them in the transaction of every change, whoever makes it: a service, a
command, an operator's own SQL. What was worked out is found again by its stamps and never by its age: after a change nobody looks
under the old ones. They are random and not counted, so that a transaction rolled back or a backup played back never shows an old one
with other data behind it.

The stamps are read before the data. Where a change comes between, what is kept under the old stamps is newer than they are, and nobody asks
for it: who comes later reads the new ones. Released values come and go in the transaction that sets their submission's state, so its
stamp is theirs, too.

Triggers are made after every migration, for SQLite loses those of a table that a migration makes anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from portal.intake.models import Stamp

SITES = "sites"
AROUND = (
    *("accounts_jurisdiction", "accounts_controllingfirm", "accounts_organisation", "accounts_site", "accounts_device"),
    *("catalogue_peergroup", "catalogue_peergroupmember", "catalogue_reportingperiod", "catalogue_extension"),
)
SENT = ("intake_submission", "intake_commitment")
EVENTS = ("INSERT", "UPDATE", "DELETE")

Known = TypeVar("Known")


def stamps() -> Mapping[str, str]:
    """All of them by name: a few dozen. A period that nothing was ever sent for has none."""
    return dict(Stamp.objects.values_list("name", "stamp"))


def of_period(found: Mapping[str, str], name: str) -> str:
    return found.get(f"period {name}", "")


class Remembered(Generic[Known]):
    """The last few things that this process worked out, by their stamps and whatever else they depend on."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, Known] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> Known | None:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: Hashable, known: Known) -> Known:
        with self._lock:
            self._held[key] = known
            while len(self._held) > self._most:
                self._held.popitem(last=False)
        return known

    def of(self, key: Hashable, work_out: Callable[[], Known]) -> Known:
        known = self.get(key)
        return self.put(key, work_out()) if known is None else known

    def clear(self) -> None:
        with self._lock:
            self._held.clear()


def install(using: str) -> None:
    """Make the triggers of a database that has the tables; made before or not."""
    connection = connections[using]
    if Stamp._meta.db_table not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in _statements(connection):
            cursor.execute(statement)


def install_after_migration(using: str, **_told: Any) -> None:
    """For the signal that ends a migration."""
    install(using)


def _statements(connection: BaseDatabaseWrapper) -> tuple[str, ...]:
    made = {"postgresql": _postgresql, "sqlite": _sqlite}[connection.vendor]
    return made()


def _postgresql() -> tuple[str, ...]:
    """Once a statement, after all its rows: who writes many rows locks the stamps last. As the owner, for the worker may not write them."""
    function = (
        "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$ "
        "BEGIN INSERT INTO intake_stamp (name, stamp) {rows} ON CONFLICT (name) DO UPDATE SET stamp = excluded.stamp; RETURN NULL; END $$"
    )
    periods = "SELECT name, gen_random_uuid() FROM (SELECT DISTINCT 'period ' || period AS name FROM changed ORDER BY 1) AS of_periods"
    made = [
        function.format(name="intake_stamp_sites", rows=f"VALUES ('{SITES}', gen_random_uuid())"),
        function.format(name="intake_stamp_periods", rows=periods),
    ]
    trigger = "CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table} {rows} FOR EACH STATEMENT EXECUTE FUNCTION {function}()"
    for table in AROUND:
        name, event = f"{table}_stamps", " OR ".join(EVENTS)
        made.append(trigger.format(name=name, event=event, table=table, rows="", function="intake_stamp_sites"))
    for table in SENT:
        for event in EVENTS:
            rows = f"REFERENCING {'OLD' if event == 'DELETE' else 'NEW'} TABLE AS changed"
            name = f"{table}_stamps_{event.lower()}"
            made.append(trigger.format(name=name, event=event, table=table, rows=rows, function="intake_stamp_periods"))
    return tuple(made)


def _sqlite() -> tuple[str, ...]:
    """Nothing with OR IGNORE or ON CONFLICT: within a trigger those give way to what the statement outside says of conflicts."""
    trigger = (
        "CREATE TRIGGER IF NOT EXISTS {table}_stamps_{kind} AFTER {event} ON {table} BEGIN "
        "INSERT INTO intake_stamp (name, stamp) SELECT {name}, '' WHERE NOT EXISTS (SELECT 1 FROM intake_stamp WHERE name = {name}); "
        "UPDATE intake_stamp SET stamp = lower(hex(randomblob(16))) WHERE name = {name}; END"
    )
    made = [trigger.format(table=table, kind=event.lower(), event=event, name=f"'{SITES}'") for table in AROUND for event in EVENTS]
    for table in SENT:
        for event in EVENTS:
            name = f"'period ' || {'OLD' if event == 'DELETE' else 'NEW'}.period"
            made.append(trigger.format(table=table, kind=event.lower(), event=event, name=name))
    return tuple(made)
