"""What an operator sees: `/livez`, `/readyz`, `/metrics`, ids of requests, and logs that hold
nothing of a report.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery.app.trace import build_tracer
from celery.exceptions import Retry
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django.fixtures import Settings

from benchmarks import packs
from portal import keys, wall
from portal.accounts.models import Jurisdiction
from portal.auditlog.models import Action, Event
from portal.catalogue.models import PeerGroup
from portal.celery import app
from portal.intake import receiving as intake
from portal.intake import worker_seen
from portal.intake.models import Submission, WorkerSeen
from portal.logs import HEADER, JsonFormatter
from portal.opening import tasks
from portal.settings.redis_caches import redis_caches
from portal.settings.roles import ProcessRole
from portal.translog import selectors
from portal.translog.models import LogHead
from portal.web.sight import readiness
from tests.integration.portal_cast import make_cast, make_plant

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

DEAD = "redis://127.0.0.1:9/0"


@pytest.fixture(autouse=True)
def at_work(portal_keys: Path, settings: Settings, tmp_path: Path) -> None:
    """An installation where all is well: a log of one report, its head kept, a worker that opened
    it.
    """
    assert portal_keys
    settings.HEADS_FILE = tmp_path / "heads.log"
    cast = make_cast(1)
    intake.receive(
        cast.plants[0].envelope(cast.pack),
        keys.published_directory(),
        keys.receipt_key(),
        timezone.now(),
    )
    selectors.head(keys.receipt_key())
    tasks.sweep()


def ready(client: Client) -> tuple[int, list[str]]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json()["wrong"]


def test_all_is_well_where_all_is_well(client: Client) -> None:
    assert ready(client) == (200, [])
    assert client.get("/livez").content == b"ok"
    assert client.get("/status/").status_code == 200


def worker_gone(_settings: Settings) -> None:
    WorkerSeen.objects.update(
        seen_at=timezone.now() - worker_seen.SEEN_WITHIN - timedelta(seconds=1)
    )


def worker_without_key(_settings: Settings) -> None:
    WorkerSeen.objects.update(key_ids="")


def worker_clock(_settings: Settings) -> None:
    WorkerSeen.objects.update(clock_apart_s=-300.0)


def no_receipt_key(settings: Settings) -> None:
    settings.RECEIPT_KEY_FILE = Path("/nowhere/receipt.pem")


def no_directory(settings: Settings) -> None:
    settings.DIRECTORY_FILE = Path("/nowhere/directory.cbor")


def log_set_back(_settings: Settings) -> None:
    LogHead.objects.update(size=1)


def heads_disk_gone(settings: Settings) -> None:
    settings.HEADS_FILE = settings.HEADS_FILE.parent / "not mounted" / "heads.log"


def late(_settings: Settings) -> None:
    Submission.objects.update(
        state="received", received_at=timezone.now() - readiness.TOO_LONG - timedelta(seconds=1)
    )


def redis_away(settings: Settings) -> None:
    settings.CACHES = redis_caches(DEAD)


def not_migrated(_settings: Settings) -> None:
    with connection.cursor() as cursor:  # the tests' own database is made without migrations
        cursor.execute(
            "CREATE TABLE django_migrations (id integer, app varchar(99), name varchar(99), "
            "applied timestamp)"
        )
        cursor.execute(
            "INSERT INTO django_migrations VALUES (1, 'intake', '0001_initial', CURRENT_TIMESTAMP)"
        )


def vault_full(_settings: Settings) -> None:
    WorkerSeen.objects.update(trouble="vault-full")


def vault_away(_settings: Settings) -> None:
    WorkerSeen.objects.update(trouble="vault-away")


FAULTS: dict[str, Callable[[Settings], None]] = {
    "database-behind": not_migrated,
    "worker-not-seen": worker_gone,
    "processing-key-missing": worker_without_key,
    "worker-clock-apart": worker_clock,
    "vault-full": vault_full,
    "vault-away": vault_away,
    "receipt-key-missing": no_receipt_key,
    "directory-unreadable": no_directory,
    "log-set-back": log_set_back,
    "heads-not-kept": heads_disk_gone,
    "waiting-too-long": late,
    "redis-away": redis_away,
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_is_told_by_its_name_and_has_its_page(
    name: str, client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    FAULTS[name](settings)
    assert ready(client) == (503, [name])
    assert f"<code>{name}</code>" in client.get("/status/").content.decode()
    measured = {sample.labels.get("name") for sample in samples(client)["steplabel_wrong"]}
    assert measured == {name}
    runbook = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text(encoding="utf-8")
    assert any(
        name in line.split("## ")[1].split(", ")
        for line in runbook.splitlines()
        if line.startswith("## ")
    )


def test_a_key_that_reports_are_sealed_to_and_no_worker_holds_is_told_before_one_comes(
    client: Client,
) -> None:
    (key_id,) = keys.published_directory().sealed_to(timezone.now().date())
    WorkerSeen.objects.update(
        key_ids="0" * 64
    )  # as where a rotation put the new key into another folder
    assert ready(client) == (503, ["processing-key-missing"])
    assert {sample.labels.get("name") for sample in samples(client)["steplabel_wrong"]} == {
        "processing-key-missing"
    }
    WorkerSeen.objects.create(
        name="another machine", seen_at=timezone.now(), clock_apart_s=0, key_ids=key_id
    )
    assert ready(client) == (200, [])


def test_a_report_that_waits_for_a_key_that_no_worker_holds_is_told_by_the_name_of_the_key(
    client: Client,
) -> None:
    """A key that has ended is still taken for 31 days, and carried files come late: the page of
    *waiting-too-long* says to add workers.
    """
    Submission.objects.update(state="received", key_id="0" * 64)
    assert ready(client) == (503, ["processing-key-missing"])
    Submission.objects.update(state="accepted")
    assert ready(client) == (200, [])


def test_a_directory_that_cannot_be_read_has_its_name_and_no_page_of_an_error(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.DIRECTORY_FILE = tmp_path / "directory.cbor"
    settings.DIRECTORY_FILE.mkdir()  # root, as whom tests may run, is refused nothing but this
    assert ready(client) == (503, ["directory-unreadable"])
    for address in ("directory/", "log/checkpoint/"):
        answer = client.get(f"/api/v1/{address}")
        assert (answer.status_code, answer.json()["code"]) == (503, "directory-unreadable"), address


def _is_away() -> None:
    raise OperationalError


MEASURED: dict[str, tuple[object, str, Callable[..., object]]] = {
    "database-away": (readiness, "waiting_since", _is_away),
    "database-full": (readiness, "has_room", lambda _alias: False),
    "replica-away": (readiness, "waits_for_replica", lambda: True),
    "clock-apart": (worker_seen, "database_now", lambda: timezone.now() - timedelta(minutes=5)),
}
"""What a server or a machine of its own would have to be broken for: here what was measured is
given, and each is made in earnest by `python -m tests.functional.outages --long`."""


@pytest.mark.parametrize("name", MEASURED)
def test_what_is_measured_is_told_by_its_name_in_all_three_places(
    name: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    readiness.room.cache_clear()
    monkeypatch.setattr(*MEASURED[name])
    assert ready(client) == (503, [name])
    assert f"<code>{name}</code>" in client.get("/status/").content.decode()
    assert {sample.labels.get("name") for sample in samples(client)["steplabel_wrong"]} == {name}
    readiness.room.cache_clear()


@pytest.mark.parametrize("name", ["worker-not-seen", "processing-key-missing"])
def test_the_page_of_the_status_says_that_the_worker_does_not_work(
    name: str, client: Client, settings: Settings
) -> None:
    FAULTS[name](settings)
    answer = client.get("/status/")
    assert "Does not work" in answer.content.decode()
    assert (
        answer.status_code == 200
    )  # nothing waits, so nobody who reads it has lost anything; /readyz says 503


@pytest.mark.parametrize(
    ("name", "part", "status"),
    [("redis-away", "Message broker", 503), ("log-set-back", "Other parts", 200)],
)
def test_the_page_of_the_status_names_the_part_that_does_not_work(
    name: str, part: str, status: int, client: Client, settings: Settings
) -> None:
    before = client.get("/status/").content.decode()
    FAULTS[name](settings)
    answer = client.get("/status/")
    text = answer.content.decode()
    assert (before.count("Does not work"), text.count("Does not work")) == (0, 1)
    assert (
        text.index(f"<strong>{part}</strong>")
        < text.index("Does not work")
        < text.index(f"<code>{name}</code>")
    )
    assert answer.status_code == status


def test_pages_are_read_while_redis_is_away(client: Client, settings: Settings) -> None:
    settings.CACHES = redis_caches(DEAD)
    settings.PAGE_RATES = {"read": (300, 60), "send": (60, 60)}
    for address in ("/", "/about/", "/verify/", "/sign-in/", "/healthz", "/livez"):
        assert client.get(address).status_code == 200, address


def samples(client: Client) -> dict[str, list[Any]]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        family.name: list(family.samples)
        for family in text_string_to_metric_families(answer.content.decode())
    }


def test_metrics_are_read_by_prometheus_and_by_nobody_through_the_proxy(client: Client) -> None:
    metrics = samples(client)
    assert metrics["steplabel_log_entries"][0].value == selectors.size() == 4
    assert (
        metrics["steplabel_log_kept_entries"][0].value == 3
    )  # what the worker added nobody was told of yet
    assert {sample.labels["state"]: sample.value for sample in metrics["steplabel_reports"]}[
        "accepted"
    ] == 1
    assert {sample.labels["kind"] for sample in metrics["steplabel_key_days_left"]} >= {
        "processing"
    }
    assert client.get("/metrics", headers={"x-forwarded-for": "203.0.113.9"}).status_code == 404


def test_the_clock_of_a_worker_that_is_gone_rings_no_alarm(client: Client) -> None:
    """Of a machine that was taken away because its clock was wrong the row stays."""
    WorkerSeen.objects.create(name="here", seen_at=timezone.now(), clock_apart_s=6, key_ids="")
    WorkerSeen.objects.create(
        name="gone", seen_at=timezone.now() - timedelta(days=30), clock_apart_s=-300, key_ids=""
    )
    apart = {
        sample.labels["worker"]: sample.value
        for sample in samples(client)["steplabel_worker_clock_apart_seconds"]
    }
    assert apart["here"] == 6
    assert "gone" not in apart


def test_what_a_check_that_nobody_watched_found_is_measured_until_one_finds_nothing(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the night end with 1 in a journal: an alarm asks for this."""

    def counts() -> dict[str, float]:
        return {
            sample.labels["role"]: sample.value
            for sample in samples(client).get("steplabel_disagreements", [])
        }

    def check() -> None:
        call_command("check_installation", stdout=StringIO(), stderr=StringIO())

    monkeypatch.setattr(
        wall, "owned_by_the_web", lambda: 0
    )  # on PostgreSQL the tests' own tables are the web's
    assert counts() == {}
    check()
    assert counts() == {"operator": 0}
    with monkeypatch.context() as patch:
        patch.setattr(wall, "gaps", lambda: ["a table"])
        patch.setattr(wall, "owned_by_the_web", lambda: 3)
        with pytest.raises(CommandError, match="2 do not agree"):
            check()
    assert counts() == {"operator": 2}
    settings.ROLE = ProcessRole.WORKER
    check()
    assert counts() == {"operator": 2, "worker": 0}, (
        "either role for itself: each looks at keys of its own"
    )
    noted = Event.objects.filter(action=Action.INSTALLATION_CHECKED).order_by("pk")
    assert [(row.actor, row.detail) for row in noted] == [
        ("operator", ""),
        ("operator", "wall-down, tables-owned-by-web"),
        ("worker", ""),
    ]


