"""Draws that nobody can repeat or pick: the plant not by its data, its copies or its clock, the
portal not by its challenges.

The tests of a defence stand beside one that turns the defence off and shows that the attack then
works.
"""

from __future__ import annotations

import base64
import dataclasses
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from benchmarks.audit.records import DAY_US, MeterDay
from benchmarks.catalogue import in_language
from benchmarks.errors import InputError, PolicyRefusal, VerificationError
from benchmarks.measurements import Batch, CarrierEnergy
from benchmarks.privacy import randomness
from benchmarks.privacy.randomness import KeyedStream, ReportKey
from benchmarks.release import release
from benchmarks.wire import challenges
from benchmarks.wire.schema import decode_report
from reporting_agent.sending import enrolment, planning, revisions, submission
from reporting_agent.sending.kept_reports import Outbox, Parcel, ParcelState
from reporting_agent.sending.planning import Provenance, ReportPlan, draw
from reporting_agent.sending.submission import ReportMaterial, SubmissionProcess
from reporting_agent.state import StateDirectory
from tests.unit.agent_send.cast import NOW, SITE, SOFTWARE, Desk, heats, material

Points = list[tuple[int, int]]


class Killed(BaseException):
    """Ends the run as a kill would: nothing of ours catches it."""


def run(
    desk: Desk, data: ReportMaterial, *, stop_at: str | None = None, correct: bool = False
) -> Parcel:
    def checkpoint(name: str) -> None:
        if name == stop_at:
            raise Killed(name)

    sending = desk.submission(checkpoint)
    with desk.road as road:
        sending.consult(road)
        parcel = sending.prepare(data, "2016", road, correct=correct)
        sending.send(parcel, road)
    return Outbox(desk.connection).get(parcel.site, parcel.period, parcel.revision)


def points(parcel: Parcel) -> Points:
    assert parcel.plaintext is not None
    return [
        (label.best.grid_point, label.typical.grid_point)
        for label in decode_report(parcel.plaintext).released.labels
    ]


def spent(desk: Desk) -> int:
    """The most epsilon on one batch; every debit of these tests is a whole one."""
    row = desk.connection.execute(
        "SELECT MAX(total) FROM (SELECT SUM(epsilon_numerator) AS total FROM ledger GROUP BY "
        "batch_id)"
    ).fetchone()
    return int(row[0] or 0)


def one_record_edited(index: int) -> ReportMaterial:
    """A kilowatt-hour more in one heat: no label moves, the data are others."""
    batches = heats(400)
    first = batches[0].energy[0]
    energy = (
        CarrierEnergy(first.carrier, first.quantity + index, first.unit),
        *batches[0].energy[1:],
    )
    edited: list[Batch] = [dataclasses.replace(batches[0], energy=energy), *batches[1:]]
    return material(edited)


@contextmanager
def copy_of(desk: Desk, folder: Path) -> Iterator[Desk]:
    """The state directory as a backup or a second machine has it, beside the same portal."""
    desk.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(desk.state.path, folder)
    state = StateDirectory(folder)
    with state.exclusive(), state.connect() as connection:
        yield Desk(state, connection, desk.portal, [])


# The plant


def test_a_plant_that_edits_a_record_after_the_challenge_is_refused_another_look(
    enrolled: Desk, year: ReportMaterial, tmp_path: Path
) -> None:
    """Its agent obeys; and where the plant takes an older copy of the state directory instead, the
    portal remembers.
    """
    with copy_of(enrolled, tmp_path / "before") as other:
        with pytest.raises(Killed):
            run(enrolled, year, stop_at="drawn")
        with pytest.raises(PolicyRefusal) as refused:
            run(enrolled, one_record_edited(1))
        assert refused.value.code == "data-changed"
        with pytest.raises(PolicyRefusal) as behind:
            run(other, one_record_edited(1))
        assert behind.value.code == "ledger-set-back"
        with (
            pytest.raises(InputError) as conflict,
            other.road as road,
        ):  # and one that does not listen to what the portal answered
            other.submission().prepare(one_record_edited(1), "2016", road, correct=False)
        assert conflict.value.code == "commitment-conflict"
        assert (spent(other), [parcel.state for parcel in Outbox(other.connection).all()]) == (
            0,
            [ParcelState.COMMITTED],
        )
    assert len(enrolled.portal.challenges) == 1


