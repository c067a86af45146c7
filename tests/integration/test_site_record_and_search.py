"""One page a site and a firm for who regulates or owns them, and a search in which a person finds
nothing of others: by role.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.assurance import auditors, findings
from portal.assurance.assigning import assign
from portal.assurance.models.findings import FindingGrade
from portal.catalogue.models import PeerGroupMember
from portal.intake.models import Submission
from portal.register import siting
from tests.integration.portal_cast import (
    NOW,
    PERIOD,
    Cast,
    deliver,
    make_cast,
    open_waiting,
    signed_in,
)

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

NOTE = "Kiln shell repaired in July."


def build_scene() -> Cast:
    cast = make_cast(3)
    for plant in cast.plants:
        deliver(plant.envelope(cast.pack))
    open_waiting()
    return cast


def test_everything_on_a_site_stands_on_its_page_and_no_value(cast: Cast) -> None:
    site = cast.plants[0].site
    assign(cast.body, site, PERIOD, cast.approver, NOW)
    officer, owner = signed_in(cast.approver), signed_in(cast.plants[0].owner)
    address = reverse("web:site-record", args=[site.slug])
    assert officer.post(address, {"note": NOTE}).status_code == 302
    for client in (officer, owner):
        page = client.get(address).content.decode()
        for text in ("Accepted", "May report", "Report accepted", "Assignment"):
            assert text in page, text
        assert "kgce" not in page
    assert NOTE in officer.get(address).content.decode()
    assert NOTE in officer.get(address, {"kind": "note"}).content.decode()
    assert (
        "site.noted"
        in officer.get(reverse("web:site-events-csv", args=[site.slug])).content.decode()
    )


def test_a_retired_site_that_is_still_on_a_list_of_the_obliged_says_so(cast: Cast) -> None:
    """Retiring is the firm's own act, and being obliged is not for it to end."""
    site = cast.plants[0].site
    address = reverse("web:site-record", args=[site.slug])
    assert "Still obliged" not in signed_in(cast.plants[0].owner).get(address).content.decode()
    siting.retire(cast.plants[0].owner, site.slug, NOW)
    for reader in (cast.plants[0].owner, cast.approver):
        page = signed_in(reader).get(address).content.decode()
        assert "Still obliged" in page
        assert (
            "until a regulator takes the site off the list; before that the firm cannot leave the "
            "programme" in page
        )
    PeerGroupMember.objects.filter(site=site).update(obliged=False)
    assert "Still obliged" not in signed_in(cast.plants[0].owner).get(address).content.decode()


def test_what_happened_is_told_in_words_and_a_day_is_that_of_the_scheme(cast: Cast) -> None:
    plant = cast.plants[0]
    report = Submission.objects.get(site=plant.site)
    Submission.objects.filter(pk=report.pk).update(
        received_at=datetime(2027, 2, 28, 23, 30, tzinfo=UTC)
    )  # 1 March by the scheme's clock
    page = (
        signed_in(plant.owner)
        .get(reverse("web:site-record", args=[plant.site.slug]))
        .content.decode()
    )
    assert "revision 1, 1 March 2027" in page
    events = page[page.index('id="events"') : page.index("All events, CSV")]
    assert report.digest not in events
    assert plant.owner.email not in events
    assert "the agent" in events


def test_a_firms_page_names_all_that_is_due_at_its_sites(cast: Cast) -> None:
    plant = cast.plants[0]
    address = reverse("web:firm-record", args=[plant.site.organisation_id])
    owner = signed_in(plant.owner)
    assert "obligatory audit" in owner.get(address).content.decode()
    engagement = assign(cast.body, plant.site, PERIOD, cast.approver, NOW)
    auditors.declare(engagement, cast.auditor, False, "", NOW)
    finding = findings.raise_finding(
        engagement,
        FindingGrade.MINOR,
        "No log of May.",
        "",
        "",
        NOW.date() + timedelta(days=9),
        cast.auditor,
        NOW,
    )
    for client in (owner, signed_in(cast.approver)):
        assert "answer finding 1" in client.get(address).content.decode()
    auditor, its_page = (
        signed_in(cast.auditor),
        reverse("web:engagement-finding", args=[engagement.pk, 1]),
    )
    assert "Send the answer back" not in auditor.get(its_page).content.decode(), (
        "nobody has answered"
    )
    findings.answer(finding, "It is added.", "", plant.owner, NOW)
    assert "Send the answer back" in auditor.get(its_page).content.decode()


