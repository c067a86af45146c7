"""Real PostgreSQL refuses the web role the vault, and the worker what is not its business: by
portal/grants.sql.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections

from portal import keys
from portal.accounts.models import Role, User
from portal.assurance import reminding
from portal.assurance.assigning import assign
from portal.auditlog.models import Event
from portal.catalogue.models import PeerGroupMember
from portal.intake import receiving as intake
from portal.intake.models import Submission
from portal.notifications import mailing
from portal.opening import unsealing as opening
from portal.opening.models import OpenedReport
from portal.practices import reviewing
from portal.problems import RefusedError
from portal.publication import drafting, publishing, scheduling
from portal.register import leaving, naming
from portal.standings import computing as standings
from portal.standings.models import ProtectedValue
from portal.web.words.mails import write
from tests.integration.audited import make_attestation
from tests.integration.of_extras import of_each
from tests.integration.portal_cast import NOW, PERIOD, deliver, make_cast, open_waiting, person
from tests.integration.test_practices import HOT

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(databases=["default", "vault"], transaction=True),
    pytest.mark.usefixtures("portal_keys"),
]

UNDO = """
GRANT ALL ON ALL TABLES IN SCHEMA public TO CURRENT_USER;
"""


def grant() -> None:
    """What the operator runs after every migrate."""
    call_command("apply_grants", stderr=StringIO())


@pytest.fixture
def granted() -> Iterator[None]:
    """Both test databases under the grants of production; the runner's own rights are given back
    after.
    """
    grant()
    yield
    for alias in ("default", "vault"):
        with connections[alias].cursor() as cursor:
            cursor.execute(UNDO)


def connect(alias: str, role: str) -> psycopg.Connection[tuple[object, ...]]:
    settings = connections[alias].settings_dict
    return psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        dbname=settings["NAME"],
        user=role,
        password=os.environ.get("PGPASSWORD", ""),
    )


def role_of(alias: str) -> str:
    return str(connections[alias].settings_dict["USER"])


@pytest.fixture
def web() -> str:
    return role_of("default")


@pytest.fixture
def worker() -> str:
    return role_of("vault")


@pytest.mark.usefixtures("granted")
def test_postgresql_refuses_the_web_role_the_vault(web: str, worker: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        connect("vault", web)
    with connect("vault", worker) as connection:
        assert connection.execute("SELECT count(*) FROM opening_openedreport").fetchone() == (0,)


@pytest.mark.usefixtures("granted")
def test_it_is_the_grants_that_shut_the_web_role_out(web: str) -> None:
    vault = connections["vault"]
    with vault.cursor() as cursor:  # as every new database is, before anything is taken back
        cursor.execute(f'GRANT CONNECT ON DATABASE "{vault.settings_dict["NAME"]}" TO PUBLIC')
    connect("vault", web).close()
    grant()
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        connect("vault", web)


@pytest.mark.usefixtures("granted")
def test_the_worker_may_do_its_work_in_the_default_database_and_no_more(worker: str) -> None:
    with connect("default", worker) as connection:
        connection.execute("SELECT 1 FROM intake_submission FOR UPDATE")
        for forbidden in (
            "SELECT password FROM accounts_user",
            "SELECT name FROM accounts_user",
            "SELECT * FROM publication_draftcomment",
            "SELECT text FROM assurance_finding",
            "SELECT signed FROM assurance_attestation",
            "SELECT number FROM assurance_systemcertificate",
            "UPDATE publication_publication SET participants = '[]'",
            "UPDATE publication_scheduledrelease SET at = now()",
            "UPDATE catalogue_reportingperiod SET closed_at = now()",
            "DELETE FROM intake_submission",
            "INSERT INTO accounts_device (id) VALUES (gen_random_uuid())",
            "UPDATE standings_protectedvalue SET best_cell = 0",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(forbidden)


@pytest.mark.usefixtures("granted")
@pytest.mark.parametrize(
    "table",
    [
        "auditlog_event",
        "translog_logentry",
        "translog_lognode",
        "publication_draftcomment",
        "publication_loggedact",
        "catalogue_extension",
        "catalogue_reminder",
        "assurance_interestdeclaration",
        "assurance_finding",
        "assurance_findingstep",
        "assurance_reminded",
    ],
)
def test_nobody_changes_or_deletes_what_was_recorded(web: str, worker: str, table: str) -> None:
    for role in (web, worker):
        with connect("default", role) as connection:
            for statement in (f"DELETE FROM {table}", f"TRUNCATE {table}"):  # noqa: S608 - the names are ours
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute(statement)


@pytest.mark.usefixtures("granted")
def test_the_worker_role_can_do_a_whole_sweep(worker: str, web: str) -> None:
    cast = make_cast(plants=1)
    deliver(cast.plants[0].envelope(cast.pack))
    default = connections["default"]
    try:
        default.close()
        default.settings_dict["USER"] = worker
        assert open_waiting() == opening.SweepCounts(1, 0)
        assert mailing.sweep(write, lambda: NOW) >= 1, "what it told people of is mailed by it"
        mailing.forget(NOW + mailing.KEPT_NOTICES * 2)
    finally:
        default.close()
        default.settings_dict["USER"] = web


@pytest.mark.usefixtures("granted")
def test_the_worker_role_lets_out_what_was_approved_for_a_set_time(worker: str, web: str) -> None:
    cast = make_cast(plants=20)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    standings.compute(cast.period, "worker", NOW)
    named = cast.plants[0]
    naming.choose(named.owner, named.site.organisation_id, True, NOW)  # names are asked for again
    draft, at = drafting.draft(cast.period, cast.drafter, NOW), NOW + timedelta(hours=1)
    waiting = scheduling.schedule(draft, cast.approver, at, keys.receipt_key(), NOW)
    assert "Enterprise 1" in str(waiting.document["steps"])
    default = connections["default"]
    try:
        default.close()
        default.settings_dict["USER"] = worker
        assert scheduling.release_due(lambda: at) == 1
    finally:
        default.close()
        default.settings_dict["USER"] = web
    draft.refresh_from_db()
    assert draft.status == "published"


@pytest.mark.usefixtures("granted")
def test_the_worker_role_tells_of_the_days_of_audits(worker: str, web: str) -> None:
    cast = make_cast(plants=1)
    deliver(cast.plants[0].envelope(cast.pack))
    open_waiting()
    attestation = make_attestation(
        assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW), cast.auditor, NOW
    )
    default = connections["default"]
    try:
        default.close()
        default.settings_dict["USER"] = worker
        assert reminding.remind(NOW + timedelta(days=360)) == 2, (
            "what was attested ends; the observation was never answered"
        )
        assert reminding.remind(NOW + timedelta(days=4 * 366)) == 1, (
            "the next obligatory audit is late"
        )
    finally:
        default.close()
        default.settings_dict["USER"] = web
    assert attestation.state == "issued"


@pytest.mark.usefixtures("granted")
def test_the_worker_role_can_delete_what_is_a_firms_that_leaves(worker: str, web: str) -> None:
    cast = make_cast(plants=2)
    deliver(cast.plants[0].envelope(cast.pack))
    open_waiting()
    PeerGroupMember.objects.update(obliged=False)
    reviewing.offer(
        cast.plants[0].owner, cast.plants[0].site.organisation_id, HOT, named=True, now=NOW
    )
    other = person("other@example.org", cast.plants[0].site.organisation, Role.ENTERPRISE)
    for of_extra in of_each("names_a_person"):
        of_extra(cast, other)
    leaving.ask(cast.plants[0].owner, cast.plants[0].site.organisation_id, NOW)
    default = connections["default"]
    try:
        default.close()
        default.settings_dict["USER"] = worker
        assert leaving.carry_out_due(lambda: NOW + leaving.COOLING) == 1
    finally:
        default.close()
        default.settings_dict["USER"] = web
    assert not User.objects.filter(pk=cast.plants[0].owner.pk).exists()
    named = User.objects.filter(pk=other.pk).first()
    assert named is None or not named.is_active, "a row that stays names them"
    assert User.objects.filter(pk=cast.plants[1].owner.pk).exists()


def test_what_is_settled_while_its_firm_leaves_goes_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The vault is emptied; before the values are deleted another worker comes to settle a report
    that it has just opened.
    """
    cast = make_cast(plants=1)
    plant, key = cast.plants[0], keys.processing_key()
    deliver(plant.envelope(cast.pack))
    PeerGroupMember.objects.update(obliged=False)
    leaving.ask(plant.owner, plant.site.organisation_id, NOW)
    claimed = opening.claim(key.key_id, NOW)
    assert claimed is not None
    report, delete = opening.opened(claimed, key), leaving._delete_reports

    def settle() -> None:
        assert claimed.claim is not None
        opening.keep(claimed, report, NOW)
        opening.settle(claimed, claimed.claim, report, None, NOW)
        for alias in ("default", "vault"):
            connections[alias].close()

    other = threading.Thread(target=settle)

    def meanwhile(reports: Any) -> int:
        other.start()
        other.join(2)
        return delete(reports)

    monkeypatch.setattr(leaving, "_delete_reports", meanwhile)
    assert leaving.carry_out_due(lambda: NOW + leaving.COOLING) == 1
    other.join()
    assert Submission.objects.get().state == "deleted"
    assert not OpenedReport.objects.exists()
    assert not ProtectedValue.objects.exists()


