"""The container's files: well written by the judgement of their own checkers, and each role given
no more than it may hold.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
DOCKER = ROOT / "docker"
BIN = Path(sys.executable).parent
WEBS = ("web", "web2")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))
    return loaded


CHECKS: dict[str, list[str | Path]] = {
    "hadolint": [BIN / "hadolint", DOCKER / "Dockerfile"],
    "the compose specification": [
        BIN / "check-jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        DOCKER / "compose.yaml",
    ],
    "shellcheck": [
        BIN / "shellcheck",
        *(DOCKER / name for name in ("entrypoint", "make-secrets", "database-roles.sh")),
        *sorted((ROOT / "bin").iterdir()),
        ROOT / ".ci" / "run",
    ],
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_checker_finds_nothing(name: str) -> None:
    ran = subprocess.run(CHECKS[name], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def secrets_of(service: dict[str, Any]) -> set[str]:
    """Their names in `secrets/`, whatever the container calls them."""
    return {
        secret if isinstance(secret, str) else secret["source"] for secret in service["secrets"]
    }


def test_the_web_container_holds_neither_the_processing_key_nor_the_way_to_the_vault(
    compose: dict[str, Any],
) -> None:
    for name in WEBS:
        web = compose["services"][name]
        assert secrets_of(web) == {
            "secret_key",
            "mail_password",
            "directory.cbor",
            "receipt.pem",
            "web_database_password",
        }
        assert not [
            name for name in web["environment"] if name.startswith(("VAULT_", "PROCESSING_"))
        ]


def test_the_processing_key_is_the_workers_alone_and_it_signs_no_receipts(
    compose: dict[str, Any],
) -> None:
    holders = {
        name
        for name, service in compose["services"].items()
        if "secrets" in service and "processing.pem" in secrets_of(service)
    }
    assert holders == {"worker"}
    assert "receipt.pem" not in secrets_of(compose["services"]["worker"])
    assert "web_database_password" not in secrets_of(compose["services"]["worker"])


def test_each_role_signs_in_to_the_default_database_as_a_role_of_its_own(
    compose: dict[str, Any],
) -> None:
    passwords = {
        name: [
            secret for secret in compose["services"][name]["secrets"] if isinstance(secret, dict)
        ]
        for name in ("operator", "web", "worker")
    }
    worker = {"source": "worker_database_password", "target": "vault_password"}
    assert passwords == {
        "operator": [{"source": "owner_database_password", "target": "database_password"}, worker],
        "web": [{"source": "web_database_password", "target": "database_password"}],
        "worker": [{**worker, "target": "database_password"}, worker],
    }
    # the SQL behind it is run on a real server by tests/integration/test_database_roles.py
    database = compose["services"]["database"]
    assert "../deploy/postgresql:/postgresql:ro" in database["volumes"]
    script = (DOCKER / "database-roles.sh").read_text("utf-8")
    named = re.findall(r"(\w+_password)\b", script)
    assert named == ["owner_database_password", "web_database_password", "worker_database_password"]
    assert set(named) <= secrets_of(database)


def test_nothing_serves_before_the_tables_and_their_grants_are_there(
    compose: dict[str, Any],
) -> None:
    for name in (*WEBS, "worker"):
        assert compose["services"][name]["depends_on"]["migrate"] == {
            "condition": "service_completed_successfully"
        }
    steps = (DOCKER / "entrypoint").read_text("utf-8").split("migrate)")[1].split(";;")[0]
    order = [
        steps.index(step) for step in ("migrate --no-input\n", "--database vault", "apply_grants")
    ]
    assert order == sorted(order)


def test_the_portals_containers_write_nowhere_and_only_the_web_is_reachable(
    compose: dict[str, Any],
) -> None:
    for name in (*WEBS, "worker", "migrate", "operator"):
        service = compose["services"][name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert {
        name: service["ports"]
        for name, service in compose["services"].items()
        if "ports" in service
    } == {
        "web": ["127.0.0.1:8001:8000"],
        "web2": ["127.0.0.1:8002:8000"],
    }
    proxy = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text("utf-8")
    assert re.findall(r"server (127\.0\.0\.1:\d+)", proxy) == [
        "127.0.0.1:8001",
        "127.0.0.1:8002",
    ], "the sample fits as it is"
    assert compose["networks"]["inside"] == {"internal": True}


def test_every_secret_is_a_file_that_is_never_committed_or_built_in(
    compose: dict[str, Any],
) -> None:
    assert {secret["file"].split("/")[0] for secret in compose["secrets"].values()} == {"secrets"}
    assert "/docker/secrets/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in ignored  # what is not named stays out
    assert not [line for line in ignored if line.startswith("!") and "secrets" in line]


def test_the_drawn_secrets_are_long_apart_and_kept(tmp_path: Path) -> None:
    script = tmp_path / "make-secrets"
    script.write_bytes((DOCKER / "make-secrets").read_bytes())
    subprocess.run(["/bin/sh", script], check=True)
    drawn = {file.name: file.read_text("ascii") for file in (tmp_path / "secrets").iterdir()}
    assert drawn.pop("mail_password") == "", "of a server that nobody draws it for"
    assert set(drawn) == {
        "secret_key",
        "postgres_password",
        "owner_database_password",
        "web_database_password",
        "worker_database_password",
    }
    assert {len(text) for text in drawn.values()} == {64}
    assert len(set(drawn.values())) == len(drawn)
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    subprocess.run(["/bin/sh", script], check=True)
    assert {file.name: file.read_text("ascii") for file in (tmp_path / "secrets").iterdir()} == {
        **drawn,
        "mail_password": "",
    }


def test_the_image_holds_nothing_that_fetches_or_builds_and_runs_as_an_ordinary_user() -> None:
    build, image = (DOCKER / "Dockerfile").read_text("utf-8").split("\nFROM ")[1:3]
    assert build.rstrip().endswith(
        "uv pip uninstall --python /opt/steplabel/bin/python pip wheel uv"
    ), "the last thing that is built"
    assert re.search(r"python -m pip uninstall --yes .* setuptools wheel pip ", image)
    assert re.findall(r"^USER (.+)$", image, re.MULTILINE) == ["10001"]
    assert re.findall(r"apt-get install \S+ \S+ (.*?) \\$", image, re.MULTILINE) == [
        "postgresql-client"
    ], "pg_dump, of the server's major"
    assert "pip install" not in image


def test_a_command_has_the_role_of_its_container(compose: dict[str, Any]) -> None:
    roles = {
        name: compose["services"][name]["environment"]["STEPLABEL_ROLE"]
        for name in (*WEBS, "worker", "operator", "migrate")
    }
    assert roles == {
        "web": "web",
        "web2": "web",
        "worker": "worker",
        "operator": "operator",
        "migrate": "operator",
    }
    assert 'export STEPLABEL_ROLE="${STEPLABEL_ROLE:-operator}"' in (
        DOCKER / "entrypoint"
    ).read_text("utf-8")


def test_the_server_is_of_the_major_whose_client_the_image_has(compose: dict[str, Any]) -> None:
    """Debian's pg_dump refuses a newer server: no backup could be made."""
    debian = re.findall(
        r"-(\w+)$", (DOCKER / "Dockerfile").read_text("utf-8").split("\nFROM ")[2].splitlines()[0]
    )
    assert (debian, compose["services"]["database"]["image"]) == (
        ["bookworm"],
        "postgres:15-bookworm",
    )


def test_every_process_of_the_portal_is_asked_whether_it_is_well(compose: dict[str, Any]) -> None:
    assert {name for name, service in compose["services"].items() if "healthcheck" in service} >= {
        "web",
        "worker",
        "database",
        "redis",
    }
    assert "--workers-kill-timeout" in (DOCKER / "entrypoint").read_text("utf-8"), (
        "or a granian that gives up waits for its other worker"
    )
