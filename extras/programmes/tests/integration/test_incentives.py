"""Incentives stand on record with the digest of their evidence, by a regulator of the site, and are
never changed, only corrected.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from extras.programmes.dossiers import declare
from extras.programmes.incentives import correct, give, incentives_at, incentives_of
from extras.programmes.models import Incentive, IncentiveCorrection
from portal.accounts.models import Site
from portal.assurance.assigning import assign
from portal.auditlog.models import AppendOnlyError, Event
from portal.intake.models import Submission
from portal.problems import RefusedError
from tests.integration.audited import make_attestation
from tests.integration.portal_cast import (
    NOW,
    PASSWORD,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

DOCUMENT = "ab" * 32
AMOUNT = Decimal("120000.50")


def build_scene() -> Cast:
    cast = make_cast(2)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    return cast


def digest_of(cast: Cast, index: int) -> str:
    return Submission.objects.get(site=cast.plants[index].site).digest


def test_it_stands_with_scheme_amount_evidence_and_who_recorded_it(cast: Cast) -> None:
    site = cast.plants[0].site
    give(site, "Green credit", AMOUNT, digest_of(cast, 0), cast.provincial, NOW)
    give(
        site, "Green credit", AMOUNT, digest_of(cast, 0), cast.provincial, NOW
    )  # the form sent twice
    give(site, "Green credit", Decimal(5), DOCUMENT, cast.approver, NOW)
    newest, first = incentives_of(cast.approver)
    assert (first.amount, first.period, first.recorded_by) == (AMOUNT, PERIOD, "provincial")
    assert (newest.evidence, newest.period) == (DOCUMENT, "")
    assert Event.objects.filter(action="incentive.recorded", subject="site works-1").count() == 2
    with pytest.raises(AppendOnlyError):
        Incentive.objects.update(amount=1)


@pytest.mark.parametrize(
    ("index", "evidence", "who", "code"),
    [
        (0, 1, "approver", "evidence-of-another-site"),
        (1, 1, "provincial", "not-regulator"),  # works 2 does not lie in the province
        (0, 0, "auditor", "not-regulator"),
    ],
)
def test_what_is_not_its_own_is_refused(
    cast: Cast, index: int, evidence: int, who: str, code: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        give(
            cast.plants[index].site,
            "Green credit",
            AMOUNT,
            digest_of(cast, evidence),
            getattr(cast, who),
            NOW,
        )
    assert refused.value.code == code
    assert not Incentive.objects.exists()


def test_an_auditors_statement_on_another_site_is_no_evidence_of_this_one(cast: Cast) -> None:
    site, other = (plant.site for plant in cast.plants)
    open_waiting()
    statement = make_attestation(
        assign(cast.body, other, PERIOD, cast.approver, NOW), cast.auditor, NOW
    )
    with pytest.raises(RefusedError) as refused:
        give(site, "Green credit", AMOUNT, statement.digest, cast.approver, NOW)
    assert refused.value.code == "evidence-of-another-site"
    assert give(other, "Green credit", AMOUNT, statement.digest, cast.approver, NOW).site == other


def test_one_approval_for_several_sites_stands_behind_an_incentive_at_each(cast: Cast) -> None:
    for plant in cast.plants:
        give(plant.site, "Green credit", AMOUNT, DOCUMENT, cast.approver, NOW)
    assert Incentive.objects.count() == 2


def test_one_evidence_stands_behind_one_incentive_of_a_scheme(cast: Cast) -> None:
    site = cast.plants[0].site
    give(site, "Green credit", AMOUNT, DOCUMENT, cast.approver, NOW)
    with pytest.raises(RefusedError) as refused:
        give(site, "Green credit", Decimal(9), DOCUMENT, cast.approver, NOW)
    assert refused.value.code == "evidence-used"
    assert give(site, "Another scheme", Decimal(9), DOCUMENT, cast.approver, NOW).amount == 9


def test_the_page_takes_the_form_and_each_regulator_reads_its_own(cast: Cast) -> None:
    officer, province = Client(), Client()
    assert officer.login(username=cast.approver.email, password=PASSWORD)
    assert province.login(username=cast.provincial.email, password=PASSWORD)
    address = reverse("web:incentives")
    answers = {
        "site": "works-2",
        "scheme": "Green credit",
        "amount": "120000.50",
        "evidence": DOCUMENT,
    }
    for wrong, sentence in (
        ({"amount": "much"}, "Write the amount as"),
        ({"amount": "1e10"}, "Write the amount as"),
        ({"amount": "-1"}, "id_amount_error"),
        ({"evidence": "abc"}, "This is not a SHA-256"),
        ({"evidence": digest_of(cast, 0)}, "another site&#x27;s report"),
        ({"site": "elsewhere"}, "Choose a site."),
    ):
        answer = officer.post(address, answers | wrong)
        assert answer.status_code == 400
        assert sentence in answer.content.decode(), wrong
    assert (
        "<b>120,000 yuan</b> went to <b>1</b> site"
        in officer.post(address, answers, follow=True).content.decode()
    )
    unknown = "nothing on record here has this digest"
    assert unknown in officer.get(address).content.decode()
    declare(
        cast.plants[1].site,
        "cn-energy-leaders",
        "grade",
        ("grade 1", "Report", DOCUMENT),
        cast.plants[1].owner,
        NOW,
    )
    assert unknown not in officer.get(address).content.decode()
    assert "Green credit" in officer.get(reverse("web:incentives-csv")).content.decode()
    assert province.post(address, answers).status_code == 400  # not one of its sites
    assert "Green credit" not in province.get(address).content.decode()
    assert "Green credit" not in province.get(reverse("web:incentives-csv")).content.decode()


def test_a_site_among_many_is_searched_for_and_then_chosen(cast: Cast) -> None:
    """Of a list that is longer than a reader's patience nothing is offered but what fits the words;
    no script is needed.
    """
    officer, province = Client(), Client()
    assert officer.login(username=cast.approver.email, password=PASSWORD)
    assert province.login(username=cast.provincial.email, password=PASSWORD)
    address = reverse("web:incentives")
    assert 'id="find-site"' not in officer.get(address).content.decode(), "two sites are a list"
    firm = cast.plants[1].site.organisation
    common = {"organisation": firm, "jurisdiction": cast.nation, "pack": "cement"}
    Site.objects.bulk_create(
        Site(slug=f"mill-{n}", name=f"Mill {n}", name_zh=f"{n}号磨机", **common) for n in range(40)
    )
    page = officer.get(address).content.decode()
    assert 'id="find-site"' in page
    assert 'value="mill-' not in page
    assert (
        "Only the first ones are offered" in officer.get(address, {"find": "mill"}).content.decode()
    )
    page = officer.get(address, {"find": "mill 17"}).content.decode()
    assert '<option value="mill-17">' in page
    assert "1 site fits “mill 17”" in page
    assert 'value="mill-18"' not in page
    assert (
        '<option value="mill-17">'
        in officer.get(
            address, {"find": "17号磨机"}, headers={"accept-language": "zh-hans"}
        ).content.decode()
    )
    assert (
        "No site of your jurisdiction fits"
        in officer.get(address, {"find": "nowhere"}).content.decode()
    )
    answers = {"site": "mill-17", "scheme": "Green credit", "amount": "5", "evidence": DOCUMENT}
    assert officer.post(f"{address}?find=mill+17", answers).status_code == 302
    assert (
        'value="mill-17" selected'
        in officer.post(address, answers | {"amount": "much"}).content.decode()
    ), "the choice is kept"
    assert 'value="mill-17"' not in province.get(address, {"find": "mill"}).content.decode()
    assert province.post(address, answers).status_code == 400


def test_a_second_officer_marks_what_was_entered_in_error_and_it_no_longer_counts(
    cast: Cast,
) -> None:
    site = cast.plants[0].site
    entered = give(site, "Green credit", Decimal(10_000_000_000), DOCUMENT, cast.approver, NOW)
    with pytest.raises(RefusedError) as refused:
        correct(entered.pk, None, "Nothing was paid.", cast.approver, NOW)
    assert refused.value.code == "own-incentive"
    correct(entered.pk, None, "Nothing was paid.", cast.provincial, NOW)
    correct(entered.pk, None, "Nothing was paid.", cast.provincial, NOW)  # the form sent twice
    (view,) = incentives_at(site)
    assert (view.amount, view.counted) == (Decimal(10_000_000_000), Decimal(0))
    assert view.corrected is not None
    assert (view.corrected.reason, view.corrected.by) == ("Nothing was paid.", "provincial")
    assert Event.objects.filter(action="incentive.corrected", subject="site works-1").count() == 1
    with pytest.raises(
        RefusedError
    ) as refused:  # the evidence still stands behind the first record
        give(site, "Green credit", Decimal(10_000_000_000), DOCUMENT, cast.approver, NOW)
    assert refused.value.code == "evidence-used"
    correct(entered.pk, AMOUNT, "The paper says so.", cast.drafter, NOW)
    assert incentives_at(site)[0].counted == AMOUNT
    with pytest.raises(AppendOnlyError):
        IncentiveCorrection.objects.update(reason="")


def test_who_recorded_a_wrong_correction_does_not_correct_it_alone(cast: Cast) -> None:
    entered = give(cast.plants[0].site, "Green credit", AMOUNT, DOCUMENT, cast.approver, NOW)
    correct(entered.pk, None, "Nothing was paid.", cast.provincial, NOW)
    for who, code in ((cast.provincial, "own-correction"), (cast.approver, "own-incentive")):
        with pytest.raises(RefusedError) as refused:
            correct(entered.pk, Decimal(7), "It was 7.", who, NOW)
        assert refused.value.code == code
        officer = Client()
        assert officer.login(username=who.email, password=PASSWORD)
        form = reverse("web:correct-incentive", args=[entered.pk])
        assert form not in officer.get(reverse("web:incentives")).content.decode()
        assert officer.post(form, {"amount": "7", "reason": "It was 7."}).status_code == 400
    assert IncentiveCorrection.objects.count() == 1
    correct(entered.pk, Decimal(7), "It was 7.", cast.drafter, NOW)
    assert incentives_at(cast.plants[0].site)[0].counted == 7


@pytest.mark.parametrize(
    ("who", "amount", "reason", "code"),
    [
        ("auditor", None, "Wrong", "not-regulator"),
        ("provincial", None, "  ", "reason-missing"),
        ("provincial", None, "Wrong" * 101, "text-too-long"),
        ("provincial", AMOUNT, "Wrong", "incentive-as-recorded"),
    ],
)
def test_a_correction_needs_a_regulator_a_reason_and_another_amount(
    cast: Cast, who: str, amount: Decimal | None, reason: str, code: str
) -> None:
    entered = give(cast.plants[0].site, "Green credit", AMOUNT, DOCUMENT, cast.approver, NOW)
    with pytest.raises(RefusedError) as refused:
        correct(entered.pk, amount, reason, getattr(cast, who), NOW)
    assert refused.value.code == code
    assert not IncentiveCorrection.objects.exists()


def test_pages_strike_out_a_wrong_amount_and_say_why(cast: Cast) -> None:
    recorder, second, firm = Client(), Client(), Client()
    for client, user in (
        (recorder, cast.approver),
        (second, cast.provincial),
        (firm, cast.plants[0].owner),
    ):
        assert client.login(username=user.email, password=PASSWORD)
    site = cast.plants[0].site
    wrong = give(site, "Green credit", Decimal(10_000_000_000), DOCUMENT, cast.approver, NOW)
    give(site, "Another scheme", Decimal(5_000), DOCUMENT, cast.approver, NOW)
    elsewhere = give(cast.plants[1].site, "Green credit", AMOUNT, DOCUMENT, cast.approver, NOW)
    address, form = reverse("web:incentives"), reverse("web:correct-incentive", args=[wrong.pk])
    assert form in second.get(address).content.decode()
    assert form not in recorder.get(address).content.decode()
    assert second.get(reverse("web:correct-incentive", args=[elsewhere.pk])).status_code == 404
    assert (
        "You entered this record yourself"
        in recorder.post(form, {"reason": "Wrong"}).content.decode()
    )
    assert "Say in a sentence what is wrong" in second.post(form, {"reason": ""}).content.decode()
    page = second.post(
        form, {"amount": "", "reason": "Three noughts too many"}, follow=True
    ).content.decode()
    assert "<b>5,000 yuan</b> went to <b>1</b> site" in page
    assert "<s>10,000,000,000.00</s>" in page
    assert "nothing was given. Reason: Three noughts too many" in page
    assert (
        "0.00,Three noughts too many,provincial,"
        in second.get(reverse("web:incentives-csv")).content.decode()
    )
    assert (
        "nothing was given. Reason: Three noughts too many"
        in firm.get(reverse("web:site-record", args=["works-1"])).content.decode()
    )
