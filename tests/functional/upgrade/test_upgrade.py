"""What the last release left behind is upgraded under load, and both releases' agents report at
both releases' portals.

    before ──expand──▶ both releases may run ──every process restarted──▶ this release ──contract,
    with the next release──▶

The short form reads `last-release.tar.xz` alone; the long form runs the last release from its
commit.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import Any, ClassVar
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState

from benchmarks import packs
from tests.functional.installation.conftest import (
    BEHIND_TLS,
    Installation,
    as_user,
    database,
    set_up,
)
from tests.functional.installation.supervised import ROOT
from tests.functional.upgrade import releases

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.xdist_group("upgrade")]

HAND_OVER = ROOT / "deploy" / "postgresql" / "hand-over.sql"
EMPTY_S = 120
NEWEST = "3"
"""Of the steel pack, that the last release has."""
EXPANDS = (
    migrations.CreateModel,
    migrations.AddIndex,
    migrations.AddConstraint,
    migrations.RunPython,
    migrations.RunSQL,
)
PAGES = (
    "/",
    "/log/",
    "/status/",
    "/api/v1/log/head/",
    "/api/v1/directory/",
    "/api/v1/benchmarks/",
    "/api/v1/submissions/{digest}/",
)


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """What the last release left, unpacked."""
    return releases.unpacked(tmp_path)


@pytest.fixture
def databases() -> Iterator[tuple[str, str]]:
    name = f"steplabel_upgrade_{token_hex(4)}"
    with (
        database("DATABASE_URL", name) as default,
        database("VAULT_DATABASE_URL", f"{name}_vault") as vault,
    ):
        yield default, vault


@contextmanager
def load(
    installation: Installation, digest: str, sealed: bytes
) -> Iterator[Counter[tuple[str, int]]]:
    """Somebody reads, and an agent of the last release sends the report that it had sealed, over
    and over: the same receipt each time.
    """
    statuses: Counter[tuple[str, int]] = Counter()
    over = threading.Event()

    def ask() -> None:
        with httpx.Client(base_url=installation.address, headers=BEHIND_TLS, timeout=30) as client:
            while not over.wait(0.05):
                for page in PAGES:
                    with suppress(httpx.TransportError):
                        statuses[page, client.get(page.format(digest=digest)).status_code] += 1
                with suppress(httpx.TransportError):
                    sent = client.post(
                        "/api/v1/submissions/",
                        content=sealed,
                        headers={"Content-Type": "application/cbor"},
                    )
                    statuses["submit", sent.status_code] += 1

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        try:
            yield statuses
        finally:
            over.set()
            asking.result(120)


def until_all_are_accepted(url: str) -> None:
    deadline = time.monotonic() + EMPTY_S
    while set(releases.states(url).values()) != {"accepted"}:
        assert time.monotonic() < deadline, releases.states(url)
        time.sleep(0.5)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_what_the_last_release_left_is_upgraded_under_load_and_its_agents_go_on(
    left: Path, databases: tuple[str, str], record_property: Callable[[str, object], None]
) -> None:
    for name, url in zip(releases.DATABASES, databases, strict=True):
        with psycopg.connect(url) as opened:
            opened.execute(releases.statements(left / f"{name}.sql")[0].encode())
    redis = urlsplit(os.environ["REDIS_URL"])._replace(path="/10").geturl()
    installation = Installation(left, *databases, {"REDIS_URL": redis}, owner="steplabel_web")
    (left / "secret_key").write_text(token_hex(32), "ascii")
    installation.operate("collectstatic", "--no-input")
    before = releases.states(installation.default_url)
    assert sorted(before.values()) == ["accepted", "accepted", "received"]
    sealed = (left / "agents" / "works-2.sealed").read_bytes()
    with installation.served(), load(installation, next(iter(before)), sealed) as statuses:
        time.sleep(2)
        with installation.client() as client:
            assert client.get("/readyz").json()["wrong"] == ["database-behind"]
        assert owned_by_the_web(installation) > 0
        with psycopg.connect(as_user(databases[0], "postgres")) as superuser:
            superuser.execute(HAND_OVER.read_bytes())
        assert owned_by_the_web(installation) == 0
        installation.owner = "steplabel_owner"
        installation.operate("migrate")
        with installation.running("worker"):
            until_all_are_accepted(installation.default_url)
            agents = [
                {
                    "state": str(left / "agents" / f"works-{number}"),
                    "years": list(releases.YEARS[:3]),
                }
                for number in range(3)
            ]
            agents.append(
                {
                    "state": str(left / "new"),
                    "token": releases.token(installation, "works-3"),
                    "years": list(releases.YEARS[:1]),
                }
            )
            answers = releases.report(installation.root, releases.port_of(installation), agents)
            until_all_are_accepted(installation.default_url)
    record_property("upgraded under load", dict(statuses))
    assert [answer["refusal"] for answer in answers] == [""] * 4
    assert not {page: number for page, number in statuses.items() if page[1] == 500}, statuses
    assert {page for page, status in statuses if status == 200} >= set(PAGES), statuses
    assert statuses["submit", 201] == 1
    assert statuses["submit", 200] > 1
    assert len(releases.states(installation.default_url)) == 3 * 3 + 1
    assert set(before) < set(releases.states(installation.default_url))
    checked = installation.program(
        "from django.core.management import call_command\ncall_command('check_installation')",
        "operator",
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for name, url in zip(releases.DATABASES, databases, strict=True):
        write_as_the_last_release(url, releases.statements(left / f"{name}.sql")[1])


def owned_by_the_web(installation: Installation) -> int:
    """As `check_installation` counts the tables."""
    return int(
        installation.program(
            "from portal import wall; print(wall.owned_by_the_web())", "operator"
        ).stdout
    )


def write_as_the_last_release(url: str, rows: list[str]) -> None:
    """Each row as that release wrote it, into the tables as they are now, emptied before: its
    processes go on until they are restarted.
    """
    assert len(rows) > 10
    with psycopg.connect(
        as_user(url, "postgres")
    ) as opened:  # an operator's: the portal's own roles may empty none
        tables = [
            row[0]
            for row in opened.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
        ]
        opened.execute(f"TRUNCATE {', '.join(tables)}".encode())
        for row in rows:
            opened.execute(row.encode())


def test_migrations_since_the_last_release_only_add(left: Path) -> None:
    """What takes away or tightens (contract) waits for the release after: until every process is
    restarted, both releases write.
    """
    applied = "".join(
        row for row in releases.statements(left / "default.sql")[1] if "django_migrations" in row
    )

    def was_applied(app: str, name: str) -> bool:
        return f"'{app}', '{name}'" in applied

    loader = MigrationLoader(None)
    disk = sorted(loader.disk_migrations.items())
    new = [
        migration
        for key, migration in disk
        if migration.__module__.startswith("portal.")
        and not all(was_applied(*old) for old in migration.replaces or [key])
    ]
    assert new, "no migration is newer than the last release"
    before = loader.project_state([key for key, migration in disk if migration not in new])
    assert not_only_adding(new, before) == []

    class Contract(migrations.Migration):
        operations: ClassVar = [
            migrations.RemoveField("site", "name"),
            migrations.AddField("site", "height", models.IntegerField()),
            migrations.AlterField("site", "slug", models.SlugField(max_length=10)),
        ]

    assert len(not_only_adding([Contract("later", "accounts")], before)) == 3, (
        "a test that lets everything pass proves nothing"
    )


def not_only_adding(new: Sequence[migrations.Migration], before: ProjectState) -> list[str]:
    """What the last release's processes may trip over; of a new column only its last form counts,
    of one that was there (in the state `before`) what the database holds of it: further choices are
    the program's."""
    tables = {
        (added.app_label, model.name_lower)
        for added in new
        for model in added.operations
        if isinstance(model, migrations.CreateModel)
    }
    columns: dict[tuple[str, str, str], Any] = {}
    findings = []
    for migration in new:
        for operation in migration.operations:
            if isinstance(operation, migrations.AddField | migrations.AlterField):
                columns[migration.app_label, operation.model_name_lower, operation.name] = (
                    operation.field
                )
            elif not isinstance(operation, EXPANDS):
                findings.append(f"{migration}: {operation.describe()}")
    for (app, table, name), field in columns.items():
        was = before.models[app, table].fields.get(name) if (app, table) in before.models else None
        if was is not None and stored(was) == stored(field):
            continue
        if (app, table) not in tables and not (
            field.null or field.many_to_many or field.has_db_default()
        ):
            findings.append(f"{app}.{table}.{name}: the last release writes rows without it")
    return findings