def test_data_that_change_while_files_are_carried_are_told_and_the_report_that_was_begun_stays_valid(
    enrolled: Desk, year: ReportMaterial
) -> None:
    begun = enrolled.submission().begin(year, "2016", correct=False)
    answer = enrolled.portal.challenge_for(revisions.commitment_of(begun.parcel), bytes(32))
    with pytest.raises(PolicyRefusal) as refused:
        enrolled.submission().begin_answered(one_record_edited(1), "2016", answer, correct=False)
    assert refused.value.code == "data-changed"
    assert re.search("[a-z]+ [a-z]+", in_language(refused.value.sentence, "zh")) is None
    assert spent(enrolled) == 0
    resumed = enrolled.submission().begin_answered(year, "2016", answer, correct=False)
    assert revisions.commitment_of(resumed.parcel) == revisions.commitment_of(begun.parcel)
    assert enrolled.submission().seal(resumed).is_sealed


@pytest.mark.slow
def test_without_the_challenge_in_the_key_a_plant_could_try_edits_until_one_is_lucky() -> None:
    """The defence off: draws by seed and data alone. Twenty edits of one kilowatt-hour, looked at
    without anybody's knowledge.
    """
    seed = b"s" * 32

    def planned_of(data: ReportMaterial) -> planning.ReportPlan:
        return planning.plan(
            data.site_label, data.batches, data.pack, planning.Subject(SITE, "2016", 1, False)
        )

    def look(planned: planning.ReportPlan, root: bytes, nonce: bytes) -> int:
        planned_release = planned.releases[0]

        def stream(name: str) -> KeyedStream:
            return KeyedStream(seed, challenge=nonce, data_root=root, name=name)

        return release(
            planned_release.label,
            planned_release.step,
            planned_release.rule,
            planned.pack.policy,
            stream,
        ).best.grid_point

    tries = [
        (plan, plan.tree(plan.key(seed), SOFTWARE).root)
        for plan in map(planned_of, map(one_record_edited, range(20)))
    ]
    looks = [look(*attempt, b"") for attempt in tries]
    assert (
        min(looks) < looks[0]
    )  # the plant submits the luckiest, and the draw is the one it looked at
    # with the challenge, which comes after the data are fixed, what was tried says nothing of what
    # will be drawn
    drawn = [[look(*attempt, bytes([number]) * 32) for attempt in tries] for number in range(5)]
    assert any(
        looks.index(min(looks)) != draws.index(min(draws)) for draws in drawn
    )  # of one challenge the luckiest is the same in one of twenty
    assert looks not in drawn


def test_two_copies_of_a_state_directory_draw_the_same_points_and_one_report_is_taken(
    enrolled: Desk, year: ReportMaterial, tmp_path: Path
) -> None:
    with copy_of(enrolled, tmp_path / "copy") as other:
        first = run(enrolled, year)
        sending = other.submission()
        with other.road as road:  # a copy that does not ask what the portal holds
            second = sending.prepare(year, "2016", road, correct=False)
            with pytest.raises(InputError) as refused:
                sending.send(second, road)
        assert refused.value.code == "revision-taken"
        assert points(second) == points(first)
        assert second.envelope != first.envelope
        assert spent(other) == spent(enrolled) == 2
    assert len(enrolled.portal.submissions) == 1


@pytest.mark.parametrize("stop_at", ["committed", "challenged", "debited", "sealed"])
def test_a_backup_restored_at_any_step_draws_the_same_points_or_nothing(
    enrolled: Desk, year: ReportMaterial, tmp_path: Path, stop_at: str
) -> None:
    """Disk restored to the moment after a step; the report has been sent since. Whatever is drawn
    again was drawn before.
    """
    with pytest.raises(Killed):
        run(enrolled, year, stop_at=stop_at)
    with copy_of(enrolled, tmp_path / "backup") as restored:
        sent = run(enrolled, year)
        if stop_at == "sealed":  # the envelope is in the backup: the same bytes, the same receipt
            assert run(restored, year).receipt == sent.receipt
        else:
            with pytest.raises(PolicyRefusal) as refused:
                run(restored, year)
            assert refused.value.code == "ledger-set-back"
            sending = restored.submission()
            with restored.road as road:  # and where the portal keeps quiet about what it holds
                again = sending.prepare(year, "2016", road, correct=False)
            assert points(again) == points(sent)
        assert spent(restored) == spent(enrolled) == 2