def test_what_the_door_turns_away_is_counted_by_its_code_though_it_leaves_no_row(
    client: Client,
) -> None:
    def counted() -> dict[str, float]:
        return {
            sample.labels["code"]: sample.value
            for sample in samples(client).get("steplabel_api_refusals", [])
        }

    before = counted()
    for _ in range(3):
        assert (
            client.post(
                "/api/v1/submissions/", b"no envelope", content_type="application/cbor"
            ).status_code
            == 400
        )
    assert client.get("/api/v1/nowhere/").status_code == 404
    after = counted()
    code = client.post(
        "/api/v1/submissions/", b"no envelope", content_type="application/cbor"
    ).json()["code"]
    assert after[code] - before.get(code, 0) == 3
    assert after["not-found"] - before.get("not-found", 0) == 1


def test_probes_from_this_machine_need_no_name_and_everything_else_does(
    client: Client, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["portal.example"]
    by_address: dict[str, Any] = {"headers": {"host": "127.0.0.1:8001"}}
    for probe in ("/livez", "/healthz", "/readyz", "/metrics"):
        assert client.get(probe, **by_address).status_code == 200, probe
        assert client.get(probe, **by_address, REMOTE_ADDR="::1").status_code == 200
        assert client.get(probe, **by_address, REMOTE_ADDR="192.0.2.7").status_code == 400
        assert (
            client.get(
                probe, headers={"host": "127.0.0.1:8001", "x-forwarded-for": "127.0.0.1"}
            ).status_code
            == 400
        )
    for other in ("/", "/sign-in/", "/status/", "/api/v1/log/head/", "/metrics/"):
        assert client.get(other, **by_address).status_code == 400, other


def test_a_request_keeps_the_proxys_id_and_gets_one_where_it_has_none_that_is_safe(
    client: Client,
) -> None:
    assert client.get("/livez", headers={HEADER: "abc-12345678"})[HEADER] == "abc-12345678"
    for request_id in ("", "x", "a b c d e f g h", "é" * 9, "x" * 65):
        drawn = client.get("/livez", headers={HEADER: request_id})[HEADER]
        assert drawn != request_id
        assert len(drawn) == 32


def test_a_line_of_the_log_is_json_in_utc_and_quotes_no_row() -> None:
    try:
        Jurisdiction.objects.create(path="cn", name="487.25 yanshan-1", level="nation")
    except IntegrityError:
        record = logging.LogRecord(
            "portal", logging.ERROR, __file__, 1, "The API answered %s.", (500,), sys.exc_info()
        )
    line = JsonFormatter().format(record)
    read = json.loads(line)
    assert read["at"].endswith("+00:00")
    assert (read["message"], read["error"], read["level"]) == (
        "The API answered 500.",
        "IntegrityError",
        "ERROR",
    )
    assert "487.25" not in line
    assert "yanshan" not in line
    assert any("test_sight.py" in place for place in read["through"])


def _refuse(row: str) -> str:
    Jurisdiction.objects.create(path="cn", name=row, level="nation")
    return row


def _retry(row: str) -> str:
    try:
        return _refuse(row)
    except IntegrityError as error:
        raise Retry(exc=error, when=3) from error


def _give_back(row: str) -> str:
    return row


@pytest.mark.parametrize(
    ("work", "sentence"),
    [
        (_refuse, "raised unexpected: IntegrityError"),
        (_retry, "retry: Retry in 3s: IntegrityError"),
        (_give_back, "(not shown)"),
    ],
)
def test_what_celery_says_of_a_task_quotes_neither_row_nor_argument_nor_result(
    work: Callable[[str], str], sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    task = app.task(name=f"tests.{work.__name__}")(work)
    caplog.handler.setFormatter(JsonFormatter())
    with caplog.at_level(logging.INFO, "celery.app.trace"), transaction.atomic():
        build_tracer(task.name, task, eager=True, app=app)(
            "an-id", ("487.25 yanshan-1",), {}, {"id": "an-id", "is_eager": True}
        )
    (line,) = [line for line in caplog.text.splitlines() if "celery.app.trace" in line]
    assert json.loads(line)["message"].endswith(sentence)
    assert "487.25" not in line
    assert "yanshan" not in line


def test_a_sweep_ends_after_its_time_and_says_that_work_is_left(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(tasks, "nudge", asked.append)
    Submission.objects.update(state="received")
    settings.SWEEP_FOR_SECONDS = -1.0
    tasks.sweep()
    assert set(Submission.objects.values_list("state", flat=True)) == {"received"}
    assert asked == [intake.OPENING]


def test_a_worker_whose_clock_is_five_minutes_ahead_signs_the_databases_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ahead = timedelta(minutes=5)
    monkeypatch.setattr(tasks, "timezone", SimpleNamespace(now=lambda: timezone.now() + ahead))
    plant = make_plant(2, Jurisdiction.objects.get(path="cn"), packs.load("cement"))
    for group in PeerGroup.objects.all():
        group.members.create(site=plant.site)
    intake.receive(
        plant.envelope(packs.load("cement")),
        keys.published_directory(),
        keys.receipt_key(),
        timezone.now(),
    )
    tasks.sweep()
    decided = Submission.objects.get(site=plant.site).decided_at
    assert decided is not None
    assert abs(timezone.now() - decided) < timedelta(
        seconds=60
    )  # by its own clock it would be 300 s off
    assert WorkerSeen.objects.get().clock_apart_s == pytest.approx(300, abs=2)
