"""Backup, restore, and the restart of the log, with real agents on a real PostgreSQL: what issue K
asks for in its second line.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from io import StringIO
from pathlib import Path
from threading import Event

import psycopg
import pytest
from django import conf
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from benchmarks.errors import InputError, Unreachable, VerificationError
from benchmarks.wire import heads, restarts
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.restarts import LogRestartStatement
from benchmarks.wire.signing import DirectoryKey, ReceiptKey
from portal import keys, wall
from portal.accounts.models import Device, Site
from portal.auditlog.models import Action
from portal.auditlog.models import Event as TrailEvent
from portal.catalogue.models import PeerGroup, PeerGroupMember
from portal.catalogue.periods import open_period
from portal.intake.models import Submission, SubmissionState
from portal.opening import backups, tasks
from portal.opening.models import OpenedReport
from portal.register import leaving
from portal.register.models import Leaving
from portal.settings.roles import ProcessRole
from portal.translog import log, selectors
from portal.translog import restarts as ceremony
from portal.translog.models import LogEntry, LogHead, LogNode
from reporting_agent.sending import enrolment, log_heads
from reporting_agent.sending.submission import ReportMaterial
from tests.integration.test_agent_keys import Plant, site, token  # noqa: F401  # a fixture by its name
from tests.integration.test_sight import samples
from tests.unit.agent_send.cast import heats, material

LOST = 400
REASON = "The disk of the database server failed on 3 March; restored from the dump of the night."

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
    pytest.mark.postgres,
]


@pytest.fixture(autouse=True)
def heads_file(tmp_path: Path, settings: Settings) -> Path:
    settings.HEADS_FILE = tmp_path / "another-disk" / "heads.log"
    settings.HEADS_FILE.parent.mkdir()
    return tmp_path / "another-disk" / "heads.log"


@pytest.fixture(autouse=True)
def handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test runner's own database is the web's; `test_wall` sees that this is reported."""
    monkeypatch.setattr(wall, "owned_by_the_web", lambda: 0)


@pytest.fixture(scope="module")
def years() -> dict[str, ReportMaterial]:
    return {str(year): material(heats(60, year=year), str(year)) for year in (2016, 2017, 2018)}


@pytest.fixture
def plant(tmp_path: Path, site: Site) -> Plant:  # noqa: F811
    open_period(PeerGroup.objects.get(), "2018", "test", timezone.now())
    plant = Plant(tmp_path / "state")
    plant.enrol(token(site))
    return plant


def grow(count: int, seed: str) -> None:
    """So many entries of something else, and a head of them that somebody saw."""
    for number in range(count):
        with transaction.atomic():
            log.add(
                EntryKind.DEVICE_KEY,
                sha256(f"{seed} {number}".encode()).hexdigest(),
                timezone.now(),
            )
    selectors.head(keys.receipt_key())


def restart(folder: Path) -> None:
    """The ceremony: asked for, signed at the offline key, taken."""
    call_command("restart_log", "ask", reason=REASON, dir=folder, stdout=StringIO())
    call_command("restart_log", "sign", dir=folder, stdout=StringIO())
    call_command("restart_log", "take", folder / "log-restart-signed.cbor", stdout=StringIO())


def agreed() -> str:
    out = StringIO()
    call_command("check_installation", stdout=out, stderr=StringIO())
    return out.getvalue()


