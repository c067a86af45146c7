"""Every address of the API that asks for a key, asked with a key of every role that may do all its
role may: the table says the answer.

ok      the answer
none    the answer, with nothing in it
scope   the role has no such scope (403)
nothing not there, exactly as what never was (404)
method  nothing here takes that method (405)
wrong   the body is refused (400, 415)
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks.wire.signing import AuditorSigningKey
from portal.accounts import api_keys, second_factor
from portal.accounts.models import Jurisdiction, Organisation, Role, User
from portal.accounts.scopes import OF_A_PERSON, SCOPES_OF
from portal.assurance import auditors
from portal.assurance.assigning import assign
from portal.auditlog.models import Event
from portal.intake.models import Submission
from portal.publication import drafting
from portal.standings import computing as standings
from tests.integration.audited import make_sample_of
from tests.integration.of_extras import merged, of_each
from tests.integration.partners_cast import partners_of
from tests.integration.portal_cast import NOW, PERIOD, deliver, make_cast, open_waiting, person
from tests.integration.test_addresses_by_role import KEYED

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

ROLES = (
    *("enterprise", "other-enterprise", "nation", "other-province", "assigned", "unassigned"),
    *("provider", "other-provider", "supplier", "other-supplier", "academic"),
)
PROVIDERS = ("provider", "other-provider")
SUPPLIERS = ("supplier", "other-supplier")
ENTERPRISES = ("enterprise", "other-enterprise")
REGULATORS = ("nation", "other-province")
BODIES = ("assigned", "unassigned")


def only(roles: tuple[str, ...], answer: str, **exceptions: str) -> dict[str, str]:
    answers = dict.fromkeys(ROLES, "scope") | dict.fromkeys(roles, answer)
    return answers | {role.replace("_", "-"): exception for role, exception in exceptions.items()}


NO_POST = dict.fromkeys(ROLES, "method")
TABLE: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    # address: its query, GET, POST
    "api:key": ("", dict.fromkeys(ROLES, "ok"), NO_POST),
    "api:sites": ("", only(ENTERPRISES + REGULATORS, "ok", other_province="none"), NO_POST),
    "api:reports": ("", only(ENTERPRISES, "ok"), NO_POST),
    "api:periods": ("", only(REGULATORS, "ok", other_province="ok"), NO_POST),
    "api:participation": (
        "?group=GROUP&period=PERIOD",
        only(REGULATORS, "ok", other_province="none"),
        NO_POST,
    ),
    # of the first plant, whose values nobody else reads: a regulator reads ranks, which are no
    # values
    "api:standings": (
        "?site=works-1&period=PERIOD",
        only(
            ("enterprise",),
            "ok",
            other_enterprise="nothing",
            nation="nothing",
            other_province="nothing",
        ),
        NO_POST,
    ),
    "api:places": (
        "?group=GROUP&period=PERIOD",
        only(REGULATORS, "ok", other_province="none", enterprise="none", other_enterprise="none"),
        NO_POST,
    ),
    "api:drafts": ("?group=GROUP&period=PERIOD", only(REGULATORS, "ok"), NO_POST),
    # assigning is decided by a person: no key does it
    "api:assignments": (
        "",
        only(BODIES + REGULATORS, "ok", unassigned="none", other_province="none"),
        NO_POST,
    ),
    "api:obligatory-audits": (
        "?site=works-1",
        only(
            ENTERPRISES + REGULATORS + BODIES,
            "ok",
            other_enterprise="none",
            other_province="none",
            unassigned="none",
        ),
        NO_POST,
    ),
    # as on the pages: the body that drew it, and the plant that opens it
    "api:samples": (
        "",
        only(
            ENTERPRISES + BODIES,
            "ok",
            other_enterprise="none",
            unassigned="none",
            nation="none",
            other_province="none",
        ),
        NO_POST,
    ),
    "api:evidence": (
        "",
        only(
            ENTERPRISES + BODIES,
            "ok",
            **dict.fromkeys(
                ("other_enterprise", "unassigned", "nation", "other_province"), "nothing"
            ),
        ),
        NO_POST,
    ),
    # everybody's own: who was told nothing reads an empty list
    "api:notifications": (
        "",
        dict.fromkeys(ROLES, "none")
        | dict.fromkeys(("enterprise", "other-enterprise", "nation", "assigned"), "ok"),
        NO_POST,
    ),
    "api:notifications-read": ("", dict.fromkeys(ROLES, "method"), dict.fromkeys(ROLES, "wrong")),
    **{
        name: (query, only((), "") | gets, only((), "") | posts[0] if posts else NO_POST)
        for name, (_parts, query, gets, *posts) in merged("KEYED").items()
    },
}


def test_every_address_that_asks_for_a_key_stands_in_the_table() -> None:
    assert sorted(TABLE) == sorted(
        (*KEYED, *merged("KEYED"), "api:evidence", "api:notifications-read")
    )


@dataclass
class House:
    group: int
    first: Submission
    sample: int
    found: dict[str, Any]
    keys: dict[str, str] = field(default_factory=dict)

    def ask(self, role: str, method: str, name: str) -> Any:
        query = (
            TABLE[name][0]
            .replace("GROUP", str(self.group))
            .replace("PERIOD", PERIOD)
            .replace("DIGEST", self.first.digest)
        )
        parts: dict[str, dict[str, Any]] = {
            "api:evidence": {"sample": self.sample},
            **{name: row[0] for name, row in merged("KEYED").items()},
        }
        address = reverse(
            name,
            kwargs={
                part: self.found.get(value, value) for part, value in parts.get(name, {}).items()
            },
        )
        return getattr(Client(), method)(
            f"{address}{query}", headers={"Authorization": f"Bearer {self.keys[role]}"}
        )


def key_for(user: User) -> str:
    second_factor.give(user)
    house = api_keys.houses_of(user).get()
    key = api_keys.make(
        user,
        house.pk,
        "all",
        (*SCOPES_OF[house.kind], *OF_A_PERSON),
        timedelta(days=30),
        personal=True,
        now=timezone.now(),
    )
    return key.text


def build_scene() -> House:
    cast = make_cast(9)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    standings.compute(cast.period, "test", NOW)
    engaged = assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    drafting.draft(cast.period, cast.drafter, NOW)
    elsewhere = Jurisdiction.objects.create(
        path="cn/sd", name="Shandong", level="province", parent=cast.nation
    )
    office = Organisation.objects.create(
        name="Bureau elsewhere", kind=Role.REGULATOR, jurisdiction=elsewhere
    )
    people = {
        "enterprise": cast.plants[0].owner,
        "other-enterprise": cast.plants[1].owner,
        "nation": cast.approver,
        "other-province": person("elsewhere@example.org", office, Role.REGULATOR),
        "assigned": cast.auditor,
    }
    another_body = Organisation.objects.create(
        name="Another certifier", kind=Role.CERTIFICATION_BODY
    )
    people |= {
        "unassigned": person("unassigned@example.org", another_body, Role.CERTIFICATION_BODY),
        **partners_of(cast),
    }
    first = Submission.objects.get(site=cast.plants[0].site)
    auditor_key = AuditorSigningKey.generate()
    auditors.register(cast.body, auditor_key.public.hex, cast.auditor, NOW)
    auditors.declare(engaged, cast.auditor, False, "", NOW)
    sample = make_sample_of(engaged, cast.auditor, auditor_key, NOW)
    return House(
        cast.group.pk,
        first,
        sample.pk,
        {name: pk for of_extra in of_each("by_key") for name, pk in of_extra(cast).items()},
        {role: key_for(user) for role, user in people.items()},
    )


def outcome_of(response: Any) -> str:
    if response.status_code == 200:
        body = (
            response.json()
            if response.headers["Content-Type"].startswith("application/json")
            else {}
        )
        return "none" if body.get("results") == [] else "ok"
    return {201: "ok", 400: "wrong", 415: "wrong", 403: "scope", 404: "nothing", 405: "method"}.get(
        response.status_code, str(response)
    )


@pytest.fixture
def house(scene: House) -> House:
    return scene


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_every_address_answers_every_key_as_the_table_says(house: House, method: str) -> None:
    surprises = []
    for name, (_query, on_get, on_post) in TABLE.items():
        for role in ROLES:
            expected = {"get": on_get[role], "post": on_post[role]}.get(method, "method")
            before = Event.objects.count()
            with transaction.atomic():
                answer = outcome_of(house.ask(role, method, name))
                if answer != expected:
                    surprises.append(f"{role} {method} {name}: {answer}, not {expected}")
                if Event.objects.count() != before and answer != "ok":
                    surprises.append(f"{role} {method} {name}: something happened that must not")
                transaction.set_rollback(True)
    assert not surprises, "\n".join(surprises)


def test_no_answer_to_another_house_names_the_first_firms_plant_report_or_device(
    house: House,
) -> None:
    names = ('"works-1"', '"Enterprise 1"', house.first.digest, str(house.first.device_id))
    for role in (
        "other-enterprise",
        "unassigned",
        "other-province",
        "other-provider",
        "other-supplier",
        "academic",
    ):
        for name in TABLE:
            text = house.ask(role, "get", name).content.decode(errors="replace")
            assert not [identifier for identifier in names if identifier in text], (
                f"{role} reads of the first firm at {name}"
            )


def test_a_regulators_key_reads_no_value_of_a_site(house: House) -> None:
    """Participation and ranks: who, whether, between which ranks; never how much."""
    for name in ("api:participation", "api:places", "api:drafts", "api:sites", "api:periods"):
        rows = house.ask("nation", "get", name).json()["results"]
        assert rows, name
        for row in rows:
            assert not [key for key, value in row.items() if isinstance(value, float)]
