"""The agent's state directory: one SQLite database, one lock, secrets, files written whole or not
at all.

It belongs to one site and holds what cannot be made again: ledger, sealed envelopes, receipts,
device key, seed. A copy is a copy of the site's identity. WAL with `synchronous = FULL`: a commit
is on the disk. `exclusive()` locks a second, empty database, which the system frees however the
process ends (one way for fcntl and msvcrt).
"""

from __future__ import annotations

import os
import sqlite3
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.errors import InputError
from benchmarks.phrases import Phrase

ENVIRONMENT_NAME = "STEPLABEL_STATE"
SCHEMA_VERSION = 1
SECONDS_TO_WAIT_FOR_A_WRITER = 10.0
_DAMAGED = frozenset({sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT})
_NOT_WRITTEN = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
)

_SCHEMA = """
CREATE TABLE enrolment (
    token_digest TEXT PRIMARY KEY,        -- SHA-256 of the one-time token: which token these keys were made for
    sequence INTEGER NOT NULL UNIQUE,     -- the highest one that is registered is the one in force
    portal TEXT NOT NULL,
    fingerprint TEXT NOT NULL,            -- of the directory's offline key, pinned by the token
    key_file TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('keys-made', 'registered')),
    site TEXT,
    device_id TEXT,
    directory BLOB,                       -- the signed key directory as the portal gave it
    registered_at TEXT
) STRICT;
CREATE TABLE ledger (
    step TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    release_id TEXT NOT NULL,
    epsilon_numerator INTEGER NOT NULL CHECK (epsilon_numerator > 0),
    epsilon_denominator INTEGER NOT NULL CHECK (epsilon_denominator > 0),
    year INTEGER NOT NULL,
    correction INTEGER NOT NULL CHECK (correction IN (0, 1)),
    parcel TEXT NOT NULL,                 -- which report spent it: period and revision
    PRIMARY KEY (step, batch_id, release_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE parcel (
    site TEXT NOT NULL,
    period TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision > 0),
    sequence INTEGER NOT NULL UNIQUE,     -- the ledger sequence in the header: counts reports, never batches
    correction INTEGER NOT NULL CHECK (correction IN (0, 1)),
    state TEXT NOT NULL CHECK (state IN ('planned', 'committed', 'challenged', 'debited', 'sealed', 'received')),
    data_digest BLOB NOT NULL,            -- of the batch records behind it; never leaves the site
    method_digest BLOB NOT NULL,          -- of the sector pack
    windows TEXT NOT NULL DEFAULT '{}',   -- JSON: steps whose label covers more years than the period, and how many
    data_root BLOB,                       -- what was committed to: the root of the data's tree
    parts TEXT NOT NULL DEFAULT '{}',     -- JSON: digests of the tree's parts, to name what differs later; never leave the site
    commitment BLOB,                      -- to it, signed by the device
    challenge BLOB,                       -- the portal's answer, the first and only one that is taken
    plaintext BLOB,                       -- what was sealed, for `preview`
    envelope BLOB,                        -- sealed once: sealing again would give other bytes
    digest TEXT UNIQUE,
    receipt BLOB,
    cut TEXT NOT NULL DEFAULT '',         -- how a log was cut into runs: their accounts follow from it
    refusal TEXT,                         -- the portal's last sentence, if it refused
    attempts INTEGER NOT NULL DEFAULT 0,
    planned_at TEXT NOT NULL,
    sealed_at TEXT,
    received_at TEXT,
    PRIMARY KEY (site, period, revision),
    CHECK (state = 'planned' OR (data_root IS NOT NULL AND commitment IS NOT NULL)),
    CHECK (state IN ('planned', 'committed') OR challenge IS NOT NULL),
    CHECK (state IN ('planned', 'committed', 'challenged', 'debited')
           OR (plaintext IS NOT NULL AND envelope IS NOT NULL AND digest IS NOT NULL)),
    CHECK (state <> 'received' OR receipt IS NOT NULL)
) STRICT;
CREATE TABLE log_head (                   -- the newest verified head of a portal's log
    fingerprint TEXT PRIMARY KEY,         -- which portal: of its directory's offline key
    head BLOB NOT NULL,                   -- signed, as the portal gave it
    seen_at TEXT NOT NULL
) STRICT;
CREATE TABLE log_included (               -- what of this site's own was found in that log; what is in it stays in it
    fingerprint TEXT NOT NULL,
    log_index INTEGER NOT NULL,
    leaf BLOB NOT NULL,                   -- its hash
    PRIMARY KEY (fingerprint, log_index, leaf)
) STRICT;
CREATE TABLE log_evidence (               -- what a portal signed that cannot all be true
    code TEXT NOT NULL,
    first BLOB NOT NULL,
    second BLOB NOT NULL,
    found_at TEXT NOT NULL,
    PRIMARY KEY (code, first, second)
) STRICT;
CREATE TABLE closed (                     -- what another state directory of this site committed to, taken over when this one was enrolled
    digest BLOB PRIMARY KEY,              -- of the commitment
    period TEXT NOT NULL,                 -- nothing more is spent on it, for what was spent is not known here
    revision INTEGER NOT NULL,
    recorded_at TEXT NOT NULL
) STRICT;
CREATE TABLE log_witnessed (              -- the newest head that enough witnesses had cosigned, with their lines
    fingerprint TEXT PRIMARY KEY,
    checkpoint BLOB NOT NULL,             -- a signed note (benchmarks.wire.checkpoints)
    seen_at TEXT NOT NULL
) STRICT;
CREATE TABLE promised (                   -- what a report that is committed to will spend, and another copy may have
    step TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    release_id TEXT NOT NULL,
    epsilon_numerator INTEGER NOT NULL CHECK (epsilon_numerator > 0),
    epsilon_denominator INTEGER NOT NULL CHECK (epsilon_denominator > 0),
    year INTEGER NOT NULL,
    correction INTEGER NOT NULL CHECK (correction IN (0, 1)),
    parcel TEXT NOT NULL,
    PRIMARY KEY (step, batch_id, release_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE log_restart (                -- restarts of a portal's log that were taken here, each once
    digest TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    statement BLOB NOT NULL,              -- as the coordinator signed it
    head BLOB NOT NULL,                   -- the kept head that was given up for it
    accepted_at TEXT NOT NULL
) STRICT;
CREATE TABLE log_lost (                   -- this site's own entries that the portal lost with its log
    fingerprint TEXT NOT NULL,
    log_index INTEGER NOT NULL,
    leaf BLOB NOT NULL,
    PRIMARY KEY (fingerprint, log_index, leaf)
) STRICT;
CREATE TABLE agent_release (              -- the newest version of the agent that a portal's coordinator announced
    fingerprint TEXT PRIMARY KEY,         -- of the key that signed it, pinned by the token
    statement BLOB NOT NULL,              -- as it was signed
    seen_at TEXT NOT NULL
) STRICT;
"""  # noqa: E501