def test_a_set_back_log_is_not_served_and_after_the_ceremony_an_old_agent_goes_on_and_hands_in_again_what_was_lost(
    plant: Plant,
    years: dict[str, ReportMaterial],
    tmp_path: Path,
    portal_keys: Path,
    client: Client,
) -> None:
    plant.submit(years["2016"], "2016")
    tasks.sweep()
    call_command("backup", tmp_path / "backup", stdout=StringIO())
    size = selectors.size()
    assert "agree" in agreed()

    plant.submit(years["2017"], "2017")
    tasks.sweep()
    grow(LOST, "after the dump")
    shown = selectors.size()
    call_command("restore", tmp_path / "backup", yes=True, stdout=StringIO())
    assert (selectors.size(), Submission.objects.count(), OpenedReport.objects.count()) == (
        size,
        1,
        1,
    )

    for address in (
        "head/",
        "entries/?from=0&to=1",
        "checkpoint/",
        f"consistency/?from=1&to={size}",
    ):
        answer = client.get(f"/api/v1/log/{address}")
        assert (answer.status_code, answer.json()["code"]) == (503, "log-set-back"), address
    assert client.get("/verify/").status_code == 503
    with pytest.raises(Unreachable):
        plant.submit(years["2018"], "2018")
    with pytest.raises(CommandError, match="log-set-back"):
        agreed()
    assert selectors.size() == size  # nothing was added

    restart(portal_keys)
    assert "agree" in agreed()
    (served,) = client.get("/api/v1/log/restarts/").json()
    assert (served["lost_from"], served["lost_to"], served["reason"]) == (size, shown, REASON)
    plant.submit(years["2018"], "2018")
    plant.submit(years["2017"], "2017")
    tasks.sweep()
    assert set(Submission.objects.values_list("period", "state")) == {
        (year, "accepted") for year in years
    }
    assert plant.debited() == 3 * 120  # nothing was drawn or paid for a second time
    with plant.state.connect() as connection:
        fingerprint = keys.published_directory().fingerprint
        (statement,) = log_heads.accepted(connection, fingerprint)
        assert log_heads.as_shown(statement)["reason"] == REASON
        head = log_heads.newest_head(connection, fingerprint)
        assert head is not None
        assert heads.parse(head.signed).size > size
    assert "agree" in agreed()


def test_a_second_restore_from_the_same_dump_is_explained_and_taken_like_the_first(
    plant: Plant, years: dict[str, ReportMaterial], tmp_path: Path, portal_keys: Path
) -> None:
    """The commitment that the first restart lost lies in the range of the second as well, for its
    challenge names its first entry.
    """
    plant.submit(years["2016"], "2016")
    tasks.sweep()
    call_command("backup", tmp_path / "backup", stdout=StringIO())
    plant.submit(years["2017"], "2017")
    for restore in ("first", "second"):
        grow(20, f"before the {restore} restore")
        call_command("restore", tmp_path / "backup", yes=True, stdout=StringIO())
        restart(portal_keys)
        plant.submit(years["2018"], "2018")
        plant.submit(years["2017"], "2017")
    tasks.sweep()
    assert set(Submission.objects.values_list("period", "state")) == {
        (year, "accepted") for year in years
    }
    assert plant.debited() == 3 * 120
    with plant.state.connect() as connection:
        assert len(log_heads.accepted(connection, keys.published_directory().fingerprint)) == 2


def test_what_a_first_restart_lost_is_excused_by_a_second_to_a_site_that_was_away_between_them(
    plant: Plant, years: dict[str, ReportMaterial], tmp_path: Path, portal_keys: Path
) -> None:
    """The restore from the same dump takes the first statement from the database, and the log was
    shorter when it broke again.
    """
    plant.submit(years["2016"], "2016")
    tasks.sweep()
    call_command("backup", tmp_path / "backup", stdout=StringIO())
    size = selectors.size()
    grow(30, "before the first restore")
    plant.submit(
        years["2017"], "2017"
    )  # it has seen a head of 30 entries more, and is entries 30 and 31 after the dump itself
    for restore in ("first", "second"):
        call_command("restore", tmp_path / "backup", yes=True, stdout=StringIO())
        restart(portal_keys)
        grow(2, f"after the {restore} restore")
    plant.submit(years["2018"], "2018")
    plant.submit(years["2017"], "2017")
    tasks.sweep()
    assert set(Submission.objects.values_list("period", "state")) == {
        (year, "accepted") for year in years
    }
    assert plant.debited() == 3 * 120
    (served,) = map(restarts.parse, ceremony.served())
    assert (served.lost_from, served.lost_to) == (size, size + 32)


