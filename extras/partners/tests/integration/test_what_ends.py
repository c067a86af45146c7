"""What partners see and declared ends with a firm that leaves and with a site that changes hands;
what waits for them stands on their home.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from benchmarks.phrases import Phrase
from extras.partners import deliveries, ending, grants
from extras.partners import terms as archive_terms
from extras.partners.models import AcceptedTerms, Action, Delivery, Grant
from extras.partners.tests.integration.partners_cast import Partners, make_partners
from portal.accounts.models import Role
from portal.assurance.assigning import assign
from portal.auditlog.models import Event
from portal.catalogue import deadlines
from portal.catalogue.models import PeerGroupMember, ReportingPeriod
from portal.days import scheme_day
from portal.intake.models import Submission
from tests.integration.portal_cast import NOW, PERIOD, Cast, deliver, make_cast, open_waiting
from tests.integration.test_home import page_of, waits
from tests.integration.test_wall import values_seen
from tests.integration.test_what_ends_with_a_firm import leave, status

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def build_scene() -> Cast:
    cast = make_cast(2)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    open_waiting()
    PeerGroupMember.objects.update(obliged=False)
    return cast


@pytest.fixture
def partners(cast: Cast) -> Partners:
    return make_partners(cast)


def test_a_partner_is_refused_what_the_firm_had_granted(cast: Cast, partners: Partners) -> None:
    provider, supplier = partners.people["provider"], partners.people["supplier"]
    digest, site = Submission.objects.get(site=cast.plants[0].site).digest, cast.plants[0].site
    pages = [reverse("web:granted", args=[digest]), reverse("web:granted-receipt", args=[digest])]

    def declare() -> None:
        deliveries.declare(supplier, site.slug, PERIOD, "coal", Decimal(1), "t", "", NOW)

    declare()
    assert [status(provider, page) for page in pages] == [200, 200]
    assert {view.site for view in grants.granted_sites(provider, Role.PROVIDER)} == {site.slug}
    leave(cast)
    assert [status(provider, page) for page in pages] == [404, 404]
    assert grants.granted_sites(provider, Role.PROVIDER) == ()
    assert grants.granted_sites(supplier, Role.SUPPLIER) == ()
    with pytest.raises(Grant.DoesNotExist):
        declare()
    rows = Grant.objects.filter(site=site)
    assert {(row.ended_by, row.granted_by, row.ended_at is None) for row in rows} == {
        ("worker", "", False)
    }
    site.retired_at = (
        None  # were it alone that the site is retired, another use of it would open it again
    )
    site.save()
    assert grants.granted_sites(provider, Role.PROVIDER) == ()
    logged = Event.objects.filter(action=Action.ACCESS_TAKEN_BACK, actor="worker").order_by("pk")
    assert [(event.subject, event.detail) for event in logged] == [
        ("site works-1", "House of the provider: the firm has left the programme"),
        ("site works-1", "House of the supplier: the firm has left the programme"),
    ]
    assert Grant.objects.get(site=cast.plants[1].site).ended_at is None, "another firm's stands"


def test_what_its_suppliers_declared_and_who_accepted_terms_goes_with_a_firm(
    cast: Cast, partners: Partners
) -> None:
    owner = cast.plants[0].owner
    archive_terms.accept(owner, cast.plants[0].site.organisation_id, NOW)
    leave(cast)
    assert not Delivery.objects.filter(site=cast.plants[0].site).exists()
    assert Delivery.objects.filter(site=cast.plants[1].site).exists(), "another firm's stands"
    assert AcceptedTerms.objects.get().accepted_by == ""


def test_a_site_that_changes_hands_is_open_to_no_partner_of_before(
    cast: Cast, partners: Partners
) -> None:
    site = cast.plants[0].site
    assign(cast.body, site, PERIOD, cast.approver, NOW)
    assert deliveries.deliveries_assigned(cast.auditor)
    digest = Submission.objects.get(site=site).digest
    because = Phrase("the site belongs to another firm now")
    assert ending.end_accesses([site], because, "operator", NOW)[0] == {site.slug}
    assert ending.end_deliveries([site], now=NOW)[0] == {site.slug}
    assert deliveries.deliveries_assigned(cast.auditor) == (), (
        "what a supplier delivered to the earlier firm is no evidence about this one"
    )
    assert grants.granted_values(partners.people["provider"], digest) is None
    assert grants.granted_receipt(partners.people["provider"], digest) is None
    assert Grant.objects.get(site=cast.plants[1].site).ended_at is None, "at a site that stays"


def test_the_wall_shows_a_provider_the_values_that_were_granted(
    cast: Cast, partners: Partners
) -> None:
    provider, site = partners.people["provider"], cast.plants[0].site
    assert values_seen(f"person:{provider.pk}") == {site.slug}
    assert values_seen(f"person:{partners.people['supplier'].pk}") == set()
    grants.take_back(cast.plants[0].owner, partners.grant.pk, NOW)
    assert values_seen(f"person:{provider.pk}") == set()


def test_suppliers_providers_and_academics_read_what_is_theirs_to_do(cast: Cast) -> None:
    ReportingPeriod.objects.filter(pk=cast.period.pk).update(
        due=timezone.now() + timedelta(days=10)
    )
    partners = make_partners(cast)
    assert waits(page_of(partners.people["supplier"])) == [], "it has declared"
    deliveries.take_back(partners.people["supplier"], partners.delivery.pk, NOW)
    (row,) = waits(page_of(partners.people["supplier"]))
    assert re.search("in (9|10) days Works 1, 2016 Declare what you delivered", row), row
    deadlines.extend(
        cast.period,
        cast.plants[0].site,
        scheme_day() + timedelta(days=40),
        "Rebuilt.",
        cast.approver,
        timezone.now(),
    )
    assert "in 40 days" in waits(page_of(partners.people["supplier"]))[0], "the site has more time"
    assert waits(page_of(partners.people["other-supplier"])) == []
    (row,) = waits(page_of(partners.people["other-provider"]))
    assert "Declare which versions of your source pass the conformance kit" in row
    assert waits(page_of(partners.people["provider"])) == [], "a result of its own is declared"
    (row,) = waits(page_of(partners.people["academic"]))
    assert "Accept the terms" in row
    archive_terms.accept(partners.people["academic"], partners.houses["academic"].pk, NOW)
    assert waits(page_of(partners.people["academic"])) == []