@pytest.mark.parametrize("back", [timedelta(days=1), timedelta(days=400), timedelta(days=5000)])
def test_a_clock_set_back_gives_no_second_draw_and_no_second_budget(
    enrolled: Desk, year: ReportMaterial, back: timedelta
) -> None:
    first = run(enrolled, year)

    def at(moment: datetime) -> SubmissionProcess:
        identity = enrolment.identity(enrolled.state, enrolled.connection, SITE)
        return SubmissionProcess(
            enrolled.connection, identity, software=SOFTWARE, clock=lambda: moment
        )

    with enrolled.road as road:
        again = at(NOW - back).prepare(year, "2016", road, correct=False)
        assert again.digest == first.digest
        corrected = at(NOW - back).prepare(one_record_edited(1), "2016", road, correct=True)
        with pytest.raises(PolicyRefusal) as refused:
            at(NOW - 2 * back).begin(one_record_edited(2), "2016", correct=True)
    assert (
        refused.value.code == "corrections-used"
    )  # counted by the batches' year, not by the clock's
    assert corrected.revision == 2
    assert spent(enrolled) == 4


def test_another_version_of_the_agent_does_not_finish_what_was_committed_to(
    enrolled: Desk, year: ReportMaterial
) -> None:
    with pytest.raises(Killed):
        run(enrolled, year, stop_at="challenged")
    identity = enrolment.identity(enrolled.state, enrolled.connection, SITE)
    newer = SubmissionProcess(
        enrolled.connection, identity, software="steplabel-agent/newer", clock=lambda: NOW
    )
    with pytest.raises(PolicyRefusal) as refused:
        newer.begin(year, "2016", correct=False)
    assert refused.value.code == "software-changed"
    assert spent(enrolled) == 0
    with enrolled.road as road:
        assert newer.prepare(year, "2016", road, correct=True).revision == 2
    assert run(enrolled, year).revision == 2


@pytest.mark.parametrize("changed", ["readings", "settings"])
def test_readings_and_settings_are_bound_although_the_batches_come_out_the_same(
    enrolled: Desk, year: ReportMaterial, changed: str
) -> None:
    with pytest.raises(Killed):
        run(enrolled, year, stop_at="challenged")
    day = MeterDay("eaf-1", "kWh", 16_900 * DAY_US, 24, bytes(32))
    other = Provenance((day,)) if changed == "readings" else Provenance(settings_digest=b"1" * 32)
    with pytest.raises(PolicyRefusal) as refused:
        enrolled.submission().begin(
            dataclasses.replace(year, provenance=other), "2016", correct=False
        )
    assert refused.value.code == "software-changed"
    assert run(enrolled, year).revision == 1


def _as_by_the_release_before(desk: Desk) -> None:
    """Its roots were digests of another making, and it kept no parts."""
    desk.connection.execute("UPDATE parcel SET data_root = ?, parts = '{}'", (b"r" * 32,))


def test_a_report_that_the_release_before_sealed_is_known_again(
    enrolled: Desk, year: ReportMaterial
) -> None:
    sealed = run(enrolled, year)
    _as_by_the_release_before(enrolled)
    again = run(enrolled, year)
    assert (again.revision, again.envelope, again.receipt) == (1, sealed.envelope, sealed.receipt)
    assert spent(enrolled) == 2


def test_what_the_release_before_committed_to_and_did_not_seal_is_finished_by_it_or_corrected(
    enrolled: Desk, year: ReportMaterial
) -> None:
    with pytest.raises(Killed):
        run(enrolled, year, stop_at="challenged")
    _as_by_the_release_before(enrolled)
    with pytest.raises(PolicyRefusal) as refused:
        run(enrolled, year)
    assert refused.value.code == "software-changed"
    assert spent(enrolled) == 0


def test_a_sealed_report_stays_what_it_is_under_another_version(
    enrolled: Desk, year: ReportMaterial
) -> None:
    sealed = run(enrolled, year)
    identity = enrolment.identity(enrolled.state, enrolled.connection, SITE)
    newer = SubmissionProcess(
        enrolled.connection, identity, software="steplabel-agent/newer", clock=lambda: NOW
    )
    assert newer.begin(year, "2016", correct=False).parcel.digest == sealed.digest


