"""deploy/postgresql on a PostgreSQL of its own: three roles with passwords, two databases, and no
way for the web's role into the vault.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.servers import postgres

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[2]
MAKE_ROLES = ROOT / "deploy" / "postgresql" / "make-roles"
RUNBOOK = ROOT / "docs" / "runbook.md"
PASSWORDS = {
    "steplabel_owner": "owner-word",
    "steplabel_web": "web-word",
    "steplabel_worker": "worker-word",
}


@dataclass(frozen=True)
class Cluster:
    folder: Path
    psql: Path
    port: int

    def make_roles(self) -> None:
        files = [self.folder / name for name in PASSWORDS]
        for file in files:
            file.write_text(PASSWORDS[file.name], "ascii")
        superuser: list[str | Path] = [
            self.psql,
            "--host",
            self.folder / "postgres",
            "--port",
            str(self.port),
            "--username",
            "postgres",
        ]
        subprocess.run([MAKE_ROLES, *files, *superuser], check=True)

    def superuser(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self.folder / "postgres"),
            port=self.port,
            user="postgres",
            dbname=database,
            autocommit=True,
        )

    def role(
        self, role: str, database: str, password: str = ""
    ) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user=role,
            dbname=database,
            password=password or PASSWORDS[role],
        )


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="steplabel-roles-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server's user is not ours
        with postgres.started(folder, "scram-sha-256") as (programs, _origin, port):
            instance = Cluster(folder, programs / "psql", port)
            instance.make_roles()
            yield instance


@pytest.mark.parametrize(
    ("role", "database"),
    [("steplabel_owner", "steplabel"), ("steplabel_worker", "steplabel_vault")],
)
def test_each_role_owns_its_database_and_comes_in_by_its_password_alone(
    cluster: Cluster, role: str, database: str
) -> None:
    with cluster.role(role, database) as connection:
        connection.execute("CREATE TABLE public.owned (id int)")
        connection.rollback()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        cluster.role(role, database, "another")


def test_the_webs_role_cannot_enter_the_vault_and_it_is_the_sql_that_shuts_it_out(
    cluster: Cluster,
) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        cluster.role("steplabel_web", "steplabel_vault")
    with cluster.superuser("postgres") as connection:
        connection.execute("GRANT CONNECT ON DATABASE steplabel_vault TO steplabel_web")
    cluster.role("steplabel_web", "steplabel_vault").close()
    cluster.make_roles()
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        cluster.role("steplabel_web", "steplabel_vault")


def test_tables_that_the_web_owns_go_to_the_owner_by_the_line_of_the_runbook(
    cluster: Cluster,
) -> None:
    with cluster.superuser("steplabel") as superuser:
        superuser.execute("GRANT CREATE ON SCHEMA public TO steplabel_web")
        superuser.execute("SET ROLE steplabel_web")
        superuser.execute("CREATE TABLE kept (id int)")
        superuser.execute("RESET ROLE")
        superuser.execute("REVOKE CREATE ON SCHEMA public FROM steplabel_web")
        (line,) = re.findall(r"`(REASSIGN .*?)`", RUNBOOK.read_text("utf-8"))
        superuser.execute(line)
    with cluster.role("steplabel_owner", "steplabel") as owner:
        owner.execute("ALTER TABLE kept ADD COLUMN more int")
        owner.execute("DROP TABLE kept")


def test_a_table_that_a_migration_adds_is_the_webs_to_use_and_not_to_change(
    cluster: Cluster,
) -> None:
    with cluster.role("steplabel_owner", "steplabel") as owner:
        owner.execute("CREATE TABLE added (id int GENERATED ALWAYS AS IDENTITY, word text)")
    with cluster.role("steplabel_web", "steplabel") as web:
        web.execute("INSERT INTO added (word) VALUES ('before apply_grants')")
        web.commit()
        for refused in ("ALTER TABLE added ADD COLUMN more int", "CREATE TABLE mine (id int)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                web.execute(refused.encode())
            web.rollback()
    with cluster.role("steplabel_owner", "steplabel") as owner:
        owner.execute("DROP TABLE added")


def test_run_again_it_changes_passwords_and_nothing_else(cluster: Cluster) -> None:
    with cluster.role("steplabel_worker", "steplabel_vault") as connection:
        connection.execute("CREATE TABLE public.kept (id int)")
    cluster.make_roles()
    with cluster.role("steplabel_worker", "steplabel_vault") as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_no_role_may_make_roles_or_databases_or_read_past_rights(cluster: Cluster) -> None:
    with cluster.superuser("postgres") as connection:
        rights = (
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication FROM "
            "pg_roles WHERE rolname LIKE 'steplabel%'"
        )
        assert connection.execute(rights).fetchall() == [(False,) * 5] * 3
