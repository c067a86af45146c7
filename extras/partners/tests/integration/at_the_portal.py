"""Partners in the tests of the portal as a whole: who may open their pages, what they cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.urls import reverse

from extras.partners import conformance, deliveries, grants, terms
from extras.partners.tests.integration.partners_cast import make_partners, result_file
from portal.accounts.models import User
from tests.integration.by_role import (
    BODIES,
    ENTERPRISES,
    MEMBERED,
    NO,
    OWN,
    PROVIDERS,
    REGULATORS,
    SUPPLIERS,
    Row,
    all_may,
    only,
)
from tests.integration.of_extras import Pages, PageScene
from tests.integration.portal_cast import NOW, PERIOD, Cast

TABLE: dict[str, Row] = {
    # of the first works, which let one provider and one supplier in
    "web:access": (
        {"slug": "works-1"},
        OWN,
        only(ENTERPRISES, "wrong", other_enterprise="nothing"),
    ),
    "web:end-access": (
        {"slug": "works-1", "grant": "GRANT"},
        only(ENTERPRISES, "back"),
        only(ENTERPRISES, "done", other_enterprise="nothing"),
    ),
    "web:provider": ({}, only(PROVIDERS, "ok"), only(PROVIDERS, "wrong")),
    "web:provider-csv": ({}, only(PROVIDERS, "ok"), NO),
    "web:granted": ({"digest": "DIGEST"}, only(PROVIDERS, "ok", other_provider="nothing"), NO),
    "web:granted-receipt": (
        {"digest": "DIGEST"},
        only(PROVIDERS, "ok", other_provider="nothing"),
        NO,
    ),
    "web:supplier": ({}, only(SUPPLIERS, "ok"), only(SUPPLIERS, "wrong")),
    "web:supplier-csv": ({}, only(SUPPLIERS, "ok"), NO),
    "web:take-back-delivery": (
        {"delivery": "DELIVERY"},
        only(SUPPLIERS, "back"),
        only(SUPPLIERS, "done", other_supplier="nothing"),
    ),
    "web:downloads": ({}, only(MEMBERED, "ok"), only(MEMBERED, "done")),
    # nobody here has accepted the terms
    "web:archive": ({}, only(MEMBERED, "back"), NO),
    "web:conformance": ({}, only(REGULATORS, "ok"), NO),
    "web:conformance-csv": ({}, only(REGULATORS, "ok"), NO),
    # the provider is registered in the province of Hebei
    "web:confirm-result": (
        {"result": "RESULT"},
        only(REGULATORS, "ok", other_province="nothing"),
        only(REGULATORS, "done", other_province="nothing"),
    ),
    "web:assigned-deliveries": ({}, only(BODIES, "ok"), NO),
    "web:assigned-deliveries-csv": ({}, only(BODIES, "ok"), NO),
    **dict.fromkeys(("api:granted", "api:granted-values", "api:archive"), ({}, all_may("401"), NO)),
    **dict.fromkeys(("api:deliveries", "api:conformance"), ({}, all_may("401"), all_may("401"))),
}

_OF_PROVIDERS = dict.fromkeys(PROVIDERS, "ok") | {"other-provider": "none"}
_OF_SUPPLIERS = dict.fromkeys(SUPPLIERS, "ok")
_WRITTEN = {"api:deliveries": SUPPLIERS, "api:conformance": PROVIDERS}
KEYED = {
    "api:granted": ({}, "", _OF_PROVIDERS | _OF_SUPPLIERS),
    "api:granted-values": (
        {},
        "?submission=DIGEST",
        dict.fromkeys((*PROVIDERS, *SUPPLIERS), "nothing") | {"provider": "ok"},
    ),
    "api:deliveries": ({}, "", _OF_SUPPLIERS, dict.fromkeys(SUPPLIERS, "wrong")),
    "api:conformance": ({}, "", _OF_PROVIDERS, dict.fromkeys(PROVIDERS, "wrong")),
    # nobody has accepted the terms but the academic
    "api:archive": ({}, "", {"academic": "ok"}),
}
"""What stands in the address, the query, what a GET answers to a key of each role that has the
scope, and a POST where there is one.
"""

FOR = {
    "granted": "provider",
    "granted_values": "provider",
    "conformance": "provider",
    "declare_conformance": "provider",
    "deliveries": "supplier",
    "declare_delivery": "supplier",
    "archive": "academic",
}


def values(cast: Cast) -> dict[str, Any]:
    partners = make_partners(cast)
    return {
        "GRANT": partners.grant.pk,
        "DELIVERY": partners.delivery.pk,
        "RESULT": partners.result.pk,
    }


def by_key(cast: Cast) -> dict[str, Any]:
    """What the keys of `test_api_by_role` find, and what stands in addresses."""
    partners = make_partners(cast)
    terms.accept(partners.people["academic"], partners.houses["academic"].pk, NOW)
    return {}


def names_a_person(cast: Cast, person: User) -> None:
    """Rows that stay when their firm leaves, and rows that go."""
    make_partners(cast)
    terms.accept(cast.plants[0].owner, cast.plants[0].site.organisation_id, NOW)


def pages(scene: PageScene) -> Pages:
    cast = scene.cast
    partners = make_partners(cast)
    for plant in cast.plants[2:]:
        for partner in ("provider", "supplier"):
            grants.grant(
                plant.owner,
                plant.site.slug,
                partners.houses[partner].pk,
                receipts=False,
                values=False,
                now=NOW,
            )
        deliveries.declare(
            partners.people["supplier"], plant.site.slug, PERIOD, "coal", Decimal(1), "t", "", NOW
        )
        conformance.declare(
            partners.people["provider"],
            partners.houses["provider"].pk,
            "Historian",
            plant.site.slug,
            result_file(),
            NOW,
        )
    return {
        "who has access": (
            cast.plants[0].owner,
            reverse("web:access", args=[cast.plants[0].site.slug]),
        ),
        "a provider's": (partners.people["provider"], reverse("web:provider")),
        "a supplier's": (partners.people["supplier"], reverse("web:supplier")),
        "downloads": (partners.people["academic"], reverse("web:downloads")),
        "conformance": (cast.provincial, reverse("web:conformance")),
        "declared deliveries": (cast.auditor, reverse("web:assigned-deliveries")),
    }
