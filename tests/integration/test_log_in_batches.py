"""Reports that come at once share one transaction of the log; opening waits for nobody: what stands
in line is numbered afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from benchmarks.wire import envelope as envelopes
from benchmarks.wire import receipts
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import Tree
from portal import keys
from portal.intake import admission, storing
from portal.intake.models import Submission, SubmissionState
from portal.opening import unsealing as opening
from portal.problems import RefusedError
from portal.publication import drafting, entries
from portal.translog import kept_heads, log, selectors
from portal.translog.models import LogEntry, LogHead, WaitingEntry
from tests.integration.portal_cast import NOW, Cast, deliver, make_cast

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
    pytest.mark.postgres,
]

PLANTS = 6


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    return make_cast(PLANTS)


def receive(raw: bytes) -> storing.StoredReport:
    return deliver(raw)


def in_a_thread(do: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def doing(item: Any) -> Any:
        try:
            return do(item)
        finally:
            connection.close()

    return doing


@contextmanager
def head_held(pool: ThreadPoolExecutor) -> Iterator[None]:
    """By another connection, until it is left."""
    locked, done = Event(), Event()

    def hold(_: object) -> None:
        with transaction.atomic():
            log.lock()
            locked.set()
            done.wait(20)

    holding = pool.submit(in_a_thread(hold), None)
    assert locked.wait(20)
    try:
        yield
    finally:
        done.set()
        holding.result(20)


def test_reports_that_come_at_once_are_stored_in_few_transactions_each_with_its_own_index(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed = [plant.envelope(cast.pack) for plant in cast.plants]
    stored: list[int] = []
    whole = log.append_all

    def counted(head: LogHead, things: Sequence[tuple[EntryKind, str]], now: datetime) -> range:
        stored.append(len(things))
        return whole(head, things, now)

    monkeypatch.setattr(log, "append_all", counted)
    with ThreadPoolExecutor(PLANTS + 1) as pool:
        with head_held(pool):
            coming: list[Future[storing.StoredReport]] = [
                pool.submit(in_a_thread(receive), raw) for raw in sealed
            ]
            while len(storing._waiting) < PLANTS:  # for the head, or for who waits for it
                time.sleep(0.01)
        reports = [future.result(20) for future in coming]
    assert sum(stored) == PLANTS
    assert len(stored) <= 2  # the first came alone
    assert sum(report.tells for report in reports) == len(
        stored
    )  # the worker is told once for each
    listed = keys.published_directory().content.receipt_keys()
    for received in reports:
        stated = receipts.read(bytes(received.submission.receipt), listed)
        assert (
            LogEntry.objects.get(index=stated.log_index).digest
            == stated.envelope_digest
            == received.submission.digest
        )
    assert selectors.first_fault() is None


def test_who_hands_in_a_file_on_a_page_stores_the_reports_of_other_firms_that_wait(
    cast: Cast,
) -> None:
    """Behind the wall of a person of the first firm: a new report of the second, and one of the
    third that asks for its receipt again.
    """
    first, second, third = cast.plants[:3]
    again = third.envelope(cast.pack)
    receive(again)
    arrivals = [
        storing.ReportArrival(
            raw,
            envelopes.parse(raw),
            plant.device,
            keys.published_directory(),
            keys.receipt_key(),
            NOW,
        )
        for raw, plant in ((second.envelope(cast.pack), second), (again, third))
    ]
    page = Client()
    page.force_login(first.owner)
    storing._waiting.extend(arrivals)  # as their threads do before they wait for who stores
    answer = page.post(
        reverse("web:upload"),
        {"sealed": SimpleUploadedFile("report.sealed", first.envelope(cast.pack))},
    )
    assert answer.status_code == 302
    assert [arrival.outcome.result(timeout=0).created for arrival in arrivals] == [True, False]
    assert Submission.objects.count() == 3


def test_of_two_reports_of_one_revision_that_two_processes_store_at_once_one_is_refused_in_words(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each process has a line of its own: both have looked before either has stored."""
    plant = cast.plants[0]
    sealed = [plant.envelope(cast.pack, shift=shift) for shift in (0, 1)]
    looked, whole = Barrier(2), admission.held_of

    def look(sites: Any) -> Any:
        intakes = whole(sites)
        if not Submission.objects.exists():
            looked.wait(20)
        return intakes

    monkeypatch.setattr(storing, "held_of", look)

    def outcome(raw: bytes) -> Any:
        arrival = storing.ReportArrival(
            raw,
            envelopes.parse(raw),
            plant.device,
            keys.published_directory(),
            keys.receipt_key(),
            NOW,
        )
        storing._store_all([arrival])
        return arrival.outcome.exception() or arrival.outcome.result()

    with ThreadPoolExecutor(2) as pool:
        first, second = sorted(
            pool.map(in_a_thread(outcome), sealed), key=lambda answer: isinstance(answer, Exception)
        )
    assert isinstance(first, storing.StoredReport)
    assert isinstance(second, RefusedError)
    assert second.code == "revision-conflict"
    assert (
        Submission.objects.count() == LogEntry.objects.filter(kind=EntryKind.ENVELOPE).count() == 1
    )


