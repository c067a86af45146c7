"""A firm registers itself and its sites; regulators of its jurisdiction approve or refuse; sites
are renamed, resized, retired.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from portal import keys
from portal.accounts import enrolling as accounts
from portal.accounts.devices import remember_device
from portal.accounts.first_mails import PER_MAIL_ADDRESS, REGISTRATIONS_PER_NETWORK
from portal.accounts.models import (
    ControllingFirm,
    Device,
    EnrolmentToken,
    Jurisdiction,
    Membership,
    Organisation,
    Role,
    Site,
)
from portal.auditlog.models import Action, Event
from portal.catalogue import deadlines, peer_groups
from portal.catalogue.models import ExtensionRequest, PeerGroup, PeerGroupMember, ReportingPeriod
from portal.catalogue.periods import open_period
from portal.intake.owed import owed
from portal.notifications.models import Mail
from portal.problems import RefusedError
from portal.register import applying, siting
from portal.register.models import FirmApplication, Invitation, SiteApplication
from portal.web.views import registering
from tests.integration.portal_cast import NOW, Cast, make_cast, person, signed_in
from tests.integration.post import letter_to

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal_keys")]

FIRM = {
    "name": "New Cement",
    "name_zh": "新水泥",
    "controlling_firm": "New Holding",
    "jurisdiction": "cn/he",
    "contact": "Li",
    "telephone": "+86 315 555 0100",
    "email": "li@new.example",
    "credit_code": "91110000600037341L",
}
SITE = {
    "slug": "new-1",
    "name": "New works",
    "name_zh": "",
    "jurisdiction": "cn/he",
    "pack": "cement",
    "size_class": "large",
}


def build_scene() -> Cast:
    cache.clear()  # registrations are counted by address, and all tests ask from one
    return make_cast(2)


def applied(**more: str) -> FirmApplication:
    """Register through the pages, and answer the mail."""
    answer = Client().post("/register/", {**FIRM, **more})
    assert answer.headers.get("Location") == "/register/sent/", answer.content.decode()
    path = link_in_last_mail("/register/confirm/")
    before = FirmApplication.objects.exclude(confirmed_at=None).count()
    Client().get(path)
    assert FirmApplication.objects.exclude(confirmed_at=None).count() == before, (
        "opening the link does nothing"
    )
    assert "Sent to the regulator" in Client().post(path).content.decode()
    assert Client().post(path).status_code == 400, "the link is good once"
    return FirmApplication.objects.latest("pk")


def link_in_last_mail(beginning: str) -> str:
    link = re.search(rf"http://testserver({beginning}\S+)", letter_to(FIRM["email"]))
    assert link
    return link[1]


def test_a_firm_registers_is_approved_and_its_contact_manages_it(cast: Cast) -> None:
    row = applied()
    assert not Organisation.objects.filter(name="New Cement").exists(), (
        "nothing is in the register before approval"
    )
    officer = signed_in(cast.provincial)
    assert "New Cement" in officer.get("/applications/").content.decode()
    assert (
        officer.post(
            f"/applications/firms/{row.pk}/", {"do": "approve", "controlling": "new"}
        ).status_code
        == 302
    )
    firm = Organisation.objects.get(name="New Cement")
    assert (firm.kind, str(firm.controlling_firm), firm.jurisdiction) == (
        Role.ENTERPRISE,
        "New Holding",
        cast.province,
    )
    contact = Client()
    form = {"name": "Li", "password": "quite a long one", "again": "quite a long one"}
    assert contact.post(link_in_last_mail("/join/"), form).headers["Location"] == "/our-plant/"
    assert "New Cement" in contact.get("/people/").content.decode()
    actions = list(
        Event.objects.filter(subject="firm New Cement")
        .order_by("pk")
        .values_list("action", flat=True)
    )
    assert actions == [
        Action.FIRM_APPLIED,
        Action.FIRM_APPROVED,
        Action.PERSON_INVITED,
        Action.PERSON_JOINED,
    ]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Nobody acts for this organisation yet."), ("zh-hans", FIRM["email"])],
)
def test_the_contact_of_an_approved_firm_is_invited_again_as_long_as_nobody_acts_for_it(
    cast: Cast, language: str, words: str
) -> None:
    row, officer = applied(), signed_in(cast.provincial, language)
    here, again = f"/applications/firms/{row.pk}/", {"do": "again"}
    assert officer.post(here, again).status_code == 400, "it is not decided yet"
    assert officer.post(here, {"do": "approve", "controlling": "new"}).status_code == 302
    first = link_in_last_mail("/join/")
    Invitation.objects.update(expires_at=timezone.now())  # they were away for a week
    join = {"name": "Li", "password": "quite a long one", "again": "quite a long one"}
    assert Client().post(first, join).status_code == 400
    assert here in officer.get("/applications/").content.decode()
    page = officer.get(here).content.decode()
    assert words in page
    assert 'value="again"' in page
    elsewhere = Jurisdiction.objects.create(
        path="cn/sd", name="Shandong", level="province", parent=cast.nation
    )
    bureau = Organisation.objects.create(
        name="Bureau elsewhere", kind=Role.REGULATOR, jurisdiction=elsewhere
    )
    assert (
        signed_in(person("elsewhere@example.org", bureau, Role.REGULATOR))
        .post(here, again)
        .status_code
        == 404
    )
    assert officer.post(here, again).status_code == 302
    assert link_in_last_mail("/join/") != first
    assert Client().post(link_in_last_mail("/join/"), join).headers["Location"] == "/our-plant/"
    assert here not in officer.get("/applications/").content.decode()
    assert 'value="again"' not in officer.get(here).content.decode()
    assert officer.post(here, again).status_code == 409, "who acts for the firm invites"
    assert (
        Event.objects.filter(action=Action.PERSON_INVITED, actor=cast.provincial.email).count() == 2
    )


def test_nobody_sees_an_application_whose_address_has_not_answered(cast: Cast) -> None:
    Client().post("/register/", FIRM)
    assert list(applying.waiting_for(cast.approver)) == []
    old = timezone.now() - applying.TIME_TO_ANSWER - timedelta(minutes=1)
    FirmApplication.objects.update(applied_at=old)
    assert (
        "no longer works" in Client().get(link_in_last_mail("/register/confirm/")).content.decode()
    )


def test_only_regulators_of_the_jurisdiction_see_and_decide(cast: Cast) -> None:
    row = applied()
    elsewhere = Jurisdiction.objects.create(
        path="cn/sd", name="Shandong", level="province", parent=cast.nation
    )
    bureau = Organisation.objects.create(
        name="Bureau elsewhere", kind=Role.REGULATOR, jurisdiction=elsewhere
    )
    other = signed_in(person("elsewhere@example.org", bureau, Role.REGULATOR))
    assert "New Cement" not in other.get("/applications/").content.decode()
    for do in ("approve", "refuse"):
        assert (
            other.post(f"/applications/firms/{row.pk}/", {"do": do, "reason": "No."}).status_code
            == 404
        )
    assert signed_in(cast.plants[0].owner).get("/applications/").status_code == 403
    with pytest.raises(FirmApplication.DoesNotExist):
        applying.approve(cast.stranger, row.pk, None, timezone.now())


def test_a_known_controlling_firm_is_offered_and_counted_once(cast: Cast) -> None:
    row = applied(controlling_firm="firm 1")
    page = signed_in(cast.approver).get(f"/applications/firms/{row.pk}/").content.decode()
    controlling = ControllingFirm.objects.get(name="Firm 1")
    assert f'value="{controlling.pk}" selected' in page, (
        "the one that is spelt alike is chosen beforehand"
    )
    before = ControllingFirm.objects.count()
    signed_in(cast.approver).post(
        f"/applications/firms/{row.pk}/", {"do": "approve", "controlling": str(controlling.pk)}
    )
    assert Organisation.objects.get(name="New Cement").controlling_firm == controlling
    assert ControllingFirm.objects.count() == before


@pytest.mark.parametrize("spelt", ["第一集团", " 第一集团 ", "FIRM  1", "Ｆｉｒｍ　１"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_controlling_firm_is_known_by_each_of_its_names_whatever_language_the_officer_reads(
    cast: Cast, spelt: str, language: str
) -> None:
    ControllingFirm.objects.filter(name="Firm 1").update(name_zh="第一集团")
    controlling, row = ControllingFirm.objects.get(name="Firm 1"), applied(controlling_firm=spelt)
    officer, here = signed_in(cast.approver, language), f"/applications/firms/{row.pk}/"
    assert f'value="{controlling.pk}" selected' in officer.get(here).content.decode()
    answer = officer.post(here, {"do": "approve", "controlling": "new"})
    assert (answer.status_code, ControllingFirm.objects.filter(name=spelt.strip()).exists()) == (
        400,
        False,
    )
    with pytest.raises(RefusedError) as refused:
        applying.approve(cast.approver, row.pk, None, timezone.now())
    assert refused.value.code == "name-taken"


def test_a_name_that_is_taken_is_not_approved_twice(cast: Cast) -> None:
    row = applied(name="Enterprise 1")
    answer = signed_in(cast.approver).post(
        f"/applications/firms/{row.pk}/", {"do": "approve", "controlling": "new"}
    )
    assert answer.status_code == 400
    assert "There is already a firm with the name Enterprise 1" in answer.content.decode()
    assert ControllingFirm.objects.filter(name="New Holding").count() == 0, "all or nothing"
    with pytest.raises(RefusedError):
        applying.approve(cast.approver, applied(controlling_firm="Firm 1").pk, None, timezone.now())


def test_no_application_is_without_the_letter_that_asks_its_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fails(*_letter: object, **_more: object) -> None:
        raise OperationalError

    monkeypatch.setattr(registering, "post_link", fails)
    assert Client().post("/register/", FIRM).status_code == 503
    assert not FirmApplication.objects.exists()


def test_a_refusal_needs_a_reason_and_the_applicant_reads_it(cast: Cast) -> None:
    row = applied()
    officer = signed_in(cast.approver)
    assert (
        officer.post(
            f"/applications/firms/{row.pk}/", {"do": "refuse", "controlling": "new"}
        ).status_code
        == 400
    )
    officer.post(
        f"/applications/firms/{row.pk}/",
        {"do": "refuse", "controlling": "new", "reason": "No plant of yours lies here."},
    )
    assert "No plant of yours lies here." in letter_to(FIRM["email"])
    second = signed_in(cast.drafter).post(
        f"/applications/firms/{row.pk}/",
        {"do": "refuse", "controlling": "new", "reason": "Too late."},
    )
    assert second.status_code == 409, "decided is decided"
    for words in (
        "refused",
        cast.approver.email,
        "No plant of yours lies here.",
        "Nothing of what you sent was recorded.",
        "Too late.",
    ):
        assert words in second.content.decode()
    assert FirmApplication.objects.get(pk=row.pk).reason == "No plant of yours lies here."
    assert Event.objects.get(action=Action.FIRM_REFUSED).detail == "No plant of yours lies here."


def test_firms_are_not_registered_by_the_hundred_from_one_address(cast: Cast) -> None:
    sent = REGISTRATIONS_PER_NETWORK
    answers = [
        Client(REMOTE_ADDR="2001:db8::5")
        .post("/register/", {**FIRM, "email": f"{number}@example.org"})
        .status_code
        for number in range(sent + 1)
    ]
    assert answers == [302] * sent + [400]


def test_one_address_is_not_sent_mails_by_the_hundred_from_many_networks(cast: Cast) -> None:
    answers = [
        Client(REMOTE_ADDR=f"2001:db8:{number}::5").post("/register/", FIRM).status_code
        for number in range(PER_MAIL_ADDRESS + 1)
    ]
    assert answers == [302] * PER_MAIL_ADDRESS + [400]


@pytest.mark.parametrize("letters", [255, 320])
def test_an_address_longer_than_any_can_be_is_refused_beside_its_field(
    cast: Cast, letters: int
) -> None:
    long = "@new.example".rjust(letters, "a")
    for client, path, answers in (
        (Client(), "/register/", {**FIRM, "email": long}),
        (Client(), "/password/forgotten/", {"email": long}),
        (signed_in(cast.plants[0].owner), "/people/", {"email": long, "capacity": "viewer"}),
    ):
        answer = client.post(path, answers)
        assert 'id="id_email_error"' in answer.content.decode(), path
        assert answer.status_code == (200 if path == "/password/forgotten/" else 400), path
    assert not FirmApplication.objects.exists()
    assert not Mail.objects.filter(recipient=None).exists()


def test_registrations_and_links_that_strangers_ask_for_keep_no_owner_from_a_new_password(
    cast: Cast,
) -> None:
    owner = cast.plants[0].owner
    for number in range(PER_MAIL_ADDRESS + 1):
        Client(REMOTE_ADDR=f"2001:db8:{number}::5").post(
            "/register/", {**FIRM, "email": owner.email}
        )
    asked = [
        Client(REMOTE_ADDR="2001:db8:9::5").post("/password/forgotten/", {"email": owner.email})
        for _ in range(PER_MAIL_ADDRESS + 1)
    ]
    assert [answer.status_code for answer in asked] == [302] * PER_MAIL_ADDRESS + [
        200
    ]  # a stranger's count is full, and each mail came
    own_browser = Client(REMOTE_ADDR="2001:db8:77::1")
    request, response = RequestFactory().get("/"), HttpResponse()
    remember_device(request, response, owner.email)
    own_browser.cookies.update(response.cookies)
    letter_to(owner.email)
    mail.outbox.clear()
    assert own_browser.post("/password/forgotten/", {"email": owner.email}).status_code == 302
    assert "/password/" in letter_to(owner.email)


def test_the_first_mail_has_no_word_of_whoever_asked_for_it(cast: Cast) -> None:
    assert applied(name="Visit evil.example", contact="Prize Office", controlling_firm="Click here")
    first = next(sent for sent in mail.outbox if "/register/confirm/" in sent.body)
    for word in ("evil", "Prize", "Click"):
        assert word not in f"{first.subject} {first.body}"


def test_a_site_is_asked_for_approved_and_takes_part(cast: Cast) -> None:
    owner = signed_in(cast.plants[0].owner)
    assert owner.post("/sites/new/", SITE).headers["Location"] == "/sites/"
    assert "Waits for the regulator" in owner.get("/sites/").content.decode()
    assert not Site.objects.filter(slug="new-1").exists()
    assert ", or one waits for approval" in owner.post("/sites/new/", SITE).content.decode()
    row = SiteApplication.objects.get()
    officer = signed_in(cast.provincial)
    unsaid = officer.post(f"/applications/sites/{row.pk}/", {"do": "approve"})
    assert unsaid.status_code == 400, "whether it is obliged is nobody's default"
    assert "Choose whether the site is obliged to report." in unsaid.content.decode()
    assert not Site.objects.filter(slug="new-1").exists()
    assert (
        officer.post(
            f"/applications/sites/{row.pk}/", {"do": "approve", "duty": "voluntary"}
        ).status_code
        == 302
    )
    site = Site.objects.get(slug="new-1")
    assert (site.organisation, site.size_class, site.pack) == (
        cast.plants[0].site.organisation,
        "large",
        "cement",
    )
    assert PeerGroupMember.objects.get(site=site).obliged is False
    assert owner.post("/sites/new-1/token/").status_code == 200
    assert "Decided: " in officer.get(f"/applications/sites/{row.pk}/").content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("slug", "Works 1"),
        ("pack", "gold"),
        ("jurisdiction", "mars"),
        ("size_class", "huge"),
        ("name", ""),
    ],
)
def test_what_a_site_cannot_be_is_said_beside_its_field(cast: Cast, field: str, value: str) -> None:
    answer = signed_in(cast.plants[0].owner).post("/sites/new/", {**SITE, field: value})
    assert answer.status_code == 400
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert SiteApplication.objects.count() == 0


def test_a_new_site_is_in_groups_with_a_period_open_or_none_yet_and_not_in_those_that_have_ended(
    cast: Cast,
) -> None:
    """A version that was taken up has no period at first, and the site would be missing once it
    has.
    """
    ended, begins = (
        PeerGroup.objects.create(
            pack="cement", pack_version=version, route=cast.group.route, scope=cast.nation
        )
        for version in "23"
    )
    ReportingPeriod.objects.create(
        peer_group=ended,
        name="2014",
        start=cast.period.start,
        end=cast.period.end,
        due=cast.period.due,
        closed_at=NOW,
    )
    site = Site.objects.create(
        slug="new-1",
        name="New",
        organisation=cast.plants[0].site.organisation,
        jurisdiction=cast.nation,
        pack="cement",
    )
    peer_groups.join_all(site, cast.approver, obliged=True)
    assert {member.peer_group for member in PeerGroupMember.objects.filter(site=site)} == {
        cast.group,
        begins,
    }


def test_a_site_approved_while_all_periods_are_closed_owes_a_report_once_the_next_opens(
    cast: Cast,
) -> None:
    ReportingPeriod.objects.update(closed_at=NOW)
    earlier = PeerGroup.objects.create(
        pack="cement", pack_version="2", route=cast.group.route, scope=cast.nation
    )
    start, end = NOW - timedelta(days=5000), NOW - timedelta(days=4635)
    ReportingPeriod.objects.create(
        peer_group=earlier, name="2010", start=start, end=end, due=NOW, closed_at=NOW
    )
    owner = cast.plants[0].owner
    signed_in(owner).post("/sites/new/", SITE)
    row = SiteApplication.objects.get()
    signed_in(cast.approver).post(
        f"/applications/sites/{row.pk}/", {"do": "approve", "duty": "obliged"}
    )
    assert [member.peer_group for member in PeerGroupMember.objects.filter(site__slug="new-1")] == [
        cast.group
    ]
    assert "new-1" not in {duty.site for duty in owed(owner, NOW)}, (
        "of a closed period nothing is owed"
    )
    open_period(cast.group, "2031", cast.approver.email, NOW)
    assert ("new-1", "2031") in {(duty.site, duty.period) for duty in owed(owner, NOW)}


def test_a_province_obliges_nobody_in_the_nations_group(cast: Cast) -> None:
    owner = cast.plants[0].owner
    obliged = {}
    for slug, officer in (("new-1", cast.provincial), ("new-2", cast.approver)):
        signed_in(owner).post("/sites/new/", {**SITE, "slug": slug})
        row = SiteApplication.objects.get(slug=slug)
        signed_in(officer).post(
            f"/applications/sites/{row.pk}/", {"do": "approve", "duty": "obliged"}
        )
        obliged[slug] = PeerGroupMember.objects.get(site__slug=slug).obliged
    assert obliged == {"new-1": False, "new-2": True}


def test_a_refused_site_shows_its_reason_to_its_firm_alone(cast: Cast) -> None:
    owner = signed_in(cast.plants[0].owner)
    owner.post("/sites/new/", SITE)
    siting.refuse(
        cast.approver, SiteApplication.objects.get().pk, "It lies elsewhere.", timezone.now()
    )
    assert "It lies elsewhere." in owner.get("/sites/").content.decode()
    assert "new-1" not in signed_in(cast.plants[1].owner).get("/sites/").content.decode()


def test_a_name_is_changed_at_once_and_a_size_class_only_with_the_regulator(cast: Cast) -> None:
    owner = signed_in(cast.plants[0].owner)
    owner.post("/sites/works-1/edit/", {"name": "Renamed", "name_zh": "", "size_class": "small"})
    site = Site.objects.get(slug="works-1")
    assert (site.name, site.size_class) == ("Renamed", "medium")
    owner.post("/sites/works-1/edit/", {"name": "Renamed", "name_zh": "", "size_class": "large"})
    (row,) = siting.waiting_for(cast.approver)
    siting.approve(cast.approver, row.pk, obliged=True, now=timezone.now())
    site.refresh_from_db()
    assert site.size_class == "large"
    assert PeerGroupMember.objects.filter(site=site).count() == 1
    assert (
        signed_in(cast.plants[1].owner)
        .post("/sites/works-1/edit/", {"name": "Mine", "size_class": "small"})
        .status_code
        == 404
    )


def test_a_wish_for_another_size_class_is_taken_back_by_the_present_one_and_not_by_another_name(
    cast: Cast,
) -> None:
    owner, edit = signed_in(cast.plants[0].owner), "/sites/works-1/edit/"
    owner.post(edit, {"name": "Works 1", "name_zh": "", "size_class": "large"})
    assert re.search(
        r'<option value="large" selected|value="large"[^>]* checked',
        owner.get(edit).content.decode(),
    )
    owner.post(edit, {"name": "Renamed", "name_zh": "", "size_class": "large"})
    (row,) = siting.waiting_for(cast.approver)
    assert (row.name, row.size_class) == ("Renamed", "large")
    owner.post(edit, {"name": "Renamed", "name_zh": "", "size_class": "medium"})
    assert not siting.waiting_for(cast.approver).exists()
    assert Site.objects.get(slug="works-1").size_class == "medium"


def test_nothing_waits_for_a_retired_site(cast: Cast) -> None:
    owner = signed_in(cast.plants[0].owner)
    owner.post("/sites/works-1/edit/", {"name": "Works 1", "name_zh": "", "size_class": "large"})
    deadlines.ask(
        cast.period,
        cast.plants[0].site,
        date(2030, 1, 31),
        "A new meter.",
        cast.plants[0].owner,
        NOW,
    )
    assert siting.waiting_for(cast.approver).exists()
    owner.post("/sites/works-1/retire/")
    assert not siting.waiting_for(cast.approver).exists()
    assert not ExtensionRequest.objects.exists()


def test_a_retired_site_admits_nobody_and_keeps_what_it_reported(cast: Cast) -> None:
    plant = cast.plants[0]
    text = accounts.issue_token(
        plant.site, None, keys.published_directory().fingerprint, timezone.now()
    )
    owner = signed_in(plant.owner)
    assert signed_in(cast.plants[1].owner).post("/sites/works-1/retire/").status_code == 404
    for _click in range(2):
        assert owner.post("/sites/works-1/retire/").status_code == 302
    assert Event.objects.filter(action=Action.SITE_RETIRED).count() == 1
    assert not Device.objects.filter(site=plant.site, revoked_at=None).exists()
    assert not EnrolmentToken.objects.filter(
        site=plant.site, used_at=None, expires_at__gt=timezone.now()
    ).exists()
    with pytest.raises(RefusedError):
        accounts.enrol(text.split(".")[1], "ab" * 32, "cd" * 32, "test", timezone.now())
    assert owner.post("/sites/works-1/token/").status_code == 404
    assert "retired on" in owner.get("/sites/").content.decode()
    with pytest.raises(Site.DoesNotExist):
        accounts.issue_token_for(cast.approver, "works-1", "f" * 64, timezone.now())


def test_several_sites_are_approved_at_once_with_the_duty_that_was_said(cast: Cast) -> None:
    owner, officer = signed_in(cast.plants[0].owner), signed_in(cast.approver)
    for slug in ("new-1", "new-2", "new-3"):
        owner.post("/sites/new/", {**SITE, "slug": slug})
    rows = {row.slug: str(row.pk) for row in SiteApplication.objects.all()}
    chosen = [rows["new-1"], rows["new-2"]]
    assert "Approve several sites at once" in officer.get("/applications/").content.decode()
    for answers in (
        {"site": chosen},
        {"duty": "obliged"},
        {"site": ["x"], "duty": "obliged"},
        {"site": chosen, "duty": "else"},
    ):
        assert (
            "Nothing was approved"
            in officer.post("/applications/sites/approve/", answers, follow=True).content.decode()
        )
    assert not Site.objects.filter(slug__startswith="new-").exists()
    answer = officer.post(
        "/applications/sites/approve/", {"site": chosen, "duty": "obliged"}, follow=True
    )
    assert "2 sites are approved." in answer.content.decode()
    assert set(Site.objects.filter(slug__startswith="new-").values_list("slug", flat=True)) == {
        "new-1",
        "new-2",
    }
    other = Jurisdiction.objects.create(
        path="cn/sd", name="Shandong", level=Jurisdiction.Level.PROVINCE, parent=cast.nation
    )
    SiteApplication.objects.filter(slug="new-3").update(jurisdiction=other)
    signed_in(cast.provincial).post(
        "/applications/sites/approve/", {"site": [rows["new-3"]], "duty": "obliged"}
    )
    assert not Site.objects.filter(slug="new-3").exists(), "a province approves nothing of another"


def test_why_one_of_several_sites_is_not_approved_is_said_in_the_officers_language(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, officer = signed_in(cast.plants[0].owner), signed_in(cast.approver, "zh-hans")
    for slug in ("new-1", "new-2"):
        owner.post("/sites/new/", {**SITE, "slug": slug})
    rows = {row.slug: str(row.pk) for row in SiteApplication.objects.all()}
    plant = cast.plants[1].site  # meanwhile the operator registers one of them
    Site.objects.create(
        slug="new-1",
        name="New",
        organisation=plant.organisation,
        jurisdiction=plant.jurisdiction,
        pack="cement",
    )
    page = officer.post(
        "/applications/sites/approve/",
        {"site": list(rows.values()), "duty": "obliged"},
        follow=True,
    ).content.decode()
    assert "new-1：已有生产厂区 new-1" in page
    assert "There is already" not in page
    assert Site.objects.filter(slug="new-2").exists()
    owner.post("/sites/new/", {**SITE, "slug": "new-3"})
    third = SiteApplication.objects.get(slug="new-3")

    def decided(*_args: object, **_kwargs: object) -> None:
        raise SiteApplication.DoesNotExist("SiteApplication matching query does not exist.")

    monkeypatch.setattr(siting, "approve", decided)
    english = signed_in(cast.approver)
    page = english.post(
        "/applications/sites/approve/", {"site": [str(third.pk)], "duty": "obliged"}, follow=True
    ).content.decode()
    assert "new-3: Somebody else has decided about it meanwhile" in page
    assert "matching query" not in page


def test_mails_name_a_firm_as_their_reader_knows_it(cast: Cast) -> None:
    row = applied()
    FirmApplication.objects.filter(pk=row.pk).update(language="zh-hans")
    signed_in(cast.provincial).post(
        f"/applications/firms/{row.pk}/", {"do": "approve", "controlling": "new"}
    )
    letter = letter_to(FIRM["email"])
    assert "新水泥" in letter
    assert "New Cement" not in letter


CODE = "91110000600037341L"  # of the documentation of python-stdnum


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("91110000600037341", "has 18 characters"),
        ("91110000600037431L", "check digit"),  # two neighbours exchanged
        ("9111000060003734IL", "contains a character that is not allowed"),
    ],
)
def test_a_code_that_is_mistyped_is_told_beside_its_field(
    cast: Cast, typed: str, sentence: str
) -> None:
    answer = Client().post("/register/", {**FIRM, "credit_code": typed})
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not FirmApplication.objects.exists()


def test_who_leads_a_firm_without_a_site_corrects_its_code_and_nobody_else_sees_it(
    cast: Cast,
) -> None:
    firm = Organisation.objects.create(
        name="New Cement",
        kind=Role.ENTERPRISE,
        controlling_firm=ControllingFirm.objects.first(),
        jurisdiction=cast.province,
    )
    address, manager = (
        f"/firms/{firm.pk}/",
        signed_in(person("manager@new.example", firm, Role.ENTERPRISE)),
    )
    assert f'href="{address}"' in manager.get("/people/").content.decode()
    page = manager.get(address).content.decode()
    assert "Your organisation has no site yet." in page
    assert "Nothing is due here." in page
    assert manager.post(address, {"credit_code": FIRM["credit_code"]}).status_code == 302
    assert manager.post(address, {"credit_code": ""}).status_code == 400, (
        "in China every firm has one"
    )
    firm.refresh_from_db()
    assert firm.credit_code == FIRM["credit_code"]
    delegate = person("adviser@example.org", firm, Role.ENTERPRISE)
    Membership.objects.filter(user=delegate).update(delegate=True)
    for user in (delegate, cast.plants[0].owner, cast.provincial):
        assert signed_in(user).get(address).status_code == 404


def test_an_enterprise_in_china_has_a_code_and_keeps_one(cast: Cast) -> None:
    answer = Client().post("/register/", {**FIRM, "credit_code": ""})
    assert answer.status_code == 400
    assert (
        "A firm in this jurisdiction has a unified social credit code." in answer.content.decode()
    )
    other = {**FIRM, "credit_code": "", "kind": Role.ACADEMIC}
    assert Client().post("/register/", other).status_code == 302, (
        "only of enterprises, whose reports are compared"
    )
    officer, plant = signed_in(cast.provincial), cast.plants[0].site
    page = reverse("web:firm-record", args=[plant.organisation_id])
    assert officer.post(page, {"credit_code": CODE}).status_code == 302
    emptied = officer.post(page, {"credit_code": ""})
    assert (
        emptied.status_code,
        Organisation.objects.get(pk=plant.organisation_id).credit_code,
    ) == (400, CODE)


def test_a_firm_is_found_by_its_code_which_no_second_one_can_have(cast: Cast) -> None:
    row = applied(credit_code="9111 0000 6000 3734 1l")
    officer = signed_in(cast.provincial)
    asked = officer.get(f"/applications/firms/{row.pk}/").content.decode()
    assert CODE in asked
    assert FIRM["telephone"] in asked
    applying.approve(cast.approver, row.pk, None, timezone.now())
    firm = Organisation.objects.get(name="New Cement")
    assert (firm.credit_code, firm.telephone) == (CODE, FIRM["telephone"])

    plant = cast.plants[0].site
    page = reverse("web:firm-record", args=[plant.organisation_id])
    refused = officer.post(page, {"credit_code": CODE})
    assert refused.status_code == 400
    assert (
        f"Another organisation has the unified social credit code {CODE}."
        in refused.content.decode()
    )
    other = "91350100M000100Y43"  # of Wikipedia's article on check digits
    assert officer.post(page, {"credit_code": other.lower()}).status_code == 302
    assert Event.objects.get(action="site.credit-code").detail == f"was none, is {other}"
    assert other in officer.get(reverse("web:site-record", args=[plant.slug])).content.decode()
    text = officer.get(reverse("web:search"), {"words": other}).content.decode()
    assert plant.slug in text
    assert page in text
    # another firm's people neither read nor write it
    assert signed_in(cast.plants[1].owner).post(page, {"credit_code": CODE}).status_code == 404
    reader = person("reads@firm-1.example", plant.organisation, Role.ENTERPRISE)
    reader.memberships.update(may_manage=False)
    colleague = signed_in(reader)
    assert colleague.get(page).status_code == 200
    assert colleague.post(page, {"credit_code": ""}).status_code == 404
    assert Organisation.objects.get(pk=plant.organisation_id).credit_code == other
