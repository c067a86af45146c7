"""What sites report that practices saved: handed in by the firm with consent, counted by fives,
shown and signed only then.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from benchmarks.errors import VerificationError
from benchmarks.guidance import closed_batches as rule
from benchmarks.guidance.practices import Library
from benchmarks.wire import documents, outcomes
from benchmarks.wire.outcomes import SiteOutcome
from benchmarks.wire.signing import AuditorSigningKey, DeviceKey
from portal import keys
from portal.accounts.models import Device, Membership, Organisation, Role, Site, User
from portal.assurance import auditors, confirming
from portal.assurance.assigning import assign, take_back
from portal.assurance.confirming import auditors_of
from portal.assurance.models import Assignment
from portal.auditlog.models import Event
from portal.notifications.models import Notice
from portal.practices import outcomes as reporting
from portal.practices import reviewing
from portal.practices.models import Edition, SiteReport
from portal.register import leaving
from tests.integration.portal_cast import NOW, Cast, Plant, make_cast, person, signed_in
from tests.integration.test_practices import HOT, end, page, published, refusal

pytestmark = [pytest.mark.django_db(databases=["default", "vault"])]

PRACTICE = next(practice.id for practice in Library.held().practices if practice.sector == "cement")
CLASSES = ("under-2", "under-2", "5-or-more", "not-proven", "used-more", "2-to-5", "2-to-5")


def build_scene() -> Cast:
    return make_cast(7)


def site_outcome(plant: Plant, outcome: str = "2-to-5", **change: str) -> SiteOutcome:
    report = SiteOutcome(
        keys.published_directory().fingerprint, plant.site.slug, PRACTICE, "1", outcome, "2016"
    )
    return replace(report, **change)


def file_of(plant: Plant, outcome: str = "2-to-5", **change: str) -> bytes:
    return json.dumps(outcomes.sign(site_outcome(plant, outcome, **change), plant.key)).encode()


def hand_in(
    plant: Plant, outcome: str = "2-to-5", raw: bytes = b"", practice: str = PRACTICE
) -> SiteReport:
    return reporting.hand_in(
        raw or file_of(plant, outcome), practice, plant.owner, keys.receipt_key(), NOW, auditors_of
    )


def post(client: Client, raw: bytes, **more: str) -> Any:
    form = {
        "outcome": SimpleUploadedFile("practice-outcome-lids.json", raw),
        "consent": "on",
        **more,
    }
    return client.post(reverse("web:practice-outcome", args=[PRACTICE]), form)


def told_to_everybody() -> str:
    """Every page and file of the library, as anybody reads them, without the tags and what they
    carry from one request to the next.
    """
    names = (("practice", PRACTICE), ("practices",))
    pages = [page(Client(), name, *parts) for name, *parts in names]
    files = [
        Client().get(reverse(name)).content.decode()
        for name in ("web:practices-csv", "api:practices")
    ]
    return "\n".join((*(re.sub(r"<[^>]+>", " ", text) for text in pages), *files))


def test_nothing_is_told_before_five_firms_and_then_the_same_to_browser_file_and_agent(
    cast: Cast,
) -> None:
    before = told_to_everybody()
    for plant, outcome in zip(cast.plants[:4], CLASSES, strict=False):
        answer = post(signed_in(plant.owner), file_of(plant, outcome))
        assert answer.status_code == 302, answer.content.decode()
    assert told_to_everybody() == before
    assert not Edition.objects.exists()
    assert "Waits for four other firms" in page(
        signed_in(cast.plants[0].owner), "practice-outcome", PRACTICE
    )
    assert "Waits for" not in page(signed_in(cast.plants[4].owner), "practice-outcome", PRACTICE)

    post(signed_in(cast.plants[4].owner), file_of(cast.plants[4], CLASSES[4]))
    edition = Edition.objects.get()
    signed = documents.verify_library(
        edition.document, keys.published_directory().content.receipt_keys()
    )
    assert (signed.number, signed.practices) == (
        1,
        "0",
    )  # what comes with Steplabel stands in no edition; what was reported of it does
    reported = Library.model_validate_json(edition.library).reported[PRACTICE]
    assert (reported.sites, reported.firms, reported.first_year, reported.last_year) == (
        5,
        5,
        2016,
        2016,
    )
    assert list(reported.by_outcome.values()) == [1, 1, 2, 0, 1]
    for language, sentence in (
        ("en", reported.words.en),
        ("zh-hans", reported.words.said_in("zh")),
    ):
        assert sentence in page(Client(), "practice", PRACTICE, language=language)
    assert "proven at 3 of 5 sites that reported" in page(Client(), "practices")
    rows = csv.DictReader(
        StringIO(Client().get(reverse("web:practices-csv")).content.decode("utf-8-sig"))
    )
    row = next(candidate for candidate in rows if candidate["id"] == PRACTICE)
    assert [
        row[f"reported_{name}"] for name in ("sites", "firms", "years", "under_2", "used_more")
    ] == ["5", "5", "2016", "2", "1"]
    assert not any(plant.site.organisation.name in edition.library for plant in cast.plants)


def test_a_sixth_and_a_seventh_firm_change_nothing_and_a_practice_withdrawn_takes_its_counts_along(
    cast: Cast,
) -> None:
    row = published(cast)
    for plant in cast.plants:
        hand_in(plant, raw=file_of(plant, practice=row.practice), practice=row.practice)
    assert list(SiteReport.objects.exclude(counted_at=None).values_list("site", flat=True)) == [
        works.site.pk for works in cast.plants[:5]
    ]
    assert (
        Library.model_validate_json(Edition.objects.latest("number").library)
        .reported[row.practice]
        .sites
        == 5
    )
    end(row, cast.plants[0].owner, "No longer done.")
    assert Library.model_validate_json(Edition.objects.latest("number").library).reported == {}


def test_a_second_site_of_a_firm_waits_and_with_the_rule_off_one_firm_is_told(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = cast.plants[0], cast.plants[1]
    Site.objects.filter(pk=second.site.pk).update(organisation=first.site.organisation)
    second = replace(second, owner=first.owner)
    for plant in (first, second, *cast.plants[2:5]):
        hand_in(plant)
    assert not SiteReport.objects.exclude(counted_at=None).exists()
    hand_in(cast.plants[5])
    assert list(SiteReport.objects.filter(counted_at=None).values_list("site", flat=True)) == [
        second.site.pk
    ]
    monkeypatch.setattr(rule, "FEWEST_FIRMS", 1)
    hand_in(cast.plants[6])
    assert not SiteReport.objects.filter(counted_at=None).exists()


def test_a_report_is_withdrawn_while_it_waits_and_stays_once_counted(cast: Cast) -> None:
    owner = signed_in(cast.plants[0].owner)
    post(owner, file_of(cast.plants[0], "used-more"))
    report = SiteReport.objects.get()
    assert "Submit it" not in page(owner, "practice-outcome", PRACTICE), (
        "no site is left that could report"
    )
    assert "Submit it" in page(signed_in(cast.plants[1].owner), "practice-outcome", PRACTICE)
    assert (
        signed_in(cast.plants[1].owner)
        .post(reverse("web:practice-outcome", args=[PRACTICE]), {"withdraw": report.pk})
        .status_code
        == 403
    )
    for _twice in range(2):
        assert (
            owner.post(
                reverse("web:practice-outcome", args=[PRACTICE]), {"withdraw": report.pk}
            ).status_code
            == 302
        )
    assert not SiteReport.objects.exists()
    for plant in cast.plants[:5]:
        hand_in(plant)
    counted = SiteReport.objects.get(site=cast.plants[0].site)
    assert refusal(lambda: reporting.withdraw(counted.pk, cast.plants[0].owner, NOW)) == (
        409,
        "outcome-counted",
    )
    acts = Event.objects.filter(action__startswith="practice-outcome").values_list(
        "action", "subject", "detail"
    )
    assert set(acts[:2]) == {
        ("practice-outcome.handed-in", "firm Enterprise 1", ""),
        ("practice-outcome.withdrawn", "firm Enterprise 1", ""),
    }


def test_a_firm_that_left_is_not_counted(cast: Cast) -> None:
    hand_in(cast.plants[0])
    Site.objects.filter(pk=cast.plants[0].site.pk).update(retired_at=NOW)
    for plant in cast.plants[1:5]:
        hand_in(plant)
    assert not SiteReport.objects.exclude(counted_at=None).exists()


def altered(plant: Plant) -> bytes:
    return file_of(plant, "not-proven").replace(b'"not-proven"', b'"5-or-more"')


WRONG: dict[str, tuple[Callable[[Cast], bytes], str]] = {
    "no such file": (lambda _cast: b"%PDF-1.7", "This is not a file of"),
    "altered class": (lambda cast: altered(cast.plants[0]), "altered after it was signed"),
    "another firm's site": (
        lambda cast: file_of(cast.plants[1]),
        "not belong to a firm that you manage",
    ),
    "another firm's site by one's own key": (
        lambda cast: json.dumps(
            outcomes.sign(site_outcome(cast.plants[1]), cast.plants[0].key)
        ).encode(),
        "not belong to a firm that you manage",
    ),
    "a key of nobody": (
        lambda cast: json.dumps(
            outcomes.sign(site_outcome(cast.plants[0]), DeviceKey.generate())
        ).encode(),
        "no agent that may",
    ),
    "another portal": (lambda cast: file_of(cast.plants[0], portal="ab" * 32), "no agent that may"),
    "another practice": (
        lambda cast: file_of(cast.plants[0], practice="rm-another"),
        "this page is about another practice",
    ),
    "a version to come": (
        lambda cast: file_of(cast.plants[0], version="2"),
        "this page is about another practice",
    ),
    "a year to come": (
        lambda cast: file_of(cast.plants[0], year="2090"),
        "this page is about another practice",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_file_is_refused_beside_its_field(cast: Cast, wrong: str) -> None:
    build, says = WRONG[wrong]
    answer = post(signed_in(cast.plants[0].owner), build(cast))
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert 'id="id_outcome_error"' in answer.content.decode()
    assert not SiteReport.objects.exists()


def test_a_year_begins_by_the_schemes_clock(cast: Cast) -> None:
    """At half past midnight of the first of January in Beijing it is the last of December in
    Greenwich.
    """
    first, raw = cast.plants[0], file_of(cast.plants[0], year="2026")
    before, after = (datetime(2025, 12, 31, hour, 30, tzinfo=UTC) for hour in (15, 16))
    take = partial(reporting.hand_in, raw, PRACTICE, first.owner, keys.receipt_key())
    assert refusal(lambda: take(before, auditors_of)) == (409, "outcome-does-not-fit")
    assert take(after, auditors_of).year == 2026


def test_a_revoked_agent_a_repeat_and_a_site_of_another_sector_are_refused(cast: Cast) -> None:
    first, two, other = cast.plants[:3]
    hand_in(first)
    assert refusal(lambda: hand_in(first, "5-or-more")) == (409, "outcome-reported")
    assert (
        "has already reported on this practice"
        in post(signed_in(first.owner), file_of(first)).content.decode()
    )
    Device.objects.filter(pk=two.device.pk).update(revoked_at=NOW - timedelta(days=1))
    assert "no agent that may report" in post(signed_in(two.owner), file_of(two)).content.decode()
    Site.objects.filter(pk=other.site.pk).update(pack="steel")
    assert refusal(lambda: hand_in(other)) == (409, "outcome-does-not-fit")
    assert SiteReport.objects.count() == 1


def test_without_consent_or_by_who_only_reads_nothing_is_handed_in(cast: Cast) -> None:
    plant = cast.plants[0]
    assert (
        "Without the firm’s consent"
        in post(signed_in(plant.owner), file_of(plant), consent="").content.decode()
    )
    Membership.objects.filter(user=plant.owner).update(may_manage=False)
    assert (
        "not belong to a firm that you manage"
        in post(signed_in(plant.owner), file_of(plant)).content.decode()
    )
    two = Organisation.objects.get(name="Enterprise 2")
    Membership.objects.filter(user=plant.owner).update(may_manage=True)
    assert (
        post(
            signed_in(person("second@example.org", two, Role.ENTERPRISE)), file_of(plant)
        ).status_code
        == 400
    )
    assert not SiteReport.objects.exists()


def test_a_practice_that_is_not_there_has_no_such_page(cast: Cast) -> None:
    address = reverse("web:practice-outcome", args=["rm-another"])
    assert signed_in(cast.plants[0].owner).get(address).status_code == 404
    waits = reviewing.offer(
        cast.plants[0].owner, cast.plants[0].site.organisation_id, HOT, named=False, now=NOW
    )
    assert (
        signed_in(cast.plants[0].owner)
        .get(reverse("web:practice-outcome", args=[waits.practice]))
        .status_code
        == 404
    )


class TestConfirmedByAnAuditor:
    """An auditor of the body assigned to the site, free of interest, signed the file: the library
    counts it, with the four others alone.
    """

    def confirmed(
        self, cast: Cast, plant: Plant, key: AuditorSigningKey, outcome: str = "2-to-5"
    ) -> bytes:
        return json.dumps(
            outcomes.confirm(json.loads(file_of(plant, outcome)), key, NOW.date())
        ).encode()

    def assigned(self, cast: Cast, plant: Plant, *, interested: bool = False) -> Assignment:
        assignment = assign(cast.body, plant.site, "2016", cast.approver, NOW)
        auditors.declare(
            assignment,
            cast.auditor,
            interested,
            "My sister works there." if interested else "",
            NOW,
        )
        return assignment

    def registered(self, cast: Cast) -> AuditorSigningKey:
        key = AuditorSigningKey.generate()
        auditors.register(cast.body, key.public.hex, cast.auditor, NOW)
        return key

    def test_the_library_tells_reported_of_how_many_and_confirmed_and_only_by_fives(
        self, cast: Cast
    ) -> None:
        key = self.registered(cast)
        for plant in cast.plants[:2]:
            self.assigned(cast, plant)
            hand_in(plant, raw=self.confirmed(cast, plant, key))
        assert (
            SiteReport.objects.filter(
                confirmed_key=key.public.key_id, confirmed_on=NOW.date()
            ).count()
            == 2
        )
        assert "confirmed by an auditor" in page(
            signed_in(cast.plants[0].owner), "practice-outcome", PRACTICE
        )
        before = told_to_everybody()
        for plant in cast.plants[2:4]:
            hand_in(plant)
        assert told_to_everybody() == before, (
            "that one was confirmed is told with its batch, as its class is"
        )
        hand_in(cast.plants[4])
        reported = Library.model_validate_json(Edition.objects.get().library).reported[PRACTICE]
        assert (reported.sites, reported.confirmed) == (5, 2)
        assert "2 of 5" in reported.words.en
        assert reported.words.said_in("zh") in page(
            Client(), "practice", PRACTICE, language="zh-hans"
        )
        assert "; 2 confirmed by an auditor" in page(Client(), "practices")
        rows = csv.DictReader(
            StringIO(Client().get(reverse("web:practices-csv")).content.decode("utf-8-sig"))
        )
        assert next(row["reported_confirmed"] for row in rows if row["id"] == PRACTICE) == "2"
        assert cast.body.name not in Edition.objects.get().library

    def test_only_an_auditor_assigned_there_and_free_of_interest_confirms_and_only_this_file(
        self, cast: Cast
    ) -> None:
        first, second, third = cast.plants[:3]
        key = self.registered(cast)
        confirmed = self.confirmed(cast, first, key)

        def refused(raw: bytes, plant: Plant = first) -> str:
            with pytest.raises(VerificationError) as error:
                hand_in(plant, raw=raw)
            assert not SiteReport.objects.exists()
            return error.value.code

        assert refused(confirmed) == "confirmation-invalid", "assigned to nobody"
        self.assigned(cast, second, interested=True)
        assert refused(self.confirmed(cast, second, key), second) == "confirmation-invalid", (
            "with an interest"
        )
        assignment = self.assigned(cast, first)
        assert refused(self.confirmed(cast, third, key), third) == "confirmation-invalid", (
            "assigned elsewhere"
        )
        of_another_class = json.loads(file_of(first, "5-or-more")) | {
            "confirmation": json.loads(confirmed)["confirmation"]
        }
        assert refused(json.dumps(of_another_class).encode()) == "confirmation-invalid", (
            "of another file"
        )
        stranger = self.confirmed(cast, first, AuditorSigningKey.generate())
        assert refused(stranger) == "confirmation-invalid", "a key that nobody registered"
        assert (
            refused(json.dumps(json.loads(confirmed) | {"confirmation": "yes"}).encode())
            == "confirmation-invalid"
        )
        Assignment.objects.filter(pk=assignment.pk).update(
            taken_back_at=NOW, taken_back_reason="Over."
        )
        assert refused(confirmed) == "confirmation-invalid", "taken back"
        Assignment.objects.filter(pk=assignment.pk).update(taken_back_at=None, taken_back_reason="")
        assert hand_in(first, raw=confirmed).confirmed_key == key.public.key_id

    def test_an_interest_that_was_declared_in_an_engagement_that_has_ended_is_one_still(
        self, cast: Cast
    ) -> None:
        plant, key = cast.plants[0], self.registered(cast)
        ended = assign(cast.body, plant.site, "2015", cast.approver, NOW)
        self.assigned(cast, plant)
        auditors.declare(ended, cast.auditor, True, "My sister works there.", NOW)
        take_back(ended, "Over.", cast.approver, NOW)
        with pytest.raises(VerificationError) as refused:
            hand_in(plant, raw=self.confirmed(cast, plant, key))
        assert refused.value.code == "confirmation-invalid"
        colleague = person("colleague@example.org", cast.body, Role.CERTIFICATION_BODY)
        auditors.register(cast.body, AuditorSigningKey.generate().public.hex, colleague, NOW)
        auditors.declare(Assignment.objects.get(period="2016"), colleague, False, "", NOW)
        post(signed_in(plant.owner), file_of(plant), ask="on")
        assert [len(confirming.waiting_for(each)) for each in (cast.auditor, colleague)] == [0, 1]

    @pytest.mark.parametrize(
        "gone", ["left the body", "may only read there", "may sign in no more"]
    )
    def test_the_key_of_an_auditor_who_acts_for_the_body_no_longer_confirms_nothing(
        self, cast: Cast, gone: str
    ) -> None:
        plant, key = cast.plants[0], self.registered(cast)
        self.assigned(cast, plant)
        post(signed_in(plant.owner), file_of(plant), ask="on")
        assert list(confirming.waiting_for(cast.auditor)) == list(SiteReport.objects.all())
        memberships = Membership.objects.filter(user=cast.auditor)
        if gone == "left the body":
            memberships.delete()
        elif gone == "may only read there":
            memberships.update(may_manage=False)
        else:
            User.objects.filter(pk=cast.auditor.pk).update(is_active=False)
        assert auditors_of(plant.site) == {}
        assert not confirming.waiting_for(cast.auditor).exists()
        reporting.withdraw(SiteReport.objects.get().pk, plant.owner, NOW)
        assert (
            "no auditor signed it"
            in post(signed_in(plant.owner), self.confirmed(cast, plant, key)).content.decode()
        )
        assert (
            "No auditor can confirm it"
            in post(signed_in(plant.owner), file_of(plant), ask="on").content.decode()
        )
        assert not SiteReport.objects.exists()

    def test_a_firm_asks_and_it_is_counted_once_an_auditor_confirmed_it_by_the_pages(
        self, cast: Cast
    ) -> None:
        plant, key = cast.plants[0], self.registered(cast)
        owner, auditor = signed_in(plant.owner), signed_in(cast.auditor)
        assert "No auditor can confirm it" in post(owner, file_of(plant), ask="on").content.decode()
        self.assigned(cast, plant)
        assert post(owner, file_of(plant), ask="on").status_code == 302
        assert (
            Notice.objects.filter(recipient=cast.auditor, kind="practice-outcome.waits").count()
            == 1
        )
        for other in cast.plants[1:5]:
            hand_in(other)
        report = SiteReport.objects.exclude(asked="").get()
        assert report.counted_at is None, "four firms wait, and the fifth waits for its auditor"
        here = reverse("web:confirm-outcome", args=[report.pk])
        assert "等待核查员确认" in page(
            signed_in(plant.owner), "practice-outcome", PRACTICE, language="zh-hans"
        )
        assert here in page(auditor, "confirmations")
        file = auditor.get(reverse("web:outcome-to-confirm", args=[report.pk])).content
        assert file == report.asked.encode()
        signed = outcomes.confirm(json.loads(file), key, NOW.date())

        def wrong(document: object) -> str:
            return str(
                auditor.post(
                    here, {"signed": SimpleUploadedFile("told.json", json.dumps(document).encode())}
                ).content.decode()
            )

        assert "no confirmation in this file" in wrong(json.loads(file))
        assert "not the file that the firm submitted" in wrong(
            outcomes.confirm(json.loads(file_of(plant, "5-or-more")), key, NOW.date())
        )
        assert "The confirmation in the file is not of this file" in wrong(
            outcomes.confirm(json.loads(file), AuditorSigningKey.generate(), NOW.date())
        )
        assert (
            auditor.post(
                here, {"signed": SimpleUploadedFile("told.json", json.dumps(signed).encode())}
            ).status_code
            == 302
        )
        report.refresh_from_db()
        assert (report.asked, report.confirmed_key, bool(report.counted_at)) == (
            "",
            key.public.key_id,
            True,
        )
        assert (
            Library.model_validate_json(Edition.objects.get().library).reported[PRACTICE].confirmed
            == 1
        )
        assert (
            Notice.objects.filter(recipient=plant.owner, kind="practice-outcome.decided").count()
            == 1
        )
        assert "an auditor confirmed what a practice saved" in page(owner, "notifications")

    def test_a_confirmation_is_withdrawn_with_a_reason_and_the_library_says_one_fewer(
        self, cast: Cast
    ) -> None:
        key, colleague = (
            self.registered(cast),
            signed_in(person("colleague@example.org", cast.body, Role.CERTIFICATION_BODY)),
        )
        for plant in cast.plants[:5]:
            self.assigned(cast, plant)
            hand_in(plant, raw=self.confirmed(cast, plant, key))
        report = SiteReport.objects.get(site=cast.plants[0].site)
        here = reverse("web:withdraw-confirmation", args=[report.pk])
        assert here in page(signed_in(cast.auditor), "confirmations")
        assert "one confirmation fewer" in page(colleague, "withdraw-confirmation", report.pk)
        assert "Give a reason" in colleague.post(here, {"reason": " "}).content.decode()
        for _twice in range(2):
            assert (
                colleague.post(
                    here, {"reason": "The meter was read at another feeder."}
                ).status_code
                == 302
            )
        counts = [
            Library.model_validate_json(edition.library).reported[PRACTICE]
            for edition in Edition.objects.order_by("number")
        ]
        assert [(count.sites, count.confirmed) for count in counts] == [(5, 5), (5, 4)]
        assert counts[0].by_outcome == counts[1].by_outcome
        assert "; 4 confirmed by an auditor" in page(Client(), "practices")
        own = page(signed_in(cast.plants[0].owner), "practice-outcome", PRACTICE)
        assert re.search(
            "An auditor withdrew the confirmation on [^,]+, because: The meter was read at "
            "another feeder.",
            own,
        )
        assert "another feeder" not in told_to_everybody()
        acts = Event.objects.filter(action="practice-outcome.unconfirmed").values_list(
            "subject", "detail"
        )
        assert list(acts) == [("firm Enterprise 1", "")]
        assert "已撤回" in page(signed_in(cast.auditor), "confirmations", language="zh-hans")

    def test_what_an_auditor_refuses_is_not_counted_and_the_firm_may_hand_in_again(
        self, cast: Cast
    ) -> None:
        plant, _key = cast.plants[0], self.registered(cast)
        self.assigned(cast, plant)
        post(signed_in(plant.owner), file_of(plant), ask="on")
        report = SiteReport.objects.get()
        address = reverse("web:withdraw-confirmation", args=[report.pk])
        assert (
            signed_in(cast.auditor)
            .post(address, {"reason": "The baseline has no winter."})
            .status_code
            == 302
        )
        listed = page(signed_in(cast.auditor), "confirmations")
        assert "Refused on" in listed
        assert str(cast.auditor) in listed.split("Refused reports")[1], "who refused is named"
        assert "The baseline has no winter." in listed
        assert address not in listed, "what is decided waits for nobody"
        interested = person("interested@example.org", cast.body, Role.CERTIFICATION_BODY)
        assert "The baseline has no winter." not in page(signed_in(interested), "confirmations")
        for other in cast.plants[1:5]:
            hand_in(other)
        assert not Edition.objects.exists()
        assert "The baseline has no winter." in page(
            signed_in(plant.owner), "practice-outcome", PRACTICE
        )
        assert "an auditor refused to confirm what a practice saved" in page(
            signed_in(plant.owner), "notifications"
        )
        reporting.withdraw(report.pk, plant.owner, NOW)
        assert hand_in(plant).counted_at == NOW

    def test_a_report_whose_confirmation_is_withdrawn_before_it_is_counted_is_not_counted(
        self, cast: Cast
    ) -> None:
        plant, key, auditor = cast.plants[0], self.registered(cast), signed_in(cast.auditor)
        self.assigned(cast, plant)
        post(signed_in(plant.owner), file_of(plant), ask="on")
        report = SiteReport.objects.get()
        signed = json.dumps(outcomes.confirm(json.loads(report.asked), key, NOW.date())).encode()
        confirming.confirm(report.pk, signed, cast.auditor, keys.receipt_key(), NOW)
        here = reverse("web:withdraw-confirmation", args=[report.pk])
        question = page(auditor, "withdraw-confirmation", report.pk)
        assert "The report is not counted." in question
        assert "one confirmation fewer" not in question
        assert (
            auditor.post(here, {"reason": "The meter was read at another feeder."}).status_code
            == 302
        )
        for other in cast.plants[1:5]:
            hand_in(other)
        assert not Edition.objects.exists(), (
            "the firm asked to have it counted once it is confirmed"
        )
        own = page(signed_in(plant.owner), "practice-outcome", PRACTICE)
        assert "Not confirmed by the auditor, not counted" in own
        assert "An auditor withdrew the confirmation on" in own
        reporting.withdraw(report.pk, plant.owner, NOW)
        assert hand_in(plant).counted_at == NOW

    def test_of_a_firm_that_leaves_neither_the_file_nor_the_auditors_words_stay(
        self, cast: Cast
    ) -> None:
        key = self.registered(cast)
        for plant in cast.plants[:5]:
            self.assigned(cast, plant)
            hand_in(plant, raw=self.confirmed(cast, plant, key))
        counted, plant = SiteReport.objects.get(site=cast.plants[0].site), cast.plants[5]
        confirming.withdraw(
            counted.pk, "The meter of kiln 2.", cast.auditor, keys.receipt_key(), NOW
        )
        self.assigned(cast, plant)
        post(signed_in(plant.owner), file_of(plant), ask="on")
        firm = cast.plants[0].site.organisation
        leaving._forget_sites(firm, [cast.plants[0].site, plant.site], NOW)
        counted.refresh_from_db()
        assert (counted.counted_at, counted.unconfirmed_reason, counted.confirmed) == (
            NOW,
            "–",
            False,
        )
        assert not SiteReport.objects.filter(site=plant.site).exists()

    def test_nobody_else_sees_what_waits_or_withdraws_what_was_confirmed(self, cast: Cast) -> None:
        first, second = cast.plants[:2]
        key = self.registered(cast)
        self.assigned(cast, first)
        post(signed_in(first.owner), file_of(first), ask="on")
        asked = SiteReport.objects.get()
        self.assigned(cast, second)
        confirmed = hand_in(second, raw=self.confirmed(cast, second, key))
        interested = person("interested@example.org", cast.body, Role.CERTIFICATION_BODY)
        auditors.declare(
            Assignment.objects.get(site=first.site), interested, True, "My sister works there.", NOW
        )
        elsewhere = Organisation.objects.create(
            name="Another certifier", kind=Role.CERTIFICATION_BODY
        )
        stranger = person("stranger2@example.org", elsewhere, Role.CERTIFICATION_BODY)
        for who, statuses in (
            (interested, (404, 404, 404, 200)),
            (stranger, (404, 404, 404, 404)),
            (first.owner, (403, 403, 403, 403)),
        ):
            codes = [
                signed_in(who).get(reverse(f"web:{name}", args=[pk])).status_code
                for name, pk in (
                    ("confirm-outcome", asked.pk),
                    ("outcome-to-confirm", asked.pk),
                    ("withdraw-confirmation", asked.pk),
                    ("withdraw-confirmation", confirmed.pk),
                )
            ]
            assert tuple(codes) == statuses, who
            if who is not first.owner:
                assert "Nothing waits for your confirmation." in page(
                    signed_in(who), "confirmations"
                )
