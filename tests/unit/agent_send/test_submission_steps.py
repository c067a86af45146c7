"""The chain of submit: one report, one debit, one set of bytes, whatever happens between two
steps.
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from benchmarks.errors import InputError, PolicyRefusal, Unreachable, VerificationError
from benchmarks.measurements import Period
from benchmarks.privacy.randomness import ReportKey
from benchmarks.released import ReleasedLabel
from benchmarks.wire import envelope
from benchmarks.wire.schema import decode_report
from reporting_agent import pipeline
from reporting_agent.cli import main
from reporting_agent.commands.submit import seal_for_carrying, send_online
from reporting_agent.config import load_site
from reporting_agent.sending import enrolment, submission
from reporting_agent.sending.kept_reports import Outbox, Parcel, ParcelState
from reporting_agent.sending.planning import ReportPlan, draw
from reporting_agent.sending.report_material import gather
from reporting_agent.sending.submission import STEPS, ReportMaterial, SubmissionProcess
from tests.statistical import raw_plants
from tests.unit.agent_send.cast import NOW, SITE, Desk, heats, material, problem


class Killed(BaseException):
    """Ends the run as a kill would: nothing of ours catches it."""


def run(
    desk: Desk,
    data: ReportMaterial,
    period: str = "2016",
    *,
    correct: bool = False,
    stop_at: str | None = None,
) -> Parcel:
    def checkpoint(name: str) -> None:
        if name == stop_at:
            raise Killed(name)

    sending = desk.submission(checkpoint)
    with desk.road as road:
        parcel = sending.prepare(data, period, road, correct=correct)
        sending.send(parcel, road)
    return Outbox(desk.connection).get(parcel.site, parcel.period, parcel.revision)


def debited(desk: Desk) -> list[tuple[object, ...]]:
    return [
        tuple(row)
        for row in desk.connection.execute(
            "SELECT * FROM ledger ORDER BY step, batch_id, release_id"
        )
    ]


def test_a_report_reaches_the_portal_and_opens_to_what_was_kept(
    enrolled: Desk, year: ReportMaterial
) -> None:
    parcel = run(enrolled, year)
    (body,) = enrolled.portal.submissions.values()
    opened = envelope.open(
        envelope.parse(body),
        enrolled.portal.processing_key,
        next(iter(enrolled.portal.devices.values())),
    )
    assert parcel.state is ParcelState.RECEIVED
    assert parcel.plaintext is not None
    assert opened == decode_report(parcel.plaintext)
    assert [(label.step, label.metric) for label in opened.released.labels] == [
        ("eaf", "total"),
        ("eaf", "electricity"),
    ]


def test_two_metrics_of_a_heat_spend_two_of_two(enrolled: Desk, year: ReportMaterial) -> None:
    run(enrolled, year)
    spent = enrolled.connection.execute(
        "SELECT batch_id, SUM(epsilon_numerator), COUNT(*) FROM ledger GROUP BY batch_id"
    ).fetchall()
    assert len(spent) == 400
    assert {(row[1], row[2]) for row in spent} == {(2, 2)}


@pytest.mark.parametrize("stop_at", STEPS)
def test_killed_after_any_step_and_run_again_one_report_is_sent_and_debited_once(
    enrolled: Desk, year: ReportMaterial, stop_at: str
) -> None:
    with pytest.raises(Killed):
        run(enrolled, year, stop_at=stop_at)
    after_kill = debited(enrolled)
    parcel = run(enrolled, year)
    assert parcel.state is ParcelState.RECEIVED
    assert list(enrolled.portal.submissions) == [(SITE, "2016", 1)]
    assert set(enrolled.portal.bodies) == {parcel.envelope}
    assert len(debited(enrolled)) == 800
    assert after_kill in ([], debited(enrolled))


def test_drawing_again_after_a_crash_gives_the_same_grid_points(
    enrolled: Desk, year: ReportMaterial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the killed run drew and lost is what the report then holds: nobody draws twice until the
    luck is good.
    """
    lost: list[object] = []

    def watched(
        planned: ReportPlan, key: ReportKey, *, root: bytes, challenge: bytes
    ) -> list[ReleasedLabel]:
        drawn = draw(planned, key, root=root, challenge=challenge)
        lost.append(drawn)
        return drawn

    def kill_at_drawn(name: str) -> None:
        if name == "drawn":
            raise Killed(name)

    with enrolled.road as road, monkeypatch.context() as watching:
        watching.setattr(submission, "draw", watched)
        with pytest.raises(Killed):
            enrolled.submission(kill_at_drawn).prepare(year, "2016", road, correct=False)
    parcel = run(enrolled, year)
    assert parcel.plaintext is not None
    assert [list(decode_report(parcel.plaintext).released.labels)] == lost