def test_a_firm_reads_no_note_of_its_regulators_anywhere(cast: Cast) -> None:
    site, owner = cast.plants[0].site, signed_in(cast.plants[0].owner)
    address = reverse("web:site-record", args=[site.slug])
    signed_in(cast.approver).post(address, {"note": NOTE})
    read = (
        address,
        f"{address}?kind=note",
        reverse("web:site-events-csv", args=[site.slug]),
        reverse("web:record", args=[site.organisation_id]),
        reverse("web:record-csv", args=[site.organisation_id]),
        f"{reverse('web:search')}?words=kiln",
    )
    for page in read:
        text = owner.get(page).content.decode()
        assert NOTE not in text, page
        assert "site.noted" not in text, page
        assert "note of a regulator" not in text.lower(), page
        assert cast.approver.email not in text, page
    assert owner.post(address, {"note": "Mine."}).status_code == 404


def test_a_site_and_a_firm_of_others_are_not_found(cast: Cast) -> None:
    first, second = cast.plants[0], cast.plants[1]
    for address in (
        reverse("web:site-record", args=[first.site.slug]),
        reverse("web:site-events-csv", args=[first.site.slug]),
        reverse("web:firm-record", args=[first.site.organisation_id]),
    ):
        assert signed_in(first.owner).get(address).status_code == 200
        assert signed_in(cast.approver).get(address).status_code == 200
        assert signed_in(second.owner).get(address).status_code == 404
        assert signed_in(cast.auditor).get(address).status_code == 403


def search_results(user: User | None, words: str) -> str:
    client = signed_in(user) if user else Client()
    page = client.get(reverse("web:search"), {"words": words}).content.decode()
    answer = page[page.index("<main") : page.index("</main>")].partition("</p>")[
        2
    ]  # without the sentence that repeats the words
    return re.sub(
        r"<a[^>]+/saved-filters/new/.*?</a>", "", answer, flags=re.DOTALL
    )  # the offer to keep them repeats them as well


def test_a_person_finds_what_is_theirs_and_nothing_of_others(cast: Cast) -> None:
    own, other = cast.plants[0], cast.plants[1]
    readers: list[tuple[User | None, bool]] = [
        (own.owner, True),
        (cast.approver, True),
        (other.owner, False),
        (cast.auditor, False),
    ]
    for user, finds in [*readers, (cast.stranger, False), (None, False)]:
        page = search_results(user, own.site.slug)
        assert (reverse("web:site-record", args=[own.site.slug]) in page) == finds, user
        assert (own.site.name in page) == finds, user
    assert own.owner.email not in search_results(other.owner, "owner1") + search_results(
        cast.auditor, "owner1"
    ) + search_results(None, "owner1")
    assert str(own.owner) in search_results(own.owner, "owner1")
    assign(cast.body, own.site, PERIOD, cast.approver, NOW)
    assert own.site.name in search_results(cast.auditor, own.site.slug)
    firm = own.site.organisation
    assert reverse("web:firm-record", args=[firm.pk]) in search_results(cast.approver, firm.name)
    assert reverse("web:firm-record", args=[firm.pk]) not in search_results(other.owner, firm.name)
    assert "Events</h2>" in search_results(cast.approver, own.site.slug)
    assert "Events</h2>" not in search_results(own.owner, own.site.slug)
    assert "href" not in search_results(other.owner, "report accepted")


def test_practices_steps_and_codes_are_found_by_everybody(cast: Cast) -> None:
    page = search_results(None, "kiln drives")
    assert reverse("web:practices") in page
    assert "Efficient kiln drives" in page
    practice = reverse("web:practice", args=["rm-use-of-roller-mills"])
    readers = (
        (Client(), False),
        (signed_in(cast.approver), False),
        (signed_in(cast.plants[0].owner), True),
    )
    for client, reports in readers:
        assert ("Report what it saved" in client.get(practice).content.decode()) == reports, (
            "only who has a site can report"
        )
    assert f"{reverse('web:verify-ask')}?code=L-0R6D-HB1D-YG4V-EQDV" in search_results(
        None, "l-0r6d-hb1d-yg4v-eqdv"
    )


def test_search_is_on_every_page_and_says_what_to_do(cast: Cast) -> None:
    for client in (Client(), signed_in(cast.approver), signed_in(cast.plants[0].owner)):
        assert f'action="{reverse("web:search")}"' in client.get("/").content.decode()
    assert (
        "Nothing that you may see matches"
        in Client().get(reverse("web:search"), {"words": "<b>nothing"}).content.decode()
    )
    assert (
        "&lt;b&gt;nothing"
        in Client().get(reverse("web:search"), {"words": "<b>nothing"}).content.decode()
    )
    assert Client().get(reverse("web:search")).status_code == 200
