"""Programmes in the tests of the portal as a whole: who may open their pages, what stays English
there, what they cost.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.urls import reverse

from extras.programmes.dossiers import declare, read_paper
from extras.programmes.incentives import give
from extras.programmes.models import Incentive, IncentiveOffer
from extras.programmes.offer_pages import COLUMNS
from extras.programmes.offers import decide, propose
from extras.programmes.programmes import programmes
from extras.programmes.tests.integration.test_offers import terms
from portal.accounts.models import User
from tests.integration.by_role import ENTERPRISES, NO, REGULATORS, Row, all_may, only
from tests.integration.of_extras import Pages, PageScene
from tests.integration.portal_cast import NOW, Cast

__all__ = ["COLUMNS"]

TABLE: dict[str, Row] = {
    "web:dossier": (
        {"slug": "works-1"},
        only(ENTERPRISES + REGULATORS, "ok", other_enterprise="nothing", other_province="nothing"),
        only(ENTERPRISES + REGULATORS, "nothing", enterprise="wrong"),
    ),
    "web:dossier-read": (
        {"slug": "works-1"},
        only(REGULATORS, "back", other_province="nothing"),
        only(REGULATORS, "back", other_province="nothing"),
    ),
    "web:correct-incentive": (
        {"incentive": "INCENTIVE"},
        only(REGULATORS, "ok", other_province="nothing"),
        only(REGULATORS, "wrong", other_province="nothing"),
    ),
    "web:offer": (
        {"offer": "OFFER"},
        only(REGULATORS, "ok"),
        only(REGULATORS, "role", nation="done"),
    ),
    "web:end-offer": (
        {"offer": "OFFER"},
        only(REGULATORS, "back", nation="ok"),
        only(REGULATORS, "back", nation="wrong"),
    ),
    **dict.fromkeys(
        ("web:dossier-pdf", "web:dossier-json"),
        (
            {"slug": "works-1"},
            only(
                ENTERPRISES + REGULATORS, "ok", other_enterprise="nothing", other_province="nothing"
            ),
            NO,
        ),
    ),
    "web:incentives": ({}, only(REGULATORS, "ok"), only(REGULATORS, "wrong")),
    "web:incentives-csv": ({}, only(REGULATORS, "ok"), NO),
    "web:offers": ({}, only(REGULATORS, "ok"), NO),
    "web:offers-csv": ({}, only(REGULATORS, "ok"), NO),
    "web:new-offer": ({}, only(REGULATORS, "ok"), only(REGULATORS, "wrong")),
    "api:dossier": ({"site": "works-1", "programme": "cn-energy-leaders"}, all_may("401"), NO),
    "api:dossiers": ({}, all_may("401"), NO),
}
OF_SITE = {"enterprise": "ok", "nation": "ok"} | dict.fromkeys(
    ("other-enterprise", "other-province"), "nothing"
)
KEYED = {
    "api:dossiers": ({}, "?site=works-1", OF_SITE),
    "api:dossier": ({"site": "works-1", "programme": "cn-energy-leaders"}, "", OF_SITE),
}
"""What stands in the address, the query, and what a GET answers to a key of each role that has the
scope.
"""

FOR = {"dossiers": "nation", "dossier": "nation"}
LEFT = {
    "web:dossier": "what programmes and their criteria are called, and where they were read: "
    "their file has names by language",
}


def values(cast: Cast) -> dict[str, Any]:
    site = cast.plants[0].site
    given = give(site, "Green credit", Decimal(5), "ab" * 32, cast.approver, NOW)
    return {
        "INCENTIVE": given.pk,
        "OFFER": propose(terms(), cast.nation, cast.drafter, NOW).pk,
    }


def names_a_person(cast: Cast, person: User) -> None:
    """A row that stays when their firm leaves."""
    paper = ("1", "Paper", "cd" * 32)
    declare(cast.plants[0].site, "cn-energy-leaders", "grade", paper, person, NOW)


def own_names() -> set[str]:
    """What people wrote, and what the file of programmes has in languages of its own."""
    offers = IncentiveOffer.objects.values_list(
        "what_en", "authority_en", "source_en", "programme", "criterion"
    )
    names = {text for row in offers for text in row}
    names |= set(Incentive.objects.values_list("scheme", flat=True))
    for programme in programmes().values():
        names |= {programme.name.en, *(criterion.asks.en for criterion in programme.criteria)}
    return names


def pages(scene: PageScene) -> Pages:
    cast, officer = scene.cast, scene.cast.approver
    wanted = [terms("report", amount=Decimal(1 + index)) for index in range(len(cast.plants))]
    offers = [
        decide(propose(proposal, cast.nation, cast.drafter, NOW).pk, officer, NOW)
        for proposal in wanted
    ]
    for plant in cast.plants:
        declared = declare(
            plant.site,
            "cn-energy-leaders",
            "grade",
            ("grade 1", "Audit", "cd" * 32),
            plant.owner,
            NOW,
        )
        read_paper(declared, (True, "Page 3."), officer, NOW)
    return {
        "its dossier": (
            cast.plants[0].owner,
            reverse("web:dossier", args=[cast.plants[0].site.slug]),
        ),
        "its dossier on paper": (
            officer,
            reverse("web:dossier-pdf", args=[cast.plants[0].site.slug]),
        ),
        "incentives": (officer, reverse("web:incentives")),
        "what a paper shows": (
            officer,
            reverse("web:dossier-read", args=[cast.plants[0].site.slug]),
        ),
        "incentives by criterion": (officer, reverse("web:offers")),
        "one offer": (officer, reverse("web:offer", args=[offers[0].pk])),
    }