def test_a_new_device_commits_to_the_same_data_and_gets_the_same_challenge(
    enrolled: Desk, year: ReportMaterial
) -> None:
    with pytest.raises(Killed):
        run(enrolled, year, stop_at="committed")
    (waiting,) = Outbox(enrolled.connection).all()
    assert waiting.commitment is not None
    with enrolled.road as road:
        lost = road.commit(waiting.commitment)  # the answer never reached the disk
    enrolled.portal.secret = "t" * 43
    enrolled.enrol(replace=True)
    parcel = run(enrolled, year)
    assert parcel.challenge == lost
    assert len(enrolled.portal.challenges) == 1


def answered_unheard(desk: Desk, data: ReportMaterial) -> None:
    """The portal has the commitment and gave its challenge; the agent died before that was on its
    disk.
    """
    with pytest.raises(Killed):
        run(desk, data, stop_at="committed")
    (waiting,) = Outbox(desk.connection).all()
    assert waiting.commitment is not None
    with desk.road as road:
        road.commit(waiting.commitment)


def test_data_that_change_while_the_answer_is_lost_are_other_data_and_the_first_still_finish_their_report(
    enrolled: Desk, year: ReportMaterial, changed_year: ReportMaterial
) -> None:
    answered_unheard(enrolled, year)
    with pytest.raises(PolicyRefusal) as refused:
        run(enrolled, changed_year)
    assert refused.value.code == "data-changed"
    assert spent(enrolled) == 0
    parcel = run(enrolled, year)
    assert (parcel.revision, parcel.state, spent(enrolled)) == (1, ParcelState.RECEIVED, 2)
    assert [parcel.challenge] == list(enrolled.portal.challenges.values())


def test_a_correction_after_a_lost_answer_debits_the_first_with_the_batches_that_it_had(
    enrolled: Desk, changed_year: ReportMaterial, year: ReportMaterial
) -> None:
    answered_unheard(enrolled, changed_year)
    corrected = run(enrolled, year, correct=True)
    assert (corrected.revision, corrected.state, spent(enrolled)) == (2, ParcelState.RECEIVED, 4)
    (gone,) = {batch.batch_id for batch in changed_year.batches} - {
        batch.batch_id for batch in year.batches
    }
    rows = enrolled.connection.execute(
        "SELECT parcel FROM ledger WHERE batch_id = ?", (gone,)
    ).fetchall()
    assert {row["parcel"] for row in rows} == {"2016 r1"}


def test_an_agent_that_is_renewed_while_the_answer_is_lost_leaves_the_way_to_a_correction(
    enrolled: Desk, year: ReportMaterial
) -> None:
    answered_unheard(enrolled, year)
    identity = enrolment.identity(enrolled.state, enrolled.connection, SITE)
    newer = SubmissionProcess(
        enrolled.connection, identity, software="steplabel-agent/newer", clock=lambda: NOW
    )
    with enrolled.road as road:
        newer.consult(road)
        with pytest.raises(PolicyRefusal) as refused:
            newer.begin(year, "2016", correct=False)
        assert refused.value.code == "software-changed"
        assert newer.prepare(year, "2016", road, correct=True).revision == 2


def test_original_data_that_were_exchanged_before_their_answer_was_heard_of_are_taken_back(
    enrolled: Desk, year: ReportMaterial, changed_year: ReportMaterial
) -> None:
    """Committed to anew while the portal was away, which had answered: the data that it answered
    finish the report, no others.
    """
    answered_unheard(enrolled, year)
    with pytest.raises(Killed), enrolled.road as road:
        enrolled.submission(_dies_at_committed).prepare(changed_year, "2016", road, correct=False)
    with pytest.raises(PolicyRefusal) as refused:
        run(enrolled, changed_year)
    assert refused.value.code == "ledger-forked"
    parcel = run(enrolled, year)
    assert (parcel.revision, parcel.state, spent(enrolled)) == (1, ParcelState.RECEIVED, 2)


def _dies_at_committed(name: str) -> None:
    if name == "committed":
        raise Killed(name)


# The portal


def second_challenge(desk: Desk, parcel: Parcel) -> bytes:
    return desk.portal.challenge_for(
        revisions.commitment_of(parcel), b"\x07" * challenges.NONCE_BYTES
    )


