"""The worker opens what came in: exactly once, vault first, and refuses what only it can see."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from django.db import OperationalError, connections
from django.urls import reverse
from django.utils import translation

from benchmarks.wire import envelope as envelopes
from benchmarks.wire.canonical import Value, encode
from benchmarks.wire.records import VERSION
from benchmarks.wire.schema import Report, decode_report, encode_report
from benchmarks.wire.sealing import SEALED_SIZES, seal
from benchmarks.wire.signing import DeviceKey, Purpose
from portal import keys
from portal.catalogue.models import ReportingPeriod
from portal.intake.models import Submission, SubmissionState
from portal.intake.participation import ReportingState, participation
from portal.intake.selectors import views_of
from portal.opening import unsealing as opening
from portal.opening.models import OpenedReport
from portal.opening.refilling import refill
from portal.opening.tasks import sweep as task
from portal.publication import drafting, publishing
from portal.sentences import in_words
from portal.standings import computing as standings
from portal.standings.cohort import Cohort, cohort
from portal.standings.models import ProtectedValue, Standing
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    Plant,
    deliver,
    make_cast,
    processing_public,
    signed_in,
    without_pack,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    return make_cast()


class Clock:
    """A clock that a test moves."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def take(raw: bytes) -> Submission:
    return deliver(raw).submission


def state_of(submission: Submission) -> tuple[str, str]:
    row = Submission.objects.get(pk=submission.pk)
    return row.state, row.reason_code


def test_a_good_report_ends_accepted_with_its_plaintext_in_the_vault_and_its_values_outside(
    cast: Cast,
) -> None:
    plant = cast.plants[0]
    row = take(plant.envelope(cast.pack))
    assert opening.sweep(keys.processing_key(), Clock()) == opening.SweepCounts(
        accepted=1, refused=0
    )
    assert state_of(row) == (SubmissionState.ACCEPTED, "")
    report = decode_report(bytes(OpenedReport.objects.get(envelope_digest=row.digest).report))
    assert report == plant.report(cast.pack)
    assert (
        tuple(value.released() for value in ProtectedValue.objects.order_by("pk"))
        == report.released.labels
    )


