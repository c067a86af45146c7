"""Programmes on the pages of the book, and what becomes of them where a site changes hands or its
firm leaves.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from extras.programmes import dossiers, incentives, offers
from extras.programmes.tests.integration.test_offers import terms
from portal.accounts.models import User
from portal.assurance.grades import CONFIRMED
from portal.catalogue.models import PeerGroupMember
from portal.intake.models import Submission
from portal.register import leaving
from portal.register.models import Leaving
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
    signed_in,
)
from tests.integration.test_leaving import KEPT, everything

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

GRADE = ("cn-energy-leaders", "grade", ("1", "Certificate of the grade", "cd" * 32))


def build_scene() -> Cast:
    cast = make_cast(2)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    open_waiting()
    return cast


def test_what_a_site_was_given_and_what_to_do_stand_on_its_page(cast: Cast) -> None:
    site = cast.plants[0].site
    digest = Submission.objects.get(site=site).digest
    incentives.give(site, "Fund", Decimal("1000.00"), digest, cast.approver, NOW)
    address = reverse("web:site-record", args=[site.slug])
    for reader, may_enter in ((cast.approver, True), (cast.plants[0].owner, False)):
        page = signed_in(reader).get(address).content.decode()
        for text in ("Incentives", "Fund", "1,000.00", "Dossier for leaders and grades"):
            assert text in page, text
        assert ("Enter an incentive" in page) is may_enter
        assert (
            "Incentive recorded"
            in signed_in(reader).get(address, {"kind": "incentive"}).content.decode()
        )


def test_an_offer_waits_for_an_officer_who_did_not_propose_it(cast: Cast) -> None:
    offers.propose(terms(), cast.nation, cast.approver, NOW)
    for reader, waits in (
        (cast.drafter, True),
        (cast.approver, False),
        (cast.plants[0].owner, False),
    ):
        page = signed_in(reader).get(reverse("web:home")).content.decode()
        assert ("1 proposed incentive" in page) is waits


def test_a_grade_counts_once_an_officer_has_confirmed_it(cast: Cast) -> None:
    plant = cast.plants[0]
    declared = dossiers.declare(plant.site, *GRADE, plant.owner, NOW)
    assert CONFIRMED([plant.site.pk]) == ()
    dossiers.read_paper(declared, (True, "Page 3."), cast.approver, NOW)
    assert CONFIRMED([plant.site.pk]) == ((plant.site.pk, "1"),)


def test_of_whom_a_dossier_names_only_an_empty_account_is_left(
    cast: Cast,
) -> None:
    first, asked = cast.plants[0], timezone.now()
    firm = first.site.organisation
    PeerGroupMember.objects.update(obliged=False)
    dossiers.declare(
        first.site,
        "cn-energy-leaders",
        "grade",
        ("1", "Certificate of the grade", "cd" * 32),
        first.owner,
        NOW,
    )
    promised = leaving.extent(firm).people
    leaving.ask(first.owner, firm.pk, asked)
    assert leaving.carry_out_due(lambda: asked + leaving.COOLING + timedelta(hours=1)) == 1
    assert (Leaving.objects.get().certificate or {})["people"] == promised
    assert not Client().login(username=first.owner.email, password=PASSWORD)
    where = [
        table
        for table, text in everything().items()
        if first.owner.email in text and table.split()[1] not in KEPT
    ]
    assert where == ["default notifications_mail"], "the letter with the certificate alone"
    emptied = User.objects.get(pk=first.owner.pk)
    assert (emptied.name, emptied.is_active, emptied.has_usable_password()) == ("", False, False)
    assert emptied.email.endswith(".invalid")
