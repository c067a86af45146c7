"""`steplabel-agent witness` as a program of its own against the real portal: named, by a timer, and
before a log that was changed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from benchmarks.wire import restarts
from benchmarks.wire.logged import EntryKind
from portal import keys
from portal.translog import log, selectors
from tests.functional.test_submit_survives_kill import ROOT
from tests.integration.portal_cast import make_portal_keys

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
    pytest.mark.xdist_group("live-portal"),
]


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    path = tmp_path / "keys"
    make_portal_keys(path)
    settings.DIRECTORY_FILE = path / "directory.cbor"
    settings.RECEIPT_KEY_FILE = path / "receipt.pem"
    settings.PROCESSING_KEY_FILE = path / "processing.pem"
    keys.forget()
    yield path
    keys.forget()


def run(state: Path, url: str, *more: str) -> tuple[int, Any, str]:
    command = [
        sys.executable,
        "-m",
        "reporting_agent",
        "witness",
        "--log",
        url,
        "--state",
        str(state),
        "--json",
        *more,
    ]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def operator(*arguments: str) -> str:
    out = StringIO()
    call_command("make_keys", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def logged(*contents: int) -> None:
    for content in contents:
        with transaction.atomic():
            log.add(EntryKind.ENVELOPE, f"{content:064x}", timezone.now())


@pytest.mark.parametrize(
    "arguments", [(), ("--directory-key", "xyz"), ("--directory-key", "0" * 64)]
)
def test_what_a_first_visit_lacks_is_said(
    tmp_path: Path, folder: Path, live_server: LiveServer, arguments: tuple[str, ...]
) -> None:
    code, answer, _ = run(
        tmp_path / "witness", live_server.url, "--name", "witness.example/w", *arguments
    )
    wanted = {
        "": "directory-key-missing",
        "xyz": "fingerprint-malformed",
        "0" * 64: "directory-signer-unknown",
    }
    assert answer["error"]["code"] == wanted["".join(arguments[1:])]
    assert code != 0
    _, answer, _ = run(
        tmp_path / "witness",
        live_server.url,
        "--directory-key",
        keys.published_directory().fingerprint,
    )
    assert (
        answer["error"]["code"] == "witness-begins-anew"
    )  # a key that was mistyped is not held to


def test_a_witness_is_named_cosigns_by_a_timer_and_stops_before_a_changed_log(
    tmp_path: Path, folder: Path, live_server: LiveServer
) -> None:
    state, url = tmp_path / "witness", live_server.url
    logged(1, 2, 3)
    pinned = (
        "--name",
        "witness.example/w",
        "--directory-key",
        keys.published_directory().fingerprint,
    )
    code, answer, _ = run(state, url, *pinned)
    assert (code, answer["error"]["code"]) == (2, "witness-begins-anew")
    code, answer, output = run(state, url, "--begin")
    assert (code, answer["error"]["code"]) == (1, "witness-unknown")
    (key,) = [word for word in output.split() if word.startswith("witness.example/w+")]

    operator("witnesses", "--add", key, "--required", "1")
    shown = operator("sign")
    assert f"witness {key}: NEW" in shown
    assert "cosignatures asked for: 1 within 7 days (before: 0 within 7 days)" in shown
    operator("take", str(folder / "directory-signed.cbor"))
    keys.forget()
    assert key in operator("witnesses")

    logged(4)
    code, answer, _ = run(state, url)
    assert (code, answer["size_before"], answer["size"] > 4) == (0, 3, True)
    code, again, _ = run(state, url)
    assert (code, again["witnessed_size"], again["cosigned"][0]["name"]) == (
        0,
        answer["size"],
        "witness.example/w",
    )

    with (
        connection.cursor() as cursor
    ):  # somebody at the database changes what was logged first, and all hashes with it
        cursor.execute("DELETE FROM translog_cosignature")
        cursor.execute("DELETE FROM translog_lognode")
        cursor.execute("DELETE FROM translog_logentry")
        cursor.execute("DELETE FROM translog_loghead")
    logged(9, *range(11, 11 + answer["size"]))
    code, refused, _ = run(state, url)
    assert (code, refused["error"]["code"]) == (1, "log-rewritten")
    evidence = sorted(
        file.name for file in (state / keys.published_directory().fingerprint).glob("evidence-*")
    )
    assert len(evidence) == 2


@pytest.mark.postgres
def test_a_witness_accepts_a_restart_of_the_log_that_a_person_named_and_each_statement_once(
    tmp_path: Path, folder: Path, live_server: LiveServer, settings: Settings
) -> None:
    state, url, directory = tmp_path / "witness", live_server.url, keys.published_directory()
    settings.HEADS_FILE = tmp_path / "heads.log"
    pinned = ("--name", "witness.example/w", "--directory-key", directory.fingerprint)
    logged(1, 2, 3)
    _, _, output = run(state, url, *pinned, "--begin")
    (key,) = [word for word in output.split() if word.startswith("witness.example/w+")]
    operator("witnesses", "--add", key, "--required", "0")
    operator("sign")
    operator("take", str(folder / "directory-signed.cbor"))
    keys.forget()

    call_command("backup", tmp_path / "backup", stdout=StringIO())
    size = selectors.size()
    logged(*range(10, 20))
    assert run(state, url)[0] == 0
    call_command("restore", tmp_path / "backup", yes=True, stdout=StringIO())
    signed, out = folder / "log-restart-signed.cbor", StringIO()
    call_command("restart_log", "ask", reason="The disk failed.", dir=folder, stdout=out)
    call_command("restart_log", "sign", dir=folder, stdout=out)
    call_command("restart_log", "take", signed, stdout=out)
    number = restarts.digest(signed.read_bytes())
    assert number in out.getvalue()

    for arguments in ((), ("--restart", "0" * 64)):
        code, refused, _ = run(state, url, *arguments)
        assert (code, refused["error"]["code"]) == (1, "log-restarted")
        assert number in refused["error"]["remedy"]
        assert "The disk failed." in refused["error"]["sentence"]
    code, answer, _ = run(state, url, "--restart", number)
    assert (code, answer["restart"]) == (0, {"lost_from": size, "lost_to": size + 10})
    logged(*range(30, 45))
    code, answer, _ = run(state, url)
    assert (code, answer["restart"]) == (0, None)

    settings.HEADS_FILE = (
        tmp_path / "another.log"
    )  # a portal that cuts its log once more, and shows the statement of the first time
    call_command("restore", tmp_path / "backup", yes=True, stdout=StringIO())
    call_command("restart_log", "take", signed, stdout=StringIO())
    code, refused, _ = run(state, url, "--restart", number)
    assert (code, refused["error"]["code"]) == (1, "log-shrunk")