def test_a_report_whose_vault_went_away_while_it_was_opened_waits_again_at_once(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = take(cast.plants[0].envelope(cast.pack))

    def away(*_: object) -> None:
        raise OperationalError("the connection to the vault broke")

    with monkeypatch.context() as broken:
        broken.setattr(opening, "keep", away)
        with pytest.raises(OperationalError):
            opening.sweep(keys.processing_key(), Clock())
    assert state_of(row) == (SubmissionState.RECEIVED, "")
    assert opening.sweep(keys.processing_key(), Clock()) == opening.SweepCounts(
        accepted=1, refused=0
    )


def test_the_task_sweeps_with_the_workers_key(cast: Cast) -> None:
    row = take(cast.plants[0].envelope(cast.pack))
    task()
    assert state_of(row) == (SubmissionState.ACCEPTED, "")


def test_opening_twice_changes_nothing(cast: Cast) -> None:
    take(cast.plants[0].envelope(cast.pack))
    opening.sweep(keys.processing_key(), Clock())
    before = (OpenedReport.objects.count(), ProtectedValue.objects.count())
    assert opening.sweep(keys.processing_key(), Clock()) == opening.SweepCounts(0, 0)
    assert (OpenedReport.objects.count(), ProtectedValue.objects.count()) == before


def _inner_by_another_key(cast: Cast, plant: Plant) -> bytes:
    """A report signed inside by a stranger, sealed and sent by the enrolled device."""
    header, written = plant.header(), encode_report(plant.report(cast.pack))
    signature = DeviceKey.generate().sign(
        Purpose.REPORT, {"header": header.to_wire(), "report": written}
    )
    return _outside(
        plant,
        seal(processing_public(), header, encode({"report": written, "signature": signature})),
    )


def _outside(plant: Plant, sealed: bytes) -> bytes:
    plant.challenge()  # else the door would not let it in
    content: dict[str, Value] = {
        "v": VERSION,
        "header": plant.header().to_wire(),
        "sealed": sealed,
    }
    return encode({**content, "signature": plant.key.sign(Purpose.ENVELOPE, content)})


def _changed(change: Callable[[Report], Report]) -> Callable[[Cast, Plant], bytes]:
    def make(cast: Cast, plant: Plant) -> bytes:
        return envelopes.build(
            change(plant.report(cast.pack)), plant.header(), plant.key, processing_public()
        )

    return make


def _first_label(**fields: object) -> Callable[[Report], Report]:
    def change(report: Report) -> Report:
        first, *rest = report.released.labels
        altered = replace(first, **fields)  # type: ignore[arg-type]  # each case names a field of the label
        return replace(report, released=replace(report.released, labels=(altered, *rest)))

    return change


def _loose(report: Report) -> Report:
    first = report.released.labels[0]
    return _first_label(best=replace(first.best, epsilon=Fraction(3, 2)))(report)


def _other_grid(report: Report) -> Report:
    grid = report.released.labels[0].grid
    return _first_label(grid=replace(grid, upper=grid.upper + grid.width))(report)


REFUSED: dict[str, tuple[Callable[[Cast, Plant], bytes], str]] = {
    "signed inside by another key": (_inner_by_another_key, "inner-signature-invalid"),
    "ciphertext of noise": (
        lambda _, plant: _outside(plant, b"\x07" * SEALED_SIZES[0]),
        "seal-broken",
    ),
    "looser epsilon than the pack": (_changed(_loose), "label-off-pack"),
    "a grid of its own": (_changed(_other_grid), "label-off-pack"),
    "no public count class": (_changed(_first_label(count_class=51)), "label-off-pack"),
    "more years pooled than the pack allows": (_changed(_first_label(years=4)), "period-too-long"),
    "a step of another sector": (_changed(_first_label(step="eaf")), "label-off-pack"),
    "another pack content": (
        _changed(lambda report: replace(report, pack_digest=b"\x09" * 32)),
        "pack-mismatch",
    ),
    "another sector's pack": (
        _changed(lambda report: replace(report, released=replace(report.released, pack="steel"))),
        "pack-of-other-sector",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_only_the_worker_can_find_ends_refused_and_is_never_counted(
    cast: Cast, name: str
) -> None:
    make, code = REFUSED[name]
    row = take(make(cast, cast.plants[0]))
    assert opening.sweep(keys.processing_key(), Clock()) == opening.SweepCounts(
        accepted=0, refused=1
    )
    assert state_of(row) == (SubmissionState.REFUSED, code)
    (view,) = views_of(Submission.objects.filter(pk=row.pk))
    assert view.reason == Submission.objects.get(pk=row.pk).reason
    with translation.override("zh-hans"):
        assert not re.search(r"\b(the|is|of|with|again)\b", in_words(view.reason), re.IGNORECASE)
    assert (OpenedReport.objects.count(), ProtectedValue.objects.count()) == (0, 0)
    assert cohort(cast.period).labels == ()


def test_a_refused_report_is_in_no_figure_of_participation_standings_or_publication(
    portal_keys: object,
) -> None:
    cast = make_cast(plants=9)
    *good, bad = cast.plants
    make, _ = REFUSED["looser epsilon than the pack"]
    rows = [take(plant.envelope(cast.pack, shift=index)) for index, plant in enumerate(good)]
    refused = take(make(cast, bad))
    assert opening.sweep(keys.processing_key(), Clock()) == opening.SweepCounts(
        accepted=8, refused=1
    )

    view = participation(cast.drafter, cast.group.pk, PERIOD, NOW)
    assert view is not None
    assert (view.firms, view.firms_reported) == (9, 8)
    assert [row.site for row in view.participants if row.taking is ReportingState.UNUSABLE] == [
        bad.site.slug
    ]

    assert standings.compute(cast.period, "test", NOW) == 8
    assert not Standing.objects.filter(submission__digest=refused.digest).exists()

    published = publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    assert published.participants == sorted(row.digest for row in rows)
    assert published.document is not None
    assert {step["firms"] for step in published.document["steps"]} == {8}


def test_standings_of_reports_that_were_replaced_meanwhile_do_not_stand_over_newer_ones(
    portal_keys: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the reading of a first officer and what he writes, reports are replaced, and a second
    computes.
    """
    cast = make_cast(plants=8)
    for index, plant in enumerate(cast.plants):
        take(plant.envelope(cast.pack, shift=index))
    opening.sweep(keys.processing_key(), Clock())
    readings: list[Cohort] = []

    def read_and_overtaken(period: ReportingPeriod) -> Cohort:
        readings.append(cohort(period))
        if len(readings) == 1:
            for index, plant in enumerate(cast.plants[:3]):
                take(plant.envelope(cast.pack, revision=2, shift=index))
            opening.sweep(keys.processing_key(), Clock())
            assert standings.compute(period, "second", NOW) == 8
            return readings[0]
        return readings[-1]

    monkeypatch.setattr(standings, "cohort", read_and_overtaken)
    assert standings.compute(cast.period, "first", NOW) == 8
    assert set(Standing.objects.values_list("submission__state", flat=True)) == {
        SubmissionState.ACCEPTED
    }


def test_after_a_refusal_the_next_revision_is_taken_and_counts(cast: Cast) -> None:
    plant = cast.plants[0]
    make, _ = REFUSED["no public count class"]
    take(make(cast, plant))
    opening.sweep(keys.processing_key(), Clock())
    second = take(plant.envelope(cast.pack, revision=2))
    opening.sweep(keys.processing_key(), Clock())
    assert state_of(second) == (SubmissionState.ACCEPTED, "")
    assert cohort(cast.period).digests == (second.digest,)


def test_the_page_of_a_refused_report_names_the_command_that_makes_the_next_revision(
    cast: Cast,
) -> None:
    """Without `--correct` the agent refuses data that were corrected (`data-changed`), and sends
    nothing of those that were not.
    """
    row = take(cast.plants[0].envelope(cast.pack))
    Submission.objects.filter(pk=row.pk).update(
        state=SubmissionState.REFUSED, reason="It cannot be opened."
    )
    page = (
        signed_in(cast.plants[0].owner)
        .get(reverse("web:submission", args=[row.digest]))
        .content.decode()
    )
    assert "Then run “steplabel-agent submit --correct”, which makes the next revision." in page


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_the_latest_revision_counts_in_whatever_order_they_are_opened(
    cast: Cast, order: tuple[int, int]
) -> None:
    rows = {
        revision: take(cast.plants[0].envelope(cast.pack, revision=revision)) for revision in (1, 2)
    }
    Submission.objects.filter(pk=rows[order[1]].pk).update(
        attempts=1
    )  # the least tried is opened first
    opening.sweep(keys.processing_key(), Clock())
    assert {revision: state_of(row)[0] for revision, row in rows.items()} == {
        1: SubmissionState.SUPERSEDED,
        2: SubmissionState.ACCEPTED,
    }
    assert cohort(cast.period).digests == (rows[2].digest,)


class KilledError(BaseException):
    """Stands for SIGKILL: nothing catches it."""


@pytest.mark.parametrize("after", ["claim", "opened", "keep"])
def test_a_worker_killed_while_opening_loses_nothing_and_doubles_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    row = take(cast.plants[0].envelope(cast.pack))
    clock = Clock()
    whole = getattr(opening, after)

    def dies(*arguments: object) -> None:
        whole(*arguments)
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(opening, after, dies)
        with pytest.raises(KilledError):
            opening.sweep(keys.processing_key(), clock)
    assert state_of(row)[0] == SubmissionState.OPENING
    assert opening.sweep(keys.processing_key(), clock) == opening.SweepCounts(
        0, 0
    )  # the claim may still be alive
    clock.at += timedelta(seconds=61)
    assert opening.sweep(keys.processing_key(), clock) == opening.SweepCounts(1, 0)
    assert state_of(row) == (SubmissionState.ACCEPTED, "")
    assert OpenedReport.objects.count() == 1
    assert ProtectedValue.objects.count() == len(cast.plants[0].report(cast.pack).released.labels)


def test_a_sweep_that_was_only_slow_finds_its_claim_gone(cast: Cast) -> None:
    take(cast.plants[0].envelope(cast.pack))
    key = keys.processing_key()
    slow = opening.claim(key.key_id, NOW)
    assert slow is not None
    later = Clock(NOW + timedelta(seconds=61))
    assert opening.sweep(key, later).accepted == 1
    assert opening.open_one(slow, key, later) is None
    assert ProtectedValue.objects.count() == len(cast.plants[0].report(cast.pack).released.labels)


def test_a_row_sealed_to_a_key_this_worker_does_not_hold_waits(cast: Cast) -> None:
    row = take(cast.plants[0].envelope(cast.pack))
    assert opening.claim("0" * 64, NOW) is None
    assert state_of(row)[0] == SubmissionState.RECEIVED


def test_a_report_whose_pack_is_not_on_this_machine_keeps_no_other_out_of_a_vault_that_is_filled_again(
    cast: Cast,
) -> None:
    plants = cast.plants[:2]
    for plant in plants:
        take(plant.envelope(cast.pack))
    task()
    OpenedReport.objects.all().delete()
    without_pack(plants[0])
    done = refill(keys.processing_keys(), NOW)
    assert (done.written, done.left) == (1, {"pack-version-unknown": 1})
    assert OpenedReport.objects.get().site == plants[1].site.slug


def test_the_plaintext_is_in_no_table_of_the_default_database(cast: Cast) -> None:
    take(cast.plants[0].envelope(cast.pack))
    opening.sweep(keys.processing_key(), Clock())
    assert "opening_openedreport" not in connections["default"].introspection.table_names()
    assert connections["vault"].introspection.table_names() == ["opening_openedreport"]


def test_a_report_that_was_tried_as_often_as_the_column_counts_is_still_opened(cast: Cast) -> None:
    take(cast.plants[0].envelope(cast.pack))
    Submission.objects.update(attempts=32_767)
    opening.sweep(keys.processing_key(), Clock())
    assert Submission.objects.get().state == SubmissionState.ACCEPTED
