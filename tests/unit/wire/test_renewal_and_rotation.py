"""Keys that change: the portal's by a request to the offline key, a device's by its own old key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from benchmarks.errors import VerificationError
from benchmarks.wire import device_requests, directory, sealing
from benchmarks.wire import directory_renewal as renewal
from benchmarks.wire.directory import GRACE, Directory, ListedKey
from benchmarks.wire.signing import DeviceKey, DirectoryKey, Purpose, ReceiptKey

START, END = date(2017, 1, 1), date(2019, 1, 1)
TURN, OVERLAP_END, NEW_END = date(2018, 6, 1), date(2018, 9, 1), date(2020, 6, 1)
OFFLINE = DirectoryKey.generate()
OLD, NEW = sealing.generate().public_bytes, sealing.generate().public_bytes
RECEIPT, NEW_RECEIPT = ReceiptKey.generate().public_bytes, ReceiptKey.generate().public_bytes
FIRST = Directory(1, (ListedKey(OLD, START, END),), (ListedKey(RECEIPT, START, END),))
SIGNED = directory.issue(FIRST, OFFLINE)


def code_of(attempt: Callable[[], object]) -> str:
    with pytest.raises(VerificationError) as refusal:
        attempt()
    return refusal.value.code


def proposed() -> Directory:
    return renewal.following(
        FIRST,
        processing=NEW,
        receipt=NEW_RECEIPT,
        valid_from=TURN,
        valid_to=NEW_END,
        old_until=OVERLAP_END,
    )


def test_a_request_goes_out_and_a_signed_directory_comes_back() -> None:
    answer = renewal.answer(renewal.request(SIGNED, proposed()), SIGNED, OFFLINE)
    new_directory = directory.renewed(answer, OFFLINE.key_id, FIRST)
    assert new_directory == proposed()
    assert new_directory.number == 2


def test_old_and_new_overlap_and_no_day_is_without_a_key() -> None:
    new_directory = proposed()
    assert new_directory.processing_key(TURN - timedelta(days=1)).public_bytes == OLD
    assert (
        new_directory.processing_key(TURN).public_bytes == NEW
    )  # who has the new directory seals to the new key at once
    assert (
        FIRST.processing_key(OVERLAP_END - timedelta(days=1)).public_bytes == OLD
    )  # who has not may go on
    old, new = new_directory.processing
    assert old.is_valid(TURN)
    assert not old.is_valid(OVERLAP_END)
    assert new.is_valid(NEW_END - timedelta(days=1))
    assert set(new_directory.receipt_keys()) == {
        key.key_id for key in new_directory.receipts
    }  # receipts of the old key stay good
    assert len(new_directory.receipts) == 2


def test_a_report_carried_by_hand_is_taken_for_the_grace_and_no_longer() -> None:
    old = proposed().processing[0]
    assert old.is_taken(OVERLAP_END + GRACE - timedelta(days=1))
    assert not old.is_taken(OVERLAP_END + GRACE)


def test_one_kind_of_key_may_be_rotated_alone() -> None:
    only = renewal.following(
        FIRST, processing=NEW, valid_from=TURN, valid_to=NEW_END, old_until=OVERLAP_END
    )
    assert only.receipts == FIRST.receipts
    assert len(only.processing) == 2
    renewal.require_succession(FIRST, only)


@pytest.mark.parametrize(
    "forged",
    [
        replace(proposed(), number=3),
        replace(proposed(), number=1),
        replace(proposed(), processing=proposed().processing[1:]),
        replace(proposed(), receipts=proposed().receipts[1:]),
        replace(
            proposed(),
            processing=(
                replace(FIRST.processing[0], valid_to=END + timedelta(days=1)),
                proposed().processing[1],
            ),
        ),
        replace(
            proposed(),
            processing=(
                replace(FIRST.processing[0], valid_from=START - timedelta(days=1)),
                proposed().processing[1],
            ),
        ),
        replace(
            proposed(),
            processing=(
                proposed().processing[0],
                replace(proposed().processing[1], valid_from=date(2018, 9, 2)),
            ),
        ),
        replace(proposed(), processing=(*proposed().processing, proposed().processing[1])),
    ],
    ids=[
        "number-skipped",
        "number-kept",
        "processing-lost",
        "receipt-lost",
        "lengthened",
        "moved",
        "gap",
        "twice",
    ],
)
def test_the_offline_key_signs_nothing_that_does_not_follow(
    forged: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = renewal.request(SIGNED, forged)
    assert code_of(lambda: renewal.answer(asked, SIGNED, OFFLINE)) == "directory-no-successor"
    monkeypatch.setattr(
        renewal, "require_succession", lambda _old, _new: None
    )  # the defence off: it would be signed
    assert directory.verify(renewal.answer(asked, SIGNED, OFFLINE), OFFLINE.key_id) == forged


def test_keys_that_have_run_out_can_still_be_followed_by_new_ones() -> None:
    late = END + timedelta(days=30)
    renewal.require_succession(
        FIRST,
        renewal.following(
            FIRST, processing=NEW, valid_from=late, valid_to=date(2030, 1, 1), old_until=late
        ),
    )


def test_a_day_without_a_key_in_the_past_stands_in_the_way_of_no_later_renewal() -> None:
    """Rotated a month too late once: nobody can give that month a key any more."""
    late = END + timedelta(days=30)
    second = renewal.following(
        FIRST,
        processing=NEW,
        receipt=NEW_RECEIPT,
        valid_from=late,
        valid_to=date(2030, 1, 1),
        old_until=late,
    )
    third_key, turn = sealing.generate().public_bytes, date(2029, 6, 1)
    third = renewal.following(
        second,
        processing=third_key,
        valid_from=turn,
        valid_to=date(2032, 1, 1),
        old_until=date(2029, 9, 1),
    )
    renewal.require_succession(second, third)
    renewal.require_succession(
        third, renewal.with_witnesses(third, add=(), drop=(), required=0, days=7)
    )
    gap = replace(
        third,
        processing=(
            *third.processing[:2],
            replace(third.processing[2], valid_from=date(2029, 9, 2)),
        ),
    )
    assert code_of(lambda: renewal.require_succession(second, gap)) == "directory-no-successor"


def test_keys_that_all_end_earlier_are_a_shorter_lifetime_and_follow() -> None:
    renewal.require_succession(
        FIRST,
        replace(FIRST, number=2, processing=(replace(FIRST.processing[0], valid_to=OVERLAP_END),)),
    )


def test_the_offline_key_answers_for_the_directory_it_signed_last_and_no_other() -> None:
    other = directory.issue(replace(FIRST, receipts=()), OFFLINE)
    assert (
        code_of(lambda: renewal.answer(renewal.request(SIGNED, proposed()), other, OFFLINE))
        == "renewal-of-another"
    )
    stranger = DirectoryKey.generate()
    strange = directory.issue(FIRST, stranger)
    assert (
        code_of(lambda: renewal.answer(renewal.request(strange, proposed()), strange, OFFLINE))
        == "directory-signer-unknown"
    )


def test_a_request_cut_or_lengthened_is_malformed() -> None:
    asked = renewal.request(SIGNED, proposed())
    for end in range(0, len(asked), 97):
        assert code_of(lambda end=end: renewal.read(asked[:end])) == "cbor-malformed"  # type: ignore[misc]
    assert code_of(lambda: renewal.read(asked + b"\x00")) == "cbor-malformed"


def test_an_older_directory_and_a_second_one_of_the_same_number_are_refused() -> None:
    second = directory.issue(proposed(), OFFLINE)
    assert (
        code_of(lambda: directory.renewed(SIGNED, OFFLINE.key_id, proposed()))
        == "directory-outdated"
    )
    fork = directory.issue(replace(proposed(), receipts=()), OFFLINE)
    assert (
        directory.verify(fork, OFFLINE.key_id, at_least=2).number == 2
    )  # the number alone would let it through
    assert (
        code_of(lambda: directory.renewed(fork, OFFLINE.key_id, proposed())) == "directory-forked"
    )
    assert directory.renewed(second, OFFLINE.key_id, proposed()) == proposed()


def test_a_devices_new_key_is_vouched_for_by_the_old_and_holds_itself() -> None:
    old, new, thief = DeviceKey.generate(), DeviceKey.generate(), DeviceKey.generate()
    good = device_requests.rotate("device-7", old, new)
    device_requests.verify_rotation(good, old.public)
    assert device_requests.rotate("device-7", old, new) == good
    not_held = device_requests.rotate("device-7", old, thief)
    bad = [
        replace(good, device_id="device-8"),
        replace(good, by_old=good.by_new),
        replace(good, new=thief.public),
        replace(
            device_requests.rotate("device-7", thief, new), device_id="device-7"
        ),  # a key that the site never had
        replace(
            not_held, by_new=new.sign(Purpose.ROTATION, {}), new=thief.public
        ),  # somebody else's key as one's own
        device_requests.rotate("device-7", old, old),
    ]
    for forged in bad:
        assert (
            code_of(lambda forged=forged: device_requests.verify_rotation(forged, old.public))  # type: ignore[misc]
            == "rotation-signature-invalid"
        )
