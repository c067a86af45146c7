"""Practices offered by firms and imported from lists: consent, what gives a label away, two people,
signed editions, withdrawal, pages.
"""

from __future__ import annotations

import base64
import csv
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from benchmarks import packs
from benchmarks.guidance.causes import WasteCause
from benchmarks.guidance.practices import Library
from benchmarks.wire import documents, heads, logged
from benchmarks.wire.documents import sha256
from benchmarks.wire.logged import EntryKind
from benchmarks.wire.merkle import require_inclusion
from portal import keys
from portal.accounts.models import Organisation, Role, User
from portal.auditlog.models import Event
from portal.governance import proposing
from portal.notifications import selectors as notices
from portal.practices import reviewing
from portal.practices.entry_texts import content_of, listing_and_practice
from portal.practices.given_away import gives_away
from portal.practices.models import Edition, Entry, EntryState
from portal.practices.revisions import as_read
from portal.problems import RefusedError
from portal.web.presenters.practices import version_url
from tests.integration.portal_cast import NOW, Cast, make_cast, person, signed_in

pytestmark = [
    pytest.mark.django_db(databases=["default", "vault"]),
    pytest.mark.usefixtures("portal_keys"),
]

HOT = {
    "sector": "cement",
    "step": "clinker-burning",
    "cause": "cold-start",
    "title_en": "Keep the kiln hot through short stops",
    "title_zh": "短时停窑时保温",
    "done_en": "For stops below 6 hours keep the shell turning slowly, the damper at 5 %. Hold "
    "850 °C at the inlet.",
    "done_zh": "停窑 6 小时以内，保持慢转，风门 5 %。窑尾温度保持 850 °C。",
    "conditions_en": "Dry kilns of 2,000 t a day and more.",
    "conditions_zh": "日产 2000 吨及以上的干法窑。",
    "equipment_en": "kiln",
    "equipment_zh": "回转窑",
    "saving_unit": "MJ",
    "saving_from": "10",
    "saving_to": "19",
    "investment_usd_per_t": "",
}
IN_FORM = {**HOT, "step": "cement/clinker-burning"}


@pytest.fixture
def cast(portal_keys: object) -> Cast:
    return make_cast(2)


def firm(cast: Cast, index: int = 0) -> Organisation:
    return cast.plants[index].site.organisation


def offered(cast: Cast, *, named: bool = False, **changed: str) -> Entry:
    return reviewing.offer(cast.plants[0].owner, firm(cast).pk, HOT | changed, named=named, now=NOW)


def test_the_agency_that_reviewed_is_named_in_the_language_of_the_page(cast: Cast) -> None:
    row = offered(cast)
    row = reviewing.edit(row, read(row), cast.drafter, HOT, NOW)
    Organisation.objects.filter(name=row.reviewer).update(name_zh="工业和信息化部")
    client, address = signed_in(cast.drafter), reverse("web:practice-entry", args=[row.pk])
    waits = {
        language: client.get(address, HTTP_ACCEPT_LANGUAGE=language).content.decode()
        for language in ("en", "zh-hans")
    }
    reviewing.publish([row], read(row), cast.approver, keys.receipt_key(), NOW)
    shown = {
        language: Client()
        .get(reverse("web:practice", args=[row.practice]), HTTP_ACCEPT_LANGUAGE=language)
        .content.decode()
        for language in ("en", "zh-hans")
    }
    for pages in (waits, shown):
        assert row.reviewer in pages["en"]
        assert "工业和信息化部" in pages["zh-hans"]
        assert row.reviewer not in re.sub(
            r"<header.*?</header>", "", pages["zh-hans"], flags=re.DOTALL
        )


def read(row: Entry) -> str:
    """As it stands now."""
    return as_read(Entry.objects.get(pk=row.pk))


def edit(row: Entry, by: User, content: dict[str, str] = HOT) -> Entry:
    return reviewing.edit(row, read(row), by, content, NOW)


