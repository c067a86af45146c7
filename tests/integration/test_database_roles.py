"""deploy/postgresql on a PostgreSQL of its own: three roles with passwords, two databases, and no
way for the web's role into the vault.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.servers import postgres

pytestmark = pytest.mark.postgres

MAKE_ROLES = Path(__file__).parents[2] / "deploy" / "postgresql" / "make-roles"
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


def test_what_the_web_owned_in_an_installation_of_before_is_handed_over_and_it_goes_on(
    cluster: Cluster,
) -> None:
    with cluster.superuser("steplabel") as connection:
        connection.execute("ALTER DATABASE steplabel OWNER TO steplabel_web")
    with cluster.role("steplabel_web", "steplabel") as web:
        web.execute("CREATE TABLE kept (id int GENERATED ALWAYS AS IDENTITY, told text)")
        web.execute("CREATE TABLE recorded (id int)")
        web.execute("REVOKE UPDATE, DELETE, TRUNCATE ON recorded FROM steplabel_web")
        web.execute("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
    cluster.make_roles()
    with cluster.role("steplabel_web", "steplabel") as web:
        web.execute("INSERT INTO kept (told) VALUES ('a')")
        web.execute("UPDATE kept SET told = 'b'")
        web.execute("INSERT INTO recorded VALUES (one())")
        web.execute(
            "GRANT DELETE ON recorded TO steplabel_web"
        )  # PostgreSQL warns, and grants nothing
        web.commit()
        for refused in (
            "DELETE FROM recorded",
            "ALTER TABLE kept ADD COLUMN more int",
            "DROP FUNCTION one",
            "CREATE TABLE mine (id int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                web.execute(refused.encode())
            web.rollback()
    with cluster.role("steplabel_owner", "steplabel") as owner:
        owner.execute("ALTER TABLE kept ADD COLUMN more int")
        owner.execute("CREATE TABLE added (id int GENERATED ALWAYS AS IDENTITY, told text)")
    with cluster.role("steplabel_web", "steplabel") as web:
        web.execute("INSERT INTO added (told) VALUES ('before apply_grants')")
    with cluster.role("steplabel_owner", "steplabel") as owner:
        owner.execute("DROP TABLE kept, recorded, added; DROP FUNCTION one")


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
