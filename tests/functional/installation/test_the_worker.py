"""The worker's process in an installation for production: it opens what came, waits for nobody's
nudge, and may be killed anywhere.
"""

from __future__ import annotations

import hashlib
import json
import signal
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import psycopg
import pytest
import redis

from tests.functional.installation.conftest import Installation, Plant, as_json, as_user
from tests.integration.dying_worker import SWEEP

pytestmark = [pytest.mark.postgres, pytest.mark.redis, pytest.mark.xdist_group("installation")]

OPENING_S = 60

COUNT = """
import json
from portal.auditlog.models import Event
from portal.intake.models import Submission
from portal.translog.models import LogEntry
from portal.opening.models import OpenedReport
from portal.standings.models import ProtectedValue
digest = {digest!r}
print(json.dumps({{
    "states": list(Submission.objects.filter(digest=digest).values_list("state", flat=True)),
    "log": LogEntry.objects.filter(digest=digest).count(),
    "opened": OpenedReport.objects.filter(envelope_digest=digest).count(),
    "values": ProtectedValue.objects.filter(submission__digest=digest).count(),
    "accepted": Event.objects.filter(action="submission.accepted", subject=f"submission {{digest}}").count(),
}}))
"""

RECEIVE = """
from django.utils import timezone
from portal import keys
from portal.intake import receiving as intake
intake.receive(bytes.fromhex({raw!r}), keys.published_directory(), keys.receipt_key(), timezone.now())
"""

IN_SHORT_FORM = ("opened", True)
POINTS = [
    pytest.param(point, after, marks=() if (point, after) == IN_SHORT_FORM else pytest.mark.long)
    for point in ("claim", "opened", "keep", "settle")
    for after in (False, True)
]
"""Every step of opening, and whether the worker dies just before it or just after."""


def sent(installation: Installation, raw: bytes) -> str:
    """Hand an envelope in; its digest."""
    with installation.client() as client:
        client.post(
            "/api/v1/submissions/", content=raw, headers={"Content-Type": "application/cbor"}
        ).raise_for_status()
    return hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize(("point", "after"), POINTS)
def test_killed_at_any_step_the_report_is_accepted_once_after_a_restart(
    installation: Installation, plant: Plant, point: str, after: bool
) -> None:
    digest = sent(installation, plant.envelope())
    killed = installation.program(SWEEP.format(point=point, after=after), "worker")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    restarted = installation.program(
        SWEEP.format(point="", after=False) + COUNT.format(digest=digest), "worker"
    )
    assert restarted.returncode == 0, restarted.stderr
    labels = sum(rule.released for step in plant.pack.steps for rule in step.metrics)
    assert as_json(restarted.stdout) == {
        "states": ["accepted"],
        "log": 1,
        "opened": 1,
        "values": labels,
        "accepted": 1,
    }


def test_a_real_worker_opens_what_waited_what_is_nudged_and_refuses_what_is_wrong_inside(
    installation: Installation, plant: Plant, other_plant: Plant
) -> None:
    waited = sent(installation, plant.envelope())
    with installation.running("worker") as process:
        assert settled(installation, waited)["state"] == "accepted"
        nudged = sent(installation, plant.envelope(revision=2))
        assert settled(installation, nudged)["state"] == "accepted"
        assert installation.state_of(waited)["state"] == "superseded"
        off_pack = sent(installation, other_plant.envelope(pack_digest=bytes(32)))
        refused = settled(installation, off_pack)
        assert (refused["state"], refused["reason_code"]) == ("refused", "pack-mismatch")
        assert process.poll() is None
    with psycopg.connect(installation.vault_url) as connection:
        digests = {
            row[0] for row in connection.execute("SELECT envelope_digest FROM opening_openedreport")
        }
    assert {waited, nudged} <= digests
    assert off_pack not in digests


def test_a_worker_goes_on_with_the_connections_that_it_has_until_they_answer_no_more(
    installation: Installation, plant: Plant, other_plant: Plant
) -> None:
    """A connection a report would take the servers more than the report does; one that a server has
    ended is replaced, and nothing told.
    """
    with installation.running("worker"):
        assert settled(installation, sent(installation, plant.envelope()))["state"] == "accepted"
        before = connections_of_the_worker(installation)
        assert (
            settled(installation, sent(installation, plant.envelope(revision=2)))["state"]
            == "accepted"
        )
        assert connections_of_the_worker(installation) == before
        assert {database for database, _process in before} == {
            urlsplit(url).path[1:] for url in of_both(installation)
        }
        with psycopg.connect(
            as_user(installation.default_url, "postgres"), autocommit=True
        ) as superuser:
            superuser.execute(
                "SELECT pg_terminate_backend(process) FROM unnest(%s) AS process",
                [[number for _, number in before]],
            )
        assert (
            settled(installation, sent(installation, other_plant.envelope()))["state"] == "accepted"
        )
        assert connections_of_the_worker(installation).isdisjoint(before)
    assert "Traceback" not in (installation.folder / "worker.log").read_text("utf-8")