def publish(row: Entry, by: User) -> Entry:
    return reviewing.publish([row], read(row), by, keys.receipt_key(), NOW)[0]


def end(row: Entry, by: User, reason: str) -> Entry:
    return reviewing.end(row, read(row), by, reason, keys.receipt_key(), NOW)


def published(cast: Cast, *, named: bool = False) -> Entry:
    return publish(edit(offered(cast, named=named), cast.drafter), cast.approver)


def refusal(act: Any) -> tuple[int, str]:
    with pytest.raises(RefusedError) as refused:
        act()
    return refused.value.status, refused.value.code


def page(client: Client, name: str, *parts: object, language: str = "en", query: Any = None) -> str:
    address = reverse(f"web:{name}", args=parts, query=query)
    answer = client.get(address, headers={"accept-language": language})
    assert answer.status_code == 200, name
    return answer.content.decode()


def read_in(page: str) -> str:
    """What a page sends along with a decision."""
    (digest,) = set(re.findall(r'name="read_against" value="([0-9a-f]{64})"', page))
    return str(digest)


class TestTwoPeople:
    def test_a_firms_practice_is_reviewed_by_one_published_by_another_signed_and_logged(
        self, cast: Cast
    ) -> None:
        row = published(cast)
        edition = Edition.objects.get()
        signed = documents.verify_library(
            edition.document, keys.published_directory().content.receipt_keys()
        )
        assert (signed.number, signed.practices, signed.file) == (1, "1", sha256(edition.library))
        (practice,) = Library.model_validate_json(edition.library).practices
        assert (practice.id, practice.cause, practice.saving_to, practice.version) == (
            f"collected-{row.pk}",
            WasteCause.COLD_START,
            Decimal(19),
            1,
        )
        assert firm(cast).name not in edition.library
        acts = list(
            Event.objects.filter(subject=f"practice collected-{row.pk}/1").values_list(
                "action", flat=True
            )
        )
        assert acts == ["practice.offered", "practice.edited", "practice.published"]
        kinds = [notice.kind for notice in notices.notices(cast.plants[0].owner.pk, 0, 50)]
        assert kinds[:2] == ["practice.decided", "practice.decided"]

    def test_a_notice_says_which_of_the_events_happened_and_names_the_practice_in_the_readers_language(
        self, cast: Cast
    ) -> None:
        row, owner = published(cast), cast.plants[0].owner
        end(row, cast.approver, "It was measured again.")
        shown = page(signed_in(owner), "notifications")
        for event in ("edited", "published", "withdrawn"):
            assert f"The practice “{HOT['title_en']}” was {event}" in shown
        assert "edited, published, refused or withdrawn" not in shown
        assert f"做法“{HOT['title_zh']}”已发布" in page(
            signed_in(owner), "notifications", language="zh-hans"
        )

    def test_the_way_to_offer_or_review_is_shown_to_whom_it_leads_somewhere(
        self, cast: Cast
    ) -> None:
        address = f'href="{reverse("web:practice-entries")}"'
        for user in (cast.plants[0].owner, cast.approver):
            assert address in page(signed_in(user), "practices")
        for client in (signed_in(cast.auditor), Client()):
            assert address not in page(client, "practices")

    def test_the_api_gives_the_newest_edition_with_its_proof(self, cast: Cast) -> None:
        assert Client().get(reverse("api:practices")).json() == {
            "document": None,
            "library": "",
            "log": None,
        }
        published(cast)
        answer = Client().get(reverse("api:practices")).json()
        receipt_keys = keys.published_directory().content.receipt_keys()
        signed = documents.verify_library(answer["document"], receipt_keys)
        head = heads.read(base64.b64decode(answer["log"]["head"]), receipt_keys).head
        leaf = logged.hashed(EntryKind.PRACTICES, logged.practices(signed), NOW.date())
        require_inclusion(
            leaf,
            answer["log"]["index"],
            head.size,
            [bytes.fromhex(node) for node in answer["log"]["proof"]],
            head.root,
        )

    def test_nobody_publishes_what_they_edited_and_nothing_unreviewed_or_outside_the_nation(
        self, cast: Cast
    ) -> None:
        row = offered(cast)
        assert refusal(lambda: publish(row, cast.approver)) == (409, "practice-decided")
        row = edit(row, cast.drafter, HOT)
        assert refusal(lambda: publish(row, cast.drafter)) == (409, "own-review")
        assert refusal(lambda: publish(row, cast.provincial)) == (403, "not-regulator")
        assert not Edition.objects.exists()

    def test_a_firm_offers_at_the_steps_of_its_own_sites_alone(self, cast: Cast) -> None:
        """A seal of a kiln was published for electrolysis, since the list began with aluminium."""
        form = page(signed_in(cast.plants[0].owner), "offer-practice")
        assert "cement/clinker-burning" in form
        assert "aluminium/" not in form
        wrong = {
            **HOT,
            "step": "aluminium/electrolysis",
            "organisation": firm(cast).pk,
            "naming": "named",
            "consent": "on",
        }
        answer = signed_in(cast.plants[0].owner).post(reverse("web:offer-practice"), wrong)
        assert "Choose the step at which it saves." in answer.content.decode()
        assert not Entry.objects.exists()

    def test_it_was_published_on_the_schemes_day(self, cast: Cast) -> None:
        """Half past four in the afternoon of UTC is the next day in China."""
        row = published(cast)
        Entry.objects.filter(pk=row.pk).update(
            published_at=datetime(2026, 7, 1, 16, 30, tzinfo=UTC)
        )
        row.refresh_from_db()
        assert listing_and_practice(row)[1].published_on == date(2026, 7, 2)

    def test_both_languages_stand_before_it_is_published(self, cast: Cast) -> None:
        row = edit(offered(cast), cast.drafter, HOT | {"done_zh": ""})
        assert refusal(lambda: publish(row, cast.approver)) == (409, "practice-incomplete")
        for user in (cast.drafter, cast.approver):
            text = page(signed_in(user), "practice-entry", row.pk)
            assert "Nobody can publish it yet. It lacks: What is done, in Chinese." in text
            assert reverse("web:publish-practice", args=[row.pk]) not in text

    def test_an_empty_form_names_each_field_that_is_wrong(self, cast: Cast) -> None:
        text = (
            signed_in(cast.plants[0].owner)
            .post(reverse("web:offer-practice"), {"saving_from": "0"})
            .content.decode()
        )
        for sentence in (
            "Write the name of the practice",
            "Write what is done",
            "The low end of the saving must be above 0.",
        ):
            assert sentence in text
        assert "Ensure this value" not in text

    def test_a_published_one_changes_by_a_next_version_and_the_firm_withdraws_it(
        self, cast: Cast
    ) -> None:
        first = published(cast, named=True)
        assert firm(cast).name in Edition.objects.get().library
        second = edit(first, cast.approver, HOT | {"saving_to": "16"})
        assert (second.version, second.state) == (2, EntryState.REVIEWED)
        publish(second, cast.drafter)
        assert Entry.objects.get(pk=first.pk).state == EntryState.REPLACED
        assert "16 MJ" in page(Client(), "practice", first.practice)
        assert "19 MJ" in page(Client(), "practice", first.practice, query={"version": 1})
        assert "replaced by version 2" in page(
            Client(), "practice", first.practice, query={"version": 1}
        )
        end(second, cast.plants[0].owner, "We do it no longer.")
        assert Library.model_validate_json(Edition.objects.latest("number").library).practices == ()
        of_a_version = [
            page(Client(), "practice", first.practice, query={"version": version})
            for version in (1, 2)
        ]
        for gone in (page(Client(), "practice", first.practice), *of_a_version):
            assert "We do it no longer." in gone
            assert "850" not in gone
            assert firm(cast).name not in gone
        assert Client().get(version_url(first.practice, 3)).status_code == 404