def test_one_that_is_refused_leaves_those_that_came_with_it(cast: Cast) -> None:
    good, wrong = (
        cast.plants[0].envelope(cast.pack),
        cast.plants[1].envelope(cast.pack, committed=False),
    )
    arrivals = [
        storing.ReportArrival(
            raw,
            envelopes.parse(raw),
            plant.device,
            keys.published_directory(),
            keys.receipt_key(),
            NOW,
        )
        for raw, plant in zip((wrong, good), (cast.plants[1], cast.plants[0]), strict=True)
    ]
    storing._store_all(arrivals)
    refused, stored = (
        arrival.outcome.exception() or arrival.outcome.result() for arrival in arrivals
    )
    assert isinstance(refused, RefusedError)
    assert refused.code == "commitment-missing"
    assert isinstance(stored, storing.StoredReport)


def test_a_report_is_accepted_while_somebody_else_holds_the_log(cast: Cast) -> None:
    receive(cast.plants[0].envelope(cast.pack))
    claimed = opening.claim(keys.processing_key().key_id, NOW)
    assert claimed is not None
    with ThreadPoolExecutor(1) as pool, head_held(pool):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        assert (
            opening.open_one(claimed, keys.processing_key(), lambda: NOW)
            == SubmissionState.ACCEPTED
        )
    assert WaitingEntry.objects.count() == 1
    log.number_waiting(NOW)
    assert WaitingEntry.objects.count() == 0
    assert LogEntry.objects.get(kind=EntryKind.VALUES).appended_at == NOW
    assert selectors.first_fault() is None


def test_forty_in_line_are_numbered_by_as_many_statements_as_four(cast: Cast) -> None:
    asked = []
    for count in (4, 40):
        for number in range(count):
            log.put_in_line(EntryKind.VALUES, f"{count * 1000 + number:064x}")
        with CaptureQueriesContext(connection) as queries:
            log.number_waiting(NOW)
        asked.append(len(queries))
        assert selectors.first_fault() is None
    assert asked[0] == asked[1]
    numbered = (
        LogEntry.objects.filter(kind=EntryKind.VALUES)
        .order_by("index")
        .values_list("digest", flat=True)
    )
    assert list(numbered) == [
        f"{count * 1000 + number:064x}" for count in (4, 40) for number in range(count)
    ]


def test_what_is_logged_while_the_log_is_checked_is_no_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An entry for each that the check has read."""

    class Growing(Tree):
        def append(self, leaf: bytes) -> None:
            super().append(leaf)
            with transaction.atomic():
                log.add(EntryKind.ENVELOPE, f"{1000 + len(self):064x}", NOW)

    for number in range(5):
        with transaction.atomic():
            log.add(EntryKind.ENVELOPE, f"{number:064x}", NOW)
    monkeypatch.setattr(selectors, "Tree", Growing)
    assert selectors.first_fault() is None
    assert selectors.size() == 10


def test_a_publication_names_the_entries_of_values_that_still_stood_in_line(cast: Cast) -> None:
    for index, plant in enumerate(cast.plants):
        receive(plant.envelope(cast.pack, shift=index))
    while claimed := opening.claim(keys.processing_key().key_id, NOW):
        opening.open_one(
            claimed, keys.processing_key(), lambda: NOW
        )  # a worker that died before it numbered
    assert WaitingEntry.objects.count() == PLANTS
    draft = drafting.draft(cast.period, cast.drafter, NOW)
    with transaction.atomic():
        act = entries.log_published(draft, NOW)
    assert len(act.values) == PLANTS
    assert WaitingEntry.objects.count() == 0


@pytest.mark.parametrize(
    "ask",
    [selectors.whole_size, lambda: log.put_in_line(EntryKind.VALUES, "ab" * 32)],
    ids=["who reads", "who opens"],
)
def test_a_log_that_grows_while_its_size_is_read_is_not_taken_for_one_that_was_set_back(
    ask: Callable[[], object], monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path
) -> None:
    settings.HEADS_FILE = tmp_path / "heads.log"
    whole = log.size

    def grows_meanwhile() -> int:
        before = whole()
        with transaction.atomic():
            kept_heads.keep(
                log.add(EntryKind.ENVELOPE, f"{before:064x}", NOW) + 1
            )  # another process, and its receipt
        return before

    grows_meanwhile()
    monkeypatch.setattr(log, "size", grows_meanwhile)
    ask()
    monkeypatch.setattr(log, "size", lambda: whole() - 1)  # a log that did lose an entry is refused
    with pytest.raises(RefusedError, match="set it back"):
        ask()
