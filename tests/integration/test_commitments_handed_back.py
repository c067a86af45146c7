"""Commitments that a portal lost with its log and is given again: in another order than the
ledger's, and by files that a person brings.
"""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from secrets import token_bytes

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from benchmarks.wire import challenges, commitments
from benchmarks.wire.commitments import ReportCommitment
from benchmarks.wire.signing import ReceiptKey
from portal import keys
from portal.catalogue.models import PeerGroup
from portal.catalogue.periods import open_period
from portal.intake import by_hand
from portal.intake import commitments as intake
from portal.intake.models import Commitment, Submission, SubmissionState
from portal.translog import selectors
from portal.translog.models import LogEntry
from tests.integration.portal_cast import DATA_ROOT, NOW, PERIOD, Plant, make_cast, open_waiting
from tests.integration.test_log_restart import ceremony, set_back

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def lose(settings: Settings, before: list[str], portal_keys: Path) -> None:
    """A restore to these entries of the log, and the ceremony that restarts it."""
    Submission.objects.all()._raw_delete("default")
    Commitment.objects.all()._raw_delete("default")
    set_back(settings, before)
    call_command("restart_log", "take", ceremony(portal_keys), stdout=StringIO())


def challenge_to(plant: Plant, raw: bytes) -> bytes:
    """What the portal answers to a commitment that is brought by hand."""
    (answer,) = by_hand.take(
        plant.owner, [raw], keys.published_directory(), keys.receipt_key(), NOW, token_bytes
    )
    assert isinstance(answer.stored, Commitment)
    return bytes(answer.stored.challenge)


def test_commitments_handed_back_in_another_order_keep_the_ledgers_next_number(
    settings: Settings, tmp_path: Path, portal_keys: Path
) -> None:
    settings.HEADS_FILE = tmp_path / "heads.log"
    plant = make_cast(1).plants[0]
    for year in ("2017", "2018"):
        open_period(PeerGroup.objects.get(), year, "test", NOW)
    before = list(LogEntry.objects.order_by("index").values_list("digest", flat=True))
    key, signed = keys.receipt_key(), {}

    def committed(period: str) -> bytes:
        return commitments.commit(
            ReportCommitment(plant.site.slug, period, 1, DATA_ROOT), str(plant.device.pk), plant.key
        )

    for period in ("2016", "2017"):
        signed[period] = bytes(
            intake.take(committed(period), key, NOW, token_bytes).commitment.challenge
        )
    selectors.head(key)
    lose(settings, before, portal_keys)
    listed = keys.published_directory().content.receipt_keys()
    for period in ("2017", "2016"):
        intake.take_back(challenges.handed_back(committed(period), signed[period]), listed, NOW)
    assert intake.take(committed("2018"), key, NOW, token_bytes).commitment.sequence == 3


def test_a_site_that_carries_files_brings_again_what_the_portal_lost(
    settings: Settings, tmp_path: Path, portal_keys: Path
) -> None:
    """docs/transparency-log.md: the commitment with the challenge that the portal had signed, and
    the same sealed report.
    """
    settings.HEADS_FILE = tmp_path / "heads.log"
    cast = make_cast(2)
    plant = cast.plants[0]
    before = list(LogEntry.objects.order_by("index").values_list("digest", flat=True))
    raw = commitments.commit(
        ReportCommitment(plant.site.slug, PERIOD, 1, DATA_ROOT), str(plant.device.pk), plant.key
    )
    directory, key = keys.published_directory(), keys.receipt_key()
    challenge = challenge_to(plant, raw)
    sealed = plant.envelope(cast.pack)
    (second,) = by_hand.take(plant.owner, [sealed], directory, key, NOW, token_bytes)
    assert isinstance(second.stored, Submission)
    selectors.head(key)
    lose(settings, before, portal_keys)
    answers = by_hand.take(plant.owner, [sealed, challenge, raw], directory, key, NOW, token_bytes)
    assert [answer.refusal and answer.refusal.code for answer in answers] == [None, None, None]
    open_waiting()
    assert Submission.objects.get().state == SubmissionState.ACCEPTED


def test_a_challenge_that_comes_alone_belongs_to_the_plant(
    settings: Settings, tmp_path: Path, portal_keys: Path
) -> None:
    plant = make_cast(1).plants[0]
    raw = commitments.commit(
        ReportCommitment(plant.site.slug, PERIOD, 1, DATA_ROOT), str(plant.device.pk), plant.key
    )
    directory, key = keys.published_directory(), keys.receipt_key()
    challenge = challenge_to(plant, raw)
    (alone,) = by_hand.take(plant.owner, [challenge], directory, key, NOW, token_bytes)
    assert alone.refusal is not None
    assert alone.refusal.code == "challenge-without-commitment"
    both = by_hand.take(plant.owner, [challenge, raw], directory, key, NOW, token_bytes)
    assert [(answer.stored, answer.created) for answer in both] == [
        (Commitment.objects.get(), False)
    ] * 2


@pytest.mark.parametrize(
    "of_this_portal",
    [False, True],
    ids=["of another portal", "of this one, whose entry was not lost"],
)
def test_a_challenge_that_is_refused_stands_in_no_commitments_way(
    settings: Settings, tmp_path: Path, of_this_portal: bool
) -> None:
    """by_hand: each has its own answer, and a bad one stands in no other's way."""
    settings.HEADS_FILE = tmp_path / "heads.log"
    plant = make_cast(1).plants[0]
    directory, key = keys.published_directory(), keys.receipt_key()
    commitment = ReportCommitment(plant.site.slug, PERIOD, 1, DATA_ROOT)
    raw = commitments.commit(commitment, str(plant.device.pk), plant.key)
    signer = key if of_this_portal else ReceiptKey.generate()
    stand = challenges.LedgerStand(1)
    bad = challenges.issue(commitment, b"n" * 32, 3, NOW.date(), bytes(32), stand, signer)
    refused, accepted = by_hand.take(plant.owner, [bad, raw], directory, key, NOW, token_bytes)
    assert accepted.refusal is None, accepted.refusal
    assert isinstance(accepted.stored, Commitment)
    assert refused.refusal is not None


def test_a_challenge_that_is_not_the_one_the_portal_has_is_not_said_to_be_on_record(
    settings: Settings, tmp_path: Path, portal_keys: Path
) -> None:
    """The portal lost both; the person brought the commitment alone first, as ever, so that another
    challenge was drawn.
    """
    settings.HEADS_FILE = tmp_path / "heads.log"
    cast = make_cast(2)
    plant = cast.plants[0]
    before = list(LogEntry.objects.order_by("index").values_list("digest", flat=True))
    raw = commitments.commit(
        ReportCommitment(plant.site.slug, PERIOD, 1, DATA_ROOT), str(plant.device.pk), plant.key
    )
    directory, key = keys.published_directory(), keys.receipt_key()
    challenge = challenge_to(plant, raw)
    selectors.head(key)
    lose(settings, before, portal_keys)
    (alone,) = by_hand.take(plant.owner, [raw], directory, key, NOW, token_bytes)
    assert isinstance(alone.stored, Commitment)
    assert bytes(alone.stored.challenge) != challenge
    _raw, of_challenge = by_hand.take(
        plant.owner, [raw, challenge], directory, key, NOW, token_bytes
    )
    assert of_challenge.refusal is not None, "the page says: Same as before"