def test_a_practice_of_a_step_that_an_approved_version_of_the_pack_brought_is_published_and_shown(
    cast: Cast,
) -> None:
    text = (
        (packs.HOME / "cement.toml").read_text("utf-8").replace('version = "1"', 'version = "5"', 1)
    )
    five = text.replace("raw-meal-homogenisation", "raw-meal-blending")
    proposed = proposing.propose(
        cast.provincial,
        five,
        "",
        "",
        "The step has another name.",
        "GB 16780-2021",
        NOW.replace(year=2027),
    )
    for officer in (cast.drafter, cast.approver):
        proposing.approve(proposed, officer, keys.receipt_key(), NOW)
    assert "cement/raw-meal-blending" in page(signed_in(cast.plants[0].owner), "offer-practice")
    row = publish(
        edit(
            offered(cast, step="raw-meal-blending"),
            cast.drafter,
            HOT | {"step": "raw-meal-blending"},
        ),
        cast.approver,
    )
    assert HOT["title_en"] in page(Client(), "practices")
    assert HOT["title_en"] in page(Client(), "practice", row.practice)


class TestConsent:
    def test_only_who_manages_the_firm_offers_and_withdraws_for_it(self, cast: Cast) -> None:
        other = cast.plants[1].owner
        assert refusal(
            lambda: reviewing.offer(other, firm(cast).pk, HOT, named=False, now=NOW)
        ) == (403, "not-of-the-firm")
        row = offered(cast)
        assert refusal(lambda: end(row, other, "No.")) == (403, "not-regulator")
        assert refusal(lambda: edit(row, other, HOT)) == (403, "not-of-the-firm")
        assert signed_in(other).get(reverse("web:practice-entry", args=[row.pk])).status_code == 404

    def test_who_only_reads_is_offered_no_form_that_it_cannot_send(self, cast: Cast) -> None:
        user = person("reads@example.org", firm(cast), Role.ENTERPRISE)
        user.memberships.update(may_manage=False)
        here = reverse("web:offer-practice")
        assert here in page(signed_in(cast.plants[0].owner), "practice-entries")
        assert here not in page(signed_in(user), "practice-entries")
        answer = signed_in(user).get(here)
        assert answer.status_code == 403
        assert "Ask the firm&#x27;s manager in the portal." in answer.content.decode()

    def test_what_its_firm_withdraws_takes_the_version_that_waits_along(self, cast: Cast) -> None:
        first = published(cast, named=True)
        second = edit(first, cast.approver, HOT | {"saving_to": "16"})
        end(first, cast.plants[0].owner, "We do it no longer.")
        assert refusal(lambda: publish(second, cast.drafter)) == (409, "practice-decided")
        second.refresh_from_db()
        assert (second.state, second.ended_reason) == (EntryState.WITHDRAWN, "We do it no longer.")
        assert Library.model_validate_json(Edition.objects.latest("number").library).practices == ()
        acts = Event.objects.filter(action="practice.withdrawn").values_list("subject", flat=True)
        assert set(acts) == {f"practice {first.practice}/1", f"practice {first.practice}/2"}
        assert Client().get(version_url(first.practice, 2)).status_code == 404, (
            "it was never published"
        )

    def test_a_correction_stays_where_a_regulator_withdraws_what_it_corrects(
        self, cast: Cast
    ) -> None:
        first = published(cast)
        second = edit(first, cast.approver, HOT | {"saving_to": "16"})
        end(first, cast.drafter, "The range is wrong.")
        assert publish(second, cast.drafter).state == EntryState.PUBLISHED
        assert "16 MJ" in page(Client(), "practice", first.practice)

    def test_without_its_consent_nothing_is_offered(self, cast: Cast) -> None:
        form = {**IN_FORM, "organisation": str(firm(cast).pk), "naming": "not-named"}
        answer = signed_in(cast.plants[0].owner).post(reverse("web:offer-practice"), form)
        assert answer.status_code == 400
        assert "Without the firm’s consent nothing is offered." in answer.content.decode()
        assert not Entry.objects.exists()

    @pytest.mark.parametrize(
        ("field", "text"),
        [
            ("done_en", "Our kiln takes 104 kgce per tonne."),
            ("done_zh", "熟料热耗降到每吨 104 千克标准煤。"),
            ("done_zh", "吨熟料电耗６０千瓦时。"),
            ("conditions_en", "With 3 050 kJ/kg in the kiln."),
            ("done_en", "The fan draws 1,800 kW."),
            ("done_en", "It saved 3 % of our fuel."),
            ("done_zh", "节能百分之三"),
            ("done_en", "It took 130 kg of coal."),
            ("done_zh", "吨水泥电耗由70kWh降到60kWh左右。"),
            ("done_zh", "热耗3.1GJ每吨"),
            ("conditions_zh", "风机功率1800kW以下"),
            ("done_zh", "年节电12万千瓦时"),
            ("done_zh", "每年少用3万kWh"),
            ("done_zh", "每吨熟料60多度电"),
            ("done_zh", "降温后每小时60度"),
            ("done_zh", "高温风机1800kW调速度"),
            ("done_en", "Our mill takes 60 kilowatt-hours per tonne."),
            ("done_en", "A 750-kW motor."),
            ("done_en", "It takes 3 gigajoules."),
            ("done_en", "Heat of 750 Mcal per tonne."),
            ("done_en", "We are at 104 kg ce."),
            ("done_en", "It saves 3 million kWh a year."),
            ("saving_to", "11"),
            ("saving_to", ""),
        ],
    )
    def test_what_could_tell_its_energy_per_unit_is_refused_beside_its_field(
        self, cast: Cast, field: str, text: str
    ) -> None:
        assert gives_away(HOT) == ""
        assert gives_away(HOT | {field: text}) == field
        form = {
            **IN_FORM,
            field: text,
            "organisation": str(firm(cast).pk),
            "naming": "not-named",
            "consent": "on",
        }
        answer = signed_in(cast.plants[0].owner).post(reverse("web:offer-practice"), form)
        assert answer.status_code == 400
        assert f'id="id_{field}_error"' in answer.content.decode()
        assert "could reveal the firm" in answer.content.decode()
        row = offered(cast)
        assert refusal(lambda: edit(row, cast.drafter, HOT | {field: text})) == (
            409,
            "practice-gives-away",
        )


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("done_zh", "窑尾温度保持850度，篦冷机料层不变。"),
        ("done_zh", "温度由850度升到900度。"),
        ("done_en", "In 2024 we changed the seals, after 3 joint trials with 5 other plants."),
        ("conditions_en", "Mills of 12 t a cycle and 3 gate valves."),
    ],
)
def test_a_temperature_a_year_and_a_count_give_nothing_away(field: str, text: str) -> None:
    assert gives_away(HOT | {field: text}) == ""