def test_without_the_coordinators_signature_an_agent_keeps_refusing(
    plant: Plant, years: dict[str, ReportMaterial], tmp_path: Path, settings: Settings
) -> None:
    call_command("backup", tmp_path / "backup", stdout=StringIO())
    grow(3, "after the dump")
    plant.submit(years["2016"], "2016")
    call_command("restore", tmp_path / "backup", yes=True, stdout=StringIO())
    settings.HEADS_FILE = None  # the portal's own defence is off: it shows the shorter log
    with pytest.raises(VerificationError) as refused:
        plant.submit(years["2017"], "2017")
    assert refused.value.code == "log-shrunk"
    grow(30, "another history")
    with pytest.raises(VerificationError) as grown:
        plant.submit(years["2017"], "2017")
    assert grown.value.code == "log-rewritten"


def test_a_device_newer_than_the_dump_is_told_to_enrol_again_and_then_hands_in_what_it_had(
    plant: Plant,
    site: Site,  # noqa: F811
    years: dict[str, ReportMaterial],
    tmp_path: Path,
    portal_keys: Path,
) -> None:
    call_command("backup", tmp_path / "backup", stdout=StringIO())
    newer = Plant(tmp_path / "newer")
    newer.enrol(token(site))
    newer.submit(years["2016"], "2016")
    call_command("restore", tmp_path / "backup", yes=True, stdout=StringIO())
    restart(portal_keys)
    with pytest.raises(InputError) as refused:
        newer.submit(years["2016"], "2016")
    assert refused.value.code == "device-lost"
    assert "enrol --replace --token" in refused.value.remedy
    newer.enrol(token(site), replace=True)
    newer.submit(years["2016"], "2016")
    tasks.sweep()
    assert Submission.objects.get().state == "accepted"
    assert newer.debited() == 120
    with plant.state.connect() as connection:
        enrolled = enrolment.current(connection)
    assert enrolled is not None
    call_command("revoke_device", enrolled.device_id, stdout=StringIO())
    with pytest.raises(InputError) as revoked:
        plant.submit(years["2017"], "2017")
    assert (
        revoked.value.code == "device-revoked"
    )  # the portal knows this device, whatever a restore lost


def test_a_statement_serves_once_and_for_the_lost_range_alone() -> None:
    offline, receipt = DirectoryKey.generate(), ReceiptKey.generate()
    listed = {receipt.key_id: receipt.public}

    def head(size: int, name: str, at: int = 50) -> heads.SeenHead:
        return heads.read(heads.issue(size, sha256(name.encode()).digest(), at, receipt), listed)

    lost = LogRestartStatement(head(9, "old").signed, 12, head(5, "new").signed, 100, REASON)
    raw = restarts.issue(lost, offline)
    assert restarts.verify(raw, offline.key_id, listed) == lost
    assert lost.explains(head(9, "old"))
    assert lost.explains(head(7, "old, earlier"))
    assert not lost.explains(head(9, "another of that size"))
    assert not lost.explains(head(13, "beyond"))
    assert not lost.explains(head(5, "before the range"))
    assert not lost.explains(head(8, "made after the statement", at=101))
    for signer, receipt_keys in ((DirectoryKey.generate().key_id, listed), (offline.key_id, {})):
        with pytest.raises(VerificationError):
            restarts.verify(raw, signer, receipt_keys)
    with pytest.raises(VerificationError) as altered:
        restarts.verify(raw.replace(b"night", b"day b"), offline.key_id, listed)
    assert altered.value.code == "restart-signature-invalid"
    with pytest.raises(VerificationError) as nothing:
        restarts.request(
            LogRestartStatement(head(5, "old").signed, 5, head(5, "new").signed, 100, REASON)
        )
    assert nothing.value.code == "restart-loses-nothing"


