"""An operator's command that its database or its role turns away says so in a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.servers.postgres import started
from tests.unit.portal.test_settings import PRODUCTION, ROOT

pytestmark = pytest.mark.postgres


def run(role: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {**PRODUCTION, "PATH": os.environ["PATH"], "STEPLABEL_ROLE": role, **more}
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_wrong_password_is_told_in_a_sentence(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="steplabel-postgres-") as folder:
        Path(folder).chmod(0o755)
        with started(Path(folder), by_network="scram-sha-256") as (_programs, _origin, port):
            url = f"postgres://steplabel_owner:wrong@127.0.0.1:{port}/postgres"
            for command in (("check_installation",), ("backup", str(tmp_path / "backup"))):
                ran = run("operator", *command, DATABASE_URL=url, VAULT_DATABASE_URL=url)
                assert ran.returncode == 1
                assert "password authentication failed" in ran.stderr
                assert "Check that it runs, then its address and password" in ran.stderr
                assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    "command",
    [("check_installation",), ("backup", "/nowhere/backup")],
    ids=lambda command: command[0],
)
def test_a_command_of_another_role_says_as_whom_to_run_it(command: tuple[str, ...]) -> None:
    ran = run("web", *command, DATABASE_URL=os.environ["DATABASE_URL"])
    assert ran.returncode == 1
    assert "Run it as operator" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_database_without_tables_is_told_with_what_brings_them() -> None:
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path="/postgres").geturl()
    ran = run("operator", "check_installation", DATABASE_URL=url, VAULT_DATABASE_URL=url)
    assert ran.returncode == 1
    assert "lacks a table that this command needs" in ran.stderr
    assert "Run `manage.py migrate` and `manage.py apply_grants`." in ran.stderr
    assert "Traceback" not in ran.stderr
