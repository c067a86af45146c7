"""Certification bodies, providers, suppliers and academics invite colleagues as firms do; officers
of agencies do not.
"""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from extras.partners.models import AcceptedTerms, Conformance, Delivery
from extras.partners.tests.integration.partners_cast import make_partners, result_file
from portal.accounts.models import Membership, Organisation, Role, User
from portal.auditlog.models import Action, Event
from portal.problems import RefusedError
from portal.register import inviting
from tests.integration.portal_cast import NOW, PASSWORD, PERIOD, Cast, make_cast, person, signed_in
from tests.integration.post import letter_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal_keys")]

NEW = "new@example.org"
FIRST_PAGES = {
    "certification-body": "/assigned/",
    "technology-provider": "/provider/",
    "energy-supplier": "/supplier/",
    "academic": "/downloads/",
}


def build_scene() -> Cast:
    return make_cast(2)


@pytest.fixture
def people(cast: Cast) -> dict[str, User]:
    """One manager of each further role."""
    partners = make_partners(cast).people
    managers = (cast.auditor, partners["provider"], partners["supplier"], partners["academic"])
    return {user.memberships.get().role: user for user in managers}


def invited(by: User, capacity: str = "manager", email: str = NEW) -> str:
    """The path of the link in the mail."""
    assert signed_in(by).post("/people/", {"email": email, "capacity": capacity}).status_code == 302
    link = re.search(r"http://testserver(/join/\S+)", letter_to(email))
    assert link
    return link[1]