def test_nothing_is_drawn_by_a_seed_that_the_site_did_not_enrol_with(
    enrolled: Desk, year: ReportMaterial
) -> None:
    enrolled.portal.seed_commitment = randomness.commitment(b"another enrolled seed, 32 bytes.")
    with pytest.raises(VerificationError) as refused:
        run(enrolled, year)
    assert refused.value.code == "challenge-of-another-seed"
    assert spent(enrolled) == 0
    (parcel,) = Outbox(enrolled.connection).all()
    assert (parcel.challenge, parcel.plaintext) == (None, None)


@pytest.mark.parametrize("stop_at", ["challenged", "debited", "drawn", "sealed", None])
def test_a_second_challenge_for_the_same_commitment_is_noticed_and_changes_nothing(
    enrolled: Desk, year: ReportMaterial, stop_at: str | None
) -> None:
    if stop_at is None:
        run(enrolled, year)
    else:
        with pytest.raises(Killed):
            run(enrolled, year, stop_at=stop_at)
    (parcel,) = Outbox(enrolled.connection).all()
    sending = enrolled.submission()
    begun = sending.begin(year, "2016", correct=False)
    with pytest.raises(VerificationError) as refused:
        sending.accept(begun, second_challenge(enrolled, parcel))
    assert refused.value.code == "challenge-changed"

    (commitment,) = enrolled.portal.challenges
    first, enrolled.portal.challenges[commitment] = (
        enrolled.portal.challenges[commitment],
        second_challenge(enrolled, parcel),
    )
    with pytest.raises(VerificationError) as refusal:
        run(enrolled, year)  # the portal's own list gives it away, before anything else is done
    assert refusal.value.code == "challenge-changed"
    enrolled.portal.challenges[commitment] = first
    assert run(enrolled, year).challenge == parcel.challenge


def test_an_agent_that_took_every_challenge_would_draw_anew(
    enrolled: Desk, year: ReportMaterial
) -> None:
    """The defence off, by editing the state as no agent does: the second challenge gives other grid
    points of the same data.
    """
    first = run(enrolled, year)
    with pytest.raises(sqlite3.IntegrityError):  # the database itself lets no sealed row go
        enrolled.connection.execute("UPDATE parcel SET envelope = NULL WHERE state = 'received'")
    drawn = []
    for number in range(1, 6):
        another = enrolled.portal.challenge_for(
            revisions.commitment_of(first), bytes([number]) * challenges.NONCE_BYTES
        )
        enrolled.connection.execute(
            "UPDATE parcel SET state = 'debited', challenge = ?, receipt = NULL, digest = NULL",
            (another,),
        )
        sending = enrolled.submission()
        drawn.append(points(sending.seal(sending.begin(year, "2016", correct=False))))
    assert any(draw != points(first) for draw in drawn)


def test_a_challenge_of_another_signer_or_for_other_data_is_not_taken_and_nothing_is_spent(
    enrolled: Desk, year: ReportMaterial
) -> None:
    def answers(raw: bytes) -> None:
        answer = httpx.Response(201, json={"challenge": base64.b64encode(raw).decode()})
        enrolled.portal.trouble = lambda request: (
            answer
            if (request.method, request.url.path) == ("POST", "/api/v1/commitments/")
            else None
        )

    with pytest.raises(Killed):
        run(enrolled, year, stop_at="committed")
    (parcel,) = Outbox(enrolled.connection).all()
    commitment = revisions.commitment_of(parcel)
    stranger = type(enrolled.portal)()
    cases = {
        "challenge-signature-invalid": stranger.challenge_for(commitment, bytes(32)),
        "challenge-for-another": enrolled.portal.challenge_for(
            dataclasses.replace(commitment, data_root=bytes(32)), bytes(32)
        ),
        "cbor-malformed": b"\xff" * 40,
    }
    for code, raw in cases.items():
        answers(raw)
        with pytest.raises(VerificationError) as refused:
            run(enrolled, year)
        assert refused.value.code == code
    assert [entry.state for entry in Outbox(enrolled.connection).all()] == [ParcelState.COMMITTED]
    assert spent(enrolled) == 0


