"""The real server under real load and ill will: what is too large, too slow, sent at once, or aimed
at what the web role may not have.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest

from benchmarks.wire.signing import DeviceKey
from tests.functional.installation.conftest import HOST, ROOT, Installation, Plant, as_user

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.xdist_group("installation")]

SUBMISSIONS = "/api/v1/submissions/"
HUNDRED_MB = 100_000_000
CHUNK = bytes(65_536)
SLOW_CLIENTS = 100
MOST_CONNECTIONS = 8


def post(installation: Installation, body: bytes) -> httpx.Response:
    with installation.client() as client:
        return client.post(SUBMISSIONS, content=body, headers={"Content-Type": "application/cbor"})


def stored(installation: Installation) -> int:
    with psycopg.connect(installation.default_url) as connection:
        row = connection.execute("SELECT count(*) FROM intake_submission").fetchone()
    assert row is not None
    return int(row[0])


def opened(installation: Installation, *headers: str) -> socket.socket:
    """A connection on which the head of a POST was sent, and nothing of its body."""
    address = urlsplit(installation.address)
    connection = socket.create_connection((str(address.hostname), address.port or 80), timeout=20)
    head = [
        f"POST {SUBMISSIONS} HTTP/1.1",
        f"Host: {HOST}",
        "X-Forwarded-Proto: https",
        "Content-Type: application/cbor",
        *headers,
    ]
    connection.sendall("\r\n".join([*head, "", ""]).encode("ascii"))
    return connection


def answer(connection: socket.socket) -> str:
    """What the server says, up to the end of the problem document."""
    received = b""
    while not received.rstrip().endswith(b"}"):
        more = connection.recv(65_536)
        if not more:
            break
        received += more
    return received.decode("utf-8")


def test_a_body_of_100_mb_is_refused_before_a_byte_of_it_is_sent(
    installation: Installation,
) -> None:
    before = stored(installation)
    with opened(installation, f"Content-Length: {HUNDRED_MB}") as connection:
        response = answer(connection)
    assert response.startswith("HTTP/1.1 413 ")
    assert '"code": "too-large"' in response
    assert stored(installation) == before


@pytest.mark.parametrize(("chunked", "status"), [(False, "413"), (True, "411")])
def test_100_mb_pushed_all_the_same_are_not_kept_in_memory(
    installation: Installation, chunked: bool, status: str
) -> None:
    before, memory_before = stored(installation), installation.web_memory_mb("VmHWM")
    with opened(
        installation, "Transfer-Encoding: chunked" if chunked else f"Content-Length: {HUNDRED_MB}"
    ) as connection:
        sent = 0
        try:
            while sent < HUNDRED_MB:
                connection.sendall(b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK) if chunked else CHUNK)
                sent += len(CHUNK)
        except OSError:
            pass  # the server has answered and hung up: what it said may be read still
        try:
            response = answer(connection)
        except ConnectionResetError:
            response = ""
    assert not response or response.startswith(f"HTTP/1.1 {status} ")
    assert installation.web_memory_mb("VmHWM") - memory_before < 50
    assert stored(installation) == before
    assert post(installation, b"\xff").status_code == 400  # it goes on serving


def test_bodies_that_never_come_do_not_keep_others_waiting(
    installation: Installation, plant: Plant
) -> None:
    slow = [opened(installation, "Content-Length: 5000") for _ in range(SLOW_CLIENTS)]
    for connection in slow:
        connection.sendall(b"\xa4")
    try:
        start = time.monotonic()
        assert post(installation, plant.envelope()).status_code == 201
        assert time.monotonic() - start < 15  # the bodies waited for never come
    finally:
        for connection in slow:
            connection.close()


def test_however_many_ask_at_once_few_connections_to_the_database_are_held(
    installation: Installation,
) -> None:
    def ask(_number: int) -> int:
        with installation.client() as client:
            return client.get("/healthz").status_code

    with ThreadPoolExecutor(40) as pool:
        assert set(pool.map(ask, range(200))) == {200}
    with psycopg.connect(
        installation.vault_url
    ) as connection:  # another database: this one is not counted
        name = urlsplit(installation.default_url).path[1:]
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s", (name,)
        ).fetchone()
    assert row is not None
    assert 1 <= row[0] <= MOST_CONNECTIONS


def test_a_body_cut_short_or_empty_is_refused_and_nothing_is_stored(
    installation: Installation, plant: Plant
) -> None:
    before, sealed = stored(installation), plant.envelope()
    with opened(installation, f"Content-Length: {len(sealed)}") as connection:
        connection.sendall(sealed[:-100])
        connection.shutdown(socket.SHUT_WR)
        response = answer(connection)
    assert not response or response.startswith("HTTP/1.1 400 ")
    empty = post(installation, b"")
    assert (empty.status_code, empty.json()["code"]) == (400, "body-empty")
    assert stored(installation) == before
    assert post(installation, sealed).status_code == 201  # whole, it is taken


def test_the_same_envelope_sent_at_once_is_one_submission_with_one_receipt(
    installation: Installation, plant: Plant
) -> None:
    before, sealed = stored(installation), plant.envelope()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(installation, sealed), range(8)))
    assert sorted(each.status_code for each in answers) == [200] * 7 + [201]
    assert len({each.json()["receipt"] for each in answers}) == 1
    assert stored(installation) == before + 1


def test_of_different_envelopes_for_one_revision_sent_at_once_one_is_taken(
    installation: Installation, plant: Plant
) -> None:
    before, sealed = stored(installation), [plant.envelope(shift) for shift in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda raw: post(installation, raw), sealed))
    assert sorted(each.status_code for each in answers) == [201] + [409] * 7
    refusals = [each for each in answers if each.status_code == 409]
    assert {each.json()["code"] for each in refusals} == {"revision-conflict"}
    assert {each.headers["Content-Type"] for each in refusals} == {"application/problem+json"}
    assert stored(installation) == before + 1


def test_a_stranger_cannot_send_for_a_plant(installation: Installation, plant: Plant) -> None:
    refused = post(installation, plant.envelope(signer=DeviceKey.generate()))
    assert (refused.status_code, refused.json()["code"]) == (401, "outer-signature-invalid")


def test_what_comes_without_tls_is_sent_to_https_and_only_the_health_check_is_not(
    installation: Installation,
) -> None:
    with httpx.Client(
        base_url=installation.address, headers={"Host": HOST}, trust_env=False
    ) as client:
        assert client.get("/").headers["Location"] == f"https://{HOST}/"
        healthy = client.get("/healthz")
        assert (healthy.status_code, healthy.text) == (200, "ok")
        assert (
            client.get("/healthz", headers={"Host": "127.0.0.1:8001"}).text == "ok"
        )  # a probe of this machine's, by address
        assert client.get("/", headers={"Host": "elsewhere.example"}).status_code == 400


def test_pages_and_their_style_are_served_under_the_strict_policy(
    installation: Installation,
) -> None:
    with installation.client() as client:
        page = client.get("/")
        assert page.status_code == 200
        assert "default-src 'self'" in page.headers["Content-Security-Policy"].split("; ")
        style = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
        assert (
            client.get(style).headers["Cache-Control"].endswith("immutable")
        )  # named by its content


def test_the_webs_role_can_change_no_table_and_no_right_and_no_record(
    installation: Installation,
) -> None:
    with psycopg.connect(installation.default_url, autocommit=True) as web:
        web.execute("SELECT count(*) FROM auditlog_event")
        web.execute(
            "GRANT UPDATE ON auditlog_event TO steplabel_web"
        )  # PostgreSQL warns, and grants nothing
        for refused in (
            "UPDATE auditlog_event SET actor = ''",
            "DROP POLICY wall ON intake_submission",
            "ALTER TABLE intake_submission NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE intake_submission ADD COLUMN more int",
            "CREATE TABLE mine (id int)",
            (
                "CREATE OR REPLACE FUNCTION wall_jurisdictions() RETURNS SETOF bigint LANGUAGE "
                "sql AS "
                "'SELECT id FROM accounts_jurisdiction'"
            ),
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                web.execute(refused.encode())


def test_postgresql_shuts_the_web_role_out_of_the_vault_of_this_installation(
    installation: Installation,
) -> None:
    web = urlsplit(installation.default_url).netloc.split("@")[0]
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(as_user(installation.vault_url, web))
    with psycopg.connect(
        installation.vault_url
    ) as connection:  # it is there, and its owner gets in
        connection.execute("SELECT count(*) FROM opening_openedreport")
    environment = {**installation.environment("web"), "VAULT_DATABASE_URL": installation.vault_url}
    ran = subprocess.run(
        [sys.executable, "manage.py", "check"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert "Only worker and operator may reach the vault" in ran.stderr
