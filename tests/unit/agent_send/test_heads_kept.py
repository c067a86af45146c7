"""The agent keeps the head of the portal's log: one that was rewritten, cut, forked or lacks its
own entries is refused, with evidence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.catalogue import in_language
from benchmarks.errors import VerificationError
from benchmarks.wire import heads, logged, restarts
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import Tree
from benchmarks.wire.restarts import LogRestartStatement
from reporting_agent.cli import main
from reporting_agent.sending import enrolment, log_heads
from reporting_agent.sending.submission import ReportMaterial
from tests.unit.agent_send.cast import LOGGED_ON, NOW, SITE, Desk, FakePortal, heats, material


@pytest.fixture(scope="module")
def plant() -> ReportMaterial:
    return material(heats(60))


@pytest.fixture
def reported(desk: Desk, plant: ReportMaterial) -> Desk:
    """A site whose commitment and report are entries 3 and 4 of the log, and which has seen a head
    since.
    """
    for number in range(3):
        desk.portal.log.append(other(number))
    desk.enrol()
    with desk.road as road:
        submission = desk.submission()
        submission.consult(road)
        submission.send(submission.prepare(plant, "2016", road, correct=False), road)
    contact(desk)
    return desk


def other(number: int) -> bytes:
    return logged.hashed(EntryKind.ENVELOPE, number.to_bytes(32), LOGGED_ON)


def contact(desk: Desk) -> None:
    with desk.road as road:
        assert desk.submission().consult(road) is None


def refused(desk: Desk) -> str:
    with pytest.raises(VerificationError) as refusal:
        contact(desk)
    assert "Send nothing more" in refusal.value.remedy
    assert re.search("[a-z]+ [a-z]+", in_language(refusal.value.sentence, "zh")) is None
    return refusal.value.code


def leaves_of(portal: FakePortal) -> list[bytes]:
    from benchmarks.wire.merkle import Node

    return [portal.log.node(Node(0, index)) for index in range(len(portal.log))]


def kept_head(desk: Desk) -> heads.TreeHead:
    newest = log_heads.newest_head(desk.connection, desk.portal.directory_key.key_id)
    assert newest is not None
    return heads.read(
        newest.signed, {desk.portal.receipt_key.key_id: desk.portal.receipt_key.public}
    ).head


def test_the_head_seen_grows_with_the_log_and_own_entries_are_asked_for_once(
    reported: Desk,
) -> None:
    assert (kept_head(reported).size, kept_head(reported).root) == (5, reported.portal.log.root())
    asked = [request.url.path for request in reported.portal.asked]
    assert asked.count("/api/v1/log/inclusion/") == 2
    reported.portal.log.append(other(9))
    contact(reported)
    assert kept_head(reported).size == 6
    again = [request.url.path for request in reported.portal.asked]
    assert again.count("/api/v1/log/inclusion/") == 2


TAMPERED: dict[str, tuple[str, Callable[[list[bytes]], list[bytes]]]] = {
    "an entry removed": ("log-rewritten", lambda all_: [*all_[1:], other(20), other(21)]),
    "entries reordered": ("log-rewritten", lambda all_: [all_[1], all_[0], *all_[2:], other(20)]),
    "an entry rewritten": ("log-rewritten", lambda all_: [other(30), *all_[1:], other(20)]),
    "a log cut": ("log-shrunk", lambda all_: all_[:-1]),
    "a fork of one size": ("log-forked", lambda all_: [*all_[:-1], other(20)]),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_log_that_was_tampered_with_is_refused_and_both_heads_are_kept(
    reported: Desk, name: str
) -> None:
    code, tamper = TAMPERED[name]
    before = log_heads.newest_head(reported.connection, reported.portal.directory_key.key_id)
    reported.portal.log = Tree(tamper(leaves_of(reported.portal)))
    spent = reported.connection.execute("SELECT COUNT(*) FROM ledger").fetchone()[0]
    assert refused(reported) == code
    assert (
        log_heads.newest_head(reported.connection, reported.portal.directory_key.key_id) == before
    )
    (evidence,) = log_heads.evidence(reported.connection)
    assert (evidence.code, evidence.second) == (code, reported.portal.signed_head())
    assert before is not None
    assert evidence.first == before.signed
    assert refused(reported) == code  # and again, until it is cleared up
    assert len(log_heads.evidence(reported.connection)) == 1
    assert reported.connection.execute("SELECT COUNT(*) FROM ledger").fetchone()[0] == spent


@pytest.mark.parametrize("name", TAMPERED)
def test_without_the_comparison_every_one_of_them_passes(
    reported: Desk, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "require_succession", lambda *_: None)
    reported.portal.log = Tree(TAMPERED[name][1](leaves_of(reported.portal)))
    contact(reported)


def test_a_portal_that_refuses_the_proof_has_none(reported: Desk) -> None:
    reported.portal.log.append(other(9))
    reported.portal.trouble = lambda request: (
        httpx.Response(404) if "consistency" in request.url.path else None
    )
    assert refused(reported) == "log-rewritten"


def test_a_commitment_that_was_never_logged_is_missed_at_the_next_contact(
    desk: Desk, plant: ReportMaterial
) -> None:
    desk.enrol()
    with desk.road as road:
        submission = desk.submission()
        submission.prepare(plant, "2016", road, correct=False)
    desk.portal.log = Tree(
        [other(1), other(2)]
    )  # challenge and receipt were signed for places that hold something else
    assert refused(desk) == "log-omits"
    (evidence,) = log_heads.evidence(desk.connection)
    assert evidence.second == desk.portal.signed_head()
    desk.portal.log = Tree()
    desk.connection.execute("DELETE FROM log_head")
    assert refused(desk) == "log-omits"


def test_without_the_proof_of_inclusion_a_dropped_one_goes_unnoticed(
    desk: Desk, plant: ReportMaterial, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.enrol()
    with desk.road as road:
        submission = desk.submission()
        submission.prepare(plant, "2016", road, correct=False)
    desk.portal.log = Tree([other(1), other(2)])
    monkeypatch.setattr(log_heads, "require_inclusion", lambda *_: None)
    contact(desk)


def test_a_head_that_another_key_signed_is_refused(reported: Desk) -> None:
    stranger = FakePortal()
    stranger.log = reported.portal.log
    head = stranger.signed_head()
    import base64

    response = httpx.Response(200, json={"head": base64.b64encode(head).decode()})
    reported.portal.trouble = lambda request: (
        response if request.url.path.endswith("/head/") else None
    )
    with pytest.raises(VerificationError) as refusal:
        contact(reported)
    assert refusal.value.code == "tree-head-signature-invalid"


def test_an_unreachable_log_is_an_unreachable_portal_and_changes_nothing(reported: Desk) -> None:
    before = log_heads.newest_head(reported.connection, reported.portal.directory_key.key_id)
    reported.portal.trouble = lambda request: (
        httpx.Response(503) if "/log/" in request.url.path else None
    )
    with reported.road as road:
        assert reported.submission().consult(road) is not None
    assert (
        log_heads.newest_head(reported.connection, reported.portal.directory_key.key_id) == before
    )


def test_what_another_portal_signed_is_not_looked_for_here(reported: Desk) -> None:
    elsewhere = FakePortal()
    identity = enrolment.identity(reported.state, reported.connection, SITE)
    from benchmarks.wire import directory

    foreign_identity = replace(
        identity,
        fingerprint=elsewhere.directory_key.key_id,
        directory=directory.verify(elsewhere.signed_directory(), elsewhere.directory_key.key_id),
    )
    beside = Desk(reported.state, reported.connection, elsewhere, [])
    from reporting_agent.sending.kept_reports import Outbox

    with beside.road as road:
        seen_head = log_heads.look(
            reported.connection, foreign_identity, road, Outbox(reported.connection).all(), NOW
        )
    assert seen_head.head.size == 0
    assert log_heads.newest_head(reported.connection, identity.fingerprint) is not None


def reported_status(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["status", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_status_shows_the_head_and_writes_it_and_the_evidence_out(
    reported: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = str(reported.state.path)
    shown = reported_status(capsys, "--state", state)
    assert (shown["log"]["size"], shown["log"]["root"]) == (5, reported.portal.log.root().hex())
    assert (shown["log_evidence"], shown["log_files"]) == ([], [])
    honest = leaves_of(reported.portal)
    reported.portal.log = Tree([*honest[:-1], other(20)])
    refused(reported)
    out = tmp_path / "heads"
    shown = reported_status(capsys, "--state", state, "--heads", str(out))
    assert [entry["code"] for entry in shown["log_evidence"]] == ["log-forked"]
    assert sorted(file.name for file in out.iterdir()) == [
        "head.cbor",
        "log-forked-1-first.cbor",
        "log-forked-1-second.cbor",
    ]
    keys = {reported.portal.receipt_key.key_id: reported.portal.receipt_key.public}
    seen_heads = [heads.read(file.read_bytes(), keys) for file in sorted(out.iterdir())]
    assert [
        contradiction.refusal.code for contradiction in heads.contradictions(seen_heads, None)
    ] == ["log-forked"]
    for language, word in (("en", "cannot all be true"), ("zh", "相互矛盾")):
        assert main(["status", "--state", state, "--lang", language]) == 0
        assert word in capsys.readouterr().out


def test_two_sites_compare_their_heads_as_files_and_find_that_they_were_shown_different_logs(
    desk: Desk, tmp_path: Path
) -> None:
    """Each log is consistent in itself: only together do they show."""
    portal = desk.portal
    faces = [
        Tree(other(number) for number in range(4)),
        Tree([*(other(number) for number in range(3)), other(99)]),
    ]
    seen_heads = []
    for face in faces:
        portal.log = face
        seen_heads.append(
            heads.read(portal.signed_head(), {portal.receipt_key.key_id: portal.receipt_key.public})
        )
    assert [
        contradiction.refusal.code for contradiction in heads.contradictions(seen_heads, None)
    ] == ["log-forked"]


@pytest.mark.parametrize("asked", ["consistency", "inclusion"])
def test_an_answer_that_is_none_accuses_nobody(
    desk: Desk, plant: ReportMaterial, asked: str
) -> None:
    """A page of some proxy in place of the proof: neither a log that was rewritten nor an entry
    that it lacks.
    """
    desk.enrol()
    with desk.road as road:
        desk.submission().prepare(plant, "2016", road, correct=False)
    if asked == "consistency":
        contact(desk)
        desk.portal.log.append(other(9))
    page = httpx.Response(200, text="<html>Back at ten.</html>")
    desk.portal.trouble = lambda request: page if f"/log/{asked}/" in request.url.path else None
    with pytest.raises(VerificationError) as refusal:
        contact(desk)
    assert refusal.value.code == "answer-unreadable"
    assert log_heads.evidence(desk.connection) == ()
    desk.portal.trouble = lambda _request: None
    contact(desk)


def test_status_tells_of_reports_that_another_portal_received(
    reported: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """A portal with keys of its own: the receipt of the one before stays good, and so does the
    answer about everything else.
    """
    moved = Desk(reported.state, reported.connection, FakePortal(secret="t" * 43), [])
    moved.enrol(replace=True)
    shown = reported_status(capsys, "--state", str(reported.state.path))
    assert shown["reports"][0]["receipt"]["log_index"] == 4
    assert shown["log"] is None  # of the portal of today none was seen


def test_a_restart_that_explains_a_missing_entry_clears_the_evidence_of_it(
    desk: Desk, plant: ReportMaterial
) -> None:
    desk.enrol()
    with desk.road as road:
        desk.submission().prepare(plant, "2016", road, correct=False)
    before = desk.portal.signed_head()
    desk.portal.log = Tree()
    after = desk.portal.signed_head()
    desk.portal.log.append(other(1))
    assert refused(desk) == "log-omits"
    assert len(log_heads.evidence(desk.connection)) == 1
    moment = int(NOW.timestamp())
    desk.portal.restarts = [
        restarts.issue(
            LogRestartStatement(before, 1, after, moment, "The disk failed."),
            desk.portal.directory_key,
        )
    ]
    contact(desk)
    assert log_heads.evidence(desk.connection) == ()
