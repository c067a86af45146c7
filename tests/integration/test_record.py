"""Who in a firm saw and did what: its own people and agents by name, nobody else's, for who manages
it.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts import enrolling as accounts
from portal.accounts.models import Membership, Organisation, Role
from portal.register import inviting, record
from portal.register.models import Viewing
from portal.register.record import OpenedPage
from tests.integration.portal_cast import Cast, deliver, make_cast, open_waiting, person

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]


def build_scene() -> Cast:
    cast = make_cast(2)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    open_waiting()
    return cast


@pytest.fixture
def firm(cast: Cast) -> Organisation:
    return cast.plants[0].site.organisation


def signed_in(cast: Cast, plant: int = 0) -> Client:
    client = Client()
    client.force_login(cast.plants[plant].owner)
    return client


def test_what_was_opened_and_done_stands_in_the_record_and_in_the_file(
    cast: Cast, firm: Organisation
) -> None:
    owner = signed_in(cast)
    digest = cast.plants[0].site.submissions.get().digest
    owner.get(f"/submissions/{digest}/")
    owner.get(f"/submissions/{digest}/receipt/")
    accounts.revoke(cast.plants[0].device, cast.plants[0].owner, timezone.now())
    page = owner.get(f"/people/firms/{firm.pk}/record/").content.decode()
    for wanted in (
        "opened a report",
        "downloaded a receipt",
        "agent revoked",
        "report accepted",
        cast.plants[0].owner.email,
    ):
        assert wanted in page, wanted
    file = owner.get(f"/people/firms/{firm.pk}/record/record.csv?kind=seen").content.decode()
    assert file.count(",seen,") == 3, "the report, the receipt, and this record"
    assert "device.revoked" not in file
    assert (
        "agent revoked" in owner.get(f"/people/firms/{firm.pk}/record/?kind=done").content.decode()
    )


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_file_that_cannot_hold_the_whole_record_of_a_firm_is_refused(
    cast: Cast, firm: Organisation, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    owner = signed_in(cast)
    monkeypatch.setattr("portal.web.lists.tables.MOST_EXPORTED", 1)
    answer = owner.get(f"/people/firms/{firm.pk}/record/record.{ending}")
    assert (answer.status_code, "narrow the filter" in answer.content.decode()) == (409, True)
    assert owner.get(f"/people/firms/{firm.pk}/record/record.{ending}?kind=seen").status_code == 200


def test_nothing_of_another_firm_and_no_officers_name_stands_there(
    cast: Cast, firm: Organisation
) -> None:
    signed_in(cast, 1).get("/submissions/")
    accounts.revoke(cast.plants[0].device, cast.approver, timezone.now())
    accounts.revoke(cast.plants[1].device, cast.plants[1].owner, timezone.now())
    page = signed_in(cast).get(f"/people/firms/{firm.pk}/record/").content.decode()
    assert "somebody outside the firm" in page
    assert cast.approver.email not in page
    assert cast.plants[1].owner.email not in page
    assert cast.plants[1].site.slug not in page


def test_who_has_gone_is_named_for_what_they_did(cast: Cast, firm: Organisation) -> None:
    owner = cast.plants[0].owner
    sent = inviting.invite(
        owner, firm.pk, "gone@example.org", may_manage=True, delegate=False, now=timezone.now()
    )
    gone = inviting.accept_as_new(sent.secret, "Gone", "quite a long one", timezone.now())
    accounts.revoke(cast.plants[0].device, gone, timezone.now())
    inviting.part_with(owner, Membership.objects.get(user=gone).pk, timezone.now())
    entries = [
        entry
        for entry in record.entries(firm, record.RecordFilter(who="gone@"), 0, 50)
        if entry.what == "device.revoked"
    ]
    assert [entry.who for entry in entries] == ["gone@example.org"]


def test_no_officer_is_found_by_a_part_of_their_address(cast: Cast, firm: Organisation) -> None:
    accounts.revoke(cast.plants[0].device, cast.approver, timezone.now())
    file = (
        signed_in(cast)
        .get(f"/people/firms/{firm.pk}/record/record.csv?who=approver%40&kind=done")
        .content.decode()
    )
    assert "device.revoked" not in file
    assert record.count(firm, record.RecordFilter(who="approver@", done_only=True)) == 0
    assert record.count(firm, record.RecordFilter(what="works-1", done_only=True)) > 0


def test_only_who_manages_the_firm_reads_it(cast: Cast, firm: Organisation) -> None:
    assert signed_in(cast, 1).get(f"/people/firms/{firm.pk}/record/").status_code == 404
    reader = person("reader@example.org", firm, Role.ENTERPRISE)
    Membership.objects.filter(user=reader).update(may_manage=False)
    client = Client()
    client.force_login(reader)
    for path in ("record/", "record/record.csv"):
        assert client.get(f"/people/firms/{firm.pk}/{path}").status_code == 404


def test_openings_are_forgotten_after_their_time(cast: Cast, firm: Organisation) -> None:
    now = timezone.now()
    for age in (record.KEPT - timedelta(days=1), record.KEPT + timedelta(days=1)):
        record.saw(cast.plants[0].owner, OpenedPage.PLANT, "site works-1", now - age, "works-1")
    record.forget(now)
    assert Viewing.objects.count() == 1


def test_what_was_opened_is_told_in_the_readers_language(cast: Cast, firm: Organisation) -> None:
    record.saw(cast.plants[0].owner, OpenedPage.PLANT, "site works-1", timezone.now(), "works-1")
    client = signed_in(cast, 0)
    address = f"/people/firms/{firm.pk}/record/"
    assert "opened “Our plant”" in client.get(address).content.decode()
    text = client.get(address, headers={"accept-language": "zh-hans"}).content.decode()
    assert "打开了“本厂”" in text
    assert "ur plant”" not in text