class TestImport:
    def test_the_template_is_a_list_that_is_imported_and_published_by_a_second_person(
        self, cast: Cast
    ) -> None:
        first, second = signed_in(cast.drafter), signed_in(cast.approver)
        template = first.get(reverse("web:practices-template-csv")).content.decode("utf-8-sig")
        done = first.post(
            reverse("web:import-practices"),
            {
                "listed": SimpleUploadedFile(
                    "list.csv", template.replace(",0.9,", ",1.5,", 1).encode()
                )
            },
        )
        assert done.status_code == 302, done.content.decode()
        row = Entry.objects.get()
        assert (row.state, row.version, row.content["saving_from"]) == (
            EntryState.REVIEWED,
            2,
            "1.5",
        )  # version 1 comes with Steplabel
        first.post(reverse("web:publish-practices"))
        assert not Edition.objects.exists()  # not by who imported it
        question = page(second, "publish-practices")
        assert "Publish 1 imported practice?" in question
        second.post(reverse("web:publish-practices"), {"read_against": read_in(question)})
        assert Entry.objects.get().state == EntryState.PUBLISHED
        assert "1.5 kWh" in page(Client(), "practice", row.practice)

    def test_what_comes_with_steplabel_keeps_its_address_and_is_in_force_again_once_its_next_version_is_withdrawn(
        self, cast: Cast
    ) -> None:
        came = next(
            practice
            for practice in Library.held().practices
            if practice.sector == "cement" and practice.saving_to is None
        )
        assert f"{came.saving} {came.unit} per tonne" in page(
            Client(), "practice", came.id, query={"version": 1}
        )
        listed = content_of(came, Library.held().listing(came)) | {
            "saving_from": "77.5",
            "read_on": "2026-01-31",
        }
        (row,) = reviewing.import_list(cast.drafter, {came.id: listed}, NOW)
        row = publish(row, cast.approver)
        assert "77.5" in page(Client(), "practice", came.id)
        before = page(Client(), "practice", came.id, query={"version": 1})
        assert f"{came.saving} {came.unit} per tonne" in before
        assert "This version was replaced by version 2." in before
        assert "comes with Steplabel" in before
        assert Client().get(version_url(came.id, 3)).status_code == 404
        end(row, cast.drafter, "The figure was read wrongly.")
        again = page(Client(), "practice", came.id)
        assert "This practice was withdrawn." not in again
        assert f"{came.saving} {came.unit} per tonne" in again
        assert "comes with Steplabel" in again
        gone = page(Client(), "practice", came.id, query={"version": 2})
        assert "The figure was read wrongly." in gone
        assert "77.5" not in gone

    def test_a_list_with_faults_is_imported_in_no_part_and_each_is_named_by_line(
        self, cast: Cast
    ) -> None:
        client = signed_in(cast.drafter)
        head, line = (
            client.get(reverse("web:practices-template-csv"))
            .content.decode("utf-8-sig")
            .splitlines()
        )
        lines = (
            head,
            line,
            line.replace("rm-raw", "Rm raw"),
            line.replace("rm-raw", "rm-two").replace(",cement,", ",paper,"),
        )
        answer = client.post(
            reverse("web:import-practices"),
            {"listed": SimpleUploadedFile("list.csv", "\n".join(lines).encode())},
        )
        text = answer.content.decode()
        assert answer.status_code == 400
        assert "Nothing was imported" in text
        assert "It needs its own id" in text
        assert "Choose the step at which it saves." in text
        assert not Entry.objects.exists()

    def test_a_line_that_ends_before_its_id_is_a_fault_of_that_line(self, cast: Cast) -> None:
        client = signed_in(cast.drafter)
        template = client.get(reverse("web:practices-template-csv")).content.decode("utf-8-sig")
        id_last = [
            ",".join((*cells[1:], cells[0]))
            for cells in (line.split(",") for line in template.splitlines())
        ]
        raw = "\n".join((id_last[0], id_last[1].rpartition(",")[0])).encode()
        answer = client.post(
            reverse("web:import-practices"), {"listed": SimpleUploadedFile("list.csv", raw)}
        )
        assert (answer.status_code, "It needs its own id" in answer.content.decode()) == (400, True)

    def test_a_list_brings_no_practice_under_the_name_of_a_firms(self, cast: Cast) -> None:
        last = offered(cast)
        listed = HOT | {"source_en": "A list", "source_zh": "一份清单", "read_on": "2026-01-31"}
        next_of_a_firm = f"collected-{last.pk + 1}"
        assert refusal(
            lambda: reviewing.import_list(cast.drafter, {next_of_a_firm: listed}, NOW)
        ) == (409, "practice-collected")
        client = signed_in(cast.drafter)
        head, line = (
            client.get(reverse("web:practices-template-csv"))
            .content.decode("utf-8-sig")
            .splitlines()
        )
        raw = "\n".join((head, f"{next_of_a_firm},{line.partition(',')[2]}")).encode()
        answer = client.post(
            reverse("web:import-practices"), {"listed": SimpleUploadedFile("list.csv", raw)}
        )
        assert answer.status_code == 400
        assert (
            "Ids that begin with “collected-” are kept for practices of firms."
            in answer.content.decode()
        )
        assert offered(cast, title_en="Another").practice == next_of_a_firm

    @pytest.mark.parametrize(
        "content", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00\x01", b"PK\x03\x04 no workbook"]
    )
    def test_what_is_no_list_is_refused(self, cast: Cast, content: bytes) -> None:
        answer = signed_in(cast.drafter).post(
            reverse("web:import-practices"), {"listed": SimpleUploadedFile("list.csv", content)}
        )
        assert answer.status_code == 400