def of_both(installation: Installation) -> tuple[str, str]:
    return installation.default_url, installation.vault_url


def connections_of_the_worker(installation: Installation) -> set[tuple[str, int]]:
    """By database and by the number of the server's process."""
    user = urlsplit(installation.vault_url).username
    asked = "SELECT datname, pid FROM pg_stat_activity WHERE usename = %s AND datname = ANY(%s)"
    names = [urlsplit(url).path[1:] for url in of_both(installation)]
    with psycopg.connect(as_user(installation.default_url, "postgres")) as superuser:
        return {
            (str(database), int(process))
            for database, process in superuser.execute(asked, [user, names])
        }


def test_a_worker_finds_by_itself_what_nobody_told_it_of(
    installation: Installation, plant: Plant
) -> None:
    raw = plant.envelope()
    with installation.running("worker"):
        first = sent(installation, raw)
        assert (
            settled(installation, first)["state"] == "accepted"
        )  # it is up, and its first sweep is over
        silent = plant.envelope(revision=2)
        stored = installation.program(
            RECEIVE.format(raw=silent.hex()), "operator"
        )  # the service alone: nobody is nudged
        assert stored.returncode == 0, stored.stderr
        assert settled(installation, hashlib.sha256(silent).hexdigest())["state"] == "accepted"


def test_a_task_that_a_database_refuses_is_logged_without_the_row(
    installation: Installation, other_plant: Plant
) -> None:
    """PostgreSQL quotes the row that it refuses, here an opened report; Celery logs, sends and
    stores what a task raised.
    """
    refuse = "ALTER TABLE opening_openedreport ADD CONSTRAINT nothing_more CHECK (false) NOT VALID"
    with psycopg.connect(installation.vault_url, autocommit=True) as vault:
        vault.execute(refuse)
        try:
            with installation.running("worker"):
                digest = sent(installation, other_plant.envelope())
                log = failed_task(installation)
        finally:
            vault.execute("ALTER TABLE opening_openedreport DROP CONSTRAINT nothing_more")
    failures = [json.loads(line) for line in log.splitlines() if "raised unexpected" in line]
    assert {failure["error"] for failure in failures} == {"IntegrityError"}
    assert all(
        failure["message"].endswith("raised unexpected: IntegrityError") and failure["through"]
        for failure in failures
    )
    with redis.Redis.from_url(installation.more["REDIS_URL"]) as broker:
        dumped = b"".join(broker.dump(key) or b"" for key in broker.scan_iter())
    for quoted in (
        "Failing row",
        "DETAIL",
        other_plant.site,
        other_plant.device_id,
        digest,
        "\\\\xaf",
    ):
        assert quoted not in log
        assert quoted.encode() not in dumped


def failed_task(installation: Installation) -> str:
    """The worker's log, once a task has failed."""
    deadline = time.monotonic() + OPENING_S
    while "raised unexpected" not in (
        log := (installation.folder / "worker.log").read_text("utf-8")
    ):
        assert time.monotonic() < deadline, log
        time.sleep(0.2)
    return log


BACKLOG = """
from portal.intake.models import Submission
row = Submission.objects.get(digest="{digest}")
copies = []
for number in range(1, {count} + 1):
    values = {{field.attname: getattr(row, field.attname) for field in Submission._meta.concrete_fields if field.name != "id"}}
    values.update(digest=f"{{number:064x}}", revision=100 + number, log_index=10**6 + number)
    values.update(ledger_sequence=10**6 + number, state="received")
    copies.append(Submission(**values))
Submission.objects.bulk_create(copies)
"""

CLEAR = """
from portal.intake.models import Submission
Submission.objects.filter(log_index__gte=10**6).delete()
"""


@pytest.mark.long
def test_a_worker_that_is_told_to_end_does_so_within_ten_seconds_whatever_waits(
    installation: Installation, plant: Plant, record_property: Callable[[str, object], None]
) -> None:
    digest = sent(installation, plant.envelope())
    filled = installation.program(BACKLOG.format(digest=digest, count=3_000), "operator")
    assert filled.returncode == 0, filled.stderr
    with installation.running("worker") as process:
        assert settled(installation, digest)["state"] == "accepted"  # it is at work
        time.sleep(2)
        start = time.monotonic()
        process.terminate()
        process.wait(120)
        seconds = time.monotonic() - start
    left = installation.program(
        "from portal.intake.models import "
        'Submission\nprint(Submission.objects.filter(state="received").count())',
        "operator",
    )
    cleared = installation.program(CLEAR, "operator")
    assert cleared.returncode == 0, cleared.stderr
    record_property("seconds from SIGTERM to the end", round(seconds, 1))
    record_property("reports still waiting", int(left.stdout))
    assert int(left.stdout) > 0  # else nothing was cut short
    assert seconds <= 10


def settled(installation: Installation, digest: str) -> dict[str, str]:
    deadline = time.monotonic() + OPENING_S
    while (status := installation.state_of(digest))["state"] in {"received", "opening"}:
        assert time.monotonic() < deadline, (installation.folder / "worker.log").read_text("utf-8")
        time.sleep(0.2)
    return status