def stored(field: Any) -> tuple[str, dict[str, Any]]:
    """The field as its column is made."""
    _, kind, _, options = field.deconstruct()
    return kind, {
        name: value for name, value in options.items() if name not in {"choices", "validators"}
    }


def test_a_version_of_a_pack_says_what_it_said_in_the_last_release(left: Path) -> None:
    """Else the portal refuses every report that an agent of that release makes by it
    (`pack-mismatch`).
    """
    then = json.loads((left / "packs.json").read_text("utf-8"))
    assert then
    assert {name: packs.digest(packs.load(*name.split())).hex() for name in then} == then


@pytest.mark.long
@pytest.mark.timeout(1_800)
def test_agents_and_portals_of_both_releases_understand_each_other(
    left: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The agent of the last release, built from its commit, at this portal; this agent at the
    portal of the last release.
    """
    redis = urlsplit(os.environ["REDIS_URL"])
    with releases.worktree((left / "commit").read_text("ascii")) as tree:
        portals = {"this portal": ROOT, "the last portal": tree}
        agents = {
            "this agent": (ROOT, sys.executable),
            "the last agent": (tree, built(tree, tmp_path / "venv")),
        }
        for number, (portal, root) in enumerate(portals.items()):
            folder = tmp_path / str(number)
            folder.mkdir()
            owner = (
                "steplabel_owner" if root == ROOT else "steplabel_web"
            )  # the last release knew no other
            with set_up(
                folder, {"REDIS_URL": redis._replace(path=f"/{11 + number}").geturl()}, root, owner
            ) as installation:
                releases.prepare(installation, NEWEST)
                with installation.served(), installation.running("worker"):
                    for index, (agent, (code, python)) in enumerate(agents.items()):
                        state, token = (
                            str(folder / agent),
                            releases.token(installation, f"works-{index}"),
                        )
                        asked = {
                            "state": state,
                            "token": token,
                            "years": releases.YEARS[:2],
                            "version": NEWEST,
                        }
                        (answer,) = releases.report(
                            code, releases.port_of(installation), [asked], python
                        )
                        record_property(f"{agent} at {portal}", answer)
                        assert answer["refusal"] == ""
                        assert len(answer["digests"]) == 2
                    until_all_are_accepted(installation.default_url)


def built(tree: Path, venv: Path) -> str:
    """That release's agent, installed as a plant installs it, on the libraries that are here; its
    Python.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    python = str(venv / "bin" / "python")
    target = next(venv.glob("lib/python*/site-packages"))
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-build-isolation",
        "--no-deps",
    ]
    source = shutil.copytree(tree, venv / "source", ignore=shutil.ignore_patterns(".git"))
    subprocess.run([*pip, "--target", target, source], check=True)
    here = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    (target / "libraries.pth").write_text(
        f"{tree}\n{here}\n", "utf-8"
    )  # its tests before any that a library brings
    return python