def join(path: str) -> User:
    answer = Client().post(path, {"name": "Newcomer", "password": PASSWORD, "again": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return User.objects.get(email=NEW)


@pytest.mark.parametrize("role", list(FIRST_PAGES))
def test_a_colleague_comes_in_by_the_link_and_acts_in_the_role_of_the_house(
    role: str, people: dict[str, User]
) -> None:
    manager = people[role]
    house = Organisation.objects.get(memberships__user=manager)
    page = signed_in(manager).get("/people/").content.decode()
    assert f"People of {house.name}" in page
    for of_a_firm in (
        "delegate",
        "Leave the programme",
        "consent and naming",
        "Who saw and did what",
    ):
        assert of_a_firm not in page
    colleague = join(invited(manager))
    membership = Membership.objects.get(user=colleague)
    assert (membership.organisation, membership.role, membership.may_manage) == (house, role, True)
    assert signed_in(colleague).get(FIRST_PAGES[role]).status_code == 200
    assert signed_in(colleague).get("/submissions/").status_code == 403
    recorded = (
        Event.objects.filter(subject=f"organisation {house.name}")
        .order_by("pk")
        .values_list("action", "actor")
    )
    assert list(recorded) == [(Action.PERSON_INVITED, manager.email), (Action.PERSON_JOINED, NEW)]


def test_who_only_reads_invites_nobody_and_the_last_manager_stays(people: dict[str, User]) -> None:
    manager = people[Role.PROVIDER]
    colleague = join(invited(manager, "viewer"))
    reader = signed_in(colleague)
    assert "Invite somebody" not in reader.get("/people/").content.decode()
    assert (
        reader.post("/people/", {"email": "friend@example.org", "capacity": "manager"}).status_code
        == 404
    )
    own = Membership.objects.get(user=manager)
    with pytest.raises(RefusedError) as refused:
        inviting.part_with(manager, own.pk, timezone.now())
    assert refused.value.code == "last-manager"
    theirs = Membership.objects.get(user=colleague).pk
    assert signed_in(manager).post(f"/people/{theirs}/", {"do": "manager"}).status_code == 302
    assert Membership.objects.get(pk=theirs).may_manage
    assert signed_in(manager).post(f"/people/{theirs}/", {"do": "part"}).status_code == 302
    assert signed_in(colleague).get("/provider/").status_code == 403


def test_nobody_reaches_into_another_house(people: dict[str, User], cast: Cast) -> None:
    """Not into one of the same role, and not from a firm into a partner or the other way."""
    house = Organisation.objects.create(name="Another certifier", kind=Role.CERTIFICATION_BODY)
    auditor, stranger = (
        people[Role.CERTIFICATION_BODY],
        person("unassigned@example.org", house, Role.CERTIFICATION_BODY),
    )
    path = invited(auditor)
    body = Organisation.objects.get(memberships__user=auditor)
    member = Membership.objects.get(user=auditor).pk
    waiting = body.invitations.get().pk
    for other in (stranger, cast.plants[0].owner, people[Role.PROVIDER], cast.approver):
        client = signed_in(other)
        refused = 403 if other == cast.approver else 404
        assert client.get(f"/people/{member}/").status_code == refused
        assert client.post(f"/people/{member}/", {"do": "part"}).status_code == refused
        assert (
            client.post(f"/people/invitations/{waiting}/", {"do": "revoke"}).status_code == refused
        )
        with pytest.raises(Organisation.DoesNotExist):
            inviting.invite(
                other,
                body.pk,
                "mine@example.org",
                may_manage=True,
                delegate=False,
                now=timezone.now(),
            )
        assert auditor.email not in client.get("/people/").content.decode()
    assert Client().get(path).status_code == 200


def test_only_a_firm_has_delegates(people: dict[str, User]) -> None:
    answer = signed_in(people[Role.ACADEMIC]).post(
        "/people/", {"email": NEW, "capacity": "manager", "delegate": "on"}
    )
    assert answer.status_code == 400
    assert "no sites that a delegate could act for" in answer.content.decode()
    assert not Membership.objects.filter(delegate=True).exists()


def test_an_officer_of_an_agency_invites_nobody(cast: Cast) -> None:
    """Two officers publish together: who could invite a second one would need nobody else."""
    assert signed_in(cast.approver).get("/people/").status_code == 403
    assert not inviting.led_houses(cast.approver).exists()


def reader_of(house: Organisation) -> Client:
    """Signed in as somebody who only reads there."""
    user = person("reads@example.org", house, Role(house.kind))
    Membership.objects.filter(user=user).update(may_manage=False)
    return signed_in(user)


def test_a_supplier_who_only_reads_declares_nothing_and_takes_nothing_back(cast: Cast) -> None:
    partners = make_partners(cast)
    client = reader_of(partners.houses["supplier"])
    fields = {
        "site": "works-1",
        "period": PERIOD,
        "carrier": "electricity~kWh",
        "quantity": "1",
        "note": "",
    }
    assert client.post("/supplier/", fields).status_code == 404
    assert client.post(f"/supplier/deliveries/{partners.delivery.pk}/take-back/").status_code == 404
    stands = Delivery.objects.get(supplier=partners.houses["supplier"], taken_back_at=None)
    assert (stands.quantity, stands.declared_by) == (Decimal(120000), "supplier@example.org")
    page = client.get("/supplier/").content.decode()
    assert "120,000" in page
    assert "Declare it" not in page
    assert "take-back" not in page
    assert "Who manages your organisation declares its deliveries." in page
    Delivery.objects.update(taken_back_at=NOW)
    asked = "Declare what you delivered."
    assert asked in signed_in(partners.people["supplier"]).get("/home/").content.decode()
    assert asked not in client.get("/home/").content.decode()


def test_a_provider_who_only_reads_declares_no_result(cast: Cast) -> None:
    partners = make_partners(cast)
    house = partners.houses["provider"]
    client = reader_of(house)
    result = SimpleUploadedFile("result.json", result_file())
    fields = {"organisation": house.pk, "product": "Historian", "version": "9.9", "result": result}
    assert client.post("/provider/", fields).status_code == 404
    assert not Conformance.objects.filter(version="9.9").exists()
    page = client.get("/provider/").content.decode()
    assert "Historian" in page
    assert "Declare the result" not in page


@pytest.mark.parametrize("role", ["academic", "provider"])
def test_who_only_reads_accepts_no_terms_for_the_organisation(cast: Cast, role: str) -> None:
    partners = make_partners(cast)
    house = partners.houses[role]
    client = reader_of(house)
    assert "Accept the terms" not in client.get("/downloads/").content.decode()
    for organisation in ("", str(house.pk)):
        assert client.post("/downloads/", {"organisation": organisation}).status_code == 404
    assert not AcceptedTerms.objects.exists()
    assert (
        signed_in(partners.people[role]).post("/downloads/", {"organisation": house.pk}).status_code
        == 302
    )
    assert "Download the archive" in client.get("/downloads/").content.decode(), (
        "what was accepted holds for everybody of the house"
    )
