"""Providers, suppliers and academics: what firms grant them and take back, what they declare, and
who reads it.
"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone, translation

from extras.partners import conformance, deliveries, grants, terms
from extras.partners.archive import archive, permanent
from extras.partners.models import (
    AcceptedTerms,
    Action,
    Conformance,
    Delivery,
    Grant,
    PartnersScope,
)
from extras.partners.tests.integration.partners_cast import Partners, make_partners, result_file
from portal import keys
from portal.accounts import api_keys, second_factor
from portal.accounts.models import ControllingFirm, Membership, Organisation, Role, Site, User
from portal.assurance.assigning import assign
from portal.auditlog.models import AppendOnlyError, Event
from portal.catalogue.models import ReportingPeriod
from portal.catalogue.peer_groups import make_peer_group
from portal.catalogue.periods import open_period
from portal.intake.models import Submission
from portal.problems import RefusedError
from portal.publication import citation, drafting, publishing
from portal.register import applying, inviting
from portal.sentences import in_words
from reporting_agent.sources import conformance as kit
from tests.example_source.historian import Historian
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
    person,
    signed_in,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def build_scene() -> Cast:
    cast = make_cast(9)
    for index, plant in enumerate(cast.plants):
        deliver(plant.envelope(cast.pack, shift=index))
    open_waiting()
    return cast


@pytest.fixture
def partners(cast: Cast) -> Partners:
    return make_partners(cast)


def page(user: User, path: str) -> str:
    client = Client()
    client.force_login(user)
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def test_the_kits_checks_are_those_that_a_result_must_have(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert tuple(outcome.name for outcome in kit.check(Historian())) == conformance.CHECKS
    kit.main(["tests.example_source.historian:Historian", "--json"])
    result = conformance.read(capsys.readouterr().out.encode())
    assert (result.source, result.failed) == ("tests.example_source.historian:Historian", ())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        result_file(schema="steplabel/conformance/2"),
        result_file(ran_on="2017-02-30"),
        result_file(source=""),
        result_file(checks=[]),
        result_file(checks=[{"name": name, "passed": "yes"} for name in conformance.CHECKS]),
        result_file(
            checks=[{"name": name, "passed": True} for name in reversed(conformance.CHECKS)]
        ),
        result_file(source="x" * conformance.MOST_BYTES),
    ],
)
def test_what_is_no_result_of_the_kit_is_refused(raw: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        conformance.read(raw)
    assert refused.value.code == "result-malformed"


def test_a_result_is_the_providers_word_until_a_regulator_of_its_jurisdiction_confirms_it(
    cast: Cast, partners: Partners
) -> None:
    provider, owner = partners.people["provider"], cast.plants[0].owner
    for reader, path in ((provider, "/provider/"), (owner, "/sites/works-1/access/")):
        text = page(reader, path)
        assert "Historian 2.1" in text
        assert "Declared by the provider" in text
        assert "Confirmed by a regulator" not in text
    officer = Client()
    officer.force_login(cast.provincial)
    assert officer.post(f"/conformance/{partners.result.pk}/confirm/").status_code == 302
    assert "Confirmed by a regulator" in page(owner, "/sites/works-1/access/")
    assert Event.objects.filter(action=Action.CONFORMANCE_CONFIRMED).count() == 1


def test_a_firm_is_shown_the_newest_result_of_each_version(cast: Cast, partners: Partners) -> None:
    provider, house = partners.people["provider"], partners.houses["provider"].pk
    conformance.confirm(cast.provincial, partners.result.pk, NOW)
    for version, ran_on in (
        ("1.9", "2016-05-01"),
        ("2.1", "2017-04-01"),
        ("2.0", "2017-04-01"),
        ("2.0", "2017-05-01"),
    ):
        conformance.declare(
            provider,
            house,
            "Historian",
            version,
            result_file(ran_on=ran_on),
            NOW + timedelta(days=1),
        )
    newest = [
        (view.version, view.ran_on.isoformat(), bool(view.confirmed_at))
        for view in conformance.newest_results()
    ]
    assert newest == [
        ("1.9", "2016-05-01", False),
        ("2.0", "2017-05-01", False),
        ("2.1", "2017-05-01", True),
    ]


def test_a_result_with_a_failed_check_is_shown_and_never_confirmed(
    cast: Cast, partners: Partners
) -> None:
    house = partners.houses["provider"].pk
    row = conformance.declare(
        partners.people["provider"], house, "Historian", "2.2", result_file("order", "units"), NOW
    )
    assert "2 checks failed" in page(partners.people["provider"], "/provider/")
    with pytest.raises(RefusedError) as refused:
        conformance.confirm(cast.provincial, row.pk, NOW)
    assert refused.value.code == "result-failed"


def test_the_same_result_again_changes_nothing_and_one_of_tomorrow_is_refused(
    partners: Partners,
) -> None:
    provider, house = partners.people["provider"], partners.houses["provider"].pk
    assert (
        conformance.declare(provider, house, "Historian", "2.1", result_file(), NOW).pk
        == partners.result.pk
    )
    with pytest.raises(RefusedError):
        conformance.declare(
            provider, house, "Historian", "2.1", result_file(ran_on="2017-06-02"), NOW
        )
    assert Conformance.objects.count() == 1


def test_a_result_of_today_is_taken_while_it_is_yesterday_in_greenwich(partners: Partners) -> None:
    provider, house = partners.people["provider"], partners.houses["provider"].pk
    evening = datetime(2017, 6, 1, 22, tzinfo=UTC)
    assert conformance.declare(
        provider, house, "Historian", "2.2", result_file(ran_on="2017-06-02"), evening
    ).pk


def test_a_result_is_handed_in_as_a_file(partners: Partners) -> None:
    client = Client()
    client.force_login(partners.people["other-provider"])
    answers = {"product": "Bridge", "version": "1.0"}
    wrong = client.post("/provider/", {**answers, "result": SimpleUploadedFile("r.json", b"{}")})
    assert wrong.status_code == 400
    assert "not a result of the conformance kit" in wrong.content.decode()
    assert (
        client.post(
            "/provider/", {**answers, "result": SimpleUploadedFile("r.json", result_file())}
        ).status_code
        == 302
    )
    assert Conformance.objects.get(product="Bridge").provider == partners.houses["other-provider"]


@pytest.mark.parametrize(("receipts", "values"), [(False, False), (True, False), (True, True)])
def test_a_provider_sees_what_was_granted_and_no_more(
    cast: Cast, partners: Partners, receipts: bool, values: bool
) -> None:
    plant, provider = cast.plants[2], partners.people["other-provider"]
    digest = Submission.objects.get(site=plant.site).digest
    client = Client()
    client.force_login(provider)
    addresses = (f"/provider/reports/{digest}/receipt/", f"/provider/reports/{digest}/")
    assert [client.get(path).status_code for path in addresses] == [404, 404]
    grants.grant(
        plant.owner,
        plant.site.slug,
        partners.houses["other-provider"].pk,
        receipts=receipts,
        values=values,
        now=NOW,
    )
    assert [client.get(path).status_code == 200 for path in addresses] == [receipts, values]
    text = page(provider, "/provider/")
    assert "Works 3" in text
    assert "Accepted" in text
    assert (digest in text) == receipts, "who knows the digest may ask anybody for the receipt"
    assert "Works 2" not in text


def test_what_is_taken_back_is_gone_at_once(cast: Cast, partners: Partners) -> None:
    provider, digest = (
        partners.people["provider"],
        Submission.objects.get(site=cast.plants[0].site).digest,
    )
    assert grants.granted_values(provider, digest)
    owner = Client()
    owner.force_login(cast.plants[0].owner)
    for _click in range(2):
        assert owner.post(f"/sites/works-1/access/{partners.grant.pk}/end/").status_code == 302
    assert Event.objects.filter(action=Action.ACCESS_TAKEN_BACK).count() == 1
    assert grants.granted_values(provider, digest) is None
    assert grants.granted_receipt(provider, digest) is None
    assert grants.granted_sites(provider, Role.PROVIDER) == ()
    actions = list(
        Event.objects.filter(subject="site works-1", action__startswith="access.").values_list(
            "action", flat=True
        )
    )
    assert actions[-1] == Action.ACCESS_TAKEN_BACK


def test_ending_an_access_on_an_old_page_ends_the_wider_one_that_has_replaced_it(
    cast: Cast, partners: Partners
) -> None:
    owner, house = cast.plants[0].owner, partners.houses["provider"]
    shown, _wider = (
        grants.grant(owner, "works-1", house.pk, receipts=True, values=values, now=NOW)
        for values in (False, True)
    )
    assert signed_in(owner).post(f"/sites/works-1/access/{shown.pk}/end/").status_code == 302
    assert not Grant.objects.filter(site=cast.plants[0].site, partner=house, ended_at=None).exists()
    assert Event.objects.filter(action=Action.ACCESS_TAKEN_BACK).count() == 1


def test_only_who_manages_the_site_lets_anybody_in(cast: Cast, partners: Partners) -> None:
    house = partners.houses["provider"].pk
    for user in (cast.plants[1].owner, cast.approver, partners.people["provider"], cast.stranger):
        with pytest.raises(Site.DoesNotExist):
            grants.grant(user, "works-1", house, receipts=False, values=False, now=NOW)
    with pytest.raises(Organisation.DoesNotExist):
        grants.grant(
            cast.plants[0].owner, "works-1", cast.body.pk, receipts=False, values=False, now=NOW
        )
    with pytest.raises(Grant.DoesNotExist):
        grants.take_back(cast.plants[1].owner, partners.grant.pk, NOW)


def test_a_supplier_is_shown_nothing_of_reports(cast: Cast, partners: Partners) -> None:
    with pytest.raises(RefusedError) as refused:
        grants.grant(
            cast.plants[0].owner,
            "works-1",
            partners.houses["supplier"].pk,
            receipts=True,
            values=False,
            now=NOW,
        )
    assert refused.value.code == "grant-too-wide"
    assert [
        view.submissions
        for view in grants.granted_sites(partners.people["supplier"], Role.SUPPLIER)
    ] == [()]


def test_a_delivery_is_read_by_who_checks_that_site_and_period_and_by_nobody_else(
    cast: Cast, partners: Partners
) -> None:
    figure = "120,000"
    assert figure in page(partners.people["supplier"], "/supplier/")
    assert figure not in page(cast.auditor, "/assigned/deliveries/")
    assign(cast.body, cast.plants[0].site, "2015", cast.approver, NOW)
    assert figure not in page(cast.auditor, "/assigned/deliveries/"), "assigned another period"
    assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    text = page(cast.auditor, "/assigned/deliveries/")
    assert figure in text
    assert "Works 2" not in text
    assert "120000.000" in page(cast.auditor, "/assigned/deliveries/deliveries.csv")
    for reader, path in (
        (cast.plants[0].owner, "/sites/works-1/access/"),
        (cast.approver, "/audit-trail/"),
        (cast.approver, "/audit-trail/events.csv"),
        (partners.people["provider"], "/provider/"),
    ):
        text = page(reader, path)
        assert figure not in text
        assert "120000" not in text
    assert "Works 1" not in page(partners.people["other-supplier"], "/supplier/")


def test_another_figure_takes_the_place_of_the_one_before_and_one_can_be_taken_back(
    cast: Cast, partners: Partners
) -> None:
    supplier = partners.people["supplier"]
    deliveries.declare(
        supplier,
        "works-1",
        PERIOD,
        "electricity",
        Decimal("119000.5"),
        "kWh",
        "",
        NOW + timedelta(days=1),
    )
    stands = [view for view in deliveries.deliveries_of(supplier) if view.taken_back_at is None]
    assert [view.quantity for view in stands] == [Decimal("119000.5")]
    with pytest.raises(Delivery.DoesNotExist):
        deliveries.take_back(partners.people["other-supplier"], stands[0].id, NOW)
    for _click in range(2):
        assert (
            signed_in(supplier).post(f"/supplier/deliveries/{stands[0].id}/take-back/").status_code
            == 302
        )
    assert Event.objects.filter(action=Action.DELIVERY_TAKEN_BACK).count() == 1
    assert {view.taken_back_at is None for view in deliveries.deliveries_of(supplier)} == {False}


def test_a_delivery_for_a_year_that_is_written_as_two_days_is_read_by_who_checks_that_year(
    cast: Cast, partners: Partners
) -> None:
    days = "2016-01-01/2017-01-01"
    deliveries.declare(
        partners.people["supplier"],
        "works-1",
        days,
        "electricity",
        Decimal(119000),
        "kWh",
        "",
        NOW + timedelta(days=1),
    )
    assign(cast.body, cast.plants[0].site, PERIOD, cast.approver, NOW)
    assert [
        (view.period, view.quantity) for view in deliveries.deliveries_assigned(cast.auditor)
    ] == [(PERIOD, Decimal(119000))]


def test_a_body_reads_what_was_declared_for_a_part_of_the_period_that_it_checks(
    cast: Cast, partners: Partners
) -> None:
    supplier, client = partners.people["supplier"], signed_in(cast.auditor)
    for period in ("2016-03", "2016-Q4", "2016-12-01/2017-02-01", "2015-12"):
        deliveries.declare(
            supplier, "works-1", period, "coal", Decimal(10), "t", "", NOW + timedelta(days=1)
        )
    Delivery.objects.filter(site=cast.plants[1].site).update(
        period="2016-13"
    )  # before it was checked
    for plant in cast.plants[:2]:
        assign(cast.body, plant.site, PERIOD, cast.approver, NOW)
    read = {(view.site, view.period) for view in deliveries.deliveries_assigned(cast.auditor)}
    assert read == {("works-1", PERIOD), ("works-1", "2016-03"), ("works-1", "2016-Q4")}
    assert "2016-03" in client.get("/assigned/deliveries/deliveries.csv").content.decode()


def test_a_supplier_that_declares_by_the_month_is_not_asked_for_the_year_again(
    partners: Partners,
) -> None:
    supplier = partners.people["supplier"]
    deliveries.take_back(supplier, partners.delivery.pk, NOW)
    assert [(site.slug, period.name) for site, period in deliveries.undeclared(supplier)] == [
        ("works-1", PERIOD)
    ]
    deliveries.declare(
        supplier, "works-1", "2016-03", "electricity", Decimal(10_000), "kWh", "March", NOW
    )
    assert deliveries.undeclared(supplier) == ()


def test_a_supplier_is_asked_once_for_a_site_and_period_of_two_peer_groups_at_the_earlier_day(
    cast: Cast, partners: Partners
) -> None:
    deliveries.take_back(partners.people["supplier"], partners.delivery.pk, NOW)
    of_province = open_period(
        make_peer_group("cement", cast.province, [cast.plants[0].site]), PERIOD, "test", NOW
    )
    for days, earlier in ((-1, of_province), (1, cast.period)):
        ReportingPeriod.objects.filter(pk=of_province.pk).update(
            due=cast.period.due + timedelta(days=days)
        )
        assert [
            (site.slug, period)
            for site, period in deliveries.undeclared(partners.people["supplier"])
        ] == [("works-1", earlier)]


@pytest.mark.parametrize(
    ("carrier", "quantity", "unit"),
    [("electricity", "1", "t"), ("water", "1", "m3"), ("coal", "-1", "t"), ("coal", "0", "t")],
)
def test_a_delivery_that_cannot_be_is_refused(
    partners: Partners, carrier: str, quantity: str, unit: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        deliveries.declare(
            partners.people["supplier"],
            "works-1",
            PERIOD,
            carrier,
            Decimal(quantity),
            unit,
            "",
            NOW,
        )
    assert refused.value.code == "delivery-malformed"
    assert "Declare electricity (kWh, MWh); natural-gas (m3, GJ); " in in_words(refused.value.whole)
    with translation.override("zh-hans"):
        assert "electricity（kWh、MWh）；natural-gas（m3、GJ）；" in in_words(refused.value.whole)


@pytest.mark.parametrize(
    "period", ["2026-13", "2026-00", "2026-Q5", "2026-02-30/2026-03-01", "2026-03-01/2026-02-01"]
)
def test_a_period_that_is_none_is_refused_and_the_page_stays(
    partners: Partners, period: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        deliveries.declare(
            partners.people["supplier"],
            "works-1",
            period,
            "electricity",
            Decimal(1),
            "kWh",
            "",
            NOW,
        )
    assert refused.value.code == "delivery-malformed"
    client = Client()
    client.force_login(partners.people["supplier"])
    typed = {
        "site": "works-1",
        "period": period,
        "carrier": "electricity~kWh",
        "quantity": "1",
        "note": "",
    }
    answer = client.post("/supplier/", typed)
    assert (
        answer.status_code,
        "Write the period as 2027, 2027-Q1 or 2027-03." in answer.content.decode(),
    ) == (400, True)
    assert client.get("/supplier/").status_code == 200
    assert not Delivery.objects.filter(period=period).exists()


def test_a_delivery_declared_for_a_period_that_is_none_is_shown_and_can_be_taken_back(
    partners: Partners,
) -> None:
    Delivery.objects.filter(pk=partners.delivery.pk).update(
        period="2026-13"
    )  # before it was checked
    client = Client()
    client.force_login(partners.people["supplier"])
    assert "2026-13" in page(partners.people["supplier"], "/supplier/")
    assert client.post(f"/supplier/deliveries/{partners.delivery.pk}/take-back/").status_code == 302
    assert Delivery.objects.get(pk=partners.delivery.pk).taken_back_at


def test_a_site_that_let_nobody_in_is_not_found(partners: Partners) -> None:
    for site in ("works-2", "works-99"):
        with pytest.raises(Grant.DoesNotExist):
            deliveries.declare(
                partners.people["supplier"], site, PERIOD, "electricity", Decimal(1), "kWh", "", NOW
            )


def test_the_archive_has_every_version_with_what_citing_it_needs(cast: Cast) -> None:
    first = publishing.publish(
        drafting.draft(cast.period, cast.drafter, NOW), cast.approver, keys.receipt_key(), NOW
    )
    publishing.withdraw(first, cast.approver, "A wrong boundary.", NOW)
    address = permanent("https://portal.example")
    raw = archive(address)
    assert raw == archive(address), "the same publications, the same bytes"
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        names = {name.removeprefix("steplabel/") for name in packed.namelist()}
        folder = f"cement/cn/dry-process/{PERIOD}/v1"
        assert names == {
            *(f"{folder}/benchmark.{end}" for end in ("json", "csv", "bib", "ris")),
            *("codebook.csv", "LICENCE.txt", "versions.csv"),
        }
        cited = packed.read(f"steplabel/{folder}/benchmark.bib").decode()
        assert f"https://portal.example/benchmarks/cement/cn/dry-process/{PERIOD}/v1/" in cited
        assert "Withdrawn on" in cited
        assert citation.LICENCE in cited
        assert "withdrawn" in packed.read("steplabel/versions.csv").decode()


def test_the_archive_asks_for_the_terms_and_who_accepted_them_stays_on_record(
    partners: Partners,
) -> None:
    academic = Client()
    academic.force_login(partners.people["academic"])
    assert academic.get("/downloads/steplabel.zip").headers["Location"] == "/downloads/"
    assert academic.post("/downloads/").status_code == 302
    assert academic.post("/downloads/").status_code == 302
    answer = academic.get("/downloads/steplabel.zip")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    row = AcceptedTerms.objects.get()
    assert (row.organisation, row.terms) == (partners.houses["academic"], terms.TERMS)
    assert Event.objects.filter(action=Action.TERMS_ACCEPTED).count() == 1
    with pytest.raises(AppendOnlyError):
        row.delete()
    assert (
        academic.post("/downloads/", {"organisation": partners.houses["supplier"].pk}).status_code
        == 404
    )


@pytest.mark.parametrize("kind", [Role.PROVIDER, Role.SUPPLIER, Role.ACADEMIC])
def test_the_further_roles_register_like_a_firm_and_count_in_no_disclosure_rule(
    cast: Cast, kind: Role
) -> None:
    before = ControllingFirm.objects.count()
    wish = applying.FirmWish("Newcomers", "", "", cast.province, "Li", "li@new.example", "en", kind)
    applying.confirm(applying.apply(wish, timezone.now()), timezone.now())
    row = applying.waiting_for(cast.provincial).get()
    officer = Client()
    officer.force_login(cast.provincial)
    text = officer.get(f"/applications/firms/{row.pk}/").content.decode()
    assert "Controlling firm" not in text
    assert officer.post(f"/applications/firms/{row.pk}/", {"do": "approve"}).status_code == 302
    house = Organisation.objects.get(name="Newcomers")
    assert (house.kind, house.controlling_firm, ControllingFirm.objects.count()) == (
        kind,
        None,
        before,
    )
    sent = inviting.invite_to(
        house, "li@new.example", by="test", may_manage=True, delegate=False, now=timezone.now()
    )
    user = inviting.accept_as_new(sent.secret, "Li", "quite a long password", timezone.now())
    first = {
        Role.PROVIDER: "/provider/",
        Role.SUPPLIER: "/supplier/",
        Role.ACADEMIC: "/downloads/",
    }[kind]
    assert page(user, first)


def test_nobody_registers_as_a_regulator(cast: Cast) -> None:
    with pytest.raises(ValueError, match="regulator"):
        applying.apply(
            applying.FirmWish(
                "Office", "", "", cast.province, "Li", "li@x.example", "en", Role.REGULATOR
            ),
            timezone.now(),
        )
    answers = {
        "kind": "regulator",
        "name": "Office",
        "jurisdiction": "cn/he",
        "contact": "Li",
        "email": "li@x.example",
    }
    assert Client().post("/register/", answers).status_code == 400


def test_who_reads_for_one_supplier_and_manages_another_is_not_told_that_nobody_gave_access(
    cast: Cast, partners: Partners
) -> None:
    other = Organisation.objects.create(
        name="Supplier of none", kind=Role.SUPPLIER, jurisdiction=cast.province
    )
    user = person("both@example.org", other, Role.SUPPLIER)
    Membership.objects.create(
        user=user, organisation=partners.houses["supplier"], role=Role.SUPPLIER, may_manage=False
    )
    page = signed_in(user).get("/supplier/").content.decode()
    assert "No site has given you access" not in page
    assert "You only read here" in page


def test_a_delivery_that_is_sent_twice_is_one(partners: Partners) -> None:
    client = signed_in(partners.people["supplier"])
    for quantity in ("5", "5", "6"):
        client.post(
            "/supplier/",
            {
                "site": "works-1",
                "period": "2015",
                "carrier": "electricity~kWh",
                "quantity": quantity,
                "note": "",
            },
        )
    assert [row.quantity for row in Delivery.objects.filter(period="2015").order_by("pk")] == [5, 6]
    assert (
        Event.objects.filter(action=Action.DELIVERY_DECLARED, detail__contains="2015").count() == 2
    )


def test_an_access_that_is_sent_twice_is_one(cast: Cast, partners: Partners) -> None:
    client, house = signed_in(cast.plants[0].owner), partners.houses["other-provider"]
    for what in ("states", "states", "values"):
        client.post("/sites/works-1/access/", {"partner": house.pk, "what": what})
    assert [
        (row.values, row.ended_at is None)
        for row in Grant.objects.filter(partner=house).order_by("pk")
    ] == [
        (False, False),
        (True, True),
    ]


def test_the_delivery_of_the_readme_is_taken(partners: Partners) -> None:
    supplier = partners.people["supplier"]
    second_factor.give(supplier)
    scopes = [PartnersScope.WRITE_DELIVERIES, PartnersScope.DELIVERIES]
    key = api_keys.make(
        supplier,
        partners.houses["supplier"].pk,
        "x",
        scopes,
        timedelta(days=30),
        personal=True,
        now=timezone.now(),
    ).text
    asked = re.search(r"-d '(\{.+?\})'", README)
    assert asked
    address = "/api/v1/deliveries/"
    headers = {"Authorization": f"Bearer {key}"}
    answer = Client().post(address, asked[1], content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["quantity"]) == (201, "120000.000")
    assert asked[1].count("works-1") == 1
    listed = Client().get(f"{address}?period=2026", headers=headers).json()["results"]
    assert [row["declared_by"] for row in listed] == [answer.json()["declared_by"]]
    elsewhere = asked[1].replace("works-1", "works-2")
    assert (
        Client()
        .post(address, elsewhere, content_type="application/json", headers=headers)
        .status_code
        == 404
    )
