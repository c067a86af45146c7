"""Enrolment: one token, one device, whatever breaks in between; and no keys taken from a
stranger.
"""

from __future__ import annotations

import dataclasses
import json
import stat

import httpx
import pytest

from benchmarks.errors import InputError, Unreachable, VerificationError
from benchmarks.privacy import randomness
from benchmarks.wire import sealing
from benchmarks.wire.signing import DirectoryKey
from reporting_agent.sending import enrolment
from reporting_agent.sending.enrolment import SEED_FILE
from tests.unit.agent_send.cast import NOW, SITE, Desk, FakePortal


def test_the_portal_gets_public_key_commitment_and_secret_and_nothing_else(desk: Desk) -> None:
    done = desk.enrol()
    (request,) = desk.portal.asked
    sent = json.loads(request.content)
    seed = desk.state.read_secret(SEED_FILE)
    assert (done.site, done.state) == (SITE, "registered")
    assert set(sent) == {"secret", "device_public_key", "seed_commitment", "software"}
    assert sent["seed_commitment"] == randomness.commitment(seed).hex()
    assert seed.hex() not in request.content.decode()
    assert desk.portal.directory_key.key_id not in request.content.decode()


def test_secrets_are_readable_by_their_owner_only(desk: Desk) -> None:
    done = desk.enrol()
    for name in (SEED_FILE, done.key_file):
        assert stat.S_IMODE((desk.state.path / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(desk.state.path.stat().st_mode) == 0o700
    assert stat.S_IMODE(desk.state.database.stat().st_mode) == 0o600


def test_a_secret_that_others_can_read_is_refused(desk: Desk) -> None:
    desk.enrol()
    (desk.state.path / SEED_FILE).chmod(0o644)
    with pytest.raises(InputError) as refused:
        desk.submission()
    assert refused.value.code == "secret-readable"


def test_an_answer_lost_on_the_way_is_asked_for_again_with_the_same_keys(desk: Desk) -> None:
    desk.portal.lose_answers = 1
    done = desk.enrol()
    sent = [json.loads(request.content) for request in desk.portal.asked]
    assert done.is_registered
    assert sent[0] == sent[1]


def test_killed_before_the_portal_answered_the_next_run_registers_the_same_key(desk: Desk) -> None:
    def gone(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route")

    desk.portal.trouble = gone
    with pytest.raises(Unreachable):
        desk.enrol()
    waiting = enrolment.pending(desk.connection)
    desk.portal.trouble = lambda _request: None
    done = desk.enrol()
    assert waiting is not None
    assert done.key_file == waiting.key_file
    assert len(desk.portal.devices) == 1


def test_the_same_token_again_asks_the_portal_nothing(enrolled: Desk) -> None:
    before = len(enrolled.portal.asked)
    assert enrolled.enrol().is_registered
    assert len(enrolled.portal.asked) == before


def test_a_directory_signed_by_another_key_than_the_token_names_is_refused(desk: Desk) -> None:
    token = desk.portal.token
    desk.portal.directory_key = DirectoryKey.generate()
    with pytest.raises(VerificationError) as refused, desk.road as road:
        enrolment.enrol(desk.state, desk.connection, road, token, software="x", now=NOW)
    assert refused.value.code == "directory-signer-unknown"
    assert enrolment.current(desk.connection) is None


def test_another_token_needs_replace_and_makes_a_new_device_key_with_the_same_seed(
    enrolled: Desk,
) -> None:
    seed = enrolled.state.read_secret(SEED_FILE)
    enrolled.portal.secret = "t" * 43
    with pytest.raises(InputError) as refused:
        enrolled.enrol()
    assert refused.value.code == "already-enrolled"
    enrolled.enrol(replace=True)
    assert len(enrolled.portal.devices) == 2
    assert enrolled.state.read_secret(SEED_FILE) == seed


def test_a_new_device_key_is_no_way_back_to_an_older_key_directory(desk: Desk) -> None:
    desk.portal.number = 5
    desk.enrol()
    desk.portal.number, desk.portal.secret = 4, "t" * 43
    with pytest.raises(VerificationError) as refused:
        desk.enrol(replace=True)
    assert refused.value.code == "directory-outdated"


def test_a_lost_seed_is_not_replaced_by_another(enrolled: Desk) -> None:
    (enrolled.state.path / SEED_FILE).unlink()
    enrolled.portal.secret = "t" * 43
    with pytest.raises(InputError) as refused:
        enrolled.enrol(replace=True)
    assert refused.value.code == "secret-missing"
    assert not enrolled.state.has_secret(SEED_FILE)


def test_the_token_itself_is_kept_nowhere(enrolled: Desk) -> None:
    secret = enrolled.portal.secret.encode()
    for file in enrolled.state.path.iterdir():
        assert secret not in file.read_bytes()


def test_another_site_is_told_apart_before_anything_is_signed(enrolled: Desk) -> None:
    with pytest.raises(InputError) as refused:
        enrolment.identity(enrolled.state, enrolled.connection, "works-3")
    assert refused.value.code == "site-mismatch"


def test_nothing_is_submitted_without_enrolment(desk: Desk) -> None:
    with pytest.raises(InputError) as refused:
        enrolment.identity(desk.state, desk.connection, SITE)
    assert refused.value.code == "not-enrolled"


def test_a_newer_directory_is_taken_and_kept_and_an_older_one_refused(enrolled: Desk) -> None:
    identity = enrolment.identity(enrolled.state, enrolled.connection, SITE)
    older = enrolled.portal.signed_directory()
    enrolled.portal.number = 2
    renewed = enrolment.renew_directory(
        enrolled.connection, identity, enrolled.portal.signed_directory()
    )
    stored_identity = enrolment.identity(enrolled.state, enrolled.connection, SITE)
    assert (renewed.directory.number, stored_identity.directory.number) == (2, 2)
    with pytest.raises(VerificationError) as refused:
        enrolment.renew_directory(enrolled.connection, stored_identity, older)
    assert refused.value.code == "directory-outdated"


def test_an_identity_does_not_print_its_secrets(enrolled: Desk) -> None:
    identity = enrolment.identity(enrolled.state, enrolled.connection, SITE)
    assert identity.seed.hex() not in repr(identity)
    assert repr(identity.seed) not in repr(identity)
    assert dataclasses.replace(identity, site="other").seed == identity.seed


def test_a_new_device_key_is_no_way_to_another_key_directory_of_the_same_number(
    enrolled: Desk,
) -> None:
    enrolled.portal.processing_key, enrolled.portal.secret = sealing.generate(), "t" * 43
    with pytest.raises(VerificationError) as refused:
        enrolled.enrol(replace=True)
    assert refused.value.code == "directory-forked"


def test_nor_is_a_stay_at_another_portal(desk: Desk) -> None:
    desk.portal.number = 5
    desk.enrol()
    Desk(desk.state, desk.connection, FakePortal(secret="t" * 43), []).enrol(replace=True)
    desk.portal.number, desk.portal.secret = 4, "u" * 43
    with pytest.raises(VerificationError) as refused:
        desk.enrol(replace=True)
    assert refused.value.code == "directory-outdated"
