"""Every operation of the API against the schema it publishes: thousands of requests made from the
schema, right and wrong ones.

An answer is held to what the schema says of it: its status, its media type, its fields, that a
wrong request is refused and a right one is not, and that nothing is ever an error of ours. Three
times: with addresses made up, which are mostly not found; with addresses of what there is, so that
the answers themselves are held to their schema; and with a key of the role that each is for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.core.result import Ok

from portal import keys
from portal.accounts.models import User
from portal.catalogue.models import PeerGroup
from portal.publication import drafting, publishing
from portal.publication.models import Publication
from tests.integration.of_extras import merged
from tests.integration.portal_cast import NOW, PERIOD
from tests.integration.test_api_by_role import House
from tests.integration.test_api_by_role import build_scene as build_house

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

MORE_THAN_A_SCHEMA_CAN_SAY = (
    "commit",
    "commitments_of_device",
    "cosign_log",
    "enrol",
    "hand_back_commitment",
    "rotate",
    "submit",
    "submissions_of_device",
)
"""Operations whose requests must be signed by a key or fit a token: one that fits the schema alone
is malformed all the same.
"""

SIGNED: dict[str, Any] = {
    "operations": [
        {
            "include-operation-id": list(MORE_THAN_A_SCHEMA_CAN_SAY),
            "checks": {
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", 400, 401, 403, 404, 409, 413, 422]
                },
                "negative_data_rejection": {
                    "expected-statuses": [*range(400, 430)]
                },  # too long, too, is refused
            },
        }
    ]
}


def load(configured: dict[str, Any]) -> schemathesis.BaseSchema:
    """The schema as the portal gives it out."""
    config = schemathesis.Config.from_dict(configured)
    return schemathesis.openapi.from_wsgi(
        "/api/v1/schema/?format=json", get_wsgi_application(), config=config
    )


FOR: dict[str, str] = {
    "key": "enterprise",
    "sites": "nation",
    "reports": "enterprise",
    "standings": "enterprise",
    "periods": "nation",
    "participation": "nation",
    "places": "nation",
    "drafts": "nation",
    "assignments": "assigned",
    "obligatory_audits": "nation",
    "samples": "assigned",
    "sample_evidence": "assigned",
    "group": "nation",
    "notifications": "enterprise",
    "mark_notifications_read": "enterprise",
    **merged("FOR"),
}
"""Whose key each operation is asked with that asks for one."""

WITH_A_KEY: dict[str, Any] = {
    "checks": {
        # a cursor that is none of ours, a site that is another's: more than a schema can say
        "positive_data_acceptance": {"expected-statuses": ["2xx", 400, 404]},
        "ignored_auth": {"enabled": False},
    }
}


def operations(schema: schemathesis.BaseSchema) -> Iterator[Any]:
    """Every operation of the schema."""
    for operation in schema.get_all_operations():
        if isinstance(operation, Ok):
            yield operation.ok()


made_up = load(SIGNED)
with_a_key = load(WITH_A_KEY)
fitting = load({"generation": {"mode": "positive"}})
thoroughly = settings(
    max_examples=60 if settings.get_current_profile_name() == "long" else 6,
    deadline=None,
    derandomize=True,
    phases=[
        Phase.explicit,
        Phase.generate,
    ],  # a failure is reported as it came: shrinking takes minutes, and the request is short
    suppress_health_check=list(HealthCheck),
)


@schemathesis.serializer("application/cbor")
def _as_it_is(_ctx: schemathesis.SerializationContext, value: Any) -> Any:
    """A body that the schema calls binary is sent as it was made."""
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.fixture(autouse=True)
def _the_tests_transaction_outlives_a_request() -> Iterator[None]:
    """As Django's own test client has it: the end of a request must not close the connection that
    the test's rows live in.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def build_scene() -> tuple[House, dict[str, str]]:
    """The houses of `test_api_by_role` with a published benchmark beside its next draft; and what
    its addresses are made of.
    """
    house = build_house()
    first = Publication.objects.select_related("period").get()
    drafter, approver = (
        User.objects.get(email=f"{name}@example.org") for name in ("drafter", "approver")
    )
    row = publishing.publish(first, approver, keys.receipt_key(), NOW)
    drafting.draft(first.period, drafter, NOW, "Nothing but the wording.")
    pack = PeerGroup.objects.get(pk=house.group).pack
    return house, {
        "pack": pack,
        "period": PERIOD,
        "version": str(row.version),
        "digest": house.first.digest,
    }


@pytest.fixture
def path_values(scene: tuple[House, dict[str, str]]) -> dict[str, str]:
    return scene[1]


@made_up.parametrize()
@thoroughly
def test_every_request_is_answered_as_the_schema_says(case: Case[Any], portal_keys: object) -> None:
    case.call_and_validate()


@fitting.include(path_regex=r"\{").parametrize()
@thoroughly
def test_what_there_is_has_the_fields_that_the_schema_says(
    case: Case[Any], path_values: dict[str, str]
) -> None:
    case.path_parameters = {
        name: path_values.get(name, value) for name, value in case.path_parameters.items()
    }
    case.call_and_validate()


@pytest.fixture
def keys_by_role(scene: tuple[House, dict[str, str]]) -> dict[str, str]:
    """For each role a key for all that it may."""
    return scene[0].keys


def test_every_operation_that_asks_for_a_key_is_asked_with_one() -> None:
    secured = {
        operation.definition.raw["operationId"]
        for operation in operations(with_a_key)
        if operation.definition.raw.get("security")
    }
    assert secured == set(FOR)


@with_a_key.include(operation_id=list(FOR)).parametrize()
@thoroughly
def test_every_request_with_a_key_is_answered_as_the_schema_says(
    case: Case[Any], keys_by_role: dict[str, str]
) -> None:
    role = FOR[case.operation.definition.raw["operationId"]]
    with transaction.atomic():
        case.call_and_validate(headers={"Authorization": f"Bearer {keys_by_role[role]}"})
        transaction.set_rollback(True)
