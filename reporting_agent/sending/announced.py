"""The newest version of the agent that the coordinator announced: verified, held against what was
seen, kept; this file's name in it.

Nothing is installed.
"""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import datetime
from pathlib import Path

from benchmarks.errors import InputError, Place
from benchmarks.phrases import Phrase
from benchmarks.wire import agent_releases
from benchmarks.wire.agent_releases import AgentRelease
from reporting_agent.state import transaction


def last_seen(connection: sqlite3.Connection, fingerprint: str) -> AgentRelease | None:
    """What was seen last of that coordinator, whether still in force or not."""
    raw = _last_statement(connection, fingerprint)
    return None if raw is None else agent_releases.verify(raw, fingerprint)


def take(
    connection: sqlite3.Connection, fingerprint: str, raw: bytes, now: datetime
) -> AgentRelease:
    """Verify an announcement, hold it against the one seen last and keep it. VerificationError as
    `agent_releases.renewed`.
    """
    with transaction(connection):
        release = agent_releases.renewed(
            raw, fingerprint, _last_statement(connection, fingerprint), now.date()
        )
        connection.execute(
            "INSERT INTO agent_release VALUES (?, ?, ?) ON CONFLICT (fingerprint) DO UPDATE SET "
            "statement = excluded.statement, "
            "seen_at = excluded.seen_at",
            (fingerprint, raw, now.isoformat()),
        )
    return release


def require_of_release(file: Path, release: AgentRelease) -> str:
    """The name under which the release lists this very file.

    Raises:
        InputError: `file-missing`, `file-not-released`.
    """
    try:
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            "file-missing",
            "The downloaded file cannot be read.",
            "Check the path given with --downloaded.",
            place=Place(str(file)),
            found=error.strerror or str(error),
        ) from error
    named = next((released.name for released in release.files if released.sha256 == digest), None)
    if named is None:
        raise InputError(
            "file-not-released",
            Phrase(
                "%(file)s is not a file of version %(version)s as announced.",
                file=file,
                version=release.version,
            ),
            "Do not run it. Download it again; if it still differs, tell the portal's operator by "
            "telephone.",
            place=Place(str(file)),
            found=digest,
            wanted=", ".join(f"{released.name} {released.sha256}" for released in release.files),
        )
    return named


def _last_statement(connection: sqlite3.Connection, fingerprint: str) -> bytes | None:
    row = connection.execute(
        "SELECT statement FROM agent_release WHERE fingerprint = ?", (fingerprint,)
    ).fetchone()
    return None if row is None else row["statement"]
