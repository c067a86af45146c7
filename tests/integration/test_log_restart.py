"""A log that was set back: what is added to it, and by which statement it goes on."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from benchmarks.wire import heads, restarts
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.signing import ReceiptKey
from portal.problems import RefusedError
from portal.translog import kept_heads, log
from portal.translog import restarts as ceremonies
from portal.translog.models import LogRestart
from tests.integration.portal_cast import NOW
from tests.integration.test_translog import digest, logged_entries, rebuilt, served_head

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

OTHERWISE = [
    *(digest(number) for number in range(5)),
    *(digest(number) for number in range(50, 55)),
]
"""The names of a log that was set back and grew again otherwise."""

REASON = "The disk failed; restored from the dump of the night."


@pytest.fixture
def heads_file(settings: Settings, tmp_path: Path) -> Path:
    settings.HEADS_FILE = tmp_path / "heads.log"
    return tmp_path / "heads.log"


def set_back(settings: Settings, names: list[str]) -> None:
    """As a restore does it: the database has these entries, and of restarts none."""
    file, settings.HEADS_FILE = settings.HEADS_FILE, None
    LogRestart.objects.all()._raw_delete("default")
    rebuilt(names)
    settings.HEADS_FILE = file


def ceremony(folder: Path) -> Path:
    call_command("restart_log", "ask", reason=REASON, dir=folder, stdout=StringIO())
    call_command("restart_log", "sign", dir=folder, stdout=StringIO())
    return folder / "log-restart-signed.cbor"


def test_a_second_restore_of_one_dump_is_not_excused_by_the_statement_of_the_first(
    client: Client, settings: Settings, heads_file: Path, portal_keys: Path
) -> None:
    """Entries that were shown since the first restart are in no statement: every agent that has
    seen them would refuse the log for ever.
    """
    dump = [digest(number) for number in range(5)]
    logged_entries(8)
    served_head(client)
    set_back(settings, dump)
    signed = ceremony(portal_keys)
    call_command("restart_log", "take", signed, stdout=StringIO())
    for number in range(100, 120):
        with transaction.atomic():
            log.add(EntryKind.ENVELOPE, digest(number), NOW)
    shown = served_head(client).head.size
    assert shown == 26
    set_back(settings, dump)  # the same dump, a second time
    with pytest.raises(
        CommandError, match="restart-of-an-earlier-loss"
    ):  # its range ends at 8, and 26 were shown
        call_command("restart_log", "take", signed, stdout=StringIO())
    assert kept_heads.shown_so_far().size == shown


def test_nothing_is_added_to_a_log_that_does_not_begin_with_its_last_head(
    client: Client, settings: Settings, heads_file: Path
) -> None:
    """docs/portal.md, Heads outside the database. A worker without the file, on its own machine,
    has numbered values meanwhile.
    """
    logged_entries(8)
    served_head(client)
    set_back(
        settings,
        [*(digest(number) for number in range(5)), *(digest(number) for number in range(50, 55))],
    )  # 10, begins otherwise
    assert client.get("/api/v1/log/head/").json()["code"] == "log-set-back"
    with pytest.raises(RefusedError) as refused, transaction.atomic():
        log.add(EntryKind.ENVELOPE, digest(200), NOW)
    assert refused.value.code == "log-set-back"


def test_a_log_that_begins_otherwise_and_is_longer_can_be_restarted(
    client: Client, settings: Settings, heads_file: Path, portal_keys: Path
) -> None:
    """docs/runbook.md, log-set-back: shorter, or begins differently; its step 4 is to ask."""
    logged_entries(3)
    served_head(client)
    with transaction.atomic():
        for number in range(3, 8):
            log.add(EntryKind.ENVELOPE, digest(number), NOW)
    served_head(client)
    set_back(
        settings,
        [*(digest(number) for number in range(5)), *(digest(number) for number in range(50, 55))],
    )
    with pytest.raises(CommandError, match="log-set-back"):
        call_command("check_installation", stdout=StringIO(), stderr=StringIO())
    call_command("restart_log", "take", ceremony(portal_keys), stdout=StringIO())
    (restart,) = (restarts.parse(signed) for signed in ceremonies.served())
    assert (restart.lost_from, restart.lost_to) == (3, 8)
    assert served_head(client).head.size == 11


def test_a_head_that_this_portal_never_signed_is_refused_before_anybody_signs_a_restart(
    tmp_path: Path, portal_keys: Path
) -> None:
    logged_entries(5)
    (tmp_path / "head.cbor").write_bytes(
        heads.issue(9, b"\x07" * 32, 1_500_000_000, ReceiptKey.generate())
    )
    with pytest.raises(CommandError, match="tree-head-signature-invalid"):
        call_command(
            "restart_log",
            "ask",
            reason=REASON,
            dir=portal_keys,
            head=tmp_path / "head.cbor",
            stdout=StringIO(),
        )


def test_a_log_that_begins_otherwise_goes_on_by_an_agents_head_where_the_file_of_heads_is_lost(
    client: Client, settings: Settings, heads_file: Path, portal_keys: Path, tmp_path: Path
) -> None:
    logged_entries(8)
    (tmp_path / "head.cbor").write_bytes(served_head(client).signed)
    heads_file.unlink()
    set_back(settings, OTHERWISE)
    call_command(
        "restart_log",
        "ask",
        reason=REASON,
        dir=portal_keys,
        head=tmp_path / "head.cbor",
        stdout=StringIO(),
    )


def test_a_log_that_begins_otherwise_than_the_only_head_goes_on(
    client: Client, settings: Settings, heads_file: Path, portal_keys: Path
) -> None:
    logged_entries(8)
    served_head(client)
    set_back(settings, OTHERWISE)
    call_command("restart_log", "take", ceremony(portal_keys), stdout=StringIO())
    assert served_head(client).head.size == 11


def test_a_statement_that_was_taken_halfway_is_taken_again(
    client: Client, settings: Settings, heads_file: Path, portal_keys: Path
) -> None:
    """The file took it, the database did not (it went down): the web went on by the file."""
    logged_entries(8)
    served_head(client)
    set_back(settings, [digest(number) for number in range(5)])
    signed = ceremony(portal_keys)
    call_command("restart_log", "take", signed, stdout=StringIO())
    set_back(
        settings, [digest(number) for number in range(5)]
    )  # the row and its entry were rolled back
    with transaction.atomic():
        log.add(EntryKind.ENVELOPE, digest(100), timezone.now() + timedelta(hours=1))
    served_head(client)
    assert not LogRestart.objects.exists()
    call_command("restart_log", "take", signed, stdout=StringIO())
    assert [restarts.parse(signed).lost_to for signed in ceremonies.served()] == [8]
