"""A backup of the two databases of one moment, its restore while web and workers are stopped, and
what that restore would lose.

PostgreSQL only: the programs are its own `pg_dump`, `pg_restore` and `psql`.

While the log's head is held nothing is received or settled; both databases export their snapshot
under it, in milliseconds, and the dumps are made of these snapshots while work goes on. So no dump
holds what the other does not know of.

    main.dump, vault.dump   pg_dump's custom form
    backup.json             when, how many entries the log had, SHA-256 of the dumps
    heads.log               the heads that were kept until then, for comparison; never put back

Keys are in no backup.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, cast

from django.conf import settings
from django.db import ProgrammingError, connections, transaction

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from portal.accounts.models import User
from portal.auditlog.models import Action, Event
from portal.auditlog.recording import record
from portal.extras import Area
from portal.intake.models import Submission
from portal.routers import VAULT
from portal.translog import selectors

MANIFEST = "backup.json"
AT_WORK = ("steplabel_web", "steplabel_worker")
"""PostgreSQL's roles of web and worker (`portal/grants.sql`)."""
UNDONE = (
    Action.FIRM_LEFT,
    Action.PERSON_REMOVED,
    Action.INVITATION_REVOKED,
    Action.DEVICE_REVOKED,
    Action.KEY_REVOKED,
    Action.AUDITOR_KEY_REVOKED,
    Action.ATTESTATION_WITHDRAWN,
    Action.PUBLICATION_WITHDRAWN,
    Action.RELEASE_CANCELLED,
    Action.RELEASE_STOPPED,
    Action.NAMING_CHOSEN,
    Action.ASSIGNMENT_TAKEN_BACK,
    Action.SAMPLE_GIVEN_UP,
    Action.SITE_RETIRED,
    Action.CAPACITY_CHANGED,
    Action.PASSWORD_CHANGED,
    Action.SECOND_FACTOR_ADDED,
    Action.SYSTEM_TAKEN_BACK,
    Action.PRACTICE_WITHDRAWN,
    Action.OUTCOME_WITHDRAWN,
    Action.PACK_WITHDRAWN,
    Action.PERIOD_CLOSED,
    Action.REGISTER_CHANGED,
)
"""What a restore of before takes back: it was deleted, ended or settled otherwise, and is as it
was; no line of the trail says so.
"""
UNDONE_IN_EXTRAS: Area[[], str] = Area()
"""The same acts of extras."""
DUMPS = {"default": "main.dump", VAULT: "vault.dump"}
EMPTIED = b"""
BEGIN;
DO $$
DECLARE
    named record;
BEGIN
    FOR named IN SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') LOOP
        EXECUTE format('DROP TABLE IF EXISTS public.%I CASCADE', named.relname);
    END LOOP;
END
$$;
"""  # noqa: E501


@dataclass(frozen=True, slots=True)
class Manifest:
    made_at: str
    log_size: int
    log_root: str
    sha256: dict[str, str]  # by the name of the file