class StateDirectory:
    """Where the agent keeps what must survive. Nothing is made on disk before something has to be
    written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def locate(
        cls, argument: Path | None, environ: Mapping[str, str], home: Path
    ) -> StateDirectory:
        """`--state` first, then `STEPLABEL_STATE`, then `.steplabel` in the home directory."""
        if argument is not None:
            return cls(argument)
        if named := environ.get(ENVIRONMENT_NAME):
            return cls(Path(named))
        return cls(home / ".steplabel")

    @property
    def database(self) -> Path:
        return self.path / "state.sqlite"

    def exists(self) -> bool:
        """Whether anything was ever written here; `preview` and `status` only look."""
        return self.database.exists()

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """The database, made on first use; autocommit, transactions are opened by `transaction`.

        Raises:
            InputError: `state-not-written` where the disk does not take what is written,
                `state-damaged`, `state-too-new`.
        """
        with (
            self._on_disk(),
            closing(
                sqlite3.connect(
                    self.database, timeout=SECONDS_TO_WAIT_FOR_A_WRITER, isolation_level=None
                )
            ) as connection,
        ):
            self.database.chmod(0o600)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            self._migrate(connection)
            yield connection

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        """Make the directory; tell in words what a disk that is full, broken or read-only answers,
        and a database that is none any more.
        """
        try:
            try:
                self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise self._not_written(str(error.strerror or error)) from error
            yield
        except sqlite3.DatabaseError as error:
            kind = (
                getattr(error, "sqlite_errorcode", 0) & 0xFF
            )  # the low byte is the kind, the rest says where
            if kind in _DAMAGED:
                raise self._damaged(str(error)) from error
            if kind not in _NOT_WRITTEN:
                raise
            raise self._not_written(str(error)) from error

    def _not_written(self, found: str) -> InputError:
        return InputError(
            "state-not-written",
            Phrase(
                "The required data could not be written to %(path)s on the disk. What was there "
                "before is unchanged.",
                path=self.path,
            ),
            (
                "Free some disk space, or give the agent permission to write there. Then run the "
                "same command again: it continues where "
                "this one stopped."
            ),
            found=found,
        )

    def _damaged(self, found: str) -> InputError:
        return InputError(
            "state-damaged",
            Phrase(
                "The database in the state directory %(path)s is damaged or cut short.",
                path=self.path,
            ),
            (
                "Restore the newest backup of the whole directory. If there is none, keep it as "
                "it is, because it holds the site's seed, "
                "and enrol a new directory with --state and a new token: that closes the periods "
                "of reports that are not known there."
            ),
            found=found,
        )

    def _migrate(self, connection: sqlite3.Connection) -> None:
        with transaction(connection):
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA_VERSION:
                raise InputError(
                    "state-too-new",
                    "The state directory was written by a newer version of steplabel-agent.",
                    "Use that version or a newer one. An older version could spend the privacy "
                    "budget twice.",
                    found=Phrase(
                        "state version %(version)s in %(path)s", version=version, path=self.path
                    ),
                    wanted=Phrase("at most %(version)s", version=SCHEMA_VERSION),
                )
            if version == 0:
                for statement in _SCHEMA.split(";\n"):
                    if statement.strip():
                        connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep every other process from writing here for as long as the block lasts.

        Raises:
            InputError: `state-busy`, when another process holds the directory.
        """
        with (
            self._on_disk(),
            closing(
                sqlite3.connect(self.path / "lock.sqlite", timeout=0.0, isolation_level=None)
            ) as lock,
        ):
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                raise InputError(
                    "state-busy",
                    "Another steplabel-agent is working on this state directory.",
                    "Wait until it has ended, then run the command again. This run did nothing.",
                    found=str(self.path),
                ) from error
            try:
                yield
            finally:
                lock.execute("ROLLBACK")

    def write_secret(self, name: str, secret: bytes) -> None:
        """Write a secret so that it is there whole or not at all, readable by its owner only (mode
        0600).
        """
        with self._on_disk():
            try:
                write_whole(self.path / name, secret)
            except OSError as error:
                raise self._not_written(str(error.strerror or error)) from error

    def has_secret(self, name: str) -> bool:
        return (self.path / name).exists()

    def delete_secret(self, name: str) -> None:
        """Delete a secret that serves no more; a copy in a backup stays there."""
        (self.path / name).unlink(missing_ok=True)

    def read_secret(self, name: str) -> bytes:
        """Read a secret.

        Raises:
            InputError: `secret-missing`, or `secret-readable` when others than its owner may read
                it.
        """
        file = self.path / name
        try:
            mode = file.stat().st_mode
        except FileNotFoundError as error:
            raise InputError(
                "secret-missing",
                Phrase(
                    "The file %(file)s is missing. Without it this directory cannot report.",
                    file=file,
                ),
                "Restore it from a backup of the same directory, or enrol again with a new token "
                "and --replace.",
            ) from error
        if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise InputError(
                "secret-readable",
                Phrase("Users other than its owner can read %(file)s.", file=file),
                Phrase(
                    "Run `chmod 600 %(file)s`; if others may have read it, ask for a new token "
                    "and enrol again.",
                    file=file,
                ),
                found=oct(stat.S_IMODE(mode)),
                wanted="0o600",
            )
        return file.read_bytes()


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or none of it; on the disk when the block ends (`BEGIN IMMEDIATE`: a writer from
    the first statement on).
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk may have ended it already
            connection.execute("ROLLBACK")
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Write a file of mode 0600 under another name, bring it to the disk, then give it its own:
    never half a file.
    """
    handle, temporary = tempfile.mkstemp(
        dir=path.parent, prefix=f".{path.name}."
    )  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)  # the name itself must survive, too


def sync_folder(folder: Path) -> None:
    """That a file was made, renamed or deleted is on the disk too, where the system can say so."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
