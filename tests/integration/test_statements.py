"""Statements whose text is written once say what Django's own queries say, of the same rows."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from resource import RLIMIT_FSIZE, getrlimit, setrlimit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.wire import heads
from portal import keys
from portal.accounts.models import Device, Site
from portal.auditlog.models import Action, Event
from portal.auditlog.recording import record_each
from portal.catalogue.models import PeerGroup, PeerGroupMember, ReportingPeriod
from portal.catalogue.selectors import period_taking_reports
from portal.intake import admission, receiving
from portal.intake.models import Commitment, Submission
from portal.problems import RefusedError
from portal.statements import insert
from portal.translog import kept_heads
from tests.integration.portal_cast import NOW, PERIOD, Cast, make_cast

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    return make_cast(3)


def receive(raw: bytes) -> Submission:
    return receiving.receive(raw, keys.published_directory(), keys.receipt_key(), NOW).submission


def test_what_is_held_of_sites_is_what_the_models_say(cast: Cast) -> None:
    """With a closed period, and a group of another pack that the site is in: neither takes its
    reports.
    """
    first, second, third = cast.plants
    for revision in (1, 2):
        receive(first.envelope(cast.pack, revision=revision))
    second.challenge()
    group = PeerGroup.objects.get(pack=first.device.site.pack)
    span = {"start": NOW - timedelta(days=90), "end": NOW - timedelta(days=60), "due": NOW}
    ReportingPeriod.objects.create(peer_group=group, name="closed", closed_at=NOW, **span)
    other = PeerGroup.objects.create(pack="steel", pack_version="1", route="any", scope=group.scope)
    ReportingPeriod.objects.create(peer_group=other, name="of-steel", **span)
    PeerGroupMember.objects.create(peer_group=other, site=third.device.site)
    sites = {plant.device.site_id for plant in cast.plants}
    intakes = admission.held_of(sites)
    names = set(ReportingPeriod.objects.values_list("name", flat=True))
    assert {"closed", "of-steel", PERIOD} <= names
    for site in Site.objects.filter(pk__in=sites):
        of_site = intakes.pop(site.pk)
        assert (
            of_site.taking
            == {name for name in names if period_taking_reports(site, name)}
            == {PERIOD}
        )
        reports = {(row.period, row.revision): row for row in Submission.objects.filter(site=site)}
        assert of_site.reports == {name: row.digest for name, row in reports.items()}
        assert of_site.by_sequence == {row.ledger_sequence: name for name, row in reports.items()}
        committed = Commitment.objects.filter(site=site)
        assert of_site.committed == {
            (row.period, row.revision): admission.EarlierCommitment(row.digest, row.sequence)
            for row in committed
        }
    assert not intakes
    assert Submission.objects.count() == 2
    assert Commitment.objects.count() == 3


def test_a_device_in_use_is_the_row_and_what_is_not_at_hand_is_read_when_asked_for(
    cast: Cast,
) -> None:
    plant = cast.plants[0]
    device, row = (
        receiving.device_named(plant.header().device_id, plant.header().site),
        Device.objects.select_related("site").get(pk=plant.device.pk),
    )
    for name in [field.attname for field in Device._meta.concrete_fields]:
        assert getattr(device, name) == getattr(row, name), name
    for name in [field.attname for field in Site._meta.concrete_fields]:
        assert getattr(device.site, name) == getattr(row.site, name), name


def test_rows_are_stored_as_the_models_store_them(cast: Cast) -> None:
    """Every column: read back, each is what was given or its default."""
    submission = receive(cast.plants[0].envelope(cast.pack))
    stored = Submission.objects.get(pk=submission.pk)
    for field in Submission._meta.concrete_fields:
        of_row, handed_in = getattr(stored, field.attname), getattr(submission, field.attname)
        assert (bytes(of_row) if isinstance(of_row, memoryview) else of_row) == handed_in, (
            field.attname
        )
    events = [
        Event(at=NOW, actor="a", action=Action.SITE_NOTED, subject=f"s {n}", detail="%s {}")
        for n in range(3)
    ]
    insert(events)
    assert [
        (row.pk, row.subject, row.detail) for row in Event.objects.filter(actor="a").order_by("pk")
    ] == [(row.pk, row.subject, row.detail) for row in events]
    record_each(NOW, Action.SITE_NOTED, [])
    assert Event.objects.filter(actor="a").count() == 3


def test_a_report_takes_nine_statements(cast: Cast) -> None:
    """Device; what is held; the log's head, entry, left branches, nodes, size; the report; the
    trail. And the transaction's own.
    """
    receive(cast.plants[0].envelope(cast.pack))
    raw = cast.plants[1].envelope(cast.pack)
    with CaptureQueriesContext(
        connection,
    ) as ran:
        receive(raw)
    ours = [
        query["sql"]
        for query in ran.captured_queries
        if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))
    ]
    assert len(ours) <= 9, "\n".join(ours)


@pytest.fixture
def heads_file(tmp_path: Path, settings: object) -> Path:
    settings.HEADS_FILE = tmp_path / "heads.log"  # type: ignore[attr-defined]
    return tmp_path / "heads.log"


def test_kept_heads_are_read_on_from_where_they_were_read(heads_file: Path) -> None:
    """Whole lines only, and from the beginning where the file is another one or shorter."""
    for size in range(1, 40):
        kept_heads.keep(size)
        assert kept_heads.shown_so_far().size == size
    with heads_file.open("ab") as file:
        file.write(b"5")
    assert kept_heads.shown_so_far().size == 39
    with heads_file.open("ab") as file:
        file.write(b"0 -\n")
    assert kept_heads.shown_so_far().size == 50
    heads_file.unlink()
    heads_file.write_text("7 -\n", "ascii")
    assert kept_heads.shown_so_far().size == 7
    with heads_file.open("ab") as file:
        file.write(b"8 -\n" * 3)
    assert kept_heads.shown_so_far().size == 8
    heads_file.write_text("9 -\n", "ascii")  # the same file, cut, as from a copy
    assert kept_heads.shown_so_far().size == 9


def head_of(size: int) -> bytes:
    return heads.issue(size, bytes(32), 0, keys.receipt_key())


@pytest.mark.parametrize(
    "cut",
    [
        "104",
        "1042 ",
        "1042 aGVhZA",
        "1042 aGVhZGhl",
        "restart ",
        "restart aGVhZGhl",
        "\x00\x00\x00",
    ],
)
def test_behind_a_line_that_was_cut_short_the_next_is_a_line_of_its_own(
    heads_file: Path, cut: str
) -> None:
    """It says nothing, to who reads on and to who reads anew: a machine went down while it was
    written, or the disk was full.
    """
    signed = head_of(1041)
    kept_heads.keep(1041, signed)
    with heads_file.open("a", encoding="ascii") as file:
        file.write(cut)
    assert kept_heads.shown_so_far() == kept_heads.ShownLog(1041, signed)
    kept_heads.keep(1043)
    assert heads_file.read_text("ascii").endswith(f"{cut}\n1043 -\n")
    for _ in range(2):
        assert kept_heads.shown_so_far() == kept_heads.ShownLog(1043, signed)
        kept_heads._last_look = None
    kept_heads.keep(1043, head_of(1043))
    assert kept_heads.shown_so_far() == kept_heads.ShownLog(1043, head_of(1043))


@contextmanager
def room_for(bytes_more: int, file: Path) -> Iterator[None]:
    """The file takes so many more: a write that asks for others is cut short, and the next one
    refused, as on a full disk.
    """
    before = getrlimit(RLIMIT_FSIZE)
    setrlimit(RLIMIT_FSIZE, (file.stat().st_size + bytes_more, before[1]))
    try:
        yield
    finally:
        setrlimit(RLIMIT_FSIZE, before)


@pytest.mark.parametrize("bytes_more", [0, 3, 20])
def test_what_a_disk_takes_in_part_was_not_kept_and_says_nothing_once_there_is_room(
    heads_file: Path, bytes_more: int
) -> None:
    kept_heads.keep(1041)
    signed = head_of(1042)
    with room_for(bytes_more, heads_file), pytest.raises(RefusedError) as refused:
        kept_heads.keep(1042, signed)
    assert refused.value.code == "heads-not-kept"
    assert (
        heads_file.read_bytes()
        == b"1041 -\n" + f"1042 {b64encode(signed).decode()}".encode()[:bytes_more]
    )
    assert kept_heads.shown_so_far() == kept_heads.ShownLog(1041, None)
    kept_heads.keep(1043)
    assert kept_heads.shown_so_far() == kept_heads.ShownLog(1043, None)