def backup(folder: Path, now: datetime) -> Manifest:
    """Dump both databases as of one moment into a folder that is empty.

    Raises:
        InputError: `backup-folder-used`, `no-postgresql`, `database-through-pooler`, `dump-failed`.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise InputError(
            "backup-folder-used",
            "The folder is not empty.",
            "Name a new folder for each backup.",
            place=Place(str(folder)),
        )
    try:
        manifest = _written(folder, now)
    except BaseException:
        # the folder was empty: half a backup is none, keeps the next from it and takes up its room
        for half in folder.iterdir():
            half.unlink()
        raise
    record(
        now, "operator", Action.BACKUP_MADE, f"log of {manifest.log_size} entries"
    )  # for the alarm of who waits for one
    return manifest


def _written(folder: Path, now: datetime) -> Manifest:
    with _snapshots() as (names, size, root):
        for alias, file in DUMPS.items():
            arguments = (
                "--format=custom",
                "--enable-row-security",
                f"--snapshot={names[alias]}",
                f"--file={folder / file}",
            )
            with _running("pg_dump", alias, *arguments) as dumping:
                dumping.wait()
    if settings.HEADS_FILE is not None and settings.HEADS_FILE.exists():
        shutil.copyfile(settings.HEADS_FILE, folder / settings.HEADS_FILE.name)
    manifest = Manifest(
        now.isoformat(), size, root.hex(), {file: _sha256(folder / file) for file in DUMPS.values()}
    )
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """What a backup says of itself, its files held against it.

    Raises:
        InputError: `backup-not-here`, `backup-incomplete`, `backup-altered`.
    """
    if not folder.is_dir():
        raise InputError(
            "backup-not-here",
            "There is no such folder.",
            "Name the folder of a backup.",
            place=Place(str(folder)),
        )
    try:
        manifest = Manifest(**json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError) as error:
        raise InputError(
            "backup-incomplete",
            "The backup was not finished.",
            "Make another backup.",
            place=Place(str(folder / MANIFEST)),
        ) from error
    for file, digest in manifest.sha256.items():
        if not (folder / file).exists() or _sha256(folder / file) != digest:
            raise InputError(
                "backup-altered",
                "The dump is not the one that was made with this backup.",
                "Provide both dumps and backup.json from the same backup.",
                place=Place(str(folder / file)),
            )
    return manifest


def restore(folder: Path) -> Manifest:
    """Put both databases back, or neither. Web and workers must be stopped: nothing here can stop
    them.

    Raises:
        InputError: `backup-incomplete`, `backup-altered`, `portal-at-work`, `no-postgresql`,
            `database-through-pooler`, `dump-failed`.
    """
    manifest = read_manifest(folder)
    _require_nobody_at_work()
    with ExitStack() as uncommitted:
        ready = [
            uncommitted.enter_context(_put_back(alias, folder / file))
            for alias, file in DUMPS.items()
        ]
        for psql_input in reversed(
            ready
        ):  # the vault first: one that is older than the main database can be filled again
            psql_input.write(b"COMMIT;\n")
            psql_input.close()
    for alias in DUMPS:
        connections[alias].close()
    return manifest


@contextmanager
def _put_back(alias: str, dump: Path) -> Iterator[IO[bytes]]:
    """The dump in place of all tables that the database has, in one transaction; into what is
    yielded, COMMIT can be written.

    It is yielded once the server has taken the whole dump. Whoever leaves the block without it has
    changed nothing. A newer release added tables to it since: pg_restore alone drops what is in the
    dump, and fails where others refer to that.
    """
    psql = ("--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
    with (
        _running(
            "pg_restore",
            alias,
            "--clean",
            "--if-exists",
            "--no-owner",
            "--file=-",
            str(dump),
            stdout=subprocess.PIPE,
        ) as reading,
        _running("psql", alias, *psql, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writing,
    ):
        statements, psql_input = cast("IO[bytes]", reading.stdout), cast("IO[bytes]", writing.stdin)
        psql_input.write(EMPTIED)
        shutil.copyfileobj(statements, psql_input)
        if reading.wait() == 0:
            psql_input.write(b"\\! echo taken\n")
            psql_input.flush()
            if cast(
                "IO[bytes]", writing.stdout
            ).readline():  # else it has ended at a statement, and its message says why
                yield psql_input


@dataclass(frozen=True, slots=True)
class NewerContent:
    """How much of what the databases hold came after a moment."""

    reports: int
    people: int
    events: int  # of the audit trail
    undone: tuple[
        Event, ...
    ]  # of these, what ended or deleted something that comes back, in their order


def newer_than(moment: datetime) -> NewerContent | None:
    """What a restore of a backup of that moment would lose; None where the databases have no tables
    of this release to count.
    """
    try:
        return NewerContent(
            Submission.objects.filter(received_at__gt=moment).count(),
            User.objects.filter(date_joined__gt=moment).count(),
            Event.objects.filter(at__gt=moment).count(),
            tuple(
                Event.objects.filter(
                    at__gt=moment, action__in=[*UNDONE, *UNDONE_IN_EXTRAS()]
                ).order_by("at", "pk")
            ),
        )
    except ProgrammingError:
        return None


def _require_nobody_at_work() -> None:
    """No session of web or worker, other than our own: the operator opens the vault with the
    worker's role.
    """
    _require_postgresql()
    sessions_by_role: dict[str, int] = {}
    for alias in DUMPS:
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT usename, count(*) FROM pg_stat_activity WHERE datname = "
                "current_database() AND usename = ANY(%s) "
                "AND pid <> pg_backend_pid() GROUP BY usename",
                [list(AT_WORK)],
            )
            for role, sessions in cursor.fetchall():
                sessions_by_role[role] = sessions_by_role.get(role, 0) + sessions
    if sessions_by_role:
        raise InputError(
            "portal-at-work",
            "Web or workers are connected to the databases, and a restore takes away what they "
            "write.",
            "Stop web, workers and a pooler in front of the databases: on Debian `systemctl stop "
            "'steplabel-web@*' steplabel-worker`. Then "
            "restore again.",
            found=", ".join(
                f"{role} {sessions}" for role, sessions in sorted(sessions_by_role.items())
            ),
        )


@contextmanager
def _snapshots() -> Iterator[tuple[dict[str, str], int, bytes]]:
    """The two snapshots of one moment, by alias, with the log's size and root in it; they last as
    long as the block.
    """
    names: dict[str, str] = {}
    with ExitStack() as stack:
        # the lock is let go of at once: another connection holds it, for these two must stay open
        # as long as the dumps take
        lock = connections.create_connection("default")
        stack.callback(lock.close)
        _require_postgresql()
        with lock.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT size FROM translog_loghead WHERE id = 1 FOR UPDATE")
            for alias in DUMPS:
                stack.enter_context(transaction.atomic(alias))
                with connections[alias].cursor() as snapshot:
                    snapshot.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    snapshot.execute("SELECT pg_export_snapshot()")
                    names[alias] = snapshot.fetchone()[0]
            cursor.execute("COMMIT")
        yield names, selectors.size(), selectors.present_root()


def _require_postgresql() -> None:
    """Itself, and not through a pooler: a dump is one session."""
    for connection in (connections[alias] for alias in DUMPS):
        if connection.vendor != "postgresql":
            raise InputError(
                "no-postgresql",
                "Backups work only with PostgreSQL. This installation keeps its databases in "
                "files.",
                "Stop web and worker and copy the folder STEPLABEL_VAR.",
            )
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            if cursor.fetchone()[0] != cursor.connection.info.backend_pid:
                raise InputError(
                    "database-through-pooler",
                    "There is a pooler between this process and PostgreSQL, and a dump cannot "
                    "pass through it.",
                    "Give the operator PostgreSQL's own address and port in DATABASE_URL and "
                    "VAULT_DATABASE_URL.",
                )


@contextmanager
def _running(
    program: str, alias: str, *arguments: str, stdin: int | None = None, stdout: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """One of PostgreSQL's programs on one database; after the block it has ended.

    Raises:
        InputError: `no-postgresql`, `database-through-pooler`, `dump-failed`.
    """
    _require_postgresql()
    database: dict[str, Any] = connections[alias].settings_dict
    with TemporaryFile() as messages:
        try:
            process = subprocess.Popen(  # noqa: S603  # names are ours
                [program, *arguments],
                env=_environment(database),
                stdin=stdin,
                stdout=stdout,
                stderr=messages,
            )
        except FileNotFoundError as error:
            raise InputError(
                "no-postgresql",
                Phrase("The program %(program)s was not found.", program=program),
                "Install postgresql-client.",
            ) from error
        with (
            suppress(BrokenPipeError),
            process,
        ):  # it ended before it was told all: its message says why
            yield process
        if process.returncode:
            messages.seek(0)
            raise InputError(
                "dump-failed",
                Phrase(
                    "%(program)s did not finish with the database %(name)s.",
                    program=program,
                    name=database["NAME"],
                ),
                "Its own message is shown beside. A dump that failed is deleted."
                if program == "pg_dump"
                else "Its own message is shown beside. A restore that failed changed neither "
                "database, unless the connection broke at its "
                "last step, the COMMIT: run `manage.py check_installation`.",
                found=messages.read().decode("utf-8", "replace").strip()[-1000:],
            )


def _environment(database: dict[str, Any]) -> dict[str, str]:
    """Database and server as the address says them, with what checks the server's certificate, by
    PostgreSQL's names for it.

    In no list of processes, as an argument would be: the password is among it.
    """
    stated = {
        **database["OPTIONS"],
        **{name: database[name] for name in ("HOST", "PORT", "USER", "PASSWORD") if database[name]},
    }
    stated["DATABASE"] = database["NAME"]
    named = {
        f"PG{name.replace('_', '')}".upper(): str(value)
        for name, value in stated.items()
        if isinstance(value, str | int)
    }
    return {**os.environ, **named}


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