def test_a_backup_whose_files_were_exchanged_is_not_restored(plant: Plant, tmp_path: Path) -> None:
    for name in ("first", "second"):
        call_command("backup", tmp_path / name, stdout=StringIO())
        grow(1, name)
    (tmp_path / "second" / "main.dump").write_bytes((tmp_path / "first" / "main.dump").read_bytes())
    with pytest.raises(CommandError, match="backup-altered"):
        call_command("restore", tmp_path / "second", yes=True, stdout=StringIO())


def backup_ages_s(client: Client) -> list[float]:
    return [sample.value for sample in samples(client).get("steplabel_backup_age_seconds", [])]


@pytest.mark.usefixtures("plant")
def test_an_alarm_can_wait_for_the_next_backup(tmp_path: Path, client: Client) -> None:
    assert backup_ages_s(client) == []
    backups.backup(tmp_path / "monday", timezone.now() - timedelta(hours=40))
    (tmp_path / "tuesday" / "half").mkdir(parents=True)
    with pytest.raises(CommandError, match="backup-folder-used"):
        call_command("backup", tmp_path / "tuesday", stdout=StringIO())
    assert 40 * 3600 <= backup_ages_s(client)[0] < 41 * 3600
    call_command("backup", tmp_path / "wednesday", stdout=StringIO())
    assert 0 <= backup_ages_s(client)[0] < 600


def test_a_backup_that_failed_leaves_nothing_and_says_nothing_of_a_restore(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "pg_dump").write_text(
        '#!/bin/sh\nfor given; do case $given in --file=*) echo half > "${given#--file=}" ;; '
        "esac; done; exit 1\n",
        "ascii",
    )
    (programs / "pg_dump").chmod(0o755)
    with monkeypatch.context() as disk_full:
        disk_full.setenv("PATH", f"{programs}:{os.environ['PATH']}")
        with pytest.raises(CommandError, match="A dump that failed is deleted") as refused:
            call_command("backup", tmp_path / "backup", stdout=StringIO())
    assert "restore" not in str(refused.value)
    assert list((tmp_path / "backup").iterdir()) == []
    with pytest.raises(CommandError, match="There is no such folder"):
        call_command("restore", tmp_path / "none", stdout=StringIO())
    call_command("backup", tmp_path / "backup", stdout=StringIO())


