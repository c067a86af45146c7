"""`steplabel-agent witness` as a program of its own against the real portal: named, by a timer, and before a log that was changed."""

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

from benchmarks.wire.logged import Kind
from portal import keys
from portal.translog import log
from tests.functional.test_submit_survives_kill import ROOT
from tests.integration.portal_cast import make_portal_keys

pytestmark = [pytest.mark.django_db(transaction=True, databases=["default", "vault"]), pytest.mark.xdist_group("live-portal")]


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    made = tmp_path / "keys"
    make_portal_keys(made)
    settings.DIRECTORY_FILE = made / "directory.cbor"
    settings.RECEIPT_KEY_FILE = made / "receipt.pem"
    settings.PROCESSING_KEY_FILE = made / "processing.pem"
    keys.forget()
    yield made
    keys.forget()


def run(state: Path, url: str, *more: str) -> tuple[int, Any, str]:
    command = [sys.executable, "-m", "reporting_agent", "witness", "--log", url, "--state", str(state), "--json", *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def operator(*arguments: str) -> str:
    out = StringIO()
    call_command("make_keys", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def logged(*contents: int) -> None:
    for content in contents:
        with transaction.atomic():
            log.add(Kind.ENVELOPE, f"{content:064x}", timezone.now())


@pytest.mark.parametrize("arguments", [(), ("--directory-key", "xyz"), ("--directory-key", "0" * 64)])
def test_what_a_first_visit_lacks_is_said(tmp_path: Path, folder: Path, live_server: LiveServer, arguments: tuple[str, ...]) -> None:
    code, answer, _ = run(tmp_path / "witness", live_server.url, "--name", "witness.example/w", *arguments)
    wanted = {"": "directory-key-missing", "xyz": "fingerprint-malformed", "0" * 64: "directory-signer-unknown"}
    assert answer["error"]["code"] == wanted["".join(arguments[1:])]
    assert code != 0


def test_a_witness_is_named_cosigns_by_a_timer_and_stops_before_a_changed_log(
    tmp_path: Path, folder: Path, live_server: LiveServer
) -> None:
    state, url = tmp_path / "witness", live_server.url
    logged(1, 2, 3)
    pinned = ("--name", "witness.example/w", "--directory-key", keys.published_directory().fingerprint)
    code, answer, _ = run(state, url, *pinned)
    assert (code, answer["error"]["code"]) == (2, "witness-begins-anew")
    code, answer, told = run(state, url, "--begin")
    assert (code, answer["error"]["code"]) == (1, "witness-unknown")
    (key,) = [word for word in told.split() if word.startswith("witness.example/w+")]

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
    assert (code, again["witnessed_size"], again["cosigned"][0]["name"]) == (0, answer["size"], "witness.example/w")

    with connection.cursor() as cursor:  # somebody at the database changes what was logged first, and all hashes with it
        cursor.execute("DELETE FROM translog_cosignature")
        cursor.execute("DELETE FROM translog_lognode")
        cursor.execute("DELETE FROM translog_logentry")
        cursor.execute("DELETE FROM translog_loghead")
    logged(9, *range(11, 11 + answer["size"]))
    code, refused, _ = run(state, url)
    assert (code, refused["error"]["code"]) == (1, "log-rewritten")
    evidence = sorted(file.name for file in (state / keys.published_directory().fingerprint).glob("evidence-*"))
    assert len(evidence) == 2
