"""POST /api/v1/enrolments/ and GET /api/v1/directory/: one token, one device, and the keys to
trust.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from benchmarks.wire import directory
from benchmarks.wire.directory import EnrolmentSecret
from benchmarks.wire.signing import DeviceKey
from portal import keys
from portal.accounts.enrolling import issue_token
from portal.accounts.models import Device, EnrolmentToken
from tests.integration.portal_cast import Cast, make_cast

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal_keys")]


def build_scene() -> Cast:
    return make_cast(plants=1)


@pytest.fixture
def token(cast: Cast) -> EnrolmentSecret:
    return EnrolmentSecret.parse(
        issue_token(
            cast.plants[0].site,
            cast.drafter,
            keys.published_directory().fingerprint,
            timezone.now(),
        )
    )


def enrol(client: Client, secret: str, key: DeviceKey, **fields: Any) -> Any:
    body = {
        "secret": secret,
        "device_public_key": key.public.hex,
        "seed_commitment": "ab" * 32,
        "software": "test",
        **fields,
    }
    return client.post("/api/v1/enrolments/", body, content_type="application/json")


def test_a_token_admits_one_device_and_brings_the_directory_it_vouches_for(
    client: Client, token: EnrolmentSecret
) -> None:
    answer = enrol(client, token.secret, DeviceKey.generate())
    assert answer.status_code == 201
    body = answer.json()
    assert body["site"] == "works-1"
    directory.verify(base64.b64decode(body["directory"]), token.fingerprint)


def test_the_same_keys_with_the_same_token_again_get_the_same_answer(
    client: Client, token: EnrolmentSecret
) -> None:
    key = DeviceKey.generate()
    first, again = enrol(client, token.secret, key), enrol(client, token.secret, key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_a_used_token_admits_no_second_device(client: Client, token: EnrolmentSecret) -> None:
    enrol(client, token.secret, DeviceKey.generate())
    answer = enrol(client, token.secret, DeviceKey.generate())
    assert (answer.status_code, answer.json()["code"]) == (403, "token-unknown")


def test_an_expired_or_unknown_token_admits_nobody(client: Client, cast: Cast) -> None:
    old = EnrolmentSecret.parse(
        issue_token(cast.plants[0].site, None, "0" * 64, timezone.now() - timedelta(days=8))
    )
    for secret in (old.secret, "x" * 43):
        answer = enrol(client, secret, DeviceKey.generate())
        assert (answer.status_code, answer.json()["code"]) == (403, "token-unknown")
    assert Device.objects.count() == 1


def test_a_key_serves_one_site_once(client: Client, cast: Cast, token: EnrolmentSecret) -> None:
    answer = enrol(client, token.secret, cast.plants[0].key)
    assert (answer.status_code, answer.json()["code"]) == (409, "device-known")
    assert (
        EnrolmentToken.objects.get(used_at=None).site == cast.plants[0].site
    )  # the token is not spent by a refusal


@pytest.mark.parametrize(
    "fields",
    [
        {"device_public_key": "zz"},
        {"device_public_key": int("1" * 64)},
        {"seed_commitment": None},
        {"software": 7},
        {"software": "a\x00b"},
        {"extra": "field"},
    ],
)
def test_fields_are_taken_strictly(
    client: Client, token: EnrolmentSecret, fields: dict[str, Any]
) -> None:
    answer = enrol(client, token.secret, DeviceKey.generate(), **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-fields")
    assert list(answer.json()["errors"]) == list(fields)


@pytest.mark.parametrize("body", [b"", b"[]", b"nonsense", b'"text"', b"null", b"\xff\xfe"])
def test_a_body_that_is_no_object_is_a_problem_and_no_crash(client: Client, body: bytes) -> None:
    answer = client.post("/api/v1/enrolments/", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_only_the_digest_of_a_token_is_kept(token: EnrolmentSecret) -> None:
    row = EnrolmentToken.objects.get(used_at=None)
    assert token.secret not in str(row.__dict__)


def test_the_directory_is_public(client: Client, cast: Cast) -> None:
    body = client.get("/api/v1/directory/").json()
    directory.verify(base64.b64decode(body["directory"]), keys.published_directory().fingerprint)


def test_the_schema_describes_every_address(client: Client) -> None:
    schema = client.get("/api/v1/schema/?format=json").json()
    assert {
        "/api/v1/submissions/",
        "/api/v1/enrolments/",
        "/api/v1/directory/",
        "/api/v1/benchmarks/",
    } <= schema["paths"].keys()


def test_an_unknown_address_of_the_api_is_a_problem_document(client: Client) -> None:
    answer = client.get("/api/v1/nothing/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    "body", ["[" * 3_000 + "]" * 3_000, '{"secret":' * 1_500 + "1" + "}" * 1_500]
)
@pytest.mark.parametrize(
    "address", ["/api/v1/enrolments/", "/api/v1/rotations/", "/api/v1/log/cosignatures/"]
)
def test_a_body_that_is_nested_too_deep_is_refused_like_any_that_is_none(
    client: Client, cast: Cast, address: str, body: str
) -> None:
    client.raise_request_exception = False
    answer = client.post(address, body, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert answer.json()["code"] == "parse-error"