def test_of_two_firms_that_leave_at_once_neither_is_named_in_a_roster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each comes to rewrite the rosters while the other does, or waits for it."""
    cast = make_cast(plants=9)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    row = publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    PeerGroupMember.objects.update(obliged=False)
    leaves = [
        leaving.ask(plant.owner, plant.site.organisation_id, NOW).pk for plant in cast.plants[:2]
    ]
    both, rewrite = threading.Barrier(2), leaving._without_names

    def together(*arguments: Any) -> Any:
        with suppress(threading.BrokenBarrierError):
            both.wait(2)
        return rewrite(*arguments)

    monkeypatch.setattr(leaving, "_without_names", together)
    done: list[bool] = []

    def work(pk: int) -> None:
        done.append(leaving._carry_out(pk, NOW + leaving.COOLING))
        for alias in ("default", "vault"):
            connections[alias].close()

    threads = [threading.Thread(target=work, args=(pk,)) for pk in leaves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [True, True]
    row.refresh_from_db()
    for cell in row.roster["cells"]:
        assert sum(member["site"].startswith("left-") for member in cell["members"]) == 2
        assert not {"works-1", "works-2"} & {member["site"] for member in cell["members"]}


def test_two_workers_at_once_let_a_version_out_exactly_once() -> None:
    cast = make_cast(plants=9)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    at = NOW + timedelta(hours=1)
    scheduling.schedule(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, at, keys.receipt_key(), NOW
    )
    out: list[int] = []

    def work() -> None:
        out.append(scheduling.release_due(lambda: at))
        connections["default"].close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(out) == [0, 1]
    assert Event.objects.filter(action="publication.published").count() == 1


def test_two_workers_at_once_open_every_submission_exactly_once() -> None:
    cast = make_cast(plants=6)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    key = keys.processing_key()
    sweeps: list[opening.SweepCounts] = []

    def work() -> None:
        sweeps.append(opening.sweep(key, lambda: NOW))
        for alias in ("default", "vault"):
            connections[alias].close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(swept.accepted for swept in sweeps) == 6
    assert set(Submission.objects.values_list("state", "attempts")) == {("accepted", 1)}


def test_of_two_envelopes_for_one_revision_sent_at_once_one_gets_in() -> None:
    cast = make_cast(plants=1)
    directory, key = keys.published_directory(), keys.receipt_key()
    sent = [cast.plants[0].envelope(cast.pack, shift=shift) for shift in (0, 1)] * 3
    outcomes: list[str] = []

    def post(raw: bytes) -> None:
        try:
            outcomes.append(
                "stored" if intake.receive(raw, directory, key, NOW).created else "known"
            )
        except RefusedError as refusal:
            outcomes.append(refusal.code)
        connections["default"].close()

    threads = [threading.Thread(target=post, args=(raw,)) for raw in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [
        "known",
        "known",
        "revision-conflict",
        "revision-conflict",
        "revision-conflict",
        "stored",
    ]
