"""Incentives tied to a criterion: two officers, days, jurisdictions, and how they stand beside the
evidence on pages and over the API.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from extras.programmes.dossiers import CriterionVerdict, declare, dossier, read_paper
from extras.programmes.models import IncentiveOffer
from extras.programmes.offers import AmountUnit, OfferTerms, decide, end, offered_to, propose
from extras.programmes.programmes import programmes
from portal.accounts import api_keys, second_factor
from portal.accounts.models import User
from portal.problems import RefusedError
from tests.integration.portal_cast import NOW, Cast, deliver, make_cast, open_waiting, signed_in

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

LEADERS = "cn-energy-leaders"
TODAY = NOW.date()
PAPER = "cd" * 32


def build_scene() -> Cast:
    cast = make_cast(2)
    deliver(cast.plants[0].envelope(cast.pack))
    open_waiting()
    return cast


def terms(criterion: str = "grade", **other: Any) -> OfferTerms:
    defaults = {
        "programme": LEADERS,
        "criterion": criterion,
        "what_en": "Grant for leaders",
        "what_zh": "领跑者奖励",
        "amount": Decimal(500000),
        "unit": AmountUnit.CNY,
        "authority_en": "Provincial finance",
        "authority_zh": "省财政厅",
        "source_en": "Order 12/2026, article 4",
        "source_zh": "2026 年第 12 号令第四条",
        "valid_from": TODAY - timedelta(days=30),
        "valid_until": TODAY + timedelta(days=30),
    }
    return OfferTerms(**{**defaults, **other})


def stands(cast: Cast, index: int = 0) -> list[tuple[str, CriterionVerdict, int]]:
    view = dossier(cast.plants[index].site, programmes()[LEADERS], TODAY)
    return [
        (entry.criterion.id, entry.met, len(entry.offers)) for entry in view.entries if entry.offers
    ]


def test_an_offer_stands_once_a_second_officer_approved_it_and_beside_the_evidence(
    cast: Cast,
) -> None:
    row = propose(terms(), cast.nation, cast.drafter, NOW)
    assert propose(terms(), cast.nation, cast.drafter, NOW).pk == row.pk  # the form sent twice
    assert stands(cast) == []
    with pytest.raises(RefusedError) as refused:
        decide(row.pk, cast.drafter, NOW)
    assert refused.value.code == "own-offer"
    with pytest.raises(IntegrityError), transaction.atomic():
        IncentiveOffer.objects.filter(pk=row.pk).update(state="approved", decided_by=cast.drafter)
    decide(row.pk, cast.approver, NOW)
    assert stands(cast) == [("grade", CriterionVerdict.NOT_SHOWN, 1)]
    site, owner = cast.plants[0].site, cast.plants[0].owner
    declared = declare(site, LEADERS, "grade", ("grade 1", "Audit 2025", PAPER), owner, NOW)
    assert stands(cast) == [("grade", CriterionVerdict.NOT_SHOWN, 1)]
    read_paper(declared, (True, "Page 3."), cast.approver, NOW)
    assert stands(cast) == [("grade", CriterionVerdict.MET, 1)]
    read_paper(declared, (False, "Page 3 is of another site."), cast.approver, NOW)
    assert stands(cast) == [("grade", CriterionVerdict.NOT_MET, 1)]
    end(row.pk, "The act was repealed.", cast.approver, NOW)
    assert stands(cast) == []


def test_an_offer_stands_within_its_days_and_in_its_jurisdiction_alone(cast: Cast) -> None:
    site = cast.plants[0].site
    row = decide(propose(terms(), cast.nation, cast.drafter, NOW).pk, cast.approver, NOW)
    for days, count in ((-31, 0), (-30, 1), (30, 1), (31, 0)):
        assert len(offered_to(site, LEADERS, TODAY + timedelta(days=days))) == count
    inside, outside = (
        next(
            plant.site
            for plant in cast.plants
            if (plant.site.jurisdiction == cast.province) is lies
        )
        for lies in (True, False)
    )
    IncentiveOffer.objects.filter(pk=row.pk).update(jurisdiction=cast.province)
    assert list(offered_to(inside, LEADERS, TODAY)) == ["grade"]
    assert offered_to(outside, LEADERS, TODAY) == {}


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"criterion": "beauty"}, "criterion-unknown"),
        ({"valid_until": TODAY - timedelta(days=31)}, "offer-days-wrong"),
    ],
)
def test_what_is_no_offer_is_refused(cast: Cast, other: dict[str, Any], code: str) -> None:
    with pytest.raises(RefusedError) as refused:
        propose(terms(**other), cast.nation, cast.drafter, NOW)
    assert refused.value.code == code


def test_a_province_offers_nothing_for_the_nation(cast: Cast) -> None:
    with pytest.raises(RefusedError) as refused:
        propose(terms(), cast.nation, cast.provincial, NOW)
    assert refused.value.code == "not-regulator"


FORM = {
    "criterion": f"{LEADERS}/report",
    "what_en": "Grant",
    "what_zh": "奖励",
    "amount": "0.15",
    "unit": "cny-per-kwh",
    "authority_en": "Ministry",
    "authority_zh": "部委",
    "source_en": "Act 7",
    "source_zh": "第七号法",
    "valid_from": TODAY.isoformat(),
    "valid_until": "",
}


def test_two_officers_by_the_pages_and_the_firm_reads_it_in_both_languages(cast: Cast) -> None:
    first, second = signed_in(cast.drafter), signed_in(cast.approver)
    assert (
        "No incentive is tied to a criterion yet."
        in first.get(reverse("web:offers")).content.decode()
    )
    form = {**FORM, "place": str(cast.nation.pk)}
    share = first.post(
        reverse("web:new-offer"), {**form, "unit": "percent-of-investment", "amount": "150"}
    )
    assert "A share is at most 100." in share.content.decode()
    wrong = first.post(reverse("web:new-offer"), {**form, "amount": "much"})
    assert wrong.status_code == 400
    assert "Write the amount as 120000 or 0.15." in wrong.content.decode()
    response = first.post(reverse("web:new-offer"), form)
    row = IncentiveOffer.objects.get()
    address = reverse("web:offer", args=[row.pk])
    assert response["Location"] == address
    assert (
        "You proposed it. A second officer has to approve it."
        in first.get(address).content.decode()
    )
    assert first.post(address).status_code == 403
    assert "The offer is approved." in second.post(address, follow=True).content.decode()
    page = (
        signed_in(cast.plants[0].owner)
        .get(reverse("web:dossier", args=["works-1"]))
        .content.decode()
    )
    assert "Grant: 0.15 yuan per kWh" in page
    assert "Ministry, by Act 7" in page
    chinese = (
        signed_in(cast.plants[0].owner, "zh-hans")
        .get(reverse("web:dossier", args=["works-1"]))
        .content.decode()
    )
    assert "奖励：0.15 元/千瓦时" in chinese
    pdf = signed_in(cast.plants[0].owner).get(reverse("web:dossier-pdf", args=["works-1"]))
    assert pdf.content.startswith(b"%PDF")
    assert b"Act 7" in first.get(reverse("web:offers-csv")).content
    ended = second.post(
        reverse("web:end-offer", args=[row.pk]), {"reason": "Repealed."}, follow=True
    ).content.decode()
    assert "Repealed." in ended
    assert (
        "Grant: 0.15"
        not in signed_in(cast.plants[0].owner)
        .get(reverse("web:dossier", args=["works-1"]))
        .content.decode()
    )


def test_a_dossier_over_the_api_is_that_of_the_page_and_nobody_elses(cast: Cast) -> None:
    decide(
        propose(terms("report", valid_until=None), cast.nation, cast.drafter, NOW).pk,
        cast.approver,
        NOW,
    )
    address = reverse("api:dossier", args=["works-1", LEADERS])
    owner, other = cast.plants[0].owner, cast.plants[1].owner
    response = asked(owner, cast.plants[0].site.organisation_id, address)
    assert response.status_code == 200
    assert (
        response.json()
        == signed_in(owner).get(reverse("web:dossier-json", args=["works-1"])).json()
    )
    by_id = {criterion["id"]: criterion for criterion in response.json()["criteria"]}
    assert by_id["report"]["met"] == "met"
    assert by_id["report"]["incentives"][0]["amount"] == "500000"
    rows = asked(
        owner, cast.plants[0].site.organisation_id, f"{reverse('api:dossiers')}?site=works-1"
    ).json()["results"]
    assert [(row["programme"], row["shown"], row["incentives"]) for row in rows] == [
        ("cn-carbon-leaders", 1, 0),
        (LEADERS, 1, 1),
    ]
    assert asked(other, cast.plants[1].site.organisation_id, address).status_code == 404
    assert (
        asked(
            owner,
            cast.plants[0].site.organisation_id,
            reverse("api:dossier", args=["works-1", "none"]),
        ).status_code
        == 404
    )


def asked(user: User, organisation: int, address: str) -> Any:
    if not second_factor.has_one(user):
        second_factor.give(user)
    now = timezone.now()
    key = api_keys.make(
        user,
        organisation,
        "dossiers",
        ["read:dossiers"],
        timedelta(days=30),
        personal=True,
        now=now,
    )
    return Client().get(address, headers={"authorization": f"Bearer {key.text}"})