def test_a_backup_whose_disk_is_full_after_the_dumps_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(1, "a head that is kept")

    def full(_source: object, target: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    with monkeypatch.context() as disk:
        disk.setattr(shutil, "copyfile", full)
        with pytest.raises(CommandError, match="No space left"):
            call_command("backup", tmp_path / "backup", stdout=StringIO())
    assert list((tmp_path / "backup").iterdir()) == []
    call_command(
        "backup", tmp_path / "backup", stdout=StringIO()
    )  # the same day, once there is room


@contextmanager
def at_work(alias: str) -> Iterator[str]:
    """A session as a process of the portal holds it, and its role: the tests' own are those of web
    and worker.
    """
    parameters = connections[alias].get_connection_params()
    parameters_set = {
        name: parameters[name]
        for name in ("host", "port", "dbname", "user", "password")
        if parameters.get(name)
    }
    with psycopg.connect(**parameters_set):
        yield str(parameters_set["user"])


@pytest.mark.parametrize("alias", ["default", "vault"])
def test_nothing_is_restored_while_the_portal_is_at_work_and_what_would_go_is_said(
    plant: Plant, years: dict[str, ReportMaterial], tmp_path: Path, alias: str, settings: Settings
) -> None:
    call_command("backup", tmp_path / "backup", stdout=StringIO())
    plant.submit(years["2016"], "2016")
    with pytest.raises(CommandError, match="Nothing was done"):
        call_command("restore", tmp_path / "backup", stdout=(out := StringIO()))
    assert "hours ago)" in out.getvalue()
    assert "2 that were shown since are not in it" in out.getvalue()
    assert "gone after a restore: reports 1, people 0" in out.getvalue()
    heads, settings.HEADS_FILE = settings.HEADS_FILE, tmp_path / "nowhere"
    with pytest.raises(CommandError, match="Nothing was done"):
        call_command("restore", tmp_path / "backup", stdout=(out := StringIO()))
    assert "nobody here knows how many were shown since" in out.getvalue()
    settings.HEADS_FILE = heads
    with at_work(alias) as role, pytest.raises(CommandError, match="portal-at-work") as refused:
        call_command("restore", tmp_path / "backup", yes=True, stdout=StringIO())
    assert f"{role} 1" in str(refused.value)
    assert Submission.objects.count() == 1
    call_command("restore", tmp_path / "backup", yes=True, stdout=StringIO())
    assert Submission.objects.count() == 0


def test_what_was_deleted_or_revoked_since_a_backup_is_named_before_a_restore_brings_it_back(
    plant: Plant, years: dict[str, ReportMaterial], tmp_path: Path
) -> None:
    """The firm holds a certificate that its reports are deleted, and its link shows nothing
    afterwards.
    """
    plant.submit(years["2016"], "2016")
    tasks.sweep()
    call_command("backup", tmp_path / "backup", stdout=StringIO())
    firm, device = Site.objects.get().organisation, Device.objects.get()
    PeerGroupMember.objects.update(obliged=False)
    Leaving.objects.create(organisation=firm, asked_at=timezone.now(), due_at=timezone.now())
    assert leaving.carry_out_due(timezone.now) == 1
    assert Submission.objects.get().state == "deleted"
    with pytest.raises(CommandError, match="Nothing was done"):
        call_command("restore", tmp_path / "backup", stdout=(out := StringIO()))
    assert f"firm.left, firm {firm.name}, 1 reports" in out.getvalue()
    assert f"device.revoked, site {device.site.slug}, {device.pk}" in out.getvalue()
    call_command("restore", tmp_path / "backup", yes=True, stdout=(out := StringIO()))
    assert f"firm.left, firm {firm.name}" in out.getvalue(), "nothing else says so any more"
    assert Submission.objects.get().state == "accepted"


@pytest.fixture
def upgrade() -> Iterator[Callable[[], None]]:
    """Adds to both databases what a newer release brings: a table that refers to one of before."""
    tables = {
        "default": "(user_id bigint REFERENCES accounts_user)",
        "vault": "(digest varchar(64) REFERENCES opening_openedreport)",
    }

    def carry_out(statement: str) -> None:
        for alias, columns in tables.items():
            with connections[alias].cursor() as cursor:
                cursor.execute(statement.format(columns))

    yield lambda: carry_out("CREATE TABLE of_a_newer_release {}")
    carry_out("DROP TABLE IF EXISTS of_a_newer_release")


def test_a_backup_of_before_an_upgrade_is_restored_in_place(
    plant: Plant, years: dict[str, ReportMaterial], tmp_path: Path, upgrade: Callable[[], None]
) -> None:
    call_command("backup", tmp_path / "backup", stdout=StringIO())
    plant.submit(years["2016"], "2016")
    tasks.sweep()
    upgrade()
    call_command("restore", tmp_path / "backup", yes=True, stdout=StringIO())
    assert (Submission.objects.count(), OpenedReport.objects.count()) == (0, 0)
    for alias in backups.DUMPS:
        assert "of_a_newer_release" not in connections[alias].introspection.table_names()


@pytest.mark.parametrize("length", [100, -20], ids=["nothing but its beginning", "all but its end"])
@pytest.mark.parametrize("alias", ["default", "vault"])
def test_a_restore_of_which_one_dump_cannot_be_read_changes_neither_database(
    plant: Plant, years: dict[str, ReportMaterial], tmp_path: Path, length: int, alias: str
) -> None:
    call_command("backup", tmp_path / "backup", stdout=StringIO())
    plant.submit(years["2016"], "2016")
    tasks.sweep()
    dump, manifest = (
        tmp_path / "backup" / backups.DUMPS[alias],
        tmp_path / "backup" / backups.MANIFEST,
    )
    whole = sha256(dump.read_bytes()).hexdigest()
    dump.write_bytes(dump.read_bytes()[:length])
    manifest.write_text(
        manifest.read_text("utf-8").replace(whole, sha256(dump.read_bytes()).hexdigest()), "utf-8"
    )
    with pytest.raises(CommandError, match="changed neither database"):
        call_command("restore", tmp_path / "backup", yes=True, stdout=StringIO())
    assert (Submission.objects.count(), OpenedReport.objects.count()) == (1, 1)


def test_a_restore_that_the_vaults_server_refuses_leaves_the_main_database(
    plant: Plant, years: dict[str, ReportMaterial], tmp_path: Path
) -> None:
    call_command("backup", tmp_path / "backup", stdout=StringIO())
    plant.submit(years["2016"], "2016")
    with connections["vault"].cursor() as cursor:
        cursor.execute(
            "ALTER TABLE opening_openedreport RENAME TO another; CREATE VIEW opening_openedreport "
            "AS SELECT 1 AS n"
        )
    try:
        with pytest.raises(CommandError, match="psql did not finish"):
            call_command("restore", tmp_path / "backup", yes=True, stdout=StringIO())
    finally:
        with connections["vault"].cursor() as cursor:
            cursor.execute(
                "DROP VIEW opening_openedreport; ALTER TABLE another RENAME TO opening_openedreport"
            )
    assert Submission.objects.count() == 1


def a_receipt_without_entry() -> None:
    LogEntry.objects.filter(kind=EntryKind.ENVELOPE)._raw_delete("default")


def a_shorter_log() -> None:
    last = selectors.size() - 1
    numbers = {
        number: selectors.node_of(number)
        for number in LogNode.objects.values_list("number", flat=True)
    }
    beyond = [
        number for number, node in numbers.items() if (node.position + 1) << node.level > last
    ]
    LogEntry.objects.filter(index=last)._raw_delete("default")
    LogNode.objects.filter(number__in=beyond)._raw_delete("default")
    LogHead.objects.update(size=last)


def a_head_of_another_key() -> None:
    grow(1, "one more")
    forged = heads.issue(selectors.size(), selectors.present_root(), 1, ReceiptKey.generate())
    assert conf.settings.HEADS_FILE is not None
    with conf.settings.HEADS_FILE.open("a", encoding="ascii") as file:
        file.write(f"{selectors.size()} {b64encode(forged).decode()}\n")


def a_lost_key() -> None:
    assert conf.settings.PROCESSING_KEY_FILE is not None
    conf.settings.PROCESSING_KEY_FILE.unlink()
    keys.forget()


def a_damaged_directory() -> None:
    assert conf.settings.DIRECTORY_FILE is not None
    conf.settings.DIRECTORY_FILE.write_bytes(conf.settings.DIRECTORY_FILE.read_bytes()[:-1])


INCONSISTENCIES: dict[str, Callable[[], object]] = {
    "accepted-without-vault-row": lambda: OpenedReport.objects.all().delete(),
    "log-set-back": a_shorter_log,
    "receipt-without-entry": a_receipt_without_entry,
    "head-signature-invalid": a_head_of_another_key,
    "processing-key-missing": a_lost_key,
    "deleted-in-vault": lambda: Submission.objects.filter(period="2017").update(
        state=SubmissionState.DELETED
    ),
    "log-damaged": lambda: LogNode.objects.filter(
        number=LogNode.objects.order_by("-number")[0].number
    )._raw_delete("default"),
    "directory-unreadable": a_damaged_directory,
    "dumps-of-different-ages": lambda: OpenedReport.objects.filter(period="2017").update(
        envelope_digest="0" * 64
    ),
}


@pytest.mark.parametrize("name", INCONSISTENCIES)
def test_what_does_not_agree_ends_with_1_and_its_name(
    name: str,
    plant: Plant,
    years: dict[str, ReportMaterial],
    settings: Settings,
    portal_keys: Path,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    for file in ("processing.pem", "processing.pem.password", "directory.cbor"):
        (folder / file).write_bytes((portal_keys / file).read_bytes())
    settings.PROCESSING_KEY_FILE, settings.DIRECTORY_FILE = (
        folder / "processing.pem",
        folder / "directory.cbor",
    )
    settings.ROLE = ProcessRole.WORKER
    plant.submit(years["2016"], "2016")
    plant.submit(years["2017"], "2017")
    tasks.sweep()
    selectors.head(keys.receipt_key())
    OpenedReport.objects.update(opened_at=timezone.now() - timedelta(hours=1))
    assert "agree" in agreed()
    INCONSISTENCIES[name]()
    with pytest.raises(CommandError, match=name) as ended:
        agreed()
    assert ended.value.returncode == 1
    assert name in TrailEvent.objects.filter(action=Action.INSTALLATION_CHECKED).latest(
        "pk"
    ).detail.split(", ")


def test_a_report_that_is_opened_while_the_parts_are_compared_is_no_disagreement(
    plant: Plant, years: dict[str, ReportMaterial]
) -> None:
    plant.submit(years["2016"], "2016")
    meanwhile = [tasks.sweep]

    def opened_before_its_state_is_read(
        execute: Callable[..., object], text: str, *more: object
    ) -> object:
        if meanwhile and text.startswith(
            'SELECT "intake_submission"."digest" AS "digest", "intake_submission"."state"'
        ):
            meanwhile.pop()()
        return execute(text, *more)

    with connections["default"].execute_wrapper(opened_before_its_state_is_read):
        assert "agree" in agreed()
    assert (Submission.objects.get().state, OpenedReport.objects.count()) == ("accepted", 1)


BLOCKS_SOMEBODY = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY "
    "(pg_blocking_pids(pid)))"
)


def test_a_firm_that_leaves_while_the_parts_are_compared_is_no_disagreement(
    plant: Plant, years: dict[str, ReportMaterial]
) -> None:
    plant.submit(years["2016"], "2016")
    tasks.sweep()
    emptied = Event()

    def leave() -> None:
        """The vault is emptied at once, and what is said of the reports is committed when somebody
        waits for it.
        """
        try:
            with transaction.atomic(), connections["default"].cursor() as cursor:
                OpenedReport.objects.all().delete()
                Submission.objects.update(state=SubmissionState.DELETED)
                emptied.set()
                for _ in range(200):
                    cursor.execute(BLOCKS_SOMEBODY)
                    if cursor.fetchone()[0]:
                        break
                    time.sleep(0.05)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        leaving = pool.submit(leave)
        assert emptied.wait(20)
        assert "agree" in agreed()
        leaving.result(20)


def test_a_vault_whose_dump_is_lost_is_filled_again_from_the_envelopes(
    plant: Plant, years: dict[str, ReportMaterial], settings: Settings
) -> None:
    settings.ROLE = ProcessRole.WORKER
    plant.submit(years["2016"], "2016")
    plant.submit(years["2017"], "2017")
    tasks.sweep()
    before = dict(OpenedReport.objects.values_list("envelope_digest", "report"))
    states = list(Submission.objects.order_by("pk").values_list("digest", "state", "decided_at"))
    entries = selectors.size()
    OpenedReport.objects.all().delete()
    out = StringIO()
    call_command("refill_vault", stdout=out)
    assert "2 reports" in out.getvalue()
    assert {
        digest: bytes(report)
        for digest, report in OpenedReport.objects.values_list("envelope_digest", "report")
    } == {digest: bytes(report) for digest, report in before.items()}
    assert (
        list(Submission.objects.order_by("pk").values_list("digest", "state", "decided_at"))
        == states
    )
    assert selectors.size() == entries
    assert "agree" in agreed()
    call_command("refill_vault", stdout=(again := StringIO()))
    assert "0 reports" in again.getvalue()


def test_what_was_deleted_with_its_firm_is_deleted_again_from_a_vault_that_came_back_older(
    plant: Plant, years: dict[str, ReportMaterial], settings: Settings
) -> None:
    settings.ROLE = ProcessRole.WORKER
    plant.submit(years["2016"], "2016")
    plant.submit(years["2017"], "2017")
    tasks.sweep()
    Submission.objects.filter(period="2016").update(state=SubmissionState.DELETED)
    call_command("refill_vault", stdout=(young := StringIO()))
    assert "deleted" not in young.getvalue(), "a worker may be at it"
    OpenedReport.objects.update(opened_at=timezone.now() - timedelta(hours=1))
    call_command("refill_vault", stdout=(out := StringIO()))
    assert "1 report of a firm that has left was deleted" in out.getvalue()
    assert OpenedReport.objects.get().period == "2017"
    assert "agree" in agreed()


def test_an_envelope_that_was_changed_since_does_not_come_back_into_the_vault(
    plant: Plant, years: dict[str, ReportMaterial], settings: Settings
) -> None:
    settings.ROLE = ProcessRole.WORKER
    plant.submit(years["2016"], "2016")
    tasks.sweep()
    OpenedReport.objects.all().delete()
    row = Submission.objects.get()
    Submission.objects.update(
        envelope=bytes(row.envelope)[:-1] + bytes([bytes(row.envelope)[-1] ^ 1])
    )
    with pytest.raises(CommandError, match="1 could not be"):
        call_command("refill_vault", stdout=StringIO())
    assert not OpenedReport.objects.exists()
    Submission.objects.update(envelope=row.envelope, values_salt=bytes(32))
    with pytest.raises(CommandError, match="values-of-another-report 1"):
        call_command("refill_vault", stdout=StringIO())
    assert not OpenedReport.objects.exists()
    Submission.objects.update(values_salt=row.values_salt, key_id="0" * 64)
    with pytest.raises(CommandError, match="processing-key-missing 1"):
        call_command("refill_vault", stdout=StringIO())
    settings.ROLE = ProcessRole.WEB
    with pytest.raises(CommandError, match="STEPLABEL_ROLE=worker"):
        call_command("refill_vault", stdout=StringIO())


def test_heads_on_a_full_disk_stop_what_would_be_told(
    plant: Plant, years: dict[str, ReportMaterial], settings: Settings, client: Client
) -> None:
    assert plant
    settings.HEADS_FILE = Path("/dev/full")
    answer = client.get("/api/v1/log/head/")
    assert (answer.status_code, answer.json()["code"]) == (503, "heads-not-kept")
    with pytest.raises(Unreachable):
        plant.submit(years["2016"], "2016")


@pytest.mark.parametrize(
    "action",
    [
        Action.ATTESTATION_WITHDRAWN,
        Action.PUBLICATION_WITHDRAWN,
        Action.NAMING_CHOSEN,
        Action.ASSIGNMENT_TAKEN_BACK,
        Action.SITE_RETIRED,
        Action.RELEASE_CANCELLED,
        Action.RELEASE_STOPPED,
        Action.CAPACITY_CHANGED,
        Action.SECOND_FACTOR_ADDED,
        Action.SYSTEM_TAKEN_BACK,
    ],
)
def test_a_restore_names_what_was_withdrawn_since(action: Action) -> None:
    assert action in backups.UNDONE