def test_the_draws_hang_on_the_challenge_and_the_report_names_it(
    enrolled: Desk, year: ReportMaterial
) -> None:
    parcel = run(enrolled, year)
    assert parcel.plaintext is not None
    report = decode_report(parcel.plaintext)
    challenge = revisions.stored_challenge(
        parcel, {enrolled.portal.receipt_key.key_id: enrolled.portal.receipt_key.public}
    )
    assert (report.challenge, report.data_root) == (challenge.nonce, challenge.commitment.data_root)


# The ledger


def test_nothing_is_debited_before_the_commitment_is_at_the_portal_and_nothing_drawn_before_the_debit(
    enrolled: Desk, year: ReportMaterial, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[tuple[str, int, int]] = []

    def checkpoint(name: str) -> None:
        order.append((name, len(enrolled.portal.challenges), spent(enrolled)))

    running = enrolled.submission(checkpoint)

    def watched(planned: ReportPlan, key: ReportKey, *, root: bytes, challenge: bytes) -> object:
        order.append(("drawing", len(enrolled.portal.challenges), spent(enrolled)))
        return draw(planned, key, root=root, challenge=challenge)

    monkeypatch.setattr(submission, "draw", watched)
    with enrolled.road as road:
        running.send(running.prepare(year, "2016", road, correct=False), road)
    assert order == [
        ("planned", 0, 0),
        ("committed", 0, 0),
        ("challenged", 1, 0),
        ("debited", 1, 2),
        ("drawing", 1, 2),
        ("drawn", 1, 2),
        ("sealed", 1, 2),
        ("sent", 1, 2),
        ("received", 1, 2),
    ]


def test_no_report_overtakes_one_that_has_its_challenge_and_may_spend_on_the_same_batches(
    enrolled: Desk, year: ReportMaterial, first_quarter: ReportMaterial
) -> None:
    """Committed to while there was budget for either; once the first has its challenge, it is the
    first to be debited.
    """
    sending = enrolled.submission()
    with enrolled.road as road:
        waiting = sending.ask(sending.begin(year, "2016", correct=False), road)
        with pytest.raises(PolicyRefusal) as refused:
            sending.prepare(first_quarter, "2016-Q1", road, correct=False)
        assert refused.value.code == "ledger-unfinished"
        assert spent(enrolled) == 0
        sending.seal(waiting)
        with pytest.raises(PolicyRefusal) as exhausted:
            sending.prepare(first_quarter, "2016-Q1", road, correct=False)
    assert exhausted.value.code == "budget-exhausted"
    assert spent(enrolled) == 2


def test_a_revision_that_was_given_up_after_its_challenge_is_debited_as_if_it_had_been_drawn(
    enrolled: Desk, year: ReportMaterial
) -> None:
    with pytest.raises(Killed):
        run(enrolled, year, stop_at="challenged")
    assert spent(enrolled) == 0
    corrected = run(enrolled, one_record_edited(1), correct=True)
    assert corrected.revision == 2
    assert spent(enrolled) == 4  # the first from the cap, the second from the reserve


def test_a_revision_that_was_given_up_is_debited_with_the_batches_that_it_had(
    enrolled: Desk, changed_year: ReportMaterial, year: ReportMaterial
) -> None:
    """Its last heat is not in the data any more; what another copy of the directory drew may hold
    it all the same.
    """
    with pytest.raises(Killed):
        run(enrolled, changed_year, stop_at="challenged")
    run(enrolled, year, correct=True)
    (gone,) = {batch.batch_id for batch in changed_year.batches} - {
        batch.batch_id for batch in year.batches
    }
    rows = enrolled.connection.execute(
        "SELECT parcel FROM ledger WHERE batch_id = ?", (gone,)
    ).fetchall()
    assert {row["parcel"] for row in rows} == {"2016 r1"}
    assert not enrolled.connection.execute("SELECT * FROM promised").fetchall()


def test_a_directory_without_a_key_for_today_is_told_before_anything_is_spent(
    enrolled: Desk, year: ReportMaterial
) -> None:
    identity = enrolment.identity(enrolled.state, enrolled.connection, SITE)
    long_ago = SubmissionProcess(
        enrolled.connection, identity, software=SOFTWARE, clock=lambda: NOW.replace(year=1999)
    )
    with enrolled.road as road, pytest.raises(VerificationError) as refused:
        long_ago.prepare(year, "2016", road, correct=False)
    assert refused.value.code == "no-valid-key"
    assert spent(enrolled) == 0