def test_the_same_period_again_sends_nothing_new_and_gives_the_same_receipt(
    enrolled: Desk, year: ReportMaterial
) -> None:
    first = run(enrolled, year)
    second = run(enrolled, year)
    assert (second.envelope, second.receipt) == (first.envelope, first.receipt)
    assert len(enrolled.portal.bodies) == 1


def test_records_read_in_another_order_are_the_same_data(
    enrolled: Desk, year: ReportMaterial
) -> None:
    first = run(enrolled, year)
    again = run(enrolled, material(list(reversed(heats(400)))))
    assert again.digest == first.digest


def test_an_answer_lost_on_the_way_ends_with_the_same_report_and_receipt(
    enrolled: Desk, year: ReportMaterial
) -> None:
    enrolled.portal.lose_answers = 4
    with pytest.raises(Killed):
        run(enrolled, year, stop_at="sealed")
    assert enrolled.portal.commitment_bodies == enrolled.portal.commitment_bodies[:1] * 5
    enrolled.portal.lose_answers = 2
    parcel = run(enrolled, year)
    assert parcel.state is ParcelState.RECEIVED
    assert enrolled.portal.bodies == [parcel.envelope] * 3


def gone(_request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route to host")


def test_without_a_portal_the_report_stays_committed_and_nothing_is_debited_or_drawn(
    enrolled: Desk, year: ReportMaterial
) -> None:
    enrolled.portal.trouble = gone
    with pytest.raises(Unreachable):
        run(enrolled, year)
    (waiting,) = Outbox(enrolled.connection).all()
    assert (waiting.state, waiting.envelope) == (ParcelState.COMMITTED, None)
    assert debited(enrolled) == []
    enrolled.portal.trouble = lambda _request: None
    assert run(enrolled, year).state is ParcelState.RECEIVED
    assert enrolled.portal.commitment_bodies == [waiting.commitment]


def test_an_unreachable_portal_leaves_the_report_spooled_and_the_next_run_sends_the_same_bytes(
    enrolled: Desk, year: ReportMaterial
) -> None:
    enrolled.portal.trouble = lambda request: (
        gone(request) if request.url.path == "/api/v1/submissions/" else None
    )
    with pytest.raises(Unreachable):
        run(enrolled, year)
    (spooled,) = Outbox(enrolled.connection).spooled()
    enrolled.portal.trouble = lambda _request: None
    assert run(enrolled, year).envelope == spooled.envelope
    assert Outbox(enrolled.connection).spooled() == ()


def test_a_refusal_is_told_in_the_portals_words_and_kept_beside_the_report(
    enrolled: Desk, year: ReportMaterial
) -> None:
    enrolled.portal.trouble = lambda request: (
        problem(401, "device-revoked", "This device was revoked.")
        if request.url.path == "/api/v1/submissions/"
        else None
    )
    with pytest.raises(InputError, match="This device was revoked") as refused:
        run(enrolled, year)
    (spooled,) = Outbox(enrolled.connection).spooled()
    assert refused.value.code == "device-revoked"
    assert spooled.refusal == "This device was revoked. [device-revoked]"
    assert spooled.attempts == 1


def test_changed_data_are_refused_without_correct_and_nothing_is_spent(
    enrolled: Desk, year: ReportMaterial, changed_year: ReportMaterial
) -> None:
    run(enrolled, year)
    before = debited(enrolled)
    with pytest.raises(PolicyRefusal) as refused:
        run(enrolled, changed_year)
    assert refused.value.code == "data-changed"
    assert "--correct" in refused.value.remedy
    assert debited(enrolled) == before


def test_a_correction_is_the_next_revision_once(
    enrolled: Desk, year: ReportMaterial, changed_year: ReportMaterial
) -> None:
    run(enrolled, year)
    corrected = run(enrolled, changed_year, correct=True)
    again = run(enrolled, changed_year, correct=True)
    assert (corrected.revision, corrected.correction) == (2, True)
    assert again.digest == corrected.digest
    assert sorted(revision for _, _, revision in enrolled.portal.submissions) == [1, 2]


@pytest.mark.parametrize("stop_at", STEPS)
def test_a_killed_correction_is_finished_by_the_next_run(
    enrolled: Desk, year: ReportMaterial, changed_year: ReportMaterial, stop_at: str
) -> None:
    run(enrolled, year)
    with pytest.raises(Killed):
        run(enrolled, changed_year, correct=True, stop_at=stop_at)
    parcel = run(enrolled, changed_year, correct=True)
    assert parcel.revision == 2
    assert sorted(revision for _, _, revision in enrolled.portal.submissions) == [1, 2]
    corrections = enrolled.connection.execute(
        "SELECT COUNT(*) FROM ledger WHERE correction = 1"
    ).fetchone()[0]
    assert corrections == 802


def test_a_second_correction_of_a_year_is_refused_before_anything_is_drawn(
    enrolled: Desk, year: ReportMaterial, changed_year: ReportMaterial
) -> None:
    run(enrolled, year)
    run(enrolled, changed_year, correct=True)
    with pytest.raises(PolicyRefusal) as refused:
        run(enrolled, material(heats(402)), correct=True)
    assert refused.value.code == "corrections-used"
    assert len(Outbox(enrolled.connection).all()) == 2


def test_data_that_change_back_bring_back_the_sealed_report(
    enrolled: Desk, year: ReportMaterial, changed_year: ReportMaterial
) -> None:
    first = run(enrolled, year)
    with pytest.raises(Killed):
        run(enrolled, changed_year, correct=True, stop_at="debited")
    assert run(enrolled, year).digest == first.digest


def allowing(corrections: int, data: ReportMaterial) -> ReportMaterial:
    """Under a policy that allows so many corrections a year."""
    policy = data.pack.policy.model_copy(update={"corrections_per_year": corrections})
    return replace(data, pack=data.pack.model_copy(update={"policy": policy}))


def test_data_from_before_a_correction_are_changed_data_and_no_earlier_revision_comes_back(
    enrolled: Desk, year: ReportMaterial, changed_year: ReportMaterial
) -> None:
    """The portal counts the correction: an agent that named the first revision as received would
    tell of a report that is none.
    """
    first, second = (allowing(2, data) for data in (year, changed_year))
    run(enrolled, first)
    run(enrolled, second, correct=True)
    with pytest.raises(PolicyRefusal) as refused:
        run(enrolled, first)
    assert refused.value.code == "data-changed"
    assert "revision 2" in refused.value.sentence
    corrected = run(enrolled, first, correct=True)
    assert (corrected.revision, corrected.state) == (3, ParcelState.RECEIVED)
    assert run(enrolled, first).digest == corrected.digest


@pytest.mark.parametrize("stop_at", ["planned", "committed"])
def test_data_that_change_before_the_portal_has_their_commitment_are_committed_to_anew(
    enrolled: Desk, year: ReportMaterial, changed_year: ReportMaterial, stop_at: str
) -> None:
    with pytest.raises(Killed):
        run(enrolled, year, stop_at=stop_at)
    parcel = run(enrolled, changed_year)
    assert parcel.revision == 1
    assert len(debited(enrolled)) == 802


@pytest.mark.parametrize("stop_at", ["challenged", "debited", "drawn"])
def test_data_that_change_once_the_challenge_is_known_make_the_next_revision(
    enrolled: Desk, year: ReportMaterial, changed_year: ReportMaterial, stop_at: str
) -> None:
    with pytest.raises(Killed):
        run(enrolled, year, stop_at=stop_at)
    with pytest.raises(PolicyRefusal) as refused:
        run(enrolled, changed_year)
    assert refused.value.code == "data-changed"
    parcel = run(enrolled, changed_year, correct=True)
    assert (parcel.revision, parcel.correction) == (2, True)
    assert {
        row[6] for row in debited(enrolled) if row[2] == "works-2/2016/2/eaf/liquid-steel/any/total"
    } == {1}


def test_an_overlapping_period_draws_on_the_same_account(
    enrolled: Desk, year: ReportMaterial, first_quarter: ReportMaterial
) -> None:
    run(enrolled, year)
    with pytest.raises(PolicyRefusal) as refused:
        run(enrolled, first_quarter, "2016-Q1")
    assert refused.value.code == "budget-exhausted"
    assert len(Outbox(enrolled.connection).all()) == 1


def test_too_few_heats_are_refused_and_nothing_is_planned(enrolled: Desk) -> None:
    with pytest.raises(PolicyRefusal) as refused:
        run(enrolled, material(heats(49)))
    assert refused.value.code == "too-few-batches"
    assert Outbox(enrolled.connection).all() == ()


def test_every_release_is_in_exact_fractions(enrolled: Desk, year: ReportMaterial) -> None:
    run(enrolled, year)
    rows = enrolled.connection.execute(
        "SELECT DISTINCT epsilon_numerator, epsilon_denominator FROM ledger"
    ).fetchall()
    assert {Fraction(row[0], row[1]) for row in rows} == {Fraction(1)}


def test_a_receipt_for_another_envelope_is_not_accepted_and_the_report_stays_spooled(
    enrolled: Desk, year: ReportMaterial
) -> None:
    other = run(enrolled, year)
    assert other.receipt is not None
    answer = httpx.Response(201, json={"receipt": base64.b64encode(other.receipt).decode()})
    enrolled.portal.trouble = lambda request: (
        answer if request.url.path == "/api/v1/submissions/" else None
    )
    with pytest.raises(VerificationError) as refused:
        run(enrolled, material(heats(300, year=2017), "2017"), "2017")
    assert refused.value.code == "receipt-for-another"
    assert [parcel.period for parcel in Outbox(enrolled.connection).spooled()] == ["2017"]


def test_nothing_exact_is_in_the_sealed_plaintext(enrolled: Desk, year: ReportMaterial) -> None:
    parcel = run(enrolled, year)
    assert parcel.plaintext is not None
    assert b"H2016" not in parcel.plaintext
    report = decode_report(parcel.plaintext)
    exact = {label.best.value for label in year.site_label.steps} | {
        label.typical for label in year.site_label.steps
    }
    assert {float(label.best_value) for label in report.released.labels}.isdisjoint(exact)
    assert {label.count_class for label in report.released.labels} == {340}


def test_an_incomplete_metric_is_withheld_under_its_reason_and_the_other_is_sent(
    enrolled: Desk,
) -> None:
    parcel = run(enrolled, material(heats(400, gas_lhv=None)))
    assert parcel.plaintext is not None
    released = decode_report(parcel.plaintext).released
    assert [label.metric for label in released.labels] == ["electricity"]
    assert [entry for entry in released.withheld if entry[0] == "eaf"] == [
        ("eaf", "total", "metric-incomplete")
    ]


def test_a_state_directory_set_back_to_an_older_copy_spends_nothing_on_what_was_reported_since(
    enrolled: Desk, year: ReportMaterial, first_quarter: ReportMaterial
) -> None:
    """Disk restored from last month's backup: the portal remembers what the ledger forgot."""
    run(enrolled, year)
    enrolled.connection.execute("DELETE FROM parcel")
    enrolled.connection.execute("DELETE FROM ledger")
    for data, period in ((year, "2016"), (first_quarter, "2016-Q1")):
        sending = enrolled.submission()
        with enrolled.road as road:
            assert sending.consult(road) is None
        with pytest.raises(PolicyRefusal) as refused:
            sending.begin(data, period, correct=False)
        assert refused.value.code == "ledger-set-back"
    assert debited(enrolled) == []


def test_a_forgotten_report_of_another_period_stands_in_the_way_until_its_period_is_closed(
    enrolled: Desk, year: ReportMaterial
) -> None:
    """Its records could come again under another start; enrolling anew closes the periods of what
    is not known, and says so.
    """
    run(enrolled, year)
    enrolled.connection.execute("DELETE FROM parcel")
    sending = enrolled.submission()
    with enrolled.road as road:
        assert sending.consult(road) is None
        with pytest.raises(PolicyRefusal) as refused:
            sending.begin(material(heats(300, year=2017), "2017"), "2017", correct=False)
        assert refused.value.code == "ledger-set-back"
        enrolled.portal.secret = "t" * 43
        done = enrolled.enrol(replace=True)
        assert enrolment.reported_elsewhere(
            enrolled.state, enrolled.connection, road, done, now=NOW
        ) == ("2016",)
        with pytest.raises(PolicyRefusal) as closed:
            enrolled.submission().begin(year, "2016", correct=False)
        assert closed.value.code == "ledger-set-back"
        sending = enrolled.submission()
        assert sending.consult(road) is None
        assert sending.prepare(
            material(heats(300, year=2017), "2017"), "2017", road, correct=False
        ).is_sealed


def test_a_revoked_device_hears_it_before_it_spends(enrolled: Desk) -> None:
    enrolled.portal.trouble = lambda request: (
        problem(401, "device-unknown", "No such device.")
        if "submissions" in request.url.path
        else None
    )
    with pytest.raises(InputError, match="No such device"), enrolled.road as road:
        enrolled.submission().consult(road)


MIDNIGHT, AN_HOUR_LATER = '"00:00", "08:00", "16:00"', '"01:00", "09:00", "17:00"'


@pytest.mark.parametrize(
    ("second", "now", "refused"),
    [
        ("2025", MIDNIGHT, None),
        ("2025", AN_HOUR_LATER, "runs-cut-otherwise"),
        ("2025-Q2", AN_HOUR_LATER, None),
    ],
)
def test_the_time_of_a_log_is_reported_in_one_cut_alone(
    enrolled: Desk, tmp_path: Path, second: str, now: str, refused: str | None
) -> None:
    """Accounts of runs go by the beginning of their window: in other runs the same rows would have
    spent nothing yet.
    """
    first = from_log(tmp_path, MIDNIGHT, "2025-Q1")
    assert run(enrolled, first, "2025-Q1").state is ParcelState.RECEIVED
    again = from_log(tmp_path, now, second)
    if second == "2025-Q2":
        with pytest.raises(PolicyRefusal) as nothing:
            run(enrolled, again, second)
        assert (
            nothing.value.code != "runs-cut-otherwise"
        )  # the log ends before: only the cut is looked at here
        return
    if refused is None:
        assert run(enrolled, again, second).state is ParcelState.RECEIVED
    else:
        with pytest.raises(PolicyRefusal) as refusal:
            run(enrolled, again, second)
        assert refusal.value.code == refused
    assert len({row[3] for row in debited(enrolled)}) == 1


def from_log(folder: Path, starts: str, period: str) -> ReportMaterial:
    """The material of a log of the raw plants, cut at these starts of shifts."""
    plant = raw_plants.by_log()
    replace(plant, site=plant.site.replace(MIDNIGHT, starts)).write(folder)
    read = load_site(folder / "site.toml")
    return gather(
        read,
        pipeline.pack_of(read),
        Period.parse(period, read.zone),
        (),
        None,
        pool=False,
        correct=False,
    )


def sealed_under_a_device_that_is_replaced(desk: Desk, data: ReportMaterial) -> SubmissionProcess:
    """The portal, asked meanwhile, has no such report."""
    with pytest.raises(Killed):
        run(desk, data, stop_at="sealed")
    desk.portal.secret = "t" * 43
    desk.enrol(replace=True)
    sending = desk.submission()
    with desk.road as road:
        sending.consult(road)
    return sending


def test_what_was_sealed_anew_is_told_by_the_digest_that_the_portal_received(
    enrolled: Desk, year: ReportMaterial
) -> None:
    sending = sealed_under_a_device_that_is_replaced(enrolled, year)
    with enrolled.road as road:
        payload, text = send_online(sending, road, year, "2016", False, print)
    (body,) = enrolled.portal.submissions.values()
    assert payload["envelope_digest"] == sha256(body).hexdigest()
    assert sha256(body).hexdigest() in text


def test_a_file_to_be_carried_is_sealed_anew_where_the_portal_would_not_take_the_old_one(
    enrolled: Desk, year: ReportMaterial, tmp_path: Path
) -> None:
    sending = sealed_under_a_device_that_is_replaced(enrolled, year)
    file = tmp_path / "report.sealed"
    seal_for_carrying(sending, sending.begin(year, "2016", correct=False), year, file)
    device = envelope.parse(file.read_bytes()).header.device_id
    enrolment_in_force = enrolment.current(enrolled.connection)
    assert enrolment_in_force is not None
    assert device == enrolment_in_force.device_id
    again = enrolled.submission()  # without a contact nothing is known of what the portal holds
    seal_for_carrying(
        again, again.begin(year, "2016", correct=False), year, tmp_path / "again.sealed"
    )
    assert (tmp_path / "again.sealed").read_bytes() == file.read_bytes()


def test_a_revision_that_another_took_the_place_of_needs_nobody_any_more(
    enrolled: Desk,
    year: ReportMaterial,
    changed_year: ReportMaterial,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(Killed):
        run(enrolled, year, stop_at="challenged")
    run(enrolled, changed_year, correct=True)
    state = ["--state", str(enrolled.state.path)]
    assert main(["status", "--json", "--trouble-fails", *state]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert ([report["given_up"] for report in shown["reports"]], shown["unfinished"]) == (
        [True, False],
        0,
    )
    assert main(["status", *state]) == 0
    assert "run submit again" not in capsys.readouterr().out