def test_the_file_of_a_narrowed_list_is_narrowed_too(cast: Cast) -> None:
    published(cast)
    file = reverse("web:practices-csv")
    for query in ("", *(f"?{name}={HOT[name]}" for name in ("sector", "step", "cause"))):
        assert (
            f'{file}{query or "?"}"'
            in Client().get(reverse("web:practices") + query).content.decode()
        )
        assert HOT["title_en"] in Client().get(file + query).content.decode()
        assert not query or HOT["title_en"] not in Client().get(f"{file}{query}x").content.decode()


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ("Best practice", "Cause of waste", "First batch after a stop")), ("zh-hans", ())],
)
def test_every_page_is_read_in_both_languages(
    cast: Cast, language: str, words: tuple[str, ...]
) -> None:
    row, waits = published(cast), offered(cast, title_en="Another", title_zh="另一项")
    pages = {
        "practices": page(Client(), "practices", language=language),
        "practice": page(Client(), "practice", row.practice, language=language),
        "entries": page(signed_in(cast.drafter, language), "practice-entries", language=language),
        "entry": page(
            signed_in(cast.drafter, language), "practice-entry", waits.pk, language=language
        ),
        "offer": page(
            signed_in(cast.plants[0].owner, language), "offer-practice", language=language
        ),
        "import": page(signed_in(cast.drafter, language), "import-practices", language=language),
        "end": page(signed_in(cast.drafter, language), "end-practice", waits.pk, language=language),
    }
    title = HOT["title_en"] if language == "en" else HOT["title_zh"]
    assert all(title in pages[name] for name in ("practice", "entries"))
    assert all(word in pages["practice"] + pages["practices"] for word in words)
    assert (
        title
        in Client()
        .get(reverse("web:practices-csv"), headers={"accept-language": language})
        .content.decode()
    )


def test_the_list_is_narrowed_by_sector_step_and_cause_and_says_where_nothing_fits(
    cast: Cast,
) -> None:
    published(cast)
    address = reverse("web:practices")
    assert (
        HOT["title_en"]
        in Client()
        .get(f"{address}?sector=cement&step=clinker-burning&cause=cold-start")
        .content.decode()
    )
    assert "No practice matches." in Client().get(f"{address}?cause=reheat").content.decode()


def test_one_practice_is_one_practice(cast: Cast) -> None:
    row = {
        "id": "hot-kiln",
        **HOT,
        "source_en": "A book",
        "source_zh": "书",
        "read_on": "2016-05-01",
    }
    out = StringIO()
    table = csv.DictWriter(out, row)
    table.writeheader()
    table.writerow(row)
    file = SimpleUploadedFile("list.csv", out.getvalue().encode())
    done = (
        signed_in(cast.drafter)
        .post(reverse("web:import-practices"), {"listed": file}, follow=True)
        .content.decode()
    )
    assert "1 practice is imported. A second person publishes it." in done
    approver = signed_in(cast.approver)
    assert "Publish 1 imported practice<" in page(approver, "practice-entries")
    assert "Publish 1 imported practice?" in page(approver, "publish-practices")
