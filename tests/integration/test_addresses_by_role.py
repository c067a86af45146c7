"""Every address of the portal, opened and posted to by every role: the table below says what each must be told.

The addresses come from the URLconf itself, so a page that is added without a line here fails the first test.

    ok        the page, the file, or the answer of the API
    sign-in   sent to sign in, and back here afterwards
    role      signed in, but the page is another role's (403)
    nothing   not there, exactly as an address that never was (404)
    method    nothing here takes a POST, or a GET (405)
    back      sent to the page this belongs to; nothing has happened
    done      it happened; sent on to a page that says so
    wrong     the form or the body is refused with its reason (400, or 415 where it is of no kind that is read)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from portal import keys, urls
from portal.accounts.models import Device, EnrolmentToken, Jurisdiction, Organisation, Role
from portal.assurance.services import assign
from portal.auditlog.models import Event
from portal.intake import services as intake
from portal.intake.models import Submission
from portal.opening import services as opening
from portal.publication import services as publication
from portal.publication.models import Publication
from tests.integration.portal_cast import NOW, PASSWORD, PERIOD, Cast, make_cast, person

pytestmark = [pytest.mark.django_db(databases=["default", "vault"]), pytest.mark.usefixtures("portal_keys")]

ROLES = ("anonymous", "stranger", "enterprise", "other-enterprise", "nation", "own-province", "other-province", "assigned", "unassigned")
ENTERPRISES = ("enterprise", "other-enterprise")
REGULATORS = ("nation", "own-province", "other-province")
BODIES = ("assigned", "unassigned")


def all_may(answer: str) -> dict[str, str]:
    return dict.fromkeys(ROLES, answer)


def only(roles: tuple[str, ...], answer: str, **exceptions: str) -> dict[str, str]:
    """For one kind of people; the others are asked to sign in or told that it is not for them."""
    told = dict.fromkeys(ROLES, "role") | {"anonymous": "sign-in"} | dict.fromkeys(roles, answer)
    return told | {role.replace("_", "-"): one for role, one in exceptions.items()}


NO = all_may("method")
OWN = only(ENTERPRISES, "ok", other_enterprise="nothing")
MINE = only(BODIES, "ok", unassigned="nothing")
OFFICE = only(REGULATORS, "ok", own_province="nothing", other_province="nothing")

TABLE: dict[str, tuple[dict[str, Any] | str, dict[str, str], dict[str, str]]] = {
    # name: what stands in the address, GET, POST; what has no name stands by its pattern, with an address it fits
    "web:benchmarks": ({}, all_may("ok"), NO),
    "web:benchmark-in-force": ({"pack": "cement", "period": PERIOD}, all_may("back"), NO),
    "web:benchmark": ({"pack": "cement", "period": PERIOD, "version": 1}, all_may("ok"), NO),
    "web:benchmark-csv": ({"pack": "cement", "period": PERIOD, "version": 1}, all_may("ok"), NO),
    "web:benchmark-json": ({"pack": "cement", "period": PERIOD, "version": 1}, all_may("ok"), NO),
    "web:benchmark-route-in-force": ({"pack": "cement", "route": "dry-process", "period": PERIOD}, all_may("back"), NO),
    "web:benchmark-route": ({"pack": "cement", "route": "dry-process", "period": PERIOD, "version": 1}, all_may("ok"), NO),
    "web:benchmark-route-csv": ({"pack": "cement", "route": "dry-process", "period": PERIOD, "version": 1}, all_may("ok"), NO),
    "web:benchmark-route-json": ({"pack": "cement", "route": "dry-process", "period": PERIOD, "version": 1}, all_may("ok"), NO),
    "web:sign-in": ({}, all_may("ok"), all_may("wrong")),
    "web:sign-out": ({}, NO, all_may("back")),
    "web:language": ({}, all_may("back"), all_may("back")),
    "web:stand": ({}, only(ENTERPRISES, "ok"), NO),
    "web:submissions": ({}, only(ENTERPRISES, "ok"), NO),
    "web:upload": ({}, only(ENTERPRISES, "ok"), only(ENTERPRISES, "wrong")),
    "web:submission": ({"digest": "DIGEST"}, OWN, NO),
    "web:submission-receipt": ({"digest": "DIGEST"}, OWN, NO),
    "web:sites": ({}, only(ENTERPRISES, "ok"), NO),
    "web:token": ({"slug": "works-1"}, only(ENTERPRISES, "back"), OWN),
    "web:revoke": ({"device": "DEVICE"}, OWN, only(ENTERPRISES, "done", other_enterprise="nothing")),
    "web:publications": ({}, only(REGULATORS, "ok"), NO),
    "web:participation": ({"group": "GROUP", "period": PERIOD}, only(REGULATORS, "ok"), NO),
    # a province reads who of its own took part in the nation's group; it decides nothing there
    "web:compose": ({"group": "GROUP", "period": PERIOD}, only(REGULATORS, "back"), only(REGULATORS, "role", nation="done")),
    "web:draft": ({"publication": "DRAFT"}, OFFICE, NO),
    "web:publish": (
        {"publication": "DRAFT"},
        only(REGULATORS, "nothing", nation="back"),
        only(REGULATORS, "nothing", nation="done"),
    ),
    "web:withdraw": ({"publication": "PUBLISHED"}, OFFICE, only(REGULATORS, "nothing", nation="wrong")),
    "web:assigned": ({}, only(BODIES, "ok"), NO),
    "web:assigned-submission": ({"digest": "DIGEST"}, MINE, NO),
    "web:assigned-submission-receipt": ({"digest": "DIGEST"}, MINE, NO),
    "healthz": ("/healthz", all_may("ok"), NO),
    "^api/(?P<rest>.*)$": ("/api/v1/nothing/", all_may("nothing"), all_may("nothing")),
    # the API knows devices by their signatures and nobody by a session
    "api:schema": ({}, all_may("ok"), NO),
    "api:enrolments": ({}, NO, all_may("wrong")),
    "api:directory": ({}, all_may("ok"), NO),
    "api:submissions": ({}, all_may("wrong"), all_may("wrong")),
    # for whoever holds the envelope: its digest is 256 bits that nobody can guess, and no page of another firm names it
    "api:submission": ({"digest": "DIGEST"}, all_may("ok"), NO),
    "api:benchmarks": ({}, all_may("ok"), NO),
    "api:benchmark": ({"pack": "cement", "period": PERIOD}, all_may("ok"), NO),
    "api:benchmark-version": ({"pack": "cement", "period": PERIOD, "version": 1}, all_may("ok"), NO),
}


def names_in(patterns: Iterable[object], space: str = "") -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            inner = one.namespace or (one.urlconf_module[1] if isinstance(one.urlconf_module, tuple) else "")
            yield from names_in(one.url_patterns, f"{space}{inner}:" if inner else space)
        elif isinstance(one, URLPattern):
            yield f"{space}{one.name}" if one.name else str(one.pattern)


def test_every_address_of_the_portal_stands_in_the_table() -> None:
    assert sorted(set(names_in(urls.urlpatterns))) == sorted(TABLE)


@dataclass
class House:
    cast: Cast
    values: dict[str, Any]
    clients: dict[str, Client] = field(default_factory=dict)

    def address(self, name: str) -> str:
        given, _get, _post = TABLE[name]
        if isinstance(given, str):
            return given
        return reverse(name, kwargs={key: self.values.get(str(value), value) for key, value in given.items()})


@pytest.fixture
def house(portal_keys: object) -> House:
    """Works 1 (of the first enterprise, in a province) has reported and is assigned; version 1 is published, version 2 a draft."""
    cast = make_cast(9)
    for place, plant in enumerate(cast.plants):
        intake.receive(plant.envelope(cast.pack, shift=place), keys.published_directory(), keys.receipt_key(), NOW)
    opening.sweep(keys.processing_key(), lambda: NOW)
    assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    first = publication.publish(publication.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW)
    second = publication.draft(cast.period, cast.drafter, NOW, "Nothing but the wording.")
    elsewhere = Jurisdiction.objects.create(path="cn/sd", name="Shandong", level="province", parent=cast.nation)
    office = Organisation.objects.create(name="Bureau elsewhere", kind=Role.REGULATOR, jurisdiction=elsewhere)
    another_body = Organisation.objects.create(name="Another certifier", kind=Role.CERTIFICATION_BODY)
    people = {
        "stranger": cast.stranger,
        "enterprise": cast.plants[0].owner,
        "other-enterprise": cast.plants[1].owner,
        "nation": cast.approver,
        "own-province": cast.provincial,
        "other-province": person("elsewhere@example.org", office, Role.REGULATOR),
        "assigned": cast.auditor,
        "unassigned": person("unassigned@example.org", another_body, Role.CERTIFICATION_BODY),
    }
    made = House(
        cast,
        {
            "DIGEST": Submission.objects.get(site=cast.plants[0].site).digest,
            "DEVICE": cast.plants[0].device.pk,
            "GROUP": cast.group.pk,
            "DRAFT": second.pk,
            "PUBLISHED": first.pk,
        },
        {"anonymous": Client()},
    )
    for role, who in people.items():
        made.clients[role] = Client()
        assert made.clients[role].login(username=who.email, password=PASSWORD)
    return made


def told(response: HttpResponseBase, address: str, acted: bool) -> str:
    status = response.status_code
    if status == 302:
        to = response.headers["Location"]
        if to.startswith("/sign-in/"):
            return "sign-in" if to == f"/sign-in/?next={address}" else f"sign-in without the way back: {to}"
        return "done" if acted else "back"
    words = {200: "ok", 201: "ok", 400: "wrong", 415: "wrong", 403: "role", 404: "nothing", 405: "method"}
    return words.get(status, str(status))


def state_of_things() -> tuple[object, ...]:
    """What a refused request must leave as it was."""
    return (
        Event.objects.count(),
        EnrolmentToken.objects.count(),
        Device.objects.filter(revoked_at=None).count(),
        Submission.objects.count(),
        tuple(Publication.objects.order_by("pk").values_list("pk", "status")),
    )


@pytest.mark.parametrize("method", ["get", "post"])
def test_every_address_answers_every_role_as_the_table_says(house: House, method: str) -> None:
    before, surprises = state_of_things(), []
    for name, (_given, on_get, on_post) in TABLE.items():
        address, expected = house.address(name), on_get if method == "get" else on_post
        for role in ROLES:
            with transaction.atomic():  # each request finds the house as it was
                client = house.clients[role]
                cookies = deepcopy(client.cookies)
                response = getattr(client, method)(address)
                acted = state_of_things() != before
                answer = told(response, address, acted)
                if answer != expected[role]:
                    surprises.append(f"{role} {method} {name}: {answer}, not {expected[role]}")
                if acted and (method == "get" or expected[role] not in ("done", "ok")):
                    surprises.append(f"{role} {method} {name}: something happened that must not")
                client.cookies = cookies
                transaction.set_rollback(True)
    assert not surprises, "\n".join(surprises)


def test_no_page_of_another_firm_names_the_first_firms_plant_report_or_device(house: House) -> None:
    names = ("Works 1<", 'works-1"', "works-1<", "Enterprise 1<", house.values["DIGEST"], str(house.values["DEVICE"]))
    pages = [name for name in TABLE if name != "api:submission"]
    for role in ("other-enterprise", "unassigned", "other-province", "stranger", "anonymous"):
        for name in pages:
            asked = house.address(name)
            page = house.clients[role].get(asked, follow=True).content.decode(errors="replace")
            found = [one for one in names if one in page and one not in asked]  # what was asked may stand in the answer
            assert not found, f"{role} reads {found} at {name}"


def test_who_is_asked_to_sign_in_arrives_at_the_page_that_was_asked_for(house: House) -> None:
    asked = house.address("web:submission")
    visitor = Client()
    to_sign_in = visitor.get(asked).headers["Location"]
    answer = visitor.post(to_sign_in, {"username": house.cast.plants[0].owner.email, "password": PASSWORD})
    assert answer.headers["Location"] == asked
